//! The tick that carries a primary's state to its replicas: when it has work, what a crash before it costs, and what one
//! secret's trouble means for the others.

use crate::harness::{ACCOUNT, Building, Call, HOME};
use crate::samples::ELSEWHERE;
use serde_json::{Value, json};
use strongroom_store::{Batch, Change, Expect, Index, Kind, Term, Write};

/// Numbers of the format on disk: the record of a secret; secrets by deletion; primaries whose replicas are behind.
const SECRET: Kind = Kind { id: 20, name: "secret" };
const BY_DELETION: Index = Index { id: 23, name: "secrets by deletion" };
const REPLICATION_DUE: Index = Index { id: 24, name: "secrets to replicate" };

fn token(number: u32) -> String {
    format!("{number:0>36}")
}

async fn create(building: &Building, name: &str, region: &str, replicas: Value) {
    let mut members = json!({"Name": name, "SecretString": "1", "ClientRequestToken": token(1)});
    if replicas.is_array() {
        members["AddReplicaRegions"] = replicas;
    }
    building.ask(Call::to("CreateSecret", members).in_region(region)).await;
}

async fn replicated(building: &Building, name: &str) {
    create(building, name, HOME, json!([{"Region": ELSEWHERE}])).await;
}

async fn status(building: &Building, name: &str) -> Value {
    let described = building.ask(Call::to("DescribeSecret", json!({"SecretId": name}))).await;
    described["ReplicationStatus"][0]["Status"].clone()
}

async fn replica_value(building: &Building, name: &str) -> Value {
    let call = Call::to("GetSecretValue", json!({"SecretId": name})).in_region(ELSEWHERE);
    building.ask(call).await["SecretString"].clone()
}

async fn put(building: &Building, name: &str, number: u32) {
    let members = json!({
        "SecretId": name, "SecretString": number.to_string(), "ClientRequestToken": token(number),
    });
    building.ask(Call::to("PutSecretValue", members)).await;
}

#[tokio::test]
async fn a_replica_is_made_by_the_next_tick_and_then_nothing_is_left_to_do() {
    let building = Building::new().await;
    replicated(&building, "s").await;
    assert_eq!(status(&building, "s").await, "InProgress");
    let there = Call::to("DescribeSecret", json!({"SecretId": "s"})).in_region(ELSEWHERE);
    assert_eq!(building.refusal(there).await, "ResourceNotFoundException");
    assert!(building.tick().await);
    assert_eq!(status(&building, "s").await, "InSync");
    assert_eq!(replica_value(&building, "s").await, "1");
    building.settle().await;
    building.events().await;
    let before = building.stored();
    assert!(!building.tick().await, "nothing is due");
    assert_eq!(building.stored(), before);
}

#[tokio::test]
async fn a_change_that_was_not_carried_before_a_crash_is_carried_after_it() {
    let building = Building::new().await;
    replicated(&building, "s").await;
    let building = building.crash_and_start().await;
    building.settle().await;
    assert_eq!(status(&building, "s").await, "InSync");
    put(&building, "s", 2).await;
    assert_eq!(replica_value(&building, "s").await, "1");
    let building = building.crash_and_start().await;
    building.settle().await;
    assert_eq!(replica_value(&building, "s").await, "2");
}

#[tokio::test]
async fn more_primaries_than_a_tick_takes_are_all_served() {
    let building = Building::new().await;
    let names: Vec<String> = (0..40).map(|number| format!("s{number}")).collect();
    for name in &names {
        replicated(&building, name).await;
    }
    assert!(building.tick().await, "more than one tick takes");
    building.settle().await;
    for name in &names {
        assert_eq!(status(&building, name).await, "InSync", "{name}");
        assert_eq!(replica_value(&building, name).await, "1", "{name}");
    }
}

#[tokio::test]
async fn a_replica_that_failed_is_made_with_the_next_change_once_nothing_is_in_its_way() {
    // Documented: API reference, `ReplicationStatusType`; that a change tries again is inferred.
    let building = Building::new().await;
    create(&building, "s", ELSEWHERE, Value::Null).await;
    replicated(&building, "s").await;
    building.settle().await;
    assert_eq!(status(&building, "s").await, "Failed");
    let delete = json!({"SecretId": "s", "ForceDeleteWithoutRecovery": true});
    building.ask(Call::to("DeleteSecret", delete).in_region(ELSEWHERE)).await;
    building.settle().await;
    put(&building, "s", 2).await;
    building.settle().await;
    assert_eq!(status(&building, "s").await, "InSync");
    assert_eq!(replica_value(&building, "s").await, "2");
}

/// A record as a fault of the disk might leave it: still found, and not to be opened.
async fn damage(building: &Building, name: &str, index: Index, term: Vec<u8>) {
    let mut key = format!("{ACCOUNT}{HOME}").into_bytes();
    key.push(0);
    key.extend_from_slice(name.as_bytes());
    let change = Change::Put { bytes: vec![0; 64], terms: vec![Term { index, term }] };
    let write = Write { kind: SECRET, key, expect: Expect::Any, change };
    building.house.records.commit(Batch { writes: vec![write], events: Vec::new() }).await.unwrap();
}

#[tokio::test]
async fn a_damaged_primary_does_not_keep_others_from_being_replicated() {
    let building = Building::new().await;
    replicated(&building, "a").await;
    replicated(&building, "b").await;
    damage(&building, "a", REPLICATION_DUE, Vec::new()).await;
    building.tick().await;
    building.tick().await;
    assert_eq!(status(&building, "b").await, "InSync");
}

#[tokio::test]
async fn a_damaged_secret_does_not_keep_others_from_being_purged() {
    let building = Building::new().await;
    for name in ["a", "b"] {
        create(&building, name, HOME, Value::Null).await;
        let members = json!({"SecretId": name, "RecoveryWindowInDays": 7});
        building.ask(Call::to("DeleteSecret", members)).await;
    }
    let due = building.now().plus_days(7);
    damage(&building, "a", BY_DELETION, due.sortable().to_vec()).await;
    building.clock().set(due);
    building.tick().await;
    building.tick().await;
    let gone = Call::to("DescribeSecret", json!({"SecretId": "b"}));
    assert_eq!(building.refusal(gone).await, "ResourceNotFoundException");
}
