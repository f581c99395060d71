//! The contract over maps in memory: the obvious model that engines are compared with. Keeps nothing.

use crate::{
    Batch, BoxFuture, Change, Committed, Direction, Expect, IndexEntry, Kind, OutboxEvent,
    PageQuery, Record, Revision, Store, StoreError, Term, Write,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

type RecordKey = (u16, Vec<u8>);

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<RecordKey, (Record, Vec<Term>)>,
    entries: BTreeMap<u16, BTreeSet<IndexEntry>>,
    outbox: BTreeMap<u64, Vec<u8>>,
    commits: u64,
    events: u64,
}

/// The model.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch that names a record twice has no defined order: refused by every engine.
pub fn check_keys_differ(batch: &Batch) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    for write in &batch.writes {
        if !seen.insert((write.kind.id, write.key.as_slice())) {
            return Err(StoreError::Inconsistent {
                what: "batch",
                detail: "a record stands in it twice".into(),
            });
        }
    }
    Ok(())
}

impl State {
    fn meets(&self, write: &Write) -> Result<(), StoreError> {
        let found = self
            .records
            .get(&(write.kind.id, write.key.clone()))
            .map(|(record, _)| record.revision);
        let holds = match write.expect {
            Expect::Absent => found.is_none(),
            Expect::Any => true,
            Expect::At(revision) => found == Some(revision),
        };
        if holds { Ok(()) } else { Err(StoreError::Conflict { kind: write.kind.name }) }
    }

    fn apply(&mut self, write: Write, revision: Revision) {
        let key = (write.kind.id, write.key.clone());
        if write.change == Change::Check {
            return;
        }
        if let Some((_, terms)) = self.records.remove(&key) {
            for term in terms {
                let entry = IndexEntry { term: term.term, key: write.key.clone() };
                self.entries.entry(term.index.id).or_default().remove(&entry);
            }
        }
        if let Change::Put { bytes, terms } = write.change {
            for term in &terms {
                let entry = IndexEntry { term: term.term.clone(), key: write.key.clone() };
                self.entries.entry(term.index.id).or_default().insert(entry);
            }
            self.records.insert(key, (Record { bytes, revision }, terms));
        }
    }

    fn commit(&mut self, batch: Batch) -> Result<Committed, StoreError> {
        check_keys_differ(&batch)?;
        batch.writes.iter().try_for_each(|write| self.meets(write))?;
        self.commits += 1;
        let revision = Revision(self.commits);
        for write in batch.writes {
            self.apply(write, revision);
        }
        for event in batch.events {
            self.events += 1;
            self.outbox.insert(self.events, event);
        }
        Ok(Committed { revision })
    }

    fn page(&self, query: &PageQuery<'_>) -> Vec<IndexEntry> {
        let Some(entries) = self.entries.get(&query.index.id) else { return Vec::new() };
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let matches = |entry: &&IndexEntry| entry.term.starts_with(query.prefix);
        let behind = |entry: &&IndexEntry| match (query.after, query.direction) {
            (None, _) => true,
            (Some(after), Direction::Ascending) => *entry > after,
            (Some(after), Direction::Descending) => *entry < after,
        };
        let all = entries.iter().filter(matches).filter(behind).cloned();
        match query.direction {
            Direction::Ascending => all.take(limit).collect(),
            Direction::Descending => all.rev().take(limit).collect(),
        }
    }
}

impl Store for MemoryStore {
    fn get<'a>(
        &'a self,
        kind: Kind,
        key: &'a [u8],
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        let found =
            self.state().records.get(&(kind.id, key.to_vec())).map(|(record, _)| record.clone());
        Box::pin(std::future::ready(Ok(found)))
    }

    fn get_many<'a>(
        &'a self,
        kind: Kind,
        keys: &'a [Vec<u8>],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, StoreError>> {
        let state = self.state();
        let find = |key: &Vec<u8>| {
            state.records.get(&(kind.id, key.clone())).map(|(record, _)| record.clone())
        };
        let found = keys.iter().map(find).collect();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn page<'a>(
        &'a self,
        query: PageQuery<'a>,
    ) -> BoxFuture<'a, Result<Vec<IndexEntry>, StoreError>> {
        let page = self.state().page(&query);
        Box::pin(std::future::ready(Ok(page)))
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Committed, StoreError>> {
        let committed = self.state().commit(batch);
        Box::pin(std::future::ready(committed))
    }

    fn outbox(
        &self,
        after: u64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<OutboxEvent>, StoreError>> {
        let state = self.state();
        let behind = state.outbox.range(after.saturating_add(1)..);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let event = |(sequence, bytes): (&u64, &Vec<u8>)| OutboxEvent {
            sequence: *sequence,
            bytes: bytes.clone(),
        };
        let events = behind.take(limit).map(event).collect();
        Box::pin(std::future::ready(Ok(events)))
    }

    fn forget_outbox(&self, through: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        self.state().outbox.retain(|sequence, _| *sequence > through);
        Box::pin(std::future::ready(Ok(())))
    }
}
