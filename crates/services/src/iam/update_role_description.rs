//! UpdateRoleDescription: a role's description.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::members::{check_name, parse_name};
use crate::iam::role::{Role, check_role_details};
use crate::iam::role_member::RoleMember;
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UpdateRoleDescription {
    name: String,
    description: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    role_name: Option<String>,
    description: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    role: RoleMember,
}

impl Operation for UpdateRoleDescription {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "UpdateRoleDescription",
        effect: Effect::Write,
        summary: "Changes a role's description.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = Target<Role>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.role_name.as_deref();
        check_name(&mut check, "roleName", name, limits::IAM_USER_NAME_CHARS_MAX);
        check.required("description", input.description.as_ref());
        check_role_details(&mut check, input.description.as_deref(), None);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("roleName", input.role_name)?,
            description: input.description.unwrap_or_default(),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Role>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Role>>) -> Result<Done<Output>, ApiError> {
        let mut role = grant.found()?.value.clone();
        role.description = Some(self.description.clone());
        let write = grant.put(cx, &role)?;
        let role = RoleMember::described(&cx.house.records, &role).await?;
        Ok(Done::change(Output { role }, vec![write]))
    }
}
