//! The rotation of keys: a new material becomes the current one, all older ones still open what they sealed. KMS developer
//! guide, "Rotate AWS KMS keys".
//!
//! A rotation is one commit, of the key and, if it is a primary, of its replicas.

use crate::error::{ApiError, ErrorCode};
use crate::house::House;
use crate::kms::key::{KEYS_DUE, Key, KeyManager, Origin, RotationPlan};
use crate::kms::material::{Material, RotationType};
use crate::kms::multi_region::each_of_set;
use crate::records::Stored;
use strongroom_keys::kms::KeyKind;
use strongroom_store::{Batch, Expect, StoreError, Write};
use strongroom_types::{AccountId, Timestamp};

/// Days between rotations if nobody says otherwise, and of the server's own keys always. KMS API reference,
/// `EnableKeyRotation`.
pub(super) const PERIOD_DAYS_DEFAULT: i64 = 365;
/// Most rotations of a key by RotateKeyOnDemand. KMS API reference, `RotateKeyOnDemand`.
const ON_DEMAND_MAX: usize = 25;
/// Keys looked at at a time.
const PER_TICK: u32 = 64;

impl RotationPlan {
    /// One that begins now.
    pub(super) fn new(days: i64, now: Timestamp) -> Self {
        Self { days, next: now.plus_days(days) }
    }
}

impl Key {
    /// Rotates it from now on, or at other intervals than so far. Asked for again as it is, it stays as it is: inferred.
    pub(super) fn plan_rotation(&mut self, days: i64, now: Timestamp) {
        if self.rotation.is_none_or(|plan| plan.days != days) {
            self.rotation = Some(RotationPlan::new(days, now));
        }
    }

    /// Makes a new material the current one. On demand, the plan stays as it is. KMS API reference, `RotateKeyOnDemand`.
    pub(super) fn rotate(&mut self, material: Material, by: RotationType, now: Timestamp) {
        self.materials.push(Material { since: now, rotation: Some(by), ..material });
        if by == RotationType::Automatic {
            let days = self.rotation.map(|plan| plan.days);
            self.rotation = days.map(|days| RotationPlan::new(days, now));
        }
    }

    /// Whether its plan says that it is to be rotated now. AWS: a key that is disabled or waits for its deletion is not;
    /// once it can be used again, it is rotated at once if its time has come meanwhile.
    pub(super) fn is_rotation_due(&self, now: Timestamp) -> bool {
        let plan = self.rotation.filter(|plan| plan.next <= now);
        plan.is_some() && self.enabled && self.deletion.is_none() && !self.is_replica()
    }

    /// Refuses what is made of another thing than material that is generated here. AWS has no message for other specs, and
    /// one for imported material, recorded.
    pub(super) fn is_rotated_here(&self, arn: &str) -> Result<(), ApiError> {
        self.is_rotatable()?;
        match self.origin {
            Origin::AwsKms => Ok(()),
            Origin::External => Err(of_external(arn)),
        }
    }

    /// Refuses keys that have one material for ever.
    pub(super) fn is_rotatable(&self) -> Result<(), ApiError> {
        if self.spec.kind() == KeyKind::Symmetric {
            return Ok(());
        }
        Err(ApiError::new(ErrorCode::UnsupportedOperation, ""))
    }

    /// Refuses a rotation on demand beyond the quota. Message recorded.
    pub(super) fn has_rotations_left(&self, arn: &str) -> Result<(), ApiError> {
        let is_on_demand = |material: &&Material| material.rotation == Some(RotationType::OnDemand);
        if self.materials.iter().filter(is_on_demand).count() < ON_DEMAND_MAX {
            return Ok(());
        }
        let message = format!(
            "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: {arn}"
        );
        Err(ApiError::new(ErrorCode::LimitExceeded, message))
    }
}

/// Message recorded.
pub(super) fn of_external(arn: &str) -> ApiError {
    let message = format!("{arn} origin is EXTERNAL which is not valid for this operation.");
    ApiError::new(ErrorCode::UnsupportedOperation, message)
}

/// The writes that give a key new material, to be committed at once.
pub(super) async fn rotated(
    house: &House,
    account: &AccountId,
    stored: &Stored<Key>,
    by: RotationType,
    now: Timestamp,
) -> Result<Vec<Write>, ApiError> {
    let (entropy, mut key) = (&*house.env.entropy, stored.value.clone());
    let made = Material::generate(key.spec, key.usage, &key.id, now, entropy).await;
    key.rotate(made.map_err(ApiError::internal)?, by, now);
    let expect = Expect::At(stored.revision);
    let mut writes = vec![house.records.put(entropy, stored.key.clone(), &key, expect)?];
    writes.extend(each_of_set(house, account, &key).await?);
    Ok(writes)
}

/// Rotates keys whose time has come. Answers whether more may be left.
pub(crate) async fn rotate_due_keys(house: &House, now: Timestamp) -> Result<bool, ApiError> {
    let round = &house.rotation_round;
    let mut due = round.page(&house.records, KEYS_DUE, PER_TICK).await?;
    due.retain(|entry| entry.term.as_slice() <= now.sortable().as_slice());
    let mut left = 0;
    for entry in &due {
        // What is due to a key may be something else, which then stays in the index; and one that cannot be rotated does
        // not stand in the way of the others.
        match rotate_due_key(house, &entry.key, now).await {
            Ok(true) => {}
            Ok(false) => left += 1,
            Err(error) => {
                tracing::error!(?error, "a key could not be rotated");
                left += 1;
            }
        }
    }
    Ok(round.note(&due, left, PER_TICK))
}

/// Whether it was this that was due.
async fn rotate_due_key(house: &House, key: &[u8], now: Timestamp) -> Result<bool, ApiError> {
    let Some(stored) = house.records.get::<Key>(key).await? else { return Ok(false) };
    if !stored.value.is_rotation_due(now) {
        return Ok(false);
    }
    let account = account_of(key)?;
    let writes = rotated(house, &account, &stored, RotationType::Automatic, now).await?;
    commit(house, writes).await?;
    Ok(true)
}

/// What changed meanwhile is looked at again with the next tick.
async fn commit(house: &House, writes: Vec<Write>) -> Result<(), ApiError> {
    match house.commit(Batch { writes, events: Vec::new() }).await {
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The account that a key's record key begins with.
pub(super) fn account_of(key: &[u8]) -> Result<AccountId, ApiError> {
    let digits = key.get(..ACCOUNT_DIGITS).and_then(|digits| std::str::from_utf8(digits).ok());
    let account = digits.and_then(|digits| AccountId::parse(digits).ok());
    account.ok_or_else(|| ApiError::internal("a KMS key under a record key without account"))
}

/// Digits of an account's id.
const ACCOUNT_DIGITS: usize = 12;

/// Has one of the server's own keys rotated from now on that was made by a release that did not rotate: nothing found its
/// record when its time came. KMS API reference, `EnableKeyRotation`: such keys are rotated yearly.
pub(super) async fn plan_managed(house: &House, stored: &Stored<Key>) -> Result<(), ApiError> {
    if stored.value.manager != KeyManager::Aws || stored.value.rotation.is_some() {
        return Ok(());
    }
    let mut key = stored.value.clone();
    key.plan_rotation(PERIOD_DAYS_DEFAULT, house.env.clock.now());
    let expect = Expect::At(stored.revision);
    let entropy = &*house.env.entropy;
    commit(house, vec![house.records.put(entropy, stored.key.clone(), &key, expect)?]).await
}

#[cfg(test)]
mod tests;
