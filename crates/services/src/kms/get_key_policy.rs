//! GetKeyPolicy: the text of a key's policy, as it was put, but for principals that have another ARN by now or are gone:
//! those are shown by their present ARN or their unique id.

use crate::authz::Grant;
use crate::error::{ApiError, ErrorCode};
use crate::identity::shown;
use crate::kms::key::{Key, KeyManager};
use crate::kms::key_policy::{POLICY_NAME, managed_policy_text};
use crate::kms::members::check_key_id;
use crate::kms::own_key::load_own;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetKeyPolicy {
    key_id: String,
    policy_name: Option<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_name: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    policy: String,
    policy_name: &'static str,
}

/// Checks `PolicyName`. Model: `PolicyNameType`.
pub(super) fn check_policy_name(check: &mut Constraints, name: Option<&str>) {
    check.length("policyName", name, 1..=128);
    check.pattern("policyName", name, r"[\w]+", |text| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
}

/// AWS: every key has a policy of this one name. Message inferred.
pub(super) fn no_such_policy() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "No such policy exists")
}

impl Operation for GetKeyPolicy {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "GetKeyPolicy",
        effect: Effect::Read,
        summary: "Answers a key's policy.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_policy_name(&mut check, input.policy_name.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let key_id = input.key_id.unwrap_or_default();
        Ok(Self { key_id, policy_name: input.policy_name })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        load_own(cx, &self.key_id, &Self::SPEC).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let key = &grant.found()?.value;
        if self.policy_name.as_deref().is_some_and(|name| name != POLICY_NAME) {
            return Err(no_such_policy());
        }
        let policy = policy_text(cx, key).await?;
        Ok(Done::read(Output { policy, policy_name: POLICY_NAME }))
    }
}

/// The policy of a key of the caller's account, as it is shown.
async fn policy_text(cx: &Cx<'_>, key: &Key) -> Result<String, ApiError> {
    match key.manager {
        KeyManager::Aws => Ok(managed_policy_text(cx.account(), cx.region())),
        KeyManager::Customer => shown(&cx.house.records, key.policy.text(), &key.policy_ids).await,
    }
}
