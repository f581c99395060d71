//! GetResourcePolicy: the text of a secret's resource policy, as it was put, but for principals that have another ARN by
//! now or are gone: those are shown by their present ARN or their unique id. Absent if there is none.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::identity::shown;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::cross_account::MANAGED_POLICY;
use crate::secretsmanager::policy::{DEFAULT_POLICY, PolicyOutput, check_policy_name};
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_types::SecretId;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetResourcePolicy {
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

impl Operation for GetResourcePolicy {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "GetResourcePolicy",
        effect: Effect::Read,
        summary: "Answers a secret's resource policy.",
    };
    type Input = Input;
    type Output = PolicyOutput;
    type Resource = SecretTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check_policy_name(&mut check, input.policy_name.as_deref());
        check.finish().map_err(ApiError::validation)?;
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
        let secret = &grant.found()?.value;
        secret.not_deleted()?;
        let name = self.policy_name.as_deref();
        let managed = secret.cross_account.managed_policy();
        if let Some(managed) = managed.filter(|_| name == Some(MANAGED_POLICY)) {
            return Ok(Done::read(PolicyOutput::of(secret, name).with_policy(Some(managed))));
        }
        if name.is_some_and(|name| name != DEFAULT_POLICY) {
            return Err(ApiError::not_found(
                "Secrets Manager can't find the specified resource policy.",
            ));
        }
        let policy = match &secret.policy {
            Some(policy) => {
                Some(shown(&cx.house.records, policy.text(), &secret.policy_ids).await?)
            }
            None => None,
        };
        Ok(Done::read(PolicyOutput::of(secret, name).with_policy(policy)))
    }
}
