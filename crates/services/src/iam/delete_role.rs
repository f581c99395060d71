//! DeleteRole: removes a role that has nothing left.
//!
//! AWS: policies and instance profiles must go first, each with a DeleteConflict of its own.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::entity::no_policies_left;
use crate::iam::instance_profile::is_in_profile;
use crate::iam::members::{check_name, parse_name};
use crate::iam::reference::Unreferred;
use crate::iam::role::Role;
use crate::iam::target::{Target, delete_conflict};
use crate::identity::LastUsed;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteRole {
    name: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    role_name: Option<String>,
}

impl Operation for DeleteRole {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeleteRole",
        effect: Effect::Write,
        summary: "Removes a role.",
    };
    type Input = Input;
    type Output = ();
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

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Role>>) -> Result<Done<()>, ApiError> {
        let role = &grant.found()?.value;
        let unreferred = Unreferred::begin(cx, &role.naming.id).await?;
        if is_in_profile(cx, role).await? {
            let message = "Cannot delete entity, must remove roles from instance profile first.";
            return Err(delete_conflict(message));
        }
        no_policies_left(role)?;
        let last_use = LastUsed::forget(&role.naming.id);
        Ok(Done::change((), vec![grant.delete()?, unreferred.into_write(), last_use]))
    }
}
