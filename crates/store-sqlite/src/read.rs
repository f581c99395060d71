//! Connections for reading. Point reads are short and run where they are asked for.

use crate::schema::open_reader;
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use strongroom_store::StoreError;

/// The one connection of an exclusive store, shared with its writer.
pub(crate) type Shared = Arc<Mutex<Connection>>;

pub(crate) enum Readers {
    Own { idle: Mutex<Vec<Connection>>, returned: Condvar },
    Shared(Shared),
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers").finish_non_exhaustive()
    }
}

impl Readers {
    pub(crate) fn open(path: &Path, count: usize) -> Result<Self, StoreError> {
        let idle = (0..count.max(1)).map(|_| open_reader(path)).collect::<Result<_, _>>()?;
        Ok(Self::Own { idle: Mutex::new(idle), returned: Condvar::new() })
    }

    pub(crate) fn shared(connection: Shared) -> Self {
        Self::Shared(connection)
    }

    /// Reads with a connection that nobody else uses meanwhile.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Connection) -> T) -> T {
        match self {
            Self::Shared(connection) => {
                read(&connection.lock().unwrap_or_else(PoisonError::into_inner))
            }
            Self::Own { idle, returned } => {
                let connection = take(idle, returned);
                let answer = read(&connection);
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
                returned.notify_one();
                answer
            }
        }
    }
}

fn take(idle: &Mutex<Vec<Connection>>, returned: &Condvar) -> Connection {
    let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        match idle.pop() {
            Some(connection) => return connection,
            None => idle = returned.wait(idle).unwrap_or_else(PoisonError::into_inner),
        }
    }
}
