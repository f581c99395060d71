//! CancelRotateSecret: turns automatic rotation off.
//!
//! AWS: RotationEnabled stays visible as false, rules and function stay; the id of a version that is still AWSPENDING is
//! answered.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::{SecretId, VersionStage};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct CancelRotateSecret {
    secret_id: SecretId,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
}

impl Operation for CancelRotateSecret {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "CancelRotateSecret",
        effect: Effect::Write,
        summary: "Turns automatic rotation off.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = SecretTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { secret_id: parse_secret_id(&input.secret_id.unwrap_or_default())? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Output>, ApiError> {
        let stored = grant.found()?;
        stored.value.writable()?;
        let mut secret = stored.value.clone();
        let Some(rotation) = &mut secret.rotation else {
            return Err(ApiError::invalid_request("The secret is not configured for rotation."));
        };
        rotation.enabled = false;
        rotation.next = None;
        secret.note_change(cx.now);
        let output = Output {
            arn: secret.arn_text().to_owned(),
            name: secret.arn.name.to_string(),
            version_id: secret.stages.holder(VersionStage::PENDING).map(|held| held.id.to_string()),
        };
        let expect = Expect::At(stored.revision);
        let write = cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?;
        Ok(Done::change(output, vec![write]))
    }
}
