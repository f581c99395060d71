//! One version of a secret: its sealed value.

use crate::error::{ApiError, ErrorCode};
use crate::kms::{ContextPairs, SecretKey};
use crate::records::{RecordType, Records, Stored, decode_as, encode_as};
use crate::secretsmanager::secret::{Secret, Uid};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use strongroom_keys::{DataKey, Envelope};
use strongroom_store::{Index, Kind, StoreError, Term};
use strongroom_types::{AccountId, Day, Timestamp, VersionId};
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
    /// The account that owns the KMS key, if that is not the secret's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_account: Option<AccountId>,
    /// The encryption context it is bound to besides AWS's own pairs: what a reader must give.
    #[serde(default, skip_serializing_if = "ContextPairs::is_empty")]
    pub context: ContextPairs,
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
    /// What is known from the last read.
    #[serde(skip)]
    pub memory: Memory,
}

/// A version's data key, unwrapped.
pub(super) struct Unwrapped {
    /// The data key.
    pub data_key: DataKey,
    /// The KMS key that it was wrapped by, if that has a policy to be asked at each read.
    pub customer_key: Option<SecretKey>,
}

/// What a version in the cache remembers of its reads, so that the next read need not do it again. Never stored; goes
/// with the cached record when that is dropped or changed.
#[derive(Default)]
pub(super) struct Memory {
    unwrapped: Mutex<Option<(u64, Arc<Unwrapped>)>>,
    noted_day: AtomicI64,
}

impl Memory {
    /// The unwrapped data key, if no KMS key has changed since.
    pub(super) fn unwrapped(&self, kms_epoch: u64) -> Option<Arc<Unwrapped>> {
        let held = self.held();
        held.as_ref().filter(|(epoch, _)| *epoch == kms_epoch).map(|(_, key)| Arc::clone(key))
    }

    /// Keeps the data key that was unwrapped with KMS keys as they were in this epoch.
    pub(super) fn keep(&self, kms_epoch: u64, unwrapped: Arc<Unwrapped>) {
        *self.held() = Some((kms_epoch, unwrapped));
    }

    /// Whether a read on this day has been noted in the ledger.
    pub(super) fn is_noted(&self, day: Day) -> bool {
        self.noted_day.load(Ordering::Relaxed) == day.number()
    }

    /// Remembers that a read on this day has been noted in the ledger.
    pub(super) fn remember_noted(&self, day: Day) {
        self.noted_day.store(day.number(), Ordering::Relaxed);
    }

    fn held(&self) -> MutexGuard<'_, Option<(u64, Arc<Unwrapped>)>> {
        self.unwrapped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Memory {
    /// A copy of a version is about to become another one: it remembers nothing.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

/// The record key of a version.
pub(super) fn version_key(uid: Uid, id: &VersionId) -> Vec<u8> {
    [&uid.0, id.as_str().as_bytes()].concat()
}

/// Whether the version of this key has a label. Its id is the part of the key behind the secret's uid.
pub(super) fn is_labelled(secret: &Secret, key: &[u8]) -> bool {
    let id = key.get(secret.uid.0.len()..).and_then(|id| str::from_utf8(id).ok());
    id.and_then(|id| VersionId::parse(id).ok())
        .is_some_and(|id| secret.stages.version(&id).is_some())
}

/// The version, if it is there. One that was damaged is to its reader a value that cannot be opened.
pub(super) async fn find_version(
    records: &Records,
    uid: Uid,
    id: &VersionId,
) -> Result<Option<Arc<Stored<Version>>>, ApiError> {
    match records.get::<Version>(&version_key(uid, id)).await {
        Err(StoreError::Inconsistent { what, detail }) => {
            tracing::error!(what, detail, "a version is damaged");
            Err(undecryptable())
        }
        found => Ok(found?),
    }
}

/// AWS's answer for a value that does not open.
pub(super) fn undecryptable() -> ApiError {
    ApiError::new(
        ErrorCode::DecryptionFailure,
        "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
    )
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
