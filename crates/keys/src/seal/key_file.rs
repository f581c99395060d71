//! The default seal: the root key in a file of its own, outside the database.
//!
//! One line: `strongroom-root-key-v1 <64 hex digits> <8 hex digits of checksum>`. The checksum tells a damaged file from
//! a wrong one. Mode 0600; a file that others can read is refused, as the key may have been.
//!
//! Beside `root.key` there may be `root.key.next`, the key that a change of the root key has prepared: whichever of both
//! the data's record tells of is the root key. And `root.key.new`, a file that is being written, which never counts.

use super::private_file::{self, parse_hex, push_hex};
use super::{Keeping, Prepared, RootKey, RootKeyId, Seal, SealError, SealRecord};
use aws_lc_rs::digest::{SHA256, digest};
use std::path::{Path, PathBuf};
use strongroom_types::Entropy;
use zeroize::Zeroizing;

const PREFIX: &str = "strongroom-root-key-v1";
const FILE_BYTES_MAX: usize = 256;

/// A key file.
#[derive(Debug, Clone)]
pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// At this path; nothing is read yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(ending);
        name.into()
    }

    /// The key that a change has prepared.
    fn next(&self) -> PathBuf {
        self.beside(".next")
    }

    fn write(&self, to: &Path, root: &RootKey) -> Result<(), SealError> {
        private_file::write(to, &self.beside(".new"), &render(root))
    }

    /// For data that is to be made: the key that was put there, or a new one. One that is there is never replaced; the
    /// caller holds the data directory's lock, so nobody else makes one in between.
    fn first(&self, entropy: &dyn Entropy) -> Result<RootKey, SealError> {
        if private_file::exists(&self.path)? {
            return read(&self.path);
        }
        let root = RootKey::generate(entropy);
        self.write(&self.path, &root)?;
        Ok(root)
    }

    /// A key that may be replaced is the one that counts now, and no other.
    fn check_replaceable(&self, current: RootKeyId) -> Result<(), SealError> {
        if private_file::exists(&self.next())? && holds(&self.next(), current) {
            return Err(unfit(&self.next(), "is the root key that counts and is not in its place"));
        }
        if private_file::exists(&self.path)? && !holds(&self.path, current) {
            return Err(unfit(&self.path, "is not this data's root key, and is not overwritten"));
        }
        Ok(())
    }
}

impl Seal for KeyFile {
    fn unseal(&self, record: &SealRecord) -> Result<RootKey, SealError> {
        of_key_files(record)?;
        let root = read(&self.path);
        if root.as_ref().is_ok_and(|root| root.id() == record.root) {
            return root;
        }
        match read(&self.next()) {
            Ok(next) if next.id() == record.root => Ok(next),
            _ => root,
        }
    }

    fn prepare(
        &self,
        current: Option<&SealRecord>,
        entropy: &dyn Entropy,
    ) -> Result<Prepared, SealError> {
        let Some(current) = current else {
            return Ok(Prepared { root: self.first(entropy)?, keeping: Keeping::KeyFile });
        };
        self.check_replaceable(current.root)?;
        let root = RootKey::generate(entropy);
        self.write(&self.next(), &root)?;
        Ok(Prepared { root, keeping: Keeping::KeyFile })
    }

    fn settle(&self, record: &SealRecord) -> Result<(), SealError> {
        of_key_files(record)?;
        if !holds(&self.next(), record.root) {
            return Ok(());
        }
        match private_file::rename(&self.next(), &self.path) {
            // Another process has done it in between.
            Err(_) if holds(&self.path, record.root) => Ok(()),
            renamed => renamed,
        }
    }

    fn retire(&self, record: &SealRecord) -> Result<(), SealError> {
        for path in [self.path.clone(), self.next()] {
            if holds(&path, record.root) {
                private_file::remove(&path)?;
            }
        }
        Ok(())
    }
}

fn of_key_files(record: &SealRecord) -> Result<(), SealError> {
    match &record.keeping {
        Keeping::KeyFile => Ok(()),
        other => Err(SealError::Other(other.kind())),
    }
}

fn unfit(path: &Path, what: &'static str) -> SealError {
    SealError::Unfit { path: path.to_owned(), what }
}

fn holds(path: &Path, id: RootKeyId) -> bool {
    read(path).is_ok_and(|root| root.id() == id)
}

fn read(path: &Path) -> Result<RootKey, SealError> {
    parse(&private_file::read(path, FILE_BYTES_MAX)?)
        .ok_or_else(|| unfit(path, "is damaged or not a strongroom root key"))
}

fn render(root: &RootKey) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(128));
    text.push_str(PREFIX);
    text.push(' ');
    push_hex(&mut text, root.bytes());
    text.push(' ');
    push_hex(&mut text, &checksum(root.bytes()));
    text.push('\n');
    text
}

fn checksum(key: &[u8; 32]) -> [u8; 4] {
    let hash = digest(&SHA256, key);
    hash.as_ref().first_chunk::<4>().copied().unwrap_or_default()
}

fn parse(text: &str) -> Option<RootKey> {
    let mut words = text.split_whitespace();
    if words.next() != Some(PREFIX) {
        return None;
    }
    let mut bytes = Zeroizing::new([0; 32]);
    let mut sum = [0; 4];
    parse_hex(words.next()?, &mut *bytes)?;
    parse_hex(words.next()?, &mut sum)?;
    if words.next().is_some() || sum != checksum(&bytes) {
        return None;
    }
    Some(RootKey::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use strongroom_types::SystemEntropy;

    fn scratch() -> (tempfile::TempDir, KeyFile) {
        let directory = tempfile::tempdir().unwrap();
        let seal = KeyFile::new(&directory.path().join("root.key"));
        (directory, seal)
    }

    fn record(root: &RootKey) -> SealRecord {
        SealRecord { root: root.id(), terms: 1, since: None, keeping: Keeping::KeyFile }
    }

    fn prepare(seal: &KeyFile, current: Option<&SealRecord>) -> Result<RootKey, SealError> {
        seal.prepare(current, &SystemEntropy).map(|prepared| prepared.root)
    }

    #[test]
    fn the_key_that_was_made_is_the_key_that_is_read() {
        let (_directory, seal) = scratch();
        let made = prepare(&seal, None).unwrap();
        assert!(seal.unseal(&record(&made)).unwrap().id() == made.id());
        assert!(prepare(&seal, None).unwrap().id() == made.id(), "a key is never replaced");
        assert_eq!(std::fs::metadata(&seal.path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_missing_key_is_an_error_and_makes_no_new_one() {
        let (_directory, seal) = scratch();
        assert!(seal.unseal(&record(&RootKey::generate(&SystemEntropy))).is_err());
        assert!(!seal.path.exists());
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let (_directory, seal) = scratch();
        let record = record(&prepare(&seal, None).unwrap());
        for mode in [0o640, 0o604, 0o660, 0o644] {
            std::fs::set_permissions(&seal.path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(seal.unseal(&record).is_err(), "{mode:o}");
        }
    }

    #[test]
    fn a_damaged_key_is_refused() {
        let (_directory, seal) = scratch();
        prepare(&seal, None).unwrap();
        let text = std::fs::read_to_string(&seal.path).unwrap();
        for length in 0..text.trim_end().len() {
            assert!(parse(text.get(..length).unwrap()).is_none(), "cut to {length}");
        }
        let flipped = if text.contains('0') {
            text.replacen('0', "1", 1)
        } else {
            text.replacen('1', "2", 1)
        };
        assert!(parse(&flipped).is_none());
        assert!(parse(&format!("{} x", text.trim_end())).is_none());
    }

    #[test]
    fn both_keys_open_until_the_new_one_has_taken_its_place() {
        let (_directory, seal) = scratch();
        let old = record(&prepare(&seal, None).unwrap());
        let new = record(&prepare(&seal, Some(&old)).unwrap());
        for record in [&old, &new] {
            assert!(seal.unseal(record).unwrap().id() == record.root);
        }
        seal.settle(&old).unwrap();
        assert!(seal.next().exists(), "a key that may yet count is not removed");
        for _ in 0..2 {
            seal.settle(&new).unwrap();
            assert!(!seal.next().exists());
            assert!(seal.unseal(&new).unwrap().id() == new.root);
            assert!(seal.unseal(&old).unwrap().id() == new.root, "the old one is gone");
        }
    }

    #[test]
    fn a_key_that_counts_is_never_overwritten() {
        let (_directory, seal) = scratch();
        let old = record(&prepare(&seal, None).unwrap());
        let new = record(&prepare(&seal, Some(&old)).unwrap());
        assert!(prepare(&seal, Some(&new)).is_err(), "it is not in its place yet");
        assert!(seal.unseal(&new).unwrap().id() == new.root);
        let again = record(&prepare(&seal, Some(&old)).unwrap());
        assert!(again != new, "one that was given up is replaced");
        let stranger = record(&RootKey::generate(&SystemEntropy));
        assert!(prepare(&seal, Some(&stranger)).is_err(), "the file is of other data");
        assert!(seal.unseal(&old).unwrap().id() == old.root);
    }

    #[test]
    fn only_the_key_of_the_data_is_removed_with_its_seal() {
        let (_directory, seal) = scratch();
        let mine = record(&prepare(&seal, None).unwrap());
        seal.retire(&record(&RootKey::generate(&SystemEntropy))).unwrap();
        assert!(seal.path.exists());
        seal.retire(&mine).unwrap();
        assert!(!seal.path.exists());
    }
}
