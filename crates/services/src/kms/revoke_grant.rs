//! RevokeGrant: ends a grant, whatever its grantee would say.

use crate::authz::Grant as Granted;
use crate::conditions::{Values, flag};
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::grant::{Grant, grant_key, removal};
use crate::kms::grant_entry::{check_grant_id, no_grant, parse_grant_id};
use crate::kms::members::{Empty, check_key_id, dry_run};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct RevokeGrant {
    key_id: String,
    grant_id: String,
    is_dry: bool,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    grant_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
}

impl Operation for RevokeGrant {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "RevokeGrant",
        effect: Effect::Write,
        summary: "Ends a grant.",
    };
    type Input = Input;
    type Output = Empty;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "kms:grantisforawsresource" { flag(false) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check.required("grantId", input.grant_id.as_ref());
        check_grant_id(&mut check, input.grant_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let grant_id = input.grant_id.unwrap_or_default();
        parse_grant_id(&grant_id)?;
        Ok(Self {
            key_id: input.key_id.unwrap_or_default(),
            grant_id,
            is_dry: input.dry_run.unwrap_or(false),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        KeyTarget::load(cx, &KeyName::parse_key(&self.key_id, cx.region())?).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Granted<KeyTarget>) -> Result<Done<Empty>, ApiError> {
        let key = &grant.found()?.key;
        let held = cx.house.records.get::<Grant>(&grant_key(key, &self.grant_id)).await?;
        let held = held.ok_or_else(|| no_grant(&self.grant_id))?;
        dry_run(self.is_dry)?;
        Ok(Done::change(Empty {}, removal(cx, key, &held).await?))
    }
}
