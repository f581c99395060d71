//! The grant: what a principal may do with a key besides what policies say. KMS developer guide, "Grants in AWS KMS".
//!
//! `grant_use.rs` decides by grants, `grant_party.rs` reads whom they are for, `grant_token.rs` makes and reads tokens,
//! `grant_count.rs` keeps how many a key has.

use crate::error::ApiError;
use crate::house::House;
use crate::kms::grant_count::GrantCount;
use crate::kms::grant_party::Party;
use crate::kms::key::{KMS_KEY, Key};
use crate::kms::target::{ContextPairs, record_key};
use crate::operation::Cx;
use crate::records::{RecordType, Stored, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use strongroom_store::{
    Batch, Change, Direction, Expect, Index, Kind, PageQuery, StoreError, Term, Write,
};
use strongroom_types::{AccountId, Region, Timestamp};
use zeroize::Zeroizing;

/// The kind of record that holds a grant. Its key is [`grant_key`].
pub(crate) const KMS_GRANT: Kind = Kind { id: 12, name: "KMS grant" };
/// Grants of a key by id.
pub(crate) const GRANTS: Index = Index { id: 14, name: "KMS grants by key" };
/// Grants of a key by whom they are for.
pub(crate) const GRANTS_BY_GRANTEE: Index = Index { id: 15, name: "KMS grants by grantee" };
/// Grants by who may retire them.
pub(crate) const GRANTS_BY_RETIRING: Index =
    Index { id: 16, name: "KMS grants by retiring principal" };

/// A condition of a grant on the encryption context. KMS API reference, `GrantConstraints`: values have a case, keys have
/// none, as in condition keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ContextConstraint {
    /// The request's context is this one.
    Equals(ContextPairs),
    /// The request's context has all of these pairs.
    Subset(ContextPairs),
}

impl ContextConstraint {
    /// Whether a request with this context meets it.
    pub(crate) fn is_met(&self, context: &ContextPairs) -> bool {
        match self {
            Self::Equals(wanted) => {
                wanted.len() == context.len()
                    && has_all(context, wanted)
                    && has_all(wanted, context)
            }
            Self::Subset(wanted) => has_all(context, wanted),
        }
    }

    /// Its pairs.
    pub(crate) fn pairs(&self) -> &ContextPairs {
        match self {
            Self::Equals(pairs) | Self::Subset(pairs) => pairs,
        }
    }

    /// AWS's name for its sort.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Equals(_) => "EncryptionContextEquals",
            Self::Subset(_) => "EncryptionContextSubset",
        }
    }

    /// Whether every context that meets this one meets another as well.
    fn is_within(&self, outer: &Self) -> bool {
        match (self, outer) {
            (Self::Subset(_), Self::Equals(_)) => false,
            (own, outer) => outer.is_met(own.pairs()),
        }
    }
}

fn has_all(context: &ContextPairs, wanted: &ContextPairs) -> bool {
    let has = |(wanted, value): (&String, &String)| {
        context.iter().any(|(key, held)| held == value && key.eq_ignore_ascii_case(wanted))
    };
    wanted.iter().all(has)
}

/// What a grant permits: all of it but for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permission {
    /// `Decrypt`, `GenerateDataKey` …, in the model's order, none twice.
    pub operations: Vec<String>,
    /// Its condition on the encryption context.
    pub constraint: Option<ContextConstraint>,
    /// It holds for requests on behalf of this resource only. No service acts for a resource here, so none has it.
    pub source_arn: Option<String>,
}

impl Permission {
    /// Whether it covers this with this context. KMS API reference, `CreateGrant`: a condition on the context holds for the
    /// cryptographic operations that have one, one on the source for all but RetireGrant.
    pub(crate) fn allows(&self, operation: &str, context: &ContextPairs) -> bool {
        let has_context = !matches!(operation, "CreateGrant" | "RetireGrant" | "DescribeKey");
        let is_met = |constraint: &ContextConstraint| constraint.is_met(context);
        self.has(operation)
            && (self.source_arn.is_none() || operation == "RetireGrant")
            && (!has_context || self.constraint.as_ref().is_none_or(is_met))
    }

    /// Whether it lets its grantee grant that. KMS developer guide, "Granting CreateGrant permission": some or all of its
    /// own operations, under constraints at least as strict.
    pub(crate) fn may_grant(&self, child: &Self) -> bool {
        let is_as_strict = match (&self.constraint, &child.constraint) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(childs)) => childs.is_within(own),
        };
        self.allows("CreateGrant", &ContextPairs::new())
            && child.operations.iter().all(|operation| self.has(operation))
            && is_as_strict
    }

    fn has(&self, operation: &str) -> bool {
        self.operations.iter().any(|allowed| allowed == operation)
    }
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    /// 64 hexadecimal digits.
    pub id: String,
    /// The account of its key.
    pub account: AccountId,
    /// The region of its key.
    pub region: Region,
    /// The key's id.
    pub key_id: String,
    /// Given by who made it.
    pub name: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Whom it is for.
    pub grantee: Party,
    /// Who may retire it besides.
    pub retiring: Option<Party>,
    /// The account in which it was made.
    pub issuing_account: AccountId,
    /// What it permits.
    pub permission: Permission,
}

impl Grant {
    /// Whether a request with this name asks for this very grant. KMS API reference, `CreateGrant`, `Name`.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let of = |party: &Option<Party>| party.as_ref().map(|party| party.name().to_owned());
        self.name.is_some()
            && self.name == other.name
            && self.grantee.name() == other.grantee.name()
            && of(&self.retiring) == of(&other.retiring)
            && self.permission == other.permission
    }
}

/// What the record keys of a key's grants start with. `key` is the key's record key.
pub(crate) fn grants_prefix(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

/// The record key of a grant.
pub(crate) fn grant_key(key: &[u8], grant_id: &str) -> Vec<u8> {
    [key, &[0], grant_id.as_bytes()].concat()
}

/// What the terms of a key's grants for a principal start with; principals by [`Party::name`].
pub(crate) fn grantee_prefix(key: &[u8], principal: &str) -> Vec<u8> {
    [key, &[0], principal.as_bytes(), &[0]].concat()
}

/// What the terms of the grants of a region start with that a principal may retire.
pub(crate) fn retiring_prefix(principal: &str, region: &Region) -> Vec<u8> {
    [principal.as_bytes(), &[0], region.as_str().as_bytes(), &[0]].concat()
}

/// Whether this can be a grant's id.
pub(crate) fn is_grant_id(text: &str) -> bool {
    text.len() == 64
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

impl RecordType for Grant {
    const KIND: Kind = KMS_GRANT;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, key: &[u8]) -> Vec<Term> {
        let of_key = record_key(&self.account, &self.region, &self.key_id);
        let mut terms = vec![
            Term { index: GRANTS, term: key.to_vec() },
            Term { index: GRANTS_BY_GRANTEE, term: grantee_prefix(&of_key, self.grantee.name()) },
        ];
        terms.extend(self.retiring.as_ref().map(|party| Term {
            index: GRANTS_BY_RETIRING,
            term: retiring_prefix(party.name(), &self.region),
        }));
        terms
    }
}

/// The writes that end one grant.
pub(super) async fn removal(
    cx: &Cx<'_>,
    key: &[u8],
    grant: &Stored<Grant>,
) -> Result<Vec<Write>, ApiError> {
    let expect = Expect::At(grant.revision);
    let write = Write { kind: KMS_GRANT, key: grant.key.clone(), expect, change: Change::Delete };
    Ok(vec![write, GrantCount::load(cx.house, key).await?.less_one(cx)?])
}

/// Grants that go in one commit.
const ENDED_PER_COMMIT: u32 = 256;

/// Removes grants of a key that is about to go, so many at a time. Answers whether more may be left: the key's record may
/// go only after the answer was no, or a crash in between would leave grants that nobody finds. No grant is added
/// meanwhile: a key that waits for its deletion takes none.
pub(crate) async fn end_grants(house: &House, of: &Stored<Key>) -> Result<bool, ApiError> {
    let key = &of.key;
    let query = PageQuery {
        index: GRANTS,
        prefix: &grants_prefix(key),
        after: None,
        limit: ENDED_PER_COMMIT,
        direction: Direction::Ascending,
    };
    let page = house.records.page(query).await?;
    let more = page.len() >= usize::try_from(ENDED_PER_COMMIT).unwrap_or(usize::MAX);
    let delete = |kind, key| Write { kind, key, expect: Expect::Any, change: Change::Delete };
    let mut writes: Vec<_> = page.into_iter().map(|entry| delete(KMS_GRANT, entry.key)).collect();
    if !more {
        writes.push(delete(GrantCount::KIND, key.clone()));
    }
    // Not if the key was taken back at the last moment.
    let expect = Expect::At(of.revision);
    writes.push(Write { kind: KMS_KEY, key: key.clone(), expect, change: Change::Check });
    match house.commit(Batch { writes, events: Vec::new() }).await {
        Ok(_) => Ok(more),
        Err(StoreError::Conflict { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(pairs: &[(&str, &str)]) -> ContextPairs {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn permission(operations: &[&str], constraint: Option<ContextConstraint>) -> Permission {
        let operations = operations.iter().map(|operation| (*operation).to_owned()).collect();
        Permission { operations, constraint, source_arn: None }
    }

    #[test]
    fn a_constraint_is_met_by_its_pairs_whose_values_have_a_case_and_whose_keys_have_none() {
        // Documented: KMS API reference, GrantConstraints.
        let request = pairs(&[("a", "One"), ("b", "2")]);
        assert!(ContextConstraint::Equals(request.clone()).is_met(&request));
        assert!(ContextConstraint::Equals(pairs(&[("A", "One"), ("b", "2")])).is_met(&request));
        assert!(ContextConstraint::Subset(pairs(&[("B", "2")])).is_met(&request));
        assert!(ContextConstraint::Subset(pairs(&[])).is_met(&request));
        for other in [pairs(&[("b", "2")]), pairs(&[("a", "one"), ("b", "2")]), pairs(&[])] {
            assert!(!ContextConstraint::Equals(other).is_met(&request));
        }
        for other in [pairs(&[("a", "one")]), pairs(&[("b", "3")]), pairs(&[("c", "")])] {
            assert!(!ContextConstraint::Subset(other).is_met(&request));
        }
    }

    #[test]
    fn equality_counts_pairs_whose_keys_differ_in_case_alone() {
        let request = pairs(&[("a", "1"), ("A", "1")]);
        assert!(!ContextConstraint::Equals(pairs(&[("a", "1")])).is_met(&request));
        let other = pairs(&[("a", "1"), ("A", "2")]);
        assert!(!ContextConstraint::Equals(other).is_met(&request));
    }

    #[test]
    fn a_constraint_on_the_context_is_none_on_operations_without_one() {
        // Documented: KMS API reference, CreateGrant, Constraints.
        let constraint = ContextConstraint::Equals(pairs(&[("a", "1")]));
        let held = permission(&["Decrypt", "DescribeKey", "RetireGrant"], Some(constraint));
        let none = ContextPairs::new();
        assert!(held.allows("DescribeKey", &none) && held.allows("RetireGrant", &none));
        assert!(!held.allows("Decrypt", &none) && held.allows("Decrypt", &pairs(&[("a", "1")])));
        assert!(!held.allows("Encrypt", &pairs(&[("a", "1")])));
        let of_source = Permission { source_arn: Some("arn".to_owned()), ..held };
        assert!(!of_source.allows("DescribeKey", &none) && of_source.allows("RetireGrant", &none));
    }

    fn context() -> impl Strategy<Value = ContextPairs> {
        proptest::collection::btree_map("[aAbc]", "[12]", 0..4)
    }

    fn constraint() -> impl Strategy<Value = Option<ContextConstraint>> {
        prop_oneof![
            Just(None),
            context().prop_map(|pairs| Some(ContextConstraint::Equals(pairs))),
            context().prop_map(|pairs| Some(ContextConstraint::Subset(pairs))),
        ]
    }

    fn operations() -> impl Strategy<Value = Vec<String>> {
        let all = ["Decrypt", "Encrypt", "CreateGrant", "DescribeKey"];
        proptest::sample::subsequence(all.map(str::to_owned).to_vec(), 1..=4)
    }

    proptest! {
        #[test]
        fn what_a_granted_grant_allows_its_parent_allows(
            of_parent in (operations(), constraint()),
            of_child in (operations(), constraint()),
            asked in context(),
        ) {
            let of = |(operations, constraint)| Permission { operations, constraint, source_arn: None };
            let (parent, child) = (of(of_parent), of(of_child));
            if parent.may_grant(&child) {
                prop_assert!(parent.allows("CreateGrant", &asked));
                for operation in ["Decrypt", "Encrypt", "CreateGrant", "DescribeKey"] {
                    prop_assert!(!child.allows(operation, &asked) || parent.allows(operation, &asked));
                }
            }
        }

        #[test]
        fn a_grant_of_the_same_may_be_granted_by_whoever_may_grant(of_parent in (operations(), constraint())) {
            let (operations, constraint) = of_parent;
            let parent = Permission { operations, constraint, source_arn: None };
            let may = parent.operations.iter().any(|operation| operation == "CreateGrant");
            prop_assert_eq!(parent.may_grant(&parent), may);
        }
    }
}
