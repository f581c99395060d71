//! CreateGroup: makes a group.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::entity::{HeldPolicies, Naming, entity_key};
use crate::iam::group::Group;
use crate::iam::group_member::GroupMember;
use crate::iam::members::{check_name, parse_name, parse_path};
use crate::iam::rename::already_exists;
use crate::iam::target::NewName;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct CreateGroup {
    name: String,
    path: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    group_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    group: GroupMember,
}

impl Operation for CreateGroup {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "CreateGroup",
        effect: Effect::Write,
        summary: "Makes a group.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = NewName<Group>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.group_name.as_deref();
        check_name(&mut check, "groupName", name, limits::IAM_NAME_CHARS_MAX);
        check.length("path", input.path.as_deref(), 1..=limits::IAM_PATH_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { name: parse_name("groupName", input.group_name)?, path: parse_path(input.path)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<NewName<Group>, ApiError> {
        NewName::load(cx, &self.path, &self.name).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<NewName<Group>>,
    ) -> Result<Done<Output>, ApiError> {
        if grant.taken.is_some() {
            return Err(already_exists::<Group>(&self.name));
        }
        let naming =
            Naming::new(cx.account(), &self.name, &self.path, "AGPA", cx.now, cx.entropy());
        let group = Group { naming, held: HeldPolicies::default() };
        let key = entity_key(cx.account(), &self.name);
        let write = cx.house.records.put(cx.entropy(), key, &group, Expect::Absent)?;
        Ok(Done::change(Output { group: GroupMember::of(&group) }, vec![write]))
    }
}
