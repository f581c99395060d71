//! KMS's ciphertexts from outside: they open in their own place, and nowhere else, whatever is done to them.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]
#![expect(clippy::indexing_slicing, reason = "a test that fails panics")]

use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use strongroom_keys::kms::{CIPHERTEXT_BLOB_BYTES_MAX, CiphertextBlob, PLAINTEXT_BYTES_MAX};
use strongroom_keys::{EncryptionContext, KeyMaterial, OpenError};
use strongroom_types::{AccountId, Entropy, SystemEntropy, WipedBytes};

const KEY_ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

fn account(digits: &str) -> AccountId {
    AccountId::parse(digits).unwrap()
}

fn material(key_id: &str, material_id: &str, byte: u8) -> KeyMaterial {
    KeyMaterial::from_bytes(key_id, material_id, &[byte; 32]).unwrap()
}

fn context<'a>(pairs: &[(&'a str, &'a str)]) -> EncryptionContext<'a> {
    EncryptionContext::from_pairs(pairs.iter().copied())
}

/// Numbers from a seed (SplitMix64), so that a failure can be seen again.
#[derive(Debug)]
struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = mixed.to_le_bytes()[7];
        }
    }
}

impl Seeded {
    fn index(&self, bound: usize) -> usize {
        usize::try_from(self.below(u32::try_from(bound).unwrap())).unwrap()
    }

    fn one_of<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.index(all.len())]
    }
}

/// Everything a ciphertext is bound to, and the ciphertext.
struct Made {
    material: usize,
    context: usize,
    blob: Vec<u8>,
}

/// Keys whose bytes are often the same, so that what tells them apart is the binding and not the bytes.
struct House {
    materials: Vec<KeyMaterial>,
    contexts: Vec<EncryptionContext<'static>>,
    made: Vec<Made>,
}

impl House {
    fn new(random: &Seeded) -> Self {
        let materials = vec![
            material("key-1", "m1", 1),
            material("key-1", "m2", 1),
            material("key-1", "m3", 3),
            material("key-2", "m1", 1),
            material("key-2", "m2", 2),
        ];
        let contexts = vec![
            context(&[]),
            context(&[("a", "1")]),
            context(&[("a", "1"), ("b", "2")]),
            context(&[("A", "1")]),
        ];
        let accounts = [account("111111111111"), account("222222222222")];
        let mut house = Self { materials, contexts, made: Vec::new() };
        for material in 0..house.materials.len() {
            for context in 0..house.contexts.len() {
                for account in &accounts {
                    let plain = vec![7; random.index(64)];
                    let blob = house.materials[material]
                        .encrypt(account, &house.contexts[context], &plain, random)
                        .unwrap();
                    house.made.push(Made { material, context, blob });
                }
            }
        }
        house
    }

    /// As a service does it: the head says which material to try.
    fn open(&self, blob: &[u8], context: usize) -> Result<WipedBytes, OpenError> {
        let blob = CiphertextBlob::parse(blob)?;
        let named = |material: &&KeyMaterial| {
            material.key_id() == blob.key_id() && material.material_id() == blob.material_id()
        };
        let material = self.materials.iter().find(named).ok_or(OpenError)?;
        material.decrypt(&blob, &self.contexts[context])
    }

    fn is_made(&self, blob: &[u8], context: usize) -> bool {
        self.made.iter().any(|made| made.blob == blob && made.context == context)
    }
}

/// Where the head ends: format, account, and two ids behind their lengths.
fn head_bytes(blob: &[u8]) -> usize {
    let key_id = usize::from(blob[13]);
    15 + key_id + usize::from(blob[14 + key_id])
}

/// One manipulation: swapped, replayed or edited, with the context that it is tried with.
fn attempt(house: &House, random: &Seeded) -> (Vec<u8>, usize) {
    let (one, other) = (random.one_of(&house.made), random.one_of(&house.made));
    let context = *random.one_of(&[one.context, other.context]);
    let mut blob = one.blob.clone();
    match random.index(6) {
        0 => return (blob, random.index(house.contexts.len())),
        1 => {
            blob.truncate(head_bytes(&blob));
            blob.extend_from_slice(&other.blob[head_bytes(&other.blob)..]);
        }
        2 => {
            for _ in 0..=random.index(8) {
                let bit = random.index(blob.len() * 8);
                blob[bit / 8] ^= 1 << (bit % 8);
            }
        }
        3 => {
            let cut = random.index(blob.len().min(other.blob.len()));
            blob.truncate(cut);
            blob.extend_from_slice(&other.blob[cut..]);
        }
        4 => blob.truncate(random.index(blob.len())),
        _ => {
            let mut more = vec![0; 1 + random.index(32)];
            random.fill(&mut more);
            blob.extend(more);
        }
    }
    (blob, context)
}

#[test]
fn ten_thousand_swapped_replayed_and_edited_ciphertexts_are_refused() {
    let random = Seeded(AtomicU64::new(2026));
    let house = House::new(&random);
    for made in &house.made {
        assert!(house.open(&made.blob, made.context).is_ok());
    }
    let mut tried = 0;
    while tried < 10_000 {
        let (blob, context) = attempt(&house, &random);
        if house.is_made(&blob, context) {
            continue;
        }
        tried += 1;
        assert_eq!(house.open(&blob, context).err(), Some(OpenError), "attempt {tried}");
    }
}

#[test]
fn a_ciphertext_opens_under_no_material_but_its_own() {
    let random = Seeded(AtomicU64::new(1));
    let house = House::new(&random);
    for made in &house.made {
        let blob = CiphertextBlob::parse(&made.blob).unwrap();
        for (place, material) in house.materials.iter().enumerate() {
            for (context, pairs) in house.contexts.iter().enumerate() {
                let own = place == made.material && context == made.context;
                assert_eq!(material.decrypt(&blob, pairs).is_ok(), own);
            }
        }
    }
}

#[test]
fn the_head_says_which_key_to_try() {
    let made = material(KEY_ID, "m1", 7)
        .encrypt(&account("111122223333"), &context(&[]), b"plain", &SystemEntropy)
        .unwrap();
    let blob = CiphertextBlob::parse(&made).unwrap();
    assert_eq!((blob.account(), blob.key_id(), blob.material_id()), ("111122223333", KEY_ID, "m1"));
}

#[test]
fn heads_that_are_not_ours_do_not_parse() {
    let head = |account: &str, key_id: &[u8], material_id: &[u8]| {
        let lengths = [key_id, material_id].map(|id| [u8::try_from(id.len()).unwrap()]);
        [&[1], account.as_bytes(), &lengths[0], key_id, &lengths[1], material_id].concat()
    };
    assert!(CiphertextBlob::parse(&head("111122223333", b"key", b"m1")).is_ok());
    for bad in [
        head("11112222333x", b"key", b"m1"),
        head("111122223333", b"", b"m1"),
        head("111122223333", b"key", b""),
        head("111122223333", b"k y", b"m1"),
        head("111122223333", b"key", b"\xc3\xa4"),
        head("111122223333", b"key", b"m\n"),
        [&[2], &head("111122223333", b"key", b"m1")[1..]].concat(),
        vec![],
    ] {
        assert_eq!(CiphertextBlob::parse(&bad).err(), Some(OpenError), "{bad:?}");
    }
}

#[test]
fn the_longest_plaintext_fits_into_the_longest_ciphertext() {
    let longest = "i".repeat(255);
    let key = material(&longest, &longest, 7);
    let account = account("111122223333");
    let plain = vec![7; PLAINTEXT_BYTES_MAX];
    let blob = key.encrypt(&account, &context(&[]), &plain, &SystemEntropy).unwrap();
    assert!(blob.len() <= CIPHERTEXT_BLOB_BYTES_MAX);
    let opened = key.decrypt(&CiphertextBlob::parse(&blob).unwrap(), &context(&[])).ok().unwrap();
    assert_eq!(*opened, plain);
    let more = vec![7; PLAINTEXT_BYTES_MAX + 1];
    assert!(key.encrypt(&account, &context(&[]), &more, &SystemEntropy).is_err());
    let too_long = [blob, vec![0; CIPHERTEXT_BLOB_BYTES_MAX]].concat();
    assert!(CiphertextBlob::parse(&too_long).is_err());
}

#[test]
fn ids_that_would_not_come_back_are_not_sealed() {
    for bad in [String::new(), "a b".to_owned(), "ä".to_owned(), "i".repeat(256)] {
        for key in [material(&bad, "m1", 7), material(KEY_ID, &bad, 7)] {
            let account = account("111122223333");
            assert!(key.encrypt(&account, &context(&[]), b"x", &SystemEntropy).is_err());
        }
    }
}

/// Counts up from 1, for the known answer only.
#[derive(Debug)]
struct Counting;

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for (byte, number) in buffer.iter_mut().zip(1..) {
            *byte = number;
        }
    }
}

#[test]
fn the_format_does_not_drift() {
    // Computed apart from this code, with Python's `cryptography`: HKDFExpand and AESGCM.
    let context = context(&[("b", "2"), ("a", "1")]);
    let blob = material(KEY_ID, "m1", 7)
        .encrypt(&account("111122223333"), &context, b"plain", &Counting)
        .unwrap();
    let hex: Vec<_> = blob.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex.concat(), include_str!("kms_ciphertext_v1.hex").trim());
}

proptest! {
    #[test]
    fn what_was_encrypted_opens(
        plain in vec(any::<u8>(), 0..300),
        digits in "[0-9]{12}",
        ids in ("[!-~]{1,80}", "[!-~]{1,80}"),
        pairs in vec((".{0,8}", ".{0,8}"), 0..4),
    ) {
        let key = material(&ids.0, &ids.1, 7);
        let context = EncryptionContext::from_pairs(pairs);
        let blob = key.encrypt(&account(&digits), &context, &plain, &SystemEntropy).unwrap();
        let blob = CiphertextBlob::parse(&blob).unwrap();
        prop_assert_eq!(blob.account(), digits);
        prop_assert_eq!(blob.key_id(), ids.0);
        prop_assert_eq!(blob.material_id(), ids.1);
        prop_assert_eq!(&*key.decrypt(&blob, &context).ok().unwrap(), &plain);
    }

    #[test]
    fn any_edited_byte_is_refused(place in any::<prop::sample::Index>(), other in 1u8..) {
        let key = material(KEY_ID, "m1", 7);
        let account = account("111122223333");
        let mut blob = key.encrypt(&account, &context(&[]), b"plain", &SystemEntropy).unwrap();
        let place = place.index(blob.len());
        blob[place] ^= other;
        let opened = CiphertextBlob::parse(&blob)
            .and_then(|blob| key.decrypt(&blob, &context(&[])));
        prop_assert_eq!(opened.err(), Some(OpenError));
    }

    #[test]
    fn another_context_is_refused(one in vec((".{0,4}", ".{0,4}"), 0..3), two in vec((".{0,4}", ".{0,4}"), 0..3)) {
        let (one, two) = (EncryptionContext::from_pairs(one), EncryptionContext::from_pairs(two));
        let key = material(KEY_ID, "m1", 7);
        let blob = key.encrypt(&account("111122223333"), &one, b"plain", &SystemEntropy).unwrap();
        let blob = CiphertextBlob::parse(&blob).unwrap();
        prop_assert_eq!(key.decrypt(&blob, &two).is_ok(), one == two);
    }

    #[test]
    fn parsing_random_bytes_never_panics(bytes in vec(any::<u8>(), 0..200), format in 0u8..3) {
        prop_assert!(CiphertextBlob::parse(&bytes).is_err() || bytes[0] == 1);
        let ours = [&[format], &b"111122223333"[..], &bytes].concat();
        if let Ok(blob) = CiphertextBlob::parse(&ours) {
            prop_assert_eq!(format, 1);
            prop_assert!(material(blob.key_id(), blob.material_id(), 7).decrypt(&blob, &context(&[])).is_err());
        }
    }
}
