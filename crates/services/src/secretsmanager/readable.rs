//! Many records at once, of which one may be damaged.
//!
//! Whoever asks for one secret whose record is damaged is answered an error. A list is another matter: if one damaged
//! record made it fail, nobody could list any secret of the account any more, nor find the damaged one. So lists leave it
//! out and the operator is told. Kubernetes fails such lists, and had to make a way to delete what cannot be read (KEP
//! 3926); Vault, as we do, lists names and fails where one is read. Nothing is decided by a list: policies that cannot be
//! read deny.

use crate::error::ApiError;
use crate::records::{RecordType, Records, Stored};
use std::sync::Arc;
use strongroom_store::StoreError;

/// The records in the order of the keys. A damaged one counts as gone.
pub(super) async fn readable<T: RecordType>(
    records: &Records,
    keys: &[Vec<u8>],
) -> Result<Vec<Option<Arc<Stored<T>>>>, ApiError> {
    match records.get_many::<T>(keys).await {
        Err(StoreError::Inconsistent { .. }) => {}
        found => return Ok(found?),
    }
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        found.push(match records.get::<T>(key).await {
            Err(StoreError::Inconsistent { .. }) => {
                // Why it cannot be read may quote it: that is left to the log of whoever asks for this one.
                let key = key.escape_ascii().to_string();
                tracing::error!(kind = T::KIND.name, key, "a damaged record was left out");
                None
            }
            read => read?,
        });
    }
    Ok(found)
}
