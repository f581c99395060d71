//! One version of a secret: its sealed value.

use crate::records::{RecordType, decode_as, encode_as};
use crate::secretsmanager::secret::Uid;
use serde::{Deserialize, Serialize};
use strongroom_keys::Envelope;
use strongroom_store::{Index, Kind, StoreError, Term};
use strongroom_types::{Timestamp, VersionId};
use zeroize::Zeroizing;

/// The kind of record that holds a version. Its key is [`version_key`].
pub(super) const VERSION: Kind = Kind { id: 21, name: "secret version" };
/// Versions of a secret by creation.
pub(super) const VERSIONS: Index = Index { id: 25, name: "versions by creation" };

/// Which member the value came in and goes out by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Form {
    /// `SecretBinary`.
    Binary,
    /// `SecretString`.
    Text,
}

/// A sealed value.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Content {
    /// How it goes out.
    pub form: Form,
    /// The ciphertext with its wrapped data key.
    pub envelope: Envelope,
}

/// A version. Without content it is what `RotateSecret` makes: there, but not readable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Version {
    /// The secret it belongs to.
    pub uid: Uid,
    /// Its id.
    pub id: VersionId,
    /// When it was made.
    pub created: Timestamp,
    /// The value.
    pub content: Option<Content>,
}

/// The record key of a version.
pub(super) fn version_key(uid: Uid, id: &VersionId) -> Vec<u8> {
    let mut key = uid.0.to_vec();
    key.extend_from_slice(id.as_str().as_bytes());
    key
}

impl RecordType for Version {
    const KIND: Kind = VERSION;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, _key: &[u8]) -> Vec<Term> {
        let mut term = self.uid.0.to_vec();
        term.extend_from_slice(&self.created.sortable());
        vec![Term { index: VERSIONS, term }]
    }
}
