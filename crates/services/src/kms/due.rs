//! The end of keys whose waiting period is over. What else becomes due of keys: `rotation.rs`, `expiry.rs`.
//!
//! Deleting a key's record and its aliases' is one commit, in which a multi-Region set forgets a replica, too: INVARIANT(alias-in-key), so no alias is left behind, and none that
//! was moved away at the last moment goes with the key.

use crate::error::ApiError;
use crate::house::House;
use crate::kms::alias_target::alias_gone;
use crate::kms::grant::end_grants;
use crate::kms::key::{KEYS_DUE, KMS_KEY, Key};
use crate::kms::multi_region::without_replica;
use crate::kms::rotation::account_of;
use crate::records::Stored;
use strongroom_store::{Batch, Change, Expect, StoreError, Write};
use strongroom_types::Timestamp;

/// Keys looked at at a time.
const PER_TICK: u32 = 256;

/// Does what is due of keys. Answers whether more may be left.
pub(crate) async fn end_due_keys(house: &House, now: Timestamp) -> Result<bool, ApiError> {
    let round = &house.keys_round;
    let mut due = round.page(&house.records, KEYS_DUE, PER_TICK).await?;
    due.retain(|entry| entry.term.as_slice() <= now.sortable().as_slice());
    let mut failed = 0;
    for entry in &due {
        // One that nothing can be done to does not stand in the way of the others.
        match do_what_is_due(house, &entry.key, now).await {
            Ok(true) => {}
            Ok(false) => failed += 1,
            Err(error) => {
                tracing::error!(?error, "what is due of a key could not be done");
                failed += 1;
            }
        }
    }
    Ok(round.note(&due, failed, PER_TICK))
}

/// Answers whether something was done, by this or by a request that was first.
async fn do_what_is_due(house: &House, key: &[u8], now: Timestamp) -> Result<bool, ApiError> {
    let Some(stored) = house.records.get::<Key>(key).await? else { return Ok(true) };
    let Some(mut writes) = deletion(&stored, now) else { return Ok(false) };
    // Grants go first, page by page: there may be more than one commit can take.
    if end_grants(house, &stored).await? {
        return Ok(true);
    }
    let account = account_of(key)?;
    writes.extend(without_replica(house, &account, &stored.value, now).await?);
    match house.commit(Batch { writes, events: Vec::new() }).await {
        // Taken back at the last moment: whoever did won.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// The end of a key whose waiting period is over.
fn deletion(stored: &Stored<Key>, now: Timestamp) -> Option<Vec<Write>> {
    stored.value.deletion?.due.filter(|due| *due <= now)?;
    let mut writes = vec![Write {
        kind: KMS_KEY,
        key: stored.key.clone(),
        expect: Expect::At(stored.revision),
        change: Change::Delete,
    }];
    let scope = stored.key.strip_suffix(stored.value.id.as_bytes()).unwrap_or_default();
    let aliases = stored.value.aliases.iter();
    let record_keys = aliases.map(|alias| [scope, alias.as_bytes()].concat());
    writes.extend(record_keys.map(|key| alias_gone(key, Expect::Any)));
    Some(writes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::background::tick;
    use crate::house::{Env, Home, Settings};
    use crate::kms::alias::Alias;
    use crate::kms::alias_target::add_alias;
    use crate::kms::key::{About, Deletion, KeyManager, RotationPlan};
    use crate::kms::target::record_key;
    use crate::records::Records;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
    use strongroom_audit::AuditLog;
    use strongroom_keys::seal::KeyFile;
    use strongroom_keys::{StorageKeys, Unsealed};
    use strongroom_store::memory::MemoryStore;
    use strongroom_types::{AccountId, Clock, Entropy, Region};
    use tempfile::TempDir;

    const START: Timestamp = Timestamp::from_millis(1_790_000_000_123);
    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[derive(Debug, Clone)]
    struct MovedClock(Arc<AtomicI64>);

    impl MovedClock {
        fn set(&self, time: Timestamp) {
            self.0.store(time.as_millis(), Ordering::SeqCst);
        }
    }

    impl Clock for MovedClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::SeqCst))
        }
    }

    /// Never the same bytes twice.
    #[derive(Debug, Default)]
    struct Counter(AtomicU64);

    impl Entropy for Counter {
        fn fill(&self, buffer: &mut [u8]) {
            for chunk in buffer.chunks_mut(8) {
                let drawn = self.0.fetch_add(1, Ordering::SeqCst).to_le_bytes();
                chunk.iter_mut().zip(drawn).for_each(|(byte, drawn)| *byte = drawn);
            }
        }
    }

    struct Building {
        house: House,
        clock: MovedClock,
        _directory: TempDir,
    }

    fn account() -> AccountId {
        AccountId::parse("111122223333").unwrap()
    }

    fn region() -> Region {
        Region::parse("eu-west-1").unwrap()
    }

    fn record(name: &str) -> Vec<u8> {
        record_key(&account(), &region(), name)
    }

    impl Building {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let clock = MovedClock(Arc::new(AtomicI64::new(START.as_millis())));
            let entropy = Counter::default();
            let seal = KeyFile::new(&directory.path().join("root.key"));
            let Unsealed { keys, .. } = StorageKeys::unseal(&seal, None, &entropy, START).unwrap();
            let settings = Settings::default();
            let records = Records::new(Arc::new(MemoryStore::new()), keys, settings.cache_bytes);
            let options = strongroom_audit::Options::default();
            let (audit, _) = AuditLog::open(&directory.path().join("audit"), options).unwrap();
            let home =
                Home { account: account(), region: region(), organization_id: "o-1".to_owned() };
            let env =
                Env { clock: Box::new(clock.clone()), entropy: Box::new(entropy), issuers: None };
            let house = House::new(env, settings, home, records, Arc::new(audit));
            Self { house, clock, _directory: directory }
        }

        /// A key that waits for its deletion until then, with its aliases.
        async fn put(&self, id: &str, aliases: &[&str], due: Option<Timestamp>) {
            let about = About {
                manager: KeyManager::Customer,
                deletion: Some(Deletion { days: 7, due }),
                ..About::managed(id.to_owned(), START)
            };
            let mut key = Key::new(about, Vec::new());
            let (records, entropy) = (&self.house.records, &*self.house.env.entropy);
            let mut writes = Vec::new();
            for alias in aliases {
                add_alias(&mut key, alias).unwrap();
                let named = Alias::new(alias, id, START);
                writes.push(records.put(entropy, record(alias), &named, Expect::Any).unwrap());
            }
            writes.push(records.put(entropy, record(id), &key, Expect::Any).unwrap());
            self.house.commit(Batch { writes, events: Vec::new() }).await.unwrap();
        }

        async fn put_with_rotation(&self, id: &str, next: Timestamp) {
            let plan = RotationPlan { days: 90, next };
            let about = About { rotation: Some(plan), ..About::managed(id.to_owned(), START) };
            let key = Key::new(about, Vec::new());
            let (records, entropy) = (&self.house.records, &*self.house.env.entropy);
            let write = records.put(entropy, record(id), &key, Expect::Any).unwrap();
            self.house.commit(Batch { writes: vec![write], events: Vec::new() }).await.unwrap();
        }

        async fn has_key(&self, id: &str) -> bool {
            self.house.records.get::<Key>(&record(id)).await.unwrap().is_some()
        }

        async fn has_alias(&self, alias: &str) -> bool {
            self.house.records.get::<Alias>(&record(alias)).await.unwrap().is_some()
        }
    }

    #[tokio::test]
    async fn a_key_goes_with_its_aliases_when_its_waiting_period_ends_and_not_before() {
        // Documented: API reference, `ScheduleKeyDeletion`: the key and all aliases that refer to it are deleted.
        let building = Building::new();
        let due = START.plus_days(7);
        building.put(ID, &["alias/a", "alias/b"], Some(due)).await;
        building.put("other", &["alias/c"], Some(due.plus_millis(1))).await;
        building.clock.set(due.plus_millis(-1));
        tick(&building.house).await;
        assert!(building.has_key(ID).await && building.has_alias("alias/a").await);
        building.clock.set(due);
        tick(&building.house).await;
        assert!(!building.has_key(ID).await);
        assert!(!building.has_alias("alias/a").await && !building.has_alias("alias/b").await);
        assert!(building.has_key("other").await && building.has_alias("alias/c").await);
        assert!(!end_due_keys(&building.house, due).await.unwrap(), "nothing is left to do");
    }

    #[tokio::test]
    async fn a_key_that_waits_for_its_replicas_is_never_due() {
        // Documented: KMS developer guide, "Deleting multi-Region keys".
        let building = Building::new();
        building.put(ID, &["alias/a"], None).await;
        building.clock.set(START.plus_days(10_000));
        tick(&building.house).await;
        assert!(building.has_key(ID).await && building.has_alias("alias/a").await);
    }

    #[tokio::test]
    async fn an_alias_that_was_moved_away_stays() {
        let building = Building::new();
        let due = START.plus_days(7);
        building.put(ID, &["alias/a"], Some(due)).await;
        let stored = building.house.records.get::<Key>(&record(ID)).await.unwrap().unwrap();
        let late = deletion(&stored, due).unwrap();
        building.put(ID, &[], Some(due)).await;
        building.put("other", &["alias/a"], None).await;
        let batch = Batch { writes: late, events: Vec::new() };
        let refused = building.house.commit(batch).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
        building.clock.set(due);
        tick(&building.house).await;
        assert!(!building.has_key(ID).await && building.has_alias("alias/a").await);
    }

    #[tokio::test]
    async fn many_keys_go_whatever_stands_before_them() {
        let building = Building::new();
        let due = START.plus_days(7);
        for place in 0..PER_TICK + 10 {
            building.put_with_rotation(&format!("stuck{place}"), START).await;
            building.put(&format!("key{place}"), &[], Some(due)).await;
        }
        building.clock.set(due);
        for _ in 0..8 {
            end_due_keys(&building.house, due).await.unwrap();
        }
        for place in 0..PER_TICK + 10 {
            assert!(!building.has_key(&format!("key{place}")).await, "{place}");
        }
    }
}
