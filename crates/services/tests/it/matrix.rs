//! Every operation of every service against everybody who may come: no permission, an explicit denial, permission on
//! something else, all permissions, an inactive key, an expired session. A new operation is in it by having a sample.

use crate::harness::{Building, Call, Key};
use crate::samples::{Sample, furnished, samples};
use serde_json::json;
use strongroom_services::SERVICES;
use strongroom_services::operation::Access;

const ALLOW: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
const DENY: &str = r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#;
const ELSEWHERE: &str = r#"{"Effect":"Allow","Action":"*","Resource":["arn:aws:secretsmanager:*:*:secret:elsewhere-*","arn:aws:iam::*:user/elsewhere"]}"#;

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

/// A user who may do what the statements say.
async fn user(building: &Building, name: &str, statements: &[&str]) -> Key {
    iam(building, "CreateUser", json!({"UserName": name})).await;
    if !statements.is_empty() {
        let document =
            format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        let members = json!({"UserName": name, "PolicyName": "inline", "PolicyDocument": document});
        iam(building, "PutUserPolicy", members).await;
    }
    key_of(&iam(building, "CreateAccessKey", json!({"UserName": name})).await)
}

/// Codes in AWS JSON and in the query protocol.
type Codes = (&'static str, &'static str);

const DENIED: Codes = ("AccessDeniedException", "AccessDenied");
const UNKNOWN: Codes = ("UnrecognizedClientException", "InvalidClientTokenId");
const EXPIRED: Codes = ("ExpiredTokenException", "ExpiredToken");

fn code_for(sample: &Sample, (json, query): Codes) -> &'static str {
    if sample.call(&sample.members).service.target_prefix.is_some() { json } else { query }
}

fn access(sample: &Sample) -> Access {
    let service = SERVICES.iter().find(|service| service.name == sample.service).unwrap();
    let is_it =
        |entry: &&strongroom_services::operation::Entry| entry.spec.name == sample.operation;
    service.operations.iter().find(is_it).unwrap().access
}

/// Operations that need more than a signature.
fn decided() -> impl Iterator<Item = Sample> {
    samples().into_iter().filter(|sample| access(sample) == Access::ByPolicy)
}

async fn all_refused(building: &Building, key: &Key, codes: Codes, text: &str) {
    building.events().await;
    let before = building.stored();
    let mut count = 0;
    for sample in decided() {
        let reply = building.send(key, &sample.call(&sample.members)).await;
        let name = sample.operation;
        assert_eq!(
            reply.code().as_deref(),
            Some(code_for(&sample, codes)),
            "{name}: {}",
            reply.body
        );
        assert!(reply.message().contains(text), "{name}: {}", reply.message());
        assert_eq!(building.stored(), before, "{name} changed something");
        count += 1;
    }
    assert!(count > 100, "{count} operations are decided on");
}

#[tokio::test]
async fn without_permission_nothing_is_done_and_nothing_is_told() {
    let building = furnished().await;
    let key = user(&building, "nobody", &[]).await;
    all_refused(&building, &key, DENIED, "is not authorized to perform").await;
    for sample in samples() {
        let one = building.send(&key, &sample.call(&sample.members)).await;
        let other = building.send(&key, &sample.call(&sample.opposite())).await;
        assert_eq!(one.code(), other.code(), "{}", sample.operation);
    }
}

#[tokio::test]
async fn a_denial_is_stronger_than_any_permission() {
    let building = furnished().await;
    let key = user(&building, "denied", &[ALLOW, DENY]).await;
    all_refused(&building, &key, DENIED, "is not authorized to perform").await;
}

#[tokio::test]
async fn permission_on_something_else_is_none() {
    let building = furnished().await;
    let key = user(&building, "elsewhere", &[ELSEWHERE]).await;
    all_refused(&building, &key, DENIED, "is not authorized to perform").await;
}

#[tokio::test]
async fn white_space_in_a_policy_is_free_also_when_it_is_read_back() {
    // Documented, IAM quotas: "IAM doesn't count white space". Model: a document has at most 131,072 characters.
    let building = furnished().await;
    let padding = " ".repeat(131_072 - 512);
    let key = user(&building, "padded", &[&format!("{ALLOW}{padding}")]).await;
    let reply = building.send(&key, &Call::to("ListSecrets", json!({}))).await;
    assert_eq!(reply.code(), None, "{}", reply.body);
}

#[tokio::test]
async fn an_inactive_key_signs_nothing() {
    let building = furnished().await;
    let key = user(&building, "inactive", &[ALLOW]).await;
    let members = json!({"UserName": "inactive", "AccessKeyId": key.id, "Status": "Inactive"});
    iam(&building, "UpdateAccessKey", members).await;
    all_refused(&building, &key, UNKNOWN, "security token").await;
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let building = furnished().await;
    let key = user(&building, "session", &[ALLOW]).await;
    let call = Call::of("sts", "GetSessionToken", &json!({"DurationSeconds": "900"}));
    let session = key_of(&building.send(&key, &call).await.body);
    let list = Call::to("ListSecrets", json!({}));
    assert_eq!(building.send(&session, &list).await.code(), None);
    building.clock().advance_millis(900_000);
    all_refused(&building, &session, EXPIRED, "expired").await;
}

#[tokio::test]
async fn who_may_do_everything_is_refused_nothing() {
    for sample in samples() {
        let building = furnished().await;
        let key = user(&building, "allowed", &[ALLOW]).await;
        let reply = building.send(&key, &sample.call(&sample.members)).await;
        // AWS: a function, a key or another account's secret that is not there is AccessDenied to everybody.
        let is_so_anyway = ["AssociateCrossAccountReplica", "GetAccessKeyLastUsed", "RotateSecret"]
            .contains(&sample.operation);
        let is_denied = reply.code().as_deref() == Some(code_for(&sample, DENIED));
        assert_eq!(is_denied, is_so_anyway, "{}: {}", sample.operation, reply.body);
        assert!(reply.status < 500, "{}: {}", sample.operation, reply.body);
    }
}
