//! The material of a key: what does the cryptography. A key has one, or, after rotations, several, of which the newest
//! seals and all open.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_keys::KeyMaterial;
use strongroom_keys::kms::{
    AgreementKey, CryptoError, DecryptingKey, KeyKind, KeyPair, KeySpec, KeyUsage, MacKey,
    PairSpec, PublicKey, SigningKey,
};
use strongroom_store::StoreError;
use strongroom_types::{Entropy, Timestamp};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// How a material came to be the newest. KMS API reference, `RotationsListEntry`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RotationType {
    /// By the key's period.
    Automatic,
    /// By RotateKeyOnDemand.
    OnDemand,
}

/// A material with what is known of it.
#[derive(Clone)]
pub(crate) struct Material {
    /// Its id: 64 hexadecimal digits; a UUID in keys of the first release.
    pub id: String,
    /// When it came to be the newest.
    pub since: Timestamp,
    /// How; `None` for a key's first.
    pub rotation: Option<RotationType>,
    /// How it was imported, if it was.
    pub import: Option<Imported>,
    /// The key itself. `None` if it was imported and then deleted, or has expired.
    pub secret: Option<Arc<KeySecret>>,
}

impl Material {
    /// Whether it can be used: it was not deleted, and has not expired.
    pub(crate) fn is_there(&self, now: Timestamp) -> bool {
        self.secret.is_some() && self.valid_to().is_none_or(|end| end > now)
    }

    /// When it expires.
    pub(crate) fn valid_to(&self) -> Option<Timestamp> {
        self.import.as_ref().and_then(|import| import.valid_to)
    }

    /// The same without its bytes.
    #[must_use]
    pub(crate) fn emptied(&self) -> Self {
        Self { secret: None, ..self.clone() }
    }
}

/// How a material was imported. KMS API reference, `ImportKeyMaterial`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Imported {
    /// `KeyMaterialDescription`.
    pub description: Option<String>,
    /// When it expires; `None`: never.
    pub valid_to: Option<Timestamp>,
}

/// A material as it is stored: inside the key's record, which is sealed under the storage keys.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredMaterial {
    id: String,
    since: Timestamp,
    rotation: Option<RotationType>,
    import: Option<Imported>,
    secret: Option<Zeroizing<Vec<u8>>>,
}

impl StoredMaterial {
    /// The one material of a key that was never rotated.
    pub(super) fn first(id: String, since: Timestamp, secret: Zeroizing<Vec<u8>>) -> Self {
        Self { id, since, rotation: None, import: None, secret: Some(secret) }
    }
}

/// The bytes that do a key's work, ready for it.
pub(crate) enum KeySecret {
    /// Encrypts and decrypts.
    Symmetric(KeyMaterial),
    /// Makes and verifies MACs.
    Mac(Box<MacKey>),
    /// A private key and its public half.
    Pair(Box<PairSecret>),
}

/// A key pair, ready for the one use that its key is for.
pub(crate) struct PairSecret {
    pair: KeyPair,
    /// The private half.
    pub private: PrivateKey,
}

/// A private key, by what its key is for.
pub(crate) enum PrivateKey {
    /// `SIGN_VERIFY`
    Signing(SigningKey),
    /// `ENCRYPT_DECRYPT`
    Decrypting(DecryptingKey),
    /// `KEY_AGREEMENT`
    Agreeing(AgreementKey),
}

impl PairSecret {
    fn new(pair: KeyPair, usage: KeyUsage) -> Result<Self, CryptoError> {
        let (spec, pkcs8) = (pair.spec(), pair.pkcs8());
        let private = match (spec, usage) {
            (PairSpec::Rsa(rsa), KeyUsage::EncryptDecrypt) => {
                PrivateKey::Decrypting(DecryptingKey::from_pkcs8(rsa, pkcs8)?)
            }
            (PairSpec::Curve(curve), KeyUsage::KeyAgreement) => {
                PrivateKey::Agreeing(AgreementKey::from_pkcs8(curve, pkcs8)?)
            }
            _ => PrivateKey::Signing(SigningKey::from_pkcs8(spec, pkcs8)?),
        };
        Ok(Self { pair, private })
    }

    /// The public half.
    pub(crate) fn public(&self) -> &PublicKey {
        self.pair.public_key()
    }
}

impl KeySecret {
    /// A new one for a key of this spec and usage.
    pub(crate) async fn generate(
        spec: KeySpec,
        usage: KeyUsage,
        (key_id, material_id): (&str, &str),
        entropy: &dyn Entropy,
    ) -> Result<Self, CryptoError> {
        Ok(match spec.kind() {
            KeyKind::Symmetric => {
                Self::Symmetric(KeyMaterial::generate(key_id, material_id, entropy))
            }
            KeyKind::Mac(algorithm) => Self::Mac(Box::new(MacKey::generate(algorithm, entropy))),
            KeyKind::Pair(pair) => {
                Self::Pair(Box::new(PairSecret::new(new_pair(pair).await?, usage)?))
            }
        })
    }

    /// From bytes as they are stored or imported: 32 bytes, a MAC key, or PKCS#8.
    pub(crate) fn from_bytes(
        spec: KeySpec,
        usage: KeyUsage,
        (key_id, material_id): (&str, &str),
        bytes: &[u8],
    ) -> Result<Self, CryptoError> {
        Ok(match spec.kind() {
            KeyKind::Symmetric => Self::Symmetric(
                KeyMaterial::from_bytes(key_id, material_id, bytes)
                    .map_err(|_| CryptoError::NotOfSpec)?,
            ),
            KeyKind::Mac(algorithm) => Self::Mac(Box::new(MacKey::from_bytes(algorithm, bytes)?)),
            KeyKind::Pair(pair) => {
                Self::Pair(Box::new(PairSecret::new(KeyPair::from_pkcs8(pair, bytes)?, usage)?))
            }
        })
    }

    /// The bytes, for a record that is sealed.
    pub(crate) fn expose_for_sealing(&self) -> &[u8] {
        match self {
            Self::Symmetric(material) => material.expose_for_sealing(),
            Self::Mac(key) => key.expose_for_sealing(),
            Self::Pair(pair) => pair.pair.pkcs8(),
        }
    }
}

/// Key pairs that are made at the same time: the others wait, so that whoever asks for many takes no processor from the rest.
static PAIRS_AT_ONCE: Semaphore = Semaphore::const_new(1);

/// A new key pair. A large RSA key takes a second or more, and is made to its end whether or not anybody still waits for it.
pub(crate) async fn new_pair(spec: PairSpec) -> Result<KeyPair, CryptoError> {
    let permit = PAIRS_AT_ONCE.acquire().await.map_err(|_| CryptoError::Library)?;
    off_thread(move || {
        let _permit = permit;
        KeyPair::generate(spec)
    })
    .await
}

/// Does what takes long where other requests do not wait for it. Measured: RSA keys of 2048, 3072 and 4096 bits sign in 1,
/// 3 and 8 ms, keys of the other kinds in less than half of one.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CryptoError> + Send + 'static,
) -> Result<T, CryptoError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or(Err(CryptoError::Library))
}

impl Material {
    /// A new one, with a fresh id.
    pub(crate) async fn generate(
        spec: KeySpec,
        usage: KeyUsage,
        key_id: &str,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Self, CryptoError> {
        let id = new_material_id(entropy);
        let secret = KeySecret::generate(spec, usage, (key_id, &id), entropy).await?;
        Ok(Self { id, since: now, rotation: None, import: None, secret: Some(Arc::new(secret)) })
    }

    pub(super) fn stored(&self) -> StoredMaterial {
        StoredMaterial {
            id: self.id.clone(),
            since: self.since,
            rotation: self.rotation,
            import: self.import.clone(),
            secret: self
                .secret
                .as_ref()
                .map(|secret| Zeroizing::new(secret.expose_for_sealing().to_vec())),
        }
    }

    pub(super) fn open(
        stored: StoredMaterial,
        (spec, usage, key_id): (KeySpec, KeyUsage, &str),
    ) -> Result<Self, StoreError> {
        let StoredMaterial { id, since, rotation, import, secret } = stored;
        let open = |bytes: &[u8]| KeySecret::from_bytes(spec, usage, (key_id, &id), bytes);
        let secret = secret.as_ref().map(|bytes| open(bytes)).transpose();
        let secret = secret.map_err(|error| StoreError::Inconsistent {
            what: super::key::KMS_KEY.name,
            detail: error.to_string(),
        })?;
        Ok(Self { id, since, rotation, import, secret: secret.map(Arc::new) })
    }
}

/// 32 random bytes in hexadecimal. Model: `BackingKeyIdType`.
pub(crate) fn new_material_id(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    hex(&bytes)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
        text
    })
}
