//! DeleteUserPermissionsBoundary: removes the permissions boundary of a user.
//!
//! The boundary that goes is what `iam:PermissionsBoundary` stands for: who may only set one boundary cannot take it away.

use crate::authz::Grant;
use crate::error::{ApiError, ErrorCode};
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::Target;
use crate::iam::user::User;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteUserPermissionsBoundary {
    name: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    user_name: Option<String>,
}

impl Operation for DeleteUserPermissionsBoundary {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeleteUserPermissionsBoundary",
        effect: Effect::Write,
        summary: "Removes the permissions boundary of a user.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<User>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.user_name.as_deref();
        check_name(&mut check, "userName", name, limits::IAM_USER_NAME_CHARS_MAX);

        check.finish().map_err(ApiError::validation)?;

        Ok(Self { name: parse_name("userName", input.user_name)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<User>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<User>>) -> Result<Done<()>, ApiError> {
        let (_, writes) = grant.changed(cx, |user| {
            let message = format!("User {} does not have a permission boundary.", self.name);
            let removed = user.held.boundary.take();
            removed.map(drop).ok_or_else(|| ApiError::new(ErrorCode::NoSuchEntity, message))
        })?;
        Ok(Done::change((), writes))
    }
}
