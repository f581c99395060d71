//! How long a connection has had nothing to answer.
//!
//! One timer for a connection's whole life, moved when it fires, instead of one for each request.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// What a connection is doing.
#[derive(Debug)]
pub(crate) struct Idle(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Requests that are being answered.
    active: usize,
    /// When the last of them ended, or the connection began.
    since: Instant,
}

/// A request that is being answered, until it is dropped.
pub(crate) struct Busy<'a>(&'a Idle);

impl Idle {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State { active: 0, since: Instant::now() }))
    }

    /// Notes that a request has come.
    pub(crate) fn interrupted(&self) -> Busy<'_> {
        self.change(|state| state.active = state.active.saturating_add(1));
        Busy(self)
    }

    /// Resolves once there has been nothing to answer for this long. A request whose head does not end counts as
    /// nothing.
    pub(crate) async fn lasts(&self, limit: Duration) {
        let mut end = Instant::now() + limit;
        loop {
            sleep_until(end).await;
            let now = Instant::now();
            let since = self.change(|state| if state.active == 0 { state.since } else { now });
            end = since + limit;
            if end <= now {
                return;
            }
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.active = state.active.saturating_sub(1);
            state.since = Instant::now();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(50);

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_ends_at_its_limit() {
        let start = Instant::now();
        Idle::new().lasts(LIMIT).await;
        assert_eq!(start.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_counts_from_the_end_of_the_last_answer() {
        let start = Instant::now();
        let idle = Idle::new();
        let talk = async {
            for _ in 0..3 {
                tokio::time::advance(Duration::from_secs(40)).await;
                let busy = idle.interrupted();
                tokio::time::advance(Duration::from_secs(70)).await;
                drop(busy);
            }
        };
        tokio::join!(idle.lasts(LIMIT), talk);
        assert_eq!(start.elapsed(), Duration::from_secs(3 * 110) + LIMIT);
    }
}
