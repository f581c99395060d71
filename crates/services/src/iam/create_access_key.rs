//! CreateAccessKey: a new access key of a user; the caller's own without a name.
//!
//! AWS: two at most; the secret is answered only here. Asked for by the root without a name, it makes a key of the root.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::own_user::{OwnUser, check_own_name, parse_own_name};
use crate::iam::user::HeldKey;
use crate::identity::{AccessKey, AccessKeyStatus, new_access_key_id, new_secret_access_key};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::{Plaintext, Timestamp, limits};
use strongroom_wire::sensitive::write_text;
use strongroom_wire::{Constraints, iso8601};

/// The valid request.
#[derive(Debug)]
pub struct CreateAccessKey {
    name: Option<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
}

/// The answer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_debug_implementations, reason = "holds the secret access key")]
pub struct Output {
    access_key: KeyWithSecret,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyWithSecret {
    #[serde(flatten)]
    details: KeyDetails,
    #[serde(serialize_with = "write_text")]
    secret_access_key: Plaintext,
}

/// What may be told of a key again and again. Also what the audit event tells.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyDetails {
    user_name: String,
    access_key_id: String,
    status: &'static str,
    #[serde(serialize_with = "iso8601::serialize")]
    create_date: Timestamp,
}

impl Operation for CreateAccessKey {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "CreateAccessKey",
        effect: Effect::Write,
        summary: "Makes an access key of a user.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = OwnUser;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_own_name(&mut check, input.user_name.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { name: parse_own_name(input.user_name)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<OwnUser, ApiError> {
        OwnUser::load(cx, self.name.as_deref()).await
    }

    fn recorded(output: &Output) -> impl Serialize {
        serde_json::json!({ "AccessKey": output.access_key.details })
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<OwnUser>) -> Result<Done<Output>, ApiError> {
        if grant.keys()?.len() >= limits::IAM_ACCESS_KEYS_PER_USER_MAX {
            return Err(ApiError::limit_exceeded(format!(
                "Cannot exceed quota for AccessKeysPerUser: {}",
                limits::IAM_ACCESS_KEYS_PER_USER_MAX
            )));
        }
        let (id, secret) = (new_access_key_id(cx.entropy()), new_secret_access_key(cx.entropy()));
        let held = HeldKey { id: id.clone(), status: AccessKeyStatus::Active, created: cx.now };
        let key = AccessKey::new(grant.owner()?, secret.clone());
        let writes = vec![
            grant.change_keys(cx, |keys| keys.push(held))?,
            cx.house.records.put(cx.entropy(), id.clone().into_bytes(), &key, Expect::Absent)?,
        ];
        let details = KeyDetails {
            user_name: grant.name()?.to_owned(),
            access_key_id: id,
            status: AccessKeyStatus::Active.as_str(),
            create_date: cx.now,
        };
        let secret_access_key = Plaintext::new(secret.as_bytes().to_vec());
        let access_key = KeyWithSecret { details, secret_access_key };
        Ok(Done::change(Output { access_key }, writes))
    }
}
