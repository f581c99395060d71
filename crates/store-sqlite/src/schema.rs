//! Opening the file: lock, settings, tables.
//!
//! ```text
//! record  kind, key → revision, bytes, terms      the terms stand in the row, so that a put knows which entries go
//! entry   idx, term, key                          one row an index entry
//! outbox  sequence → bytes                        audit events on their way to the log
//! meta    name → value                            format, revision
//! ```

use crate::{Durability, Options, unavailable};
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use strongroom_store::StoreError;

/// The layout of the tables. A release that changes it writes a migration from each older one.
const FORMAT: i64 = 1;
/// First release without the WAL-reset corruption.
const VERSION_MIN: i32 = 3_051_003;
/// WAL pages (4 KiB) after which a commit moves them into the database: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4096;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS record (
        kind INTEGER NOT NULL, key BLOB NOT NULL, revision INTEGER NOT NULL, bytes BLOB NOT NULL, terms BLOB NOT NULL,
        PRIMARY KEY (kind, key)
    );
    CREATE TABLE IF NOT EXISTS entry (
        idx INTEGER NOT NULL, term BLOB NOT NULL, key BLOB NOT NULL, PRIMARY KEY (idx, term, key)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS outbox (sequence INTEGER PRIMARY KEY AUTOINCREMENT, bytes BLOB NOT NULL);
    INSERT OR IGNORE INTO meta VALUES ('format', 1), ('revision', 0);
";

/// Holds the lock as long as it lives: two processes on one file would each have a cache of their own.
pub(crate) fn lock(path: &Path) -> Result<File, StoreError> {
    let path = path.with_extension("lock");
    let failed = |detail: &dyn ToString| {
        StoreError::Unavailable(format!("{}: {}", path.display(), detail.to_string()))
    };
    let file = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(|error| failed(&error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(failed(&"another process uses this data directory")),
        // An error: a file system without locks, the operator's own care.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

pub(crate) fn open(path: &Path, options: Options) -> Result<Connection, StoreError> {
    if rusqlite::version_number() < VERSION_MIN {
        return Err(StoreError::Unavailable(format!(
            "SQLite {} may corrupt its log",
            rusqlite::version()
        )));
    }
    make_private(path)?;
    let connection = Connection::open(path).map_err(|error| unavailable(&error))?;
    set_up(&connection, options).map_err(|error| unavailable(&error))?;
    check_format(&connection)?;
    Ok(connection)
}

/// The file is made before SQLite sees it, so that it is never readable by others, not even for a moment.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    made.map(drop).map_err(|error| StoreError::Unavailable(error.to_string()))
}

fn set_up(connection: &Connection, options: Options) -> rusqlite::Result<()> {
    if options.exclusive {
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let synchronous = match options.durability {
        Durability::Full => "FULL",
        Durability::ProcessOnly => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "secure_delete", "FAST")?;
    connection.pragma_update(None, "cache_size", -8192)?;
    connection.set_prepared_statement_cache_capacity(64);
    common(connection)?;
    connection.execute_batch(TABLES)
}

/// Settings of every connection.
pub(crate) fn common(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)
}

pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| unavailable(&error))?;
    common(&connection).map_err(|error| unavailable(&error))?;
    connection.pragma_update(None, "cache_size", -2048).map_err(|error| unavailable(&error))?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

fn check_format(connection: &Connection) -> Result<(), StoreError> {
    let format: i64 = connection
        .query_row("SELECT value FROM meta WHERE name = 'format'", [], |row| row.get(0))
        .map_err(|error| unavailable(&error))?;
    if format == FORMAT {
        return Ok(());
    }
    Err(StoreError::Inconsistent {
        what: "database",
        detail: format!("its format is {format}, this release reads {FORMAT}"),
    })
}
