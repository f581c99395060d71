//! ListSecretVersionIds: the versions of a secret.
//!
//! AWS: those without a label only with `IncludeDeprecated`, and then without a `VersionStages` member. Recorded: each
//! entry has `KmsKeyIds: ["DefaultEncryptionKey"]` under the default key and, once it was read, LastAccessedDate.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::access::{Access, accesses};
use crate::secretsmanager::members::stage_members;
use crate::secretsmanager::page_token;
use crate::secretsmanager::secret::Secret;
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use crate::secretsmanager::version::{VERSIONS, Version, is_labelled};
use serde::{Deserialize, Serialize};
use strongroom_store::{Direction, IndexEntry, PageQuery};
use strongroom_types::{Day, SecretId, Timestamp, VersionId, limits};
use strongroom_wire::{Constraints, epoch};

/// The valid request.
#[derive(Debug)]
pub struct ListSecretVersionIds {
    secret_id: SecretId,
    max_results: u32,
    token: Option<String>,
    include_deprecated: bool,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_results: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_deprecated: Option<bool>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    versions: Vec<VersionEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionEntry {
    version_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    version_stages: Vec<String>,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    last_accessed_date: Option<Timestamp>,
    #[serde(serialize_with = "epoch::serialize")]
    created_date: Timestamp,
    kms_key_ids: Vec<String>,
}

/// Where a page ends: an index entry, newest versions first.
type Cursor = (Vec<u8>, Vec<u8>);

const PURPOSE: &str = "ListSecretVersionIds";

impl Operation for ListSecretVersionIds {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "ListSecretVersionIds",
        effect: Effect::Read,
        summary: "Lists the versions of a secret with their labels.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = SecretTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check.range("maxResults", input.max_results, 1..=i64::from(limits::PAGE_ITEMS_MAX));
        check.length("nextToken", input.next_token.as_deref(), 1..=limits::NEXT_TOKEN_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        let max_results = input.max_results.and_then(|max| u32::try_from(max).ok());
        Ok(Self {
            secret_id: parse_secret_id(&input.secret_id.unwrap_or_default())?,
            max_results: max_results.unwrap_or(limits::PAGE_ITEMS_MAX),
            token: input.next_token,
            include_deprecated: input.include_deprecated.unwrap_or(false),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Output>, ApiError> {
        let secret = &grant.found()?.value;
        let query = [&secret.uid.0[..], &[u8::from(self.include_deprecated)]].concat();
        let cursor = match &self.token {
            Some(token) => Some(page_token::open::<Cursor>(cx, PURPOSE, &query, token)?),
            None => None,
        };
        let access = accesses(cx.house, &[secret]).await?.into_iter().next();
        let (versions, next) = self.versions(cx, secret, access.as_ref(), cursor).await?;
        let next_token = match next {
            Some(next) => Some(page_token::seal(cx, PURPOSE, &query, &next)?),
            None => None,
        };
        let (arn, name) = (secret.arn_text().to_owned(), secret.arn.name.to_string());
        Ok(Done::read(Output { versions, next_token, arn, name }))
    }
}

impl ListSecretVersionIds {
    async fn versions(
        &self,
        cx: &Cx<'_>,
        secret: &Secret,
        access: Option<&Access>,
        cursor: Option<Cursor>,
    ) -> Result<(Vec<VersionEntry>, Option<Cursor>), ApiError> {
        let mut after = cursor.map(|(term, key)| IndexEntry { term, key });
        let limit = usize::try_from(self.max_results).unwrap_or(usize::MAX);
        let mut versions = Vec::new();
        loop {
            let query = PageQuery {
                index: VERSIONS,
                prefix: &secret.uid.0,
                after: after.as_ref(),
                limit: self.max_results.saturating_add(1),
                direction: Direction::Descending,
            };
            let entries = cx.house.records.page(query).await?;
            let is_end = entries.len() <= limit;
            let wanted =
                |entry: &&IndexEntry| self.include_deprecated || is_labelled(secret, &entry.key);
            let keys: Vec<_> =
                entries.iter().filter(wanted).map(|entry| entry.key.clone()).collect();
            let mut found = cx.house.records.get_many::<Version>(&keys).await?.into_iter();
            for entry in entries {
                if versions.len() >= limit {
                    return Ok((versions, after.map(|after| (after.term, after.key))));
                }
                let is_wanted = wanted(&&entry);
                after = Some(entry);
                if is_wanted && let Some(Some(version)) = found.next() {
                    versions.push(version_entry(
                        secret,
                        access,
                        &version.value.id,
                        version.value.created,
                    ));
                }
            }
            if is_end {
                return Ok((versions, None));
            }
        }
    }
}

fn version_entry(
    secret: &Secret,
    access: Option<&Access>,
    id: &VersionId,
    created: Timestamp,
) -> VersionEntry {
    VersionEntry {
        version_id: id.to_string(),
        version_stages: stage_members(secret.stages.of(id)),
        last_accessed_date: access
            .and_then(|access| access.versions.get(id).copied())
            .map(Day::start),
        created_date: created,
        kms_key_ids: vec![
            secret.kms_key_id.clone().unwrap_or_else(|| "DefaultEncryptionKey".to_owned()),
        ],
    }
}
