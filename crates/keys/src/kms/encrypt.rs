//! Encryption under RSA keys.

use super::key_pair::rsa_from_pkcs8;
use super::{CryptoError, EncryptionAlgorithm, PairSpec, PublicKey, RsaSpec};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PublicEncryptingKey,
};
use strongroom_types::WipedBytes;

/// The digest inside OAEP, and inside its MGF1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OaepHash {
    Sha1,
    Sha256,
}

impl OaepHash {
    const fn of_library(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }

    const fn of(algorithm: EncryptionAlgorithm) -> Option<Self> {
        match algorithm {
            EncryptionAlgorithm::RsaesOaepSha1 => Some(Self::Sha1),
            EncryptionAlgorithm::RsaesOaepSha256 => Some(Self::Sha256),
            EncryptionAlgorithm::SymmetricDefault => None,
        }
    }

    /// RFC 8017, section 7.1.1.
    const fn plaintext_bytes_max(self, spec: RsaSpec) -> usize {
        let digest_bytes = match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        };
        spec.modulus_bytes() - 2 * digest_bytes - 2
    }
}

/// Most that an RSA key encrypts with an algorithm; nothing if the algorithm is not one of RSA's.
pub const fn plaintext_bytes_max(spec: RsaSpec, algorithm: EncryptionAlgorithm) -> Option<usize> {
    match OaepHash::of(algorithm) {
        Some(hash) => Some(hash.plaintext_bytes_max(spec)),
        None => None,
    }
}

impl PublicKey {
    /// Encrypts under an RSA key.
    pub fn encrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let PairSpec::Rsa(spec) = self.spec() else { return Err(CryptoError::UsageNotOfKey) };
        let hash = OaepHash::of(algorithm).ok_or(CryptoError::AlgorithmNotOfKey)?;
        self.encrypt_oaep(spec, hash, plaintext)
    }

    fn encrypt_oaep(
        &self,
        spec: RsaSpec,
        hash: OaepHash,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let (max, given) = (hash.plaintext_bytes_max(spec), plaintext.len());
        if given > max {
            return Err(CryptoError::PlaintextTooLong { max, given });
        }
        let key = PublicEncryptingKey::from_der(self.der()).map_err(|_| CryptoError::Library)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| CryptoError::Library)?;
        let mut ciphertext = vec![0; key.ciphertext_size()];
        let length = key
            .encrypt(hash.of_library(), plaintext, &mut ciphertext, None)
            .map_err(|_| CryptoError::Library)?
            .len();
        ciphertext.truncate(length);
        Ok(ciphertext)
    }
}

/// A private RSA key that decrypts.
#[expect(missing_debug_implementations, reason = "holds a private key")]
pub struct DecryptingKey {
    spec: RsaSpec,
    key: OaepPrivateDecryptingKey,
}

impl DecryptingKey {
    /// From PKCS#8, as [`super::KeyPair::pkcs8`] gave it.
    pub fn from_pkcs8(spec: RsaSpec, pkcs8: &[u8]) -> Result<Self, CryptoError> {
        let key = rsa_from_pkcs8(spec, pkcs8)?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| CryptoError::Library)?;
        Ok(Self { spec, key })
    }

    /// Of which size it is.
    pub fn spec(&self) -> RsaSpec {
        self.spec
    }

    /// Decrypts what [`PublicKey::encrypt`] encrypted with the same algorithm.
    pub fn decrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        ciphertext: &[u8],
    ) -> Result<WipedBytes, CryptoError> {
        let hash = OaepHash::of(algorithm).ok_or(CryptoError::AlgorithmNotOfKey)?;
        self.decrypt_oaep(hash, ciphertext)
    }

    pub(super) fn decrypt_oaep(
        &self,
        hash: OaepHash,
        ciphertext: &[u8],
    ) -> Result<WipedBytes, CryptoError> {
        let mut plaintext = WipedBytes::new(vec![0; self.key.min_output_size()]);
        let length = self
            .key
            .decrypt(hash.of_library(), ciphertext, &mut plaintext, None)
            .map_err(|_| CryptoError::NotDecrypted)?
            .len();
        plaintext.truncate(length);
        Ok(plaintext)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::KeyPair;

    const SPEC: RsaSpec = RsaSpec::Rsa2048;
    const ALGORITHMS: [EncryptionAlgorithm; 2] =
        [EncryptionAlgorithm::RsaesOaepSha1, EncryptionAlgorithm::RsaesOaepSha256];

    fn made() -> (DecryptingKey, PublicKey) {
        let pair = KeyPair::generate(PairSpec::Rsa(SPEC)).unwrap();
        let key = DecryptingKey::from_pkcs8(SPEC, pair.pkcs8()).ok().unwrap();
        (key, pair.public_key().clone())
    }

    /// Documented: Encrypt in AWS's model.
    #[test]
    fn the_limits_are_those_of_aws() {
        let limits: Vec<_> = RsaSpec::ALL
            .iter()
            .flat_map(|spec| ALGORITHMS.map(|alg| plaintext_bytes_max(*spec, alg).unwrap()))
            .collect();
        assert_eq!(limits, [214, 190, 342, 318, 470, 446]);
    }

    #[test]
    fn what_is_encrypted_decrypts_and_nothing_else_does() {
        let (key, public) = made();
        let (other, _) = made();
        for algorithm in ALGORITHMS {
            let max = plaintext_bytes_max(SPEC, algorithm).unwrap();
            for length in [0, 1, max] {
                let ciphertext = public.encrypt(algorithm, &vec![7; length]).unwrap();
                assert_eq!(*key.decrypt(algorithm, &ciphertext).ok().unwrap(), vec![7; length]);
                let mut edited = ciphertext.clone();
                edited[100] ^= 1;
                let refused = Some(CryptoError::NotDecrypted);
                assert_eq!(key.decrypt(algorithm, &edited).err(), refused);
                assert_eq!(other.decrypt(algorithm, &ciphertext).err(), refused);
                assert_eq!(key.decrypt(algorithm, &ciphertext[1..]).err(), refused);
                assert_eq!(
                    key.decrypt(algorithm, &[&ciphertext[..], &[0]].concat()).err(),
                    refused
                );
                assert_eq!(key.decrypt(algorithm, &[]).err(), refused);
                let crossed = ALGORITHMS.into_iter().find(|one| *one != algorithm).unwrap();
                assert_eq!(key.decrypt(crossed, &ciphertext).err(), refused);
            }
            let given = max + 1;
            let refused = CryptoError::PlaintextTooLong { max, given };
            assert_eq!(public.encrypt(algorithm, &vec![7; given]), Err(refused));
        }
    }

    #[test]
    fn only_rsa_keys_encrypt_and_only_with_their_algorithms() {
        let (key, public) = made();
        let symmetric = EncryptionAlgorithm::SymmetricDefault;
        let refused = CryptoError::AlgorithmNotOfKey;
        assert_eq!(public.encrypt(symmetric, b"x"), Err(refused));
        assert_eq!(key.decrypt(symmetric, &[0; 256]).err(), Some(refused));
        let pair = KeyPair::generate(PairSpec::Ed25519).unwrap();
        let encrypted = pair.public_key().encrypt(EncryptionAlgorithm::RsaesOaepSha256, b"x");
        assert_eq!(encrypted, Err(CryptoError::UsageNotOfKey));
    }
}
