//! GetGroupPolicy: an inline policy of a group.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::group::Group;
use crate::iam::inline_policy::{InlinePolicyMember, inline_policy};
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetGroupPolicy {
    name: String,
    policy: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    group_name: Option<String>,
    policy_name: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    group_name: String,
    #[serde(flatten)]
    policy: InlinePolicyMember,
}

impl Operation for GetGroupPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetGroupPolicy",
        effect: Effect::Read,
        summary: "Answers an inline policy of a group.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = Target<Group>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let (name, policy) = (input.group_name.as_deref(), input.policy_name.as_deref());
        check_name(&mut check, "groupName", name, limits::IAM_NAME_CHARS_MAX);
        check_name(&mut check, "policyName", policy, limits::IAM_NAME_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("groupName", input.group_name)?,
            policy: parse_name("policyName", input.policy_name)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Group>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(
        &self,
        _cx: &Cx<'_>,
        grant: Grant<Target<Group>>,
    ) -> Result<Done<Output>, ApiError> {
        let group = &grant.found()?.value;
        let policy = inline_policy(group, &self.policy)?;
        Ok(Done::read(Output { group_name: group.naming.name.clone(), policy }))
    }
}
