//! The log as it is written.

use crate::AuditError;
use crate::batch::{Append, Batch, Bell, Ring};
use crate::frame::{HEADER_BYTES, Hash, push_event, seal};
use crate::recover::{Recovered, recover};
use crate::segment::{Preparing, Segment, make_directory, prepare};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Events that nobody flushes are written after this time.
const GATHER_TIME_MAX: Duration = Duration::from_millis(20);

/// Sizes.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Size of the first file after a start, in bytes: small, so that starting is quick.
    pub first_segment_bytes: u64,
    /// Size that files grow to, by factors of four.
    pub segment_bytes_max: u64,
    /// Bytes of events that may wait for the disk.
    pub waiting_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            first_segment_bytes: 1024 * 1024,
            segment_bytes_max: 64 * 1024 * 1024,
            waiting_bytes_max: 8 * 1024 * 1024,
        }
    }
}

/// What is being collected for the next frame. The header's room is left in front.
#[derive(Debug)]
struct Collected {
    frame: Vec<u8>,
    events: u32,
    outbox_through: u64,
    batch: Arc<Batch>,
}

impl Collected {
    fn new(frame: Vec<u8>, outbox_through: u64) -> Self {
        let mut collected = Self { frame, events: 0, outbox_through, batch: Arc::default() };
        collected.frame.clear();
        collected.frame.resize(HEADER_BYTES, 0);
        collected
    }

    fn push(&mut self, event: &[u8]) {
        push_event(&mut self.frame, event);
        self.events = self.events.saturating_add(1);
    }
}

#[derive(Debug)]
struct State {
    collected: Collected,
    is_stopping: bool,
    /// The writer has nothing on its way to the disk. It sleeps, or is about to.
    is_idle: bool,
    /// What has been collected is to be written, however little it is.
    is_flushed: bool,
}

impl State {
    fn is_ready(&self, gather: u32) -> bool {
        let is_told = self.is_flushed || self.is_stopping;
        self.collected.events >= gather || (is_told && self.collected.events > 0)
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    work: Condvar,
    waiting_bytes_max: usize,
    /// Events that wake the writer without a flush.
    gather: AtomicU32,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gather(&self) -> u32 {
        self.gather.load(Ordering::Relaxed)
    }

    /// Events that nobody is writing, while the writer has nothing to do.
    pub(crate) fn waiting(&self) -> u32 {
        let state = self.state();
        if state.is_idle && !state.is_flushed { state.collected.events } else { 0 }
    }

    /// Lets an idle writer write what has gathered. A busy one tells the bell when it is done.
    pub(crate) fn flush(&self) {
        let mut state = self.state();
        if state.is_idle && state.collected.events > 0 {
            state.is_flushed = true;
            drop(state);
            self.work.notify_one();
        }
    }
}

/// An open log.
#[derive(Debug)]
pub struct AuditLog {
    shared: Arc<Shared>,
    bell: Arc<Bell>,
    writer: Option<JoinHandle<()>>,
}

impl AuditLog {
    /// Opens the log, or makes it. A torn tail is cut off; damage is refused.
    pub fn open(directory: &Path, options: Options) -> Result<(Self, Recovered), AuditError> {
        make_directory(directory)?;
        let recovered = recover(directory)?;
        let bell = Arc::<Bell>::default();
        let collected = Collected::new(Vec::with_capacity(64 * 1024), recovered.outbox_through);
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                collected,
                is_stopping: false,
                is_idle: true,
                is_flushed: false,
            }),
            work: Condvar::new(),
            waiting_bytes_max: options.waiting_bytes_max,
            gather: AtomicU32::new(1),
        });
        let disk = Disk::open(directory.to_owned(), options, &recovered)?;
        let (sharing, ringing) = (Arc::clone(&shared), Arc::clone(&bell));
        let writer = std::thread::Builder::new()
            .name("audit-writer".to_owned())
            .spawn(move || write(&sharing, &ringing, disk))?;
        Ok((Self { shared, bell, writer: Some(writer) }, recovered))
    }

    /// Appends an event. Resolves when it is durable.
    pub fn append(&self, event: &[u8]) -> Append {
        self.collect(|collected| collected.push(event))
    }

    /// Appends events that were committed in a database with these sequence numbers, all in one frame.
    pub fn append_outbox(&self, events: &[(u64, &[u8])]) -> Append {
        self.collect(|collected| {
            for (sequence, event) in events {
                collected.push(event);
                collected.outbox_through = collected.outbox_through.max(*sequence);
            }
        })
    }

    /// What wakes those who wait, and flushes, from inside their runtime.
    pub fn ring(&self) -> Ring {
        Ring { bell: Arc::clone(&self.bell), log: Arc::clone(&self.shared) }
    }

    /// Lets events gather until there are so many, or until they are flushed: a sync costs the same for one event as
    /// for many. Without a [`Ring`] that runs, they then wait for their time to be over.
    pub fn gather(&self, events: u32) {
        self.shared.gather.store(events.max(1), Ordering::Relaxed);
    }

    fn collect(&self, add: impl FnOnce(&mut Collected)) -> Append {
        let mut state = self.shared.state();
        if state.collected.frame.len() > self.shared.waiting_bytes_max {
            return Append(Err(AuditError::Overloaded));
        }
        let is_first = state.collected.events == 0;
        add(&mut state.collected);
        let batch = Arc::clone(&state.collected.batch);
        let (is_idle, is_ready) = (state.is_idle, state.is_ready(self.shared.gather()));
        drop(state);
        if is_idle && is_ready {
            self.shared.work.notify_one();
        } else if is_idle && is_first {
            self.bell.ring();
        }
        Append(Ok(batch))
    }
}

impl Drop for AuditLog {
    /// What was collected is still written.
    fn drop(&mut self) {
        self.shared.state().is_stopping = true;
        self.shared.work.notify_one();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            // The thread's own panic was reported when it happened.
        }
    }
}

fn write(shared: &Shared, bell: &Bell, mut disk: Disk) {
    let mut spare = Vec::with_capacity(64 * 1024);
    while let Some(mut collected) = next(shared, &mut spare) {
        let outcome = disk.append(&mut collected);
        if outcome.is_err() {
            // Those events are not in the log: the next frame must not say that they are.
            let mut state = shared.state();
            if state.collected.outbox_through == collected.outbox_through {
                state.collected.outbox_through = disk.outbox_through;
            }
        }
        collected.batch.end(outcome);
        // Before the bell: whoever comes to flush finds the writer ready for it.
        shared.state().is_idle = true;
        bell.tell(collected.batch);
        spare = collected.frame;
        spare.shrink_to(1024 * 1024);
    }
    disk.close();
}

/// Waits for enough events, a flush, or for the first of few to have waited long enough, and takes all that are there.
fn next(shared: &Shared, spare: &mut Vec<u8>) -> Option<Collected> {
    let mut state = shared.state();
    while !state.is_ready(shared.gather()) {
        if state.is_stopping {
            return None;
        }
        let had_events = state.collected.events > 0;
        let (woken, timeout) = shared
            .work
            .wait_timeout(state, GATHER_TIME_MAX)
            .unwrap_or_else(PoisonError::into_inner);
        state = woken;
        if timeout.timed_out() && had_events {
            break;
        }
    }
    (state.is_idle, state.is_flushed) = (false, false);
    let outbox_through = state.collected.outbox_through;
    let fresh = Collected::new(std::mem::take(spare), outbox_through);
    Some(std::mem::replace(&mut state.collected, fresh))
}

/// The end of the chain on disk.
struct Disk {
    directory: PathBuf,
    options: Options,
    segment: Option<Segment>,
    preparing: Option<Preparing>,
    next_size: u64,
    next_sequence: u64,
    outbox_through: u64,
    head: Hash,
}

impl Disk {
    fn open(
        directory: PathBuf,
        options: Options,
        recovered: &Recovered,
    ) -> Result<Self, AuditError> {
        let mut disk = Self {
            directory,
            options,
            segment: None,
            preparing: None,
            next_size: options.first_segment_bytes,
            next_sequence: recovered.next_sequence,
            outbox_through: recovered.outbox_through,
            head: recovered.head,
        };
        disk.roll(0)?;
        Ok(disk)
    }

    fn append(&mut self, collected: &mut Collected) -> Result<(), AuditError> {
        let frame = &mut collected.frame;
        let hash =
            seal(frame, collected.events, self.next_sequence, collected.outbox_through, &self.head);
        if !self.segment.as_ref().is_some_and(|segment| segment.has_room(frame.len())) {
            self.roll(frame.len())?;
        }
        let Some(segment) = &mut self.segment else { return Err(AuditError::Overloaded) };
        if let Err(error) = segment.append(frame) {
            // Whatever of it is on disk, the next file starts again at this sequence and supersedes it.
            self.segment = None;
            return Err(error);
        }
        self.head = hash;
        self.next_sequence = self.next_sequence.saturating_add(u64::from(collected.events));
        self.outbox_through = collected.outbox_through;
        self.prepare_ahead();
        Ok(())
    }

    /// Goes on in a new file with room for so many bytes.
    fn roll(&mut self, bytes: usize) -> Result<(), AuditError> {
        if let Some(segment) = self.segment.take() {
            segment.close()?;
        }
        let prepared = match self.preparing.take().and_then(Preparing::finish) {
            Some(prepared) => prepared,
            None => prepare(&self.directory, self.next_size, || true)?,
        };
        let mut segment = Segment::open(&self.directory, self.next_sequence, prepared)?;
        // A frame larger than a file's size goes beyond it: slower, once.
        segment.size = segment.size.max(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.segment = Some(segment);
        self.next_size = self.next_size.saturating_mul(4).min(self.options.segment_bytes_max);
        Ok(())
    }

    fn prepare_ahead(&mut self) {
        let Some(segment) = &self.segment else { return };
        if self.preparing.is_none() {
            self.preparing = Preparing::start(&self.directory, self.next_size);
        }
        if let Some(preparing) = &mut self.preparing {
            preparing.keep_up(segment.used, segment.size);
        }
    }

    fn close(mut self) {
        if let Some(segment) = self.segment.take()
            && segment.close().is_err()
        {
            // The unused room stays; the next start cuts it off.
        }
    }
}
