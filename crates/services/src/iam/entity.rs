//! What users, groups and roles have in common: a name, a path, an id, policies.

use crate::error::{ApiError, ErrorCode};
use crate::policy_text::PolicyText;
use crate::records::{RecordType, Records, Stored};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use strongroom_store::{Index, Term};
use strongroom_types::{AccountId, Entropy, Tag, Timestamp};

/// Users, groups and roles by the ARN of a policy that is attached to them.
pub(crate) const BY_ATTACHED: Index = Index { id: 34, name: "identities by attached policy" };
/// Users and roles by the ARN of their permissions boundary.
pub(crate) const BY_BOUNDARY: Index = Index { id: 35, name: "identities by boundary" };

/// The part of a record that says who somebody or something in IAM is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Naming {
    /// The account.
    pub account: AccountId,
    /// The name, as it was given when it was made. Unique in its account whatever the case.
    pub name: String,
    /// `/`, or `/a/b/`.
    pub path: String,
    /// The unique id: `AIDA…`, `AGPA…`, `AROA…`.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
}

impl Naming {
    /// A new one, with a fresh id.
    pub fn new(
        account: &AccountId,
        name: &str,
        path: &str,
        prefix: &str,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Self {
        Self {
            account: account.clone(),
            name: name.to_owned(),
            path: path.to_owned(),
            id: unique_id(prefix, entropy),
            created: now,
        }
    }

    /// `arn:aws:iam::ACCOUNT:KIND/path/name`.
    pub fn arn(&self, kind: &str) -> String {
        format!("arn:aws:iam::{}:{kind}{}{}", self.account, self.path, self.name)
    }
}

/// Four letters and seventeen characters of base 32. IAM user guide, "Unique identifiers".
pub(crate) fn unique_id(prefix: &str, entropy: &dyn Entropy) -> String {
    let mut id = prefix.to_owned();
    id.extend((0..17).map(|_| char::from(entropy.choose(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))));
    id
}

/// The policies of a user, group or role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPolicies {
    /// Inline policies by name.
    pub inline: BTreeMap<String, PolicyText>,
    /// ARNs of attached managed policies, in the order in which they came.
    pub attached: Vec<String>,
    /// ARN of the permissions boundary.
    pub boundary: Option<String>,
}

/// A user, group or role.
pub trait Entity: RecordType + Clone + std::fmt::Debug {
    /// AWS's noun for it in messages, ARNs and condition keys.
    const NOUN: &'static str;

    /// Who it is.
    fn naming(&self) -> &Naming;

    /// What it may do.
    fn held(&self) -> &HeldPolicies;

    /// What it may do, to be changed.
    fn held_mut(&mut self) -> &mut HeldPolicies;

    /// Its tags; groups have none.
    fn tags(&self) -> &[Tag];

    /// Its ARN.
    fn arn(&self) -> String {
        self.naming().arn(Self::NOUN)
    }

    /// Index terms that all of them have: by name, by attached policy, by boundary.
    fn entity_terms(&self, by_name: Index) -> Vec<Term> {
        let naming = self.naming();
        let of_policy = |index, arn: &String| Term {
            index,
            term: policy_term(&naming.account, arn, Self::NOUN),
        };
        let mut terms =
            vec![Term { index: by_name, term: entity_key(&naming.account, &naming.name) }];
        terms.extend(self.held().attached.iter().map(|arn| of_policy(BY_ATTACHED, arn)));
        terms.extend(self.held().boundary.iter().map(|arn| of_policy(BY_BOUNDARY, arn)));
        terms
    }
}

/// The term under which an account's identities of a kind are found that a policy is attached to. AWS's own policies
/// stand in every account, so the ARN alone does not say whose identities they are.
pub(crate) fn policy_term(account: &AccountId, arn: &str, noun: &str) -> Vec<u8> {
    [&policy_prefix(account, arn), noun.as_bytes(), &[0]].concat()
}

/// What the terms of all kinds of identity start with.
pub(crate) fn policy_prefix(account: &AccountId, arn: &str) -> Vec<u8> {
    [account.as_str().as_bytes(), arn.as_bytes(), &[0]].concat()
}

/// The record key of anything named in IAM: the account and the name in lower case.
pub(crate) fn entity_key(account: &AccountId, name: &str) -> Vec<u8> {
    [account.as_str().as_bytes(), name.to_ascii_lowercase().as_bytes()].concat()
}

/// The record, if there is one.
pub(crate) async fn find<T: RecordType>(
    records: &Records,
    account: &AccountId,
    name: &str,
) -> Result<Option<Arc<Stored<T>>>, ApiError> {
    Ok(records.get::<T>(&entity_key(account, name)).await?)
}

/// `NoSuchEntity`, in AWS's words.
pub(crate) fn no_such(noun: &str, name: &str) -> ApiError {
    ApiError::new(ErrorCode::NoSuchEntity, format!("The {noun} with name {name} cannot be found."))
}

/// Refuses to delete what still has policies. AWS's order: inline ones are told first.
pub(crate) fn no_policies_left<E: Entity>(entity: &E) -> Result<(), ApiError> {
    let conflict = |message| Err(ApiError::new(ErrorCode::DeleteConflict, message));
    if !entity.held().inline.is_empty() {
        return conflict("Cannot delete entity, must delete policies first.");
    }
    if !entity.held().attached.is_empty() {
        return conflict("Cannot delete entity, must detach all policies first.");
    }
    Ok(())
}
