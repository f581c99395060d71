//! The audit log: an append-only chain of frames, each durable before what it tells of is answered.
//!
//! An event is bytes here; what stands in it is written elsewhere. Events that come while the disk is
//! busy go out together in the next frame, with one write and one sync (group commit).
//!
//! INVARIANT(durable-first): an [`Append`] resolves to success only when its frame would survive a power cut. A failed
//! write or sync fails everyone who waited for it; it is never tried again as if it might have worked.

#![forbid(unsafe_code)]

mod batch;
mod frame;
mod log;
mod reader;
mod recover;
mod segment;

pub use batch::{Append, Ring};
pub use log::{AuditLog, Options};
pub use reader::{Event, Reader, Summary, verify};
pub use recover::Recovered;

/// Why the log could not be read or written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuditError {
    /// The log is not what was written: the first bad place is named.
    #[error("{file}, byte {offset}: {what}")]
    Damaged {
        /// Which file.
        file: String,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// The disk failed, or is full.
    #[error("the audit log cannot be read or written: {0}")]
    Disk(std::sync::Arc<str>),
    /// More events wait than may: the disk does not keep up.
    #[error("too many audit events are waiting to be written")]
    Overloaded,
}

impl From<std::io::Error> for AuditError {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.to_string().into())
    }
}
