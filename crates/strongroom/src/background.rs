//! Background work: the one place that sleeps. What is to be done is `tick(now) -> next wake-up` in the services.

use std::sync::Arc;
use std::time::Duration;
use strongroom_services::background::{Tick, tick};
use strongroom_services::forward::forward;
use strongroom_services::house::House;
use tokio::sync::watch;

/// After a failure, so long nothing is tried.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(500);

/// Carries committed events into the audit log as they come.
pub(crate) async fn forward_events(
    house: Arc<House>,
    mut after: u64,
    mut stop: watch::Receiver<bool>,
) -> u64 {
    loop {
        match forward(&house, after).await {
            Ok(through) => after = through,
            Err(error) => {
                tracing::error!(%error, "audit events could not be moved to the log");
                pause(PAUSE_AFTER_FAILURE).await;
            }
        }
        if *stop.borrow() {
            return after;
        }
        tokio::select! {
            () = house.committed.notified() => {}
            _ = stop.changed() => {}
        }
    }
}

/// Does what is due, and sleeps until something is.
pub(crate) async fn work(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let Tick { wake_in } = tick(&house).await;
        tokio::select! {
            () = pause(wake_in) => {}
            () = house.work_due.notified() => {}
            _ = stop.changed() => {}
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "background work sleeps here and nowhere else")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
