//! Requests that meet in the store, one step of the one and one of the other in turn: always in the same order.

use crate::environment::SeededEntropy;
use crate::harness::{Building, Call};
use serde_json::{Value, json};
use std::sync::Arc;
use strongroom_services::records::{RecordType, decode_as, encode_as};
use strongroom_store::memory::MemoryStore;
use strongroom_store::{
    Batch, BoxFuture, Committed, Expect, IndexEntry, Kind, OutboxEvent, PageQuery, Record, Store,
    StoreError, Term,
};
use tokio::task::yield_now;
use zeroize::Zeroizing;

/// A store that lets others go first before each step.
#[derive(Debug, Default)]
struct TakingTurns(MemoryStore);

impl Store for TakingTurns {
    fn get<'a>(
        &'a self,
        kind: Kind,
        key: &'a [u8],
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(async move {
            yield_now().await;
            self.0.get(kind, key).await
        })
    }

    fn get_many<'a>(
        &'a self,
        kind: Kind,
        keys: &'a [Vec<u8>],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, StoreError>> {
        Box::pin(async move {
            yield_now().await;
            self.0.get_many(kind, keys).await
        })
    }

    fn page<'a>(
        &'a self,
        query: PageQuery<'a>,
    ) -> BoxFuture<'a, Result<Vec<IndexEntry>, StoreError>> {
        Box::pin(async move {
            yield_now().await;
            self.0.page(query).await
        })
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Committed, StoreError>> {
        Box::pin(async move {
            yield_now().await;
            let committed = self.0.commit(batch).await;
            // Others see it before it is acknowledged.
            for _ in 0..8 {
                yield_now().await;
            }
            committed
        })
    }

    fn outbox(
        &self,
        after: u64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<OutboxEvent>, StoreError>> {
        self.0.outbox(after, limit)
    }

    fn forget_outbox(&self, through: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.forget_outbox(through)
    }
}

/// A record of no service.
struct Note(u8);

impl RecordType for Note {
    const KIND: Kind = Kind { id: 63, name: "note" };

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, &self.0)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes).map(Self)
    }

    fn terms(&self, _: &[u8]) -> Vec<Term> {
        Vec::new()
    }
}

async fn building() -> Building {
    let building = Building::over(Arc::new(TakingTurns::default())).await;
    // Makes the account's key, so that the requests to come race for nothing else.
    let first = json!({"Name": "first", "SecretString": "v", "ClientRequestToken": "0".repeat(32)});
    building.ask(Call::to("CreateSecret", first)).await;
    building
}

#[tokio::test]
async fn two_tries_of_one_create_make_one_secret_and_both_events_name_it() {
    let building = building().await;
    let members = json!({"Name": "s", "SecretString": "v", "ClientRequestToken": "1".repeat(32)});
    let call = Call::to("CreateSecret", members);
    let (one, other) =
        tokio::join!(building.send(&building.root, &call), building.send(&building.root, &call));
    assert_eq!((one.code(), other.code()), (None, None));
    assert_eq!(one.json(), other.json(), "the same answer to the same request");
    for reply in [&one, &other] {
        let events = building.events_of(reply).await;
        assert_eq!(events.len(), 1);
        let noted = &events[0]["responseElements"];
        assert!(noted.is_null() || noted["arn"] == one.json()["ARN"], "{noted}: {}", one.body);
    }
}

#[tokio::test]
async fn of_two_creates_of_one_name_one_is_refused() {
    let building = building().await;
    let call = |digit: &str| {
        let token = digit.repeat(32);
        Call::to("CreateSecret", json!({"Name": "s", "ClientRequestToken": token}))
    };
    let (call, other_call) = (call("1"), call("2"));
    let (one, other) = tokio::join!(
        building.send(&building.root, &call),
        building.send(&building.root, &other_call)
    );
    let mut codes = [one.code(), other.code()];
    codes.sort();
    assert_eq!(codes, [None, Some("ResourceExistsException".to_owned())]);
    for reply in [&one, &other] {
        let events = building.events_of(reply).await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].get("errorCode").and_then(Value::as_str), reply.code().as_deref());
        assert_eq!(events[0]["responseElements"].is_null(), reply.code().is_some());
    }
}

#[tokio::test]
async fn a_put_and_a_deletion_that_meet_leave_no_version_behind() {
    let building = building().await;
    let delete = json!({"SecretId": "first", "ForceDeleteWithoutRecovery": true});
    let put = json!({
        "SecretId": "first", "SecretString": "w", "ClientRequestToken": "1".repeat(32),
    });
    let (delete, put) = (Call::to("DeleteSecret", delete), Call::to("PutSecretValue", put));
    let (deleted, written) =
        tokio::join!(building.send(&building.root, &delete), building.send(&building.root, &put));
    assert_eq!(deleted.code(), None);
    assert!(matches!(written.code().as_deref(), None | Some("ResourceNotFoundException")));
    building.settle().await;
    assert!(building.indexed(25).await.is_empty(), "versions by creation");
}

/// Somebody who is renamed is found through an index, which shows the new place as soon as the engine does.
#[tokio::test]
async fn what_the_engine_shows_is_not_remembered_as_absent() {
    let building = building().await;
    let records = &building.house.records;
    let key = b"note".to_vec();
    let entropy = SeededEntropy::from_seed(2);
    assert!(records.get::<Note>(&key).await.unwrap().is_none());
    let write = records.put(&entropy, key.clone(), &Note(1), Expect::Absent).unwrap();
    let made = records.commit(Batch { writes: vec![write], events: Vec::new() });
    let looked_up = async {
        while records.store().get(Note::KIND, &key).await.unwrap().is_none() {}
        let first = records.get::<Note>(&key).await.unwrap();
        first.map(|note| note.value.0)
    };
    let (made, looked_up) = tokio::join!(made, looked_up);
    made.unwrap();
    assert_eq!(looked_up, Some(1));
}

/// The other way round: absence that is read while the record is made is not kept.
#[tokio::test]
async fn absence_that_a_commit_ends_is_not_kept() {
    let building = building().await;
    let records = &building.house.records;
    let key = b"note".to_vec();
    let entropy = SeededEntropy::from_seed(2);
    let write = records.put(&entropy, key.clone(), &Note(1), Expect::Absent).unwrap();
    let made = records.commit(Batch { writes: vec![write], events: Vec::new() });
    let looked_up = async {
        let before = records.get::<Note>(&key).await.unwrap();
        while records.store().get(Note::KIND, &key).await.unwrap().is_none() {}
        let after = records.get::<Note>(&key).await.unwrap();
        (before.is_some(), after.is_some())
    };
    let (looked_up, made) = tokio::join!(biased; looked_up, made);
    made.unwrap();
    assert_eq!(looked_up, (false, true));
    assert!(records.get::<Note>(&key).await.unwrap().is_some());
}
