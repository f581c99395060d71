//! The files of the log: `NNNNNNNNNNNNNNNNNNNN.audit`, named after the first sequence in them.
//!
//! A file is filled with zeros and synced before it is used: overwriting what is there costs a sync half of what growing
//! a file does.

use crate::AuditError;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const ENDING: &str = "audit";
const PREPARED: &str = "next.prepared";
const ZEROS: &[u8] = &[0; 64 * 1024];

/// A file in use.
#[derive(Debug)]
pub(crate) struct Segment {
    file: File,
    pub(crate) used: u64,
    pub(crate) size: u64,
}

impl Segment {
    /// Puts a prepared file in place for events from this sequence on.
    pub(crate) fn open(
        directory: &Path,
        first_sequence: u64,
        prepared: PreparedSegment,
    ) -> Result<Self, AuditError> {
        let PreparedSegment { file, path, size } = prepared;
        std::fs::rename(path, directory.join(name(first_sequence)))?;
        File::open(directory)?.sync_all()?;
        Ok(Self { file, used: 0, size })
    }

    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        u64::try_from(bytes).is_ok_and(|bytes| self.used.saturating_add(bytes) <= self.size)
    }

    /// One write, one sync.
    pub(crate) fn append(&mut self, frame: &[u8]) -> Result<(), AuditError> {
        self.file.write_all_at(frame, self.used)?;
        self.file.sync_data()?;
        self.used = self.used.saturating_add(u64::try_from(frame.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Gives back the room that was not used.
    pub(crate) fn close(self) -> Result<(), AuditError> {
        self.file.set_len(self.used)?;
        Ok(self.file.sync_all()?)
    }
}

/// A file full of zeros.
#[derive(Debug)]
pub(crate) struct PreparedSegment {
    file: File,
    path: PathBuf,
    size: u64,
}

/// Makes a file of this size, rounded up to 64 KiB. One at a time in a directory.
pub(crate) fn prepare(directory: &Path, size: u64) -> Result<PreparedSegment, AuditError> {
    let path = directory.join(PREPARED);
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    let step = u64::try_from(ZEROS.len()).unwrap_or(1);
    let steps = size.div_ceil(step);
    for _ in 0..steps {
        file.write_all(ZEROS)?;
    }
    file.sync_all()?;
    Ok(PreparedSegment { file, path, size: steps * step })
}

pub(crate) fn make_directory(directory: &Path) -> Result<(), AuditError> {
    Ok(std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?)
}

fn name(first_sequence: u64) -> String {
    format!("{first_sequence:020}.{ENDING}")
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listed {
    pub(crate) first_sequence: u64,
    pub(crate) path: PathBuf,
}

impl Listed {
    pub(crate) fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// The files in the order of their sequences. What else lies in the directory is not looked at.
pub(crate) fn list(directory: &Path) -> Result<Vec<Listed>, AuditError> {
    let mut listed = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let is_segment = path.extension().is_some_and(|ending| ending == ENDING);
        let number =
            path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let Some(first_sequence) = number.filter(|_| is_segment) {
            listed.push(Listed { first_sequence, path });
        }
    }
    listed.sort();
    Ok(listed)
}
