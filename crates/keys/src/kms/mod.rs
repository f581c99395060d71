//! The cryptography of AWS KMS's keys: which kinds there are, what each may do, and doing it.
//!
//! A [`KeySpec`] says by [`KeySpec::kind`] what a key is made of: symmetric material ([`crate::KeyMaterial`]), a
//! [`MacKey`] or a [`KeyPair`]. A pair is made or imported as a [`KeyPair`], whose PKCS#8 bytes go into a sealed record;
//! for use the record's bytes become a [`SigningKey`], a [`DecryptingKey`] or an [`AgreementKey`], which may be kept in
//! memory. What needs the public half only ([`PublicKey`]) never touches the private one.
//!
//! AWS names more than the library offers, and what it lacks is not in these enums: SM2 (its signing and encryption are
//! AWS's in China only), ML-KEM, Ed25519ph (`ED25519_PH_SHA_512`), ML-DSA's `EXTERNAL_MU`, and `RSAES_PKCS1_V1_5`, which
//! AWS itself has given up.
//!
//! Key pairs are drawn from the library's own random source, not from the `Entropy` that is handed in elsewhere: the
//! library makes them in one call that takes no source of ours.

mod agree;
mod blob;
mod der;
mod encrypt;
mod error;
mod key_pair;
mod mac;
mod public_key;
mod sign;
mod spec;
mod wrap;

pub use agree::AgreementKey;
pub use blob::{CIPHERTEXT_BLOB_BYTES_MAX, CiphertextBlob, PLAINTEXT_BYTES_MAX};
pub use encrypt::{DecryptingKey, plaintext_bytes_max};
pub use error::CryptoError;
pub use key_pair::KeyPair;
pub use mac::MacKey;
pub use public_key::PublicKey;
pub use sign::{MessageType, SigningKey};
pub use spec::{
    Algorithms, CurveSpec, EncryptionAlgorithm, KeyAgreementAlgorithm, KeyKind, KeySpec, KeyUsage,
    MacAlgorithm, MlDsaSpec, PairSpec, RsaSpec, SigningAlgorithm, WrappingAlgorithm,
};
pub use wrap::WrappingKey;
