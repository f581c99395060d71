//! Pages of IAM's lists: `Marker`, `MaxItems`, `IsTruncated`. A marker names a place, not a count; work per page is
//! bounded, so a page of a filtered list may hold fewer than asked for and still say that it is truncated.

use crate::error::ApiError;
use crate::iam::walk::Walk;
use crate::operation::Cx;
use crate::records::{RecordType, Stored};
use serde::Serialize;
use std::sync::Arc;
use strongroom_store::Index;
use strongroom_types::limits::{IAM_PAGE_ITEMS_DEFAULT, IAM_PAGE_ITEMS_MAX};
use strongroom_wire::Constraints;

/// The members of a request for a page. Flattened into the request.
#[derive(Debug, Clone, Default)]
pub(super) struct PageInput {
    /// Where the page before ended.
    pub marker: Option<String>,
    /// At most so many.
    pub max_items: u32,
}

/// Longest marker. IAM model: `markerType`.
const MARKER_CHARS_MAX: usize = 320;

/// Checks `Marker` and `MaxItems`.
pub(super) fn check_page(check: &mut Constraints, marker: Option<&str>, max_items: Option<i64>) {
    check.length("marker", marker, 1..=MARKER_CHARS_MAX);
    check.range("maxItems", max_items, 1..=i64::from(IAM_PAGE_ITEMS_MAX));
}

impl PageInput {
    /// Of members that were checked.
    pub(super) fn new(marker: Option<String>, max_items: Option<i64>) -> Self {
        let max_items = max_items.and_then(|max| u32::try_from(max).ok());
        Self { marker, max_items: max_items.unwrap_or(IAM_PAGE_ITEMS_DEFAULT) }
    }
}

/// The members of an answer that is a page. Flattened into the answer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PageOutput {
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

impl PageOutput {
    /// With a marker, if there is more.
    pub(super) fn new(marker: Option<String>) -> Self {
        Self { is_truncated: marker.is_some(), marker }
    }
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

/// A page of records that are wanted, in the order of the index.
pub(super) async fn page_of_records<T: RecordType>(
    cx: &Cx<'_>,
    listed: Listed<'_>,
    page: &PageInput,
    wanted: impl Fn(&T) -> bool + Send + Sync,
) -> Result<(Vec<Arc<Stored<T>>>, PageOutput), ApiError> {
    let Listed { operation, index, prefix } = listed;
    let binding = [&index.id.to_be_bytes(), prefix].concat();
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
