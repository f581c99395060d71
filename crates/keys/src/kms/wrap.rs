//! Unwrapping of key material that is imported.

use super::encrypt::OaepHash;
use super::{CryptoError, DecryptingKey, RsaSpec, WrappingAlgorithm};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use strongroom_types::WipedBytes;

/// A private RSA key that unwraps. Its pair is made by [`super::KeyPair::generate`], and is good for nothing else.
#[expect(missing_debug_implementations, reason = "holds a private key")]
pub struct WrappingKey(DecryptingKey);

impl WrappingKey {
    /// From PKCS#8, as [`super::KeyPair::pkcs8`] gave it.
    pub fn from_pkcs8(spec: RsaSpec, pkcs8: &[u8]) -> Result<Self, CryptoError> {
        DecryptingKey::from_pkcs8(spec, pkcs8).map(Self)
    }

    /// The key material. Whether it is a key of the right spec is for that key's own constructor to say.
    pub fn unwrap(
        &self,
        algorithm: WrappingAlgorithm,
        wrapped: &[u8],
    ) -> Result<WipedBytes, CryptoError> {
        match algorithm {
            WrappingAlgorithm::RsaesOaepSha1 => self.0.decrypt_oaep(OaepHash::Sha1, wrapped),
            WrappingAlgorithm::RsaesOaepSha256 => self.0.decrypt_oaep(OaepHash::Sha256, wrapped),
            WrappingAlgorithm::RsaAesKeyWrapSha1 => self.unwrap_aes(OaepHash::Sha1, wrapped),
            WrappingAlgorithm::RsaAesKeyWrapSha256 => self.unwrap_aes(OaepHash::Sha256, wrapped),
        }
    }

    /// An AES-256 key under OAEP, and after it the material under that key by AES-KWP (RFC 5649). PKCS#11's
    /// `CKM_RSA_AES_KEY_WRAP`.
    fn unwrap_aes(&self, hash: OaepHash, wrapped: &[u8]) -> Result<WipedBytes, CryptoError> {
        let (aes_key, material) = wrapped
            .split_at_checked(self.0.spec().modulus_bytes())
            .ok_or(CryptoError::NotDecrypted)?;
        let aes_key = self.0.decrypt_oaep(hash, aes_key)?;
        unwrap_padded(&aes_key, material)
    }
}

fn unwrap_padded(aes_key: &[u8], wrapped: &[u8]) -> Result<WipedBytes, CryptoError> {
    let key = AesKek::new(&AES_256, aes_key).map_err(|_| CryptoError::NotDecrypted)?;
    let mut material = WipedBytes::new(vec![0; wrapped.len()]);
    let length = key
        .unwrap_with_padding(wrapped, &mut material)
        .map_err(|_| CryptoError::NotDecrypted)?
        .len();
    material.truncate(length);
    Ok(material)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::{CurveSpec, EncryptionAlgorithm, KeyPair, PairSpec, PublicKey};

    const SPEC: RsaSpec = RsaSpec::Rsa2048;

    fn made() -> (WrappingKey, PublicKey) {
        let pair = KeyPair::generate(PairSpec::Rsa(SPEC)).unwrap();
        let key = WrappingKey::from_pkcs8(SPEC, pair.pkcs8()).ok().unwrap();
        (key, pair.public_key().clone())
    }

    fn wrapped(
        public: &PublicKey,
        algorithm: EncryptionAlgorithm,
        aes_key: &[u8],
        plain: &[u8],
    ) -> Vec<u8> {
        let mut wrapped = public.encrypt(algorithm, aes_key).unwrap();
        let mut material = vec![0; plain.len() + 15];
        let kek = AesKek::new(&AES_256, &[9; 32]).unwrap();
        wrapped.extend_from_slice(kek.wrap_with_padding(plain, &mut material).unwrap());
        wrapped
    }

    #[test]
    fn material_comes_out_as_it_went_in() {
        let (key, public) = made();
        let p521 = KeyPair::generate(PairSpec::Curve(CurveSpec::NistP521)).unwrap();
        for (oaep, direct, behind_aes) in [
            (
                EncryptionAlgorithm::RsaesOaepSha1,
                WrappingAlgorithm::RsaesOaepSha1,
                WrappingAlgorithm::RsaAesKeyWrapSha1,
            ),
            (
                EncryptionAlgorithm::RsaesOaepSha256,
                WrappingAlgorithm::RsaesOaepSha256,
                WrappingAlgorithm::RsaAesKeyWrapSha256,
            ),
        ] {
            let sealed = public.encrypt(oaep, &[5; 32]).unwrap();
            assert_eq!(*key.unwrap(direct, &sealed).ok().unwrap(), [5; 32]);
            let sealed = wrapped(&public, oaep, &[9; 32], p521.pkcs8());
            assert!(*key.unwrap(behind_aes, &sealed).ok().unwrap() == p521.pkcs8());
            for other in WrappingAlgorithm::ALL.iter().filter(|one| **one != behind_aes) {
                assert_eq!(key.unwrap(*other, &sealed).err(), Some(CryptoError::NotDecrypted));
            }
        }
    }

    #[test]
    fn every_damage_gives_one_error() {
        let (key, public) = made();
        let (other, _) = made();
        let (oaep, algorithm) =
            (EncryptionAlgorithm::RsaesOaepSha256, WrappingAlgorithm::RsaAesKeyWrapSha256);
        let sealed = wrapped(&public, oaep, &[9; 32], &[5; 40]);
        let refused = Some(CryptoError::NotDecrypted);
        assert_eq!(other.unwrap(algorithm, &sealed).err(), refused);
        for length in [0, 1, 255, 256, 257, 264, 271, sealed.len() - 1] {
            assert_eq!(key.unwrap(algorithm, &sealed[..length]).err(), refused, "{length}");
        }
        for place in [0, 200, 255, 256, 270, sealed.len() - 1] {
            let mut edited = sealed.clone();
            edited[place] ^= 1;
            assert_eq!(key.unwrap(algorithm, &edited).err(), refused, "{place}");
        }
        let another_aes_key = wrapped(&public, oaep, &[8; 32], &[5; 40]);
        assert_eq!(key.unwrap(algorithm, &another_aes_key).err(), refused);
        let short_aes_key = wrapped(&public, oaep, &[9; 16], &[5; 40]);
        assert_eq!(key.unwrap(algorithm, &short_aes_key).err(), refused);
    }
}
