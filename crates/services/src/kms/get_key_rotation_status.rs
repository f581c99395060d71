//! GetKeyRotationStatus: tells whether and when a key's material is changed.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::key::RotationPlan;
use crate::kms::members::check_key_id;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Timestamp;
use strongroom_wire::{Constraints, epoch};

/// The valid request.
#[derive(Debug)]
pub struct GetKeyRotationStatus {
    key_id: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
}

/// The answer on the wire. A rotation on demand is done at once, so none is ever under way.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    key_rotation_enabled: bool,
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_period_in_days: Option<i64>,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    next_rotation_date: Option<Timestamp>,
}

impl Output {
    fn new(key_id: String, plan: Option<RotationPlan>) -> Self {
        Self {
            key_rotation_enabled: plan.is_some(),
            key_id,
            rotation_period_in_days: plan.map(|plan| plan.days),
            next_rotation_date: plan.map(|plan| plan.next),
        }
    }
}

impl Operation for GetKeyRotationStatus {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "GetKeyRotationStatus",
        effect: Effect::Read,
        summary: "Tells whether and when a key's material is changed.",
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

    /// KMS API reference: of a key that waits for its deletion the status is false.
    async fn run(&self, _cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let key = &grant.found()?.value;
        let plan = key.rotation.filter(|_| key.deletion.is_none());
        Ok(Done::read(Output::new(key.id.clone(), plan)))
    }
}
