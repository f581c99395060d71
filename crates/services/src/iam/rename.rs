//! New names and paths of users and groups.
//!
//! AWS: permission is needed on what it is called now and on what it is to be called. IAM API reference, `UpdateUser`,
//! `UpdateGroup`.

use crate::authz::authorize;
use crate::conditions::NothingAsked;
use crate::error::{ApiError, ErrorCode};
use crate::iam::entity::{Entity, Naming, entity_key};
use crate::iam::members::{parse_name, parse_path};
use crate::iam::target::{NewName, Target};
use crate::operation::Cx;
use strongroom_store::{Expect, Write};

/// What is to change.
#[derive(Debug)]
pub(super) struct Rename {
    name: Option<String>,
    path: Option<String>,
}

impl Rename {
    /// Of members that were checked for their length.
    pub(super) fn parse(
        member: &str,
        name: Option<String>,
        path: Option<String>,
    ) -> Result<Self, ApiError> {
        let name = name.map(|name| parse_name(member, Some(name))).transpose()?;
        let path = path.map(|path| parse_path(Some(path))).transpose()?;
        Ok(Self { name, path })
    }

    /// The name and path that something will have.
    fn applied(&self, naming: &Naming) -> Naming {
        let mut changed = naming.clone();
        changed.name = self.name.clone().unwrap_or(changed.name);
        changed.path = self.path.clone().unwrap_or(changed.path);
        changed
    }

    /// The changed record, and the writes that put it in its place. AWS: its own name is as good as none.
    pub(super) async fn apply<E: Entity>(
        &self,
        cx: &Cx<'_>,
        action: &str,
        target: &Target<E>,
        naming_of: impl FnOnce(&mut E) -> &mut Naming,
    ) -> Result<(E, Vec<Write>), ApiError> {
        let stored = target.found()?;
        let naming = self.applied(stored.value.naming());
        let mut changed = stored.value.clone();
        *naming_of(&mut changed) = naming.clone();
        if naming == *stored.value.naming() {
            return Ok((changed, Vec::new()));
        }
        let wanted = NewName::<E>::load(cx, &naming.path, &naming.name).await?;
        let wanted = authorize(cx, action, &NothingAsked, wanted).await?;
        let key = entity_key(cx.account(), &naming.name);
        if key == stored.key {
            let write = target.put(cx, &changed)?;
            return Ok((changed, vec![write]));
        }
        if wanted.taken.is_some() {
            return Err(already_exists::<E>(&naming.name));
        }
        let moved = cx.house.records.put(cx.entropy(), key, &changed, Expect::Absent)?;
        Ok((changed, vec![target.delete()?, moved]))
    }
}

/// `EntityAlreadyExists`, in AWS's words.
pub(super) fn already_exists<E: Entity>(name: &str) -> ApiError {
    let message = format!("{} with name {name} already exists.", capitalised(E::NOUN));
    ApiError::new(ErrorCode::EntityAlreadyExists, message)
}

/// A word at the beginning of a sentence.
pub(super) fn capitalised(noun: &str) -> String {
    let mut letters = noun.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
