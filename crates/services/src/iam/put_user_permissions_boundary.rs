//! PutUserPermissionsBoundary: sets the permissions boundary of a user.

use crate::authz::Grant;
use crate::conditions::{Values, one};
use crate::error::ApiError;
use crate::iam::boundary::{check_required_boundary, hold_boundary, parse_boundary};
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::Target;
use crate::iam::user::User;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct PutUserPermissionsBoundary {
    name: String,
    boundary: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    user_name: Option<String>,
    permissions_boundary: Option<String>,
}

impl Operation for PutUserPermissionsBoundary {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "PutUserPermissionsBoundary",
        effect: Effect::Write,
        summary: "Sets the permissions boundary of a user.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<User>;

    fn condition(&self, key: &str) -> Values<'_> {
        // The boundary that is asked for, not the one that is there.
        if key == "iam:permissionsboundary" { one(self.boundary.as_str()) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.user_name.as_deref();
        check_name(&mut check, "userName", name, limits::IAM_USER_NAME_CHARS_MAX);
        check_required_boundary(&mut check, input.permissions_boundary.as_deref());
        check.finish().map_err(ApiError::validation)?;

        Ok(Self {
            name: parse_name("userName", input.user_name)?,
            boundary: input.permissions_boundary.unwrap_or_default(),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<User>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<User>>) -> Result<Done<()>, ApiError> {
        grant.found()?;
        let boundary = parse_boundary(cx, Some(&self.boundary)).await?;
        let (_, mut writes) = grant.changed(cx, |user| {
            user.held.boundary = boundary;
            Ok(())
        })?;
        writes.extend(hold_boundary(cx, Some(&self.boundary)).await?);
        Ok(Done::change((), writes))
    }
}
