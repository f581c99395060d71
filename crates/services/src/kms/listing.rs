//! Pages of KMS's lists: `Limit`, `Marker`, `NextMarker`, `Truncated`. A marker names a place, not a count; work per page is
//! bounded, so a page of a filtered list may hold fewer than asked for and still be truncated, as AWS says of its own.
//!
//! [`page_of_records`] and [`page_of_list`] give a page of one list. A [`Walk`] goes through one list after another.

use crate::error::{ApiError, ErrorCode};
use crate::operation::Cx;
use crate::page_token;
use crate::records::{RecordType, Stored};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::sync::Arc;
use strongroom_store::{Direction, Index, IndexEntry, PageQuery};
use strongroom_types::limits::LIST_SCAN_RECORDS_MAX;
use strongroom_wire::Constraints;

/// How many items an operation puts on a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageSizes {
    /// When the request does not say.
    pub default: u32,
    /// At most, whatever the request says.
    pub max: u32,
}

/// Of ListKeys, ListKeyPolicies and ListKeyRotations. KMS API reference, `Limit` of each.
pub(super) const KEYS_PER_PAGE: PageSizes = PageSizes { default: 100, max: 1000 };
/// Of ListAliases, ListGrants and ListRetirableGrants.
pub(super) const ALIASES_PER_PAGE: PageSizes = PageSizes { default: 50, max: 100 };
/// Of ListResourceTags.
pub(super) const TAGS_PER_PAGE: PageSizes = PageSizes { default: 50, max: 50 };

/// Largest `Limit` of any operation. Model: `LimitType`.
const LIMIT_MAX: i64 = 1000;
/// Longest marker. Model: `MarkerType`.
const MARKER_CHARS_MAX: usize = 1024;
/// Index entries that are read at a time.
const ENTRIES_PER_READ: usize = 1000;

/// The members of a request for a page.
#[derive(Debug, Clone)]
pub(super) struct PageInput {
    marker: Option<String>,
    items_max: usize,
}

/// Checks `Limit` and `Marker`.
pub(super) fn check_page(check: &mut Constraints, limit: Option<i64>, marker: Option<&str>) {
    check.range("limit", limit, 1..=LIMIT_MAX);
    check.length("marker", marker, 1..=MARKER_CHARS_MAX);
    check.pattern("marker", marker, r"[\u0020-\u00FF]*", |text| {
        text.chars().all(|c| matches!(c, ' '..='\u{ff}'))
    });
}

impl PageInput {
    /// Of members that were checked. AWS gives no more than the operation's own maximum.
    pub(super) fn new(limit: Option<i64>, marker: Option<String>, sizes: PageSizes) -> Self {
        let limit = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(sizes.default);
        let items_max = usize::try_from(limit.min(sizes.max)).unwrap_or(usize::MAX);
        Self { marker, items_max }
    }
}

/// The members of an answer that is a page. Flattened into the answer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PageOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    truncated: bool,
}

/// What is listed: the entries of an index whose term starts with `prefix`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed<'a> {
    /// The operation: its markers are good for no other.
    pub operation: &'a str,
    /// The index.
    pub index: Index,
    /// What terms start with.
    pub prefix: &'a [u8],
}

/// A page of records that are wanted, in the order of the index. What `wanted` depends on must stand in `bound`: a marker
/// is good for a request that is the same in this.
pub(super) async fn page_of_records<T: RecordType>(
    cx: &Cx<'_>,
    Listed { operation, index, prefix }: Listed<'_>,
    bound: &[u8],
    page: &PageInput,
    wanted: impl Fn(&T) -> bool + Send + Sync,
) -> Result<(Vec<Arc<Stored<T>>>, PageOutput), ApiError> {
    let binding = [&index.id.to_be_bytes(), prefix, &[0], bound].concat();
    let mut walk = Walk::begin(cx, operation, binding, page)?;
    let found = walk.records(0, (index, prefix), wanted).await?;
    Ok((found, walk.end()?))
}

/// A page of a list that is at hand whole, each entry with a name of its own that orders it. `of` is what it belongs to.
pub(super) fn page_of_list<T>(
    cx: &Cx<'_>,
    operation: &str,
    of: &str,
    list: Vec<(String, T)>,
    page: &PageInput,
) -> Result<(Vec<T>, PageOutput), ApiError> {
    let mut walk = Walk::begin(cx, operation, of.as_bytes().to_vec(), page)?;
    let found = walk.list(0, list);
    Ok((found, walk.end()?))
}

/// Number of the list, what stands in the term behind its prefix, key. Neither the prefix nor a term that is the key once
/// more goes into a marker: it is bound to the first, and both together could make it too long.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place(u8, Option<ByteBuf>, ByteBuf);

impl Place {
    fn of_entry(part: u8, prefix: &[u8], entry: &IndexEntry) -> Self {
        let rest = entry.term.strip_prefix(prefix).unwrap_or_default();
        let rest = (entry.term != entry.key).then(|| ByteBuf::from(rest));
        Self(part, rest, ByteBuf::from(entry.key.as_slice()))
    }

    fn of_name(part: u8, name: &str) -> Self {
        Self(part, None, ByteBuf::from(name.as_bytes()))
    }

    fn entry(&self, prefix: &[u8]) -> IndexEntry {
        let Self(_, rest, key) = self;
        let term = rest.as_ref().map_or_else(|| key.to_vec(), |rest| [prefix, rest].concat());
        IndexEntry { term, key: key.to_vec() }
    }
}

/// Where a page begins in one of its lists.
enum Start<'a> {
    /// Nowhere: the list is behind it, or the page has ended before it.
    Nowhere,
    /// At the first entry.
    First,
    /// Behind this one.
    Behind(&'a Place),
}

/// What of an index is read next.
enum Next {
    /// Nothing.
    Nothing,
    /// What is behind this entry, or all.
    Behind(Option<IndexEntry>),
}

/// A page on its way through lists. Each list has a number, and they are asked for in the order of their numbers.
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
    /// Begins where the marker says. The marker is good for the caller's account and region, this operation and `binding`.
    /// AWS's message is not on record.
    pub(super) fn begin(
        cx: &'a Cx<'a>,
        operation: &'a str,
        binding: Vec<u8>,
        page: &PageInput,
    ) -> Result<Self, ApiError> {
        let open = |marker: &String| page_token::open::<Place>(cx, operation, &binding, marker);
        let invalid = || ApiError::new(ErrorCode::InvalidMarker, "Could not deserialize marker.");
        let from = match &page.marker {
            Some(marker) => Some(open(marker).ok_or_else(invalid)?),
            None => None,
        };
        let (room, looks) = (page.items_max, LIST_SCAN_RECORDS_MAX);
        Ok(Self { cx, operation, binding, from, last: None, room, looks, is_truncated: false })
    }

    /// The next wanted records out of an index, of those whose term starts with `prefix`.
    pub(super) async fn records<T: RecordType>(
        &mut self,
        part: u8,
        listed: (Index, &[u8]),
        wanted: impl Fn(&T) -> bool + Send + Sync,
    ) -> Result<Vec<Arc<Stored<T>>>, ApiError> {
        let mut found = Vec::new();
        let mut next = self.start_in(part, listed.1);
        while let Next::Behind(after) = next {
            let (entries, is_last) = self.entries_behind(listed, after.as_ref()).await?;
            next = Next::Nothing;
            let keys: Vec<_> = entries.iter().map(|entry| entry.key.clone()).collect();
            let read = self.cx.house.records.get_many::<T>(&keys).await?;
            for (entry, record) in entries.into_iter().zip(read) {
                let record = record.filter(|record| wanted(&record.value));
                if !self.takes(Place::of_entry(part, listed.1, &entry), record.is_some()) {
                    return Ok(found);
                }
                found.extend(record);
                next = Next::Behind(Some(entry));
            }
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// The keys of the next records out of an index, of those whose term starts with `prefix`, without the records.
    pub(super) async fn keys(
        &mut self,
        part: u8,
        listed: (Index, &[u8]),
    ) -> Result<Vec<Vec<u8>>, ApiError> {
        let mut found = Vec::new();
        let mut next = self.start_in(part, listed.1);
        while let Next::Behind(after) = next {
            let (entries, is_last) = self.entries_behind(listed, after.as_ref()).await?;
            next = Next::Nothing;
            for entry in entries {
                if !self.takes(Place::of_entry(part, listed.1, &entry), true) {
                    return Ok(found);
                }
                found.push(entry.key.clone());
                next = Next::Behind(Some(entry));
            }
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// Some entries behind a place, and whether they are the last. One more than there is room for tells whether there is
    /// more.
    async fn entries_behind(
        &self,
        (index, prefix): (Index, &[u8]),
        after: Option<&IndexEntry>,
    ) -> Result<(Vec<IndexEntry>, bool), ApiError> {
        let wished = self.room.min(self.looks).saturating_add(1).min(ENTRIES_PER_READ);
        let limit = u32::try_from(wished).map_err(ApiError::internal)?;
        let direction = Direction::Ascending;
        let query = PageQuery { index, prefix, after, limit, direction };
        let entries = self.cx.house.records.page(query).await?;
        let is_last = entries.len() < wished;
        Ok((entries, is_last))
    }

    fn start_in(&self, part: u8, prefix: &[u8]) -> Next {
        match self.start(part) {
            Start::Nowhere => Next::Nothing,
            Start::First => Next::Behind(None),
            Start::Behind(place) => Next::Behind(Some(place.entry(prefix))),
        }
    }

    /// The next entries of a list that is at hand whole, each with a name of its own that orders it.
    pub(super) fn list<T>(&mut self, part: u8, mut list: Vec<(String, T)>) -> Vec<T> {
        list.sort_by(|(one, _), (other, _)| one.cmp(other));
        match self.start(part) {
            Start::Nowhere => return Vec::new(),
            Start::First => {}
            Start::Behind(place) => list.retain(|(name, _)| name.as_bytes() > place.2.as_slice()),
        }
        let mut taken = Vec::new();
        for (name, entry) in list {
            if !self.takes(Place::of_name(part, &name), true) {
                break;
            }
            taken.push(entry);
        }
        taken
    }

    /// The page's end.
    pub(super) fn end(self) -> Result<PageOutput, ApiError> {
        let Self { cx, operation, binding, last, is_truncated, .. } = self;
        let next_marker = match last.filter(|_| is_truncated) {
            Some(place) => Some(page_token::seal(cx, operation, &binding, &place)?),
            None => None,
        };
        Ok(PageOutput { truncated: next_marker.is_some(), next_marker })
    }

    fn start(&self, part: u8) -> Start<'_> {
        if self.is_truncated {
            return Start::Nowhere;
        }
        match &self.from {
            Some(place) if place.0 > part => Start::Nowhere,
            Some(place) if place.0 == part => Start::Behind(place),
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
            let place = Place::of_entry(3, prefix.as_bytes(), &entry);
            assert_eq!(place.1.as_ref().map(|rest| rest.as_slice()), rest.map(str::as_bytes));
            assert_eq!(place.entry(prefix.as_bytes()), entry);
        }
    }

    #[test]
    fn a_page_has_the_operations_own_size_at_most() {
        // Documented: API reference, `Limit` of each operation.
        let items = |limit, sizes| PageInput::new(limit, None, sizes).items_max;
        assert_eq!(items(None, KEYS_PER_PAGE), 100);
        assert_eq!(items(Some(1000), KEYS_PER_PAGE), 1000);
        assert_eq!(items(None, ALIASES_PER_PAGE), 50);
        assert_eq!(items(Some(101), ALIASES_PER_PAGE), 100);
        assert_eq!(items(Some(1), TAGS_PER_PAGE), 1);
        assert_eq!(items(Some(51), TAGS_PER_PAGE), 50);
    }

    #[test]
    fn limits_and_markers_are_checked_on_both_sides() {
        let is_good = |limit, marker: Option<&str>| {
            let mut check = Constraints::new();
            check_page(&mut check, limit, marker);
            check.finish().is_ok()
        };
        for (limit, good) in [(0, false), (1, true), (1000, true), (1001, false)] {
            assert_eq!(is_good(Some(limit), None), good, "{limit}");
        }
        for (chars, good) in [(0, false), (1, true), (1024, true), (1025, false)] {
            assert_eq!(is_good(None, Some(&"m".repeat(chars))), good, "{chars}");
        }
        assert!(!is_good(None, Some("\u{100}")) && !is_good(None, Some("\n")));
    }
}
