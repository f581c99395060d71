//! UntagRole: removes tags from a role.
//!
//! AWS: a tag that is not there is as good as removed.

use crate::authz::Grant;
use crate::conditions::{Values, tag_keys};
use crate::error::ApiError;
use crate::iam::members::{check_name, check_tag_keys, parse_name, remove_tags};
use crate::iam::role::Role;
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UntagRole {
    name: String,
    keys: Vec<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    role_name: Option<String>,
    tag_keys: Option<Vec<String>>,
}

impl Operation for UntagRole {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "UntagRole",
        effect: Effect::Write,
        summary: "Removes tags from a role.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<Role>;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "aws:tagkeys" { tag_keys(self.keys.iter().map(String::as_str)) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.role_name.as_deref();
        check_name(&mut check, "roleName", name, limits::IAM_USER_NAME_CHARS_MAX);
        check_tag_keys(&mut check, input.tag_keys.as_deref());
        check.finish().map_err(ApiError::validation)?;

        Ok(Self {
            name: parse_name("roleName", input.role_name)?,
            keys: input.tag_keys.unwrap_or_default(),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Role>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Role>>) -> Result<Done<()>, ApiError> {
        let (_, writes) = grant.changed(cx, |role| {
            remove_tags(&mut role.tags, &self.keys);
            Ok(())
        })?;
        Ok(Done::change((), writes))
    }
}
