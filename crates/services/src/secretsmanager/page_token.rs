//! `NextToken`: see [`crate::page_token`]; a token that is none is AWS's `InvalidNextTokenException`.

use crate::error::{ApiError, ErrorCode};
use crate::operation::Cx;
pub(super) use crate::page_token::seal;
use serde::de::DeserializeOwned;

/// Opens a cursor that [`seal`] made for this very query.
pub(super) fn open<T: DeserializeOwned>(
    cx: &Cx<'_>,
    purpose: &str,
    query: &[u8],
    token: &str,
) -> Result<T, ApiError> {
    crate::page_token::open(cx, purpose, query, token)
        .ok_or_else(|| ApiError::new(ErrorCode::InvalidNextToken, "Invalid token."))
}
