//! The managed policy, of a customer.

use crate::iam::entity::{Naming, entity_key};
use crate::policy_text::PolicyText;
use crate::records::{RecordType, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use strongroom_store::{Index, Kind, StoreError, Term};
use strongroom_types::{Tag, Timestamp};
use zeroize::Zeroizing;

/// The kind of record that holds a managed policy.
pub(crate) const MANAGED_POLICY: Kind = Kind { id: 33, name: "IAM policy" };
/// Managed policies by account and name.
pub(crate) const POLICIES: Index = Index { id: 33, name: "policies by name" };

/// A version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// `v1`, `v2` …, without the letter. Never used again.
    pub number: u32,
    /// The text.
    pub document: PolicyText,
    /// When it was made.
    pub created: Timestamp,
}

impl PolicyVersion {
    /// AWS's name of it.
    pub fn id(&self) -> String {
        format!("v{}", self.number)
    }
}

/// A managed policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedPolicy {
    /// Which it is.
    pub naming: Naming,
    /// Free text, given when it was made.
    pub description: Option<String>,
    /// At most five, in the order in which they came.
    pub versions: Vec<PolicyVersion>,
    /// Number of the version that is in force.
    pub default: u32,
    /// Number that the next version gets.
    pub next: u32,
    /// When the newest version was made. IAM API reference, `Policy`.
    pub updated: Timestamp,
    /// Its tags.
    pub tags: Vec<Tag>,
}

impl ManagedPolicy {
    /// A policy with its first version.
    pub fn new(naming: Naming, document: String, description: Option<String>) -> Self {
        let now = naming.created;
        let first = PolicyVersion { number: 1, document: PolicyText::new(document), created: now };
        Self {
            naming,
            description,
            versions: vec![first],
            default: 1,
            next: 2,
            updated: now,
            tags: Vec::new(),
        }
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        self.naming.arn("policy")
    }

    /// The version in force.
    pub fn in_force(&self) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.number == self.default)
    }

    /// The version that AWS names `v3` or so.
    pub fn version(&self, id: &str) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.id() == id)
    }
}

impl RecordType for ManagedPolicy {
    const KIND: Kind = MANAGED_POLICY;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, _key: &[u8]) -> Vec<Term> {
        vec![Term { index: POLICIES, term: entity_key(&self.naming.account, &self.naming.name) }]
    }
}
