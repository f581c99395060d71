//! GenerateMac: a message's authentication code.

use crate::authz::Grant;
use crate::conditions::{Values, one};
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::encrypt::incompatible;
use crate::kms::grant_token::verify_grant_tokens;
use crate::kms::material::KeySecret;
use crate::kms::members::{
    PLAINTEXT_BYTES, bytes_of, check_blob, check_grant_tokens, check_key_id, dry_run,
};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_keys::kms::{KeyUsage, MacAlgorithm, MacKey};
use strongroom_types::Plaintext;
use strongroom_wire::sensitive::SensitiveBlob;
use strongroom_wire::{Blob, Constraints};

/// The valid request.
#[expect(missing_debug_implementations, reason = "holds a message")]
pub struct GenerateMac {
    wanted: MacRequest,
}

/// What the two operations for authentication codes ask for.
pub(super) struct MacRequest {
    key_id: String,
    /// What is authenticated.
    pub message: Plaintext,
    /// How.
    pub algorithm: MacAlgorithm,
    tokens: Vec<String>,
    /// Only tried.
    pub is_dry: bool,
}

/// The request on the wire, of both operations.
#[derive(Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
#[expect(missing_debug_implementations, reason = "holds a message")]
pub struct Input {
    #[serde(skip_serializing)]
    message: Option<SensitiveBlob>,
    key_id: Option<String>,
    mac_algorithm: Option<String>,
    /// Of VerifyMac only.
    #[serde(skip_serializing)]
    pub(super) mac: Option<SensitiveBlob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_tokens: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    mac: Blob,
    mac_algorithm: &'static str,
    key_id: String,
}

/// Model: `MacAlgorithmSpec`, in the order of AWS's messages, recorded.
const ALGORITHMS: &[&str] = &["HMAC_SHA_384", "HMAC_SHA_256", "HMAC_SHA_224", "HMAC_SHA_512"];

impl MacRequest {
    /// Reads the members. `check` has what is found of those that one of the operations has alone.
    pub(super) fn parse(input: Input, mut check: Constraints) -> Result<Self, ApiError> {
        check_blob(&mut check, "message", input.message.as_ref(), PLAINTEXT_BYTES);
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check.required("macAlgorithm", input.mac_algorithm.as_ref());
        check.one_of("macAlgorithm", input.mac_algorithm.as_deref(), ALGORITHMS);
        check_grant_tokens(&mut check, input.grant_tokens.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let algorithm = MacAlgorithm::parse(input.mac_algorithm.as_deref().unwrap_or_default());
        Ok(Self {
            key_id: input.key_id.unwrap_or_default(),
            message: bytes_of(input.message),
            algorithm: algorithm.map_err(ApiError::internal)?,
            tokens: input.grant_tokens.unwrap_or_default(),
            is_dry: input.dry_run.unwrap_or(false),
        })
    }

    /// `kms:MacAlgorithm`
    pub(super) fn condition(&self, key: &str) -> Values<'static> {
        if key == "kms:macalgorithm" { one(self.algorithm.as_str()) } else { None }
    }

    /// Looks the key up.
    pub(super) async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        verify_grant_tokens(cx, &self.tokens)?;
        KeyTarget::load(cx, &KeyName::parse(&self.key_id, cx.region())?).await
    }

    /// The key that was granted. Order recorded: usage, state, algorithm.
    pub(super) fn key<'a>(
        &self,
        cx: &Cx<'_>,
        target: &'a KeyTarget,
        operation: &str,
    ) -> Result<&'a MacKey, ApiError> {
        let (key, arn) = (&target.found()?.value, target.arn_text());
        key.used_for(&arn, KeyUsage::GenerateVerifyMac, operation)?;
        match &**key.usable(&arn, cx.now)? {
            KeySecret::Mac(secret) if secret.algorithm() == self.algorithm => Ok(secret),
            _ => Err(incompatible(self.algorithm.as_str(), key.spec)),
        }
    }
}

impl Operation for GenerateMac {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "GenerateMac",
        effect: Effect::Read,
        summary: "Makes a message's authentication code.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        self.wanted.condition(key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        Ok(Self { wanted: MacRequest::parse(input, Constraints::new())? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        self.wanted.load(cx).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let key = self.wanted.key(cx, &grant, Self::SPEC.name)?;
        dry_run(self.wanted.is_dry)?;
        Ok(Done::read(Output {
            mac: Blob(key.generate_mac(self.wanted.message.expose())),
            mac_algorithm: self.wanted.algorithm.as_str(),
            key_id: grant.arn_text(),
        }))
    }
}
