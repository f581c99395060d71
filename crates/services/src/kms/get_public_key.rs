//! GetPublicKey: the public half of a key pair.

use crate::authz::Grant;
use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::KeyName;
use crate::kms::grant_token::verify_grant_tokens;
use crate::kms::key::{KeyState, invalid_state};
use crate::kms::material::KeySecret;
use crate::kms::members::{check_grant_tokens, check_key_id};
use crate::kms::metadata::AlgorithmNames;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::{Blob, Constraints};

/// The valid request.
#[derive(Debug)]
pub struct GetPublicKey {
    key_id: String,
    tokens: Vec<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_tokens: Option<Vec<String>>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    key_id: String,
    public_key: Blob,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_master_key_spec: Option<&'static str>,
    key_spec: &'static str,
    key_usage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_algorithms: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_algorithms: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_agreement_algorithms: Option<Vec<&'static str>>,
}

impl Operation for GetPublicKey {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "GetPublicKey",
        effect: Effect::Read,
        summary: "Reads the public half of a key pair.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_grant_tokens(&mut check, input.grant_tokens.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let tokens = input.grant_tokens.unwrap_or_default();
        Ok(Self { key_id: input.key_id.unwrap_or_default(), tokens })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        verify_grant_tokens(cx, &self.tokens)?;
        KeyTarget::load(cx, &KeyName::parse(&self.key_id, cx.region())?).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let (key, arn) = (&grant.found()?.value, grant.arn_text());
        match key.state(cx.now) {
            // AWS: a disabled key's public half can be read, whatever the developer guide says. Recorded.
            KeyState::Enabled | KeyState::Disabled => {}
            state @ (KeyState::PendingDeletion
            | KeyState::PendingImport
            | KeyState::PendingReplicaDeletion) => return Err(invalid_state(&arn, state)),
        }
        let secret = key.current().and_then(|material| material.secret.as_deref());
        let Some(KeySecret::Pair(pair)) = secret else {
            // AWS, recorded: the exception has no message.
            return Err(ApiError::new(ErrorCode::UnsupportedOperation, ""));
        };
        let algorithms = AlgorithmNames::of(key);
        Ok(Done::read(Output {
            key_id: arn,
            public_key: Blob(pair.public().der().to_vec()),
            customer_master_key_spec: key.spec.legacy_name(),
            key_spec: key.spec.as_str(),
            key_usage: key.usage.as_str(),
            encryption_algorithms: algorithms.encryption,
            signing_algorithms: algorithms.signing,
            key_agreement_algorithms: algorithms.agreement,
        }))
    }
}
