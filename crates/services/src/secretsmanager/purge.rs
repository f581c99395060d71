//! The end of a secret: its name is free at once, its versions go page by page.
//!
//! Deleting a secret's record and noting that its versions are to go is one commit, so a crash leaves neither a version
//! nobody can reach nor a secret half there.

use crate::error::ApiError;
use crate::house::House;
use crate::records::{RecordType, Stored, decode_as, encode_as};
use crate::secretsmanager::access::ACCESS;
use crate::secretsmanager::secret::{BY_DELETION, SECRET, Secret, Uid};
use crate::secretsmanager::version::{VERSION, VERSIONS};
use serde::{Deserialize, Serialize};
use strongroom_store::{
    Batch, Change, Direction, Expect, Index, Kind, PageQuery, StoreError, Term, Write,
};
use strongroom_types::Timestamp;
use zeroize::Zeroizing;

/// The kind of record that says that the versions of a deleted secret are to go. Its key is the secret's uid.
const PURGE: Kind = Kind { id: 23, name: "purge" };
/// All purges.
const PURGES: Index = Index { id: 27, name: "purges" };

/// Records looked at or removed at a time.
const PER_TICK: u32 = 256;

#[derive(Debug, Serialize, Deserialize)]
struct Purge {
    uid: Uid,
}

impl RecordType for Purge {
    const KIND: Kind = PURGE;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, _key: &[u8]) -> Vec<Term> {
        vec![Term { index: PURGES, term: Vec::new() }]
    }
}

fn delete(kind: Kind, key: Vec<u8>, expect: Expect) -> Write {
    Write { kind, key, expect, change: Change::Delete }
}

/// The writes that end a secret. The caller commits them; the versions follow with the next ticks.
pub(super) fn end_secret(house: &House, secret: &Stored<Secret>) -> Result<Vec<Write>, ApiError> {
    let uid = secret.value.uid;
    Ok(vec![
        delete(SECRET, secret.key.clone(), Expect::At(secret.revision)),
        delete(ACCESS, secret.key.clone(), Expect::Any),
        end_versions(house, uid)?,
    ])
}

/// The write that lets all versions of an incarnation go.
pub(super) fn end_versions(house: &House, uid: Uid) -> Result<Write, ApiError> {
    house.records.put(&*house.env.entropy, uid.0.to_vec(), &Purge { uid }, Expect::Any)
}

/// Ends secrets whose recovery window is over, and removes versions of ended ones. Answers whether more may be left.
pub async fn purge_due(house: &House, now: Timestamp) -> Result<bool, ApiError> {
    let ended = end_due_secrets(house, now).await?;
    let removed = remove_versions(house).await?;
    Ok(ended || removed)
}

fn first_of(index: Index, prefix: &[u8]) -> PageQuery<'_> {
    PageQuery { index, prefix, after: None, limit: PER_TICK, direction: Direction::Ascending }
}

async fn end_due_secrets(house: &House, now: Timestamp) -> Result<bool, ApiError> {
    let round = &house.purge_round;
    let mut due = round.page(&house.records, BY_DELETION, PER_TICK).await?;
    due.retain(|entry| entry.term.as_slice() <= now.sortable().as_slice());
    let mut failed = 0;
    for entry in &due {
        // One that cannot be ended does not stand in the way of the others.
        if let Err(error) = end_due_secret(house, &entry.key, now).await {
            tracing::error!(?error, "a secret whose recovery window is over could not be ended");
            failed += 1;
        }
    }
    Ok(round.note(&due, failed, PER_TICK))
}

async fn end_due_secret(house: &House, key: &[u8], now: Timestamp) -> Result<(), ApiError> {
    let Some(secret) = house.records.get::<Secret>(key).await? else { return Ok(()) };
    if secret.value.deletion.is_none_or(|deletion| deletion.due > now) {
        return Ok(());
    }
    let writes = end_secret(house, &secret)?;
    match house.commit(Batch { writes, events: Vec::new() }).await {
        // Restored at the last moment: the restore won.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn remove_versions(house: &House) -> Result<bool, ApiError> {
    let Some(purge) = house.records.page(first_of(PURGES, &[])).await?.into_iter().next() else {
        return Ok(false);
    };
    let versions = house.records.page(first_of(VERSIONS, &purge.key)).await?;
    let is_last = versions.len() < usize::try_from(PER_TICK).unwrap_or(usize::MAX);
    let mut writes: Vec<_> =
        versions.into_iter().map(|entry| delete(VERSION, entry.key, Expect::Any)).collect();
    if is_last {
        writes.push(delete(PURGE, purge.key, Expect::Any));
    }
    house.commit(Batch { writes, events: Vec::new() }).await?;
    Ok(true)
}
