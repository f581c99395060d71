//! GetPolicy: answers a managed policy.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::managed::{PolicyTarget, check_policy_arn, parse_policy_arn};
use crate::iam::policy_member::PolicyMember;
use crate::iam::usage::Usage;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetPolicy {
    arn: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_arn: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    policy: PolicyMember,
}

impl Operation for GetPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetPolicy",
        effect: Effect::Read,
        summary: "Answers a managed policy.",
    };
    type Input = Input;
    type Output = Output;
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

    async fn run(&self, cx: &Cx<'_>, grant: Grant<PolicyTarget>) -> Result<Done<Output>, ApiError> {
        let policy = grant.found()?;
        let usage = Usage::of(cx, &self.arn).await?;
        Ok(Done::read(Output { policy: PolicyMember::whole(policy, usage) }))
    }
}
