//! Applying batches in one transaction.
//!
//! Each batch's expectations are checked before any of its changes is applied, so a refused batch leaves nothing behind
//! and its neighbours are not touched. A failure of the engine refuses the whole group: nothing of it was committed.

use crate::unavailable;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use strongroom_store::memory::check_keys_differ;
use strongroom_store::{Batch, Change, Committed, Expect, Revision, StoreError, Write};

/// What a batch came to.
type Outcome = Result<Committed, StoreError>;

pub(crate) struct Group {
    /// The last revision that was given out, committed or not.
    revision: u64,
    /// Events up to here are gone from the outbox.
    forgotten: u64,
}

impl Group {
    pub(crate) fn open(connection: &Connection) -> Result<Self, StoreError> {
        let read =
            connection
                .query_row("SELECT value FROM meta WHERE name = 'revision'", [], |row| row.get(0));
        Ok(Self { revision: read.map_err(|error| unavailable(&error))?, forgotten: 0 })
    }

    /// One outcome for each batch, in order.
    pub(crate) fn commit(
        &mut self,
        connection: &mut Connection,
        batches: Vec<Batch>,
        forget: u64,
    ) -> Vec<Outcome> {
        let count = batches.len();
        match self.try_commit(connection, batches, forget) {
            Ok(outcomes) => outcomes,
            Err(error) => {
                let text = error.to_string();
                (0..count).map(|_| Err(StoreError::Unavailable(text.clone()))).collect()
            }
        }
    }

    fn try_commit(
        &mut self,
        connection: &mut Connection,
        batches: Vec<Batch>,
        forget: u64,
    ) -> rusqlite::Result<Vec<Outcome>> {
        // Dropped without a commit it rolls back, so an early return leaves nothing.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut outcomes = Vec::with_capacity(batches.len());
        for batch in batches {
            if let Err(refused) = check_keys_differ(&batch) {
                outcomes.push(Err(refused));
                continue;
            }
            if let Some(kind) = unmet(&transaction, &batch.writes)? {
                outcomes.push(Err(StoreError::Conflict { kind }));
                continue;
            }
            self.revision += 1;
            apply(&transaction, &batch, self.revision)?;
            outcomes.push(Ok(Committed { revision: Revision(self.revision) }));
        }
        if outcomes.iter().any(Result::is_ok) {
            let mut update =
                transaction.prepare_cached("UPDATE meta SET value = ?1 WHERE name = 'revision'")?;
            update.execute([self.revision])?;
        }
        if forget > self.forgotten {
            transaction
                .prepare_cached("DELETE FROM outbox WHERE sequence <= ?1")?
                .execute([forget])?;
        }
        transaction.commit()?;
        self.forgotten = self.forgotten.max(forget);
        Ok(outcomes)
    }

    /// The last of the outbox goes, and the log is moved into the database: the next start finds little to do.
    pub(crate) fn close(&self, connection: &Connection, forget: u64) {
        if forget > self.forgotten
            && connection.execute("DELETE FROM outbox WHERE sequence <= ?1", [forget]).is_err()
        {
            return;
        }
        if connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").is_err() {
            // Left to the next start: the log has everything.
        }
    }
}

/// The kind of the first record that is not as expected.
fn unmet(
    transaction: &Transaction<'_>,
    writes: &[Write],
) -> rusqlite::Result<Option<&'static str>> {
    let mut find =
        transaction.prepare_cached("SELECT revision FROM record WHERE kind = ?1 AND key = ?2")?;
    for write in writes.iter().filter(|write| write.expect != Expect::Any) {
        let found: Option<u64> =
            find.query_row(params![write.kind.id, write.key], |row| row.get(0)).optional()?;
        let holds = match write.expect {
            Expect::Absent => found.is_none(),
            Expect::Any => true,
            Expect::At(Revision(revision)) => found == Some(revision),
        };
        if !holds {
            return Ok(Some(write.kind.name));
        }
    }
    Ok(None)
}

fn apply(transaction: &Transaction<'_>, batch: &Batch, revision: u64) -> rusqlite::Result<()> {
    for write in &batch.writes {
        match &write.change {
            Change::Check => {}
            Change::Delete => delete(transaction, write)?,
            Change::Put { bytes, terms } => {
                let terms: Vec<_> =
                    terms.iter().map(|term| (term.index.id, term.term.as_slice())).collect();
                put(transaction, write, revision, bytes, &terms)?;
            }
        }
    }
    if !batch.events.is_empty() {
        let mut insert = transaction.prepare_cached("INSERT INTO outbox (bytes) VALUES (?1)")?;
        for event in &batch.events {
            insert.execute([event])?;
        }
    }
    Ok(())
}

type Terms<'a> = [(u16, &'a [u8])];

fn put(
    transaction: &Transaction<'_>,
    write: &Write,
    revision: u64,
    bytes: &[u8],
    terms: &Terms<'_>,
) -> rusqlite::Result<()> {
    let old = old_terms(transaction, write)?;
    let old: Vec<_> = old.iter().map(|(index, term)| (*index, term.as_slice())).collect();
    let only_in = |these: &Terms<'_>, those: &Terms<'_>| -> Vec<(u16, Vec<u8>)> {
        these
            .iter()
            .filter(|term| !those.contains(term))
            .map(|(index, term)| (*index, term.to_vec()))
            .collect()
    };
    remove_entries(transaction, write, &only_in(&old, terms))?;
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO entry VALUES (?1, ?2, ?3)")?;
    for (index, term) in only_in(terms, &old) {
        insert.execute(params![index, term, write.key])?;
    }
    let mut replace = transaction.prepare_cached(
        "INSERT INTO record (kind, key, revision, bytes, terms) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (kind, key) DO UPDATE SET revision = ?3, bytes = ?4, terms = ?5",
    )?;
    replace.execute(params![write.kind.id, write.key, revision, bytes, encode_terms(terms)])?;
    Ok(())
}

fn delete(transaction: &Transaction<'_>, write: &Write) -> rusqlite::Result<()> {
    let old = old_terms(transaction, write)?;
    remove_entries(transaction, write, &old)?;
    let mut delete =
        transaction.prepare_cached("DELETE FROM record WHERE kind = ?1 AND key = ?2")?;
    delete.execute(params![write.kind.id, write.key])?;
    Ok(())
}

fn remove_entries(
    transaction: &Transaction<'_>,
    write: &Write,
    terms: &[(u16, Vec<u8>)],
) -> rusqlite::Result<()> {
    let mut remove = transaction
        .prepare_cached("DELETE FROM entry WHERE idx = ?1 AND term = ?2 AND key = ?3")?;
    for (index, term) in terms {
        remove.execute(params![index, term, write.key])?;
    }
    Ok(())
}

fn old_terms(
    transaction: &Transaction<'_>,
    write: &Write,
) -> rusqlite::Result<Vec<(u16, Vec<u8>)>> {
    if write.expect == Expect::Absent {
        return Ok(Vec::new());
    }
    let mut find =
        transaction.prepare_cached("SELECT terms FROM record WHERE kind = ?1 AND key = ?2")?;
    let found: Option<Vec<u8>> =
        find.query_row(params![write.kind.id, write.key], |row| row.get(0)).optional()?;
    Ok(found.map_or_else(Vec::new, |terms| decode_terms(&terms)))
}

/// Index number (2 bytes), length (4 bytes), term; big-endian, one behind the other.
fn encode_terms(terms: &Terms<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, term) in terms {
        bytes.extend_from_slice(&index.to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(term.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(term);
    }
    bytes
}

fn decode_terms(mut bytes: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut terms = Vec::new();
    while let Some((index, rest)) = bytes.split_first_chunk::<2>() {
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { break };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some((term, rest)) = rest.split_at_checked(length) else { break };
        terms.push((u16::from_be_bytes(*index), term.to_vec()));
        bytes = rest;
    }
    terms
}
