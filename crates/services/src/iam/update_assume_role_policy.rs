//! UpdateAssumeRolePolicy: who may assume a role.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::members::{check_name, parse_name};
use crate::iam::role::Role;
use crate::iam::target::Target;
use crate::iam::trust::{check_trust, parse_trust, put_trust};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UpdateAssumeRolePolicy {
    name: String,
    trust: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    role_name: Option<String>,
    policy_document: Option<String>,
}

impl Operation for UpdateAssumeRolePolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "UpdateAssumeRolePolicy",
        effect: Effect::Write,
        summary: "Changes who may assume a role.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<Role>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.role_name.as_deref();
        check_name(&mut check, "roleName", name, limits::IAM_USER_NAME_CHARS_MAX);
        check_trust(&mut check, "policyDocument", input.policy_document.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("roleName", input.role_name)?,
            trust: parse_trust(input.policy_document)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Role>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Role>>) -> Result<Done<()>, ApiError> {
        let mut role = grant.found()?.value.clone();
        put_trust(cx, &mut role, &self.trust).await?;
        let write = grant.put(cx, &role)?;
        Ok(Done::change((), vec![write]))
    }
}
