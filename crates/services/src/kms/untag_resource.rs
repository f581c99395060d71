//! UntagResource: takes tags from a key. One that it does not have is no error.

use crate::authz::Grant;
use crate::conditions::{Values, tag_keys};
use crate::error::ApiError;
use crate::kms::members::{Empty, check_key_id, check_tag_key};
use crate::kms::own_key::load_own;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UntagResource {
    key_id: String,
    tag_keys: Vec<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    tag_keys: Option<Vec<String>>,
}

impl Operation for UntagResource {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "UntagResource",
        effect: Effect::Write,
        summary: "Takes tags from a key.",
    };
    type Input = Input;
    type Output = Empty;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "aws:tagkeys" { tag_keys(self.tag_keys.iter().map(String::as_str)) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check.required("tagKeys", input.tag_keys.as_ref());
        check.entry_lengths("tagKeys", input.tag_keys.as_deref(), 1..=limits::TAG_KEY_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        let tag_keys = input.tag_keys.unwrap_or_default();
        for key in &tag_keys {
            check_tag_key(key)?;
        }
        Ok(Self { key_id: input.key_id.unwrap_or_default(), tag_keys })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        load_own(cx, &self.key_id, &Self::SPEC).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Empty>, ApiError> {
        let writes = grant.changed(cx, |key| {
            key.not_deleted(&grant.arn_text(), cx.now)?;
            key.tags.retain(|tag| !self.tag_keys.contains(&tag.key));
            Ok(())
        })?;
        Ok(Done::change(Empty {}, writes))
    }
}
