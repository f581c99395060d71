//! AttachUserPolicy: attaches a managed policy to a user.

use crate::authz::Grant;
use crate::conditions::Values;
use crate::error::ApiError;
use crate::iam::attached_policy::attach;
use crate::iam::managed::{check_policy_arn, parse_policy_arn};
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::{Target, policy_arn_condition};
use crate::iam::user::User;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct AttachUserPolicy {
    name: String,
    policy_arn: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    user_name: Option<String>,
    policy_arn: Option<String>,
}

impl Operation for AttachUserPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "AttachUserPolicy",
        effect: Effect::Write,
        summary: "Attaches a managed policy to a user.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<User>;

    fn condition(&self, key: &str) -> Values<'_> {
        policy_arn_condition(&self.policy_arn, key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.user_name.as_deref();
        check_name(&mut check, "userName", name, limits::IAM_USER_NAME_CHARS_MAX);
        check_policy_arn(&mut check, input.policy_arn.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("userName", input.user_name)?,
            policy_arn: parse_policy_arn(input.policy_arn)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<User>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<User>>) -> Result<Done<()>, ApiError> {
        attach(cx, &grant, &self.policy_arn).await
    }
}
