//! GetParametersForImport: a wrapping key and an import token, with which material can be imported for 24 hours.

use crate::authz::Grant;
use crate::conditions::{Values, one};
use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::KeyName;
use crate::kms::import_token::{self, Wrapping};
use crate::kms::material::new_pair;
use crate::kms::members::check_key_id;
use crate::kms::multi_region::is_own;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_keys::kms::{PairSpec, RsaSpec, WrappingAlgorithm};
use strongroom_types::Timestamp;
use strongroom_wire::{Blob, Constraints, epoch};

/// The valid request.
#[derive(Debug)]
pub struct GetParametersForImport {
    key_id: String,
    wrapping: Wrapping,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    wrapping_algorithm: Option<String>,
    wrapping_key_spec: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    key_id: String,
    import_token: Blob,
    public_key: Blob,
    #[serde(serialize_with = "epoch::serialize")]
    parameters_valid_to: Timestamp,
}

/// Model: `AlgorithmSpec`.
const ALGORITHMS: &[&str] = &[
    "RSAES_PKCS1_V1_5",
    "RSAES_OAEP_SHA_1",
    "RSAES_OAEP_SHA_256",
    "RSA_AES_KEY_WRAP_SHA_1",
    "RSA_AES_KEY_WRAP_SHA_256",
    "SM2PKE",
];
/// Model: `WrappingKeySpec`.
const SPECS: &[&str] = &["RSA_2048", "RSA_3072", "RSA_4096", "SM2"];

impl Operation for GetParametersForImport {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "GetParametersForImport",
        effect: Effect::Read,
        summary: "Makes a wrapping key and a token for the import of key material.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "kms:wrappingalgorithm" => one(self.wrapping.algorithm.as_str()),
            "kms:wrappingkeyspec" => one(self.wrapping.spec.as_str()),
            _ => None,
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let (algorithm, spec) = (input.wrapping_algorithm, input.wrapping_key_spec);
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check.required("wrappingAlgorithm", algorithm.as_ref());
        check.one_of("wrappingAlgorithm", algorithm.as_deref(), ALGORITHMS);
        check.required("wrappingKeySpec", spec.as_ref());
        check.one_of("wrappingKeySpec", spec.as_deref(), SPECS);
        check.finish().map_err(ApiError::validation)?;
        let (algorithm, spec) = (algorithm.unwrap_or_default(), spec.unwrap_or_default());
        let wrapping = Wrapping {
            algorithm: WrappingAlgorithm::parse(&algorithm)
                .map_err(|_| unsupported("WrappingAlgorithm", &algorithm))?,
            spec: RsaSpec::parse(&spec).map_err(|_| unsupported("WrappingKeySpec", &spec))?,
        };
        Ok(Self { key_id: input.key_id.unwrap_or_default(), wrapping })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        KeyTarget::load(cx, &KeyName::parse_key(&self.key_id, cx.region())?).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        is_own(cx, &grant)?;
        let (key, arn) = (&grant.found()?.value, grant.arn_text());
        key.not_deleted(&arn, cx.now)?;
        key.is_for_import(&arn)?;
        let Wrapping { spec, algorithm } = self.wrapping;
        if !algorithm.wraps(key.spec, spec) {
            return Err(does_not_wrap(self.wrapping, key.spec.as_str()));
        }
        let pair = new_pair(PairSpec::Rsa(spec)).await.map_err(ApiError::internal)?;
        let token = import_token::seal(cx, &grant, self.wrapping, pair.pkcs8())?;
        Ok(Done::read(Output {
            key_id: arn,
            import_token: Blob(token),
            public_key: Blob(pair.public_key_der().to_vec()),
            parameters_valid_to: import_token::valid_to(cx.now),
        }))
    }
}

/// AWS has given up `RSAES_PKCS1_V1_5`, and knows SM2 in China only. Message inferred.
fn unsupported(member: &str, named: &str) -> ApiError {
    let message = format!("{member} {named} is not supported.");
    ApiError::new(ErrorCode::UnsupportedOperation, message)
}

/// Documented; message inferred.
fn does_not_wrap(Wrapping { spec, algorithm }: Wrapping, key_spec: &str) -> ApiError {
    let message = format!(
        "WrappingAlgorithm {algorithm} with WrappingKeySpec {spec} is not supported for key spec {key_spec}."
    );
    ApiError::new(ErrorCode::UnsupportedOperation, message)
}
