//! The embedded engine: SQLite in WAL mode with `synchronous=FULL`.
//!
//! One thread writes and commits whatever is waiting in one transaction; readers have connections of their own. The
//! bundled library only: versions before 3.51.3 can corrupt a WAL.

mod commit;
mod read;
mod schema;
mod sql;
mod writer;

use crate::read::Readers;
use crate::writer::Writer;
use std::path::Path;
use strongroom_store::{
    Batch, BoxFuture, Committed, IndexEntry, Kind, OutboxEvent, PageQuery, Record, Store,
    StoreError,
};

/// How durable a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Survives a power cut.
    Full,
    /// Survives the process, not a power cut. Only so that the power-cut test can be seen to fail.
    ProcessOnly,
}

/// How the database is opened.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Connections for reading.
    pub readers: usize,
    /// How durable a commit is.
    pub durability: Durability,
    /// One connection for everything, and no shared memory: for file systems that cannot map files.
    pub exclusive: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 4, durability: Durability::Full, exclusive: false }
    }
}

/// A database file.
#[derive(Debug)]
pub struct SqliteStore {
    readers: Readers,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the file, or makes it. Fails if another process has it open.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let lock = schema::lock(path)?;
        let connection = schema::open(path, options)?;
        if options.exclusive {
            let (writer, shared) = Writer::start_shared(connection, lock)?;
            return Ok(Self { readers: Readers::shared(shared), writer });
        }
        let readers = Readers::open(path, options.readers)?;
        Ok(Self { readers, writer: Writer::start(connection, lock)? })
    }
}

impl Store for SqliteStore {
    fn get<'a>(
        &'a self,
        kind: Kind,
        key: &'a [u8],
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(std::future::ready(
            self.readers.with(|connection| sql::get(connection, kind, key)),
        ))
    }

    fn get_many<'a>(
        &'a self,
        kind: Kind,
        keys: &'a [Vec<u8>],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, StoreError>> {
        Box::pin(std::future::ready(
            self.readers.with(|connection| sql::get_many(connection, kind, keys)),
        ))
    }

    fn page<'a>(
        &'a self,
        query: PageQuery<'a>,
    ) -> BoxFuture<'a, Result<Vec<IndexEntry>, StoreError>> {
        Box::pin(std::future::ready(self.readers.with(|connection| sql::page(connection, &query))))
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Committed, StoreError>> {
        Box::pin(self.writer.commit(batch))
    }

    fn outbox(
        &self,
        after: u64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<OutboxEvent>, StoreError>> {
        Box::pin(std::future::ready(
            self.readers.with(|connection| sql::outbox(connection, after, limit)),
        ))
    }

    fn forget_outbox(&self, through: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        self.writer.forget_outbox(through);
        Box::pin(std::future::ready(Ok(())))
    }
}

fn unavailable(error: &rusqlite::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
