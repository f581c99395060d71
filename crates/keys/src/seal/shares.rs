//! The root key in shares that several people keep: any `threshold` of them give it back, fewer say nothing of it.
//!
//! The seal's record keeps a hash of each share, so that one that is wrong is told by its number, before others come.

use super::shamir::{combine, split};
use super::share::Share;
use super::{Keeping, Prepared, RootKey, RootKeyId, Seal, SealError, SealRecord, private_file};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use strongroom_types::Entropy;

/// More people than will be found at once.
const COUNT_MAX: u8 = 16;

/// How the root key is kept in shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharesKeeping {
    threshold: u8,
    checks: Vec<[u8; 32]>,
}

impl SharesKeeping {
    /// How many are needed.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// How many were handed out.
    pub fn count(&self) -> usize {
        self.checks.len()
    }

    fn of(record: &SealRecord) -> Result<&Self, SealError> {
        match &record.keeping {
            Keeping::Shares(kept) => Ok(kept),
            other => Err(SealError::Other(other.kind())),
        }
    }

    fn check(&self, root: RootKeyId, share: &Share) -> Result<(), SealError> {
        let number = share.number;
        if share.root != root {
            return Err(SealError::Wrong(format!(
                "the share {number} is of the root key {}, and this data needs shares of {root}",
                share.root
            )));
        }
        let known = usize::from(number).checked_sub(1).and_then(|place| self.checks.get(place));
        let is_right =
            known.is_some_and(|known| verify_slices_are_equal(known, &share.check()).is_ok());
        if is_right && share.threshold == self.threshold {
            return Ok(());
        }
        Err(SealError::Wrong(format!(
            "the share {number} is not the one that was handed out for the root key {root}"
        )))
    }
}

/// Shares as they were given.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "holds parts of a key")]
pub struct GivenShares {
    by_number: BTreeMap<u8, Share>,
}

impl GivenShares {
    /// Takes a share that is one of the record's. One that was given already changes nothing.
    pub fn add(&mut self, share: Share, record: &SealRecord) -> Result<(), SealError> {
        SharesKeeping::of(record)?.check(record.root, &share)?;
        self.by_number.insert(share.number, share);
        Ok(())
    }

    /// Takes shares without a look at them: they are looked at when they are used.
    pub fn of(shares: Vec<Share>) -> Self {
        Self { by_number: shares.into_iter().map(|share| (share.number, share)).collect() }
    }

    /// How many different ones were given.
    pub fn count(&self) -> usize {
        self.by_number.len()
    }
}

impl Seal for GivenShares {
    fn unseal(&self, record: &SealRecord) -> Result<RootKey, SealError> {
        let kept = SharesKeeping::of(record)?;
        for share in self.by_number.values() {
            kept.check(record.root, share)?;
        }
        let threshold = usize::from(kept.threshold);
        if self.count() < threshold || threshold < 2 {
            return Err(SealError::Wrong(format!(
                "{threshold} shares are needed, and {} given",
                self.count()
            )));
        }
        let shares = self.by_number.values().take(threshold);
        let shares: Vec<_> = shares.map(|share| (share.number, &*share.bytes)).collect();
        let root = combine(&shares)
            .ok_or_else(|| SealError::Wrong("the shares do not fit together".to_owned()))?;
        Ok(RootKey::from_bytes(root))
    }

    fn prepare(
        &self,
        _current: Option<&SealRecord>,
        _entropy: &dyn Entropy,
    ) -> Result<Prepared, SealError> {
        Err(SealError::Wrong("shares of another root key need a place to be written to".to_owned()))
    }
}

/// Shares that are to be made, and written to a directory, each in a file for the one who is to keep it.
#[derive(Debug, Clone)]
pub struct NewShares {
    directory: PathBuf,
    threshold: u8,
    count: u8,
}

impl NewShares {
    /// `threshold` of `count`: 2 to 16, of at most 16.
    pub fn new(directory: &Path, threshold: u8, count: u8) -> Result<Self, SealError> {
        if threshold < 2 || threshold > count || count > COUNT_MAX {
            return Err(SealError::Wrong(format!(
                "{threshold} of {count} shares: the threshold is 2 to 16, of at most 16 shares"
            )));
        }
        Ok(Self { directory: directory.to_owned(), threshold, count })
    }

    /// Where a share is written.
    fn file(&self, root: RootKeyId, number: u8) -> PathBuf {
        self.directory.join(format!("share-{root}-{number}"))
    }

    fn read(
        &self,
        record: &SealRecord,
        numbers: impl Iterator<Item = u8>,
    ) -> Result<GivenShares, SealError> {
        let mut given = GivenShares::default();
        for number in numbers {
            given.add(Share::read(&self.file(record.root, number))?, record)?;
        }
        Ok(given)
    }
}

impl Seal for NewShares {
    /// From the files: the first and the last ones must both give the root key, and so every share has its part.
    fn unseal(&self, record: &SealRecord) -> Result<RootKey, SealError> {
        let first = self.read(record, 1..=self.threshold)?.unseal(record)?;
        let last = self.count.saturating_sub(self.threshold).saturating_add(1);
        let mut from = 1;
        while from < last {
            from = from.saturating_add(self.threshold).min(last);
            let to = from.saturating_add(self.threshold).saturating_sub(1);
            if self.read(record, from..=to)?.unseal(record)?.id() != first.id() {
                return Err(SealError::Wrong("the shares do not fit together".to_owned()));
            }
        }
        Ok(first)
    }

    fn prepare(
        &self,
        _current: Option<&SealRecord>,
        entropy: &dyn Entropy,
    ) -> Result<Prepared, SealError> {
        private_file::make_directory(&self.directory)?;
        let root = RootKey::generate(entropy);
        let id = root.id();
        let mut checks = Vec::new();
        let shares = split(root.bytes(), self.threshold, self.count, entropy);
        for (bytes, number) in shares.into_iter().zip(1..) {
            let share = Share { root: id, number, threshold: self.threshold, bytes };
            let path = self.file(id, number);
            private_file::write(&path, &path.with_extension("new"), &share.text())?;
            checks.push(share.check());
        }
        let keeping = Keeping::Shares(SharesKeeping { threshold: self.threshold, checks });
        Ok(Prepared { root, keeping })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_types::SystemEntropy;

    fn made(threshold: u8, count: u8) -> (tempfile::TempDir, NewShares, SealRecord) {
        let directory = tempfile::tempdir().unwrap();
        let seal = NewShares::new(&directory.path().join("shares"), threshold, count).unwrap();
        let Prepared { root, keeping } = seal.prepare(None, &SystemEntropy).unwrap();
        let record = SealRecord { root: root.id(), terms: 1, since: None, keeping };
        (directory, seal, record)
    }

    fn given(seal: &NewShares, record: &SealRecord, numbers: &[u8]) -> GivenShares {
        seal.read(record, numbers.iter().copied()).ok().unwrap()
    }

    #[test]
    fn the_threshold_of_the_files_gives_the_root_key_and_fewer_do_not() {
        for (threshold, count) in [(2, 2), (3, 5), (2, 7), (16, 16)] {
            let (_directory, seal, record) = made(threshold, count);
            assert!(seal.unseal(&record).unwrap().id() == record.root);
            let numbers: Vec<_> = (1..=count).rev().take(usize::from(threshold)).collect();
            assert!(given(&seal, &record, &numbers).unseal(&record).unwrap().id() == record.root);
            let few = given(&seal, &record, numbers.get(1..).unwrap()).unseal(&record);
            assert!(few.err().unwrap().to_string().contains("shares are needed"));
        }
    }

    #[test]
    fn a_share_given_twice_counts_once() {
        let (_directory, seal, record) = made(2, 3);
        let shares = given(&seal, &record, &[1, 1]);
        assert_eq!(shares.count(), 1);
        assert!(shares.unseal(&record).is_err());
    }

    #[test]
    fn a_wrong_share_is_named_and_is_not_taken() {
        let (_directory, seal, record) = made(2, 3);
        let (_other_directory, other, other_record) = made(2, 3);
        let mut shares = given(&seal, &record, &[1]);
        let stranger = || Share::read(&other.file(other_record.root, 2)).ok().unwrap();
        let told = shares.add(stranger(), &record).unwrap_err().to_string();
        assert!(told.contains(&format!("the share 2 is of the root key {}", other_record.root)));
        let forged = Share { root: record.root, ..stranger() };
        let told = shares.add(forged, &record).unwrap_err().to_string();
        assert!(told.contains("the share 2 is not the one that was handed out"), "{told}");
        for number in [0, 4, 255] {
            let beyond = Share { root: record.root, number, ..stranger() };
            assert!(shares.add(beyond, &record).is_err(), "{number}");
        }
        assert_eq!(shares.count(), 1);
    }

    #[test]
    fn a_damaged_file_is_found_before_the_root_key_counts() {
        let (_directory, seal, record) = made(2, 5);
        for number in 1..=5 {
            let path = seal.file(record.root, number);
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text.replacen(" 2 ", " 3 ", 1)).unwrap();
            assert!(seal.unseal(&record).is_err(), "{number}");
            std::fs::write(&path, text).unwrap();
        }
        assert!(seal.unseal(&record).is_ok());
    }

    #[test]
    fn thresholds_are_2_to_16_of_at_most_16() {
        for (threshold, count) in [(0, 3), (1, 3), (4, 3), (2, 17), (17, 17), (2, 1)] {
            assert!(NewShares::new(Path::new("x"), threshold, count).is_err());
        }
    }
}
