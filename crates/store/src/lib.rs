//! The storage contract: records, index pages and one kind of write, the batch.
//!
//! Engines know bytes. What a record means, and that its bytes are sealed, is the business of the layer above.
//! A new service declares [`Kind`]s and [`Index`]es; no engine changes and nothing migrates.
//!
//! INVARIANT(whole-batch): a batch is applied whole or not at all, its audit events with it, and
//! [`Store::commit`] returns only when all of it would survive a power cut.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod memory;

use std::future::Future;
use std::pin::Pin;

/// A boxed future, so that engines can stand behind `dyn Store`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A kind of record, declared once by the service that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind {
    /// Stable number that is written to disk. Never reused.
    pub id: u16,
    /// Name for errors and metrics.
    pub name: &'static str,
}

/// An ordered index over records, declared once by the service that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Index {
    /// Stable number that is written to disk. Never reused.
    pub id: u16,
    /// Name for errors and metrics.
    pub name: &'static str,
}

/// What a record was at when it was read. Assigned by the engine at each commit, never used twice for one key,
/// not even when the record was deleted and made again in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub u64);

/// A stored record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The sealed bytes, as they were put.
    pub bytes: Vec<u8>,
    /// The commit that wrote them.
    pub revision: Revision,
}

/// One entry that a record has in an index. A record may have several in one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The index.
    pub index: Index,
    /// The bytes that the index is ordered by.
    pub term: Vec<u8>,
}

/// What must be true of a record for a batch to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// There is no such record.
    Absent,
    /// Nothing is expected: the write wins whatever is there.
    Any,
    /// The record is there, unchanged since it was read at this revision.
    At(Revision),
}

/// What a batch does to one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing: the record is only held to its expectation.
    Check,
    /// The record goes, with its index entries. Deleting an absent record under [`Expect::Any`] succeeds.
    Delete,
    /// The record is replaced, and its index entries are exactly `terms` from now on.
    Put {
        /// The sealed bytes.
        bytes: Vec<u8>,
        /// All index entries of the record.
        terms: Vec<Term>,
    },
}

/// One record's part in a batch. A key stands at most once in a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Kind of the record.
    pub kind: Kind,
    /// Key of the record within its kind.
    pub key: Vec<u8>,
    /// What must be true before.
    pub expect: Expect,
    /// What happens.
    pub change: Change,
}

/// All that one operation changes, with the audit events that tell of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// The records.
    pub writes: Vec<Write>,
    /// Encoded audit events. They enter the outbox in the same commit, in this order.
    pub events: Vec<Vec<u8>>,
}

/// A committed batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Revision of every record that the batch put.
    pub revision: Revision,
}

/// Order of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// By term, then key, smallest first.
    Ascending,
    /// By term, then key, greatest first.
    Descending,
}

/// A place in an index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexEntry {
    /// The term.
    pub term: Vec<u8>,
    /// Key of the record that has it.
    pub key: Vec<u8>,
}

/// A question for a bounded run of index entries.
#[derive(Debug, Clone, Copy)]
pub struct PageQuery<'a> {
    /// The index.
    pub index: Index,
    /// Only entries whose term starts with these bytes.
    pub prefix: &'a [u8],
    /// Only entries strictly behind this place, in the order asked for. The entry itself need not exist any more.
    pub after: Option<&'a IndexEntry>,
    /// At most so many entries.
    pub limit: u32,
    /// The order.
    pub direction: Direction,
}

/// An event that was committed with a change and has not yet been forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEvent {
    /// Place in the order of commits: strictly growing, never reused, not necessarily without gaps.
    pub sequence: u64,
    /// The encoded event.
    pub bytes: Vec<u8>,
}

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A record was not as the batch expected; nothing was applied. Read again and retry.
    #[error("a {kind} record changed in the meantime")]
    Conflict {
        /// Kind of the record.
        kind: &'static str,
    },
    /// What is on disk cannot be: the database was damaged or edited.
    #[error("inconsistent {what}: {detail}")]
    Inconsistent {
        /// Table or structure.
        what: &'static str,
        /// What was found, without record contents.
        detail: String,
    },
    /// The engine failed (disk full, I/O error, connection lost). Nothing was acknowledged; the batch may or may not be there after a crash.
    #[error("the storage engine failed: {0}")]
    Unavailable(String),
}

/// A durable set of records. All methods may be called from many tasks at once.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// The record, if there is one. Sees every commit that was acknowledged before the call.
    fn get<'a>(
        &'a self,
        kind: Kind,
        key: &'a [u8],
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>>;

    /// The records, in the order of `keys`, all from one snapshot.
    fn get_many<'a>(
        &'a self,
        kind: Kind,
        keys: &'a [Vec<u8>],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, StoreError>>;

    /// A run of index entries. Cost is bounded by `limit`, whatever the size of the index.
    fn page<'a>(
        &'a self,
        query: PageQuery<'a>,
    ) -> BoxFuture<'a, Result<Vec<IndexEntry>, StoreError>>;

    /// Applies the batch if every expectation holds, durably, or nothing of it.
    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Committed, StoreError>>;

    /// Committed events with `sequence > after`, oldest first, at most `limit`.
    fn outbox(&self, after: u64, limit: u32)
    -> BoxFuture<'_, Result<Vec<OutboxEvent>, StoreError>>;

    /// Lets the engine drop events up to and including `through`: now or with a later commit. They are in the audit log.
    fn forget_outbox(&self, through: u64) -> BoxFuture<'_, Result<(), StoreError>>;
}
