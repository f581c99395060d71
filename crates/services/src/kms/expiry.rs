//! The end of imported material whose time is over: its bytes go out of the key's record. That the key cannot be used from
//! that very moment on is `Key::state`'s doing, whenever this comes to it.

use crate::error::ApiError;
use crate::house::House;
use crate::kms::key::{KEYS_DUE, Key};
use strongroom_store::{Batch, Expect, StoreError};
use strongroom_types::Timestamp;

/// Keys looked at at a time.
const PER_TICK: u32 = 16;

/// Erases imported material that has expired. Answers whether more may be left.
pub(crate) async fn expire_due_material(house: &House, now: Timestamp) -> Result<bool, ApiError> {
    let round = &house.material_expiry_round;
    let mut due = round.page(&house.records, KEYS_DUE, PER_TICK).await?;
    due.retain(|entry| entry.term.as_slice() <= now.sortable().as_slice());
    let mut left = 0;
    for entry in &due {
        // What is due to a key may be something else, which then stays in the index; and one that cannot be changed does
        // not stand in the way of the others.
        match expire_one(house, &entry.key, now).await {
            Ok(true) => {}
            Ok(false) => left += 1,
            Err(error) => {
                tracing::error!(?error, "expired key material could not be erased");
                left += 1;
            }
        }
    }
    Ok(round.note(&due, left, PER_TICK))
}

/// Whether anything was erased.
async fn expire_one(house: &House, key: &[u8], now: Timestamp) -> Result<bool, ApiError> {
    let Some(stored) = house.records.get::<Key>(key).await? else { return Ok(false) };
    let mut changed = stored.value.clone();
    if !changed.erase_expired(now) {
        return Ok(false);
    }
    let expect = Expect::At(stored.revision);
    let entropy = &*house.env.entropy;
    let writes = vec![house.records.put(entropy, stored.key.clone(), &changed, expect)?];
    match house.commit(Batch { writes, events: Vec::new() }).await {
        // Changed at the last moment: looked at again with the next tick.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
