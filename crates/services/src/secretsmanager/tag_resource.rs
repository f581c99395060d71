//! TagResource: adds tags to a secret, replacing those of the same key.

use crate::authz::Grant;
use crate::conditions::{Values, request_tags};
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::members::{Empty, TagInput, check_tags, tags_of};
use crate::secretsmanager::secret::merge_tags;
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::{SecretId, Tag};
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct TagResource {
    secret_id: SecretId,
    tags: Vec<Tag>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    tags: Option<Vec<Object<TagInput>>>,
}

impl Operation for TagResource {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "TagResource",
        effect: Effect::Write,
        summary: "Adds tags to a secret.",
    };
    type Input = Input;
    type Output = Empty;
    type Resource = SecretTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        request_tags(&self.tags, key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check.required("tags", input.tags.as_ref());
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let tags = tags_of(input.tags)?;
        Ok(Self { secret_id: parse_secret_id(&input.secret_id.unwrap_or_default())?, tags })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Empty>, ApiError> {
        let stored = grant.found()?;
        stored.value.writable()?;
        let mut secret = stored.value.clone();
        merge_tags(&mut secret.tags, &self.tags)?;
        secret.note_change(cx.now);
        let expect = Expect::At(stored.revision);
        let write = cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?;
        Ok(Done::change(Empty {}, vec![write]))
    }
}
