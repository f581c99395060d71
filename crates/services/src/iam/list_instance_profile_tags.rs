//! ListInstanceProfileTags: lists the tags of an instance profile.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::instance_profile::{ProfileTarget, check_profile_name};
use crate::iam::listing::{PageInput, PageOutput, check_page, page_of_list};
use crate::iam::members::{TagMember, keyed_tag_members, parse_name};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListInstanceProfileTags {
    name: String,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    instance_profile_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<i64>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    tags: Vec<TagMember>,
    #[serde(flatten)]
    page: PageOutput,
}

impl Operation for ListInstanceProfileTags {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "ListInstanceProfileTags",
        effect: Effect::Read,
        summary: "Lists the tags of an instance profile.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = ProfileTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_profile_name(&mut check, input.instance_profile_name.as_deref());
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;
        let page = PageInput::new(input.marker, input.max_items);
        Ok(Self { name: parse_name("instanceProfileName", input.instance_profile_name)?, page })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProfileTarget, ApiError> {
        ProfileTarget::load(cx, &self.name).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<ProfileTarget>,
    ) -> Result<Done<Output>, ApiError> {
        let list = keyed_tag_members(&grant.found()?.value.tags);
        let (tags, page) = page_of_list(cx, Self::SPEC.name, &self.name, list, &self.page)?;
        Ok(Done::read(Output { tags, page }))
    }
}
