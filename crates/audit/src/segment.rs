//! The files of the log: `NNNNNNNNNNNNNNNNNNNN.audit`, named after the first sequence in them.
//!
//! A file is filled with zeros and synced before it is used: overwriting what is there costs a sync half of what growing
//! a file does. Writes go past the page cache (`O_DIRECT`) where the file system lets them: a sync then costs a third
//! less processor time. The next file is filled bit by bit as this one is used: filled at once, it would hold up a dozen
//! syncs, each by several milliseconds.

use crate::AuditError;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

const ENDING: &str = "audit";
const PREPARED: &str = "next.prepared";
/// What is written at a time when a file is filled.
const FILLING_BYTES: usize = 256 * 1024;
/// Turns to write that a file being filled may be behind.
const TURNS_WAITING_MAX: usize = 4;
/// Direct writes start, end and lie in memory at multiples of this.
const BLOCK_BYTES: usize = 4096;
/// Buffers that grew beyond this for a large frame are not kept.
const KEPT_BYTES: usize = 1024 * 1024;

/// Bytes in memory from a block's start on.
#[derive(Debug, Default)]
struct Blocks {
    bytes: Vec<u8>,
    start: usize,
}

impl Blocks {
    /// Room for so many bytes, rounded up to whole blocks, all zero.
    fn zeroed(bytes: usize) -> Self {
        let room = bytes.next_multiple_of(BLOCK_BYTES);
        let bytes = vec![0; room + BLOCK_BYTES];
        let start = bytes.as_ptr().align_offset(BLOCK_BYTES).min(BLOCK_BYTES);
        Self { bytes, start }
    }

    fn room(&self) -> usize {
        self.bytes.len().saturating_sub(BLOCK_BYTES)
    }

    fn get(&self, bytes: usize) -> &[u8] {
        self.bytes.get(self.start..self.start.saturating_add(bytes)).unwrap_or_default()
    }

    fn get_mut(&mut self, bytes: usize) -> &mut [u8] {
        self.bytes.get_mut(self.start..self.start.saturating_add(bytes)).unwrap_or_default()
    }
}

/// A file in use.
#[derive(Debug)]
pub(crate) struct Segment {
    file: File,
    pub(crate) used: u64,
    pub(crate) size: u64,
    /// The last block that is in use in part, then room for what is written next.
    blocks: Blocks,
    /// How much of that block is in use.
    partial: usize,
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
        Ok(Self { file, used: 0, size, blocks: Blocks::default(), partial: 0 })
    }

    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        u64::try_from(bytes).is_ok_and(|bytes| self.used.saturating_add(bytes) <= self.size)
    }

    /// One write, one sync. The last block is written again with what was in it: those bytes do not change, whatever
    /// becomes of the write.
    pub(crate) fn append(&mut self, frame: &[u8]) -> Result<(), AuditError> {
        let filled = self.partial.saturating_add(frame.len());
        let whole = filled.next_multiple_of(BLOCK_BYTES);
        if whole > self.blocks.room() {
            let mut larger = Blocks::zeroed(whole);
            larger.get_mut(self.partial).copy_from_slice(self.blocks.get(self.partial));
            self.blocks = larger;
        }
        let (_, free) = self.blocks.get_mut(whole).split_at_mut(self.partial);
        let (new, unused) = free.split_at_mut(frame.len());
        new.copy_from_slice(frame);
        unused.fill(0);
        let start = self.used.saturating_sub(offset(self.partial));
        self.file.write_all_at(self.blocks.get(whole), start)?;
        self.file.sync_data()?;
        self.used = self.used.saturating_add(offset(frame.len()));
        self.keep_last_block(filled);
        Ok(())
    }

    /// What is in use of the last block comes first in the buffer.
    fn keep_last_block(&mut self, filled: usize) {
        self.partial = filled % BLOCK_BYTES;
        let last = filled.saturating_sub(self.partial);
        let partial = self.blocks.get(filled).get(last..).unwrap_or_default();
        if self.blocks.room() > KEPT_BYTES {
            let mut smaller = Blocks::zeroed(BLOCK_BYTES);
            smaller.get_mut(partial.len()).copy_from_slice(partial);
            self.blocks = smaller;
        } else {
            self.blocks.get_mut(filled).copy_within(last.., 0);
        }
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

/// Writes that fill a file of this size.
fn filling_steps(size: u64) -> u64 {
    size.div_ceil(offset(FILLING_BYTES))
}

/// Makes a file of this size, rounded up to 256 KiB. One at a time in a directory. Each write waits for its turn, which is
/// false when the file is not wanted any more.
pub(crate) fn prepare(
    directory: &Path,
    size: u64,
    mut turn: impl FnMut() -> bool,
) -> Result<PreparedSegment, AuditError> {
    let path = directory.join(PREPARED);
    let mut file = create(&path)?;
    let zeros = Blocks::zeroed(FILLING_BYTES);
    let steps = filling_steps(size);
    for _ in 0..steps {
        if !turn() {
            return Err(AuditError::from(std::io::Error::from(ErrorKind::Interrupted)));
        }
        file.write_all(zeros.get(FILLING_BYTES))?;
    }
    file.sync_all()?;
    Ok(PreparedSegment { file, path, size: steps * offset(FILLING_BYTES) })
}

/// The next file, made by a thread of its own at the pace at which the present one is used.
#[derive(Debug)]
pub(crate) struct Preparing {
    thread: Option<JoinHandle<Result<PreparedSegment, AuditError>>>,
    /// One message for each write. Once this is gone, the writes follow each other.
    turns: Option<SyncSender<()>>,
    is_wanted: Arc<AtomicBool>,
    turns_given: u64,
    steps: u64,
}

impl Preparing {
    /// `None`: there is no thread to be had. The file is then made when it is needed.
    pub(crate) fn start(directory: &Path, size: u64) -> Option<Self> {
        let directory = directory.to_owned();
        let (turns, given) = sync_channel(TURNS_WAITING_MAX);
        let thread = Builder::new().name("audit-prepare".to_owned());
        let is_wanted = Arc::new(AtomicBool::new(true));
        let goes_on = Arc::clone(&is_wanted);
        let turn = move || {
            // Without a sender there is nothing to wait for any more.
            given.recv().unwrap_or_default();
            goes_on.load(Ordering::Acquire)
        };
        let thread = thread.spawn(move || prepare(&directory, size, turn)).ok()?;
        let steps = filling_steps(size);
        Some(Self { thread: Some(thread), turns: Some(turns), is_wanted, turns_given: 0, steps })
    }

    /// Lets as much of it be filled as the present file is in use, so that it is full when that is used to seven eighths.
    pub(crate) fn keep_up(&mut self, used: u64, size: u64) {
        let due = self.steps.saturating_mul(used) / (size - size / 8).max(1);
        for _ in self.turns_given..due.min(self.steps) {
            // Full: the disk is busy, and the turn comes later. Gone: that shows when the file is needed.
            if self.turns.as_ref().is_none_or(|turns| turns.try_send(()).is_err()) {
                return;
            }
            self.turns_given += 1;
        }
    }

    /// The file, as soon as it can be had.
    pub(crate) fn finish(mut self) -> Option<PreparedSegment> {
        self.end()
    }

    fn end(&mut self) -> Option<PreparedSegment> {
        self.turns = None;
        self.thread.take()?.join().ok()?.ok()
    }
}

impl Drop for Preparing {
    /// Nothing goes on behind the back of whoever opens the log next.
    fn drop(&mut self) {
        self.is_wanted.store(false, Ordering::Release);
        self.end();
    }
}

/// A new file, written to directly if its file system lets one.
fn create(path: &Path) -> std::io::Result<File> {
    match create_with(path, libc::O_DIRECT) {
        Err(error) if error.kind() == ErrorKind::InvalidInput => create_with(path, 0),
        opened => opened,
    }
}

/// A new file, never the one that is there under the name: somebody may still be writing to that. Linux leaves one even
/// when it then refuses the flags.
fn create_with(path: &Path, flags: i32) -> std::io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(flags).open(path)
}

fn offset(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_prepared_for_a_log_that_is_gone_does_not_touch_the_next_ones_file() {
        let directory = tempfile::tempdir().unwrap();
        let left_over = Preparing::start(directory.path(), 1024 * 1024).unwrap();
        while !directory.path().join(PREPARED).exists() {
            std::thread::yield_now();
        }
        let prepared = prepare(directory.path(), 1024 * 1024, || true).unwrap();
        let mut segment = Segment::open(directory.path(), 1, prepared).unwrap();
        segment.append(b"a frame").unwrap();
        left_over.finish().unwrap();
        let kept = std::fs::read(directory.path().join(name(1))).unwrap();
        assert!(kept.starts_with(b"a frame"), "{:?}", kept.get(..7));
    }

    #[test]
    fn a_log_that_is_gone_prepares_nothing_any_more() {
        let directory = tempfile::tempdir().unwrap();
        let size = 64 * 1024 * 1024;
        drop(Preparing::start(directory.path(), size).unwrap());
        let made = std::fs::metadata(directory.path().join(PREPARED)).map_or(0, |file| file.len());
        assert!(made < size, "{made}");
    }
}
