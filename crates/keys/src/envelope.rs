//! The envelope around one secret version: a fresh data key seals the value, a KMS key's material seals the data key.
//!
//! Both seals are bound to the KMS key's id, the material's id and the encryption context, so an envelope that is moved
//! to another secret, version, account or key does not open.

use crate::aead::{BlobKey, SealKey, associated};
use crate::{EncryptionContext, OpenError, SealingError};
use serde::{Deserialize, Serialize};
use strongroom_types::{Entropy, Plaintext};
use zeroize::Zeroizing;

/// One material of a KMS key.
#[expect(missing_debug_implementations, reason = "holds key bytes")]
pub struct KeyMaterial {
    key_id: String,
    material_id: String,
    bytes: Zeroizing<[u8; 32]>,
    key: SealKey,
}

impl KeyMaterial {
    /// New random material.
    pub fn generate(key_id: &str, material_id: &str, entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(&mut *bytes);
        Self::assemble(key_id, material_id, bytes)
    }

    /// Material as it was stored: 32 bytes.
    pub fn from_bytes(key_id: &str, material_id: &str, stored: &[u8]) -> Result<Self, OpenError> {
        let mut bytes = Zeroizing::new([0; 32]);
        if stored.len() != bytes.len() {
            return Err(OpenError);
        }
        bytes.copy_from_slice(stored);
        Ok(Self::assemble(key_id, material_id, bytes))
    }

    fn assemble(key_id: &str, material_id: &str, bytes: Zeroizing<[u8; 32]>) -> Self {
        let key = SealKey::new(&bytes);
        Self { key_id: key_id.to_owned(), material_id: material_id.to_owned(), bytes, key }
    }

    /// The KMS key it belongs to.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Which of the key's materials it is.
    pub fn material_id(&self) -> &str {
        &self.material_id
    }

    /// The bytes, for a record that is sealed under the storage keys.
    pub fn expose_for_sealing(&self) -> &[u8; 32] {
        &self.bytes
    }

    pub(crate) fn seal_key(&self) -> &SealKey {
        &self.key
    }

    fn bound_to(&self, label: &str, context: &[u8]) -> Vec<u8> {
        associated(label, &[self.key_id.as_bytes(), self.material_id.as_bytes(), context])
    }
}

const DATA_KEY: &str = "strongroom data key v1";
const VALUE: &str = "strongroom secret value v1";

/// An envelope's data key, unwrapped. It opens the value of that envelope and no other, and is wiped when dropped.
#[expect(missing_debug_implementations, reason = "holds key material")]
pub struct DataKey {
    key: BlobKey,
    bound_to: Vec<u8>,
}

/// A sealed value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    key_id: String,
    material_id: String,
    #[serde(with = "serde_bytes")]
    data_key: Vec<u8>,
    #[serde(with = "serde_bytes")]
    value: Vec<u8>,
}

impl Envelope {
    /// Seals a value under a data key of its own.
    pub fn seal(
        material: &KeyMaterial,
        context: &EncryptionContext<'_>,
        plain: &Plaintext,
        entropy: &dyn Entropy,
    ) -> Result<Self, SealingError> {
        let context = context.canonical();
        let mut data_key = Zeroizing::new([0; 32]);
        entropy.fill(&mut *data_key);
        let value = SealKey::new(&data_key).seal(
            &material.bound_to(VALUE, &context),
            plain.expose(),
            entropy,
        )?;
        let data_key =
            material.key.seal(&material.bound_to(DATA_KEY, &context), &*data_key, entropy)?;
        Ok(Self {
            key_id: material.key_id.clone(),
            material_id: material.material_id.clone(),
            data_key,
            value,
        })
    }

    /// Unwraps the data key: with the material it names, for the very context it was sealed with.
    pub fn unwrap_data_key(
        &self,
        material: &KeyMaterial,
        context: &EncryptionContext<'_>,
    ) -> Result<DataKey, OpenError> {
        if self.key_id != material.key_id || self.material_id != material.material_id {
            return Err(OpenError);
        }
        let context = context.canonical();
        let opened = material.key.open(&material.bound_to(DATA_KEY, &context), &self.data_key)?;
        let mut data_key = Zeroizing::new([0; 32]);
        if opened.len() != data_key.len() {
            return Err(OpenError);
        }
        data_key.copy_from_slice(&opened);
        Ok(DataKey {
            key: SealKey::new(&data_key).key_of(&self.value)?,
            bound_to: material.bound_to(VALUE, &context),
        })
    }

    /// Opens the value, with its own unwrapped data key.
    pub fn open(&self, data_key: &DataKey) -> Result<Plaintext, OpenError> {
        data_key.key.open(&data_key.bound_to, &self.value).map(Plaintext::of)
    }

    /// Which of the key's materials it is sealed under.
    pub fn material_id(&self) -> &str {
        &self.material_id
    }

    /// The KMS key it is sealed under.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_types::SystemEntropy;

    fn context<'a>(arn: &'a str, version: &'a str) -> EncryptionContext<'a> {
        EncryptionContext::from_pairs([("SecretARN", arn), ("SecretVersionId", version)])
    }

    fn open(
        envelope: &Envelope,
        material: &KeyMaterial,
        context: &EncryptionContext<'_>,
    ) -> Result<Plaintext, OpenError> {
        envelope.open(&envelope.unwrap_data_key(material, context)?)
    }

    fn sealed(material: &KeyMaterial, text: &str) -> Envelope {
        let plain = Plaintext::new(text.as_bytes().to_vec());
        Envelope::seal(material, &context("arn", "v1"), &plain, &SystemEntropy).unwrap()
    }

    #[test]
    fn a_value_opens_in_its_own_place_only() {
        let material = KeyMaterial::generate("key", "m1", &SystemEntropy);
        let envelope = sealed(&material, "value");
        assert_eq!(open(&envelope, &material, &context("arn", "v1")).unwrap().expose(), b"value");
        assert!(open(&envelope, &material, &context("arn", "v2")).is_err());
        assert!(open(&envelope, &material, &context("ARN", "v1")).is_err());
        let same_bytes =
            |key, id| KeyMaterial::from_bytes(key, id, material.expose_for_sealing()).unwrap();
        assert!(open(&envelope, &same_bytes("other", "m1"), &context("arn", "v1")).is_err());
        let renamed = Envelope { key_id: "other".into(), ..envelope.clone() };
        assert!(open(&renamed, &same_bytes("other", "m1"), &context("arn", "v1")).is_err());
        assert!(
            open(
                &envelope,
                &KeyMaterial::generate("key", "m1", &SystemEntropy),
                &context("arn", "v1")
            )
            .is_err()
        );
    }

    #[test]
    fn a_data_key_opens_its_own_envelope_only() {
        let material = KeyMaterial::generate("key", "m1", &SystemEntropy);
        let (one, two) = (sealed(&material, "one"), sealed(&material, "two"));
        let key = one.unwrap_data_key(&material, &context("arn", "v1")).unwrap();
        assert_eq!(one.open(&key).unwrap().expose(), b"one");
        assert!(two.open(&key).is_err());
    }

    #[test]
    fn parts_of_two_envelopes_do_not_mix() {
        let material = KeyMaterial::generate("key", "m1", &SystemEntropy);
        let (one, two) = (sealed(&material, "one"), sealed(&material, "two"));
        let mixed = Envelope { data_key: two.data_key, ..one };
        assert!(open(&mixed, &material, &context("arn", "v1")).is_err());
    }

    #[test]
    fn the_plaintext_is_nowhere_in_the_envelope() {
        let material = KeyMaterial::generate("key", "m1", &SystemEntropy);
        let envelope = sealed(&material, "canary-canary-canary");
        assert!(!envelope.value.windows(6).any(|window| window == b"canary"));
    }
}
