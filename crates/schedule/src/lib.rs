//! When a secret is to be rotated: `rate()`, AWS's `cron()`, windows. All times are UTC.
//!
//! Pure: no clock is read. AWS: Secrets Manager user guide, "Schedule expressions", and the API reference's
//! `RotationRulesType`.

#![forbid(unsafe_code)]

mod cron;
mod field;
mod rules;

pub use cron::Cron;
pub use rules::{RotationRules, Window};

/// Why a schedule is none that Secrets Manager takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Neither `rate()` nor `cron()`, or one that cannot be read.
    #[error("Invalid ScheduleExpression: {0}")]
    Expression(&'static str),
    /// Runs more often than every four hours.
    #[error("Invalid ScheduleExpression: the rotation interval must be at least 4 hours")]
    TooOften,
    /// Never runs.
    #[error("Invalid ScheduleExpression: it never runs")]
    Never,
    /// The window's length is no whole number of hours, or too long.
    #[error("Invalid Duration: {0}")]
    Duration(&'static str),
    /// Rules that exclude each other, or none.
    #[error("{0}")]
    Rules(&'static str),
}
