//! When access keys and roles were last used: the record ends with them. Ours: what is deleted leaves nothing behind.

use crate::harness::{Building, Call, Key};
use serde_json::json;

/// The number of the format on disk.
const LAST_USE: u16 = 38;

async fn iam(building: &Building, operation: &str, members: serde_json::Value) -> String {
    let reply = building.send(&building.root, &Call::of("iam", operation, &members)).await;
    assert_eq!(reply.status, 200, "{operation}: {}", reply.body);
    reply.body
}

fn element(body: &str, name: &str) -> String {
    let (_, rest) = body.split_once(&format!("<{name}>")).unwrap();
    rest.split_once(&format!("</{name}>")).unwrap().0.to_owned()
}

fn key_of(body: &str) -> Key {
    let token = body.contains("<SessionToken>").then(|| element(body, "SessionToken"));
    Key {
        id: element(body, "AccessKeyId"),
        secret: element(body, "SecretAccessKey"),
        session_token: token,
    }
}

async fn use_of(building: &Building, key: &Key) {
    let reply = building.send(key, &Call::of("sts", "GetCallerIdentity", &json!({}))).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[tokio::test]
async fn the_last_use_of_an_access_key_ends_with_it() {
    let building = Building::new().await;
    iam(&building, "CreateUser", json!({"UserName": "u"})).await;
    let key = key_of(&iam(&building, "CreateAccessKey", json!({"UserName": "u"})).await);
    use_of(&building, &key).await;
    building.settle().await;
    assert!(building.holds(LAST_USE, key.id.as_bytes()).await);
    // Another use waits for its tick when the key goes.
    building.clock().advance_millis(120_000);
    use_of(&building, &key).await;
    iam(&building, "DeleteAccessKey", json!({"UserName": "u", "AccessKeyId": key.id})).await;
    assert!(!building.holds(LAST_USE, key.id.as_bytes()).await);
    building.settle().await;
    assert!(
        !building.holds(LAST_USE, key.id.as_bytes()).await,
        "the use that waited brought it back"
    );
}

#[tokio::test]
async fn the_last_use_of_a_role_ends_with_it() {
    let building = Building::new().await;
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}}"#;
    let role = json!({"RoleName": "r", "AssumeRolePolicyDocument": trust});
    let id = element(&iam(&building, "CreateRole", role).await, "RoleId");
    let may = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Resource":"*"}}"#;
    iam(&building, "CreateUser", json!({"UserName": "u"})).await;
    let policy = json!({"UserName": "u", "PolicyName": "p", "PolicyDocument": may});
    iam(&building, "PutUserPolicy", policy).await;
    let user = key_of(&iam(&building, "CreateAccessKey", json!({"UserName": "u"})).await);
    let assume = json!({"RoleArn": "arn:aws:iam::111111111111:role/r", "RoleSessionName": "s1"});
    let reply = building.send(&user, &Call::of("sts", "AssumeRole", &assume)).await;
    let session = key_of(&reply.body);
    use_of(&building, &session).await;
    building.settle().await;
    assert!(building.holds(LAST_USE, id.as_bytes()).await);
    building.clock().advance_millis(120_000);
    use_of(&building, &session).await;
    iam(&building, "DeleteRole", json!({"RoleName": "r"})).await;
    building.settle().await;
    assert!(!building.holds(LAST_USE, id.as_bytes()).await);
}
