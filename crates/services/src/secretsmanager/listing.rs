//! Pages of secrets: sorted, filtered, bounded work.
//!
//! A page looks at a bounded number of records, whatever the filters: when that many were looked at, the page ends where
//! it is and its token goes on from there. So a page may hold fewer secrets than asked for, as AWS's may. A token names
//! a place in an index, not a count: secrets that come and go shift nothing.

use crate::error::ApiError;
use crate::operation::Cx;
use crate::records::Stored;
use crate::secretsmanager::access::BY_ACCESSED;
use crate::secretsmanager::filter::Filters;
use crate::secretsmanager::readable::readable;
use crate::secretsmanager::secret::{BY_CHANGED, BY_CREATED, BY_NAME, Secret, scope};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_store::{Direction, Index, IndexEntry, PageQuery};
use strongroom_types::limits::LIST_SCAN_RECORDS_MAX;

/// What a listing is sorted by. AWS: by creation, the newest first, unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sort {
    /// The member.
    pub by: SortBy,
    /// Which end comes first.
    pub direction: Direction,
}

impl Default for Sort {
    fn default() -> Self {
        Self { by: SortBy::Created, direction: Direction::Descending }
    }
}

/// AWS's sort keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SortBy {
    /// `last-accessed-date`
    Accessed,
    /// `last-changed-date`
    Changed,
    /// `created-date`
    Created,
    /// `name`
    Name,
}

impl SortBy {
    fn index(self) -> Index {
        match self {
            Self::Accessed => BY_ACCESSED,
            Self::Changed => BY_CHANGED,
            Self::Created => BY_CREATED,
            Self::Name => BY_NAME,
        }
    }
}

/// What is to be listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listing<'a> {
    /// All must match.
    pub filters: &'a Filters,
    /// The order.
    pub sort: Sort,
    /// Whether secrets marked for deletion are listed, too.
    pub include_deleted: bool,
    /// At most so many.
    pub limit: u32,
}

/// A place in an index: what a page token holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cursor {
    term: Vec<u8>,
    key: Vec<u8>,
}

impl From<Cursor> for IndexEntry {
    fn from(cursor: Cursor) -> Self {
        Self { term: cursor.term, key: cursor.key }
    }
}

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    /// The secrets, in order.
    pub secrets: Vec<Arc<Stored<Secret>>>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<Cursor>,
}

/// Index entries read at a time.
const STEP: u32 = 200;

/// The page behind the cursor.
pub(super) async fn next_page(
    cx: &Cx<'_>,
    listing: &Listing<'_>,
    cursor: Option<Cursor>,
) -> Result<Page, ApiError> {
    let prefix = prefix(cx, listing);
    let limit = usize::try_from(listing.limit).unwrap_or(usize::MAX);
    let mut secrets = Vec::new();
    let mut after: Option<IndexEntry> = cursor.map(IndexEntry::from);
    let mut looked_at = 0;
    loop {
        // One more than a page holds tells whether another page follows.
        let step = if listing.filters == &Filters::default() {
            listing.limit.saturating_add(1)
        } else {
            STEP
        };
        let query = PageQuery {
            index: listing.sort.by.index(),
            prefix: &prefix,
            after: after.as_ref(),
            limit: step,
            direction: listing.sort.direction,
        };
        let entries = cx.house.records.page(query).await?;
        let is_end = entries.len() < usize::try_from(step).unwrap_or(usize::MAX);
        let keys: Vec<_> = entries.iter().map(|entry| entry.key.clone()).collect();
        let found = readable::<Secret>(&cx.house.records, &keys).await?;
        for (entry, secret) in entries.into_iter().zip(found) {
            if secrets.len() >= limit || looked_at >= LIST_SCAN_RECORDS_MAX {
                let next = after.map(|after| Cursor { term: after.term, key: after.key });
                return Ok(Page { secrets, next });
            }
            looked_at += 1;
            after = Some(entry);
            secrets.extend(secret.filter(|secret| is_wanted(listing, &secret.value)));
        }
        if is_end {
            return Ok(Page { secrets, next: None });
        }
    }
}

/// A name filter narrows a listing by name to what can match.
fn prefix(cx: &Cx<'_>, listing: &Listing<'_>) -> Vec<u8> {
    let mut prefix = scope(cx.account(), cx.region());
    if listing.sort.by == SortBy::Name {
        prefix.extend_from_slice(listing.filters.name_prefix().unwrap_or_default().as_bytes());
    }
    prefix
}

fn is_wanted(listing: &Listing<'_>, secret: &Secret) -> bool {
    (listing.include_deleted || secret.deletion.is_none()) && listing.filters.matches(secret)
}
