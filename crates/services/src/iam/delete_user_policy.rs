//! DeleteUserPolicy: removes an inline policy from a user.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::inline_policy::remove_policy;
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::Target;
use crate::iam::user::User;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteUserPolicy {
    name: String,
    policy: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    user_name: Option<String>,
    policy_name: Option<String>,
}

impl Operation for DeleteUserPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeleteUserPolicy",
        effect: Effect::Write,
        summary: "Removes an inline policy from a user.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<User>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.user_name.as_deref();
        check_name(&mut check, "userName", name, limits::IAM_NAME_CHARS_MAX);
        let policy = input.policy_name.as_deref();
        check_name(&mut check, "policyName", policy, limits::IAM_NAME_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;

        Ok(Self {
            name: parse_name("userName", input.user_name)?,
            policy: parse_name("policyName", input.policy_name)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<User>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<User>>) -> Result<Done<()>, ApiError> {
        let (_, writes) = grant.changed(cx, |user| remove_policy(user, &self.policy))?;
        Ok(Done::change((), writes))
    }
}
