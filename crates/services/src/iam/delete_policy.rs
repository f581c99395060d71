//! DeletePolicy: removes a managed policy that nobody has.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::managed::{PolicyTarget, check_policy_arn, parse_policy_arn};
use crate::iam::reference::Unreferred;
use crate::iam::target::delete_conflict;
use crate::iam::usage::Usage;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeletePolicy {
    arn: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_arn: Option<String>,
}

impl Operation for DeletePolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeletePolicy",
        effect: Effect::Write,
        summary: "Removes a managed policy that nobody has.",
    };
    type Input = Input;
    type Output = ();
    type Resource = PolicyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_policy_arn(&mut check, input.policy_arn.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { arn: parse_policy_arn(input.policy_arn)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<PolicyTarget, ApiError> {
        PolicyTarget::load(cx, &self.arn).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<PolicyTarget>) -> Result<Done<()>, ApiError> {
        let policy = &grant.own()?.value;
        let unreferred = Unreferred::begin(cx, &policy.naming.id).await?;
        if Usage::of(cx, &self.arn).await?.is_used() {
            return Err(delete_conflict("Cannot delete a policy attached to entities."));
        }
        if policy.versions.len() > 1 {
            return Err(delete_conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                 versions. The default version is deleted with the policy.",
            ));
        }
        Ok(Done::change((), vec![grant.delete()?, unreferred.into_write()]))
    }
}
