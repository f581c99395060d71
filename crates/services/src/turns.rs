//! Who is to go first when many change one resource at once.
//!
//! A change is decided on what was read and refused if that changed meanwhile. Whoever is refused waits for its turn
//! before it reads again: at most those who come for the first time are then in its way, and each of them once.

use std::hash::{BuildHasher, RandomState};
use tokio::sync::{Mutex, MutexGuard};

const QUEUES: u64 = 64;

/// The queues; a resource always waits in the same one.
#[derive(Debug)]
pub struct Turns {
    queues: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl Turns {
    pub(crate) fn new() -> Self {
        let queues = (0..QUEUES).map(|_| Mutex::new(())).collect();
        Self { queues, hasher: RandomState::new() }
    }

    /// Waits until all who came before are done. The turn ends when it is dropped.
    pub(crate) async fn wait_for(&self, resource: &str) -> Option<MutexGuard<'_, ()>> {
        let place = usize::try_from(self.hasher.hash_one(resource) % QUEUES).ok()?;
        Some(self.queues.get(place)?.lock().await)
    }
}
