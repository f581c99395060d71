//! Somebody of another account, whom no policy lets in: refused by every operation, and told nothing of what is there.

use crate::harness::{ACCOUNT, Building, Call, HOME, Key, Reply};
use crate::samples::{Sample, furnished, samples};
use serde_json::{Value, json};

const STRANGER: &str = "222222222222";

/// The samples that name a secret by an id, which may be an ARN.
fn by_id() -> Vec<Sample> {
    let mut samples = samples();
    samples.retain(|sample| {
        ["SecretId", "SecretIdList"].iter().any(|member| sample.members.get(member).is_some())
    });
    assert!(samples.len() > 15, "most operations take an id");
    samples
}

fn arn(region: &str, resource: &str) -> String {
    format!("arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{resource}")
}

/// The request about ARNs of the first account in place of names.
fn about(sample: &Sample, id: &str) -> Value {
    let mut members = sample.members.clone();
    for (member, value) in [("SecretId", json!(id)), ("SecretIdList", json!([id]))] {
        if members.get(member).is_some() {
            members[member] = value;
        }
    }
    members
}

fn name_in(sample: &Sample) -> String {
    let members = &sample.members;
    let id = members.get("SecretId").unwrap_or(&members["SecretIdList"][0]);
    id.as_str().unwrap().to_owned()
}

async fn full_arn(building: &Building, sample: &Sample) -> String {
    let members = json!({"SecretId": name_in(sample)});
    let described =
        building.ask(Call::to("DescribeSecret", members).in_region(sample.region)).await;
    described["ARN"].as_str().unwrap().to_owned()
}

/// Code and message, with the ids that the request itself named blanked.
fn told(reply: &Reply, id: &str) -> (String, String) {
    let message = |code: &str, message: &str| (code.to_owned(), message.replace(id, "ID"));
    if let Some(code) = reply.code() {
        return message(&code, &reply.message());
    }
    // A batch answers what it can: its refusals stand in the answer.
    let answer = reply.json();
    assert_eq!(answer["SecretValues"], json!([]), "{}", reply.body);
    let error = &answer["Errors"][0];
    message(error["ErrorCode"].as_str().unwrap(), error["Message"].as_str().unwrap())
}

async fn refuse_alike(form: impl AsyncFn(&Building, &Sample) -> (String, String)) {
    let building = furnished().await;
    let stranger = building.open_account(STRANGER).await;
    building.events().await;
    let before = building.stored();
    for sample in by_id() {
        let (there, absent) = form(&building, &sample).await;
        let ask = async |id: &str| {
            let reply = building.send(&stranger, &sample.call(&about(&sample, id))).await;
            check_event(&building, &stranger, &sample, &reply).await;
            told(&reply, id)
        };
        let (one, other) = (ask(&there).await, ask(&absent).await);
        assert_eq!(one.0, "AccessDeniedException", "{}", sample.operation);
        assert_eq!(one, other, "{}", sample.operation);
        assert_eq!(building.stored(), before, "{} changed something", sample.operation);
    }
}

async fn check_event(building: &Building, stranger: &Key, sample: &Sample, reply: &Reply) {
    let events = building.events_of(reply).await;
    assert_eq!(events.len(), 1, "{}", sample.operation);
    let event = &events[0];
    assert_eq!(event.get("errorCode").and_then(Value::as_str).map(str::to_owned), reply.code());
    assert_eq!(event["userIdentity"]["accountId"], STRANGER, "{}", sample.operation);
    assert_eq!(event["userIdentity"]["accessKeyId"], stranger.id.as_str(), "{}", sample.operation);
}

#[tokio::test]
async fn a_stranger_with_the_full_arn_is_refused_alike_for_what_is_there_and_what_is_not() {
    refuse_alike(async |building, sample| {
        (full_arn(building, sample).await, arn(sample.region, "nothing-AbCdEf"))
    })
    .await;
}

/// As users of AWS see it (aws/aws-cdk#28537): the refusal names the ARN as it was asked for, without the suffix.
#[tokio::test]
async fn a_stranger_who_guesses_a_name_is_refused_alike_for_what_is_there_and_what_is_not() {
    refuse_alike(async |_, sample| {
        (arn(sample.region, &name_in(sample)), arn(sample.region, "nothing"))
    })
    .await;
}

#[tokio::test]
async fn an_arn_of_another_account_does_not_mean_a_secret_of_ones_own() {
    let building = furnished().await;
    let stranger = building.open_account(STRANGER).await;
    for sample in by_id() {
        let name = name_in(&sample);
        let token = "5".repeat(32);
        let own = json!({"Name": name, "ClientRequestToken": token, "SecretString": "own"});
        let made = Call::to("CreateSecret", own).in_region(sample.region);
        let made = building.send(&stranger, &made).await.code();
        assert!(matches!(made.as_deref(), None | Some("ResourceExistsException")), "{made:?}");
        let id = arn(sample.region, &name);
        let reply = building.send(&stranger, &sample.call(&about(&sample, &id))).await;
        assert_eq!(told(&reply, &id).0, "AccessDeniedException", "{}", sample.operation);
    }
}

#[tokio::test]
async fn names_and_lists_mean_the_callers_own_account() {
    let building = furnished().await;
    let stranger = building.open_account(STRANGER).await;
    for sample in by_id() {
        let reply = building.send(&stranger, &sample.call(&sample.members)).await;
        let (code, _) = told(&reply, "");
        assert_eq!(code, "ResourceNotFoundException", "{}", sample.operation);
    }
    for (operation, member) in
        [("ListSecrets", "SecretList"), ("BatchGetSecretValue", "SecretValues")]
    {
        let everything = json!({"Filters": [{"Key": "name", "Values": ["!nothing"]}]});
        let call = Call::to(operation, everything).in_region(HOME);
        let own = building.send(&building.root, &call).await.json();
        assert!(!own[member].as_array().unwrap().is_empty(), "{operation}");
        let strange = building.send(&stranger, &call).await.json();
        assert_eq!(strange[member], json!([]), "{operation}");
    }
    let taken = json!({"Name": "kept", "ClientRequestToken": "7".repeat(32)});
    let made = building.send(&stranger, &Call::to("CreateSecret", taken)).await;
    assert!(made.json()["ARN"].as_str().unwrap().contains(STRANGER), "{}", made.body);
}
