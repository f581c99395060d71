//! What is done without a request: purging secrets whose recovery window is over and keys whose waiting period is, rotating
//! keys, carrying changes to replicas, writing down days of access. A tick does a bounded amount and says when to come
//! again; sleeping is the caller's.

use crate::error::ApiError;
use crate::house::House;
use crate::identity::flush_last_used;
use crate::kms::{end_due_keys, expire_due_material, rotate_due_keys};
use crate::secretsmanager::{flush_accesses, purge_due, replicate_due};
use std::time::Duration;

/// Secrets whose days of access are written down at a time.
const ACCESSES_PER_TICK: usize = 256;
/// With nothing left over, so long until the next look.
const IDLE: Duration = Duration::from_secs(1);
/// With something left over: soon, but requests come first.
const BUSY: Duration = Duration::from_millis(100);

/// When to come again.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    /// Time until the next tick, unless the house rings first.
    pub wake_in: Duration,
}

/// Does what is due.
pub async fn tick(house: &House) -> Tick {
    let now = house.env.clock.now();
    let replicated = told("replication", replicate_due(house, now).await);
    let purged = told("purge", purge_due(house, now).await);
    let expired = told("key material", expire_due_material(house, now).await);
    let rotated = told("key rotation", rotate_due_keys(house, now).await);
    let ended = told("keys", end_due_keys(house, now).await);
    let flushed = told("access dates", flush_accesses(house, ACCESSES_PER_TICK).await);
    let used = told("last uses", flush_last_used(house, ACCESSES_PER_TICK).await);
    let is_busy = [replicated, purged, expired, rotated, ended, flushed, used].contains(&true);
    Tick { wake_in: if is_busy { BUSY } else { IDLE } }
}

/// Writes down what would be lost with the process.
pub async fn finish(house: &House) {
    while told("access dates", flush_accesses(house, ACCESSES_PER_TICK * 16).await) {}
    while told("last uses", flush_last_used(house, ACCESSES_PER_TICK * 16).await) {}
}

/// Whether there is more to do. A failure is logged and tried again with the next tick.
fn told(what: &str, outcome: Result<bool, ApiError>) -> bool {
    match outcome {
        Ok(more) => more,
        Err(error) => {
            tracing::error!(what, ?error, "background work failed");
            false
        }
    }
}
