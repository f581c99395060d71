//! Where the root key is kept. One trait, so that a passphrase, shares, an HSM or another service can hold it as well.

mod key_file;

pub use key_file::KeyFile;

use crate::aead::SealKey;
use strongroom_types::Entropy;
use zeroize::Zeroizing;

/// The key above all others. In memory only until the storage keys are open.
#[expect(missing_debug_implementations, reason = "holds key bytes")]
pub struct RootKey {
    bytes: Zeroizing<[u8; 32]>,
    key: SealKey,
}

impl RootKey {
    /// A new random key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(&mut *bytes);
        Self::from_bytes(bytes)
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        let key = SealKey::new(&bytes);
        Self { bytes, key }
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    pub(crate) fn key(&self) -> &SealKey {
        &self.key
    }

    /// Eight bytes that tell root keys apart and say nothing about them.
    pub(crate) fn id(&self) -> [u8; 8] {
        let mut id = [0; 8];
        if let Ok(derived) = self.key.derive(&[b"root key id"]) {
            id.copy_from_slice(derived.first_chunk::<8>().unwrap_or(&[0; 8]));
        }
        id
    }
}

/// A keeper of the root key.
pub trait Seal {
    /// The root key of data that is there already.
    fn unseal(&self) -> Result<RootKey, SealError>;

    /// The root key for data that is to be made: the one that was prepared, or a new one.
    fn create_or_unseal(&self, entropy: &dyn Entropy) -> Result<RootKey, SealError>;
}

/// Why the root key could not be had. Never says anything of the key.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The file cannot be read or written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The file is not what a key file must be.
    #[error("{0}")]
    Unfit(&'static str),
}
