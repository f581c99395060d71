//! GetPolicyVersion: answers a version of a managed policy.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::managed::{PolicyTarget, check_policy_arn, parse_policy_arn};
use crate::iam::policy_version_member::{PolicyVersionMember, check_version_id, no_such_version};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetPolicyVersion {
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

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    policy_version: PolicyVersionMember,
}

impl Operation for GetPolicyVersion {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetPolicyVersion",
        effect: Effect::Read,
        summary: "Answers a version of a managed policy.",
    };
    type Input = Input;
    type Output = Output;
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

    async fn run(
        &self,
        _cx: &Cx<'_>,
        grant: Grant<PolicyTarget>,
    ) -> Result<Done<Output>, ApiError> {
        let policy = grant.found().map_err(|_| no_such_version(&self.arn, &self.version))?;
        let policy_version = PolicyVersionMember::find(policy, &self.version)
            .ok_or_else(|| no_such_version(&self.arn, &self.version))?;
        Ok(Done::read(Output { policy_version }))
    }
}
