//! The writer: one thread that commits whatever is waiting in one transaction.

use crate::commit::Group;
use crate::read::Shared;
use rusqlite::Connection;
use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use strongroom_store::{Batch, Committed, StoreError};
use tokio::sync::{mpsc, oneshot};

/// Batches that may wait to be committed; beyond that their senders wait.
const QUEUE_MAX: usize = 1024;
/// Batches of one transaction.
const GROUP_MAX: usize = 256;

struct Job {
    batch: Batch,
    answer: oneshot::Sender<Result<Committed, StoreError>>,
}

pub(crate) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    forgotten: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn start(connection: Connection, lock: File) -> Result<Self, StoreError> {
        Self::start_shared(connection, lock).map(|(writer, _)| writer)
    }

    /// With the connection in reach of readers, too.
    pub(crate) fn start_shared(
        connection: Connection,
        lock: File,
    ) -> Result<(Self, Shared), StoreError> {
        let group = Group::open(&connection)?;
        let connection = Arc::new(Mutex::new(connection));
        let (jobs, waiting) = mpsc::channel(QUEUE_MAX);
        let forgotten = Arc::new(AtomicU64::new(0));
        let (shared, through) = (Arc::clone(&connection), Arc::clone(&forgotten));
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                write(&connection, group, waiting, &through);
                drop(lock);
            })
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok((Self { jobs: Some(jobs), forgotten, thread: Some(thread) }, shared))
    }

    pub(crate) async fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        let stopped = || StoreError::Unavailable("the writer has stopped".to_owned());
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        let (answer, answered) = oneshot::channel();
        jobs.send(Job { batch, answer }).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Events up to here go with the next commit.
    pub(crate) fn forget_outbox(&self, through: u64) {
        self.forgotten.fetch_max(through, Ordering::Relaxed);
    }
}

impl Drop for Writer {
    /// What is queued is still committed.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            // The thread's own panic was reported when it happened; nothing acknowledged is lost by it.
        }
    }
}

fn write(
    connection: &Mutex<Connection>,
    mut group: Group,
    mut waiting: mpsc::Receiver<Job>,
    forgotten: &AtomicU64,
) {
    let mut jobs = Vec::with_capacity(GROUP_MAX);
    while waiting.blocking_recv_many(&mut jobs, GROUP_MAX) > 0 {
        let (batches, answers): (Vec<_>, Vec<_>) =
            jobs.drain(..).map(|job| (job.batch, job.answer)).unzip();
        let through = forgotten.load(Ordering::Relaxed);
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let outcomes = group.commit(&mut connection, batches, through);
        drop(connection);
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            if answer.send(outcome).is_err() {
                // The request was given up meanwhile. Its change stands all the same.
            }
        }
    }
    let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
    group.close(&connection, forgotten.load(Ordering::Relaxed));
}
