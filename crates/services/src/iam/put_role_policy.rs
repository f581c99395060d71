//! PutRolePolicy: puts an inline policy on a role, in place of one of the same name.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::inline_policy::{PutPolicy, check_put_policy};
use crate::iam::members::{check_name, parse_name};
use crate::iam::role::Role;
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct PutRolePolicy {
    name: String,
    policy: PutPolicy,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    role_name: Option<String>,
    policy_name: Option<String>,
    policy_document: Option<String>,
}

impl Operation for PutRolePolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "PutRolePolicy",
        effect: Effect::Write,
        summary: "Puts an inline policy on a role.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<Role>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.role_name.as_deref();
        check_name(&mut check, "roleName", name, limits::IAM_USER_NAME_CHARS_MAX);
        let (policy, document) = (input.policy_name.as_deref(), input.policy_document.as_deref());
        check_put_policy(&mut check, policy, document);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("roleName", input.role_name)?,
            policy: PutPolicy::parse(input.policy_name, input.policy_document)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Role>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Role>>) -> Result<Done<()>, ApiError> {
        let put = |role: &mut Role| self.policy.put(role, limits::IAM_ROLE_INLINE_CHARS_MAX);
        let (_, writes) = grant.changed(cx, put)?;
        Ok(Done::change((), writes))
    }
}
