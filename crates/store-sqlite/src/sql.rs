//! The reading statements.

use crate::unavailable;
use rusqlite::{Connection, OptionalExtension, Row, params};
use strongroom_store::{
    Direction, IndexEntry, Kind, OutboxEvent, PageQuery, Record, Revision, StoreError,
};

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record { revision: Revision(row.get(0)?), bytes: row.get(1)? })
}

const GET: &str = "SELECT revision, bytes FROM record WHERE kind = ?1 AND key = ?2";

pub(crate) fn get(
    connection: &Connection,
    kind: Kind,
    key: &[u8],
) -> Result<Option<Record>, StoreError> {
    let found = connection
        .prepare_cached(GET)
        .and_then(|mut statement| statement.query_row(params![kind.id, key], record).optional());
    found.map_err(|error| unavailable(&error))
}

/// All from one snapshot.
pub(crate) fn get_many(
    connection: &Connection,
    kind: Kind,
    keys: &[Vec<u8>],
) -> Result<Vec<Option<Record>>, StoreError> {
    let read = || -> rusqlite::Result<_> {
        let snapshot = connection.unchecked_transaction()?;
        let mut statement = snapshot.prepare_cached(GET)?;
        keys.iter()
            .map(|key| statement.query_row(params![kind.id, key], record).optional())
            .collect()
    };
    read().map_err(|error| unavailable(&error))
}

/// The smallest bytes that are greater than everything that starts with `prefix`; none if all bytes are 0xff.
fn behind_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

pub(crate) fn page(
    connection: &Connection,
    query: &PageQuery<'_>,
) -> Result<Vec<IndexEntry>, StoreError> {
    let (comparison, order) = match query.direction {
        Direction::Ascending => (">", "ASC"),
        Direction::Descending => ("<", "DESC"),
    };
    // SQLite goes along the index from one bound: that must be where to go on, not where the prefix begins, or it would
    // read every entry that earlier pages had.
    let goes_on = |direction, is_within: &dyn Fn(&IndexEntry) -> bool| {
        query.direction == direction && query.after.is_some_and(is_within)
    };
    let end = behind_prefix(query.prefix)
        .filter(|end| !goes_on(Direction::Descending, &|after| after.term < *end));
    let has_start = !goes_on(Direction::Ascending, &|after| after.term.as_slice() >= query.prefix);
    let mut text = String::from("SELECT term, key FROM entry WHERE idx = ?1");
    if has_start {
        text.push_str(" AND term >= ?2");
    }
    if end.is_some() {
        text.push_str(" AND term < ?3");
    }
    if query.after.is_some() {
        text.push_str(" AND (term, key) ");
        text.push_str(comparison);
        text.push_str(" (?4, ?5)");
    }
    for part in [" ORDER BY term ", order, ", key ", order, " LIMIT ?6"] {
        text.push_str(part);
    }
    let read = || -> rusqlite::Result<Vec<IndexEntry>> {
        let mut statement = connection.prepare_cached(&text)?;
        statement.raw_bind_parameter(1, query.index.id)?;
        if has_start {
            statement.raw_bind_parameter(2, query.prefix)?;
        }
        if let Some(end) = &end {
            statement.raw_bind_parameter(3, end)?;
        }
        if let Some(after) = query.after {
            statement.raw_bind_parameter(4, &after.term)?;
            statement.raw_bind_parameter(5, &after.key)?;
        }
        statement.raw_bind_parameter(6, query.limit)?;
        let mut rows = statement.raw_query();
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(IndexEntry { term: row.get(0)?, key: row.get(1)? });
        }
        Ok(entries)
    };
    read().map_err(|error| unavailable(&error))
}

pub(crate) fn outbox(
    connection: &Connection,
    after: u64,
    limit: u32,
) -> Result<Vec<OutboxEvent>, StoreError> {
    let read = || -> rusqlite::Result<Vec<OutboxEvent>> {
        let text =
            "SELECT sequence, bytes FROM outbox WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";
        let mut statement = connection.prepare_cached(text)?;
        let event = |row: &Row<'_>| Ok(OutboxEvent { sequence: row.get(0)?, bytes: row.get(1)? });
        statement.query_map(params![after, limit], event)?.collect()
    };
    read().map_err(|error| unavailable(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_next_greater_one() {
        for (prefix, end) in [
            (&b"ab"[..], Some(&b"ac"[..])),
            (b"a\xff", Some(b"b")),
            (b"\xff\xff", None),
            (b"", None),
            (b"a\x00", Some(b"a\x01")),
        ] {
            assert_eq!(behind_prefix(prefix).as_deref(), end);
        }
    }
}
