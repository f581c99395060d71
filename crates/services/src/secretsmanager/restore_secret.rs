//! RestoreSecret: takes back the deletion of a secret within its recovery window.
//!
//! AWS: restoring a secret that is not marked for deletion succeeds and changes nothing.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::members::NamedSecret;
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::SecretId;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct RestoreSecret {
    secret_id: SecretId,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
}

impl Operation for RestoreSecret {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "RestoreSecret",
        effect: Effect::Write,
        summary: "Takes back the deletion of a secret.",
    };
    type Input = Input;
    type Output = NamedSecret;
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

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<SecretTarget>,
    ) -> Result<Done<NamedSecret>, ApiError> {
        let stored = grant.found()?;
        stored.value.not_replica()?;
        let output = NamedSecret::of(&stored.value);
        if stored.value.deletion.is_none() {
            return Ok(Done::read(output));
        }
        let mut secret = stored.value.clone();
        secret.deletion = None;
        secret.note_change(cx.now);
        let expect = Expect::At(stored.revision);
        let write = cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?;
        Ok(Done::change(output, vec![write]))
    }
}
