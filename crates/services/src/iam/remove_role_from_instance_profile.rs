//! RemoveRoleFromInstanceProfile: takes a role out of an instance profile.

use crate::authz::Grant;
use crate::error::{ApiError, ErrorCode};
use crate::iam::instance_profile::{ProfileTarget, check_profile_name};
use crate::iam::members::{check_name, parse_name};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct RemoveRoleFromInstanceProfile {
    name: String,
    role: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    instance_profile_name: Option<String>,
    role_name: Option<String>,
}

impl Operation for RemoveRoleFromInstanceProfile {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "RemoveRoleFromInstanceProfile",
        effect: Effect::Write,
        summary: "Takes a role out of an instance profile.",
    };
    type Input = Input;
    type Output = ();
    type Resource = ProfileTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_profile_name(&mut check, input.instance_profile_name.as_deref());
        let role = input.role_name.as_deref();
        check_name(&mut check, "roleName", role, limits::IAM_USER_NAME_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("instanceProfileName", input.instance_profile_name)?,
            role: parse_name("roleName", input.role_name)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProfileTarget, ApiError> {
        ProfileTarget::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<ProfileTarget>) -> Result<Done<()>, ApiError> {
        let mut profile = grant.found()?.value.clone();
        let is_it = |(_, name): &(String, String)| name.eq_ignore_ascii_case(&self.role);
        if !profile.role.as_ref().is_some_and(is_it) {
            let Self { name, role } = self;
            let message = format!("Role {role} in Instance Profile {name} cannot be found.");
            return Err(ApiError::new(ErrorCode::NoSuchEntity, message));
        }
        profile.role = None;
        Ok(Done::change((), vec![grant.put(cx, &profile)?]))
    }
}
