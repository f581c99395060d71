//! DeleteResourcePolicy: takes the resource policy off a secret. Succeeds where there is none (clients rely on it).

use crate::authz::Grant;
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::policy::{PolicyOutput, check_policy_name, only_default};
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::SecretId;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteResourcePolicy {
    secret_id: SecretId,
    policy_name: Option<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_name: Option<String>,
}

impl Operation for DeleteResourcePolicy {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "DeleteResourcePolicy",
        effect: Effect::Write,
        summary: "Takes the resource policy off a secret.",
    };
    type Input = Input;
    type Output = PolicyOutput;
    type Resource = SecretTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check_policy_name(&mut check, input.policy_name.as_deref());
        check.finish().map_err(ApiError::validation)?;
        only_default(input.policy_name.as_deref())?;
        let secret_id = parse_secret_id(&input.secret_id.unwrap_or_default())?;
        Ok(Self { secret_id, policy_name: input.policy_name })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<SecretTarget>,
    ) -> Result<Done<PolicyOutput>, ApiError> {
        let stored = grant.found()?;
        stored.value.writable()?;
        let output = PolicyOutput::of(&stored.value, self.policy_name.as_deref());
        if stored.value.policy.is_none() {
            return Ok(Done::read(output));
        }
        let mut secret = stored.value.clone();
        secret.policy = None;
        secret.bound_policy = None;
        secret.policy_ids.clear();
        secret.note_change(cx.now);
        let expect = Expect::At(stored.revision);
        let write = cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?;
        Ok(Done::change(output, vec![write]))
    }
}
