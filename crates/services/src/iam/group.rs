//! The group.

use crate::error::ApiError;
use crate::iam::entity::{Entity, HeldPolicies, Naming};
use crate::records::{RecordType, Records, Stored, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_store::{Direction, Index, Kind, PageQuery, StoreError, Term};
use strongroom_types::{AccountId, Tag};
use zeroize::Zeroizing;

/// The kind of record that holds a group. Its users know it; it does not know them.
pub(crate) const GROUP: Kind = Kind { id: 31, name: "IAM group" };
/// Groups by account and name.
pub(crate) const GROUPS: Index = Index { id: 31, name: "groups by name" };

/// Groups by account and unique id.
const GROUPS_BY_ID: Index = Index { id: 37, name: "groups by id" };
/// So often a group's place is looked up again when it was renamed meanwhile.
const RENAMES_MAX: usize = 16;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Which it is.
    pub naming: Naming,
    /// What its users may do.
    pub held: HeldPolicies,
}

impl Entity for Group {
    const NOUN: &'static str = "group";

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
        &[]
    }
}

impl RecordType for Group {
    const KIND: Kind = GROUP;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, _key: &[u8]) -> Vec<Term> {
        let mut terms = self.entity_terms(GROUPS);
        let term = id_term(&self.naming.account, &self.naming.id);
        terms.push(Term { index: GROUPS_BY_ID, term });
        terms
    }
}

fn id_term(account: &AccountId, id: &str) -> Vec<u8> {
    [account.as_str().as_bytes(), id.as_bytes(), &[0]].concat()
}

/// The group of this unique id, whatever its name is by now. A rename moves its record between the two reads that this
/// takes; then its place is looked up again, for to miss a group is to miss what its policies deny.
pub(crate) async fn find_group(
    records: &Records,
    account: &AccountId,
    id: &str,
) -> Result<Option<Arc<Stored<Group>>>, ApiError> {
    let prefix = id_term(account, id);
    let query = PageQuery {
        index: GROUPS_BY_ID,
        prefix: &prefix,
        after: None,
        limit: 1,
        direction: Direction::Ascending,
    };
    for _ in 0..RENAMES_MAX {
        let Some(entry) = records.page(query).await?.pop() else { return Ok(None) };
        let found = records.get::<Group>(&entry.key).await?;
        if let Some(group) = found.filter(|group| group.value.naming.id == id) {
            return Ok(Some(group));
        }
    }
    Err(ApiError::internal("a group kept being renamed while it was looked up"))
}
