//! Keys for HMAC.

use super::{CryptoError, MacAlgorithm};
use aws_lc_rs::hmac;
use strongroom_types::{Entropy, WipedBytes};

/// A key for HMAC.
#[expect(missing_debug_implementations, reason = "holds key bytes")]
pub struct MacKey {
    algorithm: MacAlgorithm,
    bytes: WipedBytes,
    key: hmac::Key,
}

impl MacAlgorithm {
    /// Length of a key, which is that of a code. Developer guide, "Requirements for imported key material".
    pub const fn key_bytes(self) -> usize {
        match self {
            Self::HmacSha224 => 28,
            Self::HmacSha256 => 32,
            Self::HmacSha384 => 48,
            Self::HmacSha512 => 64,
        }
    }

    const fn of_library(self) -> hmac::Algorithm {
        match self {
            Self::HmacSha224 => hmac::HMAC_SHA224,
            Self::HmacSha256 => hmac::HMAC_SHA256,
            Self::HmacSha384 => hmac::HMAC_SHA384,
            Self::HmacSha512 => hmac::HMAC_SHA512,
        }
    }
}

impl MacKey {
    /// A new random key.
    pub fn generate(algorithm: MacAlgorithm, entropy: &dyn Entropy) -> Self {
        let mut bytes = WipedBytes::new(vec![0; algorithm.key_bytes()]);
        entropy.fill(&mut bytes);
        Self::assemble(algorithm, bytes)
    }

    /// From bytes as they were stored or imported.
    pub fn from_bytes(algorithm: MacAlgorithm, bytes: &[u8]) -> Result<Self, CryptoError> {
        if bytes.len() != algorithm.key_bytes() {
            return Err(CryptoError::NotOfSpec);
        }
        Ok(Self::assemble(algorithm, WipedBytes::new(bytes.to_vec())))
    }

    fn assemble(algorithm: MacAlgorithm, bytes: WipedBytes) -> Self {
        let key = hmac::Key::new(algorithm.of_library(), &bytes);
        Self { algorithm, bytes, key }
    }

    /// What it makes codes with.
    pub fn algorithm(&self) -> MacAlgorithm {
        self.algorithm
    }

    /// The bytes, for a record that is sealed under the storage keys.
    pub fn expose_for_sealing(&self) -> &[u8] {
        &self.bytes
    }

    /// The message's code, whole.
    pub fn generate_mac(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.key, message).as_ref().to_vec()
    }

    /// Whether this is the message's code, whole, compared in constant time by the library.
    pub fn verify_mac(&self, message: &[u8], mac: &[u8]) -> bool {
        hmac::verify(&self.key, message, mac).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_types::SystemEntropy;

    #[test]
    fn a_code_is_of_its_message_and_key_only() {
        for algorithm in MacAlgorithm::ALL {
            let key = MacKey::generate(*algorithm, &SystemEntropy);
            let mac = key.generate_mac(b"message");
            assert_eq!(mac.len(), algorithm.key_bytes());
            assert!(key.verify_mac(b"message", &mac));
            assert!(!key.verify_mac(b"massage", &mac));
            assert!(!key.verify_mac(b"message", &mac[..mac.len() - 1]));
            assert!(!key.verify_mac(b"message", &[]));
            assert!(!MacKey::generate(*algorithm, &SystemEntropy).verify_mac(b"message", &mac));
            let stored = MacKey::from_bytes(*algorithm, key.expose_for_sealing()).unwrap();
            assert!(stored.verify_mac(b"message", &mac));
        }
    }

    #[test]
    fn a_key_has_the_length_of_its_spec() {
        for algorithm in MacAlgorithm::ALL {
            for length in [0, algorithm.key_bytes() - 1, algorithm.key_bytes() + 1] {
                let refused = MacKey::from_bytes(*algorithm, &vec![1; length]).err();
                assert_eq!(refused, Some(CryptoError::NotOfSpec));
            }
        }
    }
}
