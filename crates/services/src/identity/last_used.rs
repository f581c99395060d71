//! When access keys and roles were last used: noted in memory once a minute each, carried into the store by a tick. The
//! record goes with the key or the role: a use that waits meanwhile does not bring it back.
//!
//! AWS: GetAccessKeyLastUsed and GetRole tell time, service and region of the last use, some time late.

use crate::error::ApiError;
use crate::house::House;
use crate::iam::role::ROLE;
use crate::iam::unique_id::role_of_id;
use crate::identity::credential::Holder;
use crate::identity::{ACCESS_KEY, AccessKey, PrincipalKind};
use crate::records::{RecordType, Records, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use strongroom_store::{Batch, Change, Expect, Kind, StoreError, Term, Write};
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

    /// The write that goes with the end of an access key or a role.
    pub(crate) fn forget(id: &str) -> Write {
        let key = id.as_bytes().to_vec();
        Write { kind: LAST_USED, key, expect: Expect::Any, change: Change::Delete }
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

    /// Uses that could not be carried wait again, unless there are later ones.
    fn put_back(&self, taken: Vec<(String, LastUsed)>) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, used) in taken {
            pending.entry(id).or_insert(used);
        }
    }
}

/// Carries at most `limit` uses into the store. Answers whether any are left.
pub async fn flush(house: &House, limit: usize) -> Result<bool, ApiError> {
    let taken = house.last_used.take(limit);
    if taken.is_empty() {
        return Ok(false);
    }
    let is_full = taken.len() >= limit;
    let mut writes = Vec::new();
    for (id, used) in &taken {
        match still_there(&house.records, id).await {
            Ok(Some(holder)) => {
                let key = id.as_bytes().to_vec();
                writes.push(house.records.put(&*house.env.entropy, key, used, Expect::Any)?);
                writes.push(holder);
            }
            Ok(None) => {}
            Err(error) => tracing::error!(?error, "a last use was not written down"),
        }
    }
    if writes.is_empty() {
        return Ok(is_full);
    }
    match house.records.commit(Batch { writes, events: Vec::new() }).await {
        Ok(_) => Ok(is_full),
        // A key or role was changed or deleted at the same moment: the next tick looks again.
        Err(StoreError::Conflict { .. }) => {
            house.last_used.put_back(taken);
            Ok(true)
        }
        Err(error) => Err(error.into()),
    }
}

/// Holds a batch to the access key or role being there.
async fn still_there(records: &Records, id: &str) -> Result<Option<Write>, ApiError> {
    let found = if id.starts_with("AROA") {
        let role = role_of_id(records, id).await?;
        role.map(|role| (ROLE, role.key.clone(), role.revision))
    } else {
        let key = records.get_uncached::<AccessKey>(id.as_bytes()).await?;
        key.map(|key| (ACCESS_KEY, key.key, key.revision))
    };
    let check = |(kind, key, revision)| Write {
        kind,
        key,
        expect: Expect::At(revision),
        change: Change::Check,
    };
    Ok(found.map(check))
}
