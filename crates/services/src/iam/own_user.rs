//! The user that a request names, or, when it names none, the one who signed it.

use crate::accounts::{self, Account};
use crate::authz::Resource;
use crate::conditions::Values;
use crate::error::ApiError;
use crate::iam::entity::Naming;
use crate::iam::members::parse_name;
use crate::iam::target::Target;
use crate::iam::user::{HeldKey, User};
use crate::identity::{KeyOwner, PrincipalKind};
use crate::operation::Cx;
use crate::records::Stored;
use std::sync::Arc;
use strongroom_store::{Expect, Write};
use strongroom_types::{AccountId, limits};
use strongroom_wire::Constraints;

/// A user, or the root that asks about itself.
#[derive(Debug)]
pub enum OwnUser {
    /// A user.
    Named(Target<User>),
    /// The account itself.
    Root(Arc<Stored<Account>>),
}

/// Checks the length of a name that may be left out. Model: `existingUserNameType`.
pub(super) fn check_own_name(check: &mut Constraints, name: Option<&str>) {
    check.length("userName", name, 1..=limits::IAM_NAME_CHARS_MAX);
}

/// The name, if one is given.
pub(super) fn parse_own_name(name: Option<String>) -> Result<Option<String>, ApiError> {
    name.map(|name| parse_name("userName", Some(name))).transpose()
}

impl OwnUser {
    /// Looks the user up. AWS: whoever is neither user nor root must name one.
    pub async fn load(cx: &Cx<'_>, name: Option<&str>) -> Result<Self, ApiError> {
        let name = match (name, &cx.caller.principal().kind) {
            (Some(name), _) => name,
            (None, PrincipalKind::User { name }) => name,
            (None, PrincipalKind::Root) => return Self::root(cx).await,
            (None, _) => {
                return Err(ApiError::validation(
                    "Must specify userName when calling with non-User credentials",
                ));
            }
        };
        Ok(Self::Named(Target::load(cx, name).await?))
    }

    /// The root of the caller's account.
    pub async fn root(cx: &Cx<'_>) -> Result<Self, ApiError> {
        let account = accounts::find(&cx.house.records, cx.account()).await?;
        let missing = || ApiError::internal("the caller's account is not there");
        Ok(Self::Root(account.ok_or_else(missing)?))
    }

    /// Its access keys.
    pub fn keys(&self) -> Result<&[HeldKey], ApiError> {
        Ok(match self {
            Self::Named(target) => &target.found()?.value.keys,
            Self::Root(account) => &account.value.root_keys,
        })
    }

    /// The name that answers give it; the root has none.
    pub fn name(&self) -> Result<&str, ApiError> {
        Ok(match self {
            Self::Named(target) => &target.found()?.value.naming.name,
            Self::Root(_) => "root",
        })
    }

    /// As the owner of an access key.
    pub fn owner(&self) -> Result<KeyOwner, ApiError> {
        Ok(match self {
            Self::Named(target) => {
                let Naming { account, id, name, .. } = &target.found()?.value.naming;
                KeyOwner::User { account: account.clone(), id: id.clone(), name: name.clone() }
            }
            Self::Root(account) => KeyOwner::Root { account: account.value.id.clone() },
        })
    }

    /// The write that changes its list of access keys.
    pub fn change_keys(
        &self,
        cx: &Cx<'_>,
        change: impl FnOnce(&mut Vec<HeldKey>),
    ) -> Result<Write, ApiError> {
        match self {
            Self::Named(target) => {
                let mut user = target.found()?.value.clone();
                change(&mut user.keys);
                target.put(cx, &user)
            }
            Self::Root(stored) => {
                let mut account = stored.value.clone();
                change(&mut account.root_keys);
                let (key, expect) = (stored.key.clone(), Expect::At(stored.revision));
                cx.house.records.put(cx.entropy(), key, &account, expect)
            }
        }
    }
}

impl Resource for OwnUser {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        match self {
            Self::Named(target) => target.account(cx),
            Self::Root(_) => cx.account(),
        }
    }

    fn arn(&self, cx: &Cx<'_>) -> String {
        match self {
            Self::Named(target) => target.arn(cx),
            Self::Root(_) => format!("arn:aws:iam::{}:root", cx.account()),
        }
    }

    fn named(&self, cx: &Cx<'_>) -> String {
        match self {
            Self::Named(target) => target.named(cx),
            Self::Root(_) => "root".to_owned(),
        }
    }

    fn condition<'a>(&'a self, cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        match self {
            Self::Named(target) => target.condition(cx, key),
            Self::Root(_) => None,
        }
    }
}
