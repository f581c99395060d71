//! RotateKeyOnDemand: changes a key's material now.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::key::Origin;
use crate::kms::material::RotationType;
use crate::kms::members::check_key_id;
use crate::kms::multi_region::{is_own, rotate_imported};
use crate::kms::rotation::rotated;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::Write;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct RotateKeyOnDemand {
    key_id: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all(serialize = "PascalCase"))]
pub struct Output {
    key_id: String,
}

impl Operation for RotateKeyOnDemand {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "RotateKeyOnDemand",
        effect: Effect::Write,
        summary: "Changes a key's material now.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { key_id: input.key_id.unwrap_or_default() })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        KeyTarget::load(cx, &KeyName::parse_key(&self.key_id, cx.region())?).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        is_own(cx, &grant)?;
        let (key, key_id) = (&grant.found()?.value, grant.arn_text());
        key.in_use(&key_id, cx.now)?;
        key.is_rotatable()?;
        if key.is_replica() {
            key.is_multi_region_primary(&key_id)?;
        }
        key.has_rotations_left(&key_id)?;
        let writes = Self::rotated(cx, &grant).await?;
        Ok(Done::change(Output { key_id }, writes))
    }
}

impl RotateKeyOnDemand {
    async fn rotated(cx: &Cx<'_>, target: &KeyTarget) -> Result<Vec<Write>, ApiError> {
        let stored = target.found()?;
        match stored.value.origin {
            Origin::AwsKms => {
                rotated(cx.house, target.owner(), stored, RotationType::OnDemand, cx.now).await
            }
            Origin::External => rotate_imported(cx, target).await,
        }
    }
}
