//! Keys: the seal that holds the root key, the storage keys under it, the envelope around each secret version, and the
//! cryptography of KMS's keys ([`kms`]).
//!
//! INVARIANT(one-aead): the only crate of ours that calls an AEAD, and [`aead`] is the only module in it that does. What
//! KMS's callers wrap for import is unwrapped as they wrapped it (`kms::wrap`, AES-KWP); nothing of ours is sealed so.
//! Nothing here that holds key bytes has `Debug`, `Clone` or `Serialize`; everything is wiped when dropped.

mod aead;
mod context;
mod envelope;
pub mod kms;
pub mod seal;
mod storage;

pub use context::EncryptionContext;
pub use envelope::{DataKey, Envelope, KeyMaterial};
pub use seal::RootKey;
pub use storage::{Sealing, StorageKeys, UnsealError, Unsealed, UnwrapError};

/// A blob that does not open: damaged, moved, or sealed under another key or context. One error for every cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed bytes do not open")]
pub struct OpenError;

/// The cryptographic library refused to seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes could not be sealed")]
pub struct SealingError;
