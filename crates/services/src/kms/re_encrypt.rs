//! ReEncrypt: decrypts a ciphertext and encrypts what was in it again, without showing it to anybody.

use crate::authz::{Grant, OwnPolicy, Resource, authorize};
use crate::conditions::{Asked, Values, flag, one};
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::decrypt::{check_ciphertext, decrypt_or_try, load_source};
use crate::kms::encrypt::{check_algorithm, encrypt, parse_algorithm};
use crate::kms::grant_token::verify_grant_tokens;
use crate::kms::members::{bytes_of, check_grant_tokens, check_key_id, dry_run, parse_context};
use crate::kms::target::{ContextPairs, KeyTarget};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_keys::kms::EncryptionAlgorithm;
use strongroom_types::{AccountId, Plaintext, limits};
use strongroom_wire::sensitive::SensitiveBlob;
use strongroom_wire::{Blob, Constraints};

/// The valid request.
#[expect(missing_debug_implementations, reason = "holds a ciphertext")]
pub struct ReEncrypt {
    /// `None`: only permissions are tried, and there need not be one.
    ciphertext: Option<Plaintext>,
    source_key_id: Option<String>,
    source_context: ContextPairs,
    source_algorithm: EncryptionAlgorithm,
    destination_key_id: String,
    destination_context: ContextPairs,
    destination_algorithm: EncryptionAlgorithm,
    tokens: Vec<String>,
    is_dry: bool,
}

/// The request on the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
#[expect(missing_debug_implementations, reason = "holds a ciphertext")]
pub struct Input {
    #[serde(skip_serializing)]
    ciphertext_blob: Option<SensitiveBlob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_encryption_context: Option<ContextPairs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_key_id: Option<String>,
    destination_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_encryption_context: Option<ContextPairs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_encryption_algorithm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_encryption_algorithm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_tokens: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run_modifiers: Option<Vec<String>>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    ciphertext_blob: Blob,
    source_key_id: String,
    key_id: String,
    source_encryption_algorithm: &'static str,
    destination_encryption_algorithm: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_key_material_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_key_material_id: Option<String>,
}

/// The two keys. What stands for both is the source: it is decided on by the pipeline, the destination by
/// [`ReEncrypt::run`].
#[derive(Debug)]
pub struct TwoKeys {
    source: KeyTarget,
    destination: KeyTarget,
}

/// `kms:ReEncryptOnSameKey`
const ON_SAME_KEY: &str = "kms:reencryptonsamekey";

impl TwoKeys {
    fn are_same(&self) -> bool {
        self.source.arn_text() == self.destination.arn_text()
    }
}

impl Resource for TwoKeys {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        self.source.account(cx)
    }

    fn arn(&self, cx: &Cx<'_>) -> String {
        self.source.arn(cx)
    }

    fn named(&self, cx: &Cx<'_>) -> String {
        self.source.named(cx)
    }

    fn tells_reason(&self) -> bool {
        self.source.tells_reason()
    }

    fn condition<'a>(&'a self, cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        if key == ON_SAME_KEY { flag(self.are_same()) } else { self.source.condition(cx, key) }
    }

    fn policy(&self) -> Option<OwnPolicy> {
        self.source.policy()
    }

    fn refusal(&self) -> Option<&'static str> {
        self.source.refusal()
    }

    async fn is_granted(&self, cx: &Cx<'_>, action: &str) -> Result<bool, ApiError> {
        self.source.is_granted(cx, action).await
    }

    fn event_type(&self) -> Option<&'static str> {
        self.source.event_type()
    }
}

/// What the decision on the destination may ask of the request.
struct OfDestination {
    algorithm: EncryptionAlgorithm,
    is_same: bool,
}

impl Asked for OfDestination {
    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "kms:encryptionalgorithm" => one(self.algorithm.as_str()),
            ON_SAME_KEY => flag(self.is_same),
            _ => None,
        }
    }
}

impl Input {
    /// Checks the members. Answers whether the ciphertext is ignored.
    fn check(&self) -> Result<bool, ApiError> {
        let mut check = Constraints::new();
        let blob = self.ciphertext_blob.as_ref();
        let modifiers = self.dry_run_modifiers.as_deref();
        let is_ignored = check_ciphertext(&mut check, blob, (self.dry_run, modifiers));
        if is_ignored {
            check.required("sourceKeyId", self.source_key_id.as_ref());
        }
        let source = self.source_key_id.as_deref();
        check.length("sourceKeyId", source, 1..=limits::KMS_KEY_ID_CHARS_MAX);
        check_key_id(&mut check, "destinationKeyId", self.destination_key_id.as_deref());
        let algorithm = self.source_encryption_algorithm.as_deref();
        check_algorithm(&mut check, "sourceEncryptionAlgorithm", algorithm);
        let algorithm = self.destination_encryption_algorithm.as_deref();
        check_algorithm(&mut check, "destinationEncryptionAlgorithm", algorithm);
        check_grant_tokens(&mut check, self.grant_tokens.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(is_ignored)
    }
}

impl Operation for ReEncrypt {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "ReEncrypt",
        effect: Effect::Read,
        summary: "Decrypts a ciphertext and encrypts its plaintext again.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = TwoKeys;

    const ACTION: Option<&'static str> = Some("kms:ReEncryptFrom");

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "kms:encryptionalgorithm" { one(self.source_algorithm.as_str()) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let is_ignored = input.check()?;
        let source = input.source_encryption_algorithm.as_deref();
        Ok(Self {
            source_algorithm: parse_algorithm(source)?,
            destination_algorithm: parse_algorithm(
                input.destination_encryption_algorithm.as_deref(),
            )?,
            ciphertext: (!is_ignored).then(|| bytes_of(input.ciphertext_blob)),
            source_key_id: input.source_key_id,
            source_context: parse_context(input.source_encryption_context)?,
            destination_key_id: input.destination_key_id.unwrap_or_default(),
            destination_context: parse_context(input.destination_encryption_context)?,
            tokens: input.grant_tokens.unwrap_or_default(),
            is_dry: input.dry_run.unwrap_or(false),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<TwoKeys, ApiError> {
        verify_grant_tokens(cx, &self.tokens)?;
        let blob = self.ciphertext.as_ref().map_or(&[][..], Plaintext::expose);
        let key_id = self.source_key_id.as_deref();
        let source = load_source(cx, key_id, blob, self.source_algorithm).await?;
        let name = KeyName::parse(&self.destination_key_id, cx.region())?;
        let destination = KeyTarget::load(cx, &name).await?;
        Ok(TwoKeys {
            source: source.with_context(self.source_context.clone()),
            destination: destination.with_context(self.destination_context.clone()),
        })
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<TwoKeys>) -> Result<Done<Output>, ApiError> {
        let asked =
            OfDestination { algorithm: self.destination_algorithm, is_same: grant.are_same() };
        let TwoKeys { source, destination } = grant.into_inner();
        // AWS, recorded: what is wrong with the source is said before the destination is looked at.
        let wanted = (self.ciphertext.as_ref(), self.source_algorithm);
        let opened = decrypt_or_try(cx, &source, wanted, "ReEncryptFrom").await?;
        let destination = authorize(cx, "kms:ReEncryptTo", &asked, destination).await?;
        let plaintext = opened.plaintext.expose();
        let algorithm = self.destination_algorithm;
        let sealed = encrypt(cx, &destination, (plaintext, algorithm), "ReEncryptTo")?;
        dry_run(self.is_dry)?;
        Ok(Done::read(Output {
            ciphertext_blob: Blob(sealed),
            source_key_id: source.arn_text(),
            key_id: destination.arn_text(),
            source_encryption_algorithm: self.source_algorithm.as_str(),
            destination_encryption_algorithm: algorithm.as_str(),
            source_key_material_id: opened.material_id,
            destination_key_material_id: material_id(&destination, algorithm)?,
        }))
    }
}

/// Of symmetric keys only. KMS API reference, `ReEncrypt`.
fn material_id(
    target: &KeyTarget,
    algorithm: EncryptionAlgorithm,
) -> Result<Option<String>, ApiError> {
    if algorithm != EncryptionAlgorithm::SymmetricDefault {
        return Ok(None);
    }
    Ok(target.found()?.value.current().map(|material| material.id.clone()))
}
