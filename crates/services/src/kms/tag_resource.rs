//! TagResource: adds tags to a key, or gives them other values.

use crate::authz::Grant;
use crate::conditions::{Values, request_tags};
use crate::error::ApiError;
use crate::kms::members::{Empty, TagMember, add_tags, check_key_id, check_tags, parse_tags};
use crate::kms::own_key::load_own;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Tag;
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct TagResource {
    key_id: String,
    tags: Vec<Tag>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    tags: Option<Vec<Object<TagMember>>>,
}

impl Operation for TagResource {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "TagResource",
        effect: Effect::Write,
        summary: "Adds tags to a key or gives them other values.",
    };
    type Input = Input;
    type Output = Empty;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        request_tags(&self.tags, key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check.required("tags", input.tags.as_ref());
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let tags = parse_tags(input.tags)?;
        Ok(Self { key_id: input.key_id.unwrap_or_default(), tags })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        load_own(cx, &self.key_id, &Self::SPEC).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Empty>, ApiError> {
        let writes = grant.changed(cx, |key| {
            key.not_deleted(&grant.arn_text(), cx.now)?;
            add_tags(&mut key.tags, &self.tags)
        })?;
        Ok(Done::change(Empty {}, writes))
    }
}
