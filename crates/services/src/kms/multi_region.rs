//! Sets of related multi-Region keys: what they share, and keeping it the same. KMS developer guide, "Multi-Region keys".
//!
//! Each key of a set is a record of its own, in its own Region, with its own policy, tags, description, aliases, grants and
//! state. INVARIANT(one-set): what is shared (materials, rotation, who is primary, who is a replica) changes in all records
//! of a set in one commit, and each of those commits expects the primary's revision.
//!
//! AWS does not carry imported material to replicas: each is imported there again. What they share is which materials those
//! are.

use crate::error::{ApiError, ErrorCode};
use crate::house::House;
use crate::kms::imported::nothing_pending;
use crate::kms::key::{About, Deletion, Key, MultiRegion, Origin};
use crate::kms::material::Material;
use crate::kms::target::{KeyTarget, record_key};
use crate::operation::Cx;
use crate::records::Stored;
use std::sync::Arc;
use strongroom_store::{Expect, Write};
use strongroom_types::{AccountId, Region, Timestamp};

impl Key {
    /// A replica for a Region. Its primary must count it among its replicas already.
    pub(super) fn replica(&self, region: &Region, now: Timestamp) -> Self {
        let about = About {
            manager: self.manager,
            spec: self.spec,
            usage: self.usage,
            origin: self.origin,
            ..About::managed(self.id.clone(), now)
        };
        let mut replica = Self::new(about, Vec::new());
        replica.multi_region = Some(MultiRegion::alone(region));
        replica.mirror(self);
        replica
    }

    /// Takes over what the keys of a set share.
    pub(super) fn mirror(&mut self, primary: &Self) {
        let copied = |theirs: &Material| match primary.origin {
            Origin::AwsKms => theirs.clone(),
            Origin::External => {
                let own =
                    self.materials.iter().chain(&self.pending).find(|own| own.id == theirs.id);
                let (since, rotation) = (theirs.since, theirs.rotation);
                own.map_or_else(
                    || theirs.emptied(),
                    |own| Material { since, rotation, ..own.clone() },
                )
            }
        };
        let materials = primary.materials.iter().map(copied).collect();
        let pending = primary.pending.as_ref().map(copied);
        self.materials = materials;
        self.pending = pending;
        self.rotation = primary.rotation;
        if let (Some(own), Some(set)) = (&mut self.multi_region, &primary.multi_region) {
            own.primary = set.primary.clone();
            own.replicas.clone_from(&set.replicas);
        }
    }

    /// Refuses what is no primary of a multi-Region set. Message recorded of a replica.
    pub(super) fn is_multi_region_primary(&self, arn: &str) -> Result<&MultiRegion, ApiError> {
        self.multi_region.as_ref().filter(|set| set.is_primary()).ok_or_else(|| {
            let message = format!("{arn} is not a multi-region primary key.");
            ApiError::new(ErrorCode::UnsupportedOperation, message)
        })
    }

    /// A deletion that is asked for now. A primary's waiting period begins when its last replica is gone.
    pub(crate) fn deletion_after(&self, days: i64, now: Timestamp) -> Deletion {
        let set = self.multi_region.as_ref();
        let waits = set.is_some_and(|set| set.is_primary() && !set.replicas.is_empty());
        Deletion { days, due: (!waits).then(|| now.plus_days(days)) }
    }

    /// Notes that one of the replicas is gone.
    fn forget_replica(&mut self, gone: &Region, now: Timestamp) {
        let Some(set) = &mut self.multi_region else { return };
        set.replicas.retain(|region| region != gone);
        let is_last = set.is_primary() && set.replicas.is_empty();
        if let Some(deletion) = self.deletion.filter(|deletion| deletion.due.is_none() && is_last) {
            self.deletion = Some(self.deletion_after(deletion.days, now));
        }
    }
}

/// The records of a set's other keys. One that is not there is on its way out, by a commit that also changes the primary.
async fn others(
    house: &House,
    account: &AccountId,
    key: &Key,
) -> Result<Vec<Arc<Stored<Key>>>, ApiError> {
    let Some(set) = &key.multi_region else { return Ok(Vec::new()) };
    let regions = set.replicas.iter().chain([&set.primary]).filter(|region| **region != set.region);
    let keys: Vec<_> = regions.map(|region| record_key(account, region, &key.id)).collect();
    let found = house.records.get_many::<Key>(&keys).await?;
    Ok(found.into_iter().flatten().collect())
}

fn put(
    house: &House,
    stored: &Stored<Key>,
    change: impl FnOnce(&mut Key),
) -> Result<Write, ApiError> {
    let mut key = stored.value.clone();
    change(&mut key);
    let expect = Expect::At(stored.revision);
    house.records.put(&*house.env.entropy, stored.key.clone(), &key, expect)
}

/// The writes that carry a changed primary's shared properties to all of its replicas, to be committed with the primary's
/// own write, which must expect its revision. None for a replica and for a key of one Region: every operation that changes
/// a key's materials or rotation may call it.
pub(crate) async fn each_of_set(
    house: &House,
    account: &AccountId,
    changed: &Key,
) -> Result<Vec<Write>, ApiError> {
    if changed.is_replica() {
        return Ok(Vec::new());
    }
    let others = others(house, account, changed).await?;
    others.iter().map(|other| put(house, other, |replica| replica.mirror(changed))).collect()
}

/// The writes with which a set forgets a replica, to be committed with the end of its record. A primary that waits for its
/// deletion begins its waiting period when that was the last.
pub(crate) async fn without_replica(
    house: &House,
    account: &AccountId,
    gone: &Key,
    now: Timestamp,
) -> Result<Vec<Write>, ApiError> {
    let Some(set) = gone.multi_region.as_ref().filter(|set| !set.is_primary()) else {
        return Ok(Vec::new());
    };
    let others = others(house, account, gone).await?;
    let forget = |other: &Arc<Stored<Key>>| {
        put(house, other, |other| other.forget_replica(&set.region, now))
    };
    others.iter().map(forget).collect()
}

/// The writes that make a primary of one of its replicas, and a replica of it.
pub(super) async fn with_primary(
    house: &House,
    account: &AccountId,
    stored: &Stored<Key>,
    region: &Region,
) -> Result<Vec<Write>, ApiError> {
    let change = |key: &mut Key| {
        if let Some(set) = &mut key.multi_region {
            let former = std::mem::replace(&mut set.primary, region.clone());
            for replica in set.replicas.iter_mut().filter(|replica| *replica == region) {
                *replica = former.clone();
            }
        }
    };
    let mut writes = vec![put(house, stored, change)?];
    for other in others(house, account, &stored.value).await? {
        writes.push(put(house, &other, change)?);
    }
    Ok(writes)
}

/// Whether the material that waits for its rotation is there in every key of the set: `PENDING_ROTATION`, and not
/// `PENDING_MULTI_REGION_IMPORT_AND_ROTATION`. KMS API reference, `RotationsListEntry`.
pub(crate) async fn is_pending_everywhere(
    house: &House,
    account: &AccountId,
    key: &Key,
    now: Timestamp,
) -> Result<bool, ApiError> {
    let is_there = |key: &Key| key.pending.as_ref().is_some_and(|pending| pending.is_there(now));
    let others = others(house, account, key).await?;
    Ok(is_there(key) && others.iter().all(|other| is_there(&other.value)))
}

/// RotateKeyOnDemand of a key of imported material: the writes that make the pending material the current one.
pub(crate) async fn rotate_imported(
    cx: &Cx<'_>,
    target: &KeyTarget,
) -> Result<Vec<Write>, ApiError> {
    let (stored, arn) = (target.found()?, target.arn_text());
    if stored.value.is_replica() {
        stored.value.is_multi_region_primary(&arn)?;
    }
    if !is_pending_everywhere(cx.house, target.owner(), &stored.value, cx.now).await? {
        return Err(nothing_pending(&arn));
    }
    changed_with_set(cx, target, |key| key.rotate_to_pending(&arn, cx.now)).await
}

/// Changes the key and, if it is a primary, its replicas with it.
pub(crate) async fn changed_with_set(
    cx: &Cx<'_>,
    target: &KeyTarget,
    change: impl FnOnce(&mut Key) -> Result<(), ApiError>,
) -> Result<Vec<Write>, ApiError> {
    let mut changed = None;
    let mut writes = target.changed(cx, |key| {
        change(key)?;
        changed = Some(key.clone());
        Ok(())
    })?;
    if let Some(changed) = &changed {
        writes.extend(each_of_set(cx.house, target.owner(), changed).await?);
    }
    Ok(writes)
}

/// Refuses a key of another account, where AWS says "Cross-account use: No". Message inferred.
pub(super) fn is_own(cx: &Cx<'_>, target: &KeyTarget) -> Result<(), ApiError> {
    if target.owner() == cx.account() {
        return Ok(());
    }
    let message = format!("{} belongs to another account.", target.arn_text());
    Err(ApiError::new(ErrorCode::AccessDenied, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::key::RotationPlan;
    use crate::records::RecordType;
    use strongroom_store::Term;
    use strongroom_types::SystemEntropy;

    fn region(name: &str) -> Region {
        Region::parse(name).unwrap()
    }

    fn at(time: i64) -> Timestamp {
        Timestamp::from_millis(time)
    }

    async fn primary(origin: Origin) -> Key {
        let about = About { origin, ..About::managed(format!("mrk-{}", "0".repeat(32)), at(0)) };
        let (spec, usage) = (about.spec, about.usage);
        let made = Material::generate(spec, usage, &about.id, at(0), &SystemEntropy).await.unwrap();
        let mut key = Key::new(about, vec![made]);
        key.multi_region = Some(MultiRegion {
            replicas: vec![region("eu-west-1")],
            ..MultiRegion::alone(&region("us-east-1"))
        });
        key
    }

    /// Documented: replicas share the primary's material, unless it was imported.
    #[tokio::test]
    async fn a_replica_has_made_material_and_only_the_names_of_imported() {
        for origin in [Origin::AwsKms, Origin::External] {
            let primary = primary(origin).await;
            let mut replica = primary.replica(&region("eu-west-1"), at(1));
            assert!(replica.is_replica() && !primary.is_replica());
            assert_eq!((&replica.id, replica.origin), (&primary.id, origin));
            assert_eq!(replica.materials[0].id, primary.materials[0].id);
            assert_eq!(replica.materials[0].is_there(at(1)), origin == Origin::AwsKms);
            replica.materials[0].secret.clone_from(&primary.materials[0].secret);
            replica.mirror(&primary);
            assert!(replica.materials[0].is_there(at(1)), "its own import is kept");
        }
    }

    #[tokio::test]
    async fn what_a_replica_imported_for_a_rotation_is_its_current_material_after_it() {
        let mut primary = primary(Origin::External).await;
        let mut replica = primary.replica(&region("eu-west-1"), at(1));
        let (spec, usage) = (primary.spec, primary.usage);
        let new =
            Material::generate(spec, usage, &primary.id, at(2), &SystemEntropy).await.unwrap();
        primary.pending = Some(new.clone());
        replica.mirror(&primary);
        assert!(!replica.pending.as_ref().unwrap().is_there(at(2)));
        replica.pending.as_mut().unwrap().secret.clone_from(&new.secret);
        primary.rotate_to_pending("arn", at(3)).unwrap();
        replica.mirror(&primary);
        let current = replica.current().unwrap();
        assert!(current.id == new.id && current.is_there(at(3)) && current.since == at(3));
        assert!(replica.pending.is_none());
    }

    /// Documented: DeleteImportedKeyMaterial, "Considerations for multi-Region symmetric encryption keys".
    #[tokio::test]
    async fn a_waiting_material_is_forgotten_with_the_primarys_and_only_emptied_in_a_replica() {
        let mut primary = primary(Origin::External).await;
        primary.pending = Some(Material { id: "b".repeat(64), ..primary.materials[0].clone() });
        let mut replica = primary.replica(&region("eu-west-1"), at(1));
        let secret = primary.materials[0].secret.clone();
        replica.pending.as_mut().unwrap().secret = secret;
        replica.delete_material("arn", Some(&"b".repeat(64))).unwrap();
        assert!(!replica.pending.as_ref().unwrap().is_there(at(1)));
        primary.delete_material("arn", Some(&"b".repeat(64))).unwrap();
        replica.mirror(&primary);
        assert!(primary.pending.is_none() && replica.pending.is_none());
    }

    /// Documented: `PendingDeletionWindowInDays` of KeyMetadata.
    #[tokio::test]
    async fn a_primarys_waiting_period_begins_when_its_last_replica_is_gone() {
        let mut primary = primary(Origin::AwsKms).await;
        primary.multi_region.as_mut().unwrap().replicas.push(region("eu-north-1"));
        let replica = primary.replica(&region("eu-west-1"), at(0));
        assert_eq!(replica.deletion_after(7, at(5)).due, Some(at(5).plus_days(7)));
        let deletion = primary.deletion_after(9, at(5));
        assert_eq!(deletion, Deletion { days: 9, due: None });
        primary.deletion = Some(deletion);
        primary.forget_replica(&region("eu-west-1"), at(50));
        assert_eq!(primary.deletion, Some(deletion));
        primary.forget_replica(&region("eu-north-1"), at(60));
        assert_eq!(primary.deletion.unwrap().due, Some(at(60).plus_days(9)));
        let mut other = replica;
        other.deletion = Some(other.deletion_after(7, at(5)));
        other.forget_replica(&region("eu-north-1"), at(70));
        assert_eq!(other.deletion.unwrap().due, Some(at(5).plus_days(7)));
    }

    #[tokio::test]
    async fn only_the_primarys_rotation_is_due() {
        let mut primary = primary(Origin::AwsKms).await;
        primary.rotation = Some(RotationPlan { days: 90, next: at(77) });
        let replica = primary.replica(&region("eu-west-1"), at(0));
        assert_eq!(replica.rotation, primary.rotation);
        let due = |key: &Key| -> Vec<Vec<u8>> {
            let of_due = |term: &Term| term.index == crate::kms::key::KEYS_DUE;
            key.terms(b"key").into_iter().filter(of_due).map(|term| term.term).collect()
        };
        assert_eq!(due(&primary), [at(77).sortable().to_vec()]);
        assert_eq!(due(&replica), Vec::<Vec<u8>>::new());
    }
}
