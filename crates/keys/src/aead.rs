//! The one way to seal bytes: AES-256-GCM under a key derived for each blob, with a commitment to that key.
//!
//! ```text
//! blob   = format(1) ‖ salt(32) ‖ commitment(32) ‖ ciphertext ‖ tag(16)
//! okm    = HKDF-Expand-SHA256(PRK = key, info = "strongroom seal v1" ‖ salt, 64 bytes)      RFC 5869
//! okm    = encryption key(32) ‖ commitment(32)
//! nonce  = 12 zero bytes: the salt is fresh, so the encryption key is used once
//! ```
//!
//! Why a derived key: with 256 random bits a blob, no count of blobs makes two of them share key and nonce, where plain
//! random 96-bit nonces must be counted. Why a commitment: AES-GCM alone lets one ciphertext open under two keys.

use crate::{OpenError, SealingError};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk};
use strongroom_types::{Entropy, WipedBytes};
use zeroize::Zeroizing;

const FORMAT: u8 = 1;
const SALT_BYTES: usize = 32;
const COMMITMENT_BYTES: usize = 32;
const HEAD_BYTES: usize = 1 + SALT_BYTES + COMMITMENT_BYTES;
/// How much longer a blob is than what it seals.
pub(crate) const OVERHEAD_BYTES: usize = HEAD_BYTES + 16;
const LABEL: &[u8] = b"strongroom seal v1";

/// A key ready for use.
pub(crate) struct SealKey(Prk);

/// Length of what is derived for each blob.
#[derive(Clone, Copy)]
struct Okm(usize);

impl KeyType for Okm {
    fn len(&self) -> usize {
        self.0
    }
}

impl SealKey {
    /// From 32 uniform bytes.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Prk::new_less_safe(HKDF_SHA256, key))
    }

    /// Another 32 uniform bytes, bound to a purpose.
    pub(crate) fn derive(&self, purpose: &[&[u8]]) -> Result<Zeroizing<[u8; 32]>, SealingError> {
        let mut derived = Zeroizing::new([0; 32]);
        let okm = self.0.expand(purpose, Okm(32)).map_err(|_| SealingError)?;
        okm.fill(&mut *derived).map_err(|_| SealingError)?;
        Ok(derived)
    }

    /// Seals for this associated data.
    pub(crate) fn seal(
        &self,
        aad: &[u8],
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, SealingError> {
        let mut salt = [0; SALT_BYTES];
        entropy.fill(&mut salt);
        let (key, commitment) = self.blob_key(&salt).ok_or(SealingError)?;
        let mut blob = Vec::with_capacity(HEAD_BYTES + plain.len() + AES_256_GCM.tag_len());
        blob.push(FORMAT);
        blob.extend_from_slice(&salt);
        blob.extend_from_slice(&commitment);
        let mut body = plain.to_vec();
        key.seal_in_place_append_tag(zero_nonce(), Aad::from(aad), &mut body)
            .map_err(|_| SealingError)?;
        blob.append(&mut body);
        Ok(blob)
    }

    /// Opens what was sealed under this key for this associated data.
    pub(crate) fn open(&self, aad: &[u8], blob: &[u8]) -> Result<WipedBytes, OpenError> {
        self.key_of(blob)?.open(aad, blob)
    }

    /// The key of this one blob, once it has proved to be the one the blob was sealed under.
    pub(crate) fn key_of(&self, blob: &[u8]) -> Result<BlobKey, OpenError> {
        let (head, _) = split(blob)?;
        let (salt, committed) = head.split_at_checked(SALT_BYTES).ok_or(OpenError)?;
        let (key, commitment) = self.blob_key(salt).ok_or(OpenError)?;
        verify_slices_are_equal(&commitment, committed).map_err(|_| OpenError)?;
        Ok(BlobKey(key))
    }

    fn blob_key(&self, salt: &[u8]) -> Option<(LessSafeKey, [u8; COMMITMENT_BYTES])> {
        let mut okm = Zeroizing::new([0; 64]);
        self.0.expand(&[LABEL, salt], Okm(64)).ok()?.fill(&mut *okm).ok()?;
        let (key, committed) = okm.split_at(32);
        let key = UnboundKey::new(&AES_256_GCM, key).ok()?;
        let mut commitment = [0; COMMITMENT_BYTES];
        commitment.copy_from_slice(committed);
        Some((LessSafeKey::new(key), commitment))
    }
}

/// The key that one blob is sealed under. Of another blob it opens nothing: that one has another salt, so another key.
pub(crate) struct BlobKey(LessSafeKey);

impl BlobKey {
    pub(crate) fn open(&self, aad: &[u8], blob: &[u8]) -> Result<WipedBytes, OpenError> {
        let (_, body) = split(blob)?;
        let mut plain = WipedBytes::new(body.to_vec());
        let opened = self
            .0
            .open_in_place(zero_nonce(), Aad::from(aad), plain.as_mut_slice())
            .map_err(|_| OpenError)?
            .len();
        plain.truncate(opened);
        Ok(plain)
    }
}

/// Salt and commitment, and what they belong to.
fn split(blob: &[u8]) -> Result<(&[u8], &[u8]), OpenError> {
    let (head, body) = blob.split_at_checked(HEAD_BYTES).ok_or(OpenError)?;
    match head.split_first() {
        Some((&FORMAT, head)) => Ok((head, body)),
        _ => Err(OpenError),
    }
}

fn zero_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// Associated data out of parts, each behind its length: no two lists of parts give the same bytes.
pub(crate) fn associated(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64 + parts.iter().map(|part| part.len() + 8).sum::<usize>());
    for part in std::iter::once(&label.as_bytes()).chain(parts) {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_types::SystemEntropy;

    /// Counts up from a start: reproducible, for known answers only.
    #[derive(Debug)]
    struct Counting(u8);

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            for (place, byte) in buffer.iter_mut().enumerate() {
                *byte = self.0.wrapping_add(u8::try_from(place % 256).unwrap());
            }
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
    }

    #[test]
    fn what_is_sealed_opens_and_nothing_else_does() {
        let key = SealKey::new(&[7; 32]);
        let blob = key.seal(b"aad", b"plain", &SystemEntropy).unwrap();
        assert_eq!(*key.open(b"aad", &blob).unwrap(), b"plain");
        assert!(key.open(b"other", &blob).is_err());
        assert!(SealKey::new(&[8; 32]).open(b"aad", &blob).is_err());
        for length in 0..blob.len() {
            assert!(key.open(b"aad", &blob[..length]).is_err(), "cut to {length}");
        }
        for bit in 0..blob.len() * 8 {
            let mut edited = blob.clone();
            edited[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open(b"aad", &edited).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn another_key_fails_already_at_the_commitment() {
        let blob = SealKey::new(&[7; 32]).seal(b"", b"x", &SystemEntropy).unwrap();
        let (_, mine) = SealKey::new(&[7; 32]).blob_key(&blob[1..33]).unwrap();
        let (_, other) = SealKey::new(&[8; 32]).blob_key(&blob[1..33]).unwrap();
        assert_eq!(mine, blob[33..65]);
        assert_ne!(mine, other);
    }

    #[test]
    fn the_format_does_not_drift() {
        // Computed apart from this code, with Python's `cryptography`: HKDFExpand and AESGCM.
        let blob = SealKey::new(&[7; 32]).seal(b"aad", b"plain", &Counting(1)).unwrap();
        assert_eq!(hex(&blob), include_str!("../tests/seal_v1.hex").trim());
    }

    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(associated("l", &[b"ab", b"c"]), associated("l", &[b"a", b"bc"]));
        assert_ne!(associated("l", &[b"ab"]), associated("l", &[b"ab", b""]));
        assert_ne!(associated("la", &[b"b"]), associated("l", &[b"ab"]));
    }
}
