//! The alias that a request is about, and the keys behind it.
//!
//! INVARIANT(alias-in-key): an alias stands in its own record and in its key's, and both change in one commit. Whoever holds
//! a key's record unchanged therefore knows all of its aliases.

use crate::authz::{Grant, Resource, authorize};
use crate::conditions::{NothingAsked, Values, one};
use crate::error::{ApiError, ErrorCode};
use crate::kms::alias::Alias;
use crate::kms::arn::{ALIAS_PREFIX, KeyName, NamePart, alias_arn};
use crate::kms::key::Key;
use crate::kms::own_key::refuse_other_account;
use crate::kms::target::{KeyTarget, record_key};
use crate::operation::{Cx, Spec};
use crate::records::Stored;
use std::sync::Arc;
use strongroom_store::{Change, Expect, Write};
use strongroom_types::{AccountId, Region};
use strongroom_wire::Constraints;

/// Longest name of an alias, with its prefix. Model: `AliasNameType`.
const ALIAS_CHARS_MAX: usize = 256;
/// Aliases of one key. KMS developer guide, "Resource quotas".
const ALIASES_PER_KEY_MAX: usize = 50;

/// Checks a required `AliasName`. Model: `AliasNameType`.
pub(super) fn check_alias(check: &mut Constraints, alias: Option<&str>) {
    check.required_length("aliasName", alias, 1..=ALIAS_CHARS_MAX);
    check.pattern("aliasName", alias, "^[a-zA-Z0-9:/_-]+$", |text| {
        !text.is_empty() && text.chars().all(|c| is_of_name(c) || c == ':')
    });
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-')
}

/// The alias that a request names. AWS: the model allows a colon, the service does not. Messages recorded.
pub(super) fn parse_alias(alias: Option<String>) -> Result<String, ApiError> {
    let alias = alias.unwrap_or_default();
    let Some(name) = alias.strip_prefix(ALIAS_PREFIX) else {
        return Err(ApiError::validation(
            "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ));
    };
    if name.is_empty() || !name.chars().all(is_of_name) {
        let message = format!("{alias} contains invalid characters for an alias");
        return Err(ApiError::validation(message));
    }
    Ok(alias)
}

/// What was found under an `AliasName`, in the caller's account and region.
#[derive(Debug)]
pub struct AliasTarget {
    name: String,
    account: AccountId,
    region: Region,
    found: Option<Arc<Stored<Alias>>>,
}

impl AliasTarget {
    /// Looks the alias up.
    pub(super) async fn load(cx: &Cx<'_>, name: &str) -> Result<Self, ApiError> {
        let (account, region) = (cx.account().clone(), cx.region().clone());
        let found = cx.house.records.get(&record_key(&account, &region, name)).await?;
        Ok(Self { name: name.to_owned(), account, region, found })
    }

    /// The alias, or AWS's answer that there is none. Message recorded.
    pub(super) fn found(&self) -> Result<&Arc<Stored<Alias>>, ApiError> {
        self.found.as_ref().ok_or_else(|| {
            let message = format!("Alias {} is not found.", self.arn_text());
            ApiError::new(ErrorCode::NotFound, message)
        })
    }

    /// Refuses an alias that is there already. Message recorded.
    pub(super) fn is_free(&self) -> Result<(), ApiError> {
        if self.found.is_none() {
            return Ok(());
        }
        let message = format!("An alias with the name {} already exists", self.arn_text());
        Err(ApiError::new(ErrorCode::AlreadyExists, message))
    }

    /// The key that the alias names now, if the caller may do this to it.
    pub(super) async fn current_key(
        &self,
        cx: &Cx<'_>,
        operation: &Spec,
    ) -> Result<Grant<KeyTarget>, ApiError> {
        let name = KeyName::of_id(&*self.found()?.value.key_id);
        let key = KeyTarget::load(cx, &name).await?;
        authorize(cx, &operation.action(), &NothingAsked, key).await
    }

    /// The alias's record, put.
    pub(super) fn put(&self, cx: &Cx<'_>, alias: &Alias) -> Result<Write, ApiError> {
        let expect = self.found.as_ref().map_or(Expect::Absent, |held| Expect::At(held.revision));
        cx.house.records.put(cx.entropy(), self.record_key(), alias, expect)
    }

    /// The alias's record, gone.
    pub(super) fn delete(&self) -> Result<Write, ApiError> {
        let expect = Expect::At(self.found()?.revision);
        Ok(alias_gone(self.record_key(), expect))
    }

    fn record_key(&self) -> Vec<u8> {
        record_key(&self.account, &self.region, &self.name)
    }

    fn arn_text(&self) -> String {
        alias_arn(&self.account, &self.region, &self.name)
    }
}

/// The deletion of an alias's record.
pub(super) fn alias_gone(key: Vec<u8>, expect: Expect) -> Write {
    Write { kind: crate::kms::alias::KMS_ALIAS, key, expect, change: Change::Delete }
}

/// The key that an alias is to name, if the caller may do this to it. Message inferred.
pub(super) async fn wanted_key(
    cx: &Cx<'_>,
    key_id: &str,
    operation: &Spec,
) -> Result<Grant<KeyTarget>, ApiError> {
    let name = KeyName::parse(key_id, cx.region())?;
    if let NamePart::Alias(_) = name.part {
        return Err(ApiError::validation("Aliases must refer to keys. Not aliases"));
    }
    refuse_other_account(cx, &name, operation)?;
    let key = KeyTarget::load(cx, &name).await?;
    authorize(cx, &operation.action(), &NothingAsked, key).await
}

/// Gives a key one alias more. Message recorded.
pub(super) fn add_alias(key: &mut Key, alias: &str) -> Result<(), ApiError> {
    let held = key.aliases.len();
    if held >= ALIASES_PER_KEY_MAX {
        return Err(ApiError::limit_exceeded(format!(
            "Aliases per key quota for this account in this region is {ALIASES_PER_KEY_MAX}, current usage is {held}."
        )));
    }
    key.aliases.push(alias.to_owned());
    Ok(())
}

/// Takes an alias from a key.
pub(super) fn remove_alias(key: &mut Key, alias: &str) {
    key.aliases.retain(|held| held != alias);
}

impl Resource for AliasTarget {
    fn account<'a>(&'a self, _cx: &'a Cx<'_>) -> &'a AccountId {
        &self.account
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        self.arn_text()
    }

    fn condition<'a>(&'a self, cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        if key == "kms:calleraccount" { one(cx.account().as_str()) } else { None }
    }

    fn event_type(&self) -> Option<&'static str> {
        Some("AWS::KMS::Alias")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::key::About;
    use strongroom_types::Timestamp;

    #[test]
    fn an_alias_has_its_prefix_and_no_colon() {
        // Messages recorded, that of a colon in terraform-provider-aws#12891.
        assert_eq!(parse_alias(Some("alias/a/B_9-".to_owned())).unwrap(), "alias/a/B_9-");
        let error = |text: &str| parse_alias(Some(text.to_owned())).unwrap_err().message;
        assert!(error("a").starts_with("Alias must start with the prefix \"alias/\"."));
        assert_eq!(error("alias/A:b"), "alias/A:b contains invalid characters for an alias");
        assert_eq!(error("alias/"), "alias/ contains invalid characters for an alias");
    }

    #[test]
    fn an_alias_has_at_most_256_characters_of_the_models() {
        let is_good = |alias: Option<&str>| {
            let mut check = Constraints::new();
            check_alias(&mut check, alias);
            check.finish().is_ok()
        };
        assert!(is_good(Some(&"a".repeat(256))) && is_good(Some("alias/a:b")));
        assert!(!is_good(Some(&"a".repeat(257))) && !is_good(Some("")) && !is_good(None));
        assert!(!is_good(Some("alias/a.b")) && !is_good(Some("alias/é")));
    }

    #[test]
    fn a_key_has_at_most_fifty_aliases() {
        let about = About::managed("k".to_owned(), Timestamp::from_millis(0));
        let mut key = Key::new(about, Vec::new());
        for place in 0..50 {
            add_alias(&mut key, &format!("alias/{place}")).unwrap();
        }
        let error = add_alias(&mut key, "alias/more").unwrap_err();
        assert_eq!(error.code, ErrorCode::LimitExceeded);
        remove_alias(&mut key, "alias/7");
        add_alias(&mut key, "alias/more").unwrap();
        assert_eq!(key.aliases.len(), 50);
    }
}
