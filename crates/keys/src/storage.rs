//! The keys that records are sealed under before they reach a storage engine.
//!
//! They have terms: the newest seals, all of them open. They are kept in the store themselves, wrapped under the root key.

use crate::aead::{SealKey, associated};
use crate::seal::{Seal, SealError};
use crate::{OpenError, RootKey, SealingError};
use aws_lc_rs::hmac;
use strongroom_types::{Entropy, WipedBytes};
use zeroize::{Zeroizing, zeroize_stack};

/// Storage keys in memory.
#[expect(missing_debug_implementations, reason = "holds key bytes")]
pub struct StorageKeys {
    /// At least one; the last is the newest. A term is a place in this list, counted from 1.
    terms: Vec<Term>,
}

/// Storage keys, opened or made just now.
#[expect(missing_debug_implementations, reason = "holds key bytes")]
pub struct Unsealed {
    /// Ready for use.
    pub keys: StorageKeys,
    /// The same, wrapped under the root key, if they are new and must be stored.
    pub to_store: Option<Vec<u8>>,
}

struct Term {
    bytes: Zeroizing<[u8; 32]>,
    records: SealKey,
    tokens: SealKey,
}

const WRAPPED: &str = "strongroom storage keys v1";
const RECORD: &str = "strongroom record v1";
const TOKEN: &str = "strongroom token v1";
const FINGERPRINT: &str = "strongroom fingerprint v1";
/// More rotations of the storage keys than an operator will see.
const TERMS_MAX: usize = 10_000;
/// Far more stack than is used below [`unseal`].
const USED_STACK_BYTES: usize = 64 * 1024;

impl Term {
    fn new(bytes: Zeroizing<[u8; 32]>) -> Result<Self, SealingError> {
        let key = SealKey::new(&bytes);
        let records = SealKey::new(&*key.derive(&[b"records"])?);
        let tokens = SealKey::new(&*key.derive(&[b"tokens"])?);
        Ok(Self { bytes, records, tokens })
    }
}

impl StorageKeys {
    /// Opens the wrapped keys under the root key that the seal holds. Without wrapped keys, makes new ones.
    pub fn unseal(
        seal: &dyn Seal,
        wrapped: Option<&[u8]>,
        entropy: &dyn Entropy,
    ) -> Result<Unsealed, UnsealError> {
        let unsealed = unseal(seal, wrapped, entropy);
        zeroize_stack::<USED_STACK_BYTES>();
        unsealed
    }

    /// New keys with one term.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, SealingError> {
        let mut keys = Self { terms: Vec::new() };
        keys.add_term(entropy)?;
        Ok(keys)
    }

    /// A new term: everything sealed from now on is sealed under it.
    pub fn add_term(&mut self, entropy: &dyn Entropy) -> Result<(), SealingError> {
        if self.terms.len() >= TERMS_MAX {
            return Err(SealingError);
        }
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(&mut *bytes);
        self.terms.push(Term::new(bytes)?);
        Ok(())
    }

    /// All terms, sealed under the root key and labelled with its id, so that a wrong root key can be told.
    pub fn wrap(&self, root: &RootKey, entropy: &dyn Entropy) -> Result<Vec<u8>, SealingError> {
        let mut plain = Zeroizing::new(Vec::with_capacity(32 * self.terms.len()));
        for term in &self.terms {
            plain.extend_from_slice(&*term.bytes);
        }
        let mut wrapped = root.id().to_vec();
        wrapped.extend(root.key().seal(&associated(WRAPPED, &[]), &plain, entropy)?);
        Ok(wrapped)
    }

    /// Opens what [`StorageKeys::wrap`] made.
    pub fn unwrap(root: &RootKey, wrapped: &[u8]) -> Result<Self, UnwrapError> {
        let (id, sealed) = wrapped.split_first_chunk::<8>().ok_or(UnwrapError::Damaged)?;
        if *id != root.id() {
            return Err(UnwrapError::WrongRoot { expected: hex(id), found: hex(&root.id()) });
        }
        let plain =
            root.key().open(&associated(WRAPPED, &[]), sealed).map_err(|_| UnwrapError::Damaged)?;
        let (chunks, rest) = plain.as_chunks::<32>();
        if chunks.is_empty() || !rest.is_empty() {
            return Err(UnwrapError::Damaged);
        }
        let terms = chunks.iter().map(|bytes| Term::new(Zeroizing::new(*bytes)));
        let terms = terms.collect::<Result<_, _>>().map_err(|_| UnwrapError::Damaged)?;
        Ok(Self { terms })
    }

    /// Seals a record for its place: kind and key.
    pub fn seal_record(
        &self,
        kind: u16,
        key: &[u8],
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, SealingError> {
        let aad = associated(RECORD, &[&kind.to_be_bytes(), key]);
        self.seal_newest(|term| &term.records, &aad, plain, entropy)
    }

    /// Opens a record that was sealed for this place.
    pub fn open_record(
        &self,
        kind: u16,
        key: &[u8],
        sealed: &[u8],
    ) -> Result<WipedBytes, OpenError> {
        self.open_any(
            |term| &term.records,
            &associated(RECORD, &[&kind.to_be_bytes(), key]),
            sealed,
        )
    }

    /// Seals a token that goes out to a caller and must come back unchanged, for the same purpose and binding.
    pub fn seal_token(
        &self,
        purpose: &str,
        binding: &[u8],
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, SealingError> {
        self.seal_newest(
            |term| &term.tokens,
            &associated(TOKEN, &[purpose.as_bytes(), binding]),
            plain,
            entropy,
        )
    }

    /// Opens a token.
    pub fn open_token(
        &self,
        purpose: &str,
        binding: &[u8],
        token: &[u8],
    ) -> Result<WipedBytes, OpenError> {
        self.open_any(
            |term| &term.tokens,
            &associated(TOKEN, &[purpose.as_bytes(), binding]),
            token,
        )
    }

    /// A keyed hash by which bytes are known when they come again, without being kept: whoever has not these keys can
    /// neither make nor check it. Always of the first term, so that a new one changes nothing; terms are never dropped.
    pub fn fingerprint(
        &self,
        purpose: &str,
        binding: &[u8],
        bytes: &[u8],
    ) -> Result<[u8; 32], SealingError> {
        let term = self.terms.first().ok_or(SealingError)?;
        let key = SealKey::new(&term.bytes).derive(&[b"fingerprints"])?;
        let mut hash = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &*key));
        hash.update(&associated(FINGERPRINT, &[purpose.as_bytes(), binding]));
        hash.update(bytes);
        hash.sign().as_ref().try_into().map_err(|_| SealingError)
    }

    fn seal_newest(
        &self,
        key: impl Fn(&Term) -> &SealKey,
        aad: &[u8],
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, SealingError> {
        let term = self.terms.last().ok_or(SealingError)?;
        let number = u32::try_from(self.terms.len()).map_err(|_| SealingError)?;
        let mut sealed = number.to_be_bytes().to_vec();
        sealed.extend(key(term).seal(aad, plain, entropy)?);
        Ok(sealed)
    }

    fn open_any(
        &self,
        key: impl Fn(&Term) -> &SealKey,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<WipedBytes, OpenError> {
        let (number, blob) = sealed.split_first_chunk::<4>().ok_or(OpenError)?;
        let place = usize::try_from(u32::from_be_bytes(*number)).map_err(|_| OpenError)?;
        let term = place.checked_sub(1).and_then(|place| self.terms.get(place)).ok_or(OpenError)?;
        key(term).open(aad, blob)
    }
}

/// In a frame of its own: a value that is moved leaves a copy of itself behind, which no destructor wipes.
#[inline(never)]
fn unseal(
    seal: &dyn Seal,
    wrapped: Option<&[u8]>,
    entropy: &dyn Entropy,
) -> Result<Unsealed, UnsealError> {
    let Some(wrapped) = wrapped else {
        let root = seal.create_or_unseal(entropy)?;
        let keys = StorageKeys::generate(entropy)?;
        let to_store = Some(keys.wrap(&root, entropy)?);
        return Ok(Unsealed { keys, to_store });
    };
    let keys = StorageKeys::unwrap(&seal.unseal()?, wrapped)?;
    Ok(Unsealed { keys, to_store: None })
}

/// Why there are no storage keys.
#[derive(Debug, thiserror::Error)]
pub enum UnsealError {
    /// The root key cannot be had.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The wrapped keys do not open under it.
    #[error(transparent)]
    Unwrap(#[from] UnwrapError),
    /// New keys could not be wrapped.
    #[error(transparent)]
    Sealing(#[from] SealingError),
}

/// Why storage keys did not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    /// The wrapped keys were damaged or edited.
    #[error("the wrapped storage keys are damaged")]
    Damaged,
    /// The root key belongs to other data.
    #[error(
        "this is not the root key of this data: it needs the root key {expected}, and was given {found}"
    )]
    WrongRoot {
        /// Id of the root key that the data was sealed under.
        expected: String,
        /// Id of the root key that was given.
        found: String,
    },
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_types::SystemEntropy;

    #[test]
    fn a_record_opens_in_its_place_only() {
        let keys = StorageKeys::generate(&SystemEntropy).unwrap();
        let sealed = keys.seal_record(1, b"key", b"plain", &SystemEntropy).unwrap();
        assert_eq!(*keys.open_record(1, b"key", &sealed).unwrap(), b"plain");
        assert!(keys.open_record(2, b"key", &sealed).is_err());
        assert!(keys.open_record(1, b"kez", &sealed).is_err());
        assert!(keys.open_token("", b"key", &sealed).is_err());
        assert!(
            StorageKeys::generate(&SystemEntropy).unwrap().open_record(1, b"key", &sealed).is_err()
        );
    }

    #[test]
    fn old_terms_open_and_the_newest_seals() {
        let mut keys = StorageKeys::generate(&SystemEntropy).unwrap();
        let old = keys.seal_record(1, b"key", b"old", &SystemEntropy).unwrap();
        keys.add_term(&SystemEntropy).unwrap();
        let new = keys.seal_record(1, b"key", b"new", &SystemEntropy).unwrap();
        assert_eq!(old[..4], [0, 0, 0, 1]);
        assert_eq!(new[..4], [0, 0, 0, 2]);
        let root = RootKey::generate(&SystemEntropy);
        let keys = StorageKeys::unwrap(&root, &keys.wrap(&root, &SystemEntropy).unwrap()).unwrap();
        assert_eq!(*keys.open_record(1, b"key", &old).unwrap(), b"old");
        assert_eq!(*keys.open_record(1, b"key", &new).unwrap(), b"new");
    }

    #[test]
    fn a_fingerprint_is_of_its_bytes_binding_and_keys_whatever_the_newest_term() {
        let mut keys = StorageKeys::generate(&SystemEntropy).unwrap();
        let other = StorageKeys::generate(&SystemEntropy).unwrap();
        let print = keys.fingerprint("purpose", b"binding", b"bytes").unwrap();
        for (purpose, binding, bytes) in [
            ("purpose", &b"binding"[..], &b"byte"[..]),
            ("purpose", b"bindingb", b"ytes"),
            ("purpos", b"ebinding", b"bytes"),
            ("", b"", b""),
        ] {
            assert_ne!(keys.fingerprint(purpose, binding, bytes).unwrap(), print);
        }
        assert_ne!(other.fingerprint("purpose", b"binding", b"bytes").unwrap(), print);
        keys.add_term(&SystemEntropy).unwrap();
        assert_eq!(keys.fingerprint("purpose", b"binding", b"bytes").unwrap(), print);
    }

    #[test]
    fn a_wrong_root_key_is_told_apart_from_damage() {
        let (root, other) = (RootKey::generate(&SystemEntropy), RootKey::generate(&SystemEntropy));
        let mut wrapped =
            StorageKeys::generate(&SystemEntropy).unwrap().wrap(&root, &SystemEntropy).unwrap();
        assert!(matches!(
            StorageKeys::unwrap(&other, &wrapped),
            Err(UnwrapError::WrongRoot { .. })
        ));
        *wrapped.last_mut().unwrap() ^= 1;
        assert!(matches!(StorageKeys::unwrap(&root, &wrapped), Err(UnwrapError::Damaged)));
        assert!(matches!(StorageKeys::unwrap(&root, &[]), Err(UnwrapError::Damaged)));
    }
}
