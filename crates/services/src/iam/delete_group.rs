//! DeleteGroup: removes a group that has neither users nor policies.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::entity::no_policies_left;
use crate::iam::group::Group;
use crate::iam::members::{check_name, parse_name};
use crate::iam::reference::Unreferred;
use crate::iam::target::{Target, delete_conflict};
use crate::iam::usage::count;
use crate::iam::user::{BY_GROUP, group_term};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteGroup {
    name: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    group_name: Option<String>,
}

impl Operation for DeleteGroup {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeleteGroup",
        effect: Effect::Write,
        summary: "Removes a group that has neither users nor policies.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<Group>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.group_name.as_deref();
        check_name(&mut check, "groupName", name, limits::IAM_NAME_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { name: parse_name("groupName", input.group_name)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Group>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Group>>) -> Result<Done<()>, ApiError> {
        let group = &grant.found()?.value;
        let unreferred = Unreferred::begin(cx, &group.naming.id).await?;
        let term = group_term(&group.naming.account, &group.naming.id);
        if count(&cx.house.records, BY_GROUP, &term).await? > 0 {
            return Err(delete_conflict(
                "Cannot delete entity, must remove users from group first.",
            ));
        }
        no_policies_left(group)?;
        Ok(Done::change((), vec![grant.delete()?, unreferred.into_write()]))
    }
}
