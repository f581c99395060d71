//! A batch of events on its way to the disk, and those who wait for it.
//!
//! Waking a task from another thread costs an async runtime a system call each time. So the writer wakes one task only,
//! the ringer, which runs inside the runtime and wakes the others from there, where it costs next to nothing. The same
//! task decides when enough events have gathered for the next sync: as soon as nothing else is ready to run.

use crate::AuditError;
use crate::log::Shared;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

/// One batch.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    outcome: OnceLock<Result<(), AuditError>>,
    waiting: Mutex<Vec<Waker>>,
}

impl Batch {
    /// Says how it ended. Those who wait are still to be woken.
    pub(crate) fn end(&self, outcome: Result<(), AuditError>) {
        if self.outcome.set(outcome).is_err() {
            // A batch ends once; the first word counts.
        }
    }

    pub(crate) fn wake(&self) {
        let waiting = std::mem::take(&mut *self.waiting());
        waiting.into_iter().for_each(Waker::wake);
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Resolves when the event is durable, or failed. May be dropped at any time: the event is written all the same.
#[derive(Debug)]
#[must_use = "an event counts only when it is durable"]
pub struct Append(pub(crate) Result<Arc<Batch>, AuditError>);

impl Future for Append {
    type Output = Result<(), AuditError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let batch = match &self.0 {
            Ok(batch) => batch,
            Err(error) => return Poll::Ready(Err(error.clone())),
        };
        if let Some(outcome) = batch.outcome.get() {
            return Poll::Ready(outcome.clone());
        }
        let mut waiting = batch.waiting();
        // Looked at again under the lock: the writer ends the batch before it takes this lock to wake.
        if let Some(outcome) = batch.outcome.get() {
            return Poll::Ready(outcome.clone());
        }
        waiting.push(cx.waker().clone());
        Poll::Pending
    }
}

/// What the writer and the ringer share.
#[derive(Debug, Default)]
pub(crate) struct Bell(Mutex<BellState>);

#[derive(Debug, Default)]
struct BellState {
    ringer: Option<Waker>,
    ended: Vec<Arc<Batch>>,
}

impl Bell {
    fn state(&self) -> MutexGuard<'_, BellState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of an ended batch: the ringer, if there is one, or those who wait themselves.
    pub(crate) fn tell(&self, batch: Arc<Batch>) {
        let mut state = self.state();
        let Some(ringer) = state.ringer.clone() else {
            drop(state);
            return batch.wake();
        };
        state.ended.push(batch);
        drop(state);
        ringer.wake();
    }

    /// Tells the ringer that events wait.
    pub(crate) fn ring(&self) {
        let ringer = self.state().ringer.clone();
        if let Some(ringer) = ringer {
            ringer.wake();
        }
    }

    /// Wakes those whose batch has ended.
    fn wake_ended(&self, ringer: Option<&Waker>) {
        let mut state = self.state();
        match ringer {
            None => state.ringer = None,
            Some(waker) if state.ringer.as_ref().is_some_and(|held| held.will_wake(waker)) => {}
            Some(waker) => state.ringer = Some(waker.clone()),
        }
        let ended = std::mem::take(&mut state.ended);
        drop(state);
        for batch in ended {
            batch.wake();
        }
    }
}

/// The ringer, which is to run as a task of the runtime as long as the server does.
#[derive(Debug)]
pub struct Ring {
    pub(crate) bell: Arc<Bell>,
    pub(crate) log: Arc<Shared>,
}

impl Ring {
    /// Wakes those whose events have become durable, and flushes the next ones when no more of them come at once.
    /// `let_others_run` resolves when all tasks that were ready have run, and those whose sockets had become ready. Ends
    /// when it is dropped.
    pub async fn run<Rest: Future<Output = ()>>(self, let_others_run: impl Fn() -> Rest) {
        loop {
            let mut waiting = self.events().await;
            loop {
                let_others_run().await;
                let more = self.log.waiting();
                if more == waiting {
                    break;
                }
                waiting = more;
            }
            self.log.flush();
        }
    }

    /// Wakes those whose batch has ended, until there are events that wait to be written. How many.
    fn events(&self) -> impl Future<Output = u32> {
        std::future::poll_fn(|cx| {
            self.bell.wake_ended(Some(cx.waker()));
            match self.log.waiting() {
                0 => Poll::Pending,
                waiting => Poll::Ready(waiting),
            }
        })
    }
}

impl Drop for Ring {
    /// From now on the writer wakes everyone itself; whom it has told the ringer of is woken here.
    fn drop(&mut self) {
        self.bell.wake_ended(None);
    }
}
