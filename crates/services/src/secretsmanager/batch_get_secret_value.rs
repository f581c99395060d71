//! BatchGetSecretValue: the values of up to 20 secrets, named one by one or found by filters.
//!
//! AWS: what cannot be read stands in `Errors`, and the others are answered all the same. Each secret needs the caller's
//! permission to read it, besides the one for this operation.

use crate::authz::{Grant, WholeAccount, authorize};
use crate::conditions::NothingAsked;
use crate::error::ApiError;
use crate::kms::ContextPairs;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::encryption_context::parse_context;
use crate::secretsmanager::filter::{FilterInput, Filters, check_filters};
use crate::secretsmanager::get_secret_value::{
    GetSecretValue, Output as SecretValueEntry, read_value,
};
use crate::secretsmanager::listing::{Cursor, Listing, Sort, next_page};
use crate::secretsmanager::page_token;
use crate::secretsmanager::target::{SecretTarget, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_types::{SecretId, limits};
use strongroom_wire::{Constraints, Object, Protocol};

/// The valid request.
#[derive(Debug)]
pub struct BatchGetSecretValue {
    wanted: Wanted,
    context: ContextPairs,
}

#[derive(Debug)]
enum Wanted {
    Filtered { filters: Filters, max_results: u32, token: Option<String> },
    Named(Vec<String>),
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_id_list: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filters: Option<Vec<Object<FilterInput>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_results: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context: Option<ContextPairs>,
}

/// The answer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_debug_implementations, reason = "holds secrets' values")]
pub struct Output {
    secret_values: Vec<SecretValueEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    errors: Vec<ErrorEntry>,
}

/// A secret that could not be read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorEntry {
    secret_id: String,
    error_code: &'static str,
    message: String,
}

const PURPOSE: &str = "BatchGetSecretValue";

impl Operation for BatchGetSecretValue {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "BatchGetSecretValue",
        effect: Effect::Read,
        summary: "Reads the values of up to 20 secrets, named or found by filters.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check.count("secretIdList", input.secret_id_list.as_deref(), 1..=20);
        for (place, id) in input.secret_id_list.iter().flatten().enumerate() {
            let member = format!("secretIdList.{}.member", place + 1);
            check.length(&member, Some(id), 1..=limits::SECRET_ID_CHARS_MAX);
        }
        check_filters(&mut check, input.filters.as_deref());
        check.range("maxResults", input.max_results, 1..=i64::from(limits::BATCH_ITEMS_MAX));
        check.length("nextToken", input.next_token.as_deref(), 1..=limits::NEXT_TOKEN_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        let context = parse_context(input.encryption_context)?;
        let has_filters = input.filters.as_ref().is_some_and(|filters| !filters.is_empty());
        let wanted = match (input.secret_id_list, has_filters) {
            (Some(_), true) => {
                return Err(ApiError::invalid_parameter(
                    "Either 'SecretIdList' or 'Filters' must be provided, but not both.",
                ));
            }
            (None, false) => {
                return Err(ApiError::invalid_parameter(
                    "Either 'SecretIdList' or 'Filters' must be provided.",
                ));
            }
            (Some(_), false) if input.max_results.is_some() => {
                return Err(ApiError::invalid_parameter(
                    "You can't use MaxResults with SecretIdList.",
                ));
            }
            (Some(ids), false) => Wanted::Named(ids),
            (None, true) => Wanted::Filtered {
                filters: Filters::parse(input.filters)?,
                max_results: input
                    .max_results
                    .and_then(|max| u32::try_from(max).ok())
                    .unwrap_or(limits::BATCH_ITEMS_MAX),
                token: input.next_token,
            },
        };
        Ok(Self { wanted, context })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        let mut output = Output { secret_values: Vec::new(), next_token: None, errors: Vec::new() };
        match &self.wanted {
            Wanted::Named(ids) => {
                for id in ids {
                    self.read_into(&mut output, cx, id).await;
                }
            }
            Wanted::Filtered { filters, max_results, token } => {
                let query = filters.fingerprint();
                let cursor = match token {
                    Some(token) => Some(page_token::open::<Cursor>(cx, PURPOSE, &query, token)?),
                    None => None,
                };
                let listing = Listing {
                    filters,
                    sort: Sort::default(),
                    include_deleted: false,
                    limit: *max_results,
                };
                let page = next_page(cx, &listing, cursor).await?;
                for secret in &page.secrets {
                    self.read_into(&mut output, cx, &secret.value.arn.to_string()).await;
                }
                output.next_token = match page.next {
                    Some(next) => Some(page_token::seal(cx, PURPOSE, &query, &next)?),
                    None => None,
                };
            }
        }
        Ok(Done::read(output))
    }
}

impl BatchGetSecretValue {
    /// Reads one secret into the answer's values or errors, the server's own failures included.
    async fn read_into(&self, output: &mut Output, cx: &Cx<'_>, id: &str) {
        match self.read_one(cx, id).await {
            Ok(value) => output.secret_values.push(value),
            Err(error) => {
                if error.code.is_servers() {
                    tracing::error!(?error, "a secret of a batch could not be read");
                }
                output.errors.push(ErrorEntry {
                    secret_id: id.to_owned(),
                    error_code: error.code.name(Protocol::Json11),
                    message: error.message.into_owned(),
                });
            }
        }
    }

    async fn read_one(&self, cx: &Cx<'_>, id: &str) -> Result<SecretValueEntry, ApiError> {
        let id: SecretId = parse_secret_id(id)?;
        let target = SecretTarget::load(cx, &id).await?;
        let granted = authorize(cx, &GetSecretValue::SPEC.action(), &NothingAsked, target).await?;
        read_value(cx, granted.found()?, (None, None), &self.context).await
    }
}
