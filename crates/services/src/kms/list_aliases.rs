//! ListAliases: the aliases of the caller's account and region, or of one key, page by page.

use crate::authz::{Grant, WholeAccount};
use crate::error::{ApiError, ErrorCode};
use crate::kms::alias::{ALIASES, Alias};
use crate::kms::arn::{KeyName, alias_arn};
use crate::kms::key::KeyManager;
use crate::kms::listing::{ALIASES_PER_PAGE, PageInput, PageOutput, Walk, check_page};
use crate::kms::managed::SECRETS_MANAGER_ALIAS;
use crate::kms::target::{KeyTarget, record_key};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::records::Stored;
use crate::secretsmanager::scope;
use serde::{Deserialize, Serialize};
use strongroom_types::{Timestamp, limits};
use strongroom_wire::{Constraints, epoch};

/// The valid request.
#[derive(Debug)]
pub struct ListAliases {
    key_id: Option<String>,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    aliases: Vec<AliasEntry>,
    #[serde(flatten)]
    page: PageOutput,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasEntry {
    alias_name: String,
    alias_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_key_id: Option<String>,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    creation_date: Option<Timestamp>,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    last_updated_date: Option<Timestamp>,
}

impl AliasEntry {
    fn of(cx: &Cx<'_>, stored: &Stored<Alias>) -> Self {
        let prefix = scope(cx.account(), cx.region());
        // The first release kept an alias's name in its key alone.
        let name = stored.key.strip_prefix(prefix.as_slice()).unwrap_or_default();
        let held = &stored.value;
        Self {
            target_key_id: Some(held.key_id.clone()),
            creation_date: held.created,
            last_updated_date: held.updated,
            ..Self::without_key(cx, &String::from_utf8_lossy(name))
        }
    }

    /// AWS: its own aliases are there before the keys that they will name, without a key.
    fn without_key(cx: &Cx<'_>, name: &str) -> Self {
        Self {
            alias_name: name.to_owned(),
            alias_arn: alias_arn(cx.account(), cx.region(), name),
            target_key_id: None,
            creation_date: None,
            last_updated_date: None,
        }
    }
}

impl Operation for ListAliases {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "ListAliases",
        effect: Effect::Read,
        summary: "Lists the aliases of an account and region or of one key, page by page.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check.length("keyId", input.key_id.as_deref(), 1..=limits::KMS_KEY_ID_CHARS_MAX);
        check_page(&mut check, input.limit, input.marker.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let page = PageInput::new(input.limit, input.marker, ALIASES_PER_PAGE);
        Ok(Self { key_id: input.key_id, page })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        let (aliases, page) = match &self.key_id {
            Some(key_id) => self.of_key(cx, key_id).await?,
            None => self.of_account(cx).await?,
        };
        Ok(Done::read(Output { aliases, page }))
    }
}

impl ListAliases {
    async fn of_account(&self, cx: &Cx<'_>) -> Result<(Vec<AliasEntry>, PageOutput), ApiError> {
        let prefix = scope(cx.account(), cx.region());
        let mut walk = Walk::begin(cx, Self::SPEC.name, Vec::new(), &self.page)?;
        let found = walk.records::<Alias>(0, (ALIASES, &prefix), |_| true).await?;
        let mut entries: Vec<_> = found.iter().map(|stored| AliasEntry::of(cx, stored)).collect();
        entries.extend(walk.list(1, own_without_key(cx).await?));
        Ok((entries, walk.end()?))
    }

    async fn of_key(
        &self,
        cx: &Cx<'_>,
        key_id: &str,
    ) -> Result<(Vec<AliasEntry>, PageOutput), ApiError> {
        let target = own_key(cx, key_id).await?;
        let key = &target.found()?.value;
        let mut names = key.aliases.clone();
        // The first release's keys do not know their aliases.
        if key.manager == KeyManager::Aws && names.is_empty() {
            names.push(SECRETS_MANAGER_ALIAS.to_owned());
        }
        let keys: Vec<_> =
            names.iter().map(|name| record_key(cx.account(), cx.region(), name)).collect();
        let found = cx.house.records.get_many::<Alias>(&keys).await?;
        let of_this = found.into_iter().flatten().filter(|alias| alias.value.key_id == key.id);
        let entry = |stored: std::sync::Arc<Stored<Alias>>| {
            let entry = AliasEntry::of(cx, &stored);
            (entry.alias_name.clone(), entry)
        };
        let list = of_this.map(entry).collect();
        let binding = key.id.as_bytes().to_vec();
        let mut walk = Walk::begin(cx, Self::SPEC.name, binding, &self.page)?;
        Ok((walk.list(0, list), walk.end()?))
    }
}

/// The server's own aliases whose keys have not been needed yet.
async fn own_without_key(cx: &Cx<'_>) -> Result<Vec<(String, AliasEntry)>, ApiError> {
    let name = SECRETS_MANAGER_ALIAS;
    let key = record_key(cx.account(), cx.region(), name);
    Ok(match cx.house.records.get::<Alias>(&key).await? {
        Some(_) => Vec::new(),
        None => vec![(name.to_owned(), AliasEntry::without_key(cx, name))],
    })
}

/// The caller may list this account's aliases; another account's keys are not there for it.
async fn own_key(cx: &Cx<'_>, key_id: &str) -> Result<KeyTarget, ApiError> {
    let name = KeyName::parse_key(key_id, cx.region())?;
    if name.account.as_ref().is_some_and(|account| account != cx.account()) {
        let message = format!("Key '{key_id}' does not exist");
        return Err(ApiError::new(ErrorCode::NotFound, message));
    }
    KeyTarget::load(cx, &name).await
}
