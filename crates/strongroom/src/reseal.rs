//! A root key takes the place of another, in steps: whoever is killed between two of them finds data that one of both
//! opens, and may begin again.

use anyhow::Context;
use strongroom_keys::seal::{Seal, SealRecord};
use strongroom_keys::{Sealing, StorageKeys};
use strongroom_types::{Entropy, Timestamp};

/// From where to where the root key goes.
#[derive(Clone, Copy)]
pub(crate) struct Seals<'a> {
    /// Holds the root key now.
    pub old: &'a dyn Seal,
    /// Is to hold the next one.
    pub new: &'a dyn Seal,
    /// Whether the old one holds nothing afterwards.
    pub moves: bool,
}

/// Stores a sealing in the place of another, in one commit, with the proof that it holds the storage keys.
pub(crate) type Replace<'a> = &'a dyn Fn(&Sealing, Vec<u8>) -> anyhow::Result<()>;

/// Puts the storage keys under another root key. Answers the new record.
///
/// 1. The storage keys are opened with the present root key: nothing happens without it.
/// 2. What an earlier change left behind is finished.
/// 3. The next root key is made and durably kept, beside the present one.
/// 4. It is read back, and the storage keys are opened with it.
/// 5. One commit. From here on the next root key is the one that counts.
/// 6. It takes the place of the old one; a seal that is left is emptied.
pub(crate) fn reseal(
    current: &Sealing,
    seals: Seals<'_>,
    replace: Replace<'_>,
    (entropy, now): (&dyn Entropy, Timestamp),
) -> anyhow::Result<SealRecord> {
    let record = current.record()?;
    let keys = StorageKeys::open(seals.old, current).context("cannot use the root key")?;
    seals.old.settle(&record).context("cannot finish an earlier change of the root key")?;
    let sealing = keys
        .reseal(seals.new, &record, entropy, now)
        .context("cannot make another root key; the one until now stays")?;
    let opened = StorageKeys::open(seals.new, &sealing);
    opened.context("another root key was made and does not open; the one until now stays")?;
    let proof = keys.attest(&sealing, current, entropy)?;
    drop(keys);
    replace(&sealing, proof)?;
    let new = sealing.record()?;
    seals.new.settle(&new).with_context(|| {
        format!("the root key {} counts now and opens, but could not be put in its place", new.root)
    })?;
    if seals.moves {
        seals.old.retire(&record).with_context(|| {
            format!(
                "the root key was moved, but the old one, {}, could not be removed",
                record.root
            )
        })?;
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;
    use std::cell::{Cell, RefCell};
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;
    use strongroom_keys::RootKey;
    use strongroom_keys::seal::{Cost, KeyFile, NewShares, Passphrase, Prepared, SealError};
    use strongroom_types::SystemEntropy;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    /// Counts down; what comes when it is over fails, either before or after it was done.
    struct Fuse {
        left: Cell<u32>,
        after: bool,
    }

    impl Fuse {
        fn step<T, E>(
            &self,
            error: impl Fn() -> E,
            work: impl FnOnce() -> Result<T, E>,
        ) -> Result<T, E> {
            let left = self.left.get();
            if left == 0 {
                return Err(error());
            }
            self.left.set(left - 1);
            if left > 1 {
                return work();
            }
            if self.after {
                work()?;
            }
            Err(error())
        }
    }

    struct Failing<'a>(&'a dyn Seal, &'a Fuse);

    impl Failing<'_> {
        fn step<T>(&self, work: impl FnOnce() -> Result<T, SealError>) -> Result<T, SealError> {
            self.1.step(|| SealError::Wrong("killed".to_owned()), work)
        }
    }

    impl Seal for Failing<'_> {
        fn unseal(&self, record: &SealRecord) -> Result<RootKey, SealError> {
            self.step(|| self.0.unseal(record))
        }

        fn prepare(
            &self,
            current: Option<&SealRecord>,
            entropy: &dyn Entropy,
        ) -> Result<Prepared, SealError> {
            self.step(|| self.0.prepare(current, entropy))
        }

        fn settle(&self, record: &SealRecord) -> Result<(), SealError> {
            self.step(|| self.0.settle(record))
        }

        fn retire(&self, record: &SealRecord) -> Result<(), SealError> {
            self.step(|| self.0.retire(record))
        }
    }

    struct Scene {
        directory: tempfile::TempDir,
        stored: RefCell<Sealing>,
        token: Vec<u8>,
    }

    impl Scene {
        fn new(kind: &str) -> Self {
            let directory = tempfile::tempdir().unwrap();
            let mut options = std::fs::OpenOptions::new();
            let options = options.write(true).create_new(true).mode(0o600);
            for (name, text) in [("old", "the old passphrase"), ("new", "the new passphrase")] {
                let mut file = options.open(directory.path().join(name)).unwrap();
                std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
            }
            let seal = Self::seal(directory.path(), kind);
            let (keys, sealing) = StorageKeys::create(&*seal, &SystemEntropy, NOW).unwrap();
            let token = keys.seal_token("test", b"", b"plain", &SystemEntropy).unwrap();
            Self { directory, stored: RefCell::new(sealing), token }
        }

        fn seal(directory: &Path, kind: &str) -> Box<dyn Seal> {
            match kind {
                "shares" => Box::new(NewShares::new(&directory.join(kind), 2, 3).unwrap()),
                "root.key" | "other.key" => Box::new(KeyFile::new(&directory.join(kind))),
                _ => Box::new(Passphrase::read(&directory.join(kind)).unwrap().at_cost(CHEAP)),
            }
        }

        fn reseal(&self, (old, new): (&str, &str), fuse: &Fuse) -> anyhow::Result<SealRecord> {
            let seal = |kind| Self::seal(self.directory.path(), kind);
            let current = self.stored.borrow().clone();
            let (from, to) = (seal(old), seal(new));
            let (from, to) = (Failing(&*from, fuse), Failing(&*to, fuse));
            let replace = |new: &Sealing, _: Vec<u8>| {
                fuse.step(
                    || anyhow::anyhow!("killed"),
                    || {
                        if *self.stored.borrow() != current {
                            bail!("another was first");
                        }
                        self.stored.replace(new.clone());
                        Ok(())
                    },
                )
            };
            let seals = Seals { old: &from, new: &to, moves: old != new };
            reseal(&current, seals, &replace, (&SystemEntropy, NOW))
        }

        /// Which of the seals opens what is stored, as a server that starts would open it.
        fn opens(&self, kinds: (&str, &str)) -> Option<&'static str> {
            let stored = self.stored.borrow();
            let opens = |kind| {
                let keys = StorageKeys::open(&*Self::seal(self.directory.path(), kind), &stored);
                keys.is_ok_and(|keys| keys.open_token("test", b"", &self.token).is_ok())
            };
            match (opens(kinds.0), opens(kinds.1)) {
                (true, _) => Some("old"),
                (false, true) => Some("new"),
                (false, false) => None,
            }
        }
    }

    const WAYS: [(&str, &str); 9] = [
        ("root.key", "root.key"),
        ("root.key", "other.key"),
        ("root.key", "new"),
        ("old", "root.key"),
        ("old", "old"),
        ("old", "new"),
        ("shares", "shares"),
        ("shares", "root.key"),
        ("root.key", "shares"),
    ];

    #[test]
    fn whoever_is_killed_at_any_step_finds_data_that_opens_and_can_begin_again() {
        for (way, after) in WAYS.into_iter().flat_map(|way| [(way, false), (way, true)]) {
            for steps in 1.. {
                let scene = Scene::new(way.0);
                let fuse = Fuse { left: Cell::new(steps), after };
                if scene.reseal(way, &fuse).is_ok() {
                    assert!(steps >= 6, "{way:?}: only {steps} steps were made to fail");
                    break;
                }
                let found = scene.opens(way).unwrap_or_else(|| panic!("{way:?}: lost at {steps}"));
                let again = if found == "old" { way } else { (way.1, way.1) };
                let whole = Fuse { left: Cell::new(u32::MAX), after };
                let record = scene.reseal(again, &whole).unwrap();
                assert!(record.since == Some(NOW) && scene.opens((again.1, again.1)).is_some());
            }
        }
    }

    #[test]
    fn the_old_root_key_opens_nothing_afterwards() {
        for way in WAYS {
            let scene = Scene::new(way.0);
            let before = scene.stored.borrow().clone();
            let key_file = scene.directory.path().join("root.key");
            let held = std::fs::read(&key_file).ok();
            let whole = Fuse { left: Cell::new(u32::MAX), after: true };
            let record = scene.reseal(way, &whole).unwrap();
            assert_ne!(record.root, before.record().unwrap().root);
            if let Some(held) = held {
                assert_ne!(std::fs::read(&key_file).ok(), Some(held), "{way:?}");
            }
            assert_eq!(scene.opens((way.1, way.1)), Some("old"));
            if way.0 != way.1 {
                assert_eq!(scene.opens((way.0, way.0)), None, "{way:?}");
            }
        }
    }

    #[test]
    fn a_wrong_root_key_changes_nothing() {
        let scene = Scene::new("old");
        let before = scene.stored.borrow().clone();
        let whole = Fuse { left: Cell::new(u32::MAX), after: true };
        assert!(scene.reseal(("new", "root.key"), &whole).is_err());
        assert!(scene.reseal(("root.key", "root.key"), &whole).is_err());
        assert_eq!(*scene.stored.borrow(), before);
        assert!(!scene.directory.path().join("root.key").exists());
        assert!(!scene.directory.path().join("root.key.next").exists());
    }
}
