//! Carrying a primary's state to its replicas in other regions.
//!
//! A change of a primary marks it as due in its own commit; a tick brings each replica to the primary's present state,
//! in one commit with the primary's note that it has done so. Bringing twice is the same as bringing once, so a crash in
//! between costs nothing. Values are opened under the primary's key and sealed again under the replica's, bound to the
//! replica's ARN.

use crate::error::ApiError;
use crate::house::House;
use crate::kms::{self, Asker};
use crate::records::Stored;
use crate::secretsmanager::access::Access;
use crate::secretsmanager::cross_account::{CrossAccount, carry};
use crate::secretsmanager::new_version::prune;
use crate::secretsmanager::purge::end_versions;
use crate::secretsmanager::secret::{
    REPLICATION_DUE, Replica, ReplicaStatus, Replication, Secret, Uid, secret_key,
};
use crate::secretsmanager::value::{NewContent, Use, open, place, seal};
use crate::secretsmanager::version::{Memory, Version, find_version, version_key};
use strongroom_store::{Batch, Expect, StoreError, Write};
use strongroom_types::{Region, SecretArn, Timestamp};

/// Primaries brought up to date at a time.
const PER_TICK: u32 = 32;

/// Brings replicas up to date. Answers whether more may be left.
pub async fn replicate_due(house: &House, now: Timestamp) -> Result<bool, ApiError> {
    let round = &house.replication_round;
    let due = round.page(&house.records, REPLICATION_DUE, PER_TICK).await?;
    let mut failed = 0;
    for entry in &due {
        // One that cannot be brought does not stand in the way of the others.
        if let Err(error) = replicate_one(house, &entry.key, now).await {
            tracing::error!(?error, "a primary's replicas could not be brought up to date");
            failed += 1;
        }
    }
    Ok(round.note(&due, failed, PER_TICK))
}

async fn replicate_one(house: &House, key: &[u8], now: Timestamp) -> Result<(), ApiError> {
    if let Some(primary) = house.records.get::<Secret>(key).await? {
        replicate(house, &primary, now).await?;
    }
    if let Some(primary) = house.records.get::<Secret>(key).await? {
        carry(house, &primary, now).await?;
    }
    Ok(())
}

async fn replicate(house: &House, stored: &Stored<Secret>, now: Timestamp) -> Result<(), ApiError> {
    let Replication::Primary { replicas, is_due: true } = &stored.value.replication else {
        return Ok(());
    };
    let mut writes = Vec::new();
    let mut told = replicas.clone();
    for replica in &mut told {
        let brought = bring(house, &stored.value, replica, now).await;
        // AWS: the call that asked for it may overwrite; no later change of the primary may.
        replica.overwrite = false;
        match brought {
            Ok(brought) => {
                writes.extend(brought);
                replica.status = ReplicaStatus::InSync;
                replica.status_message = None;
            }
            Err(Unbrought::Refused(message)) => {
                replica.status = ReplicaStatus::Failed;
                replica.status_message = Some(message);
            }
            Err(Unbrought::Broken(error)) => return Err(error),
        }
    }
    let mut primary = stored.value.clone();
    primary.replication = Replication::Primary { replicas: told, is_due: false };
    let expect = Expect::At(stored.revision);
    writes.push(house.records.put(&*house.env.entropy, stored.key.clone(), &primary, expect)?);
    match house.commit(Batch { writes, events: Vec::new() }).await {
        // Something changed meanwhile: still due, done with the next tick.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Why a replica was not brought up to date.
enum Unbrought {
    /// It cannot be, as things are; the primary shows this as `StatusMessage`.
    Refused(String),
    /// The server failed.
    Broken(ApiError),
}

impl From<ApiError> for Unbrought {
    fn from(error: ApiError) -> Self {
        if error.code.is_servers() {
            Self::Broken(error)
        } else {
            Self::Refused(error.message.into_owned())
        }
    }
}

impl From<StoreError> for Unbrought {
    fn from(error: StoreError) -> Self {
        Self::Broken(error.into())
    }
}

async fn bring(
    house: &House,
    primary: &Secret,
    replica: &Replica,
    now: Timestamp,
) -> Result<Vec<Write>, Unbrought> {
    let key = secret_key(&primary.arn.account, &replica.region, primary.arn.name.as_str());
    let held = house.records.get::<Secret>(&key).await?;
    let mut writes = Vec::new();
    let (mut copy, expect) = match &held {
        None => (new_replica(house, primary, &replica.region, now), Expect::Absent),
        Some(held) if is_replica_of(&held.value, primary) => {
            (held.value.clone(), Expect::At(held.revision))
        }
        Some(held) if replica.overwrite && is_replaceable(&held.value) => {
            writes.push(end_versions(house, held.value.uid)?);
            (new_replica(house, primary, &replica.region, now), Expect::At(held.revision))
        }
        Some(_) => {
            let message = format!(
                "Replication failed: Secret name already exists in region {}.",
                replica.region
            );
            return Err(Unbrought::Refused(message));
        }
    };
    let is_new = held.is_none_or(|held| held.value.uid != copy.uid);
    if is_new {
        let asker = Asker::Server(house, now);
        let named = replica.kms_key_id.as_deref();
        copy.kms_key_id = kms::stored_name(asker, place(&copy), named).await?;
    }
    mirror(primary, &mut copy);
    writes.extend(missing_versions(house, now, primary, &copy).await?);
    writes.extend(prune(house, now, &mut copy).await?);
    let entropy = &*house.env.entropy;
    if is_new {
        writes.push(house.records.put(entropy, key.clone(), &Access::never(&copy), Expect::Any)?);
    }
    writes.push(house.records.put(entropy, key, &copy, expect)?);
    Ok(writes)
}

/// A secret that others follow, or that follows another, is not overwritten: somebody would be left behind.
fn is_replaceable(held: &Secret) -> bool {
    match &held.replication {
        Replication::None => held.cross_account == CrossAccount::None,
        Replication::Primary { replicas, .. } => replicas.is_empty(),
        Replication::ReplicaOf { .. } => false,
    }
}

/// AWS: a replica has the primary's ARN but for the region.
pub(super) fn is_replica_of(held: &Secret, primary: &Secret) -> bool {
    let region = &primary.arn.region;
    matches!(&held.replication, Replication::ReplicaOf { primary } if primary == region)
        && held.arn.suffix == primary.arn.suffix
}

fn new_replica(house: &House, primary: &Secret, region: &Region, now: Timestamp) -> Secret {
    let uid = Uid::new(&*house.env.entropy, now);
    let arn = SecretArn { region: region.clone(), ..primary.arn.clone() };
    let mut copy = Secret::new(arn, uid, now);
    copy.replication = Replication::ReplicaOf { primary: primary.arn.region.clone() };
    copy
}

/// Everything that follows the primary. Its own are: ARN, key, creation, and whether it was read.
fn mirror(primary: &Secret, copy: &mut Secret) {
    let before = copy.stages.clone();
    copy.description.clone_from(&primary.description);
    copy.partner_type.clone_from(&primary.partner_type);
    copy.tags.clone_from(&primary.tags);
    copy.policy.clone_from(&primary.policy);
    copy.bound_policy.clone_from(&primary.bound_policy);
    copy.policy_ids.clone_from(&primary.policy_ids);
    copy.owning_service.clone_from(&primary.owning_service);
    copy.last_rotated = primary.last_rotated;
    copy.changed = primary.changed;
    copy.stages.clone_from(&primary.stages);
    copy.deprecated = copy.deprecated.saturating_add(copy.stages.deprecated_since(&before));
}

/// The labelled versions whose values the replica does not hold yet.
pub(super) async fn missing_versions(
    house: &House,
    now: Timestamp,
    primary: &Secret,
    copy: &Secret,
) -> Result<Vec<Write>, ApiError> {
    let mut writes = Vec::new();
    for labelled in copy.stages.iter() {
        let Some(original) = find_version(&house.records, primary.uid, &labelled.id).await? else {
            continue;
        };
        let key = version_key(copy.uid, &labelled.id);
        let held = find_version(&house.records, copy.uid, &labelled.id).await?;
        let is_there = held
            .as_ref()
            .is_some_and(|held| held.value.content.is_some() || original.value.content.is_none());
        if is_there {
            continue;
        }
        let (id, created) = (labelled.id.clone(), original.value.created);
        let bound = original.value.content.as_ref().map(|content| content.context.clone());
        let version = match open(Use::by_server(house, now), primary, &original.value).await? {
            Some(value) => {
                let bound = bound.unwrap_or_default();
                let new = NewContent { id, created, value: &value, bound };
                seal(Asker::Server(house, now), copy, new).await?
            }
            None => {
                Version { uid: copy.uid, id, created, content: None, memory: Memory::default() }
            }
        };
        writes.push(house.records.put(&*house.env.entropy, key, &version, Expect::Any)?);
    }
    Ok(writes)
}
