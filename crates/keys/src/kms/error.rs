//! The one error of KMS's cryptography.

/// Why an operation with a key did not come about. None of it tells anything of a key or a plaintext.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The bytes are not a key of this spec: wrong length, encoding, curve or size, or a damaged key.
    #[error("the bytes are not a key of this key spec")]
    NotOfSpec,
    /// A key of this spec is not for this use.
    #[error("a key of this key spec is not for this use")]
    UsageNotOfKey,
    /// A key of this spec does not know this algorithm.
    #[error("a key of this key spec does not know this algorithm")]
    AlgorithmNotOfKey,
    /// The algorithm does not take messages of this type.
    #[error("the algorithm does not take messages of this type")]
    MessageTypeNotOfAlgorithm,
    /// What was given as a digest has another length than the algorithm's digests.
    #[error("the digest has {given} bytes where the algorithm's digests have {expected}")]
    DigestLength {
        /// Of the algorithm's digests, in bytes.
        expected: usize,
        /// Of what was given, in bytes.
        given: usize,
    },
    /// More plaintext than the key can encrypt with this algorithm.
    #[error("the plaintext has {given} bytes where this key encrypts {max} at most")]
    PlaintextTooLong {
        /// Most that the key encrypts, in bytes.
        max: usize,
        /// What was given, in bytes.
        given: usize,
    },
    /// The bytes do not decrypt or unwrap: one error for every cause, so that it tells an attacker nothing.
    #[error("the bytes do not decrypt under this key")]
    NotDecrypted,
    /// The peer's public key is not a public key on this key's curve.
    #[error("the peer's public key is not a public key on this key's curve")]
    PeerKey,
    /// The library refused what it should have done.
    #[error("the cryptographic library failed")]
    Library,
}
