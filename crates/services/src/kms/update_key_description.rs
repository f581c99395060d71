//! UpdateKeyDescription: gives a key another description.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::kms::members::{Empty, check_key_id};
use crate::kms::own_key::load_own;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UpdateKeyDescription {
    key_id: String,
    description: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    description: Option<String>,
}

impl Operation for UpdateKeyDescription {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "UpdateKeyDescription",
        effect: Effect::Write,
        summary: "Gives a key another description.",
    };
    type Input = Input;
    type Output = Empty;
    type Resource = KeyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check.required_length("description", input.description.as_deref(), 0..=8192);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            key_id: input.key_id.unwrap_or_default(),
            description: input.description.unwrap_or_default(),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        load_own(cx, &self.key_id, &Self::SPEC).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Empty>, ApiError> {
        let writes = grant.changed(cx, |key| {
            key.not_deleted(&grant.arn_text(), cx.now)?;
            key.description.clone_from(&self.description);
            Ok(())
        })?;
        Ok(Done::change(Empty {}, writes))
    }
}
