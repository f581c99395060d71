//! From a signature to a caller.
//!
//! Unknown keys run the same computation as known ones, against a key nobody holds: time tells nothing.

use crate::error::{ApiError, ErrorCode};
use crate::front::Incoming;
use crate::house::House;
use crate::identity::VerifiedCaller;
use std::sync::Arc;
use strongroom_sigv4::{ErrorKind, Request, Rules, SignatureError};
use strongroom_types::Timestamp;

/// Verifies the signature over the raw request. Nothing of the body has been read before.
pub async fn authenticate(
    house: &House,
    incoming: &Incoming<'_>,
    service: &str,
    now: Timestamp,
) -> Result<VerifiedCaller, ApiError> {
    let request = Request {
        method: incoming.method,
        path: incoming.path,
        query: incoming.query,
        headers: incoming.headers,
        body: incoming.body,
    };
    let presented = strongroom_sigv4::parse(&request).map_err(|error| refused(&error))?;
    let credential = house.credentials.find(house, &presented).await?;
    let rules = Rules::new(service, now.as_secs(), house.settings.clock_skew_millis_max / 1000);
    let verified = presented.verify(&request, &credential.key, &rules);
    let Some(holder) = &credential.holder else { return Err(unknown_key()) };
    verified.map_err(|error| refused(&error))?;
    if holder.session.as_ref().is_some_and(|session| session.expires <= now) {
        return Err(expired());
    }
    let region = credential.region.as_ref().ok_or_else(wrong_region)?;
    house.last_used.note(holder, service, region, now);
    Ok(VerifiedCaller { holder: Arc::clone(holder), region: Arc::clone(region) })
}

/// AWS's answer to an access key that is nobody's.
pub(super) fn unknown_key() -> ApiError {
    ApiError::new(
        ErrorCode::InvalidClientToken,
        "The security token included in the request is invalid.",
    )
}

fn expired() -> ApiError {
    ApiError::new(ErrorCode::ExpiredToken, "The security token included in the request is expired")
}

fn wrong_region() -> ApiError {
    ApiError::new(ErrorCode::InvalidSignature, "Credential should be scoped to a valid region.")
}

fn refused(error: &SignatureError) -> ApiError {
    let code = match error.kind() {
        ErrorKind::MissingAuthenticationToken => ErrorCode::MissingAuthenticationToken,
        ErrorKind::IncompleteSignature => ErrorCode::IncompleteSignature,
        ErrorKind::InvalidSignature => ErrorCode::InvalidSignature,
    };
    ApiError::new(code, error.to_string())
}
