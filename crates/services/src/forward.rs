//! Moves the events that were committed with changes from the store's outbox into the audit log.
//!
//! The log remembers how far it has come (`outbox_through` of its last frame), so that each event is there exactly once,
//! whatever crashes in between.

use crate::house::House;
use strongroom_audit::AuditError;
use strongroom_store::{OutboxEvent, StoreError};

/// Events moved at a time.
const EVENTS_MAX: u32 = 512;

/// What can stand in the way. The events stay where they are; the next call tries again.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// The log took no more.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The outbox could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Moves all that waits behind `after`. Answers how far it came.
pub async fn forward(house: &House, mut after: u64) -> Result<u64, ForwardError> {
    let store = house.records.store();
    loop {
        let events = store.outbox(after, EVENTS_MAX).await?;
        let Some(last) = events.last().map(|event| event.sequence) else { return Ok(after) };
        let open =
            |event: &OutboxEvent| Ok((event.sequence, house.records.open_event(&event.bytes)?));
        let opened = events.iter().map(open).collect::<Result<Vec<_>, StoreError>>()?;
        let lines: Vec<_> =
            opened.iter().map(|(sequence, event)| (*sequence, event.as_slice())).collect();
        house.audit.append_outbox(&lines).await?;
        store.forget_outbox(last).await?;
        after = last;
    }
}
