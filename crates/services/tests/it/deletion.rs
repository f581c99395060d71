//! The end of a recovery window, which no test through a client can wait for.
//!
//! Documented: API reference, `DeleteSecret`: at the end of the recovery window the secret is deleted permanently, with
//! all of its versions; before that `RestoreSecret` takes it back.

use crate::harness::{Building, Call};
use serde_json::{Value, json};

const DAY_MILLIS: i64 = 86_400_000;
/// Index numbers of the format on disk: versions by creation, and secrets whose versions are to go.
const VERSIONS: u16 = 25;
const PURGES: u16 = 27;

fn secret() -> Call {
    Call::to("DescribeSecret", json!({"SecretId": "s"}))
}

async fn create(building: &Building, value: &str) -> String {
    let token = building.indexed(VERSIONS).await.len();
    let members = json!({
        "Name": "s", "SecretString": value, "ClientRequestToken": format!("{token:0>32}"),
    });
    building.ask(Call::to("CreateSecret", members)).await["ARN"].as_str().unwrap().to_owned()
}

async fn put(building: &Building, place: usize) {
    let token = format!("{place:0>40}");
    let members = json!({"SecretId": "s", "SecretString": "v", "ClientRequestToken": token});
    building.ask(Call::to("PutSecretValue", members)).await;
}

async fn delete(building: &Building, members: Value) {
    building.ask(Call::to("DeleteSecret", members)).await;
}

async fn check_free(building: &Building, old_arn: &str) {
    assert_eq!(building.refusal(secret()).await, "ResourceNotFoundException");
    let restore = Call::to("RestoreSecret", json!({"SecretId": "s"}));
    assert_eq!(building.refusal(restore).await, "ResourceNotFoundException");
    building.settle().await;
    assert!(building.indexed(VERSIONS).await.is_empty(), "its versions are still there");
    assert!(building.indexed(PURGES).await.is_empty(), "something is left to purge");
    assert_ne!(create(building, "new").await, old_arn);
    let read = Call::to("GetSecretValue", json!({"SecretId": "s"}));
    assert_eq!(building.ask(read).await["SecretString"], "new");
}

#[tokio::test]
async fn a_secret_goes_when_its_window_ends_and_not_before() {
    for (members, days) in [
        (json!({"SecretId": "s", "RecoveryWindowInDays": 7}), 7),
        (json!({"SecretId": "s", "RecoveryWindowInDays": 30}), 30),
        (json!({"SecretId": "s"}), 30),
    ] {
        let building = Building::new().await;
        let arn = create(&building, "old").await;
        delete(&building, members).await;
        building.clock().advance_millis(days * DAY_MILLIS - 1);
        building.settle().await;
        let described = building.ask(secret()).await;
        assert_eq!(described["ARN"], arn.as_str());
        assert!(described.get("DeletedDate").is_some());
        let again = json!({"Name": "s", "ClientRequestToken": "2".repeat(32)});
        let refusal = building.refusal(Call::to("CreateSecret", again)).await;
        assert_eq!(refusal, "InvalidRequestException");
        building.clock().advance_millis(1);
        building.settle().await;
        check_free(&building, &arn).await;
    }
}

#[tokio::test]
async fn a_window_that_ends_while_the_server_is_down_ends_at_the_next_start() {
    let building = Building::new().await;
    let arn = create(&building, "old").await;
    delete(&building, json!({"SecretId": "s", "RecoveryWindowInDays": 7})).await;
    let building = building.crash_and_start().await;
    building.clock().advance_millis(3 * DAY_MILLIS);
    building.settle().await;
    assert!(building.ask(secret()).await.get("DeletedDate").is_some());
    let clock = building.clock().clone();
    let restarting = building.crash_and_start();
    clock.advance_millis(20 * DAY_MILLIS);
    let building = restarting.await;
    building.settle().await;
    check_free(&building, &arn).await;
}

#[tokio::test]
async fn a_restored_secret_outlives_the_window_it_had() {
    let building = Building::new().await;
    let arn = create(&building, "old").await;
    delete(&building, json!({"SecretId": "s", "RecoveryWindowInDays": 7})).await;
    building.clock().advance_millis(7 * DAY_MILLIS - 1);
    building.ask(Call::to("RestoreSecret", json!({"SecretId": "s"}))).await;
    building.clock().advance_millis(60 * DAY_MILLIS);
    building.settle().await;
    let building = building.crash_and_start().await;
    building.settle().await;
    let read = building.ask(Call::to("GetSecretValue", json!({"SecretId": "s"}))).await;
    assert_eq!((&read["ARN"], &read["SecretString"]), (&json!(arn), &json!("old")));
}

#[tokio::test]
async fn a_purge_that_a_crash_cuts_short_goes_on_and_touches_nothing_new() {
    let building = Building::new().await;
    let arn = create(&building, "old").await;
    // More than one tick removes.
    for place in 0..300 {
        put(&building, place).await;
    }
    delete(&building, json!({"SecretId": "s", "ForceDeleteWithoutRecovery": true})).await;
    assert!(building.tick().await, "there is more to do");
    let left = building.indexed(VERSIONS).await.len();
    assert!((1..301).contains(&left), "{left} of 301 are left");
    let building = building.crash_and_start().await;
    assert_ne!(create(&building, "new").await, arn);
    building.settle().await;
    assert_eq!(building.indexed(VERSIONS).await.len(), 1, "the new secret's");
    assert!(building.indexed(PURGES).await.is_empty());
    let read = building.ask(Call::to("GetSecretValue", json!({"SecretId": "s"}))).await;
    assert_eq!(read["SecretString"], "new");
}
