//! CreateUser: a new user, who may do nothing yet.

use crate::authz::Grant;
use crate::conditions::{Values, request_tags, some};
use crate::error::{ApiError, ErrorCode};
use crate::iam::boundary::{check_boundary, hold_boundary, parse_boundary};
use crate::iam::entity::{Naming, entity_key};
use crate::iam::members::{TagMember, check_name, check_tags, parse_name, parse_path, parse_tags};
use crate::iam::target::NewName;
use crate::iam::user::User;
use crate::iam::user_member::UserMember;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::{Tag, limits};
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct CreateUser {
    name: String,
    path: String,
    boundary: Option<String>,
    tags: Vec<Tag>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Object<TagMember>>>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    user: UserMember,
}

impl Operation for CreateUser {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "CreateUser",
        effect: Effect::Write,
        summary: "Makes a user.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = NewName<User>;

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "iam:permissionsboundary" => some(self.boundary.as_deref()),
            _ => request_tags(&self.tags, key),
        }
    }

    fn further_actions(&self) -> Vec<&'static str> {
        if self.tags.is_empty() { Vec::new() } else { vec!["iam:TagUser"] }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.user_name.as_deref();
        check_name(&mut check, "userName", name, limits::IAM_USER_NAME_CHARS_MAX);
        check.length("path", input.path.as_deref(), 1..=limits::IAM_PATH_CHARS_MAX);
        check_boundary(&mut check, input.permissions_boundary.as_deref());
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("userName", input.user_name)?,
            path: parse_path(input.path)?,
            boundary: input.permissions_boundary,
            tags: parse_tags(input.tags)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<NewName<User>, ApiError> {
        NewName::load(cx, &self.path, &self.name).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<NewName<User>>,
    ) -> Result<Done<Output>, ApiError> {
        if grant.taken.is_some() {
            let message = format!("User with name {} already exists.", self.name);
            return Err(ApiError::new(ErrorCode::EntityAlreadyExists, message));
        }
        let naming =
            Naming::new(cx.account(), &self.name, &self.path, "AIDA", cx.now, cx.entropy());
        let mut user = User::new(naming);
        user.held.boundary = parse_boundary(cx, self.boundary.as_deref()).await?;
        user.tags.clone_from(&self.tags);
        let key = entity_key(cx.account(), &self.name);
        let mut writes = hold_boundary(cx, self.boundary.as_deref()).await?;
        writes.push(cx.house.records.put(cx.entropy(), key, &user, Expect::Absent)?);
        Ok(Done::change(Output { user: UserMember::whole(&user) }, writes))
    }
}
