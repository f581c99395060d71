//! The server's state: what every request may use.

use crate::error::ApiError;
use crate::event::Event;
use crate::identity::Signers;
use crate::metrics::Metrics;
use crate::records::Records;
use crate::secretsmanager::AccessLedger;
use crate::turns::Turns;
use std::sync::Arc;
use strongroom_audit::AuditLog;
use strongroom_store::{Batch, Committed, StoreError};
use strongroom_types::{Clock, Entropy, RandomIds, Region};
use tokio::sync::Notify;

/// Time and randomness, handed down from where the server is put together.
#[derive(Debug)]
pub struct Env {
    /// The clock.
    pub clock: Box<dyn Clock>,
    /// Randomness.
    pub entropy: Box<dyn Entropy>,
}

/// What the operator set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Regions that requests may belong to; empty: any well-formed name.
    pub regions: Vec<Region>,
    /// How far a client's clock may be off, in milliseconds. AWS: five minutes; fifteen where AWS allows it.
    pub clock_skew_millis_max: i64,
    /// Memory for decoded records, in bytes.
    pub cache_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            regions: Vec::new(),
            clock_skew_millis_max: strongroom_types::limits::CLOCK_SKEW_MILLIS_MAX,
            cache_bytes: 256 * 1024 * 1024,
        }
    }
}

/// The state.
#[derive(Debug)]
pub struct House {
    /// Time and randomness.
    pub env: Env,
    /// What the operator set.
    pub settings: Settings,
    /// Ids of requests and events.
    pub ids: RandomIds,
    /// All records.
    pub records: Records,
    /// The audit log.
    pub audit: Arc<AuditLog>,
    /// Derived signing keys.
    pub signers: Signers,
    /// When secrets were last read.
    pub accesses: AccessLedger,
    /// Who goes first when many change one resource.
    pub turns: Turns,
    /// Counts of requests.
    pub metrics: Metrics,
    /// Rung after each commit: the outbox has events for the log.
    pub committed: Notify,
    /// Rung when background work has become due: a change is to be carried to replicas, a secret to be purged.
    pub work_due: Notify,
}

impl House {
    /// Puts the state together.
    pub fn new(env: Env, settings: Settings, records: Records, audit: Arc<AuditLog>) -> Self {
        let accesses = AccessLedger::new();
        Self {
            env,
            settings,
            ids: RandomIds::default(),
            records,
            audit,
            signers: Signers::new(),
            accesses,
            turns: Turns::new(),
            metrics: Metrics::default(),
            committed: Notify::new(),
            work_due: Notify::new(),
        }
    }

    /// Commits a change with its events.
    pub async fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        let committed = self.records.commit(batch).await;
        self.committed.notify_one();
        committed
    }

    /// Writes an event and waits until it would survive a power cut. No answer leaves before.
    pub async fn append_event(&self, event: &Event<'_>) -> Result<(), ApiError> {
        let line = event.encode()?;
        self.audit.append(&line).await.map_err(ApiError::internal)?;
        Ok(())
    }
}
