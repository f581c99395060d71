//! DisableKeyRotation: has a key keep its material until somebody changes it.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::key::Origin;
use crate::kms::members::{Empty, check_key_id};
use crate::kms::multi_region::{changed_with_set, is_own};
use crate::kms::rotation::of_external;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DisableKeyRotation {
    key_id: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
}

impl Operation for DisableKeyRotation {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "DisableKeyRotation",
        effect: Effect::Write,
        summary: "Has a key keep its material until somebody changes it.",
    };
    type Input = Input;
    type Output = Empty;
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

    /// AWS: keys that never rotate are not refused; those of imported material are. Recorded.
    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Empty>, ApiError> {
        is_own(cx, &grant)?;
        let (key, arn) = (&grant.found()?.value, grant.arn_text());
        key.in_use(&arn, cx.now)?;
        if key.origin == Origin::External {
            return Err(of_external(&arn));
        }
        if key.is_replica() {
            key.is_multi_region_primary(&arn)?;
        }
        let unplanned = changed_with_set(cx, &grant, |key| {
            key.rotation = None;
            Ok(())
        });
        Ok(Done::change(Empty {}, unplanned.await?))
    }
}
