//! What a data directory must hold before requests are served: storage keys, and an account with its root access key.

use crate::error::ApiError;
use crate::identity::{AccessKey, new_access_key_id, new_secret_access_key};
use crate::records::{RecordType, Records, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use strongroom_keys::{RootKey, StorageKeys};
use strongroom_store::{Batch, Change, Expect, Kind, Store, StoreError, Term, Write};
use strongroom_types::{AccountId, Entropy};
use zeroize::Zeroizing;

/// The storage keys, wrapped under the root key: the one record that is not sealed under them.
const STORAGE_KEYS: Kind = Kind { id: 0, name: "storage keys" };
/// An account. Its key is the account id.
const ACCOUNT: Kind = Kind { id: 2, name: "account" };
/// The key of the one record that says which account is the first.
const FIRST: &[u8] = b"first";

#[derive(Debug, Serialize, Deserialize)]
struct FirstAccount {
    account: AccountId,
    root_access_key_id: String,
}

impl RecordType for FirstAccount {
    const KIND: Kind = ACCOUNT;

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
    /// Whether the data directory was empty before.
    pub is_new: bool,
}

/// Whether the store has been set up.
pub async fn is_initialised(store: &dyn Store) -> Result<bool, StoreError> {
    Ok(store.get(STORAGE_KEYS, FIRST).await?.is_some())
}

/// Opens the storage keys, or makes them in an empty store.
pub async fn storage_keys(
    store: &dyn Store,
    root: &RootKey,
    entropy: &dyn Entropy,
) -> Result<StorageKeys, ApiError> {
    if let Some(record) = store.get(STORAGE_KEYS, FIRST).await? {
        return StorageKeys::unwrap(root, &record.bytes).map_err(ApiError::internal);
    }
    let keys = StorageKeys::generate(entropy).map_err(ApiError::internal)?;
    let bytes = keys.wrap(root, entropy).map_err(ApiError::internal)?;
    let change = Change::Put { bytes, terms: Vec::new() };
    let write = Write { kind: STORAGE_KEYS, key: FIRST.to_vec(), expect: Expect::Absent, change };
    store.commit(Batch { writes: vec![write], events: Vec::new() }).await?;
    Ok(keys)
}

/// The first account, made with the preset or with random ids where there is none yet.
pub async fn root_credential(
    records: &Records,
    entropy: &dyn Entropy,
    preset: Preset,
) -> Result<RootCredential, ApiError> {
    if let Some(first) = records.get::<FirstAccount>(FIRST).await? {
        let FirstAccount { account, root_access_key_id } = &first.value;
        let access_key_id = root_access_key_id.clone();
        return Ok(RootCredential {
            account: account.clone(),
            access_key_id,
            new_secret: None,
            is_new: false,
        });
    }
    let account = preset.account.map_or_else(|| random_account(entropy), Ok)?;
    let is_made = preset.root_key.is_none();
    let (access_key_id, secret) = preset
        .root_key
        .unwrap_or_else(|| (new_access_key_id(entropy), new_secret_access_key(entropy)));
    let first =
        FirstAccount { account: account.clone(), root_access_key_id: access_key_id.clone() };
    let key = AccessKey::of_root(account.clone(), secret.clone());
    let writes = vec![
        records.put(entropy, FIRST.to_vec(), &first, Expect::Absent)?,
        records.put(entropy, access_key_id.clone().into_bytes(), &key, Expect::Absent)?,
    ];
    records.commit(Batch { writes, events: Vec::new() }).await?;
    Ok(RootCredential {
        account,
        access_key_id,
        new_secret: is_made.then_some(secret),
        is_new: true,
    })
}

fn random_account(entropy: &dyn Entropy) -> Result<AccountId, ApiError> {
    let digits: String = (0..12)
        .map(|place| {
            let digits: &[u8] = if place == 0 { b"123456789" } else { b"0123456789" };
            char::from(entropy.choose(digits))
        })
        .collect();
    AccountId::parse(&digits).map_err(ApiError::internal)
}
