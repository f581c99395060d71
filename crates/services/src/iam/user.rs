//! The user.

use crate::iam::entity::{Entity, HeldPolicies, Naming};
use crate::iam::unique_id::{USERS_BY_ID, id_term};
use crate::identity::AccessKeyStatus;
use crate::records::{RecordType, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use strongroom_store::{Index, Kind, StoreError, Term};
use strongroom_types::{AccountId, Tag, Timestamp};
use zeroize::Zeroizing;

/// The kind of record that holds a user. Its key is [`entity_key`].
pub(crate) const USER: Kind = Kind { id: 30, name: "IAM user" };
/// Users by account and name.
pub(crate) const USERS: Index = Index { id: 30, name: "users by name" };
/// Users by the group that they are in.
pub(crate) const BY_GROUP: Index = Index { id: 36, name: "users by group" };

/// An access key, as its user's record knows it; the secret is in a record of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldKey {
    /// `AKIA…`
    pub id: String,
    /// Whether it signs.
    pub status: AccessKeyStatus,
    /// When it was made.
    pub created: Timestamp,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Who it is.
    pub naming: Naming,
    /// What it may do.
    pub held: HeldPolicies,
    /// Unique ids of the groups it is in: a group may be renamed.
    pub groups: Vec<String>,
    /// Its access keys: two at most.
    pub keys: Vec<HeldKey>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

impl User {
    /// A user without anything.
    pub fn new(naming: Naming) -> Self {
        let held = HeldPolicies::default();
        Self { naming, held, groups: Vec::new(), keys: Vec::new(), tags: Vec::new() }
    }
}

/// The term under which the users of a group are found, by the group's unique id.
pub(crate) fn group_term(account: &AccountId, group_id: &str) -> Vec<u8> {
    [account.as_str().as_bytes(), group_id.as_bytes(), &[0]].concat()
}

impl Entity for User {
    const NOUN: &'static str = "user";

    fn naming(&self) -> &Naming {
        &self.naming
    }

    fn held(&self) -> &HeldPolicies {
        &self.held
    }

    fn held_mut(&mut self) -> &mut HeldPolicies {
        &mut self.held
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

impl RecordType for User {
    const KIND: Kind = USER;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, _key: &[u8]) -> Vec<Term> {
        let mut terms = self.entity_terms(USERS);
        let in_group = |group: &String| Term {
            index: BY_GROUP,
            term: group_term(&self.naming.account, group),
        };
        terms.extend(self.groups.iter().map(in_group));
        terms.push(id_term(USERS_BY_ID, self));
        terms
    }
}
