//! GetSecretValue: the value of one version, AWSCURRENT unless told otherwise.
//!
//! AWS: id and label may both be given and must then belong together. A version without a value, as `RotateSecret`
//! makes it, is to a reader not there.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::records::Stored;
use crate::secretsmanager::members::stage_members;
use crate::secretsmanager::secret::Secret;
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use crate::secretsmanager::value::open;
use crate::secretsmanager::version::{Version, version_key};
use serde::{Deserialize, Serialize};
use strongroom_types::{Plaintext, SecretId, Timestamp, VersionId, VersionStage, limits};
use strongroom_wire::{Constraints, epoch, sensitive};

/// The valid request.
#[derive(Debug)]
pub struct GetSecretValue {
    secret_id: SecretId,
    version_id: Option<VersionId>,
    version_stage: Option<VersionStage>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_stage: Option<String>,
}

/// The answer on the wire, and an entry of `BatchGetSecretValue`'s.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_debug_implementations, reason = "holds a secret's value")]
pub struct Output {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    version_id: String,
    #[serde(serialize_with = "sensitive::write_blob", skip_serializing_if = "Option::is_none")]
    secret_binary: Option<Plaintext>,
    #[serde(serialize_with = "sensitive::write_text", skip_serializing_if = "Option::is_none")]
    secret_string: Option<Plaintext>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    version_stages: Vec<String>,
    #[serde(serialize_with = "epoch::serialize")]
    created_date: Timestamp,
}

impl Operation for GetSecretValue {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "GetSecretValue",
        effect: Effect::Read,
        summary: "Reads the value of one version of a secret.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = SecretTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        let ids = limits::VERSION_ID_CHARS_MIN..=limits::VERSION_ID_CHARS_MAX;
        check.length("versionId", input.version_id.as_deref(), ids);
        check.length("versionStage", input.version_stage.as_deref(), 1..=limits::STAGE_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        let version_id = input.version_id.as_deref().map(VersionId::parse).transpose();
        let version_stage = input.version_stage.as_deref().map(VersionStage::parse).transpose();
        Ok(Self {
            secret_id: parse_secret_id(&input.secret_id.unwrap_or_default())?,
            version_id: version_id.map_err(ApiError::internal)?,
            version_stage: version_stage.map_err(ApiError::internal)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Output>, ApiError> {
        let secret = grant.found()?;
        read_value(cx, secret, self.version_id.as_ref(), self.version_stage.as_ref())
            .await
            .map(Done::read)
    }
}

/// Reads the version that id and label mean, and notes the day.
pub(crate) async fn read_value(
    cx: &Cx<'_>,
    stored: &Stored<Secret>,
    id: Option<&VersionId>,
    stage: Option<&VersionStage>,
) -> Result<Output, ApiError> {
    let secret = &stored.value;
    secret.not_deleted()?;
    let current = VersionStage::current();
    let (id, is_missing) = match (id, stage) {
        (Some(id), None) => (id, Missing::Id(id)),
        (Some(id), Some(stage)) => (id_with_stage(secret, id, stage)?, Missing::Id(id)),
        (None, stage) => {
            let missing = Missing::Stage(stage.unwrap_or(&current));
            (
                secret
                    .stages
                    .holder(missing.text())
                    .map(|held| &held.id)
                    .ok_or_else(|| missing.error())?,
                missing,
            )
        }
    };
    let version = cx.house.records.get::<Version>(&version_key(secret.uid, id)).await?;
    let version = version.ok_or_else(|| is_missing.error())?;
    let value = open(cx.house, secret, &version.value).await?.ok_or_else(|| is_missing.error())?;
    let today = cx.now.day();
    let memory = &version.value.memory;
    if !memory.is_noted(today) && cx.house.accesses.note(&stored.key, secret.uid, id, today) {
        memory.remember_noted(today);
    }
    let (secret_string, secret_binary) = value.into_members();
    Ok(Output {
        arn: secret.arn_text().to_owned(),
        name: secret.arn.name.to_string(),
        version_id: id.to_string(),
        secret_binary,
        secret_string,
        version_stages: stage_members(secret.stages.of(id)),
        created_date: version.value.created,
    })
}

/// AWS: recorded, also for an id that is not there at all.
fn id_with_stage<'a>(
    secret: &Secret,
    id: &'a VersionId,
    stage: &VersionStage,
) -> Result<&'a VersionId, ApiError> {
    if secret.stages.of(id).contains(stage) {
        return Ok(id);
    }
    let message = "You provided a VersionStage that is not associated to the provided VersionId.";
    Err(ApiError::invalid_request(message))
}

/// What was asked for and is not there.
#[derive(Clone, Copy)]
enum Missing<'a> {
    Id(&'a VersionId),
    Stage(&'a VersionStage),
}

impl Missing<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Id(id) => id.as_str(),
            Self::Stage(stage) => stage.as_str(),
        }
    }

    fn error(self) -> ApiError {
        ApiError::not_found(match self {
            Self::Id(id) => {
                format!("Secrets Manager can't find the specified secret value for VersionId: {id}")
            }
            Self::Stage(stage) => {
                format!(
                    "Secrets Manager can't find the specified secret value for staging label: {stage}"
                )
            }
        })
    }
}
