//! UpdateRole: a role's description and longest session.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::members::{check_name, parse_name};
use crate::iam::role::{Role, check_role_details};
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UpdateRole {
    name: String,
    description: Option<String>,
    session_secs_max: Option<i64>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    role_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_session_duration: Option<i64>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
pub struct Output {}

impl Operation for UpdateRole {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "UpdateRole",
        effect: Effect::Write,
        summary: "Changes a role's description and longest session.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = Target<Role>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.role_name.as_deref();
        check_name(&mut check, "roleName", name, limits::IAM_USER_NAME_CHARS_MAX);
        check_role_details(&mut check, input.description.as_deref(), input.max_session_duration);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("roleName", input.role_name)?,
            description: input.description,
            session_secs_max: input.max_session_duration,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Role>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Role>>) -> Result<Done<Output>, ApiError> {
        let mut role = grant.found()?.value.clone();
        if let Some(description) = &self.description {
            role.description = Some(description.clone());
        }
        // AWS: what is left out stays as it is. Recorded; the API reference says that the longest session becomes an hour.
        role.session_secs_max = self.session_secs_max.unwrap_or(role.session_secs_max);
        let write = grant.put(cx, &role)?;
        Ok(Done::change(Output {}, vec![write]))
    }
}
