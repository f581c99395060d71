//! UpdatePrimaryRegion: makes another key of a multi-Region set the primary.

use crate::authz::{Grant, authorize};
use crate::conditions::{Asked, Values, one};
use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::KeyName;
use crate::kms::for_secrets::Place;
use crate::kms::members::{Empty, check_key_id};
use crate::kms::multi_region::{is_own, with_primary};
use crate::kms::replicate_key::{check_region, parse_region};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Region;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UpdatePrimaryRegion {
    key_id: String,
    region: Region,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    primary_region: Option<String>,
}

/// Condition keys of the request, which holds for both keys.
#[derive(Debug)]
struct NewPrimary<'a>(&'a Region);

impl Asked for NewPrimary<'_> {
    fn condition(&self, key: &str) -> Values<'_> {
        if key == "kms:primaryregion" { one(self.0.as_str()) } else { None }
    }
}

impl Operation for UpdatePrimaryRegion {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "UpdatePrimaryRegion",
        effect: Effect::Write,
        summary: "Makes another key of a multi-Region set the primary.",
    };
    type Input = Input;
    type Output = Empty;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "kms:primaryregion" { one(self.region.as_str()) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_region(&mut check, "primaryRegion", input.primary_region.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            key_id: input.key_id.unwrap_or_default(),
            region: parse_region(input.primary_region)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        KeyTarget::load(cx, &KeyName::parse_key(&self.key_id, cx.region())?).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Empty>, ApiError> {
        is_own(cx, &grant)?;
        let (stored, arn) = (grant.found()?, grant.arn_text());
        stored.value.in_use(&arn, cx.now)?;
        stored.value.is_multi_region_primary(&arn)?;
        if self.region == *cx.region() {
            return Err(is_primary_already(&arn));
        }
        let name = KeyName::of_id(&*stored.value.id);
        let place = Place { account: cx.account(), region: &self.region };
        let replica = KeyTarget::find(cx.house, cx.account(), place, &name).await?;
        // KMS API reference: the permission is needed on both keys.
        let replica =
            authorize(cx, "kms:UpdatePrimaryRegion", &NewPrimary(&self.region), replica).await?;
        replica.found()?.value.in_use(&replica.arn_text(), cx.now)?;
        let writes = with_primary(cx.house, cx.account(), stored, &self.region).await?;
        Ok(Done::change(Empty {}, writes))
    }
}

/// Message inferred.
fn is_primary_already(arn: &str) -> ApiError {
    let message = format!("{arn} is already the multi-region primary key.");
    ApiError::new(ErrorCode::UnsupportedOperation, message)
}
