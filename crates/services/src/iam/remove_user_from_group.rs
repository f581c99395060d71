//! RemoveUserFromGroup: takes a user out of a group.
//!
//! AWS: a user who is not in it is as good as taken out. Where both are missing, the user is told of first. Recorded.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::group::Group;
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::Target;
use crate::iam::user::User;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct RemoveUserFromGroup {
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

impl Operation for RemoveUserFromGroup {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "RemoveUserFromGroup",
        effect: Effect::Write,
        summary: "Takes a user out of a group.",
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
        if !changed.groups.contains(id) {
            return Ok(Done::read(()));
        }
        changed.groups.retain(|held| held != id);
        Ok(Done::change((), vec![user.put(cx, &changed)?]))
    }
}
