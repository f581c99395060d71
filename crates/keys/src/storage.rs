//! The keys that records are sealed under before they reach a storage engine.
//!
//! They have terms: the newest seals, all of them open. They are kept in the store themselves, wrapped under the root key.

use crate::aead::{OVERHEAD_BYTES, SealKey, associated};
use crate::seal::{Keeping, Prepared, RootKeyId, Seal, SealError, SealRecord};
use crate::{OpenError, RootKey, SealingError};
use aws_lc_rs::hmac;
use strongroom_types::{Entropy, Timestamp, WipedBytes};
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
    pub to_store: Option<Sealing>,
}

/// Storage keys as they are stored: wrapped under a root key, beside the record of the seal that holds it. Both say nothing
/// without the root key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealing {
    /// The seal's record, encoded. Data from before there were records has none: its root key is in a key file.
    pub record: Option<Vec<u8>>,
    /// The storage keys, sealed for exactly this record.
    pub wrapped: Vec<u8>,
}

impl Sealing {
    /// What the record says.
    pub fn record(&self) -> Result<SealRecord, UnwrapError> {
        if let Some(record) = &self.record {
            return SealRecord::decode(record).ok_or(UnwrapError::Record);
        }
        let (id, sealed) = self.wrapped.split_first_chunk::<8>().ok_or(UnwrapError::Damaged)?;
        let terms = sealed.len().saturating_sub(OVERHEAD_BYTES) / 32;
        let terms = u32::try_from(terms).map_err(|_| UnwrapError::Damaged)?;
        Ok(SealRecord { root: RootKeyId(*id), terms, since: None, keeping: Keeping::KeyFile })
    }

    fn bound_to(&self) -> Vec<u8> {
        associated(WRAPPED, &self.record.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }
}

struct Term {
    bytes: Zeroizing<[u8; 32]>,
    records: SealKey,
    tokens: SealKey,
}

const WRAPPED: &str = "strongroom storage keys v1";
const ATTESTED: &str = "strongroom sealing v1";
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
        sealing: Option<&Sealing>,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Unsealed, UnsealError> {
        match sealing {
            Some(sealing) => {
                Self::open(seal, sealing).map(|keys| Unsealed { keys, to_store: None })
            }
            None => Self::create(seal, entropy, now)
                .map(|(keys, sealing)| Unsealed { keys, to_store: Some(sealing) }),
        }
    }

    /// Opens the wrapped keys under the root key that the seal holds. Changes nothing.
    pub fn open(seal: &dyn Seal, sealing: &Sealing) -> Result<Self, UnsealError> {
        let opened = open(seal, sealing);
        zeroize_stack::<USED_STACK_BYTES>();
        opened
    }

    /// New keys under the root key that the seal holds for data that is to be made.
    pub fn create(
        seal: &dyn Seal,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<(Self, Sealing), UnsealError> {
        let created = Self::generate(entropy).map_err(UnsealError::from).and_then(|keys| {
            let sealing = reseal(&keys, seal, None, entropy, now)?;
            Ok((keys, sealing))
        });
        zeroize_stack::<USED_STACK_BYTES>();
        created
    }

    /// These keys under another root key, which the seal prepares. `current` is the record of the one until now.
    pub fn reseal(
        &self,
        seal: &dyn Seal,
        current: &SealRecord,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Sealing, UnsealError> {
        let sealing = reseal(self, seal, Some(current), entropy, now);
        zeroize_stack::<USED_STACK_BYTES>();
        sealing
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

    /// How many terms there are.
    pub fn terms(&self) -> u32 {
        u32::try_from(self.terms.len()).unwrap_or(u32::MAX)
    }

    /// What only a holder of these keys can say: that `sealing` may take the place of the stored `replaced`.
    pub fn attest(
        &self,
        sealing: &Sealing,
        replaced: &Sealing,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, SealingError> {
        self.seal_token(ATTESTED, &change(sealing, replaced), &[], entropy)
    }

    /// Whether [`StorageKeys::attest`] said so.
    pub fn is_attested(&self, sealing: &Sealing, replaced: &Sealing, proof: &[u8]) -> bool {
        self.open_token(ATTESTED, &change(sealing, replaced), proof).is_ok()
    }

    /// All terms, sealed under the root key for the record, and labelled with the root key's id, so that a wrong one can be
    /// told.
    pub fn wrap(
        &self,
        root: &RootKey,
        record: Option<&SealRecord>,
        entropy: &dyn Entropy,
    ) -> Result<Sealing, SealingError> {
        let mut plain = Zeroizing::new(Vec::with_capacity(32 * self.terms.len()));
        for term in &self.terms {
            plain.extend_from_slice(&*term.bytes);
        }
        let record = record.map(|record| record.encode().ok_or(SealingError)).transpose()?;
        let mut sealing = Sealing { record, wrapped: root.id().0.to_vec() };
        let sealed = root.key().seal(&sealing.bound_to(), &plain, entropy)?;
        sealing.wrapped.extend(sealed);
        Ok(sealing)
    }

    /// Opens what [`StorageKeys::wrap`] made.
    pub fn unwrap(root: &RootKey, sealing: &Sealing) -> Result<Self, UnwrapError> {
        let (id, sealed) = sealing.wrapped.split_first_chunk().ok_or(UnwrapError::Damaged)?;
        let (expected, found) = (RootKeyId(*id), root.id());
        if expected != found {
            return Err(UnwrapError::WrongRoot { expected, found });
        }
        let plain =
            root.key().open(&sealing.bound_to(), sealed).map_err(|_| UnwrapError::Damaged)?;
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

/// In a frame of its own, as is [`reseal`]: a value that is moved leaves a copy of itself behind, which no destructor wipes.
#[inline(never)]
fn open(seal: &dyn Seal, sealing: &Sealing) -> Result<StorageKeys, UnsealError> {
    let root = seal.unseal(&sealing.record()?)?;
    Ok(StorageKeys::unwrap(&root, sealing)?)
}

#[inline(never)]
fn reseal(
    keys: &StorageKeys,
    seal: &dyn Seal,
    current: Option<&SealRecord>,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Sealing, UnsealError> {
    let Prepared { root, keeping } = seal.prepare(current, entropy)?;
    let record = SealRecord { root: root.id(), terms: keys.terms(), since: Some(now), keeping };
    Ok(keys.wrap(&root, Some(&record), entropy)?)
}

fn change(sealing: &Sealing, replaced: &Sealing) -> Vec<u8> {
    let part = |of: &Sealing| associated("", &[&of.bound_to(), &of.wrapped]);
    associated("", &[&part(sealing), &part(replaced)])
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
    /// The seal's record cannot be read.
    #[error("the seal's record is damaged, or of a newer release")]
    Record,
    /// The wrapped keys were damaged or edited.
    #[error("the wrapped storage keys are damaged")]
    Damaged,
    /// The root key belongs to other data.
    #[error(
        "this is not the root key of this data: it needs the root key {expected}, and was given {found}"
    )]
    WrongRoot {
        /// Id of the root key that the data was sealed under.
        expected: RootKeyId,
        /// Id of the root key that was given.
        found: RootKeyId,
    },
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
        let sealing = keys.wrap(&root, Some(&record(&root)), &SystemEntropy).unwrap();
        let keys = StorageKeys::unwrap(&root, &sealing).unwrap();
        assert_eq!(*keys.open_record(1, b"key", &old).unwrap(), b"old");
        assert_eq!(*keys.open_record(1, b"key", &new).unwrap(), b"new");
    }

    fn record(root: &RootKey) -> SealRecord {
        SealRecord { root: root.id(), terms: 1, since: None, keeping: Keeping::KeyFile }
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
        let keys = StorageKeys::generate(&SystemEntropy).unwrap();
        let mut sealing = keys.wrap(&root, Some(&record(&root)), &SystemEntropy).unwrap();
        assert!(matches!(
            StorageKeys::unwrap(&other, &sealing),
            Err(UnwrapError::WrongRoot { .. })
        ));
        *sealing.wrapped.last_mut().unwrap() ^= 1;
        assert!(matches!(StorageKeys::unwrap(&root, &sealing), Err(UnwrapError::Damaged)));
        sealing.wrapped.clear();
        assert!(matches!(StorageKeys::unwrap(&root, &sealing), Err(UnwrapError::Damaged)));
    }

    #[test]
    fn storage_keys_open_beside_their_own_record_only() {
        let root = RootKey::generate(&SystemEntropy);
        let keys = StorageKeys::generate(&SystemEntropy).unwrap();
        let right = keys.wrap(&root, Some(&record(&root)), &SystemEntropy).unwrap();
        assert!(StorageKeys::unwrap(&root, &right).is_ok());
        let edited = SealRecord { terms: 2, ..record(&root) }.encode();
        for record in [None, Some(Vec::new()), edited] {
            let sealing = Sealing { record, ..right.clone() };
            assert!(matches!(StorageKeys::unwrap(&root, &sealing), Err(UnwrapError::Damaged)));
        }
    }

    #[test]
    fn data_from_before_there_were_records_opens_with_its_key_file() {
        let root = RootKey::generate(&SystemEntropy);
        let mut keys = StorageKeys::generate(&SystemEntropy).unwrap();
        for terms in 1..4 {
            let sealing = keys.wrap(&root, None, &SystemEntropy).unwrap();
            assert_eq!(sealing.record().unwrap(), SealRecord { terms, ..record(&root) });
            assert!(StorageKeys::unwrap(&root, &sealing).is_ok());
            keys.add_term(&SystemEntropy).unwrap();
        }
    }

    #[test]
    fn only_who_has_the_keys_can_have_them_stored_under_another_root_and_only_in_the_place_that_was_meant()
     {
        let keys = StorageKeys::generate(&SystemEntropy).unwrap();
        let stranger = StorageKeys::generate(&SystemEntropy).unwrap();
        let [one, two, three] = std::array::from_fn(|_| {
            let root = RootKey::generate(&SystemEntropy);
            keys.wrap(&root, Some(&record(&root)), &SystemEntropy).unwrap()
        });
        let proof = keys.attest(&two, &one, &SystemEntropy).unwrap();
        assert!(keys.is_attested(&two, &one, &proof));
        assert!(!keys.is_attested(&three, &one, &proof) && !keys.is_attested(&two, &three, &proof));
        assert!(!keys.is_attested(&one, &two, &proof));
        let forged = stranger.attest(&two, &one, &SystemEntropy).unwrap();
        assert!(!keys.is_attested(&two, &one, &forged) && !keys.is_attested(&two, &one, &[]));
    }
}
