//! What every engine must do, as tests that an engine's own tests call with a way to open it.
//!
//! Each case starts from an empty store. [`agrees_with_the_model`] runs random commands against the engine and against
//! [`MemoryStore`], and compares every answer.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test that fails panics"
)]

use crate::memory::MemoryStore;
use crate::{
    Batch, Change, Direction, Expect, Index, IndexEntry, Kind, PageQuery, Revision, Store,
    StoreError, Term, Write,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index as Choice;

const KIND: Kind = Kind { id: 7, name: "thing" };
const OTHER: Kind = Kind { id: 8, name: "other thing" };
const INDEX: Index = Index { id: 3, name: "things" };
const ELSEWHERE: Index = Index { id: 4, name: "things elsewhere" };

fn put(key: &[u8], bytes: &[u8], terms: &[&[u8]], expect: Expect) -> Write {
    let term = |term: &&[u8]| Term { index: INDEX, term: term.to_vec() };
    let change = Change::Put { bytes: bytes.to_vec(), terms: terms.iter().map(term).collect() };
    Write { kind: KIND, key: key.to_vec(), expect, change }
}

fn other(write: Write) -> Write {
    Write { kind: OTHER, ..write }
}

fn delete(key: &[u8], expect: Expect) -> Write {
    Write { kind: KIND, key: key.to_vec(), expect, change: Change::Delete }
}

fn check(key: &[u8], expect: Expect) -> Write {
    Write { kind: KIND, key: key.to_vec(), expect, change: Change::Check }
}

fn batch(writes: Vec<Write>) -> Batch {
    Batch { writes, events: Vec::new() }
}

async fn commit(store: &dyn Store, writes: Vec<Write>) -> Result<Revision, StoreError> {
    store.commit(batch(writes)).await.map(|committed| committed.revision)
}

async fn bytes(store: &dyn Store, key: &[u8]) -> Option<Vec<u8>> {
    store.get(KIND, key).await.unwrap().map(|record| record.bytes)
}

async fn keys(store: &dyn Store, prefix: &[u8], direction: Direction) -> Vec<Vec<u8>> {
    let query = PageQuery { index: INDEX, prefix, after: None, limit: 1000, direction };
    store.page(query).await.unwrap().into_iter().map(|entry| entry.key).collect()
}

fn is_conflict<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Conflict { .. }))
}

/// What was put is there; kinds and keys are kept apart, whatever bytes they consist of.
pub async fn records_are_found_under_kind_and_key(store: &dyn Store) {
    let odd: [&[u8]; 5] = [b"", b"\0", b"\0\0", b"a\0b", b"\xff\xff"];
    for (place, key) in odd.iter().enumerate() {
        let value = [u8::try_from(place).unwrap()];
        commit(store, vec![put(key, &value, &[], Expect::Absent)]).await.unwrap();
    }
    commit(store, vec![other(put(b"", b"other", &[], Expect::Absent))]).await.unwrap();
    for (place, key) in odd.iter().enumerate() {
        assert_eq!(bytes(store, key).await, Some(vec![u8::try_from(place).unwrap()]));
    }
    assert_eq!(store.get(OTHER, b"").await.unwrap().unwrap().bytes, b"other");
    assert_eq!(bytes(store, b"a").await, None);
    let asked = [b"a\0b".to_vec(), b"none".to_vec(), b"".to_vec(), b"a\0b".to_vec()];
    let many = store.get_many(KIND, &asked).await.unwrap();
    let found: Vec<_> = many.into_iter().map(|record| record.map(|record| record.bytes)).collect();
    assert_eq!(found, [Some(vec![3]), None, Some(vec![0]), Some(vec![3])]);
    assert!(store.get_many(KIND, &[]).await.unwrap().is_empty());
}

/// A batch whose expectation fails leaves nothing behind, no event either.
pub async fn expectations_hold_the_whole_batch(store: &dyn Store) {
    let first = commit(store, vec![put(b"a", b"1", &[b"t"], Expect::Absent)]).await.unwrap();
    let second = commit(store, vec![put(b"a", b"2", &[b"t"], Expect::At(first))]).await.unwrap();
    assert!(second > first);
    let refused: [Vec<Write>; 6] = [
        vec![put(b"b", b"x", &[b"x"], Expect::Any), put(b"a", b"x", &[b"x"], Expect::Absent)],
        vec![put(b"b", b"x", &[b"x"], Expect::Any), put(b"a", b"x", &[], Expect::At(first))],
        vec![put(b"b", b"x", &[b"x"], Expect::Any), delete(b"a", Expect::At(first))],
        vec![put(b"b", b"x", &[b"x"], Expect::Any), check(b"a", Expect::Absent)],
        vec![put(b"b", b"x", &[b"x"], Expect::Any), check(b"c", Expect::At(second))],
        vec![check(b"a", Expect::At(first)), put(b"b", b"x", &[b"x"], Expect::Any)],
    ];
    for writes in refused {
        let events = vec![b"event".to_vec()];
        let outcome = store.commit(Batch { writes: writes.clone(), events }).await;
        assert!(is_conflict(&outcome), "{writes:?} gave {outcome:?}");
        assert_eq!(bytes(store, b"a").await, Some(b"2".to_vec()), "{writes:?}");
        assert_eq!(bytes(store, b"b").await, None, "{writes:?}");
        assert!(keys(store, b"x", Direction::Ascending).await.is_empty(), "{writes:?}");
        assert!(store.outbox(0, 10).await.unwrap().is_empty(), "{writes:?}");
    }
    let kept = vec![check(b"a", Expect::At(second)), delete(b"none", Expect::Any)];
    commit(store, kept).await.unwrap();
    assert_eq!(store.get(KIND, b"a").await.unwrap().unwrap().revision, second);
}

/// A revision names one state of a key for ever, also across deletion.
pub async fn revisions_are_never_used_twice(store: &dyn Store) {
    let mut seen = Vec::new();
    for round in 0..5_u8 {
        let made = commit(store, vec![put(b"a", &[round], &[], Expect::Absent)]).await.unwrap();
        assert!(!seen.contains(&made));
        seen.push(made);
        commit(store, vec![delete(b"a", Expect::At(made))]).await.unwrap();
        for old in &seen {
            assert!(is_conflict(&commit(store, vec![check(b"a", Expect::At(*old))]).await));
        }
    }
}

/// A batch may not name a record twice: it would have no order.
pub async fn a_record_stands_in_a_batch_once(store: &dyn Store) {
    let twice = vec![put(b"a", b"1", &[], Expect::Any), put(b"a", b"2", &[], Expect::Any)];
    assert!(matches!(commit(store, twice).await, Err(StoreError::Inconsistent { .. })));
    assert_eq!(bytes(store, b"a").await, None);
    let apart = vec![put(b"a", b"1", &[], Expect::Any), other(put(b"a", b"2", &[], Expect::Any))];
    commit(store, apart).await.unwrap();
}

/// A record's index entries are those of its last put.
pub async fn index_entries_follow_their_record(store: &dyn Store) {
    commit(store, vec![put(b"a", b"1", &[b"t1", b"t2", b"t2"], Expect::Any)]).await.unwrap();
    assert_eq!(keys(store, b"t", Direction::Ascending).await, [b"a", b"a"]);
    commit(store, vec![put(b"a", b"2", &[b"t2", b"u"], Expect::Any)]).await.unwrap();
    assert!(keys(store, b"t1", Direction::Ascending).await.is_empty());
    assert_eq!(keys(store, b"", Direction::Ascending).await, [b"a", b"a"]);
    commit(store, vec![delete(b"a", Expect::Any)]).await.unwrap();
    assert!(keys(store, b"", Direction::Ascending).await.is_empty());
}

/// Pages are runs of entries in byte order, behind a place, within a prefix, in both directions.
pub async fn pages_walk_the_index_in_both_directions(store: &dyn Store) {
    let terms: [&[u8]; 7] = [b"", b"a", b"a\0", b"ab", b"b", b"b\xff", b"b\xff\xff"];
    for (place, term) in terms.iter().enumerate() {
        let key = [u8::try_from(place).unwrap()];
        commit(store, vec![put(&key, b"", &[term], Expect::Absent)]).await.unwrap();
        let twin = [u8::try_from(place + 100).unwrap()];
        commit(store, vec![put(&twin, b"", &[term], Expect::Absent)]).await.unwrap();
    }
    for prefix in [&b""[..], b"a", b"a\0", b"b\xff", b"b\xff\xff", b"zz"] {
        let expected: Vec<IndexEntry> = terms
            .iter()
            .enumerate()
            .filter(|(_, term)| term.starts_with(prefix))
            .flat_map(|(place, term)| {
                [place, place + 100].map(|key| IndexEntry {
                    term: term.to_vec(),
                    key: vec![u8::try_from(key).unwrap()],
                })
            })
            .collect();
        for limit in [1, 2, 3, 100] {
            let walked = walk(store, prefix, limit, Direction::Ascending).await;
            assert_eq!(walked, expected, "{prefix:?}, {limit} at a time");
            let mut walked = walk(store, prefix, limit, Direction::Descending).await;
            walked.reverse();
            assert_eq!(walked, expected, "{prefix:?}, {limit} at a time, backwards");
        }
    }
    let gone = IndexEntry { term: b"aa".to_vec(), key: b"never there".to_vec() };
    let query = PageQuery {
        index: INDEX,
        prefix: b"",
        after: Some(&gone),
        limit: 1,
        direction: Direction::Ascending,
    };
    assert_eq!(store.page(query).await.unwrap()[0].term, b"ab");
    let nothing = PageQuery { limit: 0, ..query };
    assert!(store.page(nothing).await.unwrap().is_empty());
    let elsewhere = PageQuery { index: ELSEWHERE, after: None, ..query };
    assert!(store.page(elsewhere).await.unwrap().is_empty());
}

async fn walk(
    store: &dyn Store,
    prefix: &[u8],
    limit: u32,
    direction: Direction,
) -> Vec<IndexEntry> {
    let mut walked: Vec<IndexEntry> = Vec::new();
    loop {
        let after = walked.last();
        let query = PageQuery { index: INDEX, prefix, after, limit, direction };
        let page = store.page(query).await.unwrap();
        assert!(page.len() <= usize::try_from(limit).unwrap());
        if page.is_empty() {
            return walked;
        }
        walked.extend(page);
    }
}

/// Events come out in the order of their commits and stay until they are forgotten.
pub async fn the_outbox_keeps_events_in_order(store: &dyn Store) {
    for name in ["1", "2", "3"] {
        let events = vec![format!("{name}a").into_bytes(), format!("{name}b").into_bytes()];
        let writes = vec![put(name.as_bytes(), b"", &[], Expect::Any)];
        store.commit(Batch { writes, events }).await.unwrap();
    }
    let all = store.outbox(0, 100).await.unwrap();
    let texts: Vec<_> = all.iter().map(|event| event.bytes.clone()).collect();
    assert_eq!(texts, [b"1a", b"1b", b"2a", b"2b", b"3a", b"3b"]);
    assert!(all.is_sorted_by(|one, next| one.sequence < next.sequence));
    assert_eq!(store.outbox(0, 2).await.unwrap(), all[..2]);
    assert_eq!(store.outbox(all[2].sequence, 100).await.unwrap(), all[3..]);
    store.forget_outbox(all[3].sequence).await.unwrap();
    assert_eq!(store.outbox(all[3].sequence, 100).await.unwrap(), all[4..]);
    let events = vec![b"4".to_vec()];
    store.commit(Batch { writes: Vec::new(), events }).await.unwrap();
    let last = store.outbox(all[5].sequence, 100).await.unwrap();
    assert_eq!(last.len(), 1);
    assert_eq!(last[0].bytes, b"4");
}

/// Of many that change one record at once from the same revision, one wins.
pub async fn one_of_many_writers_wins(store: &dyn Store) {
    let mut revision = commit(store, vec![put(b"a", b"", &[], Expect::Absent)]).await.unwrap();
    for round in 0..20_u8 {
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let attempt = |writer| {
                let change = put(b"a", &[round, writer], &[], Expect::At(revision));
                scope.spawn(move || block_on(commit(store, vec![change])))
            };
            let attempts: Vec<_> = (0..8).map(attempt).collect();
            attempts.into_iter().map(|attempt| attempt.join().unwrap()).collect()
        });
        let won: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        assert_eq!(won.len(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| is_conflict(outcome)).count(), 7);
        revision = *won[0];
        assert_eq!(store.get(KIND, b"a").await.unwrap().unwrap().revision, revision);
    }
}

/// A random write: to which key, on which expectation, and what is put there, if it is not a deletion.
type RandomWrite = (u8, Bet, Option<(u8, Vec<Vec<u8>>)>);

/// One command of a random run.
#[derive(Debug, Clone)]
pub enum Command {
    /// Commit writes, each to one of few keys.
    Commit(Vec<RandomWrite>, u8),
    /// Read keys.
    Get(Vec<u8>),
    /// Read a page.
    Page {
        /// The prefix.
        prefix: Vec<u8>,
        /// Behind which of the entries that the last page gave.
        after: Option<Choice>,
        /// How many.
        limit: u32,
        /// Backwards.
        backwards: bool,
    },
    /// Read the outbox.
    Outbox(u32),
    /// Forget some of it.
    Forget(Choice),
}

/// What a random write expects.
#[derive(Debug, Clone, Copy)]
pub enum Bet {
    /// Nothing there.
    Absent,
    /// Anything.
    Any,
    /// What was read last.
    Current,
    /// What was there some time ago.
    Stale,
}

/// Random commands over few keys and terms, so that they meet.
pub fn commands() -> impl Strategy<Value = Vec<Command>> {
    let term = vec(prop_oneof![Just(0_u8), Just(b'a'), Just(b'b'), Just(255)], 0..3);
    let bet = prop_oneof![
        2 => Just(Bet::Absent),
        2 => Just(Bet::Any),
        4 => Just(Bet::Current),
        1 => Just(Bet::Stale)
    ];
    let change = proptest::option::weighted(0.8, (any::<u8>(), vec(term.clone(), 0..3)));
    let command = prop_oneof![
        4 => (vec((0..6_u8, bet, change), 1..4), 0..3_u8)
            .prop_map(|(writes, events)| Command::Commit(writes, events)),
        1 => vec(0..7_u8, 0..5).prop_map(Command::Get),
        2 => (term, any::<Option<Choice>>(), 0..5_u32, any::<bool>())
            .prop_map(|(prefix, after, limit, backwards)| {
                Command::Page { prefix, after, limit, backwards }
            }),
        1 => (0..6_u32).prop_map(Command::Outbox),
        1 => any::<Choice>().prop_map(Command::Forget),
    ];
    vec(command, 1..60)
}

/// Runs the commands against the engine and the model.
pub async fn agrees_with_the_model(store: &dyn Store, commands: Vec<Command>) {
    let mut pair = Pair { engine: store, model: MemoryStore::new(), entries: Vec::new() };
    for command in commands {
        pair.run(command).await;
    }
    for key in 0..7_u8 {
        pair.get(&[vec![key]]).await;
    }
    for backwards in [false, true] {
        pair.page(&[], None, 1000, backwards).await;
    }
}

/// An engine and the model, which have had the same commands.
struct Pair<'a> {
    engine: &'a dyn Store,
    model: MemoryStore,
    entries: Vec<IndexEntry>,
}

impl Pair<'_> {
    async fn run(&mut self, command: Command) {
        match command {
            Command::Commit(writes, events) => self.commit(writes, events).await,
            Command::Get(keys) => {
                let keys: Vec<_> = keys.into_iter().map(|key| vec![key]).collect();
                self.get(&keys).await;
            }
            Command::Page { prefix, after, limit, backwards } => {
                let entries = std::mem::take(&mut self.entries);
                let after = after.filter(|_| !entries.is_empty()).map(|after| after.get(&entries));
                self.page(&prefix, after, limit, backwards).await;
            }
            Command::Outbox(limit) => self.outbox(limit).await,
            Command::Forget(choice) => self.forget(choice).await,
        }
    }

    async fn commit(&self, writes: Vec<RandomWrite>, events: u8) {
        let (mut to_engine, mut to_model) = (Vec::new(), Vec::new());
        for (key, bet, change) in writes {
            let key = vec![key];
            if to_engine.iter().any(|write: &Write| write.key == key) {
                continue;
            }
            let change = change.map_or(Change::Delete, |(byte, terms)| Change::Put {
                bytes: vec![byte],
                terms: terms.into_iter().map(|term| Term { index: INDEX, term }).collect(),
            });
            let model: &dyn Store = &self.model;
            for (store, writes) in [(self.engine, &mut to_engine), (model, &mut to_model)] {
                let held = store.get(KIND, &key).await.unwrap().map(|record| record.revision);
                let expect = match (bet, held) {
                    (Bet::Absent, _) | (Bet::Current, None) => Expect::Absent,
                    (Bet::Any, _) => Expect::Any,
                    (Bet::Current, Some(revision)) => Expect::At(revision),
                    (Bet::Stale, held) => {
                        Expect::At(Revision(held.map_or(1, |held| held.0.saturating_sub(1))))
                    }
                };
                let (key, change) = (key.clone(), change.clone());
                writes.push(Write { kind: KIND, key, expect, change });
            }
        }
        let events: Vec<_> = (0..events).map(|event| vec![event]).collect();
        let engine = self.engine.commit(Batch { writes: to_engine, events: events.clone() }).await;
        let model = self.model.commit(Batch { writes: to_model, events }).await;
        assert_eq!(engine.is_ok(), model.is_ok(), "{engine:?} where the model says {model:?}");
        assert_eq!(is_conflict(&engine), is_conflict(&model));
    }

    async fn get(&self, keys: &[Vec<u8>]) {
        let engine = self.engine.get_many(KIND, keys).await.unwrap();
        let model = self.model.get_many(KIND, keys).await.unwrap();
        let contents = |records: Vec<Option<crate::Record>>| {
            records.into_iter().map(|record| record.map(|record| record.bytes)).collect::<Vec<_>>()
        };
        assert_eq!(contents(engine), contents(model), "{keys:?}");
    }

    async fn page(
        &mut self,
        prefix: &[u8],
        after: Option<&IndexEntry>,
        limit: u32,
        backwards: bool,
    ) {
        let direction = if backwards { Direction::Descending } else { Direction::Ascending };
        let query = PageQuery { index: INDEX, prefix, after, limit, direction };
        let engine = self.engine.page(query).await.unwrap();
        assert_eq!(engine, self.model.page(query).await.unwrap(), "{query:?}");
        self.entries = engine;
    }

    async fn outbox(&self, limit: u32) {
        let texts = |events: Vec<crate::OutboxEvent>| {
            events.into_iter().map(|event| event.bytes).collect::<Vec<_>>()
        };
        let forgotten = |events: &[crate::OutboxEvent]| {
            events.first().map_or(0, |event| event.sequence.saturating_sub(1))
        };
        let model = self.model.outbox(0, limit).await.unwrap();
        // An engine may forget late: what it still has before the model's first event is passed over.
        let whole = self.engine.outbox(0, 10_000).await.unwrap();
        let kept = self.model.outbox(0, 10_000).await.unwrap().len();
        let after = forgotten(whole.get(whole.len().saturating_sub(kept)..).unwrap_or_default());
        let engine = self.engine.outbox(after, limit).await.unwrap();
        if kept > 0 {
            assert_eq!(texts(engine), texts(model));
        }
    }

    async fn forget(&self, choice: Choice) {
        let model = self.model.outbox(0, 10_000).await.unwrap();
        if model.is_empty() {
            return;
        }
        let place = choice.index(model.len());
        let engine = self.engine.outbox(0, 10_000).await.unwrap();
        let late = engine.len().saturating_sub(model.len());
        self.model.forget_outbox(model[place].sequence).await.unwrap();
        self.engine.forget_outbox(engine[late + place].sequence).await.unwrap();
    }
}

/// All cases as tests of an engine: `engine_tests!(open)`, where `open()` gives an empty store and what keeps it.
#[macro_export]
macro_rules! engine_tests {
    ($open:expr) => {
        $crate::engine_tests!(@cases $open;
            records_are_found_under_kind_and_key,
            expectations_hold_the_whole_batch,
            revisions_are_never_used_twice,
            a_record_stands_in_a_batch_once,
            index_entries_follow_their_record,
            pages_walk_the_index_in_both_directions,
            the_outbox_keeps_events_in_order,
            one_of_many_writers_wins
        );

        #[test]
        fn agrees_with_the_model() {
            let mut runner = proptest::test_runner::TestRunner::default();
            let outcome = runner.run(&$crate::conformance::commands(), |commands| {
                let (store, _keep) = $open();
                $crate::conformance::block_on(
                    $crate::conformance::agrees_with_the_model(&store, commands)
                );
                Ok(())
            });
            outcome.unwrap();
        }
    };
    (@cases $open:expr; $($case:ident),*) => {
        $(
            #[test]
            fn $case() {
                let (store, _keep) = $open();
                $crate::conformance::block_on($crate::conformance::$case(&store));
            }
        )*
    };
}

/// Runs a case to its end on this thread.
pub fn block_on<T>(case: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(case)
}
