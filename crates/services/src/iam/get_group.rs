//! GetGroup: answers a group with its users.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::group::Group;
use crate::iam::group_member::GroupMember;
use crate::iam::listing::{Listed, PageInput, PageOutput, check_page, page_of_records};
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::Target;
use crate::iam::user::{BY_GROUP, User, group_term};
use crate::iam::user_member::UserMember;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetGroup {
    name: String,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    group_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<i64>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    group: GroupMember,
    users: Vec<UserMember>,
    #[serde(flatten)]
    page: PageOutput,
}

impl Operation for GetGroup {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetGroup",
        effect: Effect::Read,
        summary: "Answers a group with its users.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = Target<Group>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.group_name.as_deref();
        check_name(&mut check, "groupName", name, limits::IAM_NAME_CHARS_MAX);
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;
        let page = PageInput::new(input.marker, input.max_items);
        Ok(Self { name: parse_name("groupName", input.group_name)?, page })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Group>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<Target<Group>>,
    ) -> Result<Done<Output>, ApiError> {
        let group = &grant.found()?.value;
        let term = group_term(&group.naming.account, &group.naming.id);
        let listed = Listed { operation: Self::SPEC.name, index: BY_GROUP, prefix: &term };
        let (users, page) = page_of_records::<User>(cx, listed, &self.page, |_| true).await?;
        let users = users.iter().map(|user| UserMember::listed(&user.value)).collect();
        Ok(Done::read(Output { group: GroupMember::of(group), users, page }))
    }
}
