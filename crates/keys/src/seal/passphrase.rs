//! The root key under a passphrase: random, wrapped under a key that Argon2id derives, and kept in the seal's record.
//!
//! The passphrase comes from a file or a pipe, never from the command line. Whoever has the database may try passphrases
//! against it: how long that takes is up to the passphrase.

use super::{Keeping, Prepared, RootKey, Seal, SealError, SealRecord, private_file};
use crate::aead::{SealKey, associated};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use strongroom_types::Entropy;
use zeroize::Zeroizing;

const LABEL: &str = "strongroom root key under a passphrase v1";
/// NIST SP 800-63B, section 5.1.1.2, asks for 8 of what a person remembers and a server guards; this is guarded by
/// nothing but its own strength.
const CHARACTERS_MIN: usize = 12;
const BYTES_MAX: usize = 4096;
/// What a record may ask for: an edited one must not exhaust the machine.
const COST_MAX: Cost = Cost { memory_kib: 4 * 1024 * 1024, passes: 64, lanes: 16 };

/// What a guess costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Memory.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Parts of it that can be filled at the same time.
    pub lanes: u32,
}

impl Cost {
    /// RFC 9106, section 4, the second recommended option.
    const RECOMMENDED: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };

    fn is_bounded(self) -> bool {
        self.memory_kib <= COST_MAX.memory_kib
            && self.passes <= COST_MAX.passes
            && self.lanes <= COST_MAX.lanes
    }

    fn bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        let numbers = [self.memory_kib, self.passes, self.lanes];
        for (place, number) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(numbers) {
            *place = number.to_be_bytes();
        }
        bytes
    }
}

/// How the root key is kept under a passphrase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassphraseKeeping {
    cost: Cost,
    salt: [u8; 16],
    #[serde(with = "serde_bytes")]
    wrapped: Vec<u8>,
}

impl PassphraseKeeping {
    /// What a guess costs.
    pub fn cost(&self) -> Cost {
        self.cost
    }
}

/// A passphrase that was read from a file.
#[expect(missing_debug_implementations, reason = "holds the passphrase")]
pub struct Passphrase {
    text: Zeroizing<String>,
    path: PathBuf,
    cost: Cost,
}

impl Passphrase {
    /// The text of a file or pipe, without the end of its line.
    pub fn read(path: &Path) -> Result<Self, SealError> {
        let mut text = private_file::read(path, BYTES_MAX)?;
        let length = text.trim_end_matches(['\r', '\n']).len();
        text.truncate(length);
        let passphrase = Self { text, path: path.to_owned(), cost: Cost::RECOMMENDED };
        if passphrase.text.is_empty() {
            return Err(passphrase.unfit("holds no passphrase"));
        }
        Ok(passphrase)
    }

    /// What a guess at the next root key's passphrase costs, where it is not what is recommended.
    #[must_use]
    pub fn at_cost(self, cost: Cost) -> Self {
        Self { cost, ..self }
    }

    fn unfit(&self, what: &'static str) -> SealError {
        SealError::Unfit { path: self.path.clone(), what }
    }
}

impl Seal for Passphrase {
    fn unseal(&self, record: &SealRecord) -> Result<RootKey, SealError> {
        let Keeping::Passphrase(kept) = &record.keeping else {
            return Err(SealError::Other(record.keeping.kind()));
        };
        if !kept.cost.is_bounded() {
            return Err(SealError::Wrong(format!(
                "the seal's record asks for more than Argon2id may take: {:?}",
                kept.cost
            )));
        }
        let key = derive(&self.text, &kept.salt, kept.cost)?;
        let opened = key
            .open(&bound_to(kept.cost, &kept.salt), &kept.wrapped)
            .map_err(|_| self.unfit("is not the passphrase of this data"))?;
        let mut bytes = Zeroizing::new([0; 32]);
        if opened.len() != bytes.len() {
            return Err(self.unfit("opens something that is no root key"));
        }
        bytes.copy_from_slice(&opened);
        Ok(RootKey::from_bytes(bytes))
    }

    fn prepare(
        &self,
        _current: Option<&SealRecord>,
        entropy: &dyn Entropy,
    ) -> Result<Prepared, SealError> {
        if self.text.chars().count() < CHARACTERS_MIN {
            return Err(self.unfit("is too short: a passphrase has at least 12 characters"));
        }
        let root = RootKey::generate(entropy);
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        let key = derive(&self.text, &salt, self.cost)?;
        let wrapped = key
            .seal(&bound_to(self.cost, &salt), root.bytes(), entropy)
            .map_err(|_| SealError::Sealing)?;
        let kept = PassphraseKeeping { cost: self.cost, salt, wrapped };
        Ok(Prepared { root, keeping: Keeping::Passphrase(kept) })
    }
}

fn bound_to(cost: Cost, salt: &[u8; 16]) -> Vec<u8> {
    associated(LABEL, &[&cost.bytes(), salt])
}

fn derive(text: &str, salt: &[u8; 16], cost: Cost) -> Result<SealKey, SealError> {
    Ok(SealKey::new(&*stretched(text, salt, cost)?))
}

fn stretched(text: &str, salt: &[u8; 16], cost: Cost) -> Result<Zeroizing<[u8; 32]>, SealError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32));
    let params = params.map_err(|_| SealError::Sealing)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut key = Zeroizing::new([0; 32]);
    argon2.hash_password_into(text.as_bytes(), salt, &mut *key).map_err(|_| SealError::Sealing)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::OpenOptionsExt;
    use strongroom_types::SystemEntropy;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 2 };

    fn with(directory: &Path, name: &str, text: &str) -> Passphrase {
        let path = directory.join(name);
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&path).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        Passphrase::read(&path).unwrap().at_cost(CHEAP)
    }

    fn prepare(seal: &Passphrase) -> (RootKey, SealRecord) {
        let Prepared { root, keeping } = seal.prepare(None, &SystemEntropy).unwrap();
        let record = SealRecord { root: root.id(), terms: 1, since: None, keeping };
        (root, record)
    }

    #[test]
    fn only_the_passphrase_opens_what_it_sealed() {
        let directory = tempfile::tempdir().unwrap();
        let seal = with(directory.path(), "right", "correct horse battery");
        let (root, record) = prepare(&seal);
        assert!(seal.unseal(&record).unwrap().id() == root.id());
        let same = with(directory.path(), "same", "correct horse battery\n");
        assert!(same.unseal(&record).unwrap().id() == root.id(), "the line may end");
        for (name, text) in
            [("other", "correct horse batterz"), ("space", "correct horse battery ")]
        {
            assert!(with(directory.path(), name, text).unseal(&record).is_err(), "{name}");
        }
    }

    #[test]
    fn nothing_of_an_edited_record_opens() {
        let directory = tempfile::tempdir().unwrap();
        let seal = with(directory.path(), "right", "correct horse battery");
        let (_, record) = prepare(&seal);
        let edited = |edit: fn(&mut PassphraseKeeping)| {
            let mut record = record.clone();
            if let Keeping::Passphrase(kept) = &mut record.keeping {
                edit(kept);
            }
            record
        };
        for record in [
            edited(|kept| kept.cost.passes = 2),
            edited(|kept| kept.cost.lanes = 1),
            edited(|kept| kept.cost.memory_kib = u32::MAX),
            edited(|kept| kept.cost.memory_kib = 0),
            edited(|kept| kept.salt = [0; 16]),
            edited(|kept| *kept.wrapped.last_mut().unwrap() ^= 1),
            edited(|kept| kept.wrapped.clear()),
        ] {
            assert!(seal.unseal(&record).is_err());
        }
        assert!(seal.unseal(&record).is_ok());
    }

    #[test]
    fn a_new_passphrase_that_is_short_or_empty_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in [("short", "elevenchars"), ("with its end", "elevenchars\n")] {
            let seal = with(directory.path(), name, text);
            assert!(seal.prepare(None, &SystemEntropy).is_err(), "{text:?}");
        }
        let path = with(directory.path(), "empty", "soon empty").path;
        for text in ["", "\n"] {
            std::fs::write(&path, text).unwrap();
            assert!(Passphrase::read(&path).is_err(), "{text:?}");
        }
        assert!(with(directory.path(), "ok", "twelve chars").prepare(None, &SystemEntropy).is_ok());
    }

    #[test]
    fn the_recommended_cost_is_what_new_data_gets() {
        let directory = tempfile::tempdir().unwrap();
        let path = with(directory.path(), "right", "correct horse battery").path;
        let (root, record) = prepare(&Passphrase::read(&path).unwrap());
        let Keeping::Passphrase(kept) = &record.keeping else { panic!("another seal") };
        assert_eq!(kept.cost(), Cost { memory_kib: 65_536, passes: 3, lanes: 4 });
        assert!(Passphrase::read(&path).unwrap().unseal(&record).unwrap().id() == root.id());
    }

    /// Computed apart from this code, with Python's `cryptography`.
    #[test]
    fn the_derived_key_does_not_drift() {
        let key = stretched("correct horse battery", &[7; 16], CHEAP).unwrap();
        let mut text = String::new();
        private_file::push_hex(&mut text, &*key);
        assert_eq!(text, "3ca624109f9c6ed27b038b4ba9cb60f414fdae0d813d417bab33008e7ccef8db");
    }
}
