//! AddUserToGroup: puts a user into a group.
//!
//! AWS: a user who is in it already stays so. Where both are missing, the user is told of first. Recorded.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::group::Group;
use crate::iam::members::{check_name, parse_name};
use crate::iam::reference::refer;
use crate::iam::target::Target;
use crate::iam::user::User;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct AddUserToGroup {
    name: String,
    user: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    group_name: Option<String>,
    user_name: Option<String>,
}

impl Operation for AddUserToGroup {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "AddUserToGroup",
        effect: Effect::Write,
        summary: "Puts a user into a group.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<Group>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.group_name.as_deref();
        check_name(&mut check, "groupName", name, limits::IAM_NAME_CHARS_MAX);
        let user = input.user_name.as_deref();
        check_name(&mut check, "userName", user, limits::IAM_NAME_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("groupName", input.group_name)?,
            user: parse_name("userName", input.user_name)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Group>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Group>>) -> Result<Done<()>, ApiError> {
        let user = Target::<User>::load(cx, &self.user).await?;
        let mut changed = user.found()?.value.clone();
        let id = &grant.found()?.value.naming.id;
        if changed.groups.contains(id) {
            return Ok(Done::read(()));
        }
        if changed.groups.len() >= limits::IAM_GROUPS_PER_USER_MAX {
            return Err(ApiError::limit_exceeded(format!(
                "Cannot exceed quota for GroupsPerUser: {}",
                limits::IAM_GROUPS_PER_USER_MAX
            )));
        }
        changed.groups.push(id.clone());
        let writes = vec![user.put(cx, &changed)?, grant.still_there()?, refer(cx, id)?];
        Ok(Done::change((), writes))
    }
}
