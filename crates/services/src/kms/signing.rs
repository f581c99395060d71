//! What Sign and Verify have in common: the message, and how it is signed.

use crate::conditions::{Values, one};
use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::KeyName;
use crate::kms::encrypt::incompatible;
use crate::kms::grant_token::verify_grant_tokens;
use crate::kms::material::KeySecret;
use crate::kms::members::{
    PLAINTEXT_BYTES, bytes_of, check_blob, check_grant_tokens, check_key_id,
};
use crate::kms::target::KeyTarget;
use crate::operation::Cx;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_keys::kms::{
    Algorithms, CryptoError, KeySpec, KeyUsage, MessageType, SigningAlgorithm,
};
use strongroom_types::Plaintext;
use strongroom_wire::Constraints;
use strongroom_wire::sensitive::SensitiveBlob;

/// The request on the wire, of both operations.
#[derive(Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
#[expect(missing_debug_implementations, reason = "holds a message")]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing)]
    message: Option<SensitiveBlob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_type: Option<String>,
    /// Of Verify only.
    #[serde(skip_serializing)]
    pub(super) signature: Option<SensitiveBlob>,
    signing_algorithm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_tokens: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
}

/// What both operations ask for.
pub(super) struct SigningRequest {
    key_id: String,
    /// The message, or its digest. Shared with the thread that signs.
    pub message: Arc<Plaintext>,
    message_type: AskedType,
    algorithm: AskedAlgorithm,
    tokens: Vec<String>,
    /// Only tried.
    pub is_dry: bool,
}

/// An algorithm that AWS knows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum AskedAlgorithm {
    /// The library has it.
    Ours(SigningAlgorithm),
    /// It does not.
    Other(String),
}

/// `MessageType`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AskedType {
    /// The library has it.
    Ours(MessageType),
    /// A message's representative, computed elsewhere: of ML-DSA only, and not of the library's.
    ExternalMu,
}

/// Model: `SigningAlgorithmSpec`, in the order of AWS's messages, recorded.
const ALGORITHMS: &[&str] = &[
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "ECDSA_SHA_256",
    "ECDSA_SHA_384",
    "ECDSA_SHA_512",
    ED25519,
    ED25519_PREHASHED,
    "SM2DSA",
    "ML_DSA_SHAKE_256",
];

const ED25519: &str = "ED25519_SHA_512";
const ED25519_PREHASHED: &str = "ED25519_PH_SHA_512";

/// AWS: passes as a value of the enumeration, which does not name it, and fits no key. Recorded.
const UNLISTED: &str = "SYMMETRIC_DEFAULT";

/// Model: `MessageType`. Order recorded.
const MESSAGE_TYPES: &[&str] = &["RAW", "DIGEST", "EXTERNAL_MU"];

impl AskedAlgorithm {
    fn as_str(&self) -> &str {
        match self {
            Self::Ours(algorithm) => algorithm.as_str(),
            Self::Other(name) => name,
        }
    }
}

impl AskedType {
    fn parse(name: Option<&str>) -> Self {
        match name {
            None => Self::Ours(MessageType::Raw),
            Some(name) => MessageType::parse(name).map_or(Self::ExternalMu, Self::Ours),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Ours(message_type) => message_type.as_str(),
            Self::ExternalMu => "EXTERNAL_MU",
        }
    }
}

impl SigningRequest {
    /// Reads the members. `check` has what is found of those that one of the operations has alone.
    pub(super) fn parse(input: Input, mut check: Constraints) -> Result<Self, ApiError> {
        let algorithm = input.signing_algorithm.as_deref();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_blob(&mut check, "message", input.message.as_ref(), PLAINTEXT_BYTES);
        check.one_of("messageType", input.message_type.as_deref(), MESSAGE_TYPES);
        check.required("signingAlgorithm", algorithm.as_ref());
        let listed = algorithm.filter(|name| *name != UNLISTED);
        check.one_of("signingAlgorithm", listed, ALGORITHMS);
        check_grant_tokens(&mut check, input.grant_tokens.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let name = algorithm.unwrap_or_default();
        Ok(Self {
            algorithm: SigningAlgorithm::parse(name)
                .map_or_else(|_| AskedAlgorithm::Other(name.to_owned()), AskedAlgorithm::Ours),
            message_type: AskedType::parse(input.message_type.as_deref()),
            key_id: input.key_id.unwrap_or_default(),
            message: Arc::new(bytes_of(input.message)),
            tokens: input.grant_tokens.unwrap_or_default(),
            is_dry: input.dry_run.unwrap_or(false),
        })
    }

    /// `kms:SigningAlgorithm` and `kms:MessageType`
    pub(super) fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "kms:signingalgorithm" => one(self.algorithm.as_str()),
            "kms:messagetype" => one(self.message_type.as_str()),
            _ => None,
        }
    }

    /// Looks the key up.
    pub(super) async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        verify_grant_tokens(cx, &self.tokens)?;
        KeyTarget::load(cx, &KeyName::parse(&self.key_id, cx.region())?).await
    }

    /// Algorithm and message type, if the library has them. Whether they fit the key is the library's to say, but what
    /// fits no key is refused as what does not fit.
    pub(super) fn fitting(
        &self,
        spec: KeySpec,
    ) -> Result<(SigningAlgorithm, MessageType), ApiError> {
        let algorithm = match &self.algorithm {
            AskedAlgorithm::Ours(algorithm) => *algorithm,
            AskedAlgorithm::Other(name) => return Err(self.unsupported(name, spec)),
        };
        match self.message_type {
            AskedType::Ours(message_type) => Ok((algorithm, message_type)),
            AskedType::ExternalMu if !signs_with(spec, algorithm) => {
                Err(incompatible(algorithm.as_str(), spec))
            }
            AskedType::ExternalMu if algorithm == SigningAlgorithm::MlDsaShake256 => {
                Err(unsupported("MessageType EXTERNAL_MU is not supported."))
            }
            AskedType::ExternalMu => Err(self.wrong_type(spec)),
        }
    }

    /// Ed25519 of a digest fits Ed25519's keys, which the library does not sign with that way.
    fn unsupported(&self, name: &str, spec: KeySpec) -> ApiError {
        if name != ED25519_PREHASHED || spec != KeySpec::EccNistEdwards25519 {
            return incompatible(name, spec);
        }
        match self.message_type {
            AskedType::Ours(MessageType::Digest) => {
                unsupported("SigningAlgorithm ED25519_PH_SHA_512 is not supported.")
            }
            AskedType::Ours(MessageType::Raw) | AskedType::ExternalMu => self.wrong_type(spec),
        }
    }

    /// What the library refused, in AWS's words. Messages recorded.
    pub(super) fn refusal(&self, error: CryptoError, spec: KeySpec) -> ApiError {
        let algorithm = self.algorithm.as_str();
        match error {
            CryptoError::AlgorithmNotOfKey => incompatible(algorithm, spec),
            CryptoError::MessageTypeNotOfAlgorithm => self.wrong_type(spec),
            CryptoError::DigestLength { .. } => {
                ApiError::validation(format!("Digest is invalid length for algorithm {algorithm}."))
            }
            other => ApiError::internal(other),
        }
    }

    /// AWS names the key spec where it has one algorithm only. Messages recorded of DIGEST and RAW, inferred of
    /// EXTERNAL_MU.
    fn wrong_type(&self, spec: KeySpec) -> ApiError {
        let message_type = self.message_type.as_str();
        let what = match spec {
            KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => format!("key spec {spec}"),
            _ => format!("algorithm {}", self.algorithm.as_str()),
        };
        ApiError::validation(format!("Message type {message_type} is incompatible with {what}."))
    }
}

/// The secret of the key that was granted. Order recorded: usage, state, and only then the algorithm.
pub(super) fn secret_of<'a>(
    cx: &Cx<'_>,
    target: &'a KeyTarget,
    operation: &str,
) -> Result<&'a Arc<KeySecret>, ApiError> {
    let (key, arn) = (&target.found()?.value, target.arn_text());
    key.used_for(&arn, KeyUsage::SignVerify, operation)?;
    key.usable(&arn, cx.now)
}

fn signs_with(spec: KeySpec, algorithm: SigningAlgorithm) -> bool {
    let known = spec.algorithms(KeyUsage::SignVerify);
    matches!(known, Some(Algorithms::Signing(list)) if list.contains(&algorithm))
}

fn unsupported(message: &'static str) -> ApiError {
    ApiError::new(ErrorCode::UnsupportedOperation, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(algorithm: &str, message_type: &str) -> SigningRequest {
        let input = serde_json::json!({
            "KeyId": "alias/k", "Message": "AA==", "SigningAlgorithm": algorithm, "MessageType": message_type,
        });
        let input = serde_json::from_value(input).unwrap();
        SigningRequest::parse(input, Constraints::new()).unwrap_or_else(|error| panic!("{error:?}"))
    }

    #[test]
    fn what_awss_model_names_and_the_library_lacks_is_refused_for_its_own_key_alone() {
        use ErrorCode::{InvalidKeyUsage, UnsupportedOperation, Validation};
        for (algorithm, message_type, spec, code) in [
            (ED25519_PREHASHED, "DIGEST", KeySpec::EccNistEdwards25519, UnsupportedOperation),
            (ED25519_PREHASHED, "RAW", KeySpec::EccNistEdwards25519, Validation),
            (ED25519_PREHASHED, "DIGEST", KeySpec::Rsa2048, InvalidKeyUsage),
            ("SM2DSA", "RAW", KeySpec::EccNistP256, InvalidKeyUsage),
            (UNLISTED, "RAW", KeySpec::Rsa2048, InvalidKeyUsage),
            ("ML_DSA_SHAKE_256", "EXTERNAL_MU", KeySpec::MlDsa44, UnsupportedOperation),
            ("ML_DSA_SHAKE_256", "EXTERNAL_MU", KeySpec::Rsa2048, InvalidKeyUsage),
            (ED25519, "EXTERNAL_MU", KeySpec::EccNistEdwards25519, Validation),
        ] {
            let refused = request(algorithm, message_type).fitting(spec).unwrap_err();
            assert_eq!(refused.code, code, "{algorithm} {message_type} {spec}: {refused:?}");
        }
    }

    #[test]
    fn every_algorithm_of_the_library_is_one_that_aws_lists() {
        for algorithm in SigningAlgorithm::ALL {
            assert!(ALGORITHMS.contains(&algorithm.as_str()));
            let fitting = request(algorithm.as_str(), "RAW").fitting(KeySpec::Rsa2048);
            assert_eq!(fitting.ok(), Some((*algorithm, MessageType::Raw)));
        }
    }
}
