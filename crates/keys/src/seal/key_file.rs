//! The default seal: the root key in a file of its own, outside the database.
//!
//! One line: `strongroom-root-key-v1 <64 hex digits> <8 hex digits of checksum>`. The checksum tells a damaged file from
//! a wrong one. Mode 0600; a file that others can read is refused, as the key may have been.

use super::{RootKey, Seal, SealError};
use aws_lc_rs::digest::{SHA256, digest};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use strongroom_types::Entropy;
use zeroize::Zeroizing;

const PREFIX: &str = "strongroom-root-key-v1";
const FILE_BYTES_MAX: u64 = 256;

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

    /// Written aside, synced, then put in place: never half a key. One that is there is never replaced; the caller holds
    /// the data directory's lock, so nobody else makes one in between.
    fn create(&self, entropy: &dyn Entropy) -> Result<RootKey, SealError> {
        if self.path.try_exists()? {
            return Err(SealError::Io(ErrorKind::AlreadyExists.into()));
        }
        let root = RootKey::generate(entropy);
        let aside = self.path.with_extension("new");
        remove_if_there(&aside)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        file.write_all(render(&root).as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&aside, &self.path)?;
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(root)
    }
}

impl Seal for KeyFile {
    fn unseal(&self) -> Result<RootKey, SealError> {
        let file = File::open(&self.path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(SealError::Unfit("the key file is not a regular file"));
        }
        if about.mode() & 0o077 != 0 {
            return Err(SealError::Unfit(
                "the key file can be read by others: make it mode 0600, and rotate the key",
            ));
        }
        let mut text = Zeroizing::new(String::new());
        file.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
        parse(&text)
    }

    fn create_or_unseal(&self, entropy: &dyn Entropy) -> Result<RootKey, SealError> {
        match self.create(entropy) {
            Err(SealError::Io(error)) if error.kind() == ErrorKind::AlreadyExists => {
                remove_if_there(&self.path.with_extension("new"))?;
                self.unseal()
            }
            other => other,
        }
    }
}

fn remove_if_there(path: &Path) -> Result<(), SealError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
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

fn push_hex(text: &mut String, bytes: &[u8]) {
    for nibble in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
    }
}

fn checksum(key: &[u8; 32]) -> [u8; 4] {
    let hash = digest(&SHA256, key);
    hash.as_ref().first_chunk::<4>().copied().unwrap_or_default()
}

fn parse(text: &str) -> Result<RootKey, SealError> {
    const UNFIT: SealError =
        SealError::Unfit("the key file is damaged or not a strongroom root key");
    let mut words = text.split_whitespace();
    if words.next() != Some(PREFIX) {
        return Err(UNFIT);
    }
    let mut bytes = Zeroizing::new([0; 32]);
    let mut sum = [0; 4];
    parse_hex(words.next().ok_or(UNFIT)?, &mut *bytes).ok_or(UNFIT)?;
    parse_hex(words.next().ok_or(UNFIT)?, &mut sum).ok_or(UNFIT)?;
    if words.next().is_some() || sum != checksum(&bytes) {
        return Err(UNFIT);
    }
    Ok(RootKey::from_bytes(bytes))
}

fn parse_hex(text: &str, bytes: &mut [u8]) -> Option<()> {
    if text.len() != bytes.len() * 2 || !text.is_ascii() {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use strongroom_types::SystemEntropy;

    fn scratch() -> (tempfile::TempDir, KeyFile) {
        let directory = tempfile::tempdir().unwrap();
        let seal = KeyFile::new(&directory.path().join("root.key"));
        (directory, seal)
    }

    #[test]
    fn the_key_that_was_made_is_the_key_that_is_read() {
        let (_directory, seal) = scratch();
        let made = seal.create_or_unseal(&SystemEntropy).unwrap();
        assert_eq!(seal.unseal().unwrap().id(), made.id());
        assert_eq!(
            seal.create_or_unseal(&SystemEntropy).unwrap().id(),
            made.id(),
            "a key is never replaced"
        );
        assert_eq!(std::fs::metadata(&seal.path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_missing_key_is_an_error_and_makes_no_new_one() {
        let (_directory, seal) = scratch();
        assert!(seal.unseal().is_err());
        assert!(!seal.path.exists());
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let (_directory, seal) = scratch();
        seal.create_or_unseal(&SystemEntropy).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o644] {
            std::fs::set_permissions(&seal.path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(seal.unseal().is_err(), "{mode:o}");
        }
    }

    #[test]
    fn a_damaged_key_is_refused() {
        let (_directory, seal) = scratch();
        seal.create_or_unseal(&SystemEntropy).unwrap();
        let text = std::fs::read_to_string(&seal.path).unwrap();
        for length in 0..text.trim_end().len() {
            assert!(parse(text.get(..length).unwrap()).is_err(), "cut to {length}");
        }
        let flipped = if text.contains('0') {
            text.replacen('0', "1", 1)
        } else {
            text.replacen('1', "2", 1)
        };
        assert!(parse(&flipped).is_err());
        assert!(parse(&format!("{} x", text.trim_end())).is_err());
    }
}
