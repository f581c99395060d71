//! GenerateDataKeyPair: a fresh key pair for use elsewhere, its private key in the clear and encrypted.

use crate::authz::Grant;
use crate::conditions::{Values, one};
use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::KeyName;
use crate::kms::decrypt::no_recipient;
use crate::kms::encrypt::encrypt;
use crate::kms::generate_data_key::{data_key_condition, is_for_data_keys};
use crate::kms::grant_token::verify_grant_tokens;
use crate::kms::material::new_pair;
use crate::kms::members::{check_grant_tokens, check_key_id, dry_run, parse_context};
use crate::kms::target::{ContextPairs, KeyTarget};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_keys::kms::{EncryptionAlgorithm, KeyKind, KeyPair, KeySpec, PairSpec};
use strongroom_types::Plaintext;
use strongroom_wire::sensitive::write_blob;
use strongroom_wire::{Blob, Constraints};

/// The valid request.
#[derive(Debug)]
pub struct GenerateDataKeyPair {
    wanted: DataKeyPairRequest,
}

/// What the two operations for pairs of data keys ask for.
#[derive(Debug)]
pub(super) struct DataKeyPairRequest {
    /// The key that encrypts the private key.
    key_id: String,
    context: ContextPairs,
    spec: PairSpec,
    tokens: Vec<String>,
    is_dry: bool,
}

/// The request on the wire, of both operations.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context: Option<ContextPairs>,
    key_id: Option<String>,
    key_pair_spec: Option<String>,
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
#[expect(missing_debug_implementations, reason = "holds a private key")]
pub struct Output {
    private_key_ciphertext_blob: Blob,
    #[serde(serialize_with = "write_blob")]
    private_key_plaintext: Plaintext,
    public_key: Blob,
    key_id: String,
    key_pair_spec: &'static str,
    key_material_id: String,
}

/// A pair of data keys.
pub(super) struct MadePair {
    /// Both keys in the clear.
    pub pair: KeyPair,
    /// The private key, as PKCS#8, encrypted.
    pub private_ciphertext: Vec<u8>,
    /// `KeyMaterialId`
    pub material_id: String,
}

/// Model: `DataKeyPairSpec`.
const SPECS: &[&str] = &[
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SM2",
    "ECC_NIST_EDWARDS25519",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
];

impl DataKeyPairRequest {
    /// Reads the members.
    pub(super) fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check.required("keyPairSpec", input.key_pair_spec.as_ref());
        check.one_of("keyPairSpec", input.key_pair_spec.as_deref(), SPECS);
        check_grant_tokens(&mut check, input.grant_tokens.as_deref());
        check.finish().map_err(ApiError::validation)?;
        no_recipient(input.recipient.as_ref())?;
        Ok(Self {
            key_id: input.key_id.unwrap_or_default(),
            context: parse_context(input.encryption_context)?,
            spec: parse_pair_spec(input.key_pair_spec.as_deref().unwrap_or_default())?,
            tokens: input.grant_tokens.unwrap_or_default(),
            is_dry: input.dry_run.unwrap_or(false),
        })
    }

    /// `kms:DataKeyPairSpec` and what every data key has.
    pub(super) fn condition(&self, key: &str) -> Values<'static> {
        if key == "kms:datakeypairspec" {
            return one(self.spec.key_spec().as_str());
        }
        data_key_condition(key)
    }

    /// As AWS names it.
    pub(super) fn spec_name(&self) -> &'static str {
        self.spec.key_spec().as_str()
    }

    /// Looks the key up.
    pub(super) async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        verify_grant_tokens(cx, &self.tokens)?;
        let target = KeyTarget::load(cx, &KeyName::parse(&self.key_id, cx.region())?).await?;
        Ok(target.with_context(self.context.clone()))
    }

    /// Makes the pair, unless it is only tried: that must not cost what an RSA key costs.
    pub(super) async fn make(
        &self,
        cx: &Cx<'_>,
        target: &KeyTarget,
        operation: &str,
    ) -> Result<MadePair, ApiError> {
        let key = &target.found()?.value;
        is_for_data_keys(key, target, operation, cx)?;
        dry_run(self.is_dry)?;
        let pair = new_pair(self.spec).await.map_err(ApiError::internal)?;
        let algorithm = EncryptionAlgorithm::SymmetricDefault;
        let private_ciphertext = encrypt(cx, target, (pair.pkcs8(), algorithm), operation)?;
        let material_id = key.current().map(|material| material.id.clone()).unwrap_or_default();
        Ok(MadePair { pair, private_ciphertext, material_id })
    }
}

/// What the library cannot make is refused as CreateKey refuses a spec that AWS has elsewhere; that message is recorded.
fn parse_pair_spec(name: &str) -> Result<PairSpec, ApiError> {
    match KeySpec::parse(name).map(KeySpec::kind) {
        Ok(KeyKind::Pair(spec)) if spec.is_for_data_key_pairs() => Ok(spec),
        _ => Err(ApiError::new(
            ErrorCode::UnsupportedOperation,
            format!("KeyPairSpec {name} is not supported in this Region"),
        )),
    }
}

impl Operation for GenerateDataKeyPair {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "GenerateDataKeyPair",
        effect: Effect::Read,
        summary: "Makes a pair of data keys, the private one in the clear and encrypted.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        self.wanted.condition(key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        Ok(Self { wanted: DataKeyPairRequest::parse(input)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        self.wanted.load(cx).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let made = self.wanted.make(cx, &grant, Self::SPEC.name).await?;
        Ok(Done::read(Output {
            private_key_ciphertext_blob: Blob(made.private_ciphertext),
            public_key: Blob(made.pair.public_key_der().to_vec()),
            private_key_plaintext: Plaintext::of(made.pair.into_pkcs8()),
            key_id: grant.arn_text(),
            key_pair_spec: self.wanted.spec_name(),
            key_material_id: made.material_id,
        }))
    }
}
