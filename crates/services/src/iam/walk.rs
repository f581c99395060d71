//! One page through one list after another: users, then groups, then roles. A marker names the entry that was looked at
//! last, not a count; what a page looks at is bounded.

use crate::error::ApiError;
use crate::iam::listing::{PageInput, PageOutput};
use crate::operation::Cx;
use crate::page_token;
use crate::records::{RecordType, Stored};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::sync::Arc;
use strongroom_store::{Direction, Index, IndexEntry, PageQuery};
use strongroom_types::limits::{IAM_PAGE_ITEMS_MAX, LIST_SCAN_RECORDS_MAX};

/// What of a name goes into a marker: the longest name that IAM gives, with the account's id.
const HEAD_BYTES_MAX: usize = 140;

/// Number of the list, what stands in the term behind its prefix, key. Model: a marker has at most 320 characters, so
/// neither the prefix nor a term that is the key once more goes into it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place(u8, Option<ByteBuf>, ByteBuf);

impl Place {
    fn of(part: u8, prefix: &[u8], entry: &IndexEntry) -> Self {
        let rest = entry.term.strip_prefix(prefix).unwrap_or_default();
        let rest = (entry.term != entry.key).then(|| ByteBuf::from(rest));
        Self(part, rest, ByteBuf::from(entry.key.as_slice()))
    }

    fn entry(&self, prefix: &[u8]) -> IndexEntry {
        let Self(_, rest, key) = self;
        let term = rest.as_ref().map_or_else(|| key.to_vec(), |rest| [prefix, rest].concat());
        IndexEntry { term, key: key.to_vec() }
    }
}

/// AWS's answer to a marker that is none.
fn invalid_marker() -> ApiError {
    ApiError::validation("Invalid Marker.")
}

/// Where a page begins in one of its lists.
enum Start {
    /// Nowhere: the list is behind it, or the page has ended before it.
    Nowhere,
    /// At the first entry.
    First,
    /// Behind this entry.
    Behind(IndexEntry),
}

/// A page on its way through the lists. Each list has a number, and they are asked for in the order of their numbers.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    cx: &'a Cx<'a>,
    operation: &'a str,
    binding: Vec<u8>,
    from: Option<Place>,
    last: Option<Place>,
    room: usize,
    looks: usize,
    is_truncated: bool,
}

impl<'a> Walk<'a> {
    /// Begins where the marker says. The marker is good for this operation and `binding` only.
    pub(super) fn begin(
        cx: &'a Cx<'a>,
        operation: &'a str,
        binding: Vec<u8>,
        page: &PageInput,
    ) -> Result<Self, ApiError> {
        let open = |marker: &String| page_token::open::<Place>(cx, operation, &binding, marker);
        let from = match &page.marker {
            Some(marker) => Some(open(marker).ok_or_else(invalid_marker)?),
            None => None,
        };
        let room = usize::try_from(page.max_items).map_err(ApiError::internal)?;
        let looks = LIST_SCAN_RECORDS_MAX;
        Ok(Self { cx, operation, binding, from, last: None, room, looks, is_truncated: false })
    }

    /// The next wanted records out of an index, of those whose term starts with `prefix`.
    pub(super) async fn records<T: RecordType>(
        &mut self,
        part: u8,
        (index, prefix): (Index, &[u8]),
        wanted: impl Fn(&T) -> bool + Send + Sync,
    ) -> Result<Vec<Arc<Stored<T>>>, ApiError> {
        let mut found = Vec::new();
        let mut after = match self.start(part, prefix) {
            Start::Nowhere => return Ok(found),
            Start::First => None,
            Start::Behind(entry) => Some(entry),
        };
        let records = &self.cx.house.records;
        loop {
            // One more than there is room for tells whether there is more.
            let limit = self.room.min(self.looks).saturating_add(1);
            let limit = u32::try_from(limit).unwrap_or(u32::MAX).min(IAM_PAGE_ITEMS_MAX);
            let direction = Direction::Ascending;
            let query = PageQuery { index, prefix, after: after.as_ref(), limit, direction };
            let entries = records.page(query).await?;
            let is_last = entries.len() < usize::try_from(limit).unwrap_or(usize::MAX);
            let keys: Vec<_> = entries.iter().map(|entry| entry.key.clone()).collect();
            let read = records.get_many::<T>(&keys).await?;
            for (entry, record) in entries.into_iter().zip(read) {
                let record = record.filter(|record| wanted(&record.value));
                if !self.takes(Place::of(part, prefix, &entry), record.is_some()) {
                    return Ok(found);
                }
                found.extend(record);
                after = Some(entry);
            }
            if is_last {
                return Ok(found);
            }
        }
    }

    /// The next entries of a list that is at hand whole, each with a name of its own that orders it.
    pub(super) fn list<T>(&mut self, part: u8, mut list: Vec<(String, T)>) -> Vec<T> {
        let (behind, passed) = match self.start(part, &[]) {
            Start::Nowhere => return Vec::new(),
            Start::First => (Vec::new(), 0),
            Start::Behind(entry) => (entry.key, entry.term.first().copied().unwrap_or(0)),
        };
        list.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut taken = Vec::new();
        // How many names with the same head have been seen, the present one included.
        let (mut before, mut alike) = (Vec::new(), 0_u8);
        for (name, entry) in list {
            let head = head(&name).to_vec();
            alike = if head == before { alike.saturating_add(1) } else { 1 };
            before.clone_from(&head);
            if head < behind || (head == behind && alike <= passed) {
                continue;
            }
            if !self.takes(Place(part, Some(ByteBuf::from([alike])), ByteBuf::from(head)), true) {
                break;
            }
            taken.push(entry);
        }
        taken
    }

    /// The page's end.
    pub(super) fn end(self) -> Result<PageOutput, ApiError> {
        let Self { cx, operation, binding, last, is_truncated, .. } = self;
        let marker = match last.filter(|_| is_truncated) {
            Some(place) => Some(page_token::seal(cx, operation, &binding, &place)?),
            None => None,
        };
        Ok(PageOutput::new(marker))
    }

    fn start(&self, part: u8, prefix: &[u8]) -> Start {
        if self.is_truncated {
            return Start::Nowhere;
        }
        match &self.from {
            Some(place) if place.0 > part => Start::Nowhere,
            Some(place) if place.0 == part => Start::Behind(place.entry(prefix)),
            Some(_) | None => Start::First,
        }
    }

    /// Whether the page goes on past an entry: it does until something wanted finds no room, or until it has looked at
    /// enough.
    fn takes(&mut self, place: Place, is_wanted: bool) -> bool {
        if self.looks == 0 || (is_wanted && self.room == 0) {
            self.is_truncated = true;
            return false;
        }
        self.looks -= 1;
        self.room -= usize::from(is_wanted);
        self.last = Some(place);
        true
    }
}

/// As much of a name as goes into a marker: all of it but for tag keys of many long characters. Names with the same head
/// are told apart by their number; a list that is held in one record has less than 256.
fn head(name: &str) -> &[u8] {
    let bytes = name.as_bytes();
    bytes.get(..HEAD_BYTES_MAX).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_short_and_leads_back_to_its_entry() {
        for (prefix, term, key, rest) in [
            ("1234", "1234bob", "1234bob", None),
            ("1234AGPA\0", "1234AGPA\0", "1234bob", Some("")),
            ("12", "1234x", "9", Some("34x")),
        ] {
            let entry = IndexEntry { term: term.into(), key: key.into() };
            let place = Place::of(3, prefix.as_bytes(), &entry);
            assert_eq!(place.1.as_ref().map(|rest| rest.as_slice()), rest.map(str::as_bytes));
            assert_eq!(place.entry(prefix.as_bytes()), entry);
        }
    }
}
