//! Imported materials: which may come, which come again, which go. Pure methods on the key that take `now`.
//!
//! A material's id is a keyed hash of the key's id and the material ([`material_id`]), as AWS's is. So the same material is
//! known when it comes again, though nothing of it is kept after it was deleted or has expired.

use crate::error::{ApiError, ErrorCode};
use crate::kms::key::{Key, Origin};
use crate::kms::material::{Imported, KeySecret, Material, RotationType, hex};
use std::sync::Arc;
use strongroom_keys::kms::{CryptoError, KeyKind};
use strongroom_keys::{SealingError, StorageKeys};
use strongroom_types::Timestamp;

/// What a caller says of the material that comes. Model: `ImportType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImportType {
    /// It is new to the key.
    New,
    /// The key has or had it.
    Existing,
}

/// A material that was unwrapped, with what is said of it.
#[expect(missing_debug_implementations, reason = "holds a key")]
pub(super) struct Arrival {
    /// Its id.
    pub id: String,
    /// The key itself.
    pub secret: Arc<KeySecret>,
    /// `KeyMaterialDescription`; `None`: as it was.
    pub description: Option<String>,
    /// `ValidTo`; `None`: never.
    pub valid_to: Option<Timestamp>,
}

/// Why what was unwrapped is no material.
#[derive(Debug)]
pub(super) enum NotMaterial {
    /// It is no key of this spec.
    Refused,
    /// The server failed.
    Broken(ApiError),
}

impl From<CryptoError> for NotMaterial {
    fn from(_: CryptoError) -> Self {
        Self::Refused
    }
}

impl From<SealingError> for NotMaterial {
    fn from(error: SealingError) -> Self {
        Self::Broken(ApiError::internal(error))
    }
}

/// The id of a material of a key, the same whenever and in whichever Region it comes. KMS API reference,
/// `ImportKeyMaterial`: based on the key's id and the material.
fn material_id(
    keys: &StorageKeys,
    key_id: &str,
    secret: &KeySecret,
) -> Result<String, SealingError> {
    let bytes = secret.expose_for_sealing();
    Ok(hex(&keys.fingerprint("imported key material", key_id.as_bytes(), bytes)?))
}

impl Key {
    /// Reads bytes as a material of this key. Of a private key its canonical form counts, however it was encoded.
    pub(super) fn read_material(
        &self,
        keys: &StorageKeys,
        bytes: &[u8],
    ) -> Result<(String, Arc<KeySecret>), NotMaterial> {
        let read = |id: &str| KeySecret::from_bytes(self.spec, self.usage, (&self.id, id), bytes);
        let secret = read("")?;
        let id = material_id(keys, &self.id, &secret)?;
        // Symmetric material carries its id into what it encrypts.
        let secret = if self.is_symmetric() { read(&id)? } else { secret };
        Ok((id, Arc::new(secret)))
    }

    /// Only symmetric keys have several materials and tell their ids.
    pub(super) fn is_symmetric(&self) -> bool {
        self.spec.kind() == KeyKind::Symmetric
    }

    /// Refuses a key whose material is not imported. Message recorded.
    pub(super) fn is_for_import(&self, arn: &str) -> Result<(), ApiError> {
        match self.origin {
            Origin::External => Ok(()),
            Origin::AwsKms => Err(ApiError::new(
                ErrorCode::UnsupportedOperation,
                format!("{arn} origin is AWS_KMS which is not valid for this operation."),
            )),
        }
    }

    /// Takes in a material. Model: without an `ImportType` it is new if it is the first, and existing otherwise.
    pub(super) fn import(
        &mut self,
        arn: &str,
        kind: Option<ImportType>,
        arrival: Arrival,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let was_there = self.has_all_materials(now);
        let is_first = self.materials.is_empty();
        let default = if is_first { ImportType::New } else { ImportType::Existing };
        match kind.unwrap_or(default) {
            ImportType::New => self.import_new(arn, arrival, now)?,
            ImportType::Existing => self.import_again(arrival)?,
        }
        // AWS: the key is then enabled. One that lacked nothing stays as it was.
        if !was_there && self.has_all_materials(now) {
            self.enabled = true;
        }
        Ok(())
    }

    fn has_all_materials(&self, now: Timestamp) -> bool {
        !self.materials.is_empty() && self.materials.iter().all(|held| held.is_there(now))
    }

    fn import_new(&mut self, arn: &str, arrival: Arrival, now: Timestamp) -> Result<(), ApiError> {
        let Arrival { id, secret, description, valid_to } = arrival;
        if self.is_replica() {
            return Err(not_into_replica(arn));
        }
        if let Some(pending) = &self.pending {
            let message = format!(
                "New key material (id: {id}) cannot be imported into KMS key {arn}, because another key material (id: {}) is pending rotation.",
                pending.id
            );
            return Err(ApiError::new(ErrorCode::KmsInvalidState, message));
        }
        let is_first = self.materials.is_empty();
        if self.material(&id).is_some() || (!is_first && !self.is_symmetric()) {
            return Err(incorrect_material());
        }
        let import = Some(Imported { description, valid_to });
        let new = Material { id, since: now, rotation: None, import, secret: Some(secret) };
        if is_first {
            self.materials.push(new);
        } else {
            self.pending = Some(new);
        }
        Ok(())
    }

    fn import_again(&mut self, arrival: Arrival) -> Result<(), ApiError> {
        let mut held = self.materials.iter_mut().chain(&mut self.pending);
        let held = held.find(|held| held.id == arrival.id).ok_or_else(incorrect_material)?;
        let before = held.import.take().and_then(|import| import.description);
        let description = arrival.description.or(before);
        held.import = Some(Imported { description, valid_to: arrival.valid_to });
        held.secret = Some(arrival.secret);
        Ok(())
    }

    /// Erases a material, the current one if none is named, and answers which. One that waits for its rotation is
    /// forgotten, too: it is not yet the key's. `None`: there never was any.
    pub(super) fn delete_material(
        &mut self,
        arn: &str,
        id: Option<&str>,
    ) -> Result<Option<String>, ApiError> {
        let Some(id) = id.or(self.current().map(|current| &*current.id)).map(str::to_owned) else {
            return Ok(None);
        };
        let is_pending = self.pending.as_ref().is_some_and(|pending| pending.id == id);
        if is_pending && !self.is_replica() {
            self.pending = None;
            return Ok(Some(id));
        }
        let mut held = self.materials.iter_mut().chain(&mut self.pending);
        let held = held.find(|held| held.id == id).ok_or_else(|| no_such_material(arn, &id))?;
        held.secret = None;
        Ok(Some(id))
    }

    /// Makes the material that waits for it the current one. Message recorded.
    pub(super) fn rotate_to_pending(&mut self, arn: &str, now: Timestamp) -> Result<(), ApiError> {
        let pending = self.pending.take_if(|pending| pending.is_there(now));
        let pending = pending.ok_or_else(|| nothing_pending(arn))?;
        let rotation = Some(RotationType::OnDemand);
        self.materials.push(Material { since: now, rotation, ..pending });
        Ok(())
    }

    /// Erases what has expired. Answers whether anything had.
    pub(super) fn erase_expired(&mut self, now: Timestamp) -> bool {
        let mut is_changed = false;
        for held in self.materials.iter_mut().chain(&mut self.pending) {
            if held.secret.is_some() && !held.is_there(now) {
                held.secret = None;
                is_changed = true;
            }
        }
        is_changed
    }
}

/// Documented: the material is not valid, not the one that was imported before, or not new. Message inferred.
pub(super) fn incorrect_material() -> ApiError {
    ApiError::new(
        ErrorCode::IncorrectKeyMaterial,
        "The key material in the request is invalid or is not the key material that was expected.",
    )
}

/// Documented; message inferred.
fn not_into_replica(arn: &str) -> ApiError {
    let message = format!(
        "New key material cannot be imported into {arn}, because it is a multi-region replica key."
    );
    ApiError::new(ErrorCode::UnsupportedOperation, message)
}

/// Message inferred.
fn no_such_material(arn: &str, id: &str) -> ApiError {
    let message = format!("Key material '{id}' is not associated with the key: {arn}.");
    ApiError::new(ErrorCode::NotFound, message)
}

/// Message recorded.
pub(super) fn nothing_pending(arn: &str) -> ApiError {
    let message = format!("No available key material pending rotation for the key: {arn}.");
    ApiError::new(ErrorCode::KmsInvalidState, message)
}
