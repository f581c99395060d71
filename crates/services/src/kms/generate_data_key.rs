//! GenerateDataKey: a fresh key for use elsewhere, in the clear and encrypted.

use crate::authz::Grant;
use crate::conditions::{Values, one};
use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::KeyName;
use crate::kms::decrypt::no_recipient;
use crate::kms::encrypt::encrypt;
use crate::kms::grant_token::verify_grant_tokens;
use crate::kms::key::Key;
use crate::kms::members::{check_grant_tokens, check_key_id, dry_run, parse_context};
use crate::kms::target::{ContextPairs, KeyTarget};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_keys::kms::{EncryptionAlgorithm, KeyKind, KeyUsage};
use strongroom_types::Plaintext;
use strongroom_wire::sensitive::write_blob;
use strongroom_wire::{Blob, Constraints};

/// The valid request.
#[derive(Debug)]
pub struct GenerateDataKey {
    wanted: DataKeyRequest,
}

/// What the two operations for data keys ask for.
#[derive(Debug)]
pub(super) struct DataKeyRequest {
    /// The key that encrypts it.
    key_id: String,
    context: ContextPairs,
    /// `None`: not said, or said twice.
    bytes: Option<usize>,
    tokens: Vec<String>,
    is_dry: bool,
}

/// The request on the wire, of both operations.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context: Option<ContextPairs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number_of_bytes: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_spec: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_tokens: Option<Vec<String>>,
    #[serde(skip_serializing)]
    recipient: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
}

/// The answer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_debug_implementations, reason = "holds a key")]
pub struct Output {
    ciphertext_blob: Blob,
    #[serde(serialize_with = "write_blob")]
    plaintext: Plaintext,
    key_id: String,
    key_material_id: String,
}

/// A data key, in the clear and encrypted.
pub(super) struct MadeDataKey {
    /// In the clear.
    pub plaintext: Plaintext,
    /// Encrypted.
    pub ciphertext: Vec<u8>,
    /// `KeyMaterialId`
    pub material_id: String,
}

impl DataKeyRequest {
    /// Reads the members.
    pub(super) fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check.range("numberOfBytes", input.number_of_bytes, 1..=1024);
        check.one_of("keySpec", input.key_spec.as_deref(), &["AES_256", "AES_128"]);
        check_grant_tokens(&mut check, input.grant_tokens.as_deref());
        check.finish().map_err(ApiError::validation)?;
        no_recipient(input.recipient.as_ref())?;
        Ok(Self {
            key_id: input.key_id.unwrap_or_default(),
            context: parse_context(input.encryption_context)?,
            bytes: bytes_wanted(input.number_of_bytes, input.key_spec.as_deref()),
            tokens: input.grant_tokens.unwrap_or_default(),
            is_dry: input.dry_run.unwrap_or(false),
        })
    }

    /// Looks the key up.
    pub(super) async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        verify_grant_tokens(cx, &self.tokens)?;
        let target = KeyTarget::load(cx, &KeyName::parse(&self.key_id, cx.region())?).await?;
        Ok(target.with_context(self.context.clone()))
    }

    /// Makes the data key. Order recorded: whether the length is said comes before the key's usage and state.
    pub(super) fn make(
        &self,
        cx: &Cx<'_>,
        target: &KeyTarget,
        operation: &str,
    ) -> Result<MadeDataKey, ApiError> {
        let key = &target.found()?.value;
        let length = self.bytes.ok_or_else(|| {
            ApiError::validation("Please specify either number of bytes or key spec.")
        })?;
        is_for_data_keys(key, target, operation, cx)?;
        let mut bytes = vec![0; length];
        cx.entropy().fill(&mut bytes);
        let plaintext = Plaintext::new(bytes);
        let algorithm = EncryptionAlgorithm::SymmetricDefault;
        let ciphertext = encrypt(cx, target, (plaintext.expose(), algorithm), operation)?;
        dry_run(self.is_dry)?;
        let material_id = key.current().map(|material| material.id.clone()).unwrap_or_default();
        Ok(MadeDataKey { plaintext, ciphertext, material_id })
    }
}

/// Only symmetric keys encrypt data keys. Messages and their order recorded of GenerateDataKey, inferred of pairs.
pub(super) fn is_for_data_keys(
    key: &Key,
    target: &KeyTarget,
    operation: &str,
    cx: &Cx<'_>,
) -> Result<(), ApiError> {
    let arn = target.arn_text();
    key.used_for(&arn, KeyUsage::EncryptDecrypt, operation)?;
    key.in_use(&arn, cx.now)?;
    if key.spec.kind() == KeyKind::Symmetric {
        return Ok(());
    }
    let message = "You cannot generate a data key with an asymmetric CMK";
    Err(ApiError::new(ErrorCode::InvalidKeyUsage, message))
}

/// AWS: one of the two, not both.
fn bytes_wanted(number: Option<i64>, spec: Option<&str>) -> Option<usize> {
    match (number, spec) {
        (Some(number), None) => usize::try_from(number).ok(),
        (None, Some("AES_128")) => Some(16),
        (None, Some(_)) => Some(32),
        (None, None) | (Some(_), Some(_)) => None,
    }
}

impl Operation for GenerateDataKey {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "GenerateDataKey",
        effect: Effect::Read,
        summary: "Makes a data key, in the clear and encrypted.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        data_key_condition(key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        Ok(Self { wanted: DataKeyRequest::parse(input)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        self.wanted.load(cx).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let made = self.wanted.make(cx, &grant, Self::SPEC.name)?;
        Ok(Done::read(Output {
            ciphertext_blob: Blob(made.ciphertext),
            plaintext: made.plaintext,
            key_id: grant.arn_text(),
            key_material_id: made.material_id,
        }))
    }
}

/// `kms:EncryptionAlgorithm` of operations that encrypt a data key.
pub(super) fn data_key_condition(key: &str) -> Values<'static> {
    if key == "kms:encryptionalgorithm" {
        one(EncryptionAlgorithm::SymmetricDefault.as_str())
    } else {
        None
    }
}
