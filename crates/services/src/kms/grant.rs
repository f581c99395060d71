//! The grant: what a principal may do with a key besides what policies say. KMS developer guide, "Grants in AWS KMS".

use crate::error::ApiError;
use crate::kms::key::Key;
use crate::kms::target::ContextPairs;
use crate::operation::Cx;
use crate::records::{RecordType, Stored, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use strongroom_store::{Direction, Index, Kind, PageQuery, StoreError, Term};
use strongroom_types::Timestamp;
use zeroize::Zeroizing;

/// The kind of record that holds a grant. Its key is [`grant_key`].
pub(crate) const KMS_GRANT: Kind = Kind { id: 12, name: "KMS grant" };
/// Grants of a key by id.
pub(crate) const GRANTS: Index = Index { id: 14, name: "KMS grants by key" };
/// Grants of a key by whom they are for: the key's record key, a zero byte, the principal, a zero byte.
const GRANTS_BY_GRANTEE: Index = Index { id: 15, name: "KMS grants by grantee" };
/// Grants by who may retire them: the principal, a zero byte.
pub(crate) const GRANTS_BY_RETIRING: Index =
    Index { id: 16, name: "KMS grants by retiring principal" };

/// A condition of a grant on the encryption context, which must be met exactly, case included.
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
            Self::Equals(wanted) => wanted == context,
            Self::Subset(wanted) => {
                wanted.iter().all(|(key, value)| context.get(key) == Some(value))
            }
        }
    }
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    /// 64 hexadecimal digits.
    pub id: String,
    /// The key's id.
    pub key_id: String,
    /// Given by who made it.
    pub name: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// ARN of whom it is for.
    pub grantee: String,
    /// Unique id of that user or role: one of the same name that is made later is not meant.
    pub grantee_id: Option<String>,
    /// ARN of who may retire it besides.
    pub retiring: Option<String>,
    /// Unique id of that user or role.
    pub retiring_id: Option<String>,
    /// ARN of the account in which it was made.
    pub issuing_account: String,
    /// `Decrypt`, `GenerateDataKey` …
    pub operations: Vec<String>,
    /// Its condition on the encryption context.
    pub constraint: Option<ContextConstraint>,
}

impl Grant {
    /// Whether it lets its grantee do this with this context. AWS: a condition on the context holds for the
    /// cryptographic operations that have one.
    fn allows(&self, operation: &str, context: &ContextPairs) -> bool {
        let has_context = !matches!(operation, "CreateGrant" | "RetireGrant" | "DescribeKey");
        self.operations.iter().any(|allowed| allowed == operation)
            && (!has_context
                || self.constraint.as_ref().is_none_or(|constraint| constraint.is_met(context)))
    }
}

/// The record key of a grant. `key` is its key's record key.
pub(crate) fn grant_key(key: &[u8], grant_id: &str) -> Vec<u8> {
    [key, &[0], grant_id.as_bytes()].concat()
}

/// What the terms of a key's grants for a principal start with.
fn grantee_prefix(key: &[u8], principal: &str) -> Vec<u8> {
    [key, &[0], principal.as_bytes(), &[0]].concat()
}

/// What the terms of the grants that a principal may retire start with.
pub(crate) fn retiring_prefix(principal: &str) -> Vec<u8> {
    [principal.as_bytes(), &[0]].concat()
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
        let of_key = key.strip_suffix(self.id.as_bytes()).unwrap_or(key);
        let of_key = of_key.strip_suffix(&[0]).unwrap_or(of_key);
        let mut terms = vec![
            Term { index: GRANTS, term: key.to_vec() },
            Term { index: GRANTS_BY_GRANTEE, term: grantee_prefix(of_key, &self.grantee) },
        ];
        terms.extend(
            self.retiring.as_ref().map(|principal| Term {
                index: GRANTS_BY_RETIRING,
                term: retiring_prefix(principal),
            }),
        );
        terms
    }
}

/// Grants of one key for one principal that are looked at.
const LOOKED_AT_MAX: u32 = 512;

/// Whether a grant lets the caller do this, where no policy does and none forbids it.
pub(super) async fn is_granted(
    cx: &Cx<'_>,
    key: &Stored<Key>,
    action: &str,
    context: &ContextPairs,
) -> Result<bool, ApiError> {
    let Some(operation) = action.strip_prefix("kms:") else { return Ok(false) };
    let principal = cx.caller.principal();
    let is_of = |held: Option<&String>| {
        held.is_none_or(|id| principal.unique_id.split(':').next() == Some(id))
    };
    let mut names = vec![&*principal.arn, principal.principal_arn()];
    names.dedup();
    for name in names {
        let prefix = grantee_prefix(&key.key, name);
        let query = PageQuery {
            index: GRANTS_BY_GRANTEE,
            prefix: &prefix,
            after: None,
            limit: LOOKED_AT_MAX,
            direction: Direction::Ascending,
        };
        let page = cx.house.records.page(query).await?;
        let keys: Vec<_> = page.into_iter().map(|entry| entry.key).collect();
        let grants = cx.house.records.get_many::<Grant>(&keys).await?;
        let allows = |grant: &Grant| {
            grant.grantee == name
                && is_of(grant.grantee_id.as_ref())
                && grant.allows(operation, context)
        };
        if grants.into_iter().flatten().any(|grant| allows(&grant.value)) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> ContextPairs {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_constraint_is_met_by_the_very_pairs_and_by_no_other_case() {
        let request = pairs(&[("a", "1"), ("b", "2")]);
        assert!(ContextConstraint::Equals(request.clone()).is_met(&request));
        assert!(ContextConstraint::Subset(pairs(&[("b", "2")])).is_met(&request));
        assert!(ContextConstraint::Subset(pairs(&[])).is_met(&request));
        for other in [pairs(&[("b", "2")]), pairs(&[("A", "1"), ("b", "2")]), pairs(&[])] {
            assert!(!ContextConstraint::Equals(other).is_met(&request));
        }
        for other in [pairs(&[("B", "2")]), pairs(&[("b", "3")]), pairs(&[("c", "")])] {
            assert!(!ContextConstraint::Subset(other).is_met(&request));
        }
    }
}
