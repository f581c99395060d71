//! CreateKey: makes a key.

use crate::authz::{Grant, WholeAccount};
use crate::conditions::{Values, flag, one, request_tags};
use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::KeyName;
use crate::kms::key::{About, Key, KeyManager, MultiRegion, Origin};
use crate::kms::key_policy::{check_policy, default_policy, put_policy};
use crate::kms::material::{Material, hex};
use crate::kms::members::{TagMember, add_tags, check_tags, parse_tags};
use crate::kms::metadata::KeyMetadata;
use crate::kms::target::{KeyTarget, record_key};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_keys::kms::{KeySpec, KeyUsage};
use strongroom_store::Expect;
use strongroom_types::{RandomId, Tag};
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct CreateKey {
    policy: Option<String>,
    description: String,
    spec: KeySpec,
    usage: KeyUsage,
    origin: Origin,
    is_lockout_allowed: bool,
    tags: Vec<Tag>,
    is_multi_region: bool,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_usage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_master_key_spec: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_spec: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_key_store_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bypass_policy_lockout_safety_check: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Object<TagMember>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_region: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xks_key_id: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    key_metadata: KeyMetadata,
}

impl Operation for CreateKey {
    const SPEC: Spec =
        Spec { service: "kms", name: "CreateKey", effect: Effect::Write, summary: "Makes a key." };
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn further_actions(&self) -> Vec<&'static str> {
        if self.tags.is_empty() { Vec::new() } else { vec!["kms:TagResource"] }
    }

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "kms:bypasspolicylockoutsafetycheck" => flag(self.is_lockout_allowed),
            "kms:keyspec" | "kms:customermasterkeyspec" => one(self.spec.as_str()),
            "kms:keyusage" | "kms:customermasterkeyusage" => one(self.usage.as_str()),
            "kms:keyorigin" => one(self.origin.as_str()),
            "kms:multiregion" => flag(self.is_multi_region),
            "kms:multiregionkeytype" => self.is_multi_region.then(|| one("PRIMARY")).flatten(),
            _ => request_tags(&self.tags, key),
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_policy(&mut check, input.policy.as_deref());
        check.length("description", input.description.as_deref(), 0..=8192);
        check.one_of("keyUsage", input.key_usage.as_deref(), USAGES);
        let legacy = input.customer_master_key_spec.as_deref();
        check.one_of("customerMasterKeySpec", legacy, LEGACY_SPECS);
        check.one_of("keySpec", input.key_spec.as_deref(), SPECS);
        check.one_of("origin", input.origin.as_deref(), ORIGINS);
        check.length("customKeyStoreId", input.custom_key_store_id.as_deref(), 1..=64);
        check.length("xksKeyId", input.xks_key_id.as_deref(), 1..=128);
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let spec = parse_spec(&input)?;
        let tags = parse_tags(input.tags)?;
        add_tags(&mut Vec::new(), &tags)?;
        Ok(Self {
            usage: parse_usage(spec, input.key_usage.as_deref())?,
            origin: parse_origin(input.origin.as_deref())?,
            policy: input.policy,
            description: input.description.unwrap_or_default(),
            spec,
            is_lockout_allowed: input.bypass_policy_lockout_safety_check.unwrap_or(false),
            tags,
            is_multi_region: input.multi_region.unwrap_or(false),
        })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        let mut key = self.new_key(cx).await?;
        let target = KeyTarget::load(cx, &KeyName::of_id(&*key.id)).await?;
        let (text, is_lockout_allowed) = match &self.policy {
            Some(text) => (text.clone(), self.is_lockout_allowed),
            None => (default_policy(cx.account(), cx.region()), true),
        };
        put_policy(cx, &mut key, (&text, &target), is_lockout_allowed).await?;
        let record = record_key(cx.account(), cx.region(), &key.id);
        let write = cx.house.records.put(cx.entropy(), record, &key, Expect::Absent)?;
        let key_metadata = KeyMetadata::of_target(&target, &key, cx.now);
        Ok(Done::change(Output { key_metadata }, vec![write]))
    }
}

impl CreateKey {
    async fn new_key(&self, cx: &Cx<'_>) -> Result<Key, ApiError> {
        let id = if self.is_multi_region {
            let mut bytes = [0; 16];
            cx.entropy().fill(&mut bytes);
            format!("mrk-{}", hex(&bytes))
        } else {
            RandomId::draw(cx.entropy()).text().to_string()
        };
        let about = About {
            manager: KeyManager::Customer,
            spec: self.spec,
            usage: self.usage,
            origin: self.origin,
            description: self.description.clone(),
            tags: self.tags.clone(),
            multi_region: self.is_multi_region.then(|| MultiRegion::alone(cx.region())),
            ..About::managed(id, cx.now)
        };
        let materials = match self.origin {
            Origin::AwsKms => {
                let (spec, usage) = (self.spec, self.usage);
                let made = Material::generate(spec, usage, &about.id, cx.now, cx.entropy());
                vec![made.await.map_err(ApiError::internal)?]
            }
            Origin::External => Vec::new(),
        };
        Ok(Key::new(about, materials))
    }
}

/// Model: `KeyUsageType`.
const USAGES: &[&str] = &[
    "SIGN_VERIFY",
    "ENCRYPT_DECRYPT",
    "GENERATE_VERIFY_MAC",
    "KEY_AGREEMENT",
    "ENCAPSULATE_DECAPSULATE",
];
/// Model: `CustomerMasterKeySpec`.
const LEGACY_SPECS: &[&str] = &[
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SYMMETRIC_DEFAULT",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
];
/// Model: `KeySpec`.
const SPECS: &[&str] = &[
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SYMMETRIC_DEFAULT",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "ECC_NIST_EDWARDS25519",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
];
/// Model: `OriginType`.
const ORIGINS: &[&str] = &["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];

fn unsupported(what: &str) -> ApiError {
    let message = format!("{what} is not supported.");
    ApiError::new(ErrorCode::UnsupportedOperation, message)
}

/// AWS knows specs that the cryptographic library here has no safe call for, and answers so where a region lacks one.
fn parse_spec(input: &Input) -> Result<KeySpec, ApiError> {
    let named = match (input.key_spec.as_deref(), input.customer_master_key_spec.as_deref()) {
        (Some(_), Some(_)) => {
            return Err(ApiError::validation(
                "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.",
            ));
        }
        (Some(named), None) | (None, Some(named)) => named,
        (None, None) => return Ok(KeySpec::SymmetricDefault),
    };
    KeySpec::parse(named).map_err(|_| unsupported(&format!("KeySpec {named}")))
}

/// Messages recorded.
fn parse_usage(spec: KeySpec, usage: Option<&str>) -> Result<KeyUsage, ApiError> {
    let Some(named) = usage else {
        return spec.default_usage().ok_or_else(|| {
            ApiError::validation(
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
            )
        });
    };
    let usage = KeyUsage::parse(named).ok().filter(|usage| spec.usages().contains(usage));
    usage.ok_or_else(|| {
        ApiError::validation(format!("KeyUsage {named} is not compatible with KeySpec {spec}"))
    })
}

/// There are no custom key stores here. KMS API reference, `CreateKey`: imported material is for all key specs.
fn parse_origin(origin: Option<&str>) -> Result<Origin, ApiError> {
    match origin {
        None | Some("AWS_KMS") => Ok(Origin::AwsKms),
        Some("EXTERNAL") => Ok(Origin::External),
        Some(other) => Err(unsupported(&format!("Origin {other}"))),
    }
}
