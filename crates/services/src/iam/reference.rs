//! References by unique id: what keeps a policy, group or role in place while somebody comes to refer to it.
//!
//! Who attaches a policy, joins a group or goes into a profile changes a record of its own. That the policy is there is
//! checked in its batch; but a deletion that looked for references a moment before would not notice. So every new
//! reference rewrites a record beside the thing, and a deletion holds that record to what it was before it looked.
//!
//! INVARIANT(no-dangling): nothing refers to a policy, group or role that is not there, or to a later one of its name.

use crate::error::ApiError;
use crate::operation::Cx;
use crate::records::{RecordType, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use strongroom_store::{Change, Expect, Kind, StoreError, Term, Write};
use zeroize::Zeroizing;

/// The kind of record whose revision tells when something was last referred to. Its key is the thing's unique id.
const REFERENCE: Kind = Kind { id: 39, name: "IAM reference" };

#[derive(Debug, Serialize, Deserialize)]
struct Reference {}

impl RecordType for Reference {
    const KIND: Kind = REFERENCE;

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

/// The write of whoever comes to refer to the thing of this id. It expects nothing: those who refer to the same thing at
/// once are not in each other's way.
pub(super) fn refer(cx: &Cx<'_>, id: &str) -> Result<Write, ApiError> {
    cx.house.records.put(cx.entropy(), id.as_bytes().to_vec(), &Reference {}, Expect::Any)
}

/// What was known of the references to a thing before they were looked for.
#[derive(Debug)]
pub(super) struct Unreferred {
    write: Write,
}

impl Unreferred {
    /// To be called before references are looked for.
    pub(super) async fn begin(cx: &Cx<'_>, id: &str) -> Result<Self, ApiError> {
        let key = id.as_bytes().to_vec();
        let seen = cx.house.records.get::<Reference>(&key).await?;
        let (expect, change) = match seen {
            Some(seen) => (Expect::At(seen.revision), Change::Delete),
            None => (Expect::Absent, Change::Check),
        };
        Ok(Self { write: Write { kind: REFERENCE, key, expect, change } })
    }

    /// The write of the deletion: it does not go through if a reference came since.
    pub(super) fn into_write(self) -> Write {
        self.write
    }
}
