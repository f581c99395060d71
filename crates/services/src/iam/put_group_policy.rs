//! PutGroupPolicy: puts an inline policy on a group, in place of one of the same name.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::group::Group;
use crate::iam::inline_policy::{PutPolicy, check_put_policy};
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct PutGroupPolicy {
    name: String,
    policy: PutPolicy,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    group_name: Option<String>,
    policy_name: Option<String>,
    policy_document: Option<String>,
}

impl Operation for PutGroupPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "PutGroupPolicy",
        effect: Effect::Write,
        summary: "Puts an inline policy on a group.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<Group>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.group_name.as_deref();
        check_name(&mut check, "groupName", name, limits::IAM_NAME_CHARS_MAX);
        let (policy, document) = (input.policy_name.as_deref(), input.policy_document.as_deref());
        check_put_policy(&mut check, policy, document);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("groupName", input.group_name)?,
            policy: PutPolicy::parse(input.policy_name, input.policy_document)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Group>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Group>>) -> Result<Done<()>, ApiError> {
        let put = |group: &mut Group| self.policy.put(group, limits::IAM_GROUP_INLINE_CHARS_MAX);
        let (_, writes) = grant.changed(cx, put)?;
        Ok(Done::change((), writes))
    }
}
