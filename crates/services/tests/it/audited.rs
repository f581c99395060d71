//! Every signed call leaves one audit event, whatever became of it; no event and no refusal has a value in it.

use crate::harness::{ACCOUNT, Building, Call, Reply, SOURCE, USER_AGENT};
use crate::samples::{CANARY, CANARY_BASE64, CANARY_TOKEN, KEPT, Sample, furnished, samples};
use serde_json::{Value, json};
use strongroom_services::operation::{Effect, Spec};

/// Operations of the query protocol without members: nothing in such a request can be wrong once it is signed.
const NEVER_REFUSED: [&str; 1] = ["GetCallerIdentity"];

/// Members that AWS's service model marks as sensitive, in requests. Model: botocore 1.44.5.
const SENSITIVE: [(&str, &str); 7] = [
    ("CreateSecret", "SecretBinary"),
    ("CreateSecret", "SecretString"),
    ("PutSecretValue", "RotationToken"),
    ("PutSecretValue", "SecretBinary"),
    ("PutSecretValue", "SecretString"),
    ("UpdateSecret", "SecretBinary"),
    ("UpdateSecret", "SecretString"),
];

/// What KMS's operations are given to work on, which their events do not tell either.
const WORKED_ON: [(&str, &str); 12] = [
    ("Decrypt", "CiphertextBlob"),
    ("DeriveSharedSecret", "PublicKey"),
    ("Encrypt", "Plaintext"),
    ("GenerateMac", "Message"),
    ("ImportKeyMaterial", "EncryptedKeyMaterial"),
    ("ImportKeyMaterial", "ImportToken"),
    ("ReEncrypt", "CiphertextBlob"),
    ("Sign", "Message"),
    ("Verify", "Message"),
    ("Verify", "Signature"),
    ("VerifyMac", "Mac"),
    ("VerifyMac", "Message"),
];

/// A value that somebody forgot to put in quotes.
const NUMBER: u64 = 48_151_623_421_080_019;

struct Outcome<'a> {
    sample: &'a Sample,
    members: Option<&'a Value>,
    code: Option<&'a str>,
}

/// Sends the call and checks its event, which must be the only one that it leaves.
async fn check(building: &Building, call: &Call, outcome: &Outcome<'_>) -> Reply {
    let operation = outcome.sample.operation;
    let before = (building.events().await.len(), building.stored());
    let reply = building.send(&building.root, call).await;
    assert_eq!(reply.code().as_deref(), outcome.code, "{operation}: {}", reply.body);
    // Sessions are not stored: STS gives something out and changes nothing.
    let is_write = spec(outcome.sample).effect == Effect::Write && call.service.name != "sts";
    let is_change = is_write && outcome.code.is_none();
    let events = building.events_of(&reply).await;
    assert_eq!(events.len(), 1, "{operation}: {events:?}");
    assert_eq!(building.events().await.len(), before.0 + 1, "{operation}: others beside it");
    assert_eq!(building.stored() != before.1, is_change, "{operation}: what it changed");
    check_event(building, call, outcome, &reply, &events[0]);
    reply
}

fn spec(sample: &Sample) -> &'static Spec {
    let mut entries = sample.call(&sample.members).service.operations.iter();
    entries.find(|entry| entry.spec.name == sample.operation).unwrap().spec
}

fn check_event(
    building: &Building,
    call: &Call,
    outcome: &Outcome<'_>,
    reply: &Reply,
    event: &Value,
) {
    let operation = outcome.sample.operation;
    let effect = spec(outcome.sample).effect;
    assert_eq!(event["eventName"], operation);
    assert_eq!(event["eventSource"], call.service.event_source, "{operation}");
    assert_eq!(event["awsRegion"], call.region.as_str(), "{operation}");
    assert_eq!(event["readOnly"], effect.is_read_only(), "{operation}");
    assert_eq!(event["userIdentity"]["accessKeyId"], building.root.id.as_str(), "{operation}");
    assert_eq!(event["userIdentity"]["accountId"], ACCOUNT, "{operation}");
    assert_eq!(event["recipientAccountId"], ACCOUNT, "{operation}");
    assert_eq!(event["sourceIPAddress"], SOURCE.to_string(), "{operation}");
    assert_eq!(event["userAgent"], USER_AGENT, "{operation}");
    assert_eq!(event["eventTime"], "2026-09-21T14:13:20Z", "{operation}");
    assert_eq!(event.get("errorCode").and_then(Value::as_str), outcome.code, "{operation}");
    let message = event.get("errorMessage").and_then(Value::as_str).unwrap_or_default();
    assert_eq!(message, reply.message(), "{operation}");
    // CloudTrail writes null for the many answers of IAM that have no result.
    let has_result = call.service.target_prefix.is_some() || reply.body.contains("Result>");
    let answered = outcome.code.is_none() && effect.tells_answer() && has_result;
    assert_eq!(!event["responseElements"].is_null(), answered, "{operation}");
    check_parameters(operation, &event["requestParameters"], outcome.members);
}

/// The request's members in CloudTrail's spelling, without the sensitive ones; null for what could not be read.
fn check_parameters(operation: &str, noted: &Value, members: Option<&Value>) {
    let Some(members) = members else {
        assert!(noted.is_null(), "{operation}: {noted}");
        return;
    };
    let is_sensitive = |name: &str| {
        SENSITIVE.contains(&(operation, name)) || WORKED_ON.contains(&(operation, name))
    };
    let told = members.as_object().unwrap().keys().filter(|name| !is_sensitive(name));
    let mut expected: Vec<String> = told.map(|name| lower_first(name)).collect();
    let mut found: Vec<String> = noted.as_object().unwrap().keys().cloned().collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{operation}");
    for name in ["SecretId", "Name", "ClientRequestToken"] {
        if let Some(value) = members.get(name) {
            assert_eq!(&noted[lower_first(name)], value, "{operation}");
        }
    }
}

fn lower_first(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_ascii_lowercase() + rest
}

/// The value as it came in, in base64, and in hex.
fn forms(value: &str) -> Vec<Vec<u8>> {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::STANDARD.encode(value);
    let hex = value.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let base64 = base64.trim_end_matches('=').as_bytes().to_vec();
    vec![value.as_bytes().to_vec(), base64, hex.into_bytes()]
}

fn holds(bytes: &[u8], value: &str) -> bool {
    forms(value).iter().any(|form| bytes.windows(form.len()).any(|window| window == form))
}

async fn check_log(building: &Building, operation: &str, values: &[&str]) {
    let log = building.log_bytes().await;
    let is_read = holds(&log, operation) && holds(&log, KEPT);
    assert!(is_read, "{operation}: the search does not see the log");
    for value in values {
        assert!(!holds(&log, value), "{operation}: the log has {value}");
    }
}

#[tokio::test]
async fn every_signed_call_leaves_one_event_and_no_value_in_the_log() {
    for sample in samples() {
        let building = furnished().await;
        let call = |members: &Value| sample.call(members);
        if sample.call(&sample.members).service.target_prefix.is_some() {
            let unreadable = call(&sample.members).with_body("[]");
            let code = Some("SerializationException");
            let outcome = Outcome { sample: &sample, members: None, code };
            check(&building, &unreadable, &outcome).await;
        }
        match &sample.refused {
            Some((members, code)) => {
                let outcome = Outcome { sample: &sample, members: Some(members), code: Some(code) };
                check(&building, &call(members), &outcome).await;
            }
            // Samples of IAM and STS are mostly about what is not there, and so refused themselves.
            None if sample.service != "secretsmanager" => {}
            None => assert!(NEVER_REFUSED.contains(&sample.operation), "{}", sample.operation),
        }
        let outcome =
            Outcome { sample: &sample, members: Some(&sample.members), code: sample.code };
        let reply = check(&building, &call(&sample.members), &outcome).await;
        check_log(&building, sample.operation, &[CANARY, CANARY_TOKEN]).await;
        if sample.operation == "GetRandomPassword" {
            let password = reply.json()["RandomPassword"].as_str().unwrap().to_owned();
            assert_eq!(password.len(), 40);
            check_log(&building, sample.operation, &[&password]).await;
        }
    }
}

#[tokio::test]
async fn values_are_answered_where_they_belong() {
    // Otherwise the search for them elsewhere would say nothing.
    let building = furnished().await;
    let answers = |operation: &'static str| {
        let sample = samples().into_iter().find(|sample| sample.operation == operation).unwrap();
        building.ask(sample.call(&sample.members))
    };
    assert_eq!(answers("GetSecretValue").await["SecretString"], CANARY);
    let batch = answers("BatchGetSecretValue").await;
    assert_eq!(batch["SecretValues"][0]["SecretString"], CANARY);
    assert_eq!(batch["SecretValues"][1]["SecretBinary"], CANARY_BASE64);
    assert!(holds(batch.to_string().as_bytes(), CANARY));
}

/// Bodies in which the member has the value in a form that is refused.
fn refused_bodies(sample: &Sample, member: &str, value: &str) -> Vec<String> {
    let with = |value: Value| {
        let mut members = sample.members.clone();
        members[member] = value;
        members.to_string()
    };
    let without = with(Value::Null);
    let body = without.strip_suffix('}').unwrap();
    let mut bodies = vec![
        with(json!([value])),
        with(json!({"Value": value})),
        with(json!(NUMBER)),
        with(json!(value.repeat(7000))),
        with(json!(format!("{value}!"))),
        format!("{body},\"{member}\":\"{value}\",\"{member}\":\"{value}\"}}"),
        format!("{body},\"{member}\":\"{value}"),
        format!("{body},\"{member}\":\"{value}\"}} {value}"),
    ];
    if member == "SecretString" {
        // As text, what is no base64 and no rotation token is a value like any other.
        bodies.retain(|body| *body != with(json!(format!("{value}!"))));
        let mut both: Value = serde_json::from_str(&with(json!(value))).unwrap();
        both["SecretBinary"] = json!(CANARY_BASE64);
        bodies.push(both.to_string());
    }
    bodies
}

#[tokio::test]
async fn a_refused_value_is_repeated_neither_to_the_caller_nor_in_the_log() {
    for (operation, member) in SENSITIVE {
        let sample = samples().into_iter().find(|sample| sample.operation == operation).unwrap();
        let building = furnished().await;
        let value = match member {
            "SecretBinary" => CANARY_BASE64,
            "RotationToken" => CANARY_TOKEN,
            _ => CANARY,
        };
        for body in refused_bodies(&sample, member, value) {
            let call = sample.call(&sample.members).with_body(&body);
            let reply = building.send(&building.root, &call).await;
            let start: String = body.chars().take(300).collect();
            assert_eq!(reply.status, 400, "{operation}: {start}: {}", reply.body);
            let events = building.events_of(&reply).await;
            assert_eq!(events.len(), 1, "{operation}: {start}");
            assert_eq!(events[0]["errorCode"], reply.code().unwrap(), "{operation}");
            for value in [CANARY, CANARY_TOKEN, &NUMBER.to_string()] {
                assert!(!holds(reply.body.as_bytes(), value), "{operation}: {}", reply.body);
            }
        }
        check_log(&building, operation, &[CANARY, CANARY_TOKEN, &NUMBER.to_string()]).await;
    }
}

#[tokio::test]
async fn each_sensitive_member_is_accepted_and_kept_out_of_the_log() {
    for (operation, member) in SENSITIVE {
        let sample = samples().into_iter().find(|sample| sample.operation == operation).unwrap();
        let building = furnished().await;
        let mut members = sample.members.clone();
        if member != "RotationToken" {
            members["SecretString"] = Value::Null;
            members["SecretBinary"] = Value::Null;
            let value = if member == "SecretBinary" { CANARY_BASE64 } else { CANARY };
            members[member] = json!(value);
        }
        building.ask(sample.call(&members)).await;
        check_log(&building, operation, &[CANARY, CANARY_TOKEN]).await;
    }
}

#[tokio::test]
async fn a_change_and_its_event_survive_a_crash_between_commit_and_log() {
    let building = furnished().await;
    let before = building.events().await.len();
    let call = Call::to("TagResource", json!({"SecretId": KEPT, "Tags": [{"Key": "a"}]}));
    let reply = building.send(&building.root, &call).await;
    assert_eq!(reply.code(), None);
    // Nothing has carried the event over: it is in the outbox, where the change put it.
    let building = building.crash_and_start().await;
    assert_eq!(building.events_of(&reply).await.len(), 1);
    let building = building.crash_and_start().await;
    assert_eq!(building.events().await.len(), before + 1, "carried over once, not again");
}
