//! DeleteUser: removes a user that has nothing left.
//!
//! AWS: keys, policies and memberships must go first, each with a DeleteConflict of its own.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::entity::no_policies_left;
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::{Target, delete_conflict};
use crate::iam::user::User;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteUser {
    name: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    user_name: Option<String>,
}

impl Operation for DeleteUser {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeleteUser",
        effect: Effect::Write,
        summary: "Removes a user.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<User>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.user_name.as_deref();
        check_name(&mut check, "userName", name, limits::IAM_NAME_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { name: parse_name("userName", input.user_name)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<User>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, _cx: &Cx<'_>, grant: Grant<Target<User>>) -> Result<Done<()>, ApiError> {
        let user = &grant.found()?.value;
        if !user.keys.is_empty() {
            return Err(delete_conflict("Cannot delete entity, must delete access keys first."));
        }
        if !user.groups.is_empty() {
            return Err(delete_conflict(
                "Cannot delete entity, must remove users from group first.",
            ));
        }
        no_policies_left(user)?;
        Ok(Done::change((), vec![grant.delete()?]))
    }
}
