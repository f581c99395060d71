//! Records that cannot be read any more: they stand in the way of nobody else. Ours: AWS says nothing of such things.

use crate::harness::{Building, Call};
use serde_json::json;

const DAY_MILLIS: i64 = 86_400_000;
/// Numbers of the format on disk: secrets, their days of access.
const SECRET: u16 = 20;
const ACCESS: u16 = 22;
/// Secrets by name, creation, change, deletion, and those whose replicas are behind.
const SECRET_INDEXES: [u16; 5] = [20, 21, 22, 23, 24];
/// Secrets by access.
const BY_ACCESSED: u16 = 26;

fn ends_with(name: &str) -> impl Fn(&[u8]) -> bool {
    let name = format!("\0{name}").into_bytes();
    move |key| key.windows(name.len()).any(|part| part == name)
}

async fn create(building: &Building, name: &str, more: serde_json::Value) {
    let mut members =
        json!({"Name": name, "SecretString": "v", "ClientRequestToken": "1".repeat(32)});
    members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    building.ask(Call::to("CreateSecret", members)).await;
}

async fn listed(building: &Building, members: serde_json::Value) -> Vec<String> {
    let answer = building.ask(Call::to("ListSecrets", members)).await;
    let list = answer["SecretList"].as_array().unwrap().clone();
    list.iter().map(|entry| entry["Name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_leaves_out_a_damaged_secret_and_whoever_asks_for_it_is_told() {
    let building = Building::new().await;
    for name in ["a", "b", "c"] {
        create(&building, name, json!({})).await;
    }
    assert_eq!(building.damage(SECRET, &SECRET_INDEXES, ends_with("b")).await, 1);
    assert_eq!(building.damage(ACCESS, &[BY_ACCESSED], ends_with("c")).await, 1);
    let building = building.crash_and_start().await;
    for sort in ["name", "created-date", "last-changed-date", "last-accessed-date"] {
        let mut names = listed(&building, json!({"SortBy": sort})).await;
        names.sort();
        assert_eq!(names, ["a", "c"], "{sort}");
    }
    let filter = json!([{"Key": "name", "Values": ["a", "b", "c"]}]);
    assert_eq!(listed(&building, json!({"Filters": filter, "SortOrder": "asc"})).await, ["a", "c"]);
    let read = building.ask(Call::to("BatchGetSecretValue", json!({"Filters": filter}))).await;
    assert_eq!(read["SecretValues"].as_array().unwrap().len(), 2);
    let described = Call::to("DescribeSecret", json!({"SecretId": "b"}));
    assert_eq!(building.refusal(described).await, "InternalServiceError");
    let described = Call::to("DescribeSecret", json!({"SecretId": "c"}));
    assert_eq!(building.ask(described).await["Name"], "c");
}

#[tokio::test]
async fn primaries_that_are_damaged_keep_no_other_from_its_replicas() {
    let building = Building::new().await;
    let replicas = json!({"AddReplicaRegions": [{"Region": "eu-west-1"}]});
    // More than one tick looks at.
    for place in 0..70 {
        create(&building, &format!("a{place:02}"), replicas.clone()).await;
    }
    create(&building, "z", replicas).await;
    assert_eq!(building.damage(SECRET, &SECRET_INDEXES, ends_with("a")).await, 70);
    let building = building.crash_and_start().await;
    building.settle().await;
    let read = Call::to("GetSecretValue", json!({"SecretId": "z"})).in_region("eu-west-1");
    assert_eq!(building.ask(read).await["SecretString"], "v");
    // What changes later has its turn as well.
    let put = json!({"SecretId": "z", "SecretString": "w", "ClientRequestToken": "2".repeat(32)});
    building.ask(Call::to("PutSecretValue", put)).await;
    building.settle().await;
    let read = Call::to("GetSecretValue", json!({"SecretId": "z"})).in_region("eu-west-1");
    assert_eq!(building.ask(read).await["SecretString"], "w");
}

#[tokio::test]
async fn damaged_secrets_that_are_due_for_their_purge_keep_no_other_from_its_own() {
    let building = Building::new().await;
    // More than one tick looks at.
    for place in 0..257 {
        create(&building, &format!("a{place:03}"), json!({})).await;
        let members = json!({"SecretId": format!("a{place:03}"), "RecoveryWindowInDays": 7});
        building.ask(Call::to("DeleteSecret", members)).await;
    }
    building.clock().advance_millis(1);
    create(&building, "z", json!({})).await;
    building
        .ask(Call::to("DeleteSecret", json!({"SecretId": "z", "RecoveryWindowInDays": 7})))
        .await;
    assert_eq!(building.damage(SECRET, &SECRET_INDEXES, ends_with("a")).await, 257);
    let building = building.crash_and_start().await;
    building.clock().advance_millis(7 * DAY_MILLIS);
    building.settle().await;
    let described = Call::to("DescribeSecret", json!({"SecretId": "z"}));
    assert_eq!(building.refusal(described).await, "ResourceNotFoundException");
}
