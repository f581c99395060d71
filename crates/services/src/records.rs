//! Typed records over the store: encoded, sealed, cached.
//!
//! INVARIANT(sealed-records): nothing but keys and index terms reaches an engine in the clear.
//! INVARIANT(fresh-cache): a cached record is never older than the last commit that was acknowledged for it. An insert
//! takes place under the same shard lock as an eviction and only if no commit touched the shard since the read began.
//! Absence is not even remembered while a commit is under way that may end it: an index shows others the new record
//! before the commit is acknowledged.

use crate::error::ApiError;
use quick_cache::{Equivalent, Weighter, sync::Cache};
use std::any::Any;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use strongroom_keys::StorageKeys;
use strongroom_store::{
    Batch, Change, Committed, Expect, IndexEntry, Kind, PageQuery, Revision, Store, StoreError,
    Term, Write,
};
use strongroom_types::{Entropy, WipedBytes};
use zeroize::Zeroizing;

/// A kind of record: how it is encoded and under which terms it is found.
pub trait RecordType: Sized + Send + Sync + 'static {
    /// Number and name of the kind.
    const KIND: Kind;

    /// Bytes for the seal. The first byte is the format, so that later releases read what earlier ones wrote.
    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError>;

    /// Reads any format that was ever written.
    fn decode(bytes: &[u8]) -> Result<Self, StoreError>;

    /// All index entries of the record.
    fn terms(&self, key: &[u8]) -> Vec<Term>;
}

/// Encodes a serde type behind its format byte.
pub fn encode_as<T: serde::Serialize>(
    format: u8,
    value: &T,
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(512));
    bytes.push(format);
    rmp_serde::encode::write_named(&mut *bytes, value)
        .map_err(|error| inconsistent("record", &error))?;
    Ok(bytes)
}

/// Decodes what [`encode_as`] wrote, if it has that format.
pub fn decode_as<T: serde::de::DeserializeOwned>(
    format: u8,
    bytes: &[u8],
) -> Result<T, StoreError> {
    match bytes.split_first() {
        Some((first, rest)) if *first == format => {
            rmp_serde::from_slice(rest).map_err(|error| inconsistent("record", &error))
        }
        Some((first, _)) => Err(inconsistent("record", &format!("unknown format {first}"))),
        None => Err(inconsistent("record", &"empty")),
    }
}

fn inconsistent(what: &'static str, detail: &dyn ToString) -> StoreError {
    StoreError::Inconsistent { what, detail: detail.to_string() }
}

/// A record as it was read.
#[derive(Debug)]
pub struct Stored<T> {
    /// Its key.
    pub key: Vec<u8>,
    /// When it was read.
    pub revision: Revision,
    /// What it says.
    pub value: T,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct CacheKey {
    kind: u16,
    key: Box<[u8]>,
}

#[derive(Hash)]
struct CacheKeyRef<'a> {
    kind: u16,
    key: &'a [u8],
}

impl Equivalent<CacheKey> for CacheKeyRef<'_> {
    fn equivalent(&self, other: &CacheKey) -> bool {
        self.kind == other.kind && *self.key == *other.key
    }
}

#[derive(Clone)]
struct Cached {
    /// `None`: there is no such record. Known as well as one that is there, or the time of an answer would tell which.
    record: Option<Arc<dyn Any + Send + Sync>>,
    /// In bytes.
    weight: u64,
}

impl Cached {
    fn is_absence(&self) -> bool {
        self.record.is_none()
    }
}

/// What is known of a record from memory.
enum Known<T> {
    There(Arc<Stored<T>>),
    Absent,
    Nothing,
}

impl<T> Known<T> {
    fn there(self) -> Option<Arc<Stored<T>>> {
        match self {
            Self::There(record) => Some(record),
            Self::Absent | Self::Nothing => None,
        }
    }
}

/// What a record in the cache costs besides itself: the cache's own, the allocator's, and what the record comes to hold
/// when it is used. An estimate: a secret and its version, read, were measured at 4.1 kB together before records were made
/// smaller.
const CACHED_BYTES: u64 = 600;

#[derive(Clone)]
struct ByBytes;

impl Weighter<CacheKey, Cached> for ByBytes {
    fn weight(&self, key: &CacheKey, cached: &Cached) -> u64 {
        CACHED_BYTES + u64::try_from(key.key.len()).unwrap_or(u64::MAX) + cached.weight
    }
}

/// What events are sealed for.
const EVENT: &str = "event";
const SHARDS: usize = 64;

/// Commits to keys of a shard.
#[derive(Clone, Copy, Default)]
struct Commits {
    /// Counts those that have ended.
    ended: u64,
    under_way: u32,
}

/// A commit from before the engine has it until it is acknowledged, has failed, or nobody waits for it any more.
struct UnderWay<'a> {
    records: &'a Records,
    changed: Vec<(Kind, Vec<u8>)>,
}

impl<'a> UnderWay<'a> {
    fn begin(records: &'a Records, batch: &Batch) -> Self {
        let writes = batch.writes.iter().filter(|write| write.change != Change::Check);
        let changed: Vec<_> = writes.map(|write| (write.kind, write.key.clone())).collect();
        for (kind, key) in &changed {
            let mut commits = records.shard(*kind, key);
            commits.under_way = commits.under_way.saturating_add(1);
            records.cache.remove_if(&CacheKeyRef { kind: kind.id, key }, Cached::is_absence);
        }
        Self { records, changed }
    }
}

impl Drop for UnderWay<'_> {
    /// After a failure, too: the engine may have applied what it could not acknowledge.
    fn drop(&mut self) {
        for (kind, key) in &self.changed {
            let mut commits = self.records.shard(*kind, key);
            commits.under_way = commits.under_way.saturating_sub(1);
            commits.ended = commits.ended.wrapping_add(1);
            self.records.cache.remove(&CacheKeyRef { kind: kind.id, key });
            if let Some(epoch) = self.records.epochs.get(usize::from(kind.id)) {
                epoch.fetch_add(1, Ordering::AcqRel);
            }
        }
    }
}

/// All records of the server.
pub struct Records {
    store: Arc<dyn Store>,
    keys: StorageKeys,
    cache: Cache<CacheKey, Cached, ByBytes>,
    /// The commits that touch a shard's keys.
    shards: [Mutex<Commits>; SHARDS],
    hasher: RandomState,
    /// Counts the commits that touched a kind of keys: what was derived from them is then derived again.
    epochs: [AtomicU64; KINDS_WITH_EPOCH],
}

/// Kinds of record, by number, whose commits are counted.
const KINDS_WITH_EPOCH: usize = 64;

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Records {
    /// Over a store, with at most about `cache_bytes` of decoded records kept.
    pub fn new(store: Arc<dyn Store>, keys: StorageKeys, cache_bytes: u64) -> Self {
        let items = usize::try_from(cache_bytes / 2048).unwrap_or(usize::MAX).max(16);
        Self {
            store,
            keys,
            cache: Cache::with_weighter(items, cache_bytes, ByBytes),
            shards: [const { Mutex::new(Commits { ended: 0, under_way: 0 }) }; SHARDS],
            hasher: RandomState::new(),
            epochs: [const { AtomicU64::new(0) }; KINDS_WITH_EPOCH],
        }
    }

    /// The keys that records are sealed under; page tokens are sealed under keys derived from them.
    pub fn keys(&self) -> &StorageKeys {
        &self.keys
    }

    /// The engine, for the outbox.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The record, from memory where it is known to be current.
    pub async fn get<T: RecordType>(
        &self,
        key: &[u8],
    ) -> Result<Option<Arc<Stored<T>>>, StoreError> {
        match self.cached::<T>(key) {
            Known::There(record) => return Ok(Some(record)),
            Known::Absent => return Ok(None),
            Known::Nothing => {}
        }
        let seen = self.shard(T::KIND, key).ended;
        if let Some(record) = self.store.get(T::KIND, key).await? {
            return self.open(key.to_vec(), &record, seen).map(Some);
        }
        self.keep(T::KIND, key, seen, Cached { record: None, weight: 0 });
        Ok(None)
    }

    /// The record, read and opened for this call only: for what must not stay in memory.
    pub async fn get_uncached<T: RecordType>(
        &self,
        key: &[u8],
    ) -> Result<Option<Stored<T>>, StoreError> {
        let Some(record) = self.store.get(T::KIND, key).await? else { return Ok(None) };
        let value = self.decode(key, &record.bytes)?;
        Ok(Some(Stored { key: key.to_vec(), revision: record.revision, value }))
    }

    /// The records in the order of the keys.
    pub async fn get_many<T: RecordType>(
        &self,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Arc<Stored<T>>>>, StoreError> {
        let mut found: Vec<_> = keys.iter().map(|key| self.cached::<T>(key).there()).collect();
        let missing: Vec<_> = found
            .iter()
            .zip(keys)
            .filter(|(hit, _)| hit.is_none())
            .map(|(_, key)| key.clone())
            .collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let seen: Vec<_> = missing.iter().map(|key| self.shard(T::KIND, key).ended).collect();
        let records = self.store.get_many(T::KIND, &missing).await?;
        let mut read = missing.into_iter().zip(seen).zip(records);
        for place in found.iter_mut().filter(|place| place.is_none()) {
            if let Some(((key, seen), Some(record))) = read.next() {
                *place = Some(self.open(key, &record, seen)?);
            }
        }
        Ok(found)
    }

    /// A page of an index.
    pub async fn page(&self, query: PageQuery<'_>) -> Result<Vec<IndexEntry>, StoreError> {
        self.store.page(query).await
    }

    /// A sealed put, for a batch.
    pub fn put<T: RecordType>(
        &self,
        entropy: &dyn Entropy,
        key: Vec<u8>,
        value: &T,
        expect: Expect,
    ) -> Result<Write, ApiError> {
        let plain = value.encode()?;
        let bytes =
            self.keys.seal_record(T::KIND.id, &key, &plain, entropy).map_err(ApiError::internal)?;
        let terms = value.terms(&key);
        Ok(Write { kind: T::KIND, key, expect, change: Change::Put { bytes, terms } })
    }

    /// Seals an event for the time that it waits in the store: requests hold descriptions, tags and policies.
    pub fn seal_event(&self, event: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, StoreError> {
        let sealed = self.keys.seal_token(EVENT, &[], event, entropy);
        sealed.map_err(|error| inconsistent("event", &error))
    }

    /// Opens what [`Records::seal_event`] made.
    pub fn open_event(&self, sealed: &[u8]) -> Result<WipedBytes, StoreError> {
        self.keys.open_token(EVENT, &[], sealed).map_err(|error| inconsistent("event", &error))
    }

    /// Commits, and only then forgets what was cached of the records it changed.
    pub async fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        let under_way = UnderWay::begin(self, &batch);
        let committed = self.store.commit(batch).await;
        drop(under_way);
        committed
    }

    /// Commits so far that touched records of this kind; only kinds with low numbers are counted.
    pub fn epoch(&self, kind: Kind) -> u64 {
        self.epochs.get(usize::from(kind.id)).map_or(0, |epoch| epoch.load(Ordering::Acquire))
    }

    /// What is known of a record without reading it.
    fn cached<T: RecordType>(&self, key: &[u8]) -> Known<T> {
        match self.cache.get(&CacheKeyRef { kind: T::KIND.id, key }) {
            Some(Cached { record: Some(record), .. }) => {
                record.downcast().map_or(Known::Nothing, Known::There)
            }
            Some(Cached { record: None, .. }) => Known::Absent,
            None => Known::Nothing,
        }
    }

    /// Keeps what was read, unless a commit may have changed it since.
    fn keep(&self, kind: Kind, key: &[u8], seen: u64, cached: Cached) {
        let commits = self.shard(kind, key);
        let may_be_ended = cached.is_absence() && commits.under_way > 0;
        if commits.ended == seen && !may_be_ended {
            self.cache.insert(CacheKey { kind: kind.id, key: key.into() }, cached);
        }
    }

    fn shard(&self, kind: Kind, key: &[u8]) -> MutexGuard<'_, Commits> {
        let hash = self.hasher.hash_one((kind.id, key));
        let index = usize::try_from(hash % 64).unwrap_or(0);
        let [first, ..] = &self.shards;
        self.shards.get(index).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decode<T: RecordType>(&self, key: &[u8], bytes: &[u8]) -> Result<T, StoreError> {
        let plain = self
            .keys
            .open_record(T::KIND.id, key, bytes)
            .map_err(|error| inconsistent(T::KIND.name, &error))?;
        T::decode(&plain)
    }

    fn open<T: RecordType>(
        &self,
        key: Vec<u8>,
        record: &strongroom_store::Record,
        seen: u64,
    ) -> Result<Arc<Stored<T>>, StoreError> {
        let value = self.decode(&key, &record.bytes)?;
        let stored = Arc::new(Stored { key, revision: record.revision, value });
        // The texts of the decoded form are those of the encoded one.
        let bytes = record.bytes.len().saturating_add(size_of::<Stored<T>>());
        let weight = u64::try_from(bytes).unwrap_or(u64::MAX);
        let record: Arc<dyn Any + Send + Sync> = Arc::<Stored<T>>::clone(&stored);
        self.keep(T::KIND, &stored.key, seen, Cached { record: Some(record), weight });
        Ok(stored)
    }
}
