//! GetRole: a role's details, with its last use.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::members::{check_name, parse_name};
use crate::iam::role::Role;
use crate::iam::role_member::RoleMember;
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetRole {
    name: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    role_name: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    role: RoleMember,
}

impl Operation for GetRole {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetRole",
        effect: Effect::Read,
        summary: "Answers a role's details.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = Target<Role>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.role_name.as_deref();
        check_name(&mut check, "roleName", name, limits::IAM_USER_NAME_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { name: parse_name("roleName", input.role_name)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Role>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Role>>) -> Result<Done<Output>, ApiError> {
        let role = &grant.found()?.value;
        Ok(Done::read(Output { role: RoleMember::whole(&cx.house.records, role).await? }))
    }
}
