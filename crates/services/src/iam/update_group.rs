//! UpdateGroup: gives a group another name or path.
//!
//! AWS: its users and policies stay with it. Users refer to it by its unique id, so none of their records changes.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::group::Group;
use crate::iam::members::{check_name, parse_name};
use crate::iam::rename::Rename;
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UpdateGroup {
    name: String,
    rename: Rename,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    group_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_group_name: Option<String>,
}

impl Operation for UpdateGroup {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "UpdateGroup",
        effect: Effect::Write,
        summary: "Gives a group another name or path.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<Group>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.group_name.as_deref();
        check_name(&mut check, "groupName", name, limits::IAM_NAME_CHARS_MAX);
        check.length("newPath", input.new_path.as_deref(), 1..=limits::IAM_PATH_CHARS_MAX);
        let new_name = input.new_group_name.as_deref();
        check.length("newGroupName", new_name, 1..=limits::IAM_NAME_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;

        Ok(Self {
            name: parse_name("groupName", input.group_name)?,
            rename: Rename::parse("newGroupName", input.new_group_name, input.new_path)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Group>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Group>>) -> Result<Done<()>, ApiError> {
        let (_, writes) =
            self.rename.apply(cx, "iam:UpdateGroup", &grant, |group| &mut group.naming).await?;
        Ok(Done::change((), writes))
    }
}
