//! RotateSecret: configures rotation and starts one.
//!
//! Its rules are checked here in full. A rotation needs a function that Secrets Manager may invoke; there is none in this
//! deployment yet, so what follows the checks is AWS's own answer to a function that is not there, and the secret keeps
//! no trace of the attempt (recorded in `aws-behaviour.md`).

use crate::authz::Grant;
use crate::conditions::{Values, flag, some};
use crate::error::{ApiError, ErrorCode};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::members::{check_token, required_token};
use crate::secretsmanager::secret::Secret;
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_schedule::RotationRules;
use strongroom_types::{SecretId, VersionId, VersionStage};
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct RotateSecret {
    secret_id: SecretId,
    token: VersionId,
    lambda_arn: Option<String>,
    changes_rules: bool,
    is_immediate: bool,
}

/// The rules on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct RulesInput {
    #[serde(skip_serializing_if = "Option::is_none")]
    automatically_after_days: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_expression: Option<String>,
}

/// Metadata for a partner on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct MetadataInput {
    key: Option<String>,
    value: Option<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_request_token: Option<String>,
    #[serde(
        rename(deserialize = "RotationLambdaARN", serialize = "rotationLambdaARN"),
        skip_serializing_if = "Option::is_none"
    )]
    rotation_lambda_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_rules: Option<Object<RulesInput>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_secret_rotation_metadata: Option<Vec<Object<MetadataInput>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_secret_rotation_role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotate_immediately: Option<bool>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    version_id: String,
}

impl Operation for RotateSecret {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "RotateSecret",
        effect: Effect::Write,
        summary: "Configures rotation and starts one.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = SecretTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "secretsmanager:modifyrotationrules" => flag(self.changes_rules),
            "secretsmanager:rotateimmediately" => flag(self.is_immediate),
            "secretsmanager:rotationlambdaarn" => some(self.lambda_arn.as_deref()),
            _ => None,
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        check_members(&input)?;
        let token =
            required_token(input.client_request_token.as_deref(), ErrorCode::InvalidParameter)?;
        let secret_id = parse_secret_id(&input.secret_id.unwrap_or_default())?;
        if let Some(Object(rules)) = &input.rotation_rules {
            check_rules(rules)?;
        }
        let changes_rules = input.rotation_rules.is_some();
        Ok(Self {
            secret_id,
            token,
            lambda_arn: input.rotation_lambda_arn.filter(|arn| !arn.is_empty()),
            changes_rules,
            is_immediate: input.rotate_immediately.unwrap_or(true),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(
        &self,
        _cx: &Cx<'_>,
        grant: Grant<SecretTarget>,
    ) -> Result<Done<Output>, ApiError> {
        let secret = &grant.found()?.value;
        secret.writable()?;
        secret.cross_account.not_replica()?;
        self.check_state(secret)?;
        // No function can be made in this deployment yet: whatever is named is not there.
        Err(ApiError::new(
            ErrorCode::AccessDenied,
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access \
             to the principal secretsmanager.amazonaws.com.",
        ))
    }
}

fn check_members(input: &Input) -> Result<(), ApiError> {
    let mut check = Constraints::new();
    check_secret_id(&mut check, input.secret_id.as_deref());
    check_token(&mut check, input.client_request_token.as_deref());
    check.length("rotationLambdaARN", input.rotation_lambda_arn.as_deref(), 0..=2048);
    if let Some(Object(rules)) = &input.rotation_rules {
        check.range(
            "rotationRules.automaticallyAfterDays",
            rules.automatically_after_days,
            1..=1000,
        );
        let duration = rules.duration.as_deref();
        check.length("rotationRules.duration", duration, 2..=3);
        check.pattern("rotationRules.duration", duration, "[0-9]+h", is_duration);
        let expression = rules.schedule_expression.as_deref();
        check.length("rotationRules.scheduleExpression", expression, 1..=256);
        let pattern = "[0-9A-Za-z\\(\\)#\\?\\*\\-\\/, ]+";
        check.pattern("rotationRules.scheduleExpression", expression, pattern, is_expression);
    }
    for (place, Object(entry)) in
        input.external_secret_rotation_metadata.iter().flatten().enumerate()
    {
        let member = format!("externalSecretRotationMetadata.{}.member", place + 1);
        check.length(&format!("{member}.key"), entry.key.as_deref(), 1..=256);
        check.length(&format!("{member}.value"), entry.value.as_deref(), 1..=2048);
    }
    check.length(
        "externalSecretRotationRoleArn",
        input.external_secret_rotation_role_arn.as_deref(),
        20..=2048,
    );
    check.finish().map_err(ApiError::validation)
}

fn is_duration(text: &str) -> bool {
    text.strip_suffix('h')
        .is_some_and(|hours| !hours.is_empty() && hours.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_expression(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"()#?*-/, ".contains(&byte))
}

fn check_rules(rules: &RulesInput) -> Result<(), ApiError> {
    let expression = rules.schedule_expression.as_deref();
    RotationRules::parse(rules.automatically_after_days, expression, rules.duration.as_deref())
        .map(drop)
        .map_err(|error| ApiError::invalid_parameter(error.to_string()))
}

impl RotateSecret {
    fn check_state(&self, secret: &Secret) -> Result<(), ApiError> {
        let configured = secret.rotation.as_ref().and_then(|rotation| rotation.lambda_arn.as_ref());
        if self.lambda_arn.is_none() && configured.is_none() {
            let message = "No Lambda rotation function ARN is associated with this secret.";
            return Err(ApiError::invalid_request(message));
        }
        let pending = secret.stages.holder(VersionStage::PENDING).map(|held| &held.id);
        if pending
            .is_some_and(|pending| Some(pending) != secret.current() && *pending != self.token)
        {
            let message = "A previous rotation isn't complete. That rotation will be reattempted.";
            return Err(ApiError::invalid_request(message));
        }
        Ok(())
    }
}
