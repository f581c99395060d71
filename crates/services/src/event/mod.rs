//! The audit event of one request: what is noted while it is served, and how that is kept.
//!
//! Kept as MessagePack, once per event and with no name repeated: it is written, hashed and synced on every request.
//! [`cloudtrail`] makes AWS's record of it when somebody reads the log. Sensitive members are absent by type: a
//! request's value members do not serialise, and answers of operations that read are not recorded.

pub mod cloudtrail;

use crate::authz::Resource;
use crate::error::ApiError;
use crate::identity::{PrincipalKind, VerifiedCaller};
use crate::operation::{Cx, Service, Spec, Tls};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::IpAddr;
use strongroom_types::Timestamp;
use strongroom_wire::Protocol;

/// An event, in the making or read back.
#[derive(Debug, Serialize, Deserialize)]
pub struct Event<'a> {
    /// Of this very list of members. They are kept by place: what is added comes last, under a new number.
    format: u8,
    time: Timestamp,
    request_id: &'a str,
    id: &'a str,
    #[serde(borrow)]
    identity: Identity<'a>,
    source: &'a str,
    name: &'a str,
    is_read: bool,
    region: &'a str,
    source_ip: IpAddr,
    user_agent: &'a str,
    #[serde(borrow)]
    tls: Option<(&'a str, &'a str, &'a str)>,
    /// Code and message.
    #[serde(borrow)]
    error: Option<(&'a str, Cow<'a, str>)>,
    /// JSON.
    #[serde(borrow)]
    parameters: Option<Cow<'a, str>>,
    /// JSON.
    #[serde(borrow)]
    response: Option<Cow<'a, str>>,
    #[serde(borrow)]
    resource: Option<ResourceEntry<'a>>,
    /// Since format 2.
    #[serde(borrow, default)]
    who: Who<'a>,
    /// Since format 3.
    #[serde(borrow, default)]
    federation: Option<Federation<'a>>,
}

const FORMAT: u8 = 3;

/// Who showed a token of an identity provider instead of signing. Everything here is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The provider's ARN.
    pub provider: String,
    /// Whom the token is for.
    pub audience: String,
    /// Whom it is about.
    pub subject: String,
}

/// What an identity provider has to do with the caller.
#[derive(Debug, Serialize, Deserialize)]
struct Federation<'a> {
    /// The provider's ARN.
    #[serde(borrow)]
    provider: Cow<'a, str>,
    /// Audience and subject of the token that was shown. `None`: the caller's session comes from one.
    #[serde(borrow)]
    token: Option<(Cow<'a, str>, Cow<'a, str>)>,
}

/// What is known of the caller besides its [`Identity`].
#[derive(Debug, Default, Serialize, Deserialize)]
struct Who<'a> {
    user_name: Option<&'a str>,
    #[serde(borrow)]
    issuer: Option<Issuer<'a>>,
    /// When temporary credentials were made.
    session_created: Option<Timestamp>,
    source_identity: Option<&'a str>,
}

/// Whom temporary credentials come from.
#[derive(Debug, Serialize, Deserialize)]
struct Issuer<'a> {
    kind: &'a str,
    principal_id: &'a str,
    arn: &'a str,
    name: &'a str,
}

/// CloudTrail's `userIdentity.type` of whoever shows a token.
const WEB_IDENTITY_USER: &str = "WebIdentityUser";

impl<'a> Who<'a> {
    fn of(caller: &'a VerifiedCaller) -> Self {
        let session = caller.session();
        let issuer = match &caller.principal().kind {
            PrincipalKind::RoleSession { role, role_arn, role_id, .. } => {
                Some(Issuer { kind: "Role", principal_id: role_id, arn: role_arn, name: role })
            }
            PrincipalKind::FederatedUser { issuer, issuer_arn, .. } => {
                let kind = if issuer.is_some() { "IAMUser" } else { "Root" };
                let name = issuer.as_deref().unwrap_or_default();
                Some(Issuer { kind, principal_id: "", arn: issuer_arn, name })
            }
            PrincipalKind::Anonymous | PrincipalKind::Root | PrincipalKind::User { .. } => None,
        };
        Self {
            user_name: caller.principal().user_name(),
            issuer,
            session_created: session.map(|session| session.issued),
            source_identity: session.and_then(|session| session.source_identity.as_deref()),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Identity<'a> {
    kind: &'a str,
    principal_id: &'a str,
    arn: &'a str,
    #[serde(borrow)]
    account: Cow<'a, str>,
    access_key_id: &'a str,
}

#[derive(Debug, Serialize, Deserialize)]
struct ResourceEntry<'a> {
    #[serde(borrow)]
    account: Cow<'a, str>,
    kind: &'a str,
    #[serde(borrow)]
    arn: Cow<'a, str>,
}

impl<'a> Event<'a> {
    /// The event of a request that has got as far as its operation.
    pub fn new(cx: &'a Cx<'_>, service: &Service, spec: &Spec) -> Self {
        let (caller, principal) = (cx.caller, cx.caller.principal());
        let facts = &cx.facts;
        let of_tls = |tls: Tls<'a>| (tls.tls_version, tls.cipher_suite, facts.host);
        Self {
            format: FORMAT,
            time: cx.now,
            request_id: facts.request_id,
            id: facts.event_id,
            identity: Identity {
                kind: principal.event_type(),
                principal_id: &principal.unique_id,
                arn: caller.arn(),
                account: principal.account.as_str().into(),
                access_key_id: caller.access_key_id(),
            },
            source: service.event_source,
            name: spec.name,
            is_read: spec.effect.is_read_only(),
            region: cx.region().as_str(),
            source_ip: facts.source_ip,
            user_agent: facts.user_agent,
            tls: facts.tls.map(of_tls),
            error: None,
            parameters: None,
            response: None,
            resource: None,
            who: Who::of(caller),
            federation: caller.session().and_then(|session| {
                let provider = session.federated_provider.as_deref()?.into();
                Some(Federation { provider, token: None })
            }),
        }
    }

    /// The event of what the operator did at the machine itself: no credential, no address but its own.
    pub fn of_operator(
        (time, request_id, id): (Timestamp, &'a str, &'a str),
        account: &'a str,
        (source, name): (&'a str, &'a str),
        (parameters, response): (&'a str, &'a str),
    ) -> Self {
        Self {
            format: FORMAT,
            time,
            request_id,
            id,
            identity: Identity {
                kind: "Operator",
                principal_id: "operator",
                arn: "",
                account: account.into(),
                access_key_id: "",
            },
            source,
            name,
            is_read: false,
            region: "us-east-1",
            source_ip: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            user_agent: "strongroom",
            tls: None,
            error: None,
            parameters: Some(parameters.into()),
            response: Some(response.into()),
            resource: None,
            who: Who::default(),
            federation: None,
        }
    }

    /// Notes the request's members.
    pub fn parameters<T: Serialize>(&mut self, input: &T) -> Result<(), ApiError> {
        self.parameters = Some(json(input)?.into());
        Ok(())
    }

    /// Notes what was acted on and, if that is what proves it, who asks.
    pub fn resource<R: Resource>(&mut self, cx: &'a Cx<'_>, resource: &R) {
        if let Some(Bearer { provider, audience, subject }) = resource.bearer() {
            self.identity = Identity {
                kind: WEB_IDENTITY_USER,
                principal_id: "",
                arn: "",
                account: resource.account(cx).to_string().into(),
                access_key_id: "",
            };
            let token = Some((audience.into(), subject.into()));
            self.federation = Some(Federation { provider: provider.into(), token });
        }
        let account = resource.account(cx);
        self.resource = resource.event_type().map(|kind| ResourceEntry {
            account: if account == cx.account() {
                cx.account().as_str().into()
            } else {
                account.to_string().into()
            },
            kind,
            arn: resource.arn(cx).into(),
        });
    }

    /// The ARN of what was acted on; empty if that is no single resource.
    pub fn resource_arn(&self) -> &str {
        self.resource.as_ref().map_or("", |resource| &resource.arn)
    }

    /// Notes the answer of an operation that changed something. Reads have none.
    pub fn response<T: Serialize>(&mut self, output: &T) -> Result<(), ApiError> {
        let mut tree = serde_json::to_value(output).map_err(ApiError::internal)?;
        cloudtrail::lower_camel(&mut tree);
        self.response = Some(json(&tree)?.into());
        Ok(())
    }

    /// Notes that the request was refused.
    pub fn refuse(&mut self, error: &ApiError, protocol: Protocol) {
        let message = error.message.clone().into_owned();
        self.error = Some((error.code.name(protocol), message.into()));
        self.response = None;
    }

    /// The form in which it is kept.
    pub fn encode(&self) -> Result<Vec<u8>, ApiError> {
        let mut bytes = Vec::with_capacity(768);
        rmp_serde::encode::write(&mut bytes, self).map_err(ApiError::internal)?;
        Ok(bytes)
    }

    /// Reads what [`Event::encode`] wrote, in this release or an earlier one.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, EventError> {
        let event: Self = rmp_serde::from_slice(bytes)?;
        let is_known = (1..=FORMAT).contains(&event.format);
        if is_known { Ok(event) } else { Err(EventError::Format(event.format)) }
    }
}

/// An event that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// It has another form than any that was ever written.
    #[error("the audit event is not readable: {0}")]
    Form(#[from] rmp_serde::decode::Error),
    /// It was written by a later release.
    #[error("the audit event has the unknown format {0}")]
    Format(u8),
    /// Request or answer are no JSON.
    #[error("the audit event holds no JSON where it should: {0}")]
    Json(#[from] serde_json::Error),
}

fn json<T: Serialize>(value: &T) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(ApiError::internal)
}
