//! PutSecretValue: a new version, AWSCURRENT unless labels of its own are given.
//!
//! AWS: labels of its own do not move AWSCURRENT; labels it shares with older versions leave those. A version that
//! `RotateSecret` left without a value is filled by its token.

use crate::authz::Grant;
use crate::error::{ApiError, ErrorCode};
use crate::kms::ContextPairs;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::encryption_context::parse_context;
use crate::secretsmanager::members::{
    check_stages, check_token, parse_stages, required_token, stage_members,
};
use crate::secretsmanager::new_version::{NewVersion, add_version};
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use crate::secretsmanager::value::{SecretValue, check_value, one_value};
use serde::{Deserialize, Serialize};
use strongroom_types::{SecretId, VersionId, VersionStage};
use strongroom_wire::Constraints;
use strongroom_wire::sensitive::{SensitiveBlob, SensitiveText};

/// The valid request.
#[expect(missing_debug_implementations, reason = "holds a secret's value")]
pub struct PutSecretValue {
    secret_id: SecretId,
    token: VersionId,
    value: SecretValue,
    stages: Vec<VersionStage>,
    context: ContextPairs,
}

/// The request on the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
#[expect(missing_debug_implementations, reason = "holds a secret's value")]
pub struct Input {
    secret_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_request_token: Option<String>,
    #[serde(skip_serializing)]
    secret_binary: Option<SensitiveBlob>,
    #[serde(skip_serializing)]
    secret_string: Option<SensitiveText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_stages: Option<Vec<String>>,
    #[serde(skip_serializing)]
    rotation_token: Option<SensitiveText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context: Option<ContextPairs>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    version_id: String,
    version_stages: Vec<String>,
}

impl Operation for PutSecretValue {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "PutSecretValue",
        effect: Effect::Write,
        summary: "Stores a new version of a secret.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = SecretTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check_token(&mut check, input.client_request_token.as_deref());
        check_value(&mut check, input.secret_string.as_ref(), input.secret_binary.as_ref());
        check_stages(&mut check, input.version_stages.as_deref());
        check.sensitive_length(
            "rotationToken",
            input.rotation_token.as_ref().map(|token| token.0.len()),
            36..=256,
        );
        check.finish().map_err(ApiError::validation)?;
        if !input.rotation_token.as_ref().is_none_or(|token| is_rotation_token(token.0.expose())) {
            return Err(ApiError::validation(
                "1 validation error detected: Value at 'rotationToken' failed to satisfy constraint: Member must \
                 satisfy regular expression pattern: ^[a-zA-Z0-9\\-]+$",
            ));
        }
        let secret_id = parse_secret_id(&input.secret_id.unwrap_or_default())?;
        let token =
            required_token(input.client_request_token.as_deref(), ErrorCode::InvalidRequest)?;
        let value = one_value(input.secret_string, input.secret_binary)?.ok_or_else(|| {
            ApiError::invalid_request("You must provide either SecretString or SecretBinary.")
        })?;
        let current = || vec![VersionStage::current()];
        let stages = input.version_stages.as_deref().map_or_else(|| Ok(current()), parse_stages)?;
        let context = parse_context(input.encryption_context)?;
        Ok(Self { secret_id, token, value, stages, context })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Output>, ApiError> {
        let stored = grant.found()?;
        stored.value.writable()?;
        let mut secret = stored.value.clone();
        let new = NewVersion {
            token: &self.token,
            value: &self.value,
            stages: &self.stages,
            context: &self.context,
        };
        let added = add_version(cx, stored, &mut secret, &new).await?;
        let output = Output {
            arn: secret.arn_text().to_owned(),
            name: secret.arn.name.to_string(),
            version_id: self.token.to_string(),
            version_stages: stage_members(secret.stages.of(&self.token)),
        };
        Ok(Done::change(output, added))
    }
}

/// Model: `^[a-zA-Z0-9\-]+$`.
fn is_rotation_token(token: &[u8]) -> bool {
    token.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}
