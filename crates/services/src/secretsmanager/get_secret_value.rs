//! GetSecretValue: the value of one version, AWSCURRENT unless told otherwise.
//!
//! AWS: id and label may both be given and must then belong together. A version without a value, as `RotateSecret`
//! makes it, is to a reader not there.

use crate::authz::Grant;
use crate::conditions::{Values, some};
use crate::error::ApiError;
use crate::kms::ContextPairs;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::records::Stored;
use crate::secretsmanager::encryption_context::parse_context;
use crate::secretsmanager::secret::Secret;
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use crate::secretsmanager::value::{SecretValue, Use, open};
use crate::secretsmanager::version::{Version, find_version};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;
use strongroom_types::{SecretId, Timestamp, VersionId, VersionStage, limits};
use strongroom_wire::sensitive::{OutgoingBlob, OutgoingText};
use strongroom_wire::{Constraints, ObjectWriter, epoch};

/// The valid request.
#[derive(Debug)]
pub struct GetSecretValue {
    secret_id: SecretId,
    version_id: Option<VersionId>,
    version_stage: Option<VersionStage>,
    context: ContextPairs,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context: Option<ContextPairs>,
}

/// The answer, and an entry of `BatchGetSecretValue`'s.
#[expect(missing_debug_implementations, reason = "holds a secret's value")]
pub struct Output {
    secret: Arc<Stored<Secret>>,
    version: Arc<Stored<Version>>,
    value: SecretValue,
}

/// The answer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Members<'a> {
    #[serde(rename = "ARN")]
    arn: &'a str,
    name: &'a str,
    version_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_binary: Option<OutgoingBlob<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_string: Option<OutgoingText<'a>>,
    #[serde(serialize_with = "write_stages", skip_serializing_if = "<[_]>::is_empty")]
    version_stages: &'a [VersionStage],
    #[serde(serialize_with = "epoch::serialize")]
    created_date: Timestamp,
}

impl Output {
    fn members(&self) -> Members<'_> {
        let (secret, version) = (&self.secret.value, &self.version.value);
        let (secret_string, secret_binary) = self.value.members();
        Members {
            arn: secret.arn_text(),
            name: secret.arn.name.as_str(),
            version_id: version.id.as_str(),
            secret_binary: secret_binary.map(OutgoingBlob),
            secret_string: secret_string.map(OutgoingText),
            version_stages: secret.stages.of(&version.id),
            created_date: version.created,
        }
    }
}

impl Serialize for Output {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members().serialize(serializer)
    }
}

impl Members<'_> {
    /// The same in JSON as serde writes.
    fn write_json(&self, body: &mut Vec<u8>) -> serde_json::Result<()> {
        let mut object = ObjectWriter::new(body);
        object.text("ARN", self.arn)?;
        object.text("Name", self.name)?;
        object.text("VersionId", self.version_id)?;
        if let Some(binary) = &self.secret_binary {
            object.value("SecretBinary", binary)?;
        }
        if let Some(text) = &self.secret_string {
            object.text("SecretString", text.text()?)?;
        }
        if !self.version_stages.is_empty() {
            object.texts("VersionStages", self.version_stages.iter().map(VersionStage::as_str))?;
        }
        object.value("CreatedDate", &self.created_date.as_secs_f64())?;
        object.end();
        Ok(())
    }
}

fn write_stages<S: Serializer>(stages: &[VersionStage], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(stages.iter().map(VersionStage::as_str))
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

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "secretsmanager:versionid" => some(self.version_id.as_ref().map(VersionId::as_str)),
            "secretsmanager:versionstage" => {
                some(self.version_stage.as_ref().map(VersionStage::as_str))
            }
            _ => None,
        }
    }

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
            context: parse_context(input.encryption_context)?,
        })
    }

    fn write_json(output: &Output, body: &mut Vec<u8>) -> serde_json::Result<()> {
        output.members().write_json(body)
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Output>, ApiError> {
        let secret = grant.found()?;
        let version = (self.version_id.as_ref(), self.version_stage.as_ref());
        read_value(cx, secret, version, &self.context).await.map(Done::read)
    }
}

/// Reads the version that id and label mean, and notes the day.
pub(crate) async fn read_value(
    cx: &Cx<'_>,
    stored: &Arc<Stored<Secret>>,
    (id, stage): (Option<&VersionId>, Option<&VersionStage>),
    context: &ContextPairs,
) -> Result<Output, ApiError> {
    let secret = &stored.value;
    secret.not_deleted()?;
    secret.own_value(cx)?;
    let (id, is_missing) = match (id, stage) {
        (Some(id), None) => (id, Missing::Id(id)),
        (Some(id), Some(stage)) => (id_with_stage(secret, id, stage)?, Missing::Id(id)),
        (None, stage) => {
            let missing = Missing::Stage(stage.map_or(VersionStage::CURRENT, VersionStage::as_str));
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
    let version = find_version(&cx.house.records, secret.uid, id).await?;
    let version = version.ok_or_else(|| is_missing.error())?;
    let value = open(Use::by(cx, context), secret, &version.value)
        .await?
        .ok_or_else(|| is_missing.error())?;
    let today = cx.now.day();
    let memory = &version.value.memory;
    if !memory.is_noted(today) && cx.house.accesses.note(&stored.key, secret.uid, id, today) {
        memory.remember_noted(today);
    }
    Ok(Output { secret: Arc::clone(stored), version, value })
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
    Stage(&'a str),
}

impl Missing<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Id(id) => id.as_str(),
            Self::Stage(stage) => stage,
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use strongroom_types::Plaintext;

    proptest! {
        #[test]
        fn the_answer_is_written_as_serde_writes_it(
            (name, id, value) in any::<(String, String, String)>(),
            stages in prop::collection::vec("[a\"\\\\é\n]{1,4}", 0..3),
            is_text: bool,
            millis in 0..4_000_000_000_000_i64,
        ) {
            let plain = Plaintext::new(value.into_bytes());
            let stages: Vec<_> = stages.iter().map(|text| VersionStage::parse(text).unwrap()).collect();
            let members = Members {
                arn: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-AbCdEf",
                name: &name,
                version_id: &id,
                secret_binary: (!is_text).then_some(OutgoingBlob(&plain)),
                secret_string: is_text.then_some(OutgoingText(&plain)),
                version_stages: &stages,
                created_date: Timestamp::from_millis(millis),
            };
            let mut written = Vec::new();
            members.write_json(&mut written).unwrap();
            prop_assert_eq!(written, serde_json::to_vec(&members).unwrap());
        }
    }
}
