//! The key that a request is about, before it may be known whether it exists.

use crate::authz::{OwnPolicy, Resource};
use crate::conditions::{Values, flag, one, some, tag_value};
use crate::error::{ApiError, ErrorCode};
use crate::house::House;
use crate::kms::alias::Alias;
use crate::kms::arn::{KeyName, NamePart, alias_arn, key_arn};
use crate::kms::for_secrets::Place;
use crate::kms::grant::Grant;
use crate::kms::grant_use::is_granted;
use crate::kms::key::{Key, KeyManager};
use crate::kms::key_policy::managed_policy;
use crate::kms::managed::{is_managed_alias, make_managed_key};
use crate::operation::Cx;
use crate::records::Stored;
use crate::secretsmanager::scope;
use std::collections::BTreeMap;
use std::sync::Arc;
use strongroom_iam::{PolicyKind, ResourceRule};
use strongroom_keys::EncryptionContext;
use strongroom_store::{Expect, Write};
use strongroom_types::{AccountId, Region};

/// The pairs of an encryption context, as a request gives them.
pub(crate) type ContextPairs = BTreeMap<String, String>;

/// The service that uses a key for somebody: `secretsmanager`.
pub(crate) type ViaService = &'static str;

/// What was found under a `KeyId`.
#[derive(Debug)]
pub struct KeyTarget {
    name: KeyName,
    /// The key's account: the one that was named, or the caller's.
    account: AccountId,
    region: Region,
    found: Option<Arc<Stored<Key>>>,
    /// The encryption context that the request gives.
    context: ContextPairs,
    via: Option<ViaService>,
    /// Nobody named the key but a ciphertext: a refusal must not tell whether it is there.
    is_by_ciphertext: bool,
}

/// The record key of a key or alias.
pub(crate) fn record_key(account: &AccountId, region: &Region, name: &str) -> Vec<u8> {
    let mut key = scope(account, region);
    key.extend_from_slice(name.as_bytes());
    key
}

impl KeyTarget {
    /// Looks the key up in the request's region.
    pub(crate) async fn load(cx: &Cx<'_>, name: &KeyName) -> Result<Self, ApiError> {
        let place = Place { account: cx.account(), region: cx.region() };
        Self::find(cx.house, cx.account(), place, name).await
    }

    /// Looks the key up in a region; a name without an account means the place's. The server's own key is made if it is
    /// `account`'s and asked for by its alias.
    pub(crate) async fn find(
        house: &House,
        account: &AccountId,
        place: Place<'_>,
        name: &KeyName,
    ) -> Result<Self, ApiError> {
        let region = place.region;
        let owner = name.account.as_ref().unwrap_or(place.account);
        let id = match &name.part {
            NamePart::Id(id) => Some(id.clone()),
            NamePart::Alias(alias) => {
                let may_make = owner == account;
                behind_alias(house, Place { account: owner, region }, alias, may_make).await?
            }
        };
        let found = match &id {
            Some(id) => house.records.get::<Key>(&record_key(owner, region, id)).await?,
            None => None,
        };
        Ok(Self::new(name.clone(), Place { account: owner, region }, found))
    }

    /// A key that was found.
    pub(crate) fn of_found(account: &AccountId, region: &Region, key: &Arc<Stored<Key>>) -> Self {
        let name = KeyName::of_id(&*key.value.id);
        Self::new(name, Place { account, region }, Some(Arc::clone(key)))
    }

    fn new(name: KeyName, place: Place<'_>, found: Option<Arc<Stored<Key>>>) -> Self {
        Self {
            name,
            account: place.account.clone(),
            region: place.region.clone(),
            found,
            context: ContextPairs::new(),
            via: None,
            is_by_ciphertext: false,
        }
    }

    /// With the encryption context that the request gives.
    #[must_use]
    pub(crate) fn with_context(self, context: ContextPairs) -> Self {
        Self { context, ..self }
    }

    /// As a service asks for it on behalf of the caller.
    #[must_use]
    pub(crate) fn via(self, service: ViaService) -> Self {
        Self { via: Some(service), ..self }
    }

    /// As a ciphertext alone names it.
    #[must_use]
    pub(crate) fn by_ciphertext(self) -> Self {
        Self { is_by_ciphertext: true, ..self }
    }

    /// The key, or AWS's answer that there is none. Messages recorded.
    pub(crate) fn found(&self) -> Result<&Arc<Stored<Key>>, ApiError> {
        self.found.as_ref().ok_or_else(|| {
            if self.is_by_ciphertext {
                return ApiError::new(ErrorCode::AccessDenied, NOT_BY_CIPHERTEXT);
            }
            let message = match &self.name.part {
                NamePart::Id(_) => format!("Key '{}' does not exist", self.arn_text()),
                NamePart::Alias(_) => format!("Alias {} is not found.", self.arn_text()),
            };
            ApiError::new(ErrorCode::NotFound, message)
        })
    }

    /// The key's ARN; if it is not there, the ARN that it would have.
    pub(crate) fn arn_text(&self) -> String {
        match (&self.found, &self.name.part) {
            (Some(found), _) => found.value.arn(&self.account, &self.region),
            (None, _) => self.named_arn(),
        }
    }

    /// The ARN of what the caller wrote.
    fn named_arn(&self) -> String {
        match &self.name.part {
            NamePart::Id(id) => key_arn(&self.account, &self.region, id),
            NamePart::Alias(alias) => alias_arn(&self.account, &self.region, alias),
        }
    }

    /// The account that owns the key.
    pub(crate) fn owner(&self) -> &AccountId {
        &self.account
    }

    /// The region that it is in.
    pub(crate) fn region(&self) -> &Region {
        &self.region
    }

    /// The encryption context that the request gives.
    pub(crate) fn context(&self) -> EncryptionContext<'_> {
        let pairs = self.context.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        EncryptionContext::from_pairs(pairs)
    }

    /// Changes the key: the pure part of an operation on one key.
    pub(crate) fn changed(
        &self,
        cx: &Cx<'_>,
        change: impl FnOnce(&mut Key) -> Result<(), ApiError>,
    ) -> Result<Vec<Write>, ApiError> {
        let stored = self.found()?;
        let mut key = stored.value.clone();
        change(&mut key)?;
        let expect = Expect::At(stored.revision);
        Ok(vec![cx.house.records.put(cx.entropy(), stored.key.clone(), &key, expect)?])
    }

    /// Condition keys on the encryption context. Keys of a context have a case, condition keys have none: where two of
    /// a context differ in case alone, both are meant.
    fn context_condition(&self, key: &str) -> Values<'_> {
        if key == "kms:encryptioncontextkeys" {
            let keys: Vec<_> = self.context.keys().map(|key| key.as_str().into()).collect();
            return (!keys.is_empty()).then_some(keys);
        }
        let wanted = key.strip_prefix("kms:encryptioncontext:")?;
        let is_it = |(key, _): &(&String, &String)| key.eq_ignore_ascii_case(wanted);
        let values: Vec<_> =
            self.context.iter().filter(is_it).map(|(_, value)| value.as_str().into()).collect();
        (!values.is_empty()).then_some(values)
    }
}

/// The key that an alias names. One of the server's own is made when it is first asked for.
async fn behind_alias(
    house: &House,
    Place { account, region }: Place<'_>,
    alias: &str,
    may_make: bool,
) -> Result<Option<String>, ApiError> {
    let key = record_key(account, region, alias);
    if let Some(found) = house.records.get::<Alias>(&key).await? {
        return Ok(Some(found.value.key_id.clone()));
    }
    if !is_managed_alias(alias) || !may_make {
        return Ok(None);
    }
    make_managed_key(house, account, region, alias).await?;
    let found = house.records.get::<Alias>(&key).await?;
    Ok(found.map(|found| found.value.key_id.clone()))
}

/// KMS's one answer on a ciphertext whose key may not be used or is not there. Recorded.
const NOT_BY_CIPHERTEXT: &str = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.";

impl Resource for KeyTarget {
    fn account<'a>(&'a self, _cx: &'a Cx<'_>) -> &'a AccountId {
        &self.account
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        self.arn_text()
    }

    fn named(&self, _cx: &Cx<'_>) -> String {
        self.named_arn()
    }

    /// The sort of policy that refuses would tell that the key is there.
    fn tells_reason(&self) -> bool {
        false
    }

    fn refusal(&self) -> Option<&'static str> {
        self.is_by_ciphertext.then_some(NOT_BY_CIPHERTEXT)
    }

    fn condition<'a>(&'a self, cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        match key {
            "kms:calleraccount" => return one(cx.account().as_str()),
            "kms:viaservice" => {
                let host = |service| format!("{service}.{}.amazonaws.com", self.region);
                return some(self.via.map(host));
            }
            "kms:requestalias" => {
                return match &self.name.part {
                    NamePart::Alias(alias) => one(alias.as_str()),
                    NamePart::Id(_) => None,
                };
            }
            _ if key.starts_with("kms:encryptioncontext") => return self.context_condition(key),
            _ => {}
        }
        let held = &self.found.as_ref()?.value;
        match key {
            "kms:keyspec" | "kms:customermasterkeyspec" => one(held.spec.as_str()),
            "kms:keyusage" | "kms:customermasterkeyusage" => one(held.usage.as_str()),
            "kms:keyorigin" => one(held.origin.as_str()),
            "kms:multiregion" => flag(held.multi_region.is_some()),
            "kms:multiregionkeytype" => some(
                held.multi_region
                    .as_ref()
                    .map(|set| if set.primary == self.region { "PRIMARY" } else { "REPLICA" }),
            ),
            "kms:resourcealiases" => {
                let aliases: Vec<_> =
                    held.aliases.iter().map(|alias| alias.as_str().into()).collect();
                (!aliases.is_empty()).then_some(aliases)
            }
            _ => tag_value(&held.tags, key, "aws:resourcetag/"),
        }
    }

    /// A key's policy must allow, or leave it to the account. KMS developer guide, "Key policies in AWS KMS".
    fn policy(&self) -> Option<OwnPolicy> {
        let held = &self.found.as_ref()?.value;
        let policy = match held.manager {
            KeyManager::Aws => managed_policy(&self.account, &self.region),
            KeyManager::Customer => {
                Arc::clone(held.bound_policy.policy("key policy", PolicyKind::Resource))
            }
        };
        Some(OwnPolicy { policy, rule: ResourceRule::Required })
    }

    async fn is_granted(&self, cx: &Cx<'_>, action: &str) -> Result<bool, ApiError> {
        let (Some(found), Some(operation)) = (&self.found, action.strip_prefix("kms:")) else {
            return Ok(false);
        };
        let allows = |grant: &Grant| grant.permission.allows(operation, &self.context);
        is_granted(cx, (self, &found.key), action, &allows).await
    }

    fn via_service(&self) -> Option<&'static str> {
        self.via
    }

    fn event_type(&self) -> Option<&'static str> {
        self.found.as_ref().map(|_| "AWS::KMS::Key")
    }
}
