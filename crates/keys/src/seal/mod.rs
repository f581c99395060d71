//! Where the root key is kept. One trait, so that a file, a passphrase, shares or a token can hold it.
//!
//! A root key is changed in steps, so that whoever is killed between two of them finds either the old or the new one:
//! [`Seal::prepare`] keeps the new one durably beside the old; one commit puts the storage keys under it, with the
//! [`SealRecord`]; [`Seal::settle`] lets it take the old one's place; [`Seal::retire`] removes what opens nothing any more.

mod key_file;
mod passphrase;
mod private_file;
mod record;
mod shamir;
mod share;
mod shares;

pub use key_file::KeyFile;
pub use passphrase::{Cost, Passphrase, PassphraseKeeping};
pub use record::{Keeping, SealRecord};
pub use share::Share;
pub use shares::{GivenShares, NewShares, SharesKeeping};

use crate::aead::SealKey;
use std::path::PathBuf;
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
    pub fn id(&self) -> RootKeyId {
        let mut id = [0; 8];
        if let Ok(derived) = self.key.derive(&[b"root key id"]) {
            id.copy_from_slice(derived.first_chunk::<8>().unwrap_or(&[0; 8]));
        }
        RootKeyId(id)
    }
}

/// What tells root keys apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RootKeyId(pub(crate) [u8; 8]);

impl std::fmt::Display for RootKeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A root key that was made and is kept, though nothing is sealed under it yet.
#[expect(missing_debug_implementations, reason = "holds key bytes")]
pub struct Prepared {
    /// The key.
    pub root: RootKey,
    /// How it is kept, for the record.
    pub keeping: Keeping,
}

/// A keeper of the root key.
pub trait Seal {
    /// The root key that the record tells of. Changes nothing.
    fn unseal(&self, record: &SealRecord) -> Result<RootKey, SealError>;

    /// Another root key, kept durably before this returns. For data that is there, `current` is its record, and the root key
    /// that it tells of is not touched. For new data a key that the operator has put there is taken.
    fn prepare(
        &self,
        current: Option<&SealRecord>,
        entropy: &dyn Entropy,
    ) -> Result<Prepared, SealError>;

    /// The storage keys are under the root key that this record tells of: it takes the place of the one before. May be
    /// done again, and is after a crash.
    fn settle(&self, _record: &SealRecord) -> Result<(), SealError> {
        Ok(())
    }

    /// Another seal holds the root key now: removes what this one held, which opens nothing any more.
    fn retire(&self, _record: &SealRecord) -> Result<(), SealError> {
        Ok(())
    }
}

/// Why the root key could not be had. Never says anything of the key.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A file cannot be read or written.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file is not what it must be.
    #[error("{path}: {what}", path = path.display())]
    Unfit {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// What was given is not what this data needs.
    #[error("{0}")]
    Wrong(String),
    /// The record is of another seal.
    #[error("the root key of this data is kept by another seal: {0}")]
    Other(&'static str),
    /// The cryptographic library refused.
    #[error("the root key could not be sealed")]
    Sealing,
}
