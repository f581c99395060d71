//! DeriveSharedSecret: what a key pair and a peer's public key have in common.

use crate::authz::Grant;
use crate::conditions::{Values, one};
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::decrypt::no_recipient;
use crate::kms::encrypt::incompatible;
use crate::kms::grant_token::verify_grant_tokens;
use crate::kms::material::{KeySecret, PrivateKey};
use crate::kms::members::{bytes_of, check_blob, check_grant_tokens, check_key_id, dry_run};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_keys::kms::{CryptoError, KeyAgreementAlgorithm, KeyUsage};
use strongroom_types::Plaintext;
use strongroom_wire::Constraints;
use strongroom_wire::sensitive::{SensitiveBlob, write_blob};

/// The valid request.
#[expect(missing_debug_implementations, reason = "holds what the caller sent")]
pub struct DeriveSharedSecret {
    key_id: String,
    algorithm: KeyAgreementAlgorithm,
    /// The peer's, as X.509 `SubjectPublicKeyInfo`.
    public_key: Plaintext,
    tokens: Vec<String>,
    is_dry: bool,
}

/// The request on the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
#[expect(missing_debug_implementations, reason = "holds what the caller sent")]
pub struct Input {
    key_id: Option<String>,
    key_agreement_algorithm: Option<String>,
    #[serde(skip_serializing)]
    public_key: Option<SensitiveBlob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_tokens: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    #[serde(skip_serializing)]
    recipient: Option<serde_json::Value>,
}

/// The answer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_debug_implementations, reason = "holds a shared secret")]
pub struct Output {
    key_id: String,
    #[serde(serialize_with = "write_blob")]
    shared_secret: Plaintext,
    key_agreement_algorithm: &'static str,
    key_origin: &'static str,
}

/// Longest public key. Model: `PublicKeyType`.
const PUBLIC_KEY_BYTES: std::ops::RangeInclusive<usize> = 1..=8192;

impl Operation for DeriveSharedSecret {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "DeriveSharedSecret",
        effect: Effect::Read,
        summary: "Derives a shared secret from a key pair and a peer's public key.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "kms:keyagreementalgorithm" { one(self.algorithm.as_str()) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        let algorithm = input.key_agreement_algorithm.as_deref();
        check.required("keyAgreementAlgorithm", algorithm.as_ref());
        check.one_of("keyAgreementAlgorithm", algorithm, &["ECDH"]);
        check_blob(&mut check, "publicKey", input.public_key.as_ref(), PUBLIC_KEY_BYTES);
        check_grant_tokens(&mut check, input.grant_tokens.as_deref());
        check.finish().map_err(ApiError::validation)?;
        no_recipient(input.recipient.as_ref())?;
        let algorithm = KeyAgreementAlgorithm::parse(algorithm.unwrap_or_default());
        Ok(Self {
            algorithm: algorithm.map_err(ApiError::internal)?,
            key_id: input.key_id.unwrap_or_default(),
            public_key: bytes_of(input.public_key),
            tokens: input.grant_tokens.unwrap_or_default(),
            is_dry: input.dry_run.unwrap_or(false),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        verify_grant_tokens(cx, &self.tokens)?;
        KeyTarget::load(cx, &KeyName::parse(&self.key_id, cx.region())?).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let (key, arn) = (&grant.found()?.value, grant.arn_text());
        key.used_for(&arn, KeyUsage::KeyAgreement, Self::SPEC.name)?;
        let secret = key.usable(&arn, cx.now)?;
        let KeySecret::Pair(pair) = &**secret else {
            return Err(incompatible(self.algorithm.as_str(), key.spec));
        };
        let PrivateKey::Agreeing(private) = &pair.private else {
            return Err(incompatible(self.algorithm.as_str(), key.spec));
        };
        let derived = private.derive(self.algorithm, self.public_key.expose());
        let shared_secret = derived.map(Plaintext::of).map_err(refusal)?;
        dry_run(self.is_dry)?;
        Ok(Done::read(Output {
            key_id: arn,
            shared_secret,
            key_agreement_algorithm: self.algorithm.as_str(),
            key_origin: key.origin.as_str(),
        }))
    }
}

/// AWS, recorded: a public key that is none, or of another curve, is refused without a message.
fn refusal(error: CryptoError) -> ApiError {
    match error {
        CryptoError::PeerKey => ApiError::validation(""),
        other => ApiError::internal(other),
    }
}
