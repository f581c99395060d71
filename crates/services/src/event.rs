//! The audit event of one request, in CloudTrail's record form (version 1.11).
//!
//! AWS: CloudTrail user guide, "CloudTrail record contents". Sensitive members are absent by type: a request's value
//! members do not serialise, and answers of operations that read are not recorded (`responseElements` is null).

use crate::authz::Resource;
use crate::error::ApiError;
use crate::operation::{Cx, Effect, Service, Spec, Tls};
use serde::Serialize;
use serde_json::value::RawValue;
use strongroom_types::Timestamp;
use strongroom_wire::Protocol;

/// An event in the making.
#[derive(Debug)]
pub struct Event<'a> {
    record: Record<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'static str,
    user_identity: UserIdentity<'a>,
    event_time: String,
    event_source: &'static str,
    event_name: &'static str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: String,
    user_agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    request_parameters: Option<Box<RawValue>>,
    response_elements: Option<Box<RawValue>>,
    #[serde(rename = "requestID")]
    request_id: &'a str,
    #[serde(rename = "eventID")]
    event_id: &'a str,
    read_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<[ResourceEntry; 1]>,
    event_type: &'static str,
    management_event: bool,
    recipient_account_id: &'a str,
    event_category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_details: Option<TlsDetails<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity<'a> {
    r#type: &'static str,
    principal_id: &'a str,
    arn: String,
    account_id: &'a str,
    access_key_id: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceEntry {
    account_id: String,
    r#type: &'static str,
    #[serde(rename = "ARN")]
    arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TlsDetails<'a> {
    #[serde(flatten)]
    tls: Tls<'a>,
    client_provided_host_header: &'a str,
}

impl<'a> Event<'a> {
    /// The event of a request that has got as far as its operation.
    pub fn new(cx: &'a Cx<'_>, service: &Service, spec: &Spec) -> Self {
        let principal = cx.caller.principal();
        let facts = &cx.facts;
        let record = Record {
            event_version: "1.11",
            user_identity: UserIdentity {
                r#type: principal.kind(),
                principal_id: principal.user_id(),
                arn: principal.arn(),
                account_id: principal.account().as_str(),
                access_key_id: cx.caller.access_key_id(),
            },
            event_time: iso_seconds(cx.now),
            event_source: service.event_source,
            event_name: spec.name,
            aws_region: cx.region().as_str(),
            source_ip_address: facts.source_ip.to_string(),
            user_agent: facts.user_agent,
            error_code: None,
            error_message: None,
            request_parameters: None,
            response_elements: None,
            request_id: facts.request_id,
            event_id: facts.event_id,
            read_only: spec.effect == Effect::Read,
            resources: None,
            event_type: "AwsApiCall",
            management_event: true,
            recipient_account_id: principal.account().as_str(),
            event_category: "Management",
            tls_details: facts
                .tls
                .map(|tls| TlsDetails { tls, client_provided_host_header: facts.host }),
        };
        Self { record }
    }

    /// Notes the request's members.
    pub fn parameters<T: Serialize>(&mut self, input: &T) -> Result<(), ApiError> {
        self.record.request_parameters = Some(raw(input)?);
        Ok(())
    }

    /// Notes what was acted on.
    pub fn resource<R: Resource>(&mut self, cx: &Cx<'_>, resource: &R) {
        self.record.resources = resource.event_type().map(|r#type| {
            [ResourceEntry {
                account_id: resource.account(cx).to_string(),
                r#type,
                arn: resource.arn(cx),
            }]
        });
    }

    /// Notes the answer of an operation that changed something. Reads have none.
    pub fn response<T: Serialize>(&mut self, output: &T) -> Result<(), ApiError> {
        let mut tree = serde_json::to_value(output).map_err(ApiError::internal)?;
        lower_camel(&mut tree);
        self.record.response_elements = Some(raw(&tree)?);
        Ok(())
    }

    /// Notes that the request was refused.
    pub fn refuse(&mut self, error: &ApiError, protocol: Protocol) {
        self.record.error_code = Some(error.code.name(protocol));
        self.record.error_message = Some(error.message.clone().into_owned());
        self.record.response_elements = None;
    }

    /// One line of JSON.
    pub fn encode(&self) -> Result<Vec<u8>, ApiError> {
        let mut line = Vec::with_capacity(1024);
        self.encode_into(&mut line)?;
        Ok(line)
    }

    /// Writes the line behind what the buffer holds.
    pub fn encode_into(&self, line: &mut Vec<u8>) -> Result<(), ApiError> {
        serde_json::to_writer(line, &self.record).map_err(ApiError::internal)
    }
}

fn raw<T: Serialize>(value: &T) -> Result<Box<RawValue>, ApiError> {
    serde_json::value::to_raw_value(value).map_err(ApiError::internal)
}

/// `2026-11-24T11:38:07Z`, CloudTrail's precision.
fn iso_seconds(time: Timestamp) -> String {
    let whole = Timestamp::from_millis(time.as_secs() * 1000);
    whole.to_jiff().map_or_else(String::new, |time| time.to_string())
}

/// AWS writes the answer's members in the request's style: `versionId`, and `aRN` as `arn`.
fn lower_camel(tree: &mut serde_json::Value) {
    let serde_json::Value::Object(members) = tree else { return };
    let renamed = std::mem::take(members)
        .into_iter()
        .map(|(name, value)| (lower_first(&name), value))
        .collect();
    *members = renamed;
}

fn lower_first(name: &str) -> String {
    if name.chars().all(|c| c.is_ascii_uppercase()) {
        return name.to_ascii_lowercase();
    }
    let mut rest = name.chars();
    rest.next()
        .map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_seconds_in_utc() {
        assert_eq!(iso_seconds(Timestamp::from_millis(1_700_000_000_999)), "2023-11-14T22:13:20Z");
    }

    #[test]
    fn answer_members_are_written_in_lower_camel_case() {
        let mut tree = serde_json::json!({"ARN": "a", "VersionId": "v", "Name": "n"});
        lower_camel(&mut tree);
        assert_eq!(tree, serde_json::json!({"arn": "a", "versionId": "v", "name": "n"}));
    }
}
