//! TagUser: adds tags to a user.

use crate::authz::Grant;
use crate::conditions::{Values, request_tags};
use crate::error::ApiError;
use crate::iam::members::{TagMember, add_tags, check_name, check_tags, parse_name, parse_tags};
use crate::iam::target::Target;
use crate::iam::user::User;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::{Tag, limits};
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct TagUser {
    name: String,
    tags: Vec<Tag>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    user_name: Option<String>,
    tags: Option<Vec<Object<TagMember>>>,
}

impl Operation for TagUser {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "TagUser",
        effect: Effect::Write,
        summary: "Adds tags to a user.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<User>;

    fn condition(&self, key: &str) -> Values<'_> {
        request_tags(&self.tags, key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.user_name.as_deref();
        check_name(&mut check, "userName", name, limits::IAM_NAME_CHARS_MAX);
        check.required("tags", input.tags.as_ref());
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;

        Ok(Self { name: parse_name("userName", input.user_name)?, tags: parse_tags(input.tags)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<User>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<User>>) -> Result<Done<()>, ApiError> {
        let (_, writes) = grant.changed(cx, |user| add_tags(&mut user.tags, &self.tags))?;
        Ok(Done::change((), writes))
    }
}
