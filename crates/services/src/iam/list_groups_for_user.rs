//! ListGroupsForUser: lists the groups of a user.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::group::find_group;
use crate::iam::group_member::GroupMember;
use crate::iam::listing::{PageInput, PageOutput, check_page, page_of_list};
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::Target;
use crate::iam::user::User;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListGroupsForUser {
    user: String,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<i64>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    groups: Vec<GroupMember>,
    #[serde(flatten)]
    page: PageOutput,
}

impl Operation for ListGroupsForUser {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "ListGroupsForUser",
        effect: Effect::Read,
        summary: "Lists the groups of a user.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = Target<User>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let user = input.user_name.as_deref();
        check_name(&mut check, "userName", user, limits::IAM_NAME_CHARS_MAX);
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;
        let page = PageInput::new(input.marker, input.max_items);
        Ok(Self { user: parse_name("userName", input.user_name)?, page })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<User>, ApiError> {
        Target::load(cx, &self.user).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<User>>) -> Result<Done<Output>, ApiError> {
        let user = &grant.found()?.value;
        let mut list = Vec::with_capacity(user.groups.len());
        for id in &user.groups {
            if let Some(group) = find_group(&cx.house.records, cx.account(), id).await? {
                let name = group.value.naming.name.to_ascii_lowercase();
                list.push((name, GroupMember::of(&group.value)));
            }
        }
        let (groups, page) = page_of_list(cx, Self::SPEC.name, &user.naming.id, list, &self.page)?;
        Ok(Done::read(Output { groups, page }))
    }
}
