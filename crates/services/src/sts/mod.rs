//! AWS Security Token Service: who is calling, and temporary credentials.

mod discovery;
mod fetched_keys;
mod issuer_keys;
mod role_target;
mod session_input;
mod web_token;

pub use discovery::{FetchError, Fetching, Issuers, Page};
pub use issuer_keys::IssuerKeys;

pub use crate::iam::oidc_provider::canonical_url as canonical_issuer;

use crate::operation::{Service, operations};

/// The service.
pub static SERVICE: Service = Service {
    name: "sts",
    event_source: "sts.amazonaws.com",
    target_prefix: None,
    xml_namespace: Some("https://sts.amazonaws.com/doc/2011-06-15/"),
    encodes_refusals: false,
    operations: OPERATIONS,
};

operations! {
    assume_role::AssumeRole,
    assume_role_with_web_identity::AssumeRoleWithWebIdentity,
    decode_authorization_message::DecodeAuthorizationMessage,
    get_access_key_info::GetAccessKeyInfo,
    get_caller_identity::GetCallerIdentity,
    get_federation_token::GetFederationToken,
    get_session_token::GetSessionToken,
}
