//! How many grants a key has. All changes of a key's grants pass through this record, so that none of two that happen at
//! once is decided on what the other has changed.

use crate::error::{ApiError, ErrorCode};
use crate::house::House;
use crate::operation::Cx;
use crate::records::{RecordType, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use strongroom_store::{Expect, Kind, StoreError, Term, Write};
use zeroize::Zeroizing;

/// Most grants of a key. KMS developer guide, "Resource quotas".
const GRANTS_MAX: u64 = 50_000;

/// The record. Its key is the key's record key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct GrantCount {
    grants: u64,
}

impl RecordType for GrantCount {
    const KIND: Kind = Kind { id: 18, name: "KMS grants of a key" };

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, _key: &[u8]) -> Vec<Term> {
        Vec::new()
    }
}

/// The count as it was read.
#[derive(Debug)]
pub(super) struct Counted {
    key: Vec<u8>,
    grants: u64,
    expect: Expect,
}

impl GrantCount {
    /// Of a key. Read before the grants themselves, or a change in between is not noticed.
    pub(super) async fn load(house: &House, key: &[u8]) -> Result<Counted, ApiError> {
        let found = house.records.get::<Self>(key).await?;
        let grants = found.as_ref().map_or(0, |found| found.value.grants);
        let expect = found.map_or(Expect::Absent, |found| Expect::At(found.revision));
        Ok(Counted { key: key.to_vec(), grants, expect })
    }
}

impl Counted {
    /// With one grant more. AWS's message is not on record.
    pub(super) fn one_more(self, cx: &Cx<'_>) -> Result<Write, ApiError> {
        if self.grants >= GRANTS_MAX {
            let message = format!("The quota of {GRANTS_MAX} grants per KMS key has been reached.");
            return Err(ApiError::new(ErrorCode::LimitExceeded, message));
        }
        self.changed(cx, |grants| grants.saturating_add(1))
    }

    /// With one grant less.
    pub(super) fn less_one(self, cx: &Cx<'_>) -> Result<Write, ApiError> {
        self.changed(cx, |grants| grants.saturating_sub(1))
    }

    fn changed(self, cx: &Cx<'_>, change: impl Fn(u64) -> u64) -> Result<Write, ApiError> {
        let Self { key, grants, expect } = self;
        cx.house.records.put(cx.entropy(), key, &GrantCount { grants: change(grants) }, expect)
    }
}
