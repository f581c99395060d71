//! The user, group or role that a request is about, before it may be known whether it exists.

use crate::authz::Resource;
use crate::conditions::{Values, one, some, tag_value};
use crate::error::{ApiError, ErrorCode};
use crate::iam::entity::{Entity, find, no_such};
use crate::operation::Cx;
use crate::records::Stored;
use std::sync::Arc;
use strongroom_store::{Change, Expect, Write};
use strongroom_types::AccountId;

/// A user, group or role by its name.
#[derive(Debug)]
pub struct Target<E> {
    account: AccountId,
    name: String,
    found: Option<Arc<Stored<E>>>,
}

impl<E: Entity> Target<E> {
    /// Looks it up in the caller's account.
    pub async fn load(cx: &Cx<'_>, name: &str) -> Result<Self, ApiError> {
        Self::load_in(cx, cx.account(), name).await
    }

    /// Looks it up in an account.
    pub async fn load_in(cx: &Cx<'_>, account: &AccountId, name: &str) -> Result<Self, ApiError> {
        let found = find::<E>(&cx.house.records, account, name).await?;
        Ok(Self { account: account.clone(), name: name.to_owned(), found })
    }

    /// It, or `NoSuchEntity`.
    pub fn found(&self) -> Result<&Arc<Stored<E>>, ApiError> {
        self.found.as_ref().ok_or_else(|| no_such(E::NOUN, &self.name))
    }

    /// It, if it is there.
    pub fn maybe(&self) -> Option<&Arc<Stored<E>>> {
        self.found.as_ref()
    }

    /// The write that puts its changed record in place of the one that was read.
    pub fn put(&self, cx: &Cx<'_>, changed: &E) -> Result<Write, ApiError> {
        let stored = self.found()?;
        let expect = Expect::At(stored.revision);
        cx.house.records.put(cx.entropy(), stored.key.clone(), changed, expect)
    }

    /// The write that removes it.
    pub fn delete(&self) -> Result<Write, ApiError> {
        let stored = self.found()?;
        Ok(Write {
            kind: E::KIND,
            key: stored.key.clone(),
            expect: Expect::At(stored.revision),
            change: Change::Delete,
        })
    }

    /// The write that changes nothing and does not go through if it is not there any more, or not the same.
    pub fn still_there(&self) -> Result<Write, ApiError> {
        Ok(Write { change: Change::Check, ..self.delete()? })
    }

    /// Changes it: the pure part of an operation on one identity.
    pub fn changed(
        &self,
        cx: &Cx<'_>,
        change: impl FnOnce(&mut E) -> Result<(), ApiError>,
    ) -> Result<(E, Vec<Write>), ApiError> {
        let stored = self.found()?;
        let mut entity = stored.value.clone();
        change(&mut entity)?;
        let write = self.put(cx, &entity)?;
        Ok((entity, vec![write]))
    }
}

impl<E: Entity> Resource for Target<E> {
    fn account<'a>(&'a self, _cx: &'a Cx<'_>) -> &'a AccountId {
        &self.account
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        self.found.as_ref().map_or_else(
            || format!("arn:aws:iam::{}:{}/{}", self.account, E::NOUN, self.name),
            |found| found.value.arn(),
        )
    }

    /// AWS: `user bob`, whatever its path.
    fn named(&self, _cx: &Cx<'_>) -> String {
        format!("{} {}", E::NOUN, self.name)
    }

    fn condition<'a>(&'a self, _cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        let entity = &self.found.as_ref()?.value;
        match key {
            "iam:permissionsboundary" => some(entity.held().boundary.as_deref()),
            _ => tag_value(entity.tags(), key, "aws:resourcetag/")
                .or_else(|| tag_value(entity.tags(), key, "iam:resourcetag/")),
        }
    }
}

/// A name that is to be taken, and what has it already.
#[derive(Debug)]
pub struct NewName<E> {
    /// The ARN that it will have.
    pub arn: String,
    /// What has the name, whatever its case.
    pub taken: Option<Arc<Stored<E>>>,
}

impl<E: Entity> NewName<E> {
    /// Looks whether the name is taken in the caller's account.
    pub async fn load(cx: &Cx<'_>, path: &str, name: &str) -> Result<Self, ApiError> {
        let taken = find::<E>(&cx.house.records, cx.account(), name).await?;
        Ok(Self { arn: format!("arn:aws:iam::{}:{}{path}{name}", cx.account(), E::NOUN), taken })
    }
}

impl<E: Entity> Resource for NewName<E> {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        cx.account()
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        self.arn.clone()
    }
}

/// A resource of IAM that has no tags and no policy of its own, by the ARN that it has or would have.
#[derive(Debug)]
pub struct ByArn<T> {
    /// The ARN.
    pub arn: String,
    /// What is there.
    pub found: T,
}

impl<T: Sync> Resource for ByArn<T> {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        cx.account()
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        self.arn.clone()
    }
}

/// `DeleteConflict`.
pub(super) fn delete_conflict(message: &'static str) -> ApiError {
    ApiError::new(ErrorCode::DeleteConflict, message)
}

/// `iam:PolicyARN`, of operations that attach or detach.
pub(super) fn policy_arn_condition<'a>(arn: &'a str, key: &str) -> Values<'a> {
    if key == "iam:policyarn" { one(arn) } else { None }
}
