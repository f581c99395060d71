//! UntagUser: removes tags from a user.
//!
//! AWS: a tag that is not there is as good as removed.

use crate::authz::Grant;
use crate::conditions::{Values, tag_keys};
use crate::error::ApiError;
use crate::iam::members::{check_name, check_tag_keys, parse_name, remove_tags};
use crate::iam::target::Target;
use crate::iam::user::User;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UntagUser {
    name: String,
    keys: Vec<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    user_name: Option<String>,
    tag_keys: Option<Vec<String>>,
}

impl Operation for UntagUser {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "UntagUser",
        effect: Effect::Write,
        summary: "Removes tags from a user.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<User>;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "aws:tagkeys" { tag_keys(self.keys.iter().map(String::as_str)) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.user_name.as_deref();
        check_name(&mut check, "userName", name, limits::IAM_NAME_CHARS_MAX);
        check_tag_keys(&mut check, input.tag_keys.as_deref());
        check.finish().map_err(ApiError::validation)?;

        Ok(Self {
            name: parse_name("userName", input.user_name)?,
            keys: input.tag_keys.unwrap_or_default(),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<User>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<User>>) -> Result<Done<()>, ApiError> {
        let (_, writes) = grant.changed(cx, |user| {
            remove_tags(&mut user.tags, &self.keys);
            Ok(())
        })?;
        Ok(Done::change((), writes))
    }
}
