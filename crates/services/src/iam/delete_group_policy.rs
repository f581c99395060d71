//! DeleteGroupPolicy: removes an inline policy from a group.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::group::Group;
use crate::iam::inline_policy::remove_policy;
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteGroupPolicy {
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

impl Operation for DeleteGroupPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeleteGroupPolicy",
        effect: Effect::Write,
        summary: "Removes an inline policy from a group.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<Group>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.group_name.as_deref();
        check_name(&mut check, "groupName", name, limits::IAM_NAME_CHARS_MAX);
        let policy = input.policy_name.as_deref();
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

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Group>>) -> Result<Done<()>, ApiError> {
        let (_, writes) = grant.changed(cx, |group| remove_policy(group, &self.policy))?;
        Ok(Done::change((), writes))
    }
}
