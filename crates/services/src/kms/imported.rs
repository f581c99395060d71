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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::key::{About, KeyState};
    use crate::records::RecordType;
    use proptest::prelude::*;
    use strongroom_keys::kms::{KeyPair, KeySpec, KeyUsage};
    use strongroom_types::SystemEntropy;

    const ARN: &str = "arn";

    fn at(time: i64) -> Timestamp {
        Timestamp::from_millis(time)
    }

    fn key(spec: KeySpec, usage: KeyUsage) -> Key {
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab".to_owned();
        let about = About { spec, usage, origin: Origin::External, ..About::managed(id, at(0)) };
        Key::new(about, Vec::new())
    }

    fn symmetric() -> Key {
        key(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt)
    }

    fn arrival(key: &Key, keys: &StorageKeys, bytes: &[u8], valid_to: Option<i64>) -> Arrival {
        let (id, secret) = key.read_material(keys, bytes).unwrap();
        Arrival { id, secret, description: None, valid_to: valid_to.map(at) }
    }

    /// One material in a list that is slow and plain.
    #[derive(Debug, Clone, PartialEq)]
    struct Noted {
        number: u8,
        is_held: bool,
        valid_to: Option<i64>,
    }

    impl Noted {
        fn is_there(&self, now: i64) -> bool {
            self.is_held && self.valid_to.is_none_or(|end| end > now)
        }
    }

    /// What a key is expected to be: the materials in order, the one that waits, and whether it was disabled.
    #[derive(Debug, Default)]
    struct Model {
        list: Vec<Noted>,
        pending: Option<Noted>,
        is_disabled: bool,
    }

    #[derive(Debug, Clone)]
    enum Step {
        Import { number: u8, kind: Option<bool>, valid_for: Option<i64> },
        Delete(Option<u8>),
        Rotate,
        Disable,
        Erase,
        Wait(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let kind = prop::option::of(any::<bool>());
        let valid_for = prop::option::of(1..6i64);
        prop_oneof![
            6 => (0..4u8, kind, valid_for)
                .prop_map(|(number, kind, valid_for)| Step::Import { number, kind, valid_for }),
            2 => prop::option::of(0..4u8).prop_map(Step::Delete),
            2 => Just(Step::Rotate),
            1 => Just(Step::Disable),
            1 => Just(Step::Erase),
            3 => (1..4i64).prop_map(Step::Wait),
        ]
    }

    impl Model {
        fn is_complete(&self, now: i64) -> bool {
            !self.list.is_empty() && self.list.iter().all(|noted| noted.is_there(now))
        }

        fn state(&self, now: i64) -> KeyState {
            match (self.is_complete(now), self.is_disabled) {
                (false, _) => KeyState::PendingImport,
                (true, true) => KeyState::Disabled,
                (true, false) => KeyState::Enabled,
            }
        }

        fn find(&mut self, number: u8) -> Option<&mut Noted> {
            self.list.iter_mut().chain(&mut self.pending).find(|noted| noted.number == number)
        }

        fn import(
            &mut self,
            (number, is_new): (u8, Option<bool>),
            valid_to: Option<i64>,
            now: i64,
        ) -> Result<(), ErrorCode> {
            let was_complete = self.is_complete(now);
            let noted = Noted { number, is_held: true, valid_to };
            if is_new.unwrap_or(self.list.is_empty()) {
                if self.pending.is_some() {
                    return Err(ErrorCode::KmsInvalidState);
                }
                if self.find(number).is_some() {
                    return Err(ErrorCode::IncorrectKeyMaterial);
                }
                if self.list.is_empty() {
                    self.list.push(noted);
                } else {
                    self.pending = Some(noted);
                }
            } else {
                *self.find(number).ok_or(ErrorCode::IncorrectKeyMaterial)? = noted;
            }
            if !was_complete && self.is_complete(now) {
                self.is_disabled = false;
            }
            Ok(())
        }

        fn delete(&mut self, number: Option<u8>) -> Result<(), ErrorCode> {
            let Some(number) = number.or(self.list.last().map(|noted| noted.number)) else {
                return Ok(());
            };
            if self.pending.as_ref().is_some_and(|pending| pending.number == number) {
                self.pending = None;
                return Ok(());
            }
            self.find(number).ok_or(ErrorCode::NotFound)?.is_held = false;
            Ok(())
        }

        fn rotate(&mut self, now: i64) -> Result<(), ErrorCode> {
            match self.pending.take() {
                Some(pending) if pending.is_there(now) => self.list.push(pending),
                kept => {
                    self.pending = kept;
                    return Err(ErrorCode::KmsInvalidState);
                }
            }
            Ok(())
        }
    }

    proptest! {
        /// Documented: ImportKeyMaterial, DeleteImportedKeyMaterial and RotateKeyOnDemand in AWS's model. Inferred: which
        /// error comes first.
        #[test]
        fn a_key_of_imported_material_is_as_a_plain_list_says(
            steps in prop::collection::vec(step(), 1..40)
        ) {
            let keys = StorageKeys::generate(&SystemEntropy).unwrap();
            let (mut key, mut model, mut now) = (symmetric(), Model::default(), 0);
            let id_of = |key: &Key, number: u8| key.read_material(&keys, &[number; 32]).unwrap().0;
            for step in steps {
                let (found, expected) = match step {
                    Step::Import { number, kind, valid_for } => {
                        let valid_to = valid_for.map(|millis| now + millis);
                        let arrival = arrival(&key, &keys, &[number; 32], valid_to);
                        let named =
                            kind.map(|is_new| if is_new { ImportType::New } else { ImportType::Existing });
                        let found = key.import(ARN, named, arrival, at(now));
                        (found, model.import((number, kind), valid_to, now))
                    }
                    Step::Delete(number) => {
                        let id = number.map(|number| id_of(&key, number));
                        let found = key.delete_material(ARN, id.as_deref());
                        (found.map(|_| ()), model.delete(number))
                    }
                    Step::Rotate => (key.rotate_to_pending(ARN, at(now)), model.rotate(now)),
                    Step::Disable => {
                        key.enabled = false;
                        model.is_disabled = true;
                        (Ok(()), Ok(()))
                    }
                    Step::Erase => {
                        let expired = model.list.iter_mut().chain(&mut model.pending);
                        let expired = expired.filter(|noted| noted.is_held && !noted.is_there(now));
                        let count = expired.map(|noted| noted.is_held = false).count();
                        prop_assert_eq!(key.erase_expired(at(now)), count > 0);
                        (Ok(()), Ok(()))
                    }
                    Step::Wait(millis) => {
                        now += millis;
                        (Ok(()), Ok(()))
                    }
                };
                prop_assert_eq!(found.map_err(|error| error.code), expected);
                prop_assert_eq!(key.state(at(now)), model.state(now));
                let held: Vec<_> = key.materials.iter().map(|held| held.id.clone()).collect();
                let noted: Vec<_> =
                    model.list.iter().map(|noted| id_of(&key, noted.number)).collect();
                prop_assert_eq!(held, noted);
                let both = key.materials.iter().chain(&key.pending);
                let there: Vec<_> = both.map(|held| held.is_there(at(now))).collect();
                let both = model.list.iter().chain(&model.pending);
                let noted: Vec<_> = both.map(|noted| noted.is_there(now)).collect();
                prop_assert_eq!(there, noted);
                let stored = Key::decode(&key.encode().unwrap()).unwrap();
                prop_assert_eq!(stored.state(at(now)), model.state(now));
                prop_assert_eq!(stored.pending.is_some(), model.pending.is_some());
            }
        }
    }

    /// Documented: a key is of no use from the moment on that a material of it expires.
    #[test]
    fn a_material_is_good_until_its_very_last_millisecond() {
        let keys = StorageKeys::generate(&SystemEntropy).unwrap();
        let mut key = symmetric();
        let first = arrival(&key, &keys, &[1; 32], Some(100));
        key.import(ARN, None, first, at(0)).unwrap();
        assert_eq!(key.state(at(99)), KeyState::Enabled);
        assert!(key.usable(ARN, at(99)).is_ok());
        assert_eq!(key.state(at(100)), KeyState::PendingImport);
        assert_eq!(key.usable(ARN, at(100)).err().unwrap().message, "arn is pending import.");
        assert!(!key.erase_expired(at(99)));
        assert!(key.erase_expired(at(100)));
        assert!(!key.erase_expired(at(100)));
    }

    #[test]
    fn an_erased_material_leaves_no_bytes_in_the_record_and_is_known_again() {
        let keys = StorageKeys::generate(&SystemEntropy).unwrap();
        let mut key = symmetric();
        let bytes = *b"thirty-two bytes of key material";
        let first = arrival(&key, &keys, &bytes, None);
        key.import(ARN, None, first, at(0)).unwrap();
        // MessagePack writes a list of small numbers as those bytes.
        let holds = |key: &Key| key.encode().unwrap().windows(32).any(|window| window == bytes);
        assert!(holds(&key));
        key.delete_material(ARN, None).unwrap();
        assert!(!holds(&key));
        let other = arrival(&key, &keys, &[7; 32], None);
        let refused = key.import(ARN, None, other, at(1)).unwrap_err();
        assert_eq!(refused.code, ErrorCode::IncorrectKeyMaterial);
        let same = arrival(&key, &keys, &bytes, None);
        key.import(ARN, None, same, at(2)).unwrap();
        assert_eq!(key.state(at(2)), KeyState::Enabled);
    }

    /// Documented: "For asymmetric and HMAC keys, you cannot change the key material after the initial import."
    #[test]
    fn other_keys_than_symmetric_ones_take_one_material_for_ever() {
        let keys = StorageKeys::generate(&SystemEntropy).unwrap();
        let pair = || KeyPair::generate(strongroom_keys::kms::PairSpec::Ed25519).unwrap();
        let (one, two) = (pair(), pair());
        for (spec, usage, first, second) in [
            (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac, &[1; 32][..], &[2; 32][..]),
            (KeySpec::EccNistEdwards25519, KeyUsage::SignVerify, one.pkcs8(), two.pkcs8()),
        ] {
            let mut key = key(spec, usage);
            let arrives = |key: &Key, bytes: &[u8]| arrival(key, &keys, bytes, None);
            let material = arrives(&key, first);
            key.import(ARN, None, material, at(0)).unwrap();
            for kind in [None, Some(ImportType::New), Some(ImportType::Existing)] {
                let material = arrives(&key, second);
                let refused = key.import(ARN, kind, material, at(0)).unwrap_err();
                assert_eq!(refused.code, ErrorCode::IncorrectKeyMaterial);
            }
            let material = arrives(&key, first);
            key.import(ARN, None, material, at(0)).unwrap();
        }
    }

    #[test]
    fn bytes_of_another_length_or_kind_are_no_material() {
        let keys = StorageKeys::generate(&SystemEntropy).unwrap();
        for (spec, usage) in [
            (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
            (KeySpec::Hmac384, KeyUsage::GenerateVerifyMac),
            (KeySpec::EccNistP256, KeyUsage::SignVerify),
        ] {
            for length in [0, 1, 31, 33, 47, 49, 64, 4096] {
                let read = key(spec, usage).read_material(&keys, &vec![1; length]);
                assert!(matches!(read, Err(NotMaterial::Refused)), "{spec} {length}");
            }
        }
    }

    #[test]
    fn a_materials_id_is_its_keys_own() {
        let keys = StorageKeys::generate(&SystemEntropy).unwrap();
        let (one, mut other) = (symmetric(), symmetric());
        "other".clone_into(&mut other.id);
        let id = |key: &Key| key.read_material(&keys, &[1; 32]).unwrap().0;
        assert_eq!(id(&one).len(), 64);
        assert_eq!(id(&one), id(&symmetric()));
        assert_ne!(id(&one), id(&other));
    }
}
