//! UpdateSecret: changes a secret's description, key or type, and may store a new current version.
//!
//! AWS: without a value the answer has no VersionId (recorded). Changing the key seals the values that are AWSCURRENT,
//! AWSPENDING and AWSPREVIOUS again under the new key.

use crate::authz::Grant;
use crate::conditions::{Values, some};
use crate::error::{ApiError, ErrorCode};
use crate::kms::{self, Asker, ContextPairs};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::records::Stored;
use crate::secretsmanager::encryption_context::parse_context;
use crate::secretsmanager::members::{check_texts, check_token, required_token};
use crate::secretsmanager::new_version::{NewVersion, add_version};
use crate::secretsmanager::secret::Secret;
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use crate::secretsmanager::value::{SecretValue, check_key, check_value, one_value, place, reseal};
use serde::{Deserialize, Serialize};
use strongroom_store::{Expect, Write};
use strongroom_types::{SecretId, VersionId, VersionStage};
use strongroom_wire::Constraints;
use strongroom_wire::sensitive::{SensitiveBlob, SensitiveText};

/// The valid request.
#[expect(missing_debug_implementations, reason = "holds a secret's value")]
pub struct UpdateSecret {
    secret_id: SecretId,
    token: VersionId,
    value: Option<SecretValue>,
    description: Option<String>,
    kms_key_id: Option<String>,
    partner_type: Option<String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    #[serde(skip_serializing)]
    secret_binary: Option<SensitiveBlob>,
    #[serde(skip_serializing)]
    secret_string: Option<SensitiveText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
}

impl Operation for UpdateSecret {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "UpdateSecret",
        effect: Effect::Write,
        summary: "Changes a secret's details, and may store a new current version.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = SecretTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "secretsmanager:description" => some(self.description.as_deref()),
            "secretsmanager:kmskeyarn" | "secretsmanager:kmskeyid" => {
                some(self.kms_key_id.as_deref())
            }
            "secretsmanager:type" => some(self.partner_type.as_deref()),
            _ => None,
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check_token(&mut check, input.client_request_token.as_deref());
        check_texts(
            &mut check,
            input.description.as_deref(),
            input.kms_key_id.as_deref(),
            input.r#type.as_deref(),
        );
        check_value(&mut check, input.secret_string.as_ref(), input.secret_binary.as_ref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            secret_id: parse_secret_id(&input.secret_id.unwrap_or_default())?,
            token: required_token(
                input.client_request_token.as_deref(),
                ErrorCode::InvalidRequest,
            )?,
            value: one_value(input.secret_string, input.secret_binary)?,
            description: input.description,
            kms_key_id: input.kms_key_id,
            partner_type: input.r#type,
            context: parse_context(input.encryption_context)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Output>, ApiError> {
        let stored = grant.found()?;
        stored.value.not_deleted()?;
        if !self.changes_key_only() {
            stored.value.not_replica()?;
        }
        let mut secret = stored.value.clone();
        let mut writes = self.change_details(cx, stored, &mut secret).await?;
        let added = match &self.value {
            Some(value) => {
                let stages = [VersionStage::current()];
                let context = &self.context;
                let new = NewVersion { token: &self.token, value, stages: &stages, context };
                add_version(cx, stored, &mut secret, &new).await?
            }
            None => Vec::new(),
        };
        // A version that was there already changes nothing; the details may still be new.
        let is_retry = self.value.is_some() && secret == stored.value;
        if added.is_empty() && !is_retry {
            secret.note_change(cx.now);
            let expect = Expect::At(stored.revision);
            writes.push(cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?);
        }
        writes.extend(added);
        let output = Output {
            arn: secret.arn_text().to_owned(),
            name: secret.arn.name.to_string(),
            version_id: self.value.as_ref().map(|_| self.token.to_string()),
        };
        Ok(Done::change(output, writes))
    }
}

impl UpdateSecret {
    /// AWS: the key is the one thing of a replica that is its own to change. User guide, "Replica secrets".
    fn changes_key_only(&self) -> bool {
        let others =
            self.value.is_some() || self.description.is_some() || self.partner_type.is_some();
        self.kms_key_id.is_some() && !others
    }

    async fn change_details(
        &self,
        cx: &Cx<'_>,
        stored: &Stored<Secret>,
        secret: &mut Secret,
    ) -> Result<Vec<Write>, ApiError> {
        if let Some(description) = &self.description {
            secret.description = Some(description.clone()).filter(|text| !text.is_empty());
        }
        if let Some(partner) = &self.partner_type {
            secret.partner_type = Some(partner.clone()).filter(|text| !text.is_empty());
        }
        let Some(key) = self.kms_key_id.as_deref().filter(|key| !key.is_empty()) else {
            return Ok(Vec::new());
        };
        secret.kms_key_id =
            kms::stored_name(Asker::Caller(cx), place(&stored.value), Some(key)).await?;
        if secret.kms_key_id == stored.value.kms_key_id {
            Ok(Vec::new())
        } else {
            check_key(cx, secret).await?;
            reseal(cx, stored, secret).await
        }
    }
}
