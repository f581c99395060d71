//! When secrets and versions were last read, by day.
//!
//! AWS: LastAccessedDate is a day, two reads on one day give the same value. So a read notes its day in memory only, and
//! a tick carries what is new into the store, many at a time: a read never waits for a commit. What a crash takes with
//! it is at most the last tick's worth of dates; the audit log has every read.

use crate::error::ApiError;
use crate::house::House;
use crate::records::{RecordType, Stored, decode_as, encode_as};
use crate::secretsmanager::readable::readable;
use crate::secretsmanager::secret::{Secret, Uid};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
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

    /// Notes reads, if they were of this incarnation.
    fn note_all(&mut self, read: Option<&Pending>) {
        for (version, day) in
            read.filter(|read| read.uid == self.uid).iter().flat_map(|read| &read.versions)
        {
            self.note(version, *day);
        }
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
#[derive(Clone)]
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

    /// What waits of these secrets, in the order of the keys.
    fn waiting_of(&self, keys: &[Vec<u8>]) -> Vec<Option<Pending>> {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().map(|key| pending.get(key).cloned()).collect()
    }

    /// Some of what waits. It goes on waiting until it is [`AccessLedger::settle`]d, so that it can be read meanwhile.
    fn waiting(&self, limit: usize) -> Vec<(Vec<u8>, Pending)> {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.iter().take(limit).map(|(key, read)| (key.clone(), read.clone())).collect()
    }

    /// Forgets what is stored by now, or concerned a secret that is gone. Reads that came meanwhile go on waiting.
    fn settle(&self, carried: &[(Vec<u8>, Pending)]) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, read) in carried {
            let Some(held) = pending.get_mut(key).filter(|held| held.uid == read.uid) else {
                continue;
            };
            held.versions.retain(|version, day| read.versions.get(version) != Some(day));
            if held.versions.is_empty() {
                pending.remove(key);
            }
        }
    }
}

/// Days of access of the secrets, reads that still wait for their tick included. In the order of the keys.
pub(super) async fn accesses(house: &House, secrets: &[&Secret]) -> Result<Vec<Access>, ApiError> {
    let keys: Vec<_> = secrets.iter().map(|secret| secret.key()).collect();
    // Before the records are read: what is settled in between is in them by then.
    let waiting = house.accesses.waiting_of(&keys);
    let found = readable::<Access>(&house.records, &keys).await?;
    let of_one = |((secret, waiting), stored): ((&&Secret, Option<Pending>), Option<Arc<_>>)| {
        let stored: Option<&Stored<Access>> = stored.as_deref();
        let mut access = match stored {
            Some(stored) if stored.value.uid == secret.uid => stored.value.clone(),
            _ => Access::never(secret),
        };
        access.note_all(waiting.as_ref());
        access
    };
    Ok(secrets.iter().zip(waiting).zip(found).map(of_one).collect())
}

/// Carries at most `limit` secrets' reads into the store. Answers whether any are left.
pub async fn flush(house: &House, limit: usize) -> Result<bool, ApiError> {
    let carried = house.accesses.waiting(limit);
    let keys: Vec<_> = carried.iter().map(|(key, _)| key.clone()).collect();
    let records = readable::<Access>(&house.records, &keys).await?;
    let mut writes = Vec::new();
    for ((key, read), stored) in carried.iter().zip(records) {
        // A purged secret has no record any more, one that was made again has another uid: the read concerned neither.
        let Some(stored) = stored.filter(|stored| stored.value.uid == read.uid) else {
            continue;
        };
        let mut access = stored.value.clone();
        access.note_all(Some(read));
        if access != stored.value {
            let expect = Expect::At(stored.revision);
            writes.push(house.records.put(&*house.env.entropy, key.clone(), &access, expect)?);
        }
    }
    if !writes.is_empty() {
        match house.records.commit(Batch { writes, events: Vec::new() }).await {
            Ok(_) => {}
            // A secret was purged or replaced at the same moment: the next tick reads again.
            Err(StoreError::Conflict { .. }) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
    house.accesses.settle(&carried);
    Ok(keys.len() >= limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_types::Timestamp;

    fn version(digit: char) -> VersionId {
        VersionId::parse(&digit.to_string().repeat(36)).unwrap()
    }

    #[test]
    fn a_read_can_be_seen_until_it_is_stored_and_one_that_comes_meanwhile_stays() {
        let (ledger, uid, day) =
            (AccessLedger::new(), Uid([1; 16]), Timestamp::from_millis(0).day());
        ledger.note(b"key", uid, &version('a'), day);
        let carried = ledger.waiting(9);
        assert!(ledger.waiting_of(&[b"key".to_vec()])[0].is_some(), "while it is being carried");
        ledger.note(b"key", uid, &version('b'), day);
        ledger.settle(&carried);
        let left = ledger.waiting(9);
        assert_eq!(left.len(), 1);
        assert!(left[0].1.versions.contains_key(&version('b')) && left[0].1.versions.len() == 1);
        ledger.settle(&left);
        assert!(ledger.waiting(9).is_empty());
    }

    #[test]
    fn what_was_carried_for_an_earlier_incarnation_settles_nothing_of_the_next() {
        let (ledger, day) = (AccessLedger::new(), Timestamp::from_millis(0).day());
        ledger.note(b"key", Uid([1; 16]), &version('a'), day);
        let carried = ledger.waiting(9);
        ledger.note(b"key", Uid([2; 16]), &version('a'), day);
        ledger.settle(&carried);
        assert_eq!(ledger.waiting(9).len(), 1);
    }
}
