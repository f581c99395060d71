//! LastAccessedDate from day to day.
//!
//! Recorded in `aws-behaviour.md`: it is a day, two reads on one day give the same value. Documented: API reference,
//! `DescribeSecret`: the date, without the time; absent if the secret was never read.

use crate::harness::{Building, Call, START};
use serde_json::{Value, json};
use strongroom_types::Timestamp;

const DAY_MILLIS: i64 = 86_400_000;

/// Midnight that so many days begin with, counted from the day of [`START`], as AWS JSON writes it.
fn day(days: i64) -> Value {
    json!(START.plus_days(days).day().start().as_secs_f64())
}

fn last_moment_of(days: i64) -> Timestamp {
    START.plus_days(days + 1).day().start().plus_millis(-1)
}

async fn create(building: &Building, name: &str) {
    let members = json!({
        "Name": name, "SecretString": "v", "ClientRequestToken": format!("{name:0>32}"),
    });
    building.ask(Call::to("CreateSecret", members)).await;
}

async fn read(building: &Building, name: &str) {
    building.ask(Call::to("GetSecretValue", json!({"SecretId": name}))).await;
}

/// As DescribeSecret, ListSecrets and ListSecretVersionIds show it; null where it is absent.
async fn shown(building: &Building, name: &str) -> Value {
    let described = building.ask(Call::to("DescribeSecret", json!({"SecretId": name}))).await;
    let filters = json!({"Filters": [{"Key": "name", "Values": [name]}]});
    let listed = building.ask(Call::to("ListSecrets", filters)).await;
    let date = &described["LastAccessedDate"];
    assert_eq!(&listed["SecretList"][0]["LastAccessedDate"], date);
    date.clone()
}

#[tokio::test]
async fn the_date_is_the_utc_day_of_the_last_read() {
    let building = Building::new().await;
    create(&building, "s").await;
    assert_eq!(shown(&building, "s").await, Value::Null);
    read(&building, "s").await;
    assert_eq!(shown(&building, "s").await, day(0));
    building.clock().set(last_moment_of(0));
    read(&building, "s").await;
    assert_eq!(shown(&building, "s").await, day(0));
    building.clock().advance_millis(1);
    assert_eq!(shown(&building, "s").await, day(0), "nobody has read it today");
    building.settle().await;
    read(&building, "s").await;
    assert_eq!(shown(&building, "s").await, day(1));
    building.settle().await;
    assert_eq!(shown(&building, "s").await, day(1));
    building.clock().advance_millis(9 * DAY_MILLIS);
    building.ask(Call::to("BatchGetSecretValue", json!({"SecretIdList": ["s"]}))).await;
    assert_eq!(shown(&building, "s").await, day(10));
}

#[tokio::test]
async fn reading_is_no_change_and_looking_is_no_read() {
    let building = Building::new().await;
    create(&building, "s").await;
    let changed = |described: Value| described["LastChangedDate"].clone();
    let describe = || building.ask(Call::to("DescribeSecret", json!({"SecretId": "s"})));
    let before = changed(describe().await);
    building.clock().advance_millis(DAY_MILLIS);
    for (operation, members) in [
        ("DescribeSecret", json!({"SecretId": "s"})),
        ("ListSecrets", json!({})),
        ("ListSecretVersionIds", json!({"SecretId": "s"})),
        ("GetResourcePolicy", json!({"SecretId": "s"})),
    ] {
        building.ask(Call::to(operation, members)).await;
    }
    let missing = json!({"SecretId": "s", "VersionStage": "NONE"});
    building.refusal(Call::to("GetSecretValue", missing)).await;
    building.settle().await;
    assert_eq!(shown(&building, "s").await, Value::Null);
    read(&building, "s").await;
    building.settle().await;
    assert_eq!(changed(describe().await), before);
}

/// The first label and the day of each version.
async fn version_days(building: &Building) -> Vec<(Value, Value)> {
    let listed = building.ask(Call::to("ListSecretVersionIds", json!({"SecretId": "s"}))).await;
    let versions = listed["Versions"].as_array().unwrap().iter();
    versions
        .map(|version| (version["VersionStages"][0].clone(), version["LastAccessedDate"].clone()))
        .collect()
}

#[tokio::test]
async fn each_version_has_the_day_of_its_own_last_read() {
    let building = Building::new().await;
    create(&building, "s").await;
    let put = json!({"SecretId": "s", "SecretString": "w", "ClientRequestToken": "1".repeat(32)});
    building.ask(Call::to("PutSecretValue", put)).await;
    read(&building, "s").await;
    building.settle().await;
    building.clock().advance_millis(2 * DAY_MILLIS);
    let previous = json!({"SecretId": "s", "VersionStage": "AWSPREVIOUS"});
    building.ask(Call::to("GetSecretValue", previous)).await;
    let days = version_days(&building).await;
    assert!(days.contains(&(json!("AWSCURRENT"), day(0))), "{days:?}");
    assert!(days.contains(&(json!("AWSPREVIOUS"), day(2))), "{days:?}");
    assert_eq!(shown(&building, "s").await, day(2));
    read(&building, "s").await;
    for _ in ["before the tick", "after it"] {
        let days = version_days(&building).await;
        assert!(days.contains(&(json!("AWSCURRENT"), day(2))), "{days:?}");
        building.settle().await;
    }
}

#[tokio::test]
async fn a_day_survives_a_crash_once_a_tick_has_come_and_an_orderly_stop_at_once() {
    let building = Building::new().await;
    create(&building, "s").await;
    read(&building, "s").await;
    building.settle().await;
    let building = building.crash_and_start().await;
    assert_eq!(shown(&building, "s").await, day(0));
    building.clock().advance_millis(DAY_MILLIS);
    read(&building, "s").await;
    let building = building.stop_and_start().await;
    assert_eq!(shown(&building, "s").await, day(1));
}

#[tokio::test]
async fn lists_can_be_sorted_by_the_day_of_the_last_read() {
    let building = Building::new().await;
    for name in ["never", "late", "early"] {
        create(&building, name).await;
    }
    read(&building, "early").await;
    building.clock().advance_millis(DAY_MILLIS);
    read(&building, "late").await;
    building.settle().await;
    for (order, expected) in
        [("desc", ["late", "early", "never"]), ("asc", ["never", "early", "late"])]
    {
        let sorted = json!({"SortBy": "last-accessed-date", "SortOrder": order});
        let listed = building.ask(Call::to("ListSecrets", sorted)).await;
        let entries = listed["SecretList"].as_array().unwrap();
        let names: Vec<_> = entries.iter().map(|entry| entry["Name"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{order}");
    }
}

#[tokio::test]
async fn a_new_secret_under_an_old_name_was_never_read() {
    let building = Building::new().await;
    create(&building, "s").await;
    read(&building, "s").await;
    let delete = json!({"SecretId": "s", "ForceDeleteWithoutRecovery": true});
    building.ask(Call::to("DeleteSecret", delete)).await;
    create(&building, "s").await;
    assert_eq!(shown(&building, "s").await, Value::Null);
    building.settle().await;
    assert_eq!(shown(&building, "s").await, Value::Null);
}
