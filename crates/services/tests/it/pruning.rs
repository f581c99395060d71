//! Old versions: removed above a hundred, never within a day.
//!
//! Documented: user guide, "Secrets Manager secret versions": versions without a label are removed when there are more
//! than 100 of them; those made less than 24 hours ago are not.

use crate::harness::{Building, Call};
use crate::samples::ELSEWHERE;
use serde_json::{Value, json};

const HOUR_MILLIS: i64 = 3_600_000;

fn id(number: usize) -> String {
    format!("{number:0>36}")
}

async fn create(building: &Building, replicas: Value) {
    let mut members = json!({"Name": "s", "SecretString": "0", "ClientRequestToken": id(0)});
    if replicas.is_array() {
        members["AddReplicaRegions"] = replicas;
    }
    building.ask(Call::to("CreateSecret", members)).await;
}

/// Puts versions of these numbers, the value of each its number, a millisecond apart.
async fn put(building: &Building, numbers: std::ops::RangeInclusive<usize>) {
    for number in numbers {
        building.clock().advance_millis(1);
        let members = json!({
            "SecretId": "s", "SecretString": number.to_string(), "ClientRequestToken": id(number),
        });
        building.ask(Call::to("PutSecretValue", members)).await;
    }
}

/// Numbers of the versions without a label, oldest first.
async fn deprecated(building: &Building, region: &str) -> Vec<usize> {
    let mut numbers = Vec::new();
    let mut members = json!({"SecretId": "s", "IncludeDeprecated": true, "MaxResults": 100});
    loop {
        let call = Call::to("ListSecretVersionIds", members.clone()).in_region(region);
        let page = building.ask(call).await;
        let versions = page["Versions"].as_array().unwrap();
        let bare = versions.iter().filter(|version| version.get("VersionStages").is_none());
        numbers.extend(
            bare.map(|version| version["VersionId"].as_str().unwrap().parse::<usize>().unwrap()),
        );
        let Some(token) = page.get("NextToken") else { break };
        members["NextToken"] = token.clone();
    }
    numbers.sort_unstable();
    numbers
}

async fn value(building: &Building, number: usize) -> Result<Value, String> {
    let call = Call::to("GetSecretValue", json!({"SecretId": "s", "VersionId": id(number)}));
    let reply = building.send(&building.root, &call).await;
    reply.code().map_or_else(|| Ok(reply.json()["SecretString"].clone()), Err)
}

#[tokio::test]
async fn versions_above_a_hundred_go_oldest_first_and_only_after_a_day() {
    let building = Building::new().await;
    create(&building, Value::Null).await;
    put(&building, 1..=120).await;
    let all: Vec<usize> = (0..=118).collect();
    assert_eq!(deprecated(&building, "us-east-1").await, all, "all are of today");
    // The oldest was made 120 milliseconds ago; the next put comes one later than it is moved to.
    building.clock().advance_millis(24 * HOUR_MILLIS - 120 - 2);
    put(&building, 121..=121).await;
    let all: Vec<usize> = (0..=119).collect();
    assert_eq!(deprecated(&building, "us-east-1").await, all, "the oldest lacks a millisecond");
    put(&building, 122..=122).await;
    let left = deprecated(&building, "us-east-1").await;
    assert_eq!(left.first(), Some(&1), "the oldest is 24 hours old");
    assert_eq!(left.len(), 120, "and only the oldest");
    building.clock().advance_millis(HOUR_MILLIS);
    put(&building, 123..=140).await;
    let left: Vec<usize> = (39..=138).collect();
    assert_eq!(deprecated(&building, "us-east-1").await, left, "a hundred are left");
    assert_eq!(value(&building, 38).await, Err("ResourceNotFoundException".to_owned()));
    assert_eq!(value(&building, 39).await, Ok(json!("39")));
    assert_eq!(value(&building, 140).await, Ok(json!("140")));
}

#[tokio::test]
async fn a_version_that_has_a_label_is_never_too_old() {
    let building = Building::new().await;
    create(&building, Value::Null).await;
    let label = json!({"SecretId": "s", "VersionStage": "FIRST", "MoveToVersionId": id(0)});
    building.ask(Call::to("UpdateSecretVersionStage", label)).await;
    put(&building, 1..=110).await;
    building.clock().advance_millis(48 * HOUR_MILLIS);
    put(&building, 111..=120).await;
    let left: Vec<usize> = (19..=118).collect();
    assert_eq!(deprecated(&building, "us-east-1").await, left);
    let first = json!({"SecretId": "s", "VersionStage": "FIRST"});
    assert_eq!(building.ask(Call::to("GetSecretValue", first)).await["SecretString"], "0");
    let bare = json!({"SecretId": "s", "VersionStage": "FIRST", "RemoveFromVersionId": id(0)});
    building.ask(Call::to("UpdateSecretVersionStage", bare)).await;
    put(&building, 121..=121).await;
    assert_eq!(value(&building, 0).await, Err("ResourceNotFoundException".to_owned()));
}

#[tokio::test]
async fn a_replica_does_not_pile_up_what_its_primary_has_let_go() {
    // Inferred: a replica follows its primary, so it has no more versions than that.
    let building = Building::new().await;
    create(&building, json!([{"Region": ELSEWHERE}])).await;
    building.settle().await;
    for number in 1..=110 {
        put(&building, number..=number).await;
        building.settle().await;
    }
    building.clock().advance_millis(48 * HOUR_MILLIS);
    for number in 111..=120 {
        put(&building, number..=number).await;
        building.settle().await;
    }
    let primary = deprecated(&building, "us-east-1").await;
    assert_eq!(primary, (19..=118).collect::<Vec<_>>());
    let replica = deprecated(&building, ELSEWHERE).await;
    assert!(replica.len() <= 100, "the replica has {} old versions", replica.len());
}
