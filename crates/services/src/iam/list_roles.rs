//! ListRoles: the account's roles under a path.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::listing::{Listed, PageInput, PageOutput, check_page, page_of_records};
use crate::iam::members::parse_path_prefix;
use crate::iam::role::{ROLES, Role};
use crate::iam::role_member::RoleMember;
use crate::iam::target::ByArn;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListRoles {
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
    roles: Vec<RoleMember>,
    #[serde(flatten)]
    page: PageOutput,
}

impl Operation for ListRoles {
    const SPEC: Spec =
        Spec { service: "iam", name: "ListRoles", effect: Effect::Read, summary: "Lists roles." };
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
        // AWS: a list is authorised on all roles under the path.
        Ok(ByArn {
            arn: format!("arn:aws:iam::{}:role{}", cx.account(), self.path_prefix),
            found: (),
        })
    }

    async fn run(&self, cx: &Cx<'_>, _grant: Grant<ByArn<()>>) -> Result<Done<Output>, ApiError> {
        let account = cx.account().as_str().as_bytes();
        let listed = Listed { operation: "ListRoles", index: ROLES, prefix: account };
        let is_under = |role: &Role| role.naming.path.starts_with(&self.path_prefix);
        let (found, page) = page_of_records::<Role>(cx, listed, &self.page, is_under).await?;
        let mut roles = Vec::with_capacity(found.len());
        for role in &found {
            roles.push(RoleMember::listed(&cx.house.records, &role.value).await?);
        }
        Ok(Done::read(Output { roles, page }))
    }
}
