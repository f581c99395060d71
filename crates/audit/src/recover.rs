//! Finding the end of the log when it is opened.
//!
//! What follows the last whole frame of the newest file was never acknowledged, if no whole frame follows it: a torn
//! write. It is cut off. If a whole frame does follow, the log was damaged or edited, and opening it is refused.

use crate::AuditError;
use crate::frame::{Hash, find_behind};
use crate::reader::{Frames, Step};
use crate::segment::{Listed, list};
use std::fs::OpenOptions;
use std::path::Path;

/// Where a log ended when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// The sequence that the next event gets.
    pub next_sequence: u64,
    /// Events of the database's outbox up to here are in the log.
    pub outbox_through: u64,
    pub(crate) head: Hash,
}

pub(crate) fn recover(directory: &Path) -> Result<Recovered, AuditError> {
    let mut listed = list(directory)?;
    while let Some(newest) = listed.pop() {
        if let Some(recovered) = recover_segment(&newest)? {
            return Ok(recovered);
        }
        // Prepared and named, but never written to.
        std::fs::remove_file(&newest.path)?;
    }
    Ok(Recovered { next_sequence: 1, outbox_through: 0, head: [0; 32] })
}

fn recover_segment(segment: &Listed) -> Result<Option<Recovered>, AuditError> {
    let bytes = std::fs::read(&segment.path)?;
    let damaged =
        |offset: u64, what| AuditError::Damaged { file: segment.file_name(), offset, what };
    let mut frames = Frames::new(&bytes, segment.first_sequence, None);
    let mut last = None;
    let end = loop {
        match frames.step() {
            Step::Frame(header) => last = Some(header),
            Step::End(offset) => break offset,
            Step::Bad(offset, what) => return Err(damaged(offset, what)),
        }
    };
    let rest = usize::try_from(end).ok().and_then(|end| bytes.get(end..)).unwrap_or_default();
    if find_behind(rest).is_some() {
        return Err(damaged(end, "a damaged frame with whole ones behind it"));
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > end) && last.is_some() {
        let file = OpenOptions::new().write(true).open(&segment.path)?;
        file.set_len(end)?;
        file.sync_all()?;
    }
    Ok(last.map(|header| Recovered {
        next_sequence: header.next_sequence(),
        outbox_through: header.outbox_through,
        head: header.hash,
    }))
}
