//! The secret: everything about it but its values.

use crate::error::{ApiError, ErrorCode};
use crate::identity::PrincipalIds;
use crate::kms;
use crate::operation::Cx;
use crate::policy_text::PolicyText;
use crate::records::{RecordType, decode_as, encode_as};
use crate::secretsmanager::cross_account::CrossAccount;
use crate::secretsmanager::stages::{Stages, StagesFull};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};
use strongroom_iam::{Policy, PolicyKind};
use strongroom_store::{Index, Kind, StoreError, Term};
use strongroom_types::{
    AccountId, Entropy, Region, SecretArn, Tag, Timestamp, VersionId, VersionStage, limits,
};
use zeroize::Zeroizing;

/// The kind of record that holds a secret. Its key is [`secret_key`].
pub(super) const SECRET: Kind = Kind { id: 20, name: "secret" };
/// Secrets of an account and region by name.
pub(super) const BY_NAME: Index = Index { id: 20, name: "secrets by name" };
/// Secrets of an account and region by creation.
pub(super) const BY_CREATED: Index = Index { id: 21, name: "secrets by creation" };
/// Secrets of an account and region by last change.
pub(super) const BY_CHANGED: Index = Index { id: 22, name: "secrets by change" };
/// Secrets marked for deletion, over all accounts, by the end of their recovery window.
pub(super) const BY_DELETION: Index = Index { id: 23, name: "secrets by deletion" };
/// Primaries whose replicas are behind, over all accounts.
pub(super) const REPLICATION_DUE: Index = Index { id: 24, name: "secrets to replicate" };

/// What AWS answers on a secret marked for deletion. Recorded.
pub(super) const MARKED_FOR_DELETION: &str =
    "You can't perform this operation on the secret because it was marked for deletion.";

/// Names the incarnation of a secret: versions belong to it, not to the name, which may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Uid(pub [u8; 16]);

impl Uid {
    /// A new one: six bytes of milliseconds and ten random ones, so that what is made one after the other lies side by
    /// side in the store. Among many secrets, a random place in each of its trees would be a page read and written.
    pub(super) fn new(entropy: &dyn Entropy, now: Timestamp) -> Self {
        let mut uid = [0; 16];
        let (time, random) = uid.split_at_mut(6);
        let [_, _, millis @ ..] = now.as_millis().to_be_bytes();
        time.copy_from_slice(&millis);
        entropy.fill(random);
        Self(uid)
    }
}

/// A secret's deletion, until it is restored or purged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// When it was asked for.
    pub requested: Timestamp,
    /// When the recovery window ends.
    pub due: Timestamp,
}

/// A rotation's configuration, as `RotateSecret` stored it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// False after `CancelRotateSecret`.
    pub enabled: bool,
    /// The function.
    pub lambda_arn: Option<String>,
    /// Days between rotations, as given.
    pub automatically_after_days: Option<i64>,
    /// The window's length, as given.
    pub duration: Option<String>,
    /// `rate()` or `cron()`, as given.
    pub schedule_expression: Option<String>,
    /// When the next rotation is due at the latest.
    pub next: Option<Timestamp>,
    /// Metadata for a partner's rotation.
    pub external_metadata: Vec<(String, String)>,
    /// Role for a partner's rotation.
    pub external_role_arn: Option<String>,
}

/// How a replica stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplicaStatus {
    /// It could not be made; the message says why.
    Failed,
    /// It is being made.
    InProgress,
    /// It is there.
    InSync,
}

impl ReplicaStatus {
    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "Failed",
            Self::InProgress => "InProgress",
            Self::InSync => "InSync",
        }
    }
}

/// A replica, as its primary knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// Where it lives.
    pub region: Region,
    /// The key asked for there, as given.
    pub kms_key_id: Option<String>,
    /// How it stands.
    pub status: ReplicaStatus,
    /// Why it failed.
    pub status_message: Option<String>,
    /// Whether a secret of the same name in that region may be overwritten.
    pub overwrite: bool,
}

/// A secret's part in replication.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Replication {
    /// Never replicated.
    #[default]
    None,
    /// A primary.
    Primary {
        /// Its replicas.
        replicas: Vec<Replica>,
        /// Whether a change is still to be carried to them.
        is_due: bool,
    },
    /// A replica.
    ReplicaOf {
        /// The primary's region.
        primary: Region,
    },
}

/// A secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Region, account, name and suffix.
    pub arn: SecretArn,
    /// Which incarnation of the name.
    pub uid: Uid,
    /// Free text.
    pub description: Option<String>,
    /// The KMS key as the caller named it; `None` is `aws/secretsmanager`.
    pub kms_key_id: Option<String>,
    /// `Type`: the partner that holds an external secret.
    pub partner_type: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed in any way.
    pub changed: Timestamp,
    /// When its value was last rotated.
    pub last_rotated: Option<Timestamp>,
    /// Whether it is marked for deletion.
    pub deletion: Option<Deletion>,
    /// Absent until there was one. Recorded.
    pub tags: Option<Vec<Tag>>,
    /// The labelled versions.
    pub stages: Stages,
    /// At most so many versions have no label any more: those that got one again are still counted.
    pub deprecated: u32,
    /// The resource policy, as it was put.
    pub policy: Option<PolicyText>,
    /// The same by the unique ids of those users and roles that were there: what decides.
    #[serde(default)]
    pub bound_policy: Option<PolicyText>,
    /// The unique ids of the users and roles that it names, by the principals as they were put.
    #[serde(default)]
    pub policy_ids: PrincipalIds,
    /// The rotation's configuration, if there ever was one.
    pub rotation: Option<Box<Rotation>>,
    /// Its part in replication.
    pub replication: Replication,
    /// Its part in replication between accounts.
    #[serde(default)]
    pub cross_account: CrossAccount,
    /// The AWS service that manages it.
    pub owning_service: Option<String>,
    /// The ARN as text, once it was asked for.
    #[serde(skip)]
    arn_text: ArnText,
}

/// A text that is made once and says nothing new: all are equal.
#[derive(Debug, Clone, Default)]
struct ArnText(OnceLock<Box<str>>);

impl PartialEq for ArnText {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for ArnText {}

impl Secret {
    /// A secret that has no version yet.
    pub fn new(arn: SecretArn, uid: Uid, now: Timestamp) -> Self {
        Self {
            arn,
            uid,
            description: None,
            kms_key_id: None,
            partner_type: None,
            created: now,
            changed: now,
            last_rotated: None,
            deletion: None,
            tags: None,
            stages: Stages::default(),
            deprecated: 0,
            policy: None,
            bound_policy: None,
            policy_ids: PrincipalIds::new(),
            rotation: None,
            replication: Replication::None,
            cross_account: CrossAccount::None,
            owning_service: None,
            arn_text: ArnText::default(),
        }
    }

    /// The ARN as text.
    pub fn arn_text(&self) -> &str {
        self.arn_text.0.get_or_init(|| self.arn.to_string().into())
    }

    /// The region whose secret may be changed: its own, unless it is a replica.
    pub fn primary_region(&self) -> &Region {
        match &self.replication {
            Replication::ReplicaOf { primary } => primary,
            Replication::None | Replication::Primary { .. } => &self.arn.region,
        }
    }

    /// The resource policy, as the evaluator reads it.
    pub fn own_policy(&self) -> Option<Arc<Policy>> {
        let text = self.bound_policy.as_ref().or(self.policy.as_ref())?;
        Some(Arc::clone(text.policy("resource policy", PolicyKind::Resource)))
    }

    /// Refuses to use the value from another account. Recorded: AWS's own key is for its account alone.
    pub fn own_value(&self, cx: &Cx<'_>) -> Result<(), ApiError> {
        if self.kms_key_id.is_none() && self.arn.account != *cx.account() {
            return Err(kms::not_across_accounts());
        }
        Ok(())
    }

    /// Refuses on a secret marked for deletion.
    pub fn not_deleted(&self) -> Result<(), ApiError> {
        if self.deletion.is_some() {
            Err(ApiError::invalid_request(MARKED_FOR_DELETION))
        } else {
            Ok(())
        }
    }

    /// Refuses on a replica: only its primary may be changed. Messages from users' reports of AWS's own answers.
    pub fn not_replica(&self) -> Result<(), ApiError> {
        match self.replication {
            Replication::ReplicaOf { .. } => Err(ApiError::invalid_parameter(
                "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
            )),
            Replication::None | Replication::Primary { .. } => Ok(()),
        }
    }

    /// Refuses unless the secret may be changed here and now.
    pub fn writable(&self) -> Result<(), ApiError> {
        self.not_deleted()?;
        self.not_replica()
    }

    /// Notes a change: its time, and that replicas are behind. Every operation that changes a secret ends with this.
    pub fn note_change(&mut self, now: Timestamp) {
        self.changed = now;
        if let Replication::Primary { replicas, is_due } = &mut self.replication {
            *is_due = !replicas.is_empty();
        }
        self.cross_account.note_change();
    }

    /// Makes the secret a primary with these replicas besides those it has. AWS: not in its own region, none twice.
    pub fn add_replicas(&mut self, added: Vec<Replica>) -> Result<(), ApiError> {
        if added.iter().any(|replica| replica.region == self.arn.region) {
            return Err(ApiError::invalid_parameter("Invalid replica region."));
        }
        let mut replicas = match std::mem::take(&mut self.replication) {
            Replication::Primary { replicas, .. } => replicas,
            Replication::None | Replication::ReplicaOf { .. } => Vec::new(),
        };
        replicas.retain(|held| added.iter().all(|replica| replica.region != held.region));
        replicas.extend(added);
        self.replication = Replication::Primary { replicas, is_due: true };
        Ok(())
    }

    /// Puts labels on a version (which may be new), moving AWSPREVIOUS when AWSCURRENT moves.
    pub fn attach_stages(
        &mut self,
        id: &VersionId,
        created: Timestamp,
        stages: &[VersionStage],
    ) -> Result<(), ApiError> {
        let before = self.stages.clone();
        self.stages.attach(id, created, stages).map_err(full)?;
        self.deprecated = self.deprecated.saturating_add(self.stages.deprecated_since(&before));
        Ok(())
    }

    /// Takes a label away from the version that has it.
    pub fn detach_stage(&mut self, stage: &str) {
        let before = self.stages.clone();
        self.stages.detach(stage);
        self.deprecated = self.deprecated.saturating_add(self.stages.deprecated_since(&before));
    }

    /// AWS names the value that a plain read means.
    pub fn current(&self) -> Option<&VersionId> {
        self.stages.holder(VersionStage::CURRENT).map(|version| &version.id)
    }

    /// The secret's record key.
    pub fn key(&self) -> Vec<u8> {
        secret_key(&self.arn.account, &self.arn.region, self.arn.name.as_str())
    }
}

fn full(error: StagesFull) -> ApiError {
    let message = match error {
        StagesFull::Labels => {
            "You can't attach more than 20 staging labels to a version of a secret."
        }
        StagesFull::Versions => {
            "You have exceeded the limit of versions with staging labels for this secret."
        }
    };
    ApiError::new(ErrorCode::LimitExceeded, message)
}

/// What the keys and index terms of an account's region start with.
pub(crate) fn scope(account: &AccountId, region: &Region) -> Vec<u8> {
    secret_key(account, region, "")
}

/// The record key of a secret: account, region and name.
pub(super) fn secret_key(account: &AccountId, region: &Region, name: &str) -> Vec<u8> {
    [account.as_str().as_bytes(), region.as_str().as_bytes(), &[0], name.as_bytes()].concat()
}

impl RecordType for Secret {
    const KIND: Kind = SECRET;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, key: &[u8]) -> Vec<Term> {
        let by_time = |index, time: Timestamp| {
            let mut term = scope(&self.arn.account, &self.arn.region);
            term.extend_from_slice(&time.sortable());
            Term { index, term }
        };
        let mut terms = vec![
            Term { index: BY_NAME, term: key.to_vec() },
            by_time(BY_CREATED, self.created),
            by_time(BY_CHANGED, self.changed),
        ];
        if let Some(deletion) = self.deletion {
            terms.push(Term { index: BY_DELETION, term: deletion.due.sortable().to_vec() });
        }
        let is_due = matches!(self.replication, Replication::Primary { is_due: true, .. });
        if is_due || self.cross_account.is_due() {
            terms.push(Term { index: REPLICATION_DUE, term: Vec::new() });
        }
        terms
    }
}

/// Adds or replaces tags. AWS: at most 50 afterwards.
pub(super) fn merge_tags(tags: &mut Option<Vec<Tag>>, added: &[Tag]) -> Result<(), ApiError> {
    let tags = tags.get_or_insert_default();
    for tag in added {
        match tags.iter_mut().find(|held| held.key == tag.key) {
            Some(held) => held.value.clone_from(&tag.value),
            None => tags.push(tag.clone()),
        }
    }
    if tags.len() > limits::TAGS_MAX {
        return Err(ApiError::new(
            ErrorCode::LimitExceeded,
            "The request failed because it would exceed the limit of 50 tags for a secret.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_types::SystemEntropy;

    #[test]
    fn uids_lie_side_by_side_in_the_order_in_which_they_were_made() {
        let at = |millis| Uid::new(&SystemEntropy, Timestamp::from_millis(millis));
        let uids = [0, 1, 255, 256, 1_700_000_000_000, 1_700_000_000_001, 1 << 47].map(at);
        assert!(uids.is_sorted_by(|earlier, later| earlier.0 < later.0));
        assert_ne!(at(5), at(5));
    }
}
