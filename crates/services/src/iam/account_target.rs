//! The caller's account as something that can be changed.

use crate::accounts::{self, Account};
use crate::authz::Resource;
use crate::error::ApiError;
use crate::operation::Cx;
use crate::records::Stored;
use std::sync::Arc;
use strongroom_store::{Expect, Write};
use strongroom_types::AccountId;
use strongroom_wire::Constraints;

/// The caller's account.
#[derive(Debug)]
pub struct AccountTarget {
    stored: Arc<Stored<Account>>,
}

impl AccountTarget {
    /// Reads its record.
    pub(super) async fn load(cx: &Cx<'_>) -> Result<Self, ApiError> {
        let stored = accounts::find(&cx.house.records, cx.account()).await?;
        let missing = || ApiError::internal("the caller's account is not there");
        Ok(Self { stored: stored.ok_or_else(missing)? })
    }

    /// Its record.
    pub(super) fn account_record(&self) -> &Account {
        &self.stored.value
    }

    /// The write that puts it changed in place of what was read.
    pub(super) fn put(&self, cx: &Cx<'_>, changed: &Account) -> Result<Write, ApiError> {
        let (key, expect) = (self.stored.key.clone(), Expect::At(self.stored.revision));
        cx.house.records.put(cx.entropy(), key, changed, expect)
    }
}

impl Resource for AccountTarget {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        cx.account()
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        "*".to_owned()
    }
}

/// Checks an alias. Model: `accountAliasType`.
pub(super) fn check_alias(check: &mut Constraints, alias: Option<&str>) {
    check.required_length("accountAlias", alias, 3..=63);
    check.pattern("accountAlias", alias, "^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", is_alias);
}

fn is_alias(alias: &str) -> bool {
    let is_made_of = alias
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    is_made_of && !alias.starts_with('-') && !alias.ends_with('-') && !alias.contains("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_those_of_the_model() {
        for good in ["abc", "a-b", "my-team-2"] {
            assert!(is_alias(good), "{good}");
        }
        for bad in ["-ab", "ab-", "a--b", "Abc", "a_b", "a.b"] {
            assert!(!is_alias(bad), "{bad}");
        }
    }
}
