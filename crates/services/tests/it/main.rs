//! The services from outside, in one process: what holds for every operation, and what only a clock that tests move can
//! show.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail the test; clippy knows only functions marked as tests"
)]

mod accessed;
mod audited;
mod bound_policies;
mod coverage;
mod damaged;
mod deletion;
mod environment;
mod harness;
mod identity_samples;
mod kms_samples;
mod last_uses;
mod matrix;
mod pruning;
mod races;
mod replication;
mod samples;
mod signatures;
mod strangers;
