//! Page tokens and markers: opaque, authenticated, bound to the caller's account, region and query.

use crate::error::ApiError;
use crate::operation::Cx;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, de::DeserializeOwned};

fn binding(cx: &Cx<'_>, query: &[u8]) -> Vec<u8> {
    let mut bound = crate::secretsmanager::scope(cx.account(), cx.region());
    bound.extend_from_slice(query);
    bound
}

/// Seals a cursor. `query` is everything that must be the same when the token comes back.
pub(crate) fn seal<T: Serialize>(
    cx: &Cx<'_>,
    purpose: &str,
    query: &[u8],
    cursor: &T,
) -> Result<String, ApiError> {
    let plain = rmp_serde::to_vec(cursor).map_err(ApiError::internal)?;
    let keys = cx.house.records.keys();
    let sealed = keys
        .seal_token(purpose, &binding(cx, query), &plain, cx.entropy())
        .map_err(ApiError::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// Opens a cursor that [`seal`] made for this very query. `None`: it is none.
pub(crate) fn open<T: DeserializeOwned>(
    cx: &Cx<'_>,
    purpose: &str,
    query: &[u8],
    token: &str,
) -> Option<T> {
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    let plain = cx.house.records.keys().open_token(purpose, &binding(cx, query), &sealed).ok()?;
    rmp_serde::from_slice(&plain).ok()
}
