//! Temporary credentials: sealed, self-contained session tokens.
//!
//! Any node opens a token without a look-up. It cannot be forged, extended or moved to another account, for everything
//! that it says is inside the seal, and the seal is bound to its access key. It expires by itself.

use crate::error::ApiError;
use crate::house::House;
use crate::identity::access_key::{new_secret_access_key, new_session_key_id};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use strongroom_types::{AccountId, Tag, Timestamp};
use zeroize::Zeroizing;

const PURPOSE: &str = "session";
/// Format of the sealed content.
const FORMAT: u8 = 1;

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionOf {
    /// A user's own (`GetSessionToken`).
    User {
        /// Its unique id.
        id: String,
        /// Its name.
        name: String,
    },
    /// The root's own (`GetSessionToken`).
    Root,
    /// A federated user's (`GetFederationToken`).
    Federated {
        /// Its name.
        name: String,
        /// Unique id and name of the user who asked for it; `None` is the root.
        issuer: Option<(String, String)>,
    },
    /// A role's (`AssumeRole` and its relatives).
    Role {
        /// The role's unique id.
        id: String,
        /// The role's name.
        name: String,
        /// The session's name.
        session: String,
    },
}

/// What a session is, besides whose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose it is.
    pub of: SessionOf,
    /// The account that it acts in.
    pub account: AccountId,
    /// When it was made: `aws:TokenIssueTime`.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Session policies given as text.
    pub policies: Vec<String>,
    /// Session policies given by ARN.
    pub policy_arns: Vec<String>,
    /// Session tags.
    pub tags: Vec<Tag>,
    /// Keys of those tags that go on to roles that the session assumes.
    pub transitive: Vec<String>,
    /// `aws:SourceIdentity`.
    pub source_identity: Option<String>,
    /// `aws:FederatedProvider`: the identity provider's ARN.
    pub federated_provider: Option<String>,
}

impl Session {
    /// A session without policies and tags, from now on.
    pub fn new(of: SessionOf, account: AccountId, now: Timestamp, seconds: i64) -> Self {
        Self {
            of,
            account,
            issued: now,
            expires: now.plus_millis(seconds.saturating_mul(1000)),
            policies: Vec::new(),
            policy_arns: Vec::new(),
            tags: Vec::new(),
            transitive: Vec::new(),
            source_identity: None,
            federated_provider: None,
        }
    }

    /// Whether the session has policies that narrow what it may do.
    pub fn has_policies(&self) -> bool {
        !self.policies.is_empty() || !self.policy_arns.is_empty()
    }
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    format: u8,
    secret: Zeroizing<String>,
    session: Session,
    /// Makes the token as long as the caller wants it at least.
    #[serde(default, with = "serde_bytes")]
    padding: Vec<u8>,
}

/// A session with the credentials that sign for it.
#[expect(missing_debug_implementations, reason = "holds the secret access key")]
pub struct SessionCredentials {
    /// `ASIA…`
    pub access_key_id: String,
    /// The secret access key.
    pub secret: Zeroizing<String>,
    /// The session token.
    pub token: String,
}

/// Makes credentials for a session, with a token of at least so many bytes.
pub(crate) fn issue(
    house: &House,
    session: Session,
    token_bytes_min: usize,
) -> Result<SessionCredentials, ApiError> {
    let entropy = &*house.env.entropy;
    let access_key_id = new_session_key_id(&session.account, entropy);
    let secret = new_secret_access_key(entropy);
    let mut sealed = Sealed { format: FORMAT, secret, session, padding: Vec::new() };
    let mut token = seal(house, &access_key_id, &sealed)?;
    let missing = token_bytes_min.saturating_sub(token.len());
    if missing > 0 {
        // Three bytes of content are four of the token.
        sealed.padding = vec![0; missing.div_ceil(4).saturating_mul(3)];
        token = seal(house, &access_key_id, &sealed)?;
    }
    Ok(SessionCredentials { access_key_id, secret: sealed.secret, token })
}

fn seal(house: &House, access_key_id: &str, sealed: &Sealed) -> Result<String, ApiError> {
    let plain = Zeroizing::new(rmp_serde::to_vec_named(sealed).map_err(ApiError::internal)?);
    let keys = house.records.keys();
    let token = keys.seal_token(PURPOSE, access_key_id.as_bytes(), &plain, &*house.env.entropy);
    Ok(STANDARD.encode(token.map_err(ApiError::internal)?))
}

/// Opens a token that came with this access key. `None`: it is none of ours, or not this key's.
pub(super) fn open(
    house: &House,
    access_key_id: &str,
    token: &str,
) -> Option<(Session, Zeroizing<String>)> {
    let sealed = STANDARD.decode(token).ok()?;
    let binding = access_key_id.as_bytes();
    let plain = house.records.keys().open_token(PURPOSE, binding, &sealed).ok()?;
    let opened: Sealed = rmp_serde::from_slice(&plain).ok()?;
    (opened.format == FORMAT).then_some((opened.session, opened.secret))
}
