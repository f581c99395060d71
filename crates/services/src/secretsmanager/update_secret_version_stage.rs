//! UpdateSecretVersionStage: moves, adds or removes one staging label.
//!
//! AWS: a label in use must be taken from its holder explicitly (recorded). Moving AWSCURRENT puts AWSPREVIOUS on the
//! version it left. AWSCURRENT can be moved, not removed.

use crate::authz::Grant;
use crate::conditions::{Values, one};
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::members::NamedSecret;
use crate::secretsmanager::secret::Secret;
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use crate::secretsmanager::version::find_version;
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::{SecretId, VersionId, VersionStage, limits};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UpdateSecretVersionStage {
    secret_id: SecretId,
    stage: VersionStage,
    remove_from: Option<VersionId>,
    move_to: Option<VersionId>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    version_stage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remove_from_version_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    move_to_version_id: Option<String>,
}

impl Operation for UpdateSecretVersionStage {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "UpdateSecretVersionStage",
        effect: Effect::Write,
        summary: "Moves a staging label from one version to another.",
    };
    type Input = Input;
    type Output = NamedSecret;
    type Resource = SecretTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "secretsmanager:versionstage" { one(self.stage.as_str()) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check.required_length(
            "versionStage",
            input.version_stage.as_deref(),
            1..=limits::STAGE_CHARS_MAX,
        );
        let ids = limits::VERSION_ID_CHARS_MIN..=limits::VERSION_ID_CHARS_MAX;
        check.length("removeFromVersionId", input.remove_from_version_id.as_deref(), ids.clone());
        check.length("moveToVersionId", input.move_to_version_id.as_deref(), ids);
        check.finish().map_err(ApiError::validation)?;
        let id = |text: Option<String>| {
            text.as_deref().map(VersionId::parse).transpose().map_err(ApiError::internal)
        };
        Ok(Self {
            secret_id: parse_secret_id(&input.secret_id.unwrap_or_default())?,
            stage: VersionStage::parse(&input.version_stage.unwrap_or_default())
                .map_err(ApiError::internal)?,
            remove_from: id(input.remove_from_version_id)?,
            move_to: id(input.move_to_version_id)?,
        })
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
        stored.value.writable()?;
        stored.value.cross_account.not_replica()?;
        let mut secret = stored.value.clone();
        self.check_removal(&secret)?;
        match &self.move_to {
            Some(id) => {
                let version = find_version(&cx.house.records, secret.uid, id).await?;
                let version = version.ok_or_else(|| version_not_found(id))?;
                self.check_move(&secret, id)?;
                secret.attach_stages(
                    id,
                    version.value.created,
                    std::slice::from_ref(&self.stage),
                )?;
            }
            None => self.remove(&mut secret)?,
        }
        let output = NamedSecret::of(&secret);
        if secret.stages == stored.value.stages {
            return Ok(Done::read(output));
        }
        secret.note_change(cx.now);
        let expect = Expect::At(stored.revision);
        let write = cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?;
        Ok(Done::change(output, vec![write]))
    }
}

fn version_not_found(id: &VersionId) -> ApiError {
    ApiError::not_found(format!(
        "Secrets Manager can't find the specified secret value for VersionId: {id}"
    ))
}

impl UpdateSecretVersionStage {
    /// The version that the label is to be taken from must have it.
    fn check_removal(&self, secret: &Secret) -> Result<(), ApiError> {
        let Some(id) = &self.remove_from else { return Ok(()) };
        if secret.stages.of(id).contains(&self.stage) {
            return Ok(());
        }
        Err(ApiError::invalid_parameter(format!(
            "Staging label {} is not attached to version {id}, so it can't be removed from it.",
            self.stage
        )))
    }

    fn check_move(&self, secret: &Secret, to: &VersionId) -> Result<(), ApiError> {
        let Some(holder) = secret.stages.holder(self.stage.as_str()) else { return Ok(()) };
        if holder.id == *to || self.remove_from.is_some() {
            return Ok(());
        }
        Err(ApiError::invalid_parameter(format!(
            "The parameter RemoveFromVersionId can't be empty. Staging label {} is currently attached to version {}, \
             so you must explicitly reference that version in RemoveFromVersionId.",
            self.stage, holder.id
        )))
    }

    fn remove(&self, secret: &mut Secret) -> Result<(), ApiError> {
        if self.remove_from.is_none() {
            return Err(ApiError::invalid_parameter(
                "You must specify RemoveFromVersionId, MoveToVersionId, or both.",
            ));
        }
        if self.stage.as_str() == VersionStage::CURRENT {
            return Err(ApiError::invalid_parameter(
                "You can only move staging label AWSCURRENT to a different secret version. It can\u{2019}t be \
                 completely removed.",
            ));
        }
        secret.detach_stage(self.stage.as_str());
        Ok(())
    }
}
