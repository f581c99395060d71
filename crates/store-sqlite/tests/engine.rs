//! SQLite keeps the contract, and what it acknowledged outlives it.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::path::{Path, PathBuf};
use strongroom_store::conformance::block_on;
use strongroom_store::{
    Batch, Change, Direction, Expect, Index, Kind, PageQuery, Store, StoreError, Term, Write,
};
use strongroom_store_sqlite::{Durability, Options, SqliteStore};
use tempfile::TempDir;

fn file(directory: &TempDir) -> PathBuf {
    directory.path().join("store.db")
}

fn fresh() -> (SqliteStore, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (SqliteStore::open(&file(&directory), Options::default()).unwrap(), directory)
}

strongroom_store::engine_tests!(fresh);

/// The mode for file systems that cannot map files.
mod exclusive {
    use super::*;

    fn fresh() -> (SqliteStore, TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { exclusive: true, ..Options::default() };
        (SqliteStore::open(&file(&directory), options).unwrap(), directory)
    }

    strongroom_store::engine_tests!(fresh);
}

const KIND: Kind = Kind { id: 1, name: "thing" };
const INDEX: Index = Index { id: 1, name: "things" };

fn numbered(number: u32) -> Batch {
    let key = number.to_be_bytes().to_vec();
    let terms = vec![Term { index: INDEX, term: key.clone() }];
    let change = Change::Put { bytes: key.clone(), terms };
    let writes = vec![Write { kind: KIND, key: key.clone(), expect: Expect::Absent, change }];
    Batch { writes, events: vec![key] }
}

fn numbers(store: &SqliteStore) -> Vec<u32> {
    let query = PageQuery {
        index: INDEX,
        prefix: b"",
        after: None,
        limit: 10_000,
        direction: Direction::Ascending,
    };
    let page = block_on(store.page(query)).unwrap();
    page.iter().map(|entry| u32::from_be_bytes(entry.key.as_slice().try_into().unwrap())).collect()
}

fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, Options::default())
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let (store, directory) = fresh();
    let revisions: Vec<_> =
        (0..50).map(|number| block_on(store.commit(numbered(number))).unwrap().revision).collect();
    let sequences: Vec<_> =
        block_on(store.outbox(0, 100)).unwrap().iter().map(|event| event.sequence).collect();
    drop(store);
    let store = open(&file(&directory)).unwrap();
    assert_eq!(numbers(&store), (0..50).collect::<Vec<_>>());
    let events = block_on(store.outbox(0, 100)).unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), sequences);
    let next = block_on(store.commit(numbered(50))).unwrap().revision;
    assert!(revisions.iter().all(|old| *old < next), "revisions go on where they ended");
    let last = block_on(store.outbox(sequences[49], 100)).unwrap();
    assert_eq!(last.len(), 1, "sequences, too");
}

#[test]
fn sequences_and_revisions_are_not_used_again_when_all_is_gone() {
    let (store, directory) = fresh();
    let first = block_on(store.commit(numbered(1))).unwrap().revision;
    let sequence = block_on(store.outbox(0, 10)).unwrap()[0].sequence;
    let key = 1_u32.to_be_bytes().to_vec();
    let delete = Write { kind: KIND, key, expect: Expect::Any, change: Change::Delete };
    block_on(store.commit(Batch { writes: vec![delete], events: Vec::new() })).unwrap();
    block_on(store.forget_outbox(sequence)).unwrap();
    drop(store);
    let store = open(&file(&directory)).unwrap();
    let again = block_on(store.commit(numbered(1))).unwrap().revision;
    assert!(again > first);
    assert!(block_on(store.outbox(0, 10)).unwrap().iter().all(|event| event.sequence > sequence));
}

#[test]
fn one_process_at_a_time_has_the_file() {
    let (store, directory) = fresh();
    assert!(open(&file(&directory)).is_err());
    drop(store);
    assert!(open(&file(&directory)).is_ok());
}

#[test]
fn commits_that_wait_together_are_all_acknowledged() {
    let (store, _directory) = fresh();
    std::thread::scope(|scope| {
        for thread in 0..16_u32 {
            let store = &store;
            scope.spawn(move || {
                for number in 0..20 {
                    block_on(store.commit(numbered(thread * 100 + number))).unwrap();
                }
            });
        }
    });
    assert_eq!(numbers(&store).len(), 16 * 20);
}

#[test]
fn a_commit_goes_on_when_nobody_waits_for_it() {
    let (store, _directory) = fresh();
    drop(store.commit(numbered(1)));
    block_on(store.commit(numbered(2))).unwrap();
    let found = numbers(&store);
    assert!(found == [1, 2] || found == [2], "{found:?}");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    std::fs::write(&path, "not a database, but somebody's text\n".repeat(200)).unwrap();
    assert!(open(&path).is_err());
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("not a database"));
}

#[test]
fn durability_is_full_unless_lowered_for_a_test() {
    assert_eq!(Options::default().durability, Durability::Full);
}
