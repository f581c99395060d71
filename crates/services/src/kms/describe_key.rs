//! DescribeKey: tells of a key all but its policy, tags and material.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::members::{check_grant_tokens, check_key_id};
use crate::kms::metadata::KeyMetadata;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DescribeKey {
    key_id: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_tokens: Option<Vec<String>>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    key_metadata: KeyMetadata,
}

impl Operation for DescribeKey {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "DescribeKey",
        effect: Effect::Read,
        summary: "Tells of a key.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_grant_tokens(&mut check, input.grant_tokens.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { key_id: input.key_id.unwrap_or_default() })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        KeyTarget::load(cx, &KeyName::parse(&self.key_id, cx.region())?).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let key = &grant.found()?.value;
        Ok(Done::read(Output { key_metadata: KeyMetadata::of_target(&grant, key, cx.now) }))
    }
}
