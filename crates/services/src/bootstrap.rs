//! What a data directory must hold before requests are served: storage keys, and an account with its root access key.

use crate::accounts::{self, NewAccount};
use crate::error::ApiError;
use crate::identity::{AccessKey, KeyOwner, new_secret_access_key};
use crate::records::{RecordType, Records, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use strongroom_keys::Sealing;
use strongroom_store::{Batch, Change, Expect, Kind, Record, Store, StoreError, Term, Write};
use strongroom_types::{AccountId, Entropy, Timestamp};
use zeroize::Zeroizing;

/// The storage keys, wrapped under the root key, and the record of the seal that holds it: what is not sealed under them.
const STORAGE_KEYS: Kind = Kind { id: 0, name: "storage keys" };
/// What is said of the deployment as a whole.
const DEPLOYMENT: Kind = Kind { id: 2, name: "deployment" };
/// The key of the one record of its kind.
const FIRST: &[u8] = b"first";
/// The key of the seal's record, which has the kind of the storage keys.
const SEAL: &[u8] = b"seal";

/// The first account, and the organisation that all accounts belong to.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Deployment {
    account: AccountId,
    root_access_key_id: String,
    /// Empty in data of the first release that had one account only.
    #[serde(default)]
    organization_id: String,
    /// Whether the root's secret, if it was made here, has been told.
    #[serde(default = "yes")]
    is_told: bool,
}

fn yes() -> bool {
    true
}

impl RecordType for Deployment {
    const KIND: Kind = DEPLOYMENT;

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

/// The root credential as the operator preset it.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "holds the secret access key")]
pub struct Preset {
    /// `STRONGROOM_ACCOUNT_ID`.
    pub account: Option<AccountId>,
    /// `STRONGROOM_ROOT_ACCESS_KEY_ID` and `STRONGROOM_ROOT_SECRET_ACCESS_KEY`.
    pub root_key: Option<(String, Zeroizing<String>)>,
}

/// The root credential of the first account.
#[expect(missing_debug_implementations, reason = "may hold the secret access key")]
pub struct RootCredential {
    /// The account.
    pub account: AccountId,
    /// Its root's access key id.
    pub access_key_id: String,
    /// The secret, only when it was made just now: it is shown once.
    pub new_secret: Option<Zeroizing<String>>,
    /// `aws:PrincipalOrgID` of all accounts.
    pub organization_id: String,
}

/// The wrapped storage keys with the record of their seal, as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSealing {
    /// Both.
    pub sealing: Sealing,
    keys: Expect,
    record: Expect,
}

/// The wrapped storage keys with the record of their seal, from one snapshot. `None`: the store has not been set up.
pub async fn sealing(store: &dyn Store) -> Result<Option<StoredSealing>, StoreError> {
    let found = store.get_many(STORAGE_KEYS, &[FIRST.to_vec(), SEAL.to_vec()]).await?;
    let mut found = found.into_iter();
    let (keys, record) = (found.next().flatten(), found.next().flatten());
    let expect = |record: &Option<Record>| {
        record.as_ref().map_or(Expect::Absent, |record| Expect::At(record.revision))
    };
    let expected = (expect(&keys), expect(&record));
    Ok(keys.map(|keys| StoredSealing {
        sealing: Sealing { record: record.map(|record| record.bytes), wrapped: keys.bytes },
        keys: expected.0,
        record: expected.1,
    }))
}

/// The writes that put these storage keys where none are, or in the place of those that were read.
pub fn put_sealing(sealing: Sealing, replaced: Option<&StoredSealing>) -> Vec<Write> {
    let (keys, record) =
        replaced.map_or((Expect::Absent, Expect::Absent), |stored| (stored.keys, stored.record));
    let write = |key: &[u8], expect, change| Write {
        kind: STORAGE_KEYS,
        key: key.to_vec(),
        expect,
        change,
    };
    let put = |bytes| Change::Put { bytes, terms: Vec::new() };
    let record_change = match (sealing.record, record) {
        (Some(bytes), _) => put(bytes),
        (None, Expect::Absent) => Change::Check,
        (None, _) => Change::Delete,
    };
    vec![write(FIRST, keys, put(sealing.wrapped)), write(SEAL, record, record_change)]
}

/// Sets the store up: stores the wrapped storage keys.
pub async fn keep_sealing(store: &dyn Store, sealing: Sealing) -> Result<(), StoreError> {
    let writes = put_sealing(sealing, None);
    store.commit(Batch { writes, events: Vec::new() }).await.map(drop)
}

/// A record that opens under the storage keys of this store and no others: kind, key and sealed bytes.
pub async fn sealed_sample(
    store: &dyn Store,
) -> Result<Option<(u16, &'static [u8], Vec<u8>)>, StoreError> {
    let record = store.get(DEPLOYMENT, FIRST).await?;
    Ok(record.map(|record| (DEPLOYMENT.id, FIRST, record.bytes)))
}

/// The first account, made with the preset or with random ids where there is none yet.
pub async fn root_credential(
    records: &Records,
    entropy: &dyn Entropy,
    now: Timestamp,
    preset: Preset,
) -> Result<RootCredential, ApiError> {
    let Some(stored) = records.get::<Deployment>(FIRST).await? else {
        return first_account(records, entropy, now, preset).await;
    };
    let mut first = stored.value.clone();
    let mut writes = Vec::new();
    if first.organization_id.is_empty() {
        first.organization_id = new_organization_id(entropy);
        writes.push(put_deployment(records, entropy, &first, Expect::At(stored.revision))?);
        writes.push(accounts::adopt(
            records,
            entropy,
            now,
            &first.account,
            &first.root_access_key_id,
        )?);
    }
    let mut new_secret = None;
    if !first.is_told {
        // Nobody has seen the secret: another takes its place.
        let secret = new_secret_access_key(entropy);
        let owner = KeyOwner::Root { account: first.account.clone() };
        let key = AccessKey::new(owner, secret.clone());
        let id = first.root_access_key_id.clone().into_bytes();
        writes.push(records.put(entropy, id, &key, Expect::Any)?);
        new_secret = Some(secret);
    }
    if !writes.is_empty() {
        records.commit(Batch { writes, events: Vec::new() }).await?;
    }
    Ok(RootCredential {
        account: first.account,
        access_key_id: first.root_access_key_id,
        new_secret,
        organization_id: first.organization_id,
    })
}

async fn first_account(
    records: &Records,
    entropy: &dyn Entropy,
    now: Timestamp,
    preset: Preset,
) -> Result<RootCredential, ApiError> {
    let is_made = preset.root_key.is_none();
    let Preset { account: id, root_key } = preset;
    let new = NewAccount { id, name: "root".to_owned(), root_key };
    let made = accounts::make(records, entropy, now, new)?;
    let first = Deployment {
        account: made.account.id.clone(),
        root_access_key_id: made.access_key_id,
        organization_id: new_organization_id(entropy),
        is_told: !is_made,
    };
    let mut writes = made.writes;
    writes.push(put_deployment(records, entropy, &first, Expect::Absent)?);
    records.commit(Batch { writes, events: Vec::new() }).await?;
    Ok(RootCredential {
        account: first.account,
        access_key_id: first.root_access_key_id,
        new_secret: is_made.then_some(made.secret),
        organization_id: first.organization_id,
    })
}

/// Notes that the root's secret has been told: it never is again.
pub async fn note_told(records: &Records, entropy: &dyn Entropy) -> Result<(), ApiError> {
    let Some(stored) = records.get::<Deployment>(FIRST).await? else { return Ok(()) };
    let told = Deployment { is_told: true, ..stored.value.clone() };
    let write = put_deployment(records, entropy, &told, Expect::At(stored.revision))?;
    records.commit(Batch { writes: vec![write], events: Vec::new() }).await?;
    Ok(())
}

fn put_deployment(
    records: &Records,
    entropy: &dyn Entropy,
    deployment: &Deployment,
    expect: Expect,
) -> Result<Write, ApiError> {
    records.put(entropy, FIRST.to_vec(), deployment, expect)
}

/// `o-` and ten characters. Organizations API reference, `Organization`.
fn new_organization_id(entropy: &dyn Entropy) -> String {
    let mut id = "o-".to_owned();
    id.extend((0..10).map(|_| char::from(entropy.choose(b"abcdefghijklmnopqrstuvwxyz0123456789"))));
    id
}
