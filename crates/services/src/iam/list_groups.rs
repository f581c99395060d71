//! ListGroups: the account's groups under a path.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::group::{GROUPS, Group};
use crate::iam::group_member::GroupMember;
use crate::iam::listing::{Listed, PageInput, PageOutput, check_page, page_of_records};
use crate::iam::members::parse_path_prefix;
use crate::iam::target::ByArn;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListGroups {
    path_prefix: String,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    path_prefix: Option<String>,
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

impl Operation for ListGroups {
    const SPEC: Spec =
        Spec { service: "iam", name: "ListGroups", effect: Effect::Read, summary: "Lists groups." };
    type Input = Input;
    type Output = Output;
    type Resource = ByArn<()>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check.length("pathPrefix", input.path_prefix.as_deref(), 1..=limits::IAM_PATH_CHARS_MAX);
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;
        let page = PageInput::new(input.marker, input.max_items);
        Ok(Self { path_prefix: parse_path_prefix(input.path_prefix)?, page })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ByArn<()>, ApiError> {
        // AWS: a list is authorised on all groups under the path.
        Ok(ByArn {
            arn: format!("arn:aws:iam::{}:group{}", cx.account(), self.path_prefix),
            found: (),
        })
    }

    async fn run(&self, cx: &Cx<'_>, _grant: Grant<ByArn<()>>) -> Result<Done<Output>, ApiError> {
        let account = cx.account().as_str().as_bytes();
        let listed = Listed { operation: "ListGroups", index: GROUPS, prefix: account };
        let is_under = |group: &Group| group.naming.path.starts_with(&self.path_prefix);
        let (groups, page) = page_of_records::<Group>(cx, listed, &self.page, is_under).await?;
        let groups = groups.iter().map(|group| GroupMember::of(&group.value)).collect();
        Ok(Done::read(Output { groups, page }))
    }
}
