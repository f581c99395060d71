//! The key: its metadata, its state and its materials. Pure methods that take `now` and give AWS's error.

use crate::error::{ApiError, ErrorCode};
use crate::identity::PrincipalIds;
use crate::kms::arn::key_arn;
use crate::kms::material::{KeySecret, Material, StoredMaterial};
use crate::policy_text::PolicyText;
use crate::records::{RecordType, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use strongroom_keys::kms::{KeySpec, KeyUsage};
use strongroom_store::{Index, Kind, StoreError, Term};
use strongroom_types::{AccountId, Region, Tag, Timestamp};
use zeroize::Zeroizing;

/// The kind of record that holds a KMS key with its materials. Its key is account, region and key id.
pub(crate) const KMS_KEY: Kind = Kind { id: 10, name: "KMS key" };
/// Keys of an account and region by id.
pub(crate) const KEYS: Index = Index { id: 10, name: "KMS keys by id" };
/// Keys that have something to come, over all accounts, by its time: deletion, rotation, the end of imported material.
pub(crate) const KEYS_DUE: Index = Index { id: 11, name: "KMS keys by what is due" };

/// Who manages a key. Model: `KeyManagerType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyManager {
    /// The server: `aws/secretsmanager` and its like.
    Aws,
    /// The account.
    Customer,
}

/// Where a key's material comes from. Model: `OriginType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// Made here.
    AwsKms,
    /// Imported.
    External,
}

impl Origin {
    /// AWS's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AwsKms => "AWS_KMS",
            Self::External => "EXTERNAL",
        }
    }
}

/// What a key can be used for now. KMS developer guide, "Key states of AWS KMS keys".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyState {
    /// Everything.
    Enabled,
    /// Nothing, until it is enabled.
    Disabled,
    /// Nothing, until its deletion is cancelled.
    PendingDeletion,
    /// Nothing, until its material is imported.
    PendingImport,
    /// Nothing: its deletion waits for its replicas'.
    PendingReplicaDeletion,
}

impl KeyState {
    /// AWS's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion => "PendingDeletion",
            Self::PendingImport => "PendingImport",
            Self::PendingReplicaDeletion => "PendingReplicaDeletion",
        }
    }
}

/// A key's deletion, until it is cancelled or done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deletion {
    /// Days from when it was asked for, or from when the last replica was gone: 7 to 30.
    pub days: i64,
    /// When it is due; `None` while replicas are there.
    pub due: Option<Timestamp>,
}

/// Automatic rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RotationPlan {
    /// Days between rotations: 90 to 2,560.
    pub days: i64,
    /// When the next is due.
    pub next: Timestamp,
}

/// The part of a multi-Region key in its set. `multi_region.rs` keeps all parts of a set at one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MultiRegion {
    /// Where this key is.
    pub region: Region,
    /// Where the primary is.
    pub primary: Region,
    /// Where the replicas are.
    pub replicas: Vec<Region>,
}

impl MultiRegion {
    /// Of a key that has no others yet.
    pub(crate) fn alone(region: &Region) -> Self {
        Self { region: region.clone(), primary: region.clone(), replicas: Vec::new() }
    }

    /// Whether this key is the primary.
    pub(crate) fn is_primary(&self) -> bool {
        self.region == self.primary
    }
}

/// All of a key but its materials.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct About {
    /// A UUID, or `mrk-` and 32 hexadecimal digits.
    pub id: String,
    /// Who manages it.
    pub manager: KeyManager,
    /// What it is made of.
    pub spec: KeySpec,
    /// What it is for.
    pub usage: KeyUsage,
    /// Where its material comes from.
    pub origin: Origin,
    /// Free text.
    pub description: String,
    /// When it was made.
    pub created: Timestamp,
    /// False after DisableKey.
    pub enabled: bool,
    /// Its deletion, if that was asked for.
    pub deletion: Option<Deletion>,
    /// The key policy as it was put; empty for the server's own keys.
    pub policy: PolicyText,
    /// The same by unique ids, which is what decides.
    pub bound_policy: PolicyText,
    /// The unique ids of the users and roles that it names.
    pub policy_ids: PrincipalIds,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Its aliases, with their prefix, at most 50.
    pub aliases: Vec<String>,
    /// Its part in a multi-Region set, if it is of one.
    pub multi_region: Option<MultiRegion>,
    /// Its automatic rotation, if that is on.
    pub rotation: Option<RotationPlan>,
}

/// A key.
#[derive(Clone)]
pub(crate) struct Key {
    about: About,
    /// From the oldest to the newest, which is the current one.
    pub materials: Vec<Material>,
    /// One that was imported, and is the key's from the next RotateKeyOnDemand on.
    pub pending: Option<Material>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("about", &self.about).finish_non_exhaustive()
    }
}

impl Deref for Key {
    type Target = About;
    fn deref(&self) -> &About {
        &self.about
    }
}

impl DerefMut for Key {
    fn deref_mut(&mut self) -> &mut About {
        &mut self.about
    }
}

impl Key {
    /// A key with its first material, or none yet.
    pub(crate) fn new(about: About, materials: Vec<Material>) -> Self {
        Self { about, materials, pending: None }
    }

    /// Its state.
    pub(crate) fn state(&self, now: Timestamp) -> KeyState {
        match self.deletion {
            Some(Deletion { due: Some(_), .. }) => KeyState::PendingDeletion,
            Some(Deletion { due: None, .. }) => KeyState::PendingReplicaDeletion,
            None if self.secrets(now).is_none() => KeyState::PendingImport,
            None if self.enabled => KeyState::Enabled,
            None => KeyState::Disabled,
        }
    }

    /// The newest material, if it is there.
    pub(crate) fn current(&self) -> Option<&Material> {
        self.materials.last()
    }

    /// One of its materials.
    pub(crate) fn material(&self, id: &str) -> Option<&Material> {
        self.materials.iter().find(|material| material.id == id)
    }

    /// Every material must be there: with one gone, a key of imported material is good for nothing. KMS developer guide,
    /// "Special considerations for imported key material".
    fn secrets(&self, now: Timestamp) -> Option<&Arc<KeySecret>> {
        if !self.materials.iter().all(|material| material.is_there(now)) {
            return None;
        }
        self.current().and_then(|material| material.secret.as_ref())
    }

    /// Whether another key of its set is the primary.
    pub(crate) fn is_replica(&self) -> bool {
        self.multi_region.as_ref().is_some_and(|set| !set.is_primary())
    }

    /// The newest material's secret, if the key can be used. `arn` is the key's, for the error.
    pub(crate) fn usable(&self, arn: &str, now: Timestamp) -> Result<&Arc<KeySecret>, ApiError> {
        self.in_use(arn, now)?;
        self.secrets(now).ok_or_else(|| ApiError::internal("an enabled key without material"))
    }

    /// The secret of one of its materials, if the key can be used. `None`: it has no such material.
    pub(crate) fn usable_material(
        &self,
        arn: &str,
        material_id: &str,
        now: Timestamp,
    ) -> Result<Option<&Arc<KeySecret>>, ApiError> {
        self.in_use(arn, now)?;
        Ok(self.material(material_id).and_then(|material| material.secret.as_ref()))
    }

    /// Refuses a key that is not enabled. Messages recorded.
    pub(crate) fn in_use(&self, arn: &str, now: Timestamp) -> Result<(), ApiError> {
        match self.state(now) {
            KeyState::Enabled => Ok(()),
            KeyState::Disabled => {
                Err(ApiError::new(ErrorCode::Disabled, format!("{arn} is disabled.")))
            }
            state @ (KeyState::PendingDeletion
            | KeyState::PendingImport
            | KeyState::PendingReplicaDeletion) => Err(invalid_state(arn, state)),
        }
    }

    /// Refuses a key that waits for its deletion.
    pub(crate) fn not_deleted(&self, arn: &str, now: Timestamp) -> Result<(), ApiError> {
        match self.state(now) {
            KeyState::Enabled | KeyState::Disabled | KeyState::PendingImport => Ok(()),
            state @ (KeyState::PendingDeletion | KeyState::PendingReplicaDeletion) => {
                Err(invalid_state(arn, state))
            }
        }
    }

    /// Refuses a key for another use. Message recorded: `ARN key usage is X which is not valid for OPERATION.`
    pub(crate) fn used_for(
        &self,
        arn: &str,
        usage: KeyUsage,
        operation: &str,
    ) -> Result<(), ApiError> {
        if self.usage == usage {
            return Ok(());
        }
        let message =
            format!("{arn} key usage is {} which is not valid for {operation}.", self.usage);
        Err(ApiError::new(ErrorCode::InvalidKeyUsage, message))
    }

    /// Its ARN in an account and region.
    pub(crate) fn arn(&self, account: &AccountId, region: &Region) -> String {
        key_arn(account, region, &self.id)
    }

    /// When something is to be done to it.
    fn due(&self) -> Option<Timestamp> {
        let deletion = self.deletion.and_then(|deletion| deletion.due);
        // A replica gets its new materials from its primary.
        let rotates = self.enabled && self.deletion.is_none() && !self.is_replica();
        let rotation = self.rotation.map(|plan| plan.next).filter(|_| rotates);
        let materials = self.materials.iter().chain(&self.pending);
        let ends =
            materials.filter(|material| material.secret.is_some()).filter_map(Material::valid_to);
        deletion.into_iter().chain(rotation).chain(ends).min()
    }
}

/// `KMSInvalidStateException`. Messages recorded.
pub(crate) fn invalid_state(arn: &str, state: KeyState) -> ApiError {
    let what = match state {
        KeyState::Enabled => "is enabled",
        KeyState::Disabled => "is disabled",
        KeyState::PendingDeletion => "is pending deletion",
        KeyState::PendingImport => "is pending import",
        KeyState::PendingReplicaDeletion => "is pending replica deletion",
    };
    ApiError::new(ErrorCode::KmsInvalidState, format!("{arn} {what}."))
}

#[derive(Serialize)]
struct Encoded<'a> {
    about: &'a About,
    materials: Vec<StoredMaterial>,
    pending: Option<StoredMaterial>,
}

#[derive(Deserialize)]
struct Decoded {
    about: About,
    materials: Vec<StoredMaterial>,
    #[serde(default)]
    pending: Option<StoredMaterial>,
}

/// A key as the first release stored it: one of the server's own, with one material.
#[derive(Deserialize)]
struct FirstFormat {
    key_id: String,
    material_id: String,
    material: Zeroizing<Vec<u8>>,
}

impl FirstFormat {
    fn key(self) -> Result<Key, StoreError> {
        let Self { key_id, material_id, material } = self;
        let since = Timestamp::from_millis(0);
        let stored = StoredMaterial::first(material_id, since, material);
        let about = About::managed(key_id, since);
        let material = Material::open(stored, (about.spec, about.usage, &about.id))?;
        Ok(Key::new(about, vec![material]))
    }
}

impl About {
    /// A key of the server's own, for one of its services.
    pub(crate) fn managed(id: String, now: Timestamp) -> Self {
        Self {
            id,
            manager: KeyManager::Aws,
            spec: KeySpec::SymmetricDefault,
            usage: KeyUsage::EncryptDecrypt,
            origin: Origin::AwsKms,
            description: String::new(),
            created: now,
            enabled: true,
            deletion: None,
            policy: PolicyText::new(String::new()),
            bound_policy: PolicyText::new(String::new()),
            policy_ids: PrincipalIds::new(),
            tags: Vec::new(),
            aliases: Vec::new(),
            multi_region: None,
            rotation: None,
        }
    }
}

impl RecordType for Key {
    const KIND: Kind = KMS_KEY;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let materials = self.materials.iter().map(Material::stored).collect();
        let pending = self.pending.as_ref().map(Material::stored);
        encode_as(2, &Encoded { about: &self.about, materials, pending })
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        if bytes.first() == Some(&1) {
            return decode_as::<FirstFormat>(1, bytes)?.key();
        }
        let Decoded { about, materials, pending } = decode_as(2, bytes)?;
        let of = (about.spec, about.usage, &*about.id);
        let materials: Result<Vec<_>, _> =
            materials.into_iter().map(|stored| Material::open(stored, of)).collect();
        let pending = pending.map(|stored| Material::open(stored, of)).transpose()?;
        Ok(Self { materials: materials?, pending, about })
    }

    fn terms(&self, key: &[u8]) -> Vec<Term> {
        let mut terms = vec![Term { index: KEYS, term: key.to_vec() }];
        terms.extend(self.due().map(|due| Term { index: KEYS_DUE, term: due.sortable().to_vec() }));
        terms
    }
}
