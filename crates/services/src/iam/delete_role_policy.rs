//! DeleteRolePolicy: removes an inline policy from a role.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::inline_policy::remove_policy;
use crate::iam::members::{check_name, parse_name};
use crate::iam::role::Role;
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteRolePolicy {
    name: String,
    policy: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    role_name: Option<String>,
    policy_name: Option<String>,
}

impl Operation for DeleteRolePolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeleteRolePolicy",
        effect: Effect::Write,
        summary: "Removes an inline policy from a role.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<Role>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.role_name.as_deref();
        check_name(&mut check, "roleName", name, limits::IAM_USER_NAME_CHARS_MAX);
        let policy = input.policy_name.as_deref();
        check_name(&mut check, "policyName", policy, limits::IAM_NAME_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;

        Ok(Self {
            name: parse_name("roleName", input.role_name)?,
            policy: parse_name("policyName", input.policy_name)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Role>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Role>>) -> Result<Done<()>, ApiError> {
        let (_, writes) = grant.changed(cx, |role| remove_policy(role, &self.policy))?;
        Ok(Done::change((), writes))
    }
}
