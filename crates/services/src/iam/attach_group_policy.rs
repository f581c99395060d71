//! AttachGroupPolicy: attaches a managed policy to a group.

use crate::authz::Grant;
use crate::conditions::Values;
use crate::error::ApiError;
use crate::iam::attached_policy::attach;
use crate::iam::group::Group;
use crate::iam::managed::{check_policy_arn, parse_policy_arn};
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::{Target, policy_arn_condition};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct AttachGroupPolicy {
    name: String,
    policy_arn: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    group_name: Option<String>,
    policy_arn: Option<String>,
}

impl Operation for AttachGroupPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "AttachGroupPolicy",
        effect: Effect::Write,
        summary: "Attaches a managed policy to a group.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<Group>;

    fn condition(&self, key: &str) -> Values<'_> {
        policy_arn_condition(&self.policy_arn, key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.group_name.as_deref();
        check_name(&mut check, "groupName", name, limits::IAM_NAME_CHARS_MAX);
        check_policy_arn(&mut check, input.policy_arn.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("groupName", input.group_name)?,
            policy_arn: parse_policy_arn(input.policy_arn)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Group>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Group>>) -> Result<Done<()>, ApiError> {
        attach(cx, &grant, &self.policy_arn).await
    }
}
