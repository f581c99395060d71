//! The role.

use crate::iam::entity::{Entity, HeldPolicies, Naming};
use crate::iam::unique_id::{ROLES_BY_ID, id_term};
use crate::identity::PrincipalIds;
use crate::policy_text::PolicyText;
use crate::records::{RecordType, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_iam::{Policy, PolicyKind};
use strongroom_store::{Index, Kind, StoreError, Term};
use strongroom_types::Tag;
use strongroom_wire::Constraints;
use zeroize::Zeroizing;

/// The kind of record that holds a role.
pub(crate) const ROLE: Kind = Kind { id: 32, name: "IAM role" };
/// Roles by account and name.
pub(crate) const ROLES: Index = Index { id: 32, name: "roles by name" };

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Which it is.
    pub naming: Naming,
    /// What its sessions may do.
    pub held: HeldPolicies,
    /// Who may assume it, as it was put.
    pub trust: PolicyText,
    /// The same by unique ids, which is what decides.
    pub bound_trust: PolicyText,
    /// The unique ids of the users and roles that it names.
    #[serde(default)]
    pub trust_ids: PrincipalIds,
    /// Free text.
    pub description: Option<String>,
    /// Longest session, in seconds: 3,600 to 43,200.
    pub session_secs_max: i64,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// Shortest and longest `MaxSessionDuration`. IAM model: `roleMaxSessionDurationType`.
const SESSION_SECS: std::ops::RangeInclusive<i64> = 3600..=43_200;
/// `MaxSessionDuration` when none is given. IAM API reference, `CreateRole`.
pub(super) const SESSION_SECS_DEFAULT: i64 = 3600;

/// Checks `Description` and `MaxSessionDuration`. Model: `roleDescriptionType`.
pub(super) fn check_role_details(
    check: &mut Constraints,
    description: Option<&str>,
    session_secs_max: Option<i64>,
) {
    check.length("description", description, 0..=1000);
    let pattern = r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*";
    check.pattern("description", description, pattern, is_description);
    check.range("maxSessionDuration", session_secs_max, SESSION_SECS);
}

fn is_description(text: &str) -> bool {
    let is_good = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    text.chars().all(is_good)
}

impl Role {
    /// A role that nobody may assume yet.
    pub fn new(naming: Naming, session_secs_max: i64) -> Self {
        Self {
            naming,
            held: HeldPolicies::default(),
            trust: PolicyText::new(String::new()),
            bound_trust: PolicyText::new(String::new()),
            trust_ids: PrincipalIds::new(),
            description: None,
            session_secs_max,
            tags: Vec::new(),
        }
    }

    /// Who may assume it, as the evaluator reads it.
    pub fn trust_policy(&self) -> Arc<Policy> {
        Arc::clone(self.bound_trust.policy("trust policy", PolicyKind::Trust))
    }
}

impl Entity for Role {
    const NOUN: &'static str = "role";

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

impl RecordType for Role {
    const KIND: Kind = ROLE;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, _key: &[u8]) -> Vec<Term> {
        let mut terms = self.entity_terms(ROLES);
        terms.push(id_term(ROLES_BY_ID, self));
        terms
    }
}
