//! ListSecrets: the secrets of the caller's account and region, page by page.

use crate::authz::{Grant, WholeAccount};
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::access::accesses;
use crate::secretsmanager::entry::{SecretEntry, stages};
use crate::secretsmanager::filter::{FilterInput, Filters, check_filters};
use crate::secretsmanager::listing::{Cursor, Listing, Sort, SortBy, next_page};
use crate::secretsmanager::page_token;
use crate::secretsmanager::secret::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strongroom_store::Direction;
use strongroom_types::limits;
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct ListSecrets {
    include_deleted: bool,
    max_results: u32,
    token: Option<String>,
    filters: Filters,
    sort: Sort,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    include_planned_deletion: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_results: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filters: Option<Vec<Object<FilterInput>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort_order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort_by: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    secret_list: Vec<ListEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListEntry {
    #[serde(flatten)]
    entry: SecretEntry,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    secret_versions_to_stages: BTreeMap<String, Vec<String>>,
}

const PURPOSE: &str = "ListSecrets";

impl Operation for ListSecrets {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "ListSecrets",
        effect: Effect::Read,
        summary: "Lists secrets, filtered and sorted, page by page.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check.range("maxResults", input.max_results, 1..=i64::from(limits::PAGE_ITEMS_MAX));
        check.length("nextToken", input.next_token.as_deref(), 1..=limits::NEXT_TOKEN_CHARS_MAX);
        check_filters(&mut check, input.filters.as_deref());
        check.one_of("sortOrder", input.sort_order.as_deref(), &["asc", "desc"]);
        let keys = ["created-date", "last-accessed-date", "last-changed-date", "name"];
        check.one_of("sortBy", input.sort_by.as_deref(), &keys);
        check.finish().map_err(ApiError::validation)?;
        let max_results = input.max_results.and_then(|max| u32::try_from(max).ok());
        Ok(Self {
            include_deleted: input.include_planned_deletion.unwrap_or(false),
            max_results: max_results.unwrap_or(limits::PAGE_ITEMS_MAX),
            token: input.next_token,
            filters: Filters::parse(input.filters)?,
            sort: parse_sort(input.sort_by.as_deref(), input.sort_order.as_deref()),
        })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        let query = self.fingerprint();
        let cursor = match &self.token {
            Some(token) => Some(page_token::open::<Cursor>(cx, PURPOSE, &query, token)?),
            None => None,
        };
        let listing = Listing {
            filters: &self.filters,
            sort: self.sort,
            include_deleted: self.include_deleted,
            limit: self.max_results,
        };
        let page = next_page(cx, &listing, cursor).await?;
        let secrets: Vec<&Secret> = page.secrets.iter().map(|stored| &stored.value).collect();
        let accesses = accesses(cx.house, &secrets).await?;
        let entry = |(secret, last): (&&Secret, _)| ListEntry {
            entry: SecretEntry::of(secret, last),
            secret_versions_to_stages: stages(secret),
        };
        let secret_list =
            secrets.iter().zip(accesses.into_iter().map(|access| access.last)).map(entry).collect();
        let next_token = match page.next {
            Some(next) => Some(page_token::seal(cx, PURPOSE, &query, &next)?),
            None => None,
        };
        Ok(Done::read(Output { secret_list, next_token }))
    }
}

impl ListSecrets {
    /// Everything but the page's size: AWS lets that change from page to page.
    fn fingerprint(&self) -> Vec<u8> {
        let mut query = self.filters.fingerprint();
        query.extend(format!("{:?}{}", self.sort, self.include_deleted).into_bytes());
        query
    }
}

fn parse_sort(by: Option<&str>, order: Option<&str>) -> Sort {
    let by = match by {
        Some("last-accessed-date") => SortBy::Accessed,
        Some("last-changed-date") => SortBy::Changed,
        Some("name") => SortBy::Name,
        _ => SortBy::Created,
    };
    let direction = if order == Some("asc") { Direction::Ascending } else { Direction::Descending };
    Sort { by, direction }
}
