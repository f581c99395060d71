//! ImportKeyMaterial: gives a key the material that its owner made.

use crate::authz::Grant;
use crate::conditions::{Values, one, some};
use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::KeyName;
use crate::kms::decrypt::invalid_ciphertext;
use crate::kms::import_token;
use crate::kms::imported::{Arrival, ImportType, NotMaterial, incorrect_material};
use crate::kms::key::Key;
use crate::kms::members::{CIPHERTEXT_BYTES, bytes_of, check_blob, check_key_id};
use crate::kms::multi_region::{changed_with_set, is_own};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::{Plaintext, Timestamp};
use strongroom_wire::sensitive::SensitiveBlob;
use strongroom_wire::{Constraints, iso8601};

/// The valid request.
#[expect(missing_debug_implementations, reason = "holds wrapped key material and its token")]
pub struct ImportKeyMaterial {
    key_id: String,
    token: Plaintext,
    wrapped: Plaintext,
    /// `None`: the material does not expire.
    valid_to: Option<Timestamp>,
    kind: Option<ImportType>,
    description: Option<String>,
    material_id: Option<String>,
}

/// The request on the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
#[expect(missing_debug_implementations, reason = "holds wrapped key material and its token")]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing)]
    import_token: Option<SensitiveBlob>,
    #[serde(skip_serializing)]
    encrypted_key_material: Option<SensitiveBlob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    import_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<String>,
}

/// KMS API reference, `ImportKeyMaterial`: `ValidTo` is at most so far away.
const VALID_DAYS_MAX: i64 = 365;

impl Operation for ImportKeyMaterial {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "ImportKeyMaterial",
        effect: Effect::Write,
        summary: "Gives a key material that was made elsewhere.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "kms:expirationmodel" => one(match self.valid_to {
                Some(_) => "KEY_MATERIAL_EXPIRES",
                None => "KEY_MATERIAL_DOES_NOT_EXPIRE",
            }),
            "kms:validto" => some(self.valid_to.and_then(iso8601::text)),
            _ => None,
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_blob(&mut check, "importToken", input.import_token.as_ref(), CIPHERTEXT_BYTES);
        let wrapped = input.encrypted_key_material.as_ref();
        check_blob(&mut check, "encryptedKeyMaterial", wrapped, CIPHERTEXT_BYTES);
        let model = input.expiration_model.as_deref();
        check.one_of("expirationModel", model, EXPIRATION_MODELS);
        check.one_of("importType", input.import_type.as_deref(), IMPORT_TYPES);
        check_description(&mut check, input.key_material_description.as_deref());
        check_material_id(&mut check, input.key_material_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let kind = input.import_type.as_deref().map(|named| match named {
            "NEW_KEY_MATERIAL" => ImportType::New,
            _ => ImportType::Existing,
        });
        if kind == Some(ImportType::New) && input.key_material_id.is_some() {
            return Err(ApiError::validation(
                "You cannot specify KeyMaterialId if the ImportType is NEW_KEY_MATERIAL",
            ));
        }
        Ok(Self {
            valid_to: parse_valid_to(model, input.valid_to)?,
            key_id: input.key_id.unwrap_or_default(),
            token: bytes_of(input.import_token),
            wrapped: bytes_of(input.encrypted_key_material),
            kind,
            description: input.key_material_description,
            material_id: input.key_material_id,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        KeyTarget::load(cx, &KeyName::parse_key(&self.key_id, cx.region())?).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        is_own(cx, &grant)?;
        let (key, arn) = (&grant.found()?.value, grant.arn_text());
        key.not_deleted(&arn, cx.now)?;
        key.is_for_import(&arn)?;
        self.fits(key)?;
        is_in_reach(self.valid_to, cx.now)?;
        let arrival = self.arrival(cx, &grant)?;
        let key_material_id = key.is_symmetric().then(|| arrival.id.clone());
        let change = |key: &mut Key| key.import(&arn, self.kind, arrival, cx.now);
        let writes = changed_with_set(cx, &grant, change).await?;
        Ok(Done::change(Output { key_id: arn, key_material_id }, writes))
    }
}

impl ImportKeyMaterial {
    /// Documented: what tells several materials apart is for symmetric keys only. Message inferred.
    fn fits(&self, key: &Key) -> Result<(), ApiError> {
        let tells_apart =
            self.kind.is_some() || self.description.is_some() || self.material_id.is_some();
        if tells_apart && !key.is_symmetric() {
            return Err(ApiError::validation(
                "ImportType, KeyMaterialDescription and KeyMaterialId are only valid for symmetric encryption keys",
            ));
        }
        Ok(())
    }

    /// Unwraps the material.
    fn arrival(&self, cx: &Cx<'_>, target: &KeyTarget) -> Result<Arrival, ApiError> {
        let (wrapping, wrapping_key) = import_token::open(cx, target, self.token.expose())?;
        let unwrapped = wrapping_key.unwrap(wrapping.algorithm, self.wrapped.expose());
        let bytes = unwrapped.map_err(|_| invalid_ciphertext())?;
        let key = &target.found()?.value;
        let read = key.read_material(cx.house.records.keys(), &bytes);
        let (id, secret) = read.map_err(|error| match error {
            NotMaterial::Refused => incorrect_material(),
            NotMaterial::Broken(error) => error,
        })?;
        if self.material_id.as_ref().is_some_and(|expected| *expected != id) {
            return Err(incorrect_material());
        }
        let (description, valid_to) = (self.description.clone(), self.valid_to);
        Ok(Arrival { id, secret, description, valid_to })
    }
}

/// Model: `ExpirationModelType`.
const EXPIRATION_MODELS: &[&str] = &["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"];
/// Model: `ImportType`.
const IMPORT_TYPES: &[&str] = &["NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"];

/// Model: `KeyMaterialDescriptionType`.
fn check_description(check: &mut Constraints, description: Option<&str>) {
    check.length("keyMaterialDescription", description, 0..=256);
    let is_good = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '_' | '.' | '-' | ' ' | '\t'..='\r')
    };
    check.pattern("keyMaterialDescription", description, r"^[a-zA-Z0-9:/_\s.-]+$", |text| {
        !text.is_empty() && text.chars().all(is_good)
    });
}

/// Checks `KeyMaterialId`. Model: `BackingKeyIdType`.
pub(super) fn check_material_id(check: &mut Constraints, id: Option<&str>) {
    check.length("keyMaterialId", id, 64..=64);
    check.pattern("keyMaterialId", id, "^[a-f0-9]+$", |text| {
        !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    });
}

/// First message recorded, second inferred.
fn parse_valid_to(
    model: Option<&str>,
    valid_to: Option<f64>,
) -> Result<Option<Timestamp>, ApiError> {
    match (model, valid_to) {
        (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), None) => Ok(None),
        (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), Some(_)) => Err(ApiError::validation(
            "A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
        )),
        (_, None) => Err(ApiError::validation(
            "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
        )),
        (_, Some(secs)) => Timestamp::from_secs_f64(secs).map(Some).ok_or_else(out_of_reach),
    }
}

fn is_in_reach(valid_to: Option<Timestamp>, now: Timestamp) -> Result<(), ApiError> {
    match valid_to {
        Some(end) if end <= now || end > now.plus_days(VALID_DAYS_MAX) => Err(out_of_reach()),
        Some(_) | None => Ok(()),
    }
}

/// Documented; message inferred.
fn out_of_reach() -> ApiError {
    ApiError::new(
        ErrorCode::Validation,
        "The validTo date must be in the future and at most 365 days from now",
    )
}
