//! A request of every operation: the one place to add to when there is a new one.
//!
//! All are sent to the same furnished account ([`furnish`]). A coverage test names whatever is missing here.

use crate::harness::{ACCOUNT, Building, Call, HOME};
use crate::identity_samples;
use crate::kms_samples::{self, ABSENT_ALIAS, KEPT_ALIAS};
use serde_json::{Value, json};

/// A secret with a text value.
pub(crate) const KEPT: &str = "kept";
/// A secret with a binary value.
pub(crate) const BINARY: &str = "binary";
/// A secret marked for deletion.
pub(crate) const MARKED: &str = "marked";
/// A secret with a replica in [`ELSEWHERE`].
pub(crate) const REPLICATED: &str = "replicated";
/// The region of the replica.
pub(crate) const ELSEWHERE: &str = "eu-west-1";
/// A name that no secret has.
const FREE: &str = "free";
/// Another.
const ABSENT: &str = "absent";

/// The value of every secret, and of every version to be: what must never be found where it does not belong.
pub(crate) const CANARY: &str = "canary4d1f8a6be02c97";
/// Stands in base64 as it does in the bytes of a request.
pub(crate) const CANARY_BASE64: &str = "Y2FuYXJ5NGQxZjhhNmJlMDJjOTc=";
/// A rotation token: 36 to 256 letters, digits and hyphens.
pub(crate) const CANARY_TOKEN: &str = "canary-token-77e0b1c2d3e4f5a6b7c8d9e0";

const KEPT_VERSION: &str = "11111111-1111-4111-8111-111111111111";
const TOKEN: &str = "99999999-9999-4999-8999-999999999999";

/// A request of one operation.
pub(crate) struct Sample {
    pub(crate) service: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) region: &'static str,
    /// Members that are all valid.
    pub(crate) members: Value,
    /// What is answered all the same, where that is an error.
    pub(crate) code: Option<&'static str>,
    /// Members that are refused after the signature was found right, and how; `None` where nothing is.
    pub(crate) refused: Option<(Value, &'static str)>,
}

impl Sample {
    pub(crate) fn call(&self, members: &Value) -> Call {
        Call::of(self.service, self.operation, members).in_region(self.region)
    }

    /// The same request about something that is there if this one's is not, and the other way round.
    pub(crate) fn opposite(&self) -> Value {
        with_names(&self.members, &|name| match name {
            KEPT | BINARY | MARKED | REPLICATED => ABSENT.to_owned(),
            FREE => KEPT.to_owned(),
            KEPT_ALIAS => ABSENT_ALIAS.to_owned(),
            ABSENT_ALIAS => KEPT_ALIAS.to_owned(),
            other => other.to_owned(),
        })
    }

    fn in_region(self, region: &'static str) -> Self {
        Self { region, ..self }
    }

    fn answers(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    fn refuses(self, members: Value, code: &'static str) -> Self {
        Self { refused: Some((members, code)), ..self }
    }
}

/// A secret of another account.
const REPLICA_ARN: &str = "arn:aws:secretsmanager:us-east-1:210987654321:secret:elsewhere-AbCdEf";

/// The members with every text in them replaced.
fn with_names(members: &Value, name: &dyn Fn(&str) -> String) -> Value {
    match members {
        Value::String(text) => Value::String(name(text)),
        Value::Array(entries) => entries.iter().map(|entry| with_names(entry, name)).collect(),
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| (key.clone(), with_names(value, name));
            Value::Object(members.iter().map(member).collect())
        }
        other => other.clone(),
    }
}

/// An operation on a secret; about one that is not there it is `ResourceNotFoundException`.
fn on_secret(operation: &'static str, members: Value) -> Sample {
    let sample = on_account(operation, members);
    let refused = (sample.opposite(), "ResourceNotFoundException");
    Sample { refused: Some(refused), ..sample }
}

/// An operation of Secrets Manager that needs no secret to be there.
fn on_account(operation: &'static str, members: Value) -> Sample {
    Sample {
        service: "secretsmanager",
        operation,
        region: HOME,
        members,
        code: None,
        refused: None,
    }
}

/// Lets in nobody but one user of the account.
fn policy(user: &str) -> String {
    let statement = json!({
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:user/{user}")},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    });
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// One of each operation. Codes: documented in the API reference, or recorded where `aws-behaviour.md` has them.
pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = reads();
    samples.extend(writes());
    samples.extend(identity_samples::samples());
    samples.extend(kms_samples::samples());
    samples
}

fn reads() -> Vec<Sample> {
    vec![
        on_account("BatchGetSecretValue", json!({"SecretIdList": [KEPT, BINARY]}))
            .refuses(json!({}), "InvalidParameterException"),
        on_secret("DescribeSecret", json!({"SecretId": KEPT})),
        on_account("GetRandomPassword", json!({"PasswordLength": 40, "ExcludePunctuation": true}))
            .refuses(json!({"PasswordLength": 0}), "ValidationException"),
        on_secret("GetResourcePolicy", json!({"SecretId": KEPT})),
        on_secret("GetSecretValue", json!({"SecretId": KEPT})),
        on_secret("ListResourcePolicies", json!({"SecretId": KEPT})),
        on_secret("ListSecretVersionIds", json!({"SecretId": KEPT})),
        on_account("ListSecrets", json!({"Filters": [{"Key": "name", "Values": [KEPT]}]}))
            .refuses(json!({"MaxResults": 0}), "ValidationException"),
        on_secret(
            "ValidateResourcePolicy",
            json!({"SecretId": KEPT, "ResourcePolicy": policy("reader")}),
        ),
    ]
}

fn writes() -> Vec<Sample> {
    vec![
        on_secret(
            "AssociateCrossAccountReplica",
            json!({"SecretId": KEPT, "CrossAccountReplicaARN": REPLICA_ARN}),
        )
        .answers("AccessDeniedException"),
        // Inferred: what was never configured cannot be turned off.
        on_secret("CancelRotateSecret", json!({"SecretId": KEPT}))
            .answers("InvalidRequestException"),
        on_account(
            "CreateSecret",
            json!({"Name": FREE, "ClientRequestToken": TOKEN, "SecretString": CANARY}),
        )
        .refuses(
            json!({"Name": KEPT, "ClientRequestToken": TOKEN, "SecretString": CANARY}),
            "ResourceExistsException",
        ),
        on_secret("DeleteResourcePolicy", json!({"SecretId": KEPT})),
        on_secret("DeleteSecret", json!({"SecretId": KEPT, "RecoveryWindowInDays": 7})),
        on_secret(
            "DisassociateCrossAccountReplica",
            json!({"SecretId": KEPT, "CrossAccountReplicaARN": REPLICA_ARN}),
        )
        .answers("InvalidRequestException"),
        on_secret(
            "PutResourcePolicy",
            json!({"SecretId": KEPT, "ResourcePolicy": policy("reader")}),
        ),
        on_secret(
            "PutSecretValue",
            json!({
                "SecretId": KEPT, "ClientRequestToken": TOKEN, "SecretString": CANARY,
                "RotationToken": CANARY_TOKEN,
            }),
        ),
        on_secret(
            "RemoveRegionsFromReplication",
            json!({"SecretId": REPLICATED, "RemoveReplicaRegions": [ELSEWHERE]}),
        ),
        on_secret(
            "ReplicateSecretToRegions",
            json!({"SecretId": KEPT, "AddReplicaRegions": [{"Region": "ap-south-1"}]}),
        ),
        on_secret("RestoreSecret", json!({"SecretId": MARKED})),
        // Recorded: a function that is not there.
        on_secret(
            "RotateSecret",
            json!({
                "SecretId": KEPT, "ClientRequestToken": TOKEN,
                "RotationLambdaARN": "arn:aws:lambda:us-east-1:111111111111:function:none",
            }),
        )
        .answers("AccessDeniedException"),
        on_secret("StopReplicationToReplica", json!({"SecretId": REPLICATED})).in_region(ELSEWHERE),
        on_secret(
            "TagResource",
            json!({"SecretId": KEPT, "Tags": [{"Key": "stage", "Value": "test"}]}),
        ),
        on_secret("UntagResource", json!({"SecretId": KEPT, "TagKeys": ["owner"]})),
        on_secret(
            "UpdateSecret",
            json!({"SecretId": KEPT, "ClientRequestToken": TOKEN, "SecretBinary": CANARY_BASE64}),
        ),
        on_secret(
            "UpdateSecretVersionStage",
            json!({"SecretId": KEPT, "VersionStage": "MINE", "MoveToVersionId": KEPT_VERSION}),
        ),
    ]
}

/// Makes what the samples are about.
async fn furnish(building: &Building) {
    let token = |digit: &str| digit.repeat(32);
    for members in [
        json!({
            "Name": KEPT, "ClientRequestToken": KEPT_VERSION, "SecretString": CANARY,
            "Tags": [{"Key": "owner", "Value": "tests"}],
        }),
        json!({"Name": BINARY, "ClientRequestToken": token("2"), "SecretBinary": CANARY_BASE64}),
        json!({"Name": MARKED, "ClientRequestToken": token("3"), "SecretString": CANARY}),
        json!({
            "Name": REPLICATED, "ClientRequestToken": token("4"), "SecretString": CANARY,
            "AddReplicaRegions": [{"Region": ELSEWHERE}],
        }),
    ] {
        building.ask(Call::to("CreateSecret", members)).await;
    }
    let marked = json!({"SecretId": MARKED, "RecoveryWindowInDays": 7});
    building.ask(Call::to("DeleteSecret", marked)).await;
    let policy = json!({"SecretId": KEPT, "ResourcePolicy": policy("owner")});
    building.ask(Call::to("PutResourcePolicy", policy)).await;
    identity_samples::furnish(building).await;
    kms_samples::furnish(building).await;
    building.settle().await;
}

/// A server whose first account is furnished.
pub(crate) async fn furnished() -> Building {
    let building = Building::new().await;
    furnish(&building).await;
    building
}
