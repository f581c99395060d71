//! Going round an index that background work empties, a page with each tick.
//!
//! What is done leaves the index, so a tick begins at its head. What cannot be done stays there, and would keep everything
//! behind it from its turn for ever: a full page with a failure is therefore followed by the next one, until the end is
//! reached and the round begins again.

use crate::records::Records;
use std::sync::{Mutex, PoisonError};
use strongroom_store::{Direction, Index, IndexEntry, PageQuery, StoreError};

/// Where a round is.
#[derive(Debug, Default)]
pub struct Round {
    after: Mutex<Option<IndexEntry>>,
}

impl Round {
    /// The entries whose turn it is.
    pub(crate) async fn page(
        &self,
        records: &Records,
        index: Index,
        limit: u32,
    ) -> Result<Vec<IndexEntry>, StoreError> {
        let after = self.after.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let direction = Direction::Ascending;
        records
            .page(PageQuery { index, prefix: &[], after: after.as_ref(), limit, direction })
            .await
    }

    /// Notes what has become of a page, of which `failed` entries could not be done. Answers whether more may be left that
    /// can be done at once.
    pub(crate) fn note(&self, page: &[IndexEntry], failed: usize, limit: u32) -> bool {
        let is_full = page.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let after = page.last().filter(|_| is_full && failed > 0).cloned();
        *self.after.lock().unwrap_or_else(PoisonError::into_inner) = after;
        is_full || failed < page.len()
    }
}
