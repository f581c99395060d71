//! DeletePolicyVersion: removes a version of a managed policy that is not in force.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::managed::{PolicyTarget, check_policy_arn, parse_policy_arn};
use crate::iam::policy_version_member::{check_version_id, no_such_version};
use crate::iam::target::delete_conflict;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeletePolicyVersion {
    arn: String,
    version: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_arn: Option<String>,
    version_id: Option<String>,
}

impl Operation for DeletePolicyVersion {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeletePolicyVersion",
        effect: Effect::Write,
        summary: "Removes a version of a managed policy that is not in force.",
    };
    type Input = Input;
    type Output = ();
    type Resource = PolicyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_policy_arn(&mut check, input.policy_arn.as_deref());
        check_version_id(&mut check, input.version_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            arn: parse_policy_arn(input.policy_arn)?,
            version: input.version_id.unwrap_or_default(),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<PolicyTarget, ApiError> {
        PolicyTarget::load(cx, &self.arn).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<PolicyTarget>) -> Result<Done<()>, ApiError> {
        let missing = || no_such_version(&self.arn, &self.version);
        grant.found().map_err(|_| missing())?;
        let (_, writes) = grant.changed(cx, |policy| {
            let version = policy.version(&self.version).map(|version| version.number);
            let number = version.ok_or_else(missing)?;
            if number == policy.default {
                return Err(delete_conflict("Cannot delete the default version of a policy."));
            }
            policy.versions.retain(|held| held.number != number);
            Ok(())
        })?;
        Ok(Done::change((), writes))
    }
}
