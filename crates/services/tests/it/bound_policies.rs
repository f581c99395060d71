//! A secret's policy and those whom it names: whoever is made anew under an old name gets nothing of it.
//!
//! Documented: IAM user guide, "AWS JSON policy elements: Principal": a user's or role's ARN is kept as its unique id, and
//! shown as that id once the user or role is gone.

use crate::harness::{Building, Call, Key};
use serde_json::{Value, json};

async fn iam(building: &Building, operation: &str, members: Value) -> String {
    let reply = building.send(&building.root, &Call::of("iam", operation, &members)).await;
    assert_eq!(reply.status, 200, "{operation}: {}", reply.body);
    reply.body
}

fn element(body: &str, name: &str) -> String {
    let (_, rest) = body.split_once(&format!("<{name}>")).unwrap();
    rest.split_once(&format!("</{name}>")).unwrap().0.to_owned()
}

/// A user who may do nothing by itself: its unique id and a key.
async fn user(building: &Building) -> (String, Key) {
    let id = element(&iam(building, "CreateUser", json!({"UserName": "bob"})).await, "UserId");
    let body = iam(building, "CreateAccessKey", json!({"UserName": "bob"})).await;
    let (key, secret) = (element(&body, "AccessKeyId"), element(&body, "SecretAccessKey"));
    (id, Key { id: key, secret, session_token: None })
}

async fn end(building: &Building, key: &Key) {
    iam(building, "DeleteAccessKey", json!({"UserName": "bob", "AccessKeyId": key.id})).await;
    iam(building, "DeleteUser", json!({"UserName": "bob"})).await;
}

async fn shown(building: &Building, region: &str) -> Value {
    let call = Call::to("GetResourcePolicy", json!({"SecretId": "s"})).in_region(region);
    let answer = building.ask(call).await;
    let policy: Value = serde_json::from_str(answer["ResourcePolicy"].as_str().unwrap()).unwrap();
    policy["Statement"][0]["Principal"]["AWS"].clone()
}

async fn code_of_read(building: &Building, key: &Key) -> Option<String> {
    let read = Call::to("GetSecretValue", json!({"SecretId": "s"}));
    building.send(key, &read).await.code()
}

#[tokio::test]
async fn who_is_gone_is_shown_by_its_id_and_a_namesake_is_somebody_else() {
    let building = Building::new().await;
    let (id, key) = user(&building).await;
    building
        .ask(Call::to(
            "CreateSecret",
            json!({"Name": "s", "SecretString": "v",
            "ClientRequestToken": "1".repeat(32), "AddReplicaRegions": [{"Region": "eu-west-1"}]}),
        ))
        .await;
    let arn = "arn:aws:iam::111111111111:user/bob";
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"AWS": [arn, "222222222222"]}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]});
    let members = json!({"SecretId": "s", "ResourcePolicy": policy.to_string()});
    building.ask(Call::to("PutResourcePolicy", members)).await;
    building.settle().await;
    assert_eq!(code_of_read(&building, &key).await, None);
    for region in ["us-east-1", "eu-west-1"] {
        assert_eq!(shown(&building, region).await, json!([arn, "222222222222"]));
    }
    // Renamed, it is shown by its new name.
    iam(&building, "UpdateUser", json!({"UserName": "bob", "NewPath": "/team/"})).await;
    let moved = "arn:aws:iam::111111111111:user/team/bob";
    assert_eq!(shown(&building, "us-east-1").await, json!([moved, "222222222222"]));
    end(&building, &key).await;
    let building = building.crash_and_start().await;
    for region in ["us-east-1", "eu-west-1"] {
        assert_eq!(shown(&building, region).await, json!([id, "222222222222"]));
    }
    let (other, key) = user(&building).await;
    assert_ne!(other, id);
    assert_eq!(code_of_read(&building, &key).await.as_deref(), Some("AccessDeniedException"));
    assert_eq!(shown(&building, "us-east-1").await, json!([id, "222222222222"]));
    // Without a policy, nothing is left of it.
    building.ask(Call::to("DeleteResourcePolicy", json!({"SecretId": "s"}))).await;
    let answer = building.ask(Call::to("GetResourcePolicy", json!({"SecretId": "s"}))).await;
    assert_eq!(answer.get("ResourcePolicy"), None);
}
