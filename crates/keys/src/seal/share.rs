//! A share of a root key as text that a person keeps.
//!
//! `strongroom-share-v1 <root key id> <number> <threshold> <64 hex digits> <8 hex digits of checksum>`, in one line or
//! several. The checksum is over everything before it, and tells a share that was damaged from one that is wrong.

use super::private_file::{parse_hex, push_hex};
use super::shamir::Bytes32;
use super::{RootKeyId, SealError, private_file};
use aws_lc_rs::digest::{Context, SHA256};
use std::path::Path;
use zeroize::Zeroizing;

const PREFIX: &str = "strongroom-share-v1";
const TEXT_BYTES_MAX: usize = 1024;

/// One share.
#[expect(missing_debug_implementations, reason = "holds part of a key")]
pub struct Share {
    pub(super) root: RootKeyId,
    pub(super) number: u8,
    pub(super) threshold: u8,
    pub(super) bytes: Bytes32,
}

impl Share {
    /// Reads its text.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let mut words = text.split_whitespace();
        if words.next() != Some(PREFIX) {
            return Err(SealError::Wrong("this is no share of a strongroom root key".to_owned()));
        }
        let words: Vec<_> = words.collect();
        let number = words.get(1).and_then(|word| word.parse::<u8>().ok());
        Self::of_words(&words).ok_or_else(|| {
            let number = number.map_or_else(String::new, |number| format!(" {number}"));
            SealError::Wrong(format!(
                "the share{number} is damaged: it is not as it was handed out"
            ))
        })
    }

    /// Reads it from a file or pipe that nobody else can read.
    pub fn read(path: &Path) -> Result<Self, SealError> {
        Self::parse(&private_file::read(path, TEXT_BYTES_MAX)?)
            .map_err(|error| SealError::Wrong(format!("{}: {error}", path.display())))
    }

    fn of_words(words: &[&str]) -> Option<Self> {
        let [root, number, threshold, bytes, sum] = words else { return None };
        let (mut id, mut told, mut held) = ([0; 8], [0; 4], Zeroizing::new([0; 32]));
        parse_hex(root, &mut id)?;
        parse_hex(bytes, &mut *held)?;
        parse_hex(sum, &mut told)?;
        let share = Self {
            root: RootKeyId(id),
            number: number.parse().ok()?,
            threshold: threshold.parse().ok()?,
            bytes: held,
        };
        (told == share.checksum()).then_some(share)
    }

    /// Its text, for one line.
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(160));
        text.push_str(PREFIX);
        text.push(' ');
        push_hex(&mut text, &self.root.0);
        for number in [self.number, self.threshold] {
            text.push(' ');
            text.push_str(&number.to_string());
        }
        text.push(' ');
        push_hex(&mut text, &*self.bytes);
        text.push(' ');
        push_hex(&mut text, &self.checksum());
        text.push('\n');
        text
    }

    /// Which one it is.
    pub fn number(&self) -> u8 {
        self.number
    }

    fn checksum(&self) -> [u8; 4] {
        let hash = self.hash(b"strongroom share checksum");
        hash.first_chunk().copied().unwrap_or_default()
    }

    /// What the seal's record keeps, to tell a wrong share by. Of a share nobody has it says nothing: that is 32 uniform
    /// bytes.
    pub(super) fn check(&self) -> [u8; 32] {
        self.hash(b"strongroom share check")
    }

    fn hash(&self, purpose: &[u8]) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        context.update(purpose);
        context.update(&self.root.0);
        context.update(&[self.number, self.threshold]);
        context.update(&*self.bytes);
        context.finish().as_ref().first_chunk().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share() -> Share {
        Share {
            root: RootKeyId([0xab; 8]),
            number: 3,
            threshold: 5,
            bytes: Zeroizing::new(std::array::from_fn(|place| u8::try_from(place).unwrap())),
        }
    }

    #[test]
    fn a_share_is_read_as_it_was_written_in_one_line_or_many() {
        let text = share().text();
        for text in [text.to_string(), text.replace(' ', "\n"), format!("\n  {}", *text)] {
            let read = Share::parse(&text).ok().unwrap();
            assert!((read.root, read.number, read.threshold) == (RootKeyId([0xab; 8]), 3, 5));
            assert!(*read.bytes == *share().bytes);
        }
    }

    #[test]
    fn the_format_does_not_drift() {
        // Computed apart from this code, with Python's `hashlib`.
        let bytes = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        assert_eq!(
            *share().text(),
            format!("strongroom-share-v1 abababababababab 3 5 {bytes} 8635ef84\n")
        );
    }

    #[test]
    fn whatever_digit_is_changed_the_share_is_damaged_and_named() {
        let text = share().text();
        let after_prefix = PREFIX.len() + 1;
        for (place, digit) in text.char_indices().filter(|(place, _)| *place >= after_prefix) {
            if !digit.is_ascii_hexdigit() {
                continue;
            }
            let other = if digit == '1' { "2" } else { "1" };
            let mut damaged = text.to_string();
            damaged.replace_range(place..=place, other);
            let error = Share::parse(&damaged).err().unwrap().to_string();
            assert!(error.contains("is damaged"), "{error}");
        }
        for length in 0..text.trim_end().len() {
            assert!(Share::parse(text.get(..length).unwrap()).is_err(), "cut to {length}");
        }
        let error = Share::parse(text.replace("04", "05").as_str()).err().unwrap().to_string();
        assert!(error.contains("the share 3 is damaged"), "{error}");
        assert!(!error.contains("0102"));
    }
}
