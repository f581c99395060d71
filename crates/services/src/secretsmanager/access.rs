//! When secrets and versions were last read, by day.
//!
//! AWS: LastAccessedDate is a day, two reads on one day give the same value. So a read notes its day in memory only, and
//! a tick carries what is new into the store, many at a time: a read never waits for a commit. What a crash takes with
//! it is at most the last tick's worth of dates; the audit log has every read.

use crate::error::ApiError;
use crate::house::House;
use crate::records::{RecordType, decode_as, encode_as};
use crate::secretsmanager::secret::{Secret, Uid};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use strongroom_store::{Batch, Expect, Index, Kind, StoreError, Term};
use strongroom_types::{Day, VersionId};
use zeroize::Zeroizing;

/// The kind of record that holds a secret's days of access. Its key is the secret's own key.
pub(super) const ACCESS: Kind = Kind { id: 22, name: "secret access" };
/// Secrets of an account and region by day of last access; those never read come first.
pub(super) const BY_ACCESSED: Index = Index { id: 26, name: "secrets by access" };

/// Reads that wait for the next tick; beyond that a read leaves no date until the tick has come.
const PENDING_MAX: usize = 100_000;
/// Versions whose day of access is kept.
const VERSIONS_MAX: usize = 200;

/// Days of access of one secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Access {
    /// Which incarnation of the name.
    pub uid: Uid,
    /// Account and region, for the index term.
    pub scope: Vec<u8>,
    /// Last read of any version.
    pub last: Option<Day>,
    /// Last read of each version.
    pub versions: BTreeMap<VersionId, Day>,
}

impl Access {
    /// Of a secret that was never read.
    pub(super) fn never(secret: &Secret) -> Self {
        let scope = crate::secretsmanager::secret::scope(&secret.arn.account, &secret.arn.region);
        Self { uid: secret.uid, scope, last: None, versions: BTreeMap::new() }
    }

    fn note(&mut self, version: &VersionId, day: Day) {
        self.last = self.last.max(Some(day));
        let held = self.versions.entry(version.clone()).or_insert(day);
        *held = (*held).max(day);
        while self.versions.len() > VERSIONS_MAX {
            let oldest =
                self.versions.iter().min_by_key(|(_, day)| **day).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { return };
            self.versions.remove(&oldest);
        }
    }
}

impl RecordType for Access {
    const KIND: Kind = ACCESS;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, _key: &[u8]) -> Vec<Term> {
        let mut term = self.scope.clone();
        if let Some(day) = self.last {
            term.extend_from_slice(&day.start().sortable());
        }
        vec![Term { index: BY_ACCESSED, term }]
    }
}

/// A secret that was read, and its versions with the day of their last read.
struct Pending {
    uid: Uid,
    versions: HashMap<VersionId, Day>,
}

/// Reads since the last tick.
pub struct AccessLedger {
    pending: Mutex<HashMap<Vec<u8>, Pending>>,
}

impl std::fmt::Debug for AccessLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessLedger").finish_non_exhaustive()
    }
}

impl AccessLedger {
    pub(crate) fn new() -> Self {
        Self { pending: Mutex::default() }
    }

    /// Notes that a version was read on a day; noting it again changes nothing. False: too many wait already.
    pub(super) fn note(&self, secret_key: &[u8], uid: Uid, version: &VersionId, day: Day) -> bool {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() >= PENDING_MAX && !pending.contains_key(secret_key) {
            return false;
        }
        let entry = pending
            .entry(secret_key.to_vec())
            .or_insert_with(|| Pending { uid, versions: HashMap::new() });
        if entry.uid != uid {
            *entry = Pending { uid, versions: HashMap::new() };
        }
        entry.versions.insert(version.clone(), day);
        true
    }

    fn overlay(&self, key: &[u8], access: &mut Access) {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = pending.get(key).filter(|read| read.uid == access.uid) {
            for (version, day) in &read.versions {
                access.note(version, *day);
            }
        }
    }

    fn take(&self, limit: usize) -> Vec<(Vec<u8>, Pending)> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let keys: Vec<_> = pending.keys().take(limit).cloned().collect();
        keys.into_iter().filter_map(|key| pending.remove_entry(&key)).collect()
    }
}

/// Days of access of the secrets, reads that still wait for their tick included. In the order of the keys.
pub(super) async fn accesses(house: &House, secrets: &[&Secret]) -> Result<Vec<Access>, ApiError> {
    let keys: Vec<_> = secrets.iter().map(|secret| secret.key()).collect();
    let found = house.records.get_many::<Access>(&keys).await?;
    let of_one = |((secret, key), found): ((&&Secret, &Vec<u8>), Option<std::sync::Arc<_>>)| {
        let stored: Option<&crate::records::Stored<Access>> = found.as_deref();
        let mut access = match stored {
            Some(stored) if stored.value.uid == secret.uid => stored.value.clone(),
            _ => Access::never(secret),
        };
        house.accesses.overlay(key, &mut access);
        access
    };
    Ok(secrets.iter().zip(&keys).zip(found).map(of_one).collect())
}

/// Carries at most `limit` secrets' reads into the store. Answers whether any are left.
pub async fn flush(house: &House, limit: usize) -> Result<bool, ApiError> {
    let taken = house.accesses.take(limit);
    let keys: Vec<_> = taken.iter().map(|(key, _)| key.clone()).collect();
    let records = house.records.get_many::<Access>(&keys).await?;
    let mut writes = Vec::new();
    for ((key, pending), stored) in taken.into_iter().zip(records) {
        // A purged secret has no record any more, one that was made again has another uid: the read concerned neither.
        let Some(stored) = stored.filter(|stored| stored.value.uid == pending.uid) else {
            continue;
        };
        let mut access = stored.value.clone();
        for (version, day) in &pending.versions {
            access.note(version, *day);
        }
        if access != stored.value {
            writes.push(house.records.put(
                &*house.env.entropy,
                key,
                &access,
                Expect::At(stored.revision),
            )?);
        }
    }
    let is_full = keys.len() >= limit;
    if writes.is_empty() {
        return Ok(is_full);
    }
    match house.records.commit(Batch { writes, events: Vec::new() }).await {
        // A secret was purged or replaced at the same moment: its neighbours' dates come with their next read.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(is_full),
        Err(error) => Err(error.into()),
    }
}
