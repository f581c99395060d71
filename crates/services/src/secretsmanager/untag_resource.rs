//! UntagResource: removes tags from a secret. Keys that it does not have are passed over.
//!
//! AWS, recorded: after the last tag is gone `Tags` is an empty list, not absent.

use crate::authz::Grant;
use crate::conditions::{Values, tag_keys};
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::members::{Empty, check_tag_key};
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::{SecretId, limits};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UntagResource {
    secret_id: SecretId,
    keys: Vec<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    tag_keys: Option<Vec<String>>,
}

impl Operation for UntagResource {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "UntagResource",
        effect: Effect::Write,
        summary: "Removes tags from a secret.",
    };
    type Input = Input;
    type Output = Empty;
    type Resource = SecretTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "aws:tagkeys" { tag_keys(self.keys.iter().map(String::as_str)) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check.required("tagKeys", input.tag_keys.as_ref());
        for (place, key) in input.tag_keys.iter().flatten().enumerate() {
            let member = format!("tagKeys.{}.member", place + 1);
            check.length(&member, Some(key), 1..=limits::TAG_KEY_CHARS_MAX);
        }
        check.finish().map_err(ApiError::validation)?;
        let keys = input.tag_keys.unwrap_or_default();
        keys.iter().try_for_each(|key| check_tag_key(key))?;
        Ok(Self { secret_id: parse_secret_id(&input.secret_id.unwrap_or_default())?, keys })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Empty>, ApiError> {
        let stored = grant.found()?;
        stored.value.writable()?;
        let mut secret = stored.value.clone();
        if let Some(tags) = &mut secret.tags {
            tags.retain(|tag| !self.keys.contains(&tag.key));
        }
        secret.note_change(cx.now);
        let expect = Expect::At(stored.revision);
        let write = cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?;
        Ok(Done::change(Empty {}, vec![write]))
    }
}
