//! Grant tokens. AWS: with one, a grant can be used before it has reached all of KMS. Here grants take effect at once, so
//! a token is needed by nobody but RetireGrant, which may name its grant by it.

use crate::error::{ApiError, ErrorCode};
use crate::kms::grant::Grant;
use crate::operation::Cx;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use strongroom_types::{AccountId, Region};

const PURPOSE: &str = "KMS grant";

/// What a token names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NamedGrant {
    /// The account of its key.
    pub account: AccountId,
    /// The region of its key.
    pub region: Region,
    /// The key's id.
    pub key_id: String,
    /// The grant's id.
    pub grant_id: String,
}

/// A token of a grant, another one each time. Not bound to an account: grantees hand them on.
pub(super) fn seal(cx: &Cx<'_>, grant: &Grant) -> Result<String, ApiError> {
    let named = NamedGrant {
        account: grant.account.clone(),
        region: grant.region.clone(),
        key_id: grant.key_id.clone(),
        grant_id: grant.id.clone(),
    };
    let plain = rmp_serde::to_vec(&named).map_err(ApiError::internal)?;
    let sealed = cx.house.records.keys().seal_token(PURPOSE, &[], &plain, cx.entropy());
    Ok(URL_SAFE_NO_PAD.encode(sealed.map_err(ApiError::internal)?))
}

/// What a token names that was made here, for this region. AWS's message is not on record.
pub(super) fn open(cx: &Cx<'_>, token: &str) -> Result<NamedGrant, ApiError> {
    let invalid = || ApiError::new(ErrorCode::InvalidGrantToken, "Invalid grant token.");
    let sealed = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let keys = cx.house.records.keys();
    let plain = keys.open_token(PURPOSE, &[], &sealed).map_err(|_| invalid())?;
    let named: NamedGrant = rmp_serde::from_slice(&plain).map_err(|_| invalid())?;
    if named.region == *cx.region() { Ok(named) } else { Err(invalid()) }
}

/// Refuses `GrantTokens` of which one was not made here. Which grant a token is of, and whether that still is, does not
/// matter: the decision looks at the grants themselves.
pub(crate) fn verify_grant_tokens(cx: &Cx<'_>, tokens: &[String]) -> Result<(), ApiError> {
    tokens.iter().try_for_each(|token| open(cx, token).map(drop))
}
