//! ListResourceTags: lists the tags of a key.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::kms::listing::{PageInput, PageOutput, TAGS_PER_PAGE, check_page, page_of_list};
use crate::kms::members::{TagMember, check_key_id};
use crate::kms::own_key::load_own;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListResourceTags {
    key_id: String,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    tags: Vec<TagMember>,
    #[serde(flatten)]
    page: PageOutput,
}

impl Operation for ListResourceTags {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "ListResourceTags",
        effect: Effect::Read,
        summary: "Lists the tags of a key.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_page(&mut check, input.limit, input.marker.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let page = PageInput::new(input.limit, input.marker, TAGS_PER_PAGE);
        Ok(Self { key_id: input.key_id.unwrap_or_default(), page })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        load_own(cx, &self.key_id, &Self::SPEC).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let key = &grant.found()?.value;
        let list = key.tags.iter().map(|tag| (tag.key.clone(), TagMember::from(tag))).collect();
        let (tags, page) = page_of_list(cx, Self::SPEC.name, &key.id, list, &self.page)?;
        Ok(Done::read(Output { tags, page }))
    }
}
