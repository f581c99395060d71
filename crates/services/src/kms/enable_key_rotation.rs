//! EnableKeyRotation: has a key's material changed at intervals.

use crate::authz::Grant;
use crate::conditions::{Values, some};
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::members::{Empty, check_key_id};
use crate::kms::multi_region::{changed_with_set, is_own};
use crate::kms::rotation::PERIOD_DAYS_DEFAULT;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct EnableKeyRotation {
    key_id: String,
    days: Option<i64>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_period_in_days: Option<i64>,
}

impl Operation for EnableKeyRotation {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "EnableKeyRotation",
        effect: Effect::Write,
        summary: "Has a key's material changed at intervals.",
    };
    type Input = Input;
    type Output = Empty;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "kms:rotationperiodindays" => some(self.days.map(|days| days.to_string())),
            _ => None,
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check.range("rotationPeriodInDays", input.rotation_period_in_days, 90..=2560);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { key_id: input.key_id.unwrap_or_default(), days: input.rotation_period_in_days })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        KeyTarget::load(cx, &KeyName::parse_key(&self.key_id, cx.region())?).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Empty>, ApiError> {
        is_own(cx, &grant)?;
        let (key, arn) = (&grant.found()?.value, grant.arn_text());
        key.in_use(&arn, cx.now)?;
        key.is_rotated_here(&arn)?;
        if key.is_replica() {
            key.is_multi_region_primary(&arn)?;
        }
        let days = self.days.unwrap_or(PERIOD_DAYS_DEFAULT);
        let planned = changed_with_set(cx, &grant, |key| {
            key.plan_rotation(days, cx.now);
            Ok(())
        });
        Ok(Done::change(Empty {}, planned.await?))
    }
}
