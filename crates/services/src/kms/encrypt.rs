//! Encrypt: encrypts up to 4,096 bytes with a key.

use crate::authz::Grant;
use crate::conditions::{Values, one};
use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::KeyName;
use crate::kms::grant_token::verify_grant_tokens;
use crate::kms::material::KeySecret;
use crate::kms::members::{
    PLAINTEXT_BYTES, bytes_of, check_blob, check_grant_tokens, check_key_id, dry_run, parse_context,
};
use crate::kms::target::{ContextPairs, KeyTarget};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_keys::kms::{CryptoError, EncryptionAlgorithm, KeySpec, KeyUsage};
use strongroom_types::Plaintext;
use strongroom_wire::sensitive::SensitiveBlob;
use strongroom_wire::{Blob, Constraints};

/// The valid request.
#[expect(missing_debug_implementations, reason = "holds a plaintext")]
pub struct Encrypt {
    key_id: String,
    plaintext: Plaintext,
    context: ContextPairs,
    algorithm: EncryptionAlgorithm,
    tokens: Vec<String>,
    is_dry: bool,
}

/// The request on the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
#[expect(missing_debug_implementations, reason = "holds a plaintext")]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing)]
    plaintext: Option<SensitiveBlob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context: Option<ContextPairs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_tokens: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_algorithm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    ciphertext_blob: Blob,
    key_id: String,
    encryption_algorithm: &'static str,
}

/// Model: `EncryptionAlgorithmSpec`.
const ALGORITHMS: &[&str] =
    &["SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"];

/// Checks `EncryptionAlgorithm`.
pub(super) fn check_algorithm(check: &mut Constraints, member: &str, algorithm: Option<&str>) {
    check.one_of(member, algorithm, ALGORITHMS);
}

/// The algorithm, that of symmetric keys if none is named.
pub(super) fn parse_algorithm(algorithm: Option<&str>) -> Result<EncryptionAlgorithm, ApiError> {
    let Some(named) = algorithm else { return Ok(EncryptionAlgorithm::SymmetricDefault) };
    EncryptionAlgorithm::parse(named).map_err(|_| {
        let message = format!("EncryptionAlgorithm {named} is not supported.");
        ApiError::new(ErrorCode::UnsupportedOperation, message)
    })
}

impl Operation for Encrypt {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "Encrypt",
        effect: Effect::Read,
        summary: "Encrypts a small plaintext with a key.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "kms:encryptionalgorithm" { one(self.algorithm.as_str()) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_blob(&mut check, "plaintext", input.plaintext.as_ref(), PLAINTEXT_BYTES);
        check_grant_tokens(&mut check, input.grant_tokens.as_deref());
        check_algorithm(&mut check, "encryptionAlgorithm", input.encryption_algorithm.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            key_id: input.key_id.unwrap_or_default(),
            plaintext: bytes_of(input.plaintext),
            context: parse_context(input.encryption_context)?,
            algorithm: parse_algorithm(input.encryption_algorithm.as_deref())?,
            tokens: input.grant_tokens.unwrap_or_default(),
            is_dry: input.dry_run.unwrap_or(false),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        verify_grant_tokens(cx, &self.tokens)?;
        let target = KeyTarget::load(cx, &KeyName::parse(&self.key_id, cx.region())?).await?;
        Ok(target.with_context(self.context.clone()))
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let sealed =
            encrypt(cx, &grant, (self.plaintext.expose(), self.algorithm), Self::SPEC.name)?;
        dry_run(self.is_dry)?;
        Ok(Done::read(Output {
            ciphertext_blob: Blob(sealed),
            key_id: grant.arn_text(),
            encryption_algorithm: self.algorithm.as_str(),
        }))
    }
}

/// Encrypts with the key that was granted. `operation` is named in refusals.
pub(super) fn encrypt(
    cx: &Cx<'_>,
    target: &KeyTarget,
    (plaintext, algorithm): (&[u8], EncryptionAlgorithm),
    operation: &str,
) -> Result<Vec<u8>, ApiError> {
    let (key, arn) = (&target.found()?.value, target.arn_text());
    key.used_for(&arn, KeyUsage::EncryptDecrypt, operation)?;
    let secret = key.usable(&arn, cx.now)?;
    match &**secret {
        KeySecret::Symmetric(material) if algorithm == EncryptionAlgorithm::SymmetricDefault => {
            let account = target.owner();
            let sealed =
                material.encrypt(account, &target.context(), plaintext, cx.entropy());
            sealed.map_err(ApiError::internal)
        }
        KeySecret::Pair(pair) if algorithm != EncryptionAlgorithm::SymmetricDefault => {
            pair.public().encrypt(algorithm, plaintext).map_err(|error| match error {
                CryptoError::PlaintextTooLong { max, .. } => ApiError::validation(format!(
                    "Algorithm {algorithm} and key spec {} cannot encrypt data larger than {max} bytes.",
                    key.spec
                )),
                other => ApiError::internal(other),
            })
        }
        _ => Err(incompatible(algorithm.as_str(), key.spec)),
    }
}

/// Message recorded.
pub(super) fn incompatible(algorithm: &str, spec: KeySpec) -> ApiError {
    let message = format!("Algorithm {algorithm} is incompatible with key spec {spec}.");
    ApiError::new(ErrorCode::InvalidKeyUsage, message)
}
