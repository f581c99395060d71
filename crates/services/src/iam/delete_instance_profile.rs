//! DeleteInstanceProfile: removes an instance profile.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::instance_profile::{ProfileTarget, check_profile_name};
use crate::iam::members::parse_name;
use crate::iam::target::delete_conflict;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteInstanceProfile {
    name: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    instance_profile_name: Option<String>,
}

impl Operation for DeleteInstanceProfile {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeleteInstanceProfile",
        effect: Effect::Write,
        summary: "Removes an instance profile.",
    };
    type Input = Input;
    type Output = ();
    type Resource = ProfileTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_profile_name(&mut check, input.instance_profile_name.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { name: parse_name("instanceProfileName", input.instance_profile_name)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProfileTarget, ApiError> {
        ProfileTarget::load(cx, &self.name).await
    }

    async fn run(&self, _cx: &Cx<'_>, grant: Grant<ProfileTarget>) -> Result<Done<()>, ApiError> {
        if grant.found()?.value.role.is_some() {
            let message = "Cannot delete entity, must remove roles from instance profile first.";
            return Err(delete_conflict(message));
        }
        Ok(Done::change((), vec![grant.delete()?]))
    }
}
