//! CreateRole: a new role, whose sessions may do nothing yet.

use crate::authz::Grant;
use crate::conditions::{Values, request_tags, some};
use crate::error::{ApiError, ErrorCode};
use crate::iam::boundary::{check_boundary, hold_boundary, parse_boundary};
use crate::iam::entity::{Naming, entity_key};
use crate::iam::members::{TagMember, check_name, check_tags, parse_name, parse_path, parse_tags};
use crate::iam::role::{Role, SESSION_SECS_DEFAULT, check_role_details};
use crate::iam::role_member::RoleMember;
use crate::iam::target::NewName;
use crate::iam::trust::{check_trust, parse_trust, put_trust};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::{Tag, limits};
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct CreateRole {
    name: String,
    path: String,
    boundary: Option<String>,
    tags: Vec<Tag>,
    trust: String,
    description: Option<String>,
    session_secs_max: i64,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    role_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    assume_role_policy_document: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_session_duration: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Object<TagMember>>>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    role: RoleMember,
}

impl Operation for CreateRole {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "CreateRole",
        effect: Effect::Write,
        summary: "Makes a role.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = NewName<Role>;

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "iam:permissionsboundary" => some(self.boundary.as_deref()),
            _ => request_tags(&self.tags, key),
        }
    }

    fn further_actions(&self) -> Vec<&'static str> {
        if self.tags.is_empty() { Vec::new() } else { vec!["iam:TagRole"] }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.role_name.as_deref();
        check_name(&mut check, "roleName", name, limits::IAM_USER_NAME_CHARS_MAX);
        check.length("path", input.path.as_deref(), 1..=limits::IAM_PATH_CHARS_MAX);
        let trust = input.assume_role_policy_document.as_deref();
        check_trust(&mut check, "assumeRolePolicyDocument", trust);
        check_role_details(&mut check, input.description.as_deref(), input.max_session_duration);
        check_boundary(&mut check, input.permissions_boundary.as_deref());
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("roleName", input.role_name)?,
            path: parse_path(input.path)?,
            boundary: input.permissions_boundary,
            tags: parse_tags(input.tags)?,
            trust: parse_trust(input.assume_role_policy_document)?,
            description: input.description,
            session_secs_max: input.max_session_duration.unwrap_or(SESSION_SECS_DEFAULT),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<NewName<Role>, ApiError> {
        NewName::load(cx, &self.path, &self.name).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<NewName<Role>>,
    ) -> Result<Done<Output>, ApiError> {
        if grant.taken.is_some() {
            let message = format!("Role with name {} already exists.", self.name);
            return Err(ApiError::new(ErrorCode::EntityAlreadyExists, message));
        }
        let naming =
            Naming::new(cx.account(), &self.name, &self.path, "AROA", cx.now, cx.entropy());
        let mut role = Role::new(naming, self.session_secs_max);
        put_trust(cx, &mut role, &self.trust).await?;
        role.description.clone_from(&self.description);
        role.held.boundary = parse_boundary(cx, self.boundary.as_deref()).await?;
        role.tags.clone_from(&self.tags);
        let key = entity_key(cx.account(), &self.name);
        let mut writes = hold_boundary(cx, self.boundary.as_deref()).await?;
        writes.push(cx.house.records.put(cx.entropy(), key, &role, Expect::Absent)?);
        let role = RoleMember::made(&cx.house.records, &role).await?;
        Ok(Done::change(Output { role }, writes))
    }
}
