//! Decrypt: decrypts what Encrypt or GenerateDataKey made.

use crate::authz::Grant;
use crate::conditions::{Values, one};
use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::KeyName;
use crate::kms::encrypt::{check_algorithm, incompatible, parse_algorithm};
use crate::kms::grant_token::verify_grant_tokens;
use crate::kms::material::{KeySecret, PrivateKey, off_thread};
use crate::kms::members::{CIPHERTEXT_BYTES, bytes_of, check_grant_tokens, dry_run, parse_context};
use crate::kms::target::{ContextPairs, KeyTarget};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_keys::kms::{CiphertextBlob, CryptoError, EncryptionAlgorithm, KeyKind, KeyUsage};
use strongroom_types::{AccountId, Plaintext, limits};
use strongroom_wire::Constraints;
use strongroom_wire::sensitive::{SensitiveBlob, write_blob};

/// The valid request.
#[expect(missing_debug_implementations, reason = "may hold a plaintext")]
pub struct Decrypt {
    key_id: Option<String>,
    /// `None`: only permissions are tried.
    ciphertext: Option<Plaintext>,
    context: ContextPairs,
    algorithm: EncryptionAlgorithm,
    tokens: Vec<String>,
    is_dry: bool,
}

/// The request on the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
#[expect(missing_debug_implementations, reason = "may hold a plaintext")]
pub struct Input {
    #[serde(skip_serializing)]
    ciphertext_blob: Option<SensitiveBlob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context: Option<ContextPairs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_tokens: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_algorithm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    #[serde(skip_serializing)]
    recipient: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run_modifiers: Option<Vec<String>>,
}

/// The answer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_debug_implementations, reason = "holds a plaintext")]
pub struct Output {
    key_id: String,
    #[serde(serialize_with = "write_blob")]
    plaintext: Plaintext,
    encryption_algorithm: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<String>,
}

/// A plaintext with the id of the symmetric material that opened it.
pub(super) struct Opened {
    /// The plaintext.
    pub plaintext: Plaintext,
    /// `KeyMaterialId`
    pub material_id: Option<String>,
}

/// `Recipient` is for enclaves of AWS Nitro, whose attestation nobody can give here.
pub(super) fn no_recipient(recipient: Option<&serde_json::Value>) -> Result<(), ApiError> {
    match recipient {
        None => Ok(()),
        Some(_) => Err(ApiError::new(
            ErrorCode::UnsupportedOperation,
            "Recipient is not supported: there are no Nitro enclaves here.",
        )),
    }
}

impl Operation for Decrypt {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "Decrypt",
        effect: Effect::Read,
        summary: "Decrypts a ciphertext.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "kms:encryptionalgorithm" { one(self.algorithm.as_str()) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        let key_id = input.key_id.as_deref();
        check.length("keyId", key_id, 1..=limits::KMS_KEY_ID_CHARS_MAX);
        let blob = input.ciphertext_blob.as_ref();
        let modifiers = input.dry_run_modifiers.as_deref();
        let is_ignored = check_ciphertext(&mut check, blob, (input.dry_run, modifiers));
        if is_ignored {
            check.required("keyId", input.key_id.as_ref());
        }
        check_grant_tokens(&mut check, input.grant_tokens.as_deref());
        check_algorithm(&mut check, "encryptionAlgorithm", input.encryption_algorithm.as_deref());
        check.finish().map_err(ApiError::validation)?;
        no_recipient(input.recipient.as_ref())?;
        Ok(Self {
            algorithm: parse_algorithm(input.encryption_algorithm.as_deref())?,
            key_id: input.key_id,
            ciphertext: (!is_ignored).then(|| bytes_of(input.ciphertext_blob)),
            context: parse_context(input.encryption_context)?,
            tokens: input.grant_tokens.unwrap_or_default(),
            is_dry: input.dry_run.unwrap_or(false),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        verify_grant_tokens(cx, &self.tokens)?;
        let blob = self.ciphertext.as_ref().map(Plaintext::expose).unwrap_or_default();
        let target = load_source(cx, self.key_id.as_deref(), blob, self.algorithm).await?;
        Ok(target.with_context(self.context.clone()))
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let wanted = (self.ciphertext.as_ref(), self.algorithm);
        let opened = decrypt_or_try(cx, &grant, wanted, Self::SPEC.name).await?;
        dry_run(self.is_dry)?;
        Ok(Done::read(Output {
            key_id: grant.arn_text(),
            plaintext: opened.plaintext,
            encryption_algorithm: self.algorithm.as_str(),
            key_material_id: opened.material_id,
        }))
    }
}

/// What a dry run may leave out. Model: `DryRunModifierType`.
const IGNORE_CIPHERTEXT: &str = "IGNORE_CIPHERTEXT";

/// Checks `CiphertextBlob` and `DryRunModifiers`. Answers whether the ciphertext is ignored. Model: then only permissions
/// are tried, for a key that must be named.
pub(super) fn check_ciphertext(
    check: &mut Constraints,
    blob: Option<&SensitiveBlob>,
    (is_dry, modifiers): (Option<bool>, Option<&[String]>),
) -> bool {
    let rule = "Member must satisfy enum value set: [IGNORE_CIPHERTEXT]";
    check.entries("dryRunModifiers", modifiers, rule, |word| word == IGNORE_CIPHERTEXT);
    let is_named = modifiers.unwrap_or_default().iter().any(|word| word == IGNORE_CIPHERTEXT);
    let is_ignored = is_dry == Some(true) && is_named;
    if !is_ignored {
        check.required("ciphertextBlob", blob);
    }
    let length = blob.map(|blob| blob.0.len());
    check.sensitive_length("ciphertextBlob", length, CIPHERTEXT_BYTES);
    is_ignored
}

/// Decrypts; where there is no ciphertext, only looks whether the key could.
pub(super) async fn decrypt_or_try(
    cx: &Cx<'_>,
    target: &KeyTarget,
    (ciphertext, algorithm): (Option<&Plaintext>, EncryptionAlgorithm),
    operation: &str,
) -> Result<Opened, ApiError> {
    if let Some(ciphertext) = ciphertext {
        return decrypt(cx, target, (ciphertext.expose(), algorithm), operation).await;
    }
    let (key, arn) = (&target.found()?.value, target.arn_text());
    key.used_for(&arn, KeyUsage::EncryptDecrypt, operation)?;
    key.in_use(&arn, cx.now)?;
    Ok(Opened { plaintext: Plaintext::new(Vec::new()), material_id: None })
}

/// The key that is to decrypt: the one that is named, or the one that a symmetric ciphertext names.
pub(super) async fn load_source(
    cx: &Cx<'_>,
    key_id: Option<&str>,
    ciphertext: &[u8],
    algorithm: EncryptionAlgorithm,
) -> Result<KeyTarget, ApiError> {
    if let Some(key_id) = key_id {
        return KeyTarget::load(cx, &KeyName::parse(key_id, cx.region())?).await;
    }
    if algorithm != EncryptionAlgorithm::SymmetricDefault {
        return Err(ApiError::validation("KeyId is required for asymmetric decryption."));
    }
    let blob = CiphertextBlob::parse(ciphertext).map_err(|_| invalid_ciphertext())?;
    let account = AccountId::parse(blob.account()).map_err(|_| invalid_ciphertext())?;
    let name = KeyName { account: Some(account), ..KeyName::of_id(blob.key_id()) };
    Ok(KeyTarget::load(cx, &name).await?.by_ciphertext())
}

/// Decrypts with the key that was granted. One error for every ciphertext that does not open.
async fn decrypt(
    cx: &Cx<'_>,
    target: &KeyTarget,
    (ciphertext, algorithm): (&[u8], EncryptionAlgorithm),
    operation: &str,
) -> Result<Opened, ApiError> {
    if algorithm == EncryptionAlgorithm::SymmetricDefault {
        return decrypt_symmetric(cx, target, ciphertext);
    }
    let (key, arn) = (&target.found()?.value, target.arn_text());
    key.used_for(&arn, KeyUsage::EncryptDecrypt, operation)?;
    let secret = Arc::clone(key.usable(&arn, cx.now)?);
    if key.spec.kind() == KeyKind::Symmetric {
        return Err(incompatible(algorithm.as_str(), key.spec));
    }
    let ciphertext = ciphertext.to_vec();
    let opened = off_thread(move || match &*secret {
        KeySecret::Pair(pair) => match &pair.private {
            PrivateKey::Decrypting(private) => private.decrypt(algorithm, &ciphertext),
            PrivateKey::Signing(_) | PrivateKey::Agreeing(_) => Err(CryptoError::UsageNotOfKey),
        },
        KeySecret::Symmetric(_) | KeySecret::Mac(_) => Err(CryptoError::UsageNotOfKey),
    });
    match opened.await {
        Ok(opened) => Ok(Opened { plaintext: Plaintext::of(opened), material_id: None }),
        Err(CryptoError::NotDecrypted) => Err(invalid_ciphertext()),
        Err(other) => Err(ApiError::internal(other)),
    }
}

/// AWS, recorded: another key than the ciphertext's is refused as such before its usage and state are looked at.
fn decrypt_symmetric(
    cx: &Cx<'_>,
    target: &KeyTarget,
    ciphertext: &[u8],
) -> Result<Opened, ApiError> {
    let (key, arn) = (&target.found()?.value, target.arn_text());
    let blob = CiphertextBlob::parse(ciphertext).map_err(|_| invalid_ciphertext())?;
    if blob.key_id() != key.id || blob.account() != target.owner().as_str() {
        return Err(ApiError::new(
            ErrorCode::IncorrectKey,
            "The key ID in the request does not identify a CMK that can perform this operation.",
        ));
    }
    let secret = key.usable_material(&arn, blob.material_id(), cx.now)?;
    let Some(KeySecret::Symmetric(material)) = secret.map(|secret| &**secret) else {
        return Err(invalid_ciphertext());
    };
    let opened = material.decrypt(&blob, &target.context()).map_err(|_| invalid_ciphertext())?;
    let material_id = Some(material.material_id().to_owned());
    Ok(Opened { plaintext: Plaintext::of(opened), material_id })
}

/// AWS, recorded: the exception has no message.
pub(super) fn invalid_ciphertext() -> ApiError {
    ApiError::new(ErrorCode::InvalidCiphertext, "")
}
