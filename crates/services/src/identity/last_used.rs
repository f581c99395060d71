//! When access keys and roles were last used: noted in memory once a minute each, carried into the store by a tick.
//!
//! AWS: GetAccessKeyLastUsed and GetRole tell time, service and region of the last use, some time late.

use crate::error::ApiError;
use crate::house::House;
use crate::identity::PrincipalKind;
use crate::identity::credential::Holder;
use crate::records::{RecordType, Records, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use strongroom_store::{Batch, Expect, Kind, StoreError, Term};
use strongroom_types::{Region, Timestamp};
use zeroize::Zeroizing;

/// The kind of record that holds a last use. Its key is the access key's id, or the role's.
const LAST_USED: Kind = Kind { id: 38, name: "last use" };
/// Keys and roles that wait for the next tick; beyond that a use leaves no trace here.
const PENDING_MAX: usize = 10_000;

/// A use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUsed {
    /// When.
    pub time: Timestamp,
    /// Signing name of the service.
    pub service: String,
    /// The region.
    pub region: String,
}

impl LastUsed {
    /// Of an access key or a role, by its id.
    pub(crate) async fn of(records: &Records, id: &str) -> Result<Option<Self>, ApiError> {
        let found = records.get::<Self>(id.as_bytes()).await?;
        Ok(found.map(|stored| stored.value.clone()))
    }
}

impl RecordType for LastUsed {
    const KIND: Kind = LAST_USED;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, _key: &[u8]) -> Vec<Term> {
        Vec::new()
    }
}

/// Uses since the last tick.
#[derive(Debug, Default)]
pub struct LastUsedLedger {
    pending: Mutex<HashMap<String, LastUsed>>,
}

impl LastUsedLedger {
    pub(super) fn note(&self, holder: &Holder, service: &str, region: &Region, now: Timestamp) {
        let id = match (&holder.principal.kind, &holder.session) {
            (PrincipalKind::RoleSession { role_id, .. }, _) => role_id,
            (_, None) => &holder.access_key_id,
            (_, Some(_)) => return,
        };
        if !holder.is_news(now) {
            return;
        }
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() < PENDING_MAX || pending.contains_key(id) {
            let used =
                LastUsed { time: now, service: service.to_owned(), region: region.to_string() };
            pending.insert(id.clone(), used);
        }
    }

    fn take(&self, limit: usize) -> Vec<(String, LastUsed)> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let ids: Vec<_> = pending.keys().take(limit).cloned().collect();
        ids.into_iter().filter_map(|id| pending.remove_entry(&id)).collect()
    }
}

/// Carries at most `limit` uses into the store. Answers whether any are left.
pub async fn flush(house: &House, limit: usize) -> Result<bool, ApiError> {
    let taken = house.last_used.take(limit);
    if taken.is_empty() {
        return Ok(false);
    }
    let is_full = taken.len() >= limit;
    let put = |(id, used): (String, LastUsed)| {
        house.records.put(&*house.env.entropy, id.into_bytes(), &used, Expect::Any)
    };
    let writes = taken.into_iter().map(put).collect::<Result<_, _>>()?;
    house.records.commit(Batch { writes, events: Vec::new() }).await?;
    Ok(is_full)
}
