//! An event as CloudTrail's record (version 1.11).
//!
//! AWS: CloudTrail user guide, "CloudTrail record contents".

use super::{Event, EventError};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use strongroom_types::Timestamp;
use strongroom_wire::iso8601;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'static str,
    user_identity: UserIdentity<'a>,
    event_time: String,
    event_source: &'a str,
    event_name: &'a str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: String,
    user_agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: Option<&'a RawValue>,
    response_elements: Option<&'a RawValue>,
    #[serde(rename = "requestID")]
    request_id: &'a str,
    #[serde(rename = "eventID")]
    event_id: &'a str,
    read_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<[Resource<'a>; 1]>,
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
    r#type: &'a str,
    principal_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    access_key_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext<'a>>,
}

/// CloudTrail user guide, "CloudTrail userIdentity element".
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session_issuer: Option<SessionIssuer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_id_federation_data: Option<WebIdFederationData<'a>>,
    attributes: SessionAttributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    principal_id: &'a str,
    arn: &'a str,
    account_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    user_name: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WebIdFederationData<'a> {
    federated_provider: &'a str,
    /// AWS: empty for providers of an account's own. Recorded in events that AWS and others publish.
    attributes: Nothing,
}

#[derive(Debug, Serialize)]
struct Nothing {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionAttributes {
    creation_date: String,
    mfa_authenticated: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<'a> {
    account_id: &'a str,
    r#type: &'a str,
    #[serde(rename = "ARN")]
    arn: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TlsDetails<'a> {
    tls_version: &'a str,
    cipher_suite: &'a str,
    client_provided_host_header: &'a str,
}

/// A kept event as one line of JSON, without its line feed.
pub fn line(kept: &[u8]) -> Result<String, EventError> {
    let event = Event::decode(kept)?;
    Ok(serde_json::to_string(&record(&event)?)?)
}

fn record<'a>(event: &'a Event<'a>) -> Result<Record<'a>, EventError> {
    let identity = &event.identity;
    Ok(Record {
        event_version: "1.11",
        user_identity: user_identity(event),
        event_time: iso_seconds(event.time),
        event_source: event.source,
        event_name: event.name,
        aws_region: event.region,
        source_ip_address: event.source_ip.to_string(),
        user_agent: event.user_agent,
        error_code: event.error.as_ref().map(|(code, _)| *code),
        error_message: event.error.as_ref().map(|(_, message)| &**message),
        request_parameters: raw(event.parameters.as_ref())?,
        response_elements: raw(event.response.as_ref())?,
        request_id: event.request_id,
        event_id: event.id,
        read_only: event.is_read,
        resources: event.resource.as_ref().map(|resource| {
            [Resource { account_id: &resource.account, r#type: resource.kind, arn: &resource.arn }]
        }),
        event_type: "AwsApiCall",
        management_event: true,
        recipient_account_id: &identity.account,
        event_category: "Management",
        tls_details: event.tls.map(|(tls_version, cipher_suite, host)| TlsDetails {
            tls_version,
            cipher_suite,
            client_provided_host_header: host,
        }),
    })
}

fn user_identity<'a>(event: &'a Event<'a>) -> UserIdentity<'a> {
    let identity = &event.identity;
    let federation = event.federation.as_ref();
    let token = federation.and_then(|by| Some((&*by.provider, by.token.as_ref()?)));
    // Documented: IAM user guide, "Example OIDC AWS STS API event in CloudTrail log file": these four and no others.
    if let Some((provider, (audience, subject))) = token {
        return UserIdentity {
            r#type: identity.kind,
            principal_id: format!("{provider}:{audience}:{subject}").into(),
            arn: None,
            account_id: None,
            access_key_id: "",
            user_name: Some(subject),
            identity_provider: Some(provider),
            session_context: None,
        };
    }
    UserIdentity {
        r#type: identity.kind,
        principal_id: identity.principal_id.into(),
        arn: Some(identity.arn),
        account_id: Some(&identity.account),
        access_key_id: identity.access_key_id,
        user_name: event.who.user_name,
        identity_provider: None,
        session_context: session_context(event),
    }
}

fn session_context<'a>(event: &'a Event<'a>) -> Option<SessionContext<'a>> {
    let who = &event.who;
    let session_issuer = who.issuer.as_ref().map(|issuer| SessionIssuer {
        r#type: issuer.kind,
        principal_id: issuer.principal_id,
        arn: issuer.arn,
        account_id: &event.identity.account,
        user_name: issuer.name,
    });
    let attributes = SessionAttributes {
        creation_date: iso_seconds(who.session_created?),
        mfa_authenticated: "false",
    };
    Some(SessionContext {
        session_issuer,
        web_id_federation_data: event.federation.as_ref().map(|by| WebIdFederationData {
            federated_provider: &by.provider,
            attributes: Nothing {},
        }),
        attributes,
        source_identity: who.source_identity,
    })
}

fn raw<'a>(json: Option<&'a Cow<'_, str>>) -> Result<Option<&'a RawValue>, EventError> {
    Ok(json.map(|json| serde_json::from_str(json)).transpose()?)
}

/// `2026-11-24T11:38:07Z`, CloudTrail's precision.
fn iso_seconds(time: Timestamp) -> String {
    iso8601::text(time).unwrap_or_default()
}

/// AWS writes the answer's members in the request's style: `versionId`, and `aRN` as `arn`.
pub(super) fn lower_camel(tree: &mut serde_json::Value) {
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
    use crate::event::{
        FORMAT, Federation, Identity, Issuer, ResourceEntry, WEB_IDENTITY_USER, Who,
    };

    fn event() -> Event<'static> {
        Event {
            format: FORMAT,
            time: Timestamp::from_millis(1_700_000_000_999),
            request_id: "r",
            id: "e",
            identity: Identity {
                kind: "Root",
                principal_id: "1",
                arn: "arn:p",
                account: "1".into(),
                access_key_id: "AKIA",
            },
            source: "secretsmanager.amazonaws.com",
            name: "PutSecretValue",
            is_read: false,
            region: "eu-central-1",
            source_ip: [127, 0, 0, 1].into(),
            user_agent: "aws-cli \"2\"\n",
            tls: Some(("TLSv1.3", "TLS_AES_256_GCM_SHA384", "host")),
            error: Some(("InvalidRequestException", "No \u{1f511}.".into())),
            parameters: Some(r#"{"secretId":"a"}"#.into()),
            response: None,
            resource: Some(ResourceEntry { account: "1".into(), kind: "T", arn: "arn:s".into() }),
            who: Who::default(),
            federation: None,
        }
    }

    #[test]
    fn what_is_kept_reads_back_as_cloudtrails_record() {
        let line = line(&event().encode().unwrap()).unwrap();
        assert!(!line.contains('\n'));
        let record: serde_json::Value = serde_json::from_str(&line).unwrap();
        // Documented: CloudTrail user guide, "CloudTrail record contents"; members that have no value are left out,
        // but requestParameters and responseElements, which are null then.
        let expected = serde_json::json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "Root", "principalId": "1", "arn": "arn:p", "accountId": "1",
                "accessKeyId": "AKIA",
            },
            "eventTime": "2023-11-14T22:13:20Z",
            "eventSource": "secretsmanager.amazonaws.com",
            "eventName": "PutSecretValue",
            "awsRegion": "eu-central-1",
            "sourceIPAddress": "127.0.0.1",
            "userAgent": "aws-cli \"2\"\n",
            "errorCode": "InvalidRequestException",
            "errorMessage": "No \u{1f511}.",
            "requestParameters": {"secretId": "a"},
            "responseElements": null,
            "requestID": "r",
            "eventID": "e",
            "readOnly": false,
            "resources": [{"accountId": "1", "type": "T", "ARN": "arn:s"}],
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": "1",
            "eventCategory": "Management",
            "tlsDetails": {
                "tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_256_GCM_SHA384",
                "clientProvidedHostHeader": "host",
            },
        });
        assert_eq!(record, expected);
    }

    #[test]
    fn a_later_format_and_garbage_are_refused() {
        let later = Event { format: FORMAT + 1, ..event() }.encode().unwrap();
        assert!(matches!(line(&later), Err(EventError::Format(4))));
        assert!(line(b"{}").is_err());
        assert!(line(b"").is_err());
    }

    #[test]
    fn a_session_says_whom_it_comes_from() {
        let issuer = Issuer { kind: "Role", principal_id: "AROA", arn: "arn:r", name: "R" };
        let who = Who {
            user_name: None,
            issuer: Some(issuer),
            session_created: Some(Timestamp::from_millis(0)),
            source_identity: Some("ann"),
        };
        let line = line(&Event { who, ..event() }.encode().unwrap()).unwrap();
        let record: serde_json::Value = serde_json::from_str(&line).unwrap();
        let expected = serde_json::json!({
            "sessionIssuer": {
                "type": "Role", "principalId": "AROA", "arn": "arn:r", "accountId": "1", "userName": "R",
            },
            "attributes": {"creationDate": "1970-01-01T00:00:00Z", "mfaAuthenticated": "false"},
            "sourceIdentity": "ann",
        });
        assert_eq!(record["userIdentity"]["sessionContext"], expected);
    }

    /// The event as an earlier format kept it: without what the later ones put at the end, which is given, in a list
    /// that is so much shorter.
    fn kept_as(format: u8, event: Event<'_>, end: &[u8]) -> Vec<u8> {
        let mut kept = Event { format, ..event }.encode().unwrap();
        assert!(kept.ends_with(end), "{kept:x?}");
        kept.truncate(kept.len() - end.len());
        assert_eq!(kept[..3], [0xdc, 0, 18]);
        kept[2] -= FORMAT - format;
        kept
    }

    #[test]
    fn an_event_of_the_first_format_can_be_read() {
        // Who is a list of four absent members, the federation an absent one.
        let kept = kept_as(1, event(), &[0x94, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0]);
        let now = line(&event().encode().unwrap()).unwrap();
        assert_eq!(line(&kept).unwrap(), now);
    }

    #[test]
    fn an_event_of_the_second_format_can_be_read() {
        let who = || Who { user_name: Some("ann"), ..Who::default() };
        let kept = kept_as(2, Event { who: who(), ..event() }, &[0xc0]);
        let now = line(&Event { who: who(), ..event() }.encode().unwrap()).unwrap();
        assert!(now.contains(r#""userName":"ann""#));
        assert_eq!(line(&kept).unwrap(), now);
    }

    const PROVIDER: &str = "arn:aws:iam::1:oidc-provider/issuer.example";

    #[test]
    fn whoever_shows_a_token_is_named_after_it() {
        let identity = Identity {
            kind: WEB_IDENTITY_USER,
            principal_id: "",
            arn: "",
            account: "1".into(),
            access_key_id: "",
        };
        let token = Some(("app".into(), "alice".into()));
        let federation = Some(Federation { provider: PROVIDER.into(), token });
        let kept = Event { identity, federation, ..event() }.encode().unwrap();
        let record: serde_json::Value = serde_json::from_str(&line(&kept).unwrap()).unwrap();
        // Documented: IAM user guide, "Example OIDC AWS STS API event in CloudTrail log file".
        let expected = serde_json::json!({
            "type": "WebIdentityUser",
            "principalId": "arn:aws:iam::1:oidc-provider/issuer.example:app:alice",
            "userName": "alice",
            "identityProvider": PROVIDER,
        });
        assert_eq!(record["userIdentity"], expected);
        assert_eq!(record["recipientAccountId"], "1");
    }

    #[test]
    fn a_session_that_comes_from_a_token_says_whose() {
        let who = Who { session_created: Some(Timestamp::from_millis(0)), ..Who::default() };
        let federation = Some(Federation { provider: PROVIDER.into(), token: None });
        let kept = Event { who, federation, ..event() }.encode().unwrap();
        let record: serde_json::Value = serde_json::from_str(&line(&kept).unwrap()).unwrap();
        let context = &record["userIdentity"]["sessionContext"];
        let expected = serde_json::json!({"federatedProvider": PROVIDER, "attributes": {}});
        assert_eq!(context["webIdFederationData"], expected);
        assert_eq!(record["userIdentity"]["principalId"], "1");
    }

    #[test]
    fn answer_members_are_written_in_lower_camel_case() {
        let mut tree = serde_json::json!({"ARN": "a", "VersionId": "v", "Name": "n"});
        lower_camel(&mut tree);
        assert_eq!(tree, serde_json::json!({"arn": "a", "versionId": "v", "name": "n"}));
    }
}
