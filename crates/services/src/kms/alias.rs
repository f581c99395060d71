//! The alias: a name for a key that can be moved to another.

use crate::records::{RecordType, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use strongroom_store::{Index, Kind, StoreError, Term};
use strongroom_types::Timestamp;
use zeroize::Zeroizing;

/// The kind of record that names the key behind an alias. Its key is account, region and alias, with its prefix.
pub(crate) const KMS_ALIAS: Kind = Kind { id: 11, name: "KMS alias" };
/// Aliases of an account and region by name.
pub(crate) const ALIASES: Index = Index { id: 12, name: "KMS aliases by name" };
/// An alias.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alias {
    /// The key.
    pub key_id: String,
    /// With its prefix. Empty in aliases of the first release.
    #[serde(default)]
    pub name: String,
    /// When it was made; `None` in aliases of the first release.
    #[serde(default)]
    pub created: Option<Timestamp>,
    /// When it last got another key.
    #[serde(default)]
    pub updated: Option<Timestamp>,
}

impl Alias {
    /// A new one.
    pub(crate) fn new(name: &str, key_id: &str, now: Timestamp) -> Self {
        Self {
            key_id: key_id.to_owned(),
            name: name.to_owned(),
            created: Some(now),
            updated: Some(now),
        }
    }
}

impl RecordType for Alias {
    const KIND: Kind = KMS_ALIAS;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, key: &[u8]) -> Vec<Term> {
        vec![Term { index: ALIASES, term: key.to_vec() }]
    }
}
