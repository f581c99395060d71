//! The accounts of a deployment. Each has its own root, its own IAM, and per region its own secrets and keys. Nothing
//! crosses accounts but by resource policy or role.

use crate::error::{ApiError, ErrorCode};
use crate::iam::user::HeldKey;
use crate::identity::{
    AccessKey, AccessKeyStatus, KeyOwner, new_access_key_id, new_secret_access_key,
};
use crate::records::{RecordType, Records, Stored, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_store::{
    Change, Direction, Expect, Index, Kind, PageQuery, StoreError, Term, Write,
};
use strongroom_types::{AccountId, Entropy, Timestamp};
use zeroize::Zeroizing;

/// The kind of record that holds an account. Its key is the account id.
pub(crate) const ACCOUNT: Kind = Kind { id: 3, name: "account" };
/// Accounts by id.
const ACCOUNTS: Index = Index { id: 3, name: "accounts" };
/// The kind of record that keeps an alias to one account. Its key is the alias: no two accounts can take it at once.
const ALIAS: Kind = Kind { id: 40, name: "account alias" };
/// Accounts of one deployment. Ours: bounds what a listing at the command line reads.
const ACCOUNTS_MAX: u32 = 10_000;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What the operator calls it.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// The access keys of its root: two at most.
    pub root_keys: Vec<HeldKey>,
    /// Its alias (`CreateAccountAlias`).
    pub alias: Option<String>,
}

impl RecordType for Account {
    const KIND: Kind = ACCOUNT;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, key: &[u8]) -> Vec<Term> {
        vec![Term { index: ACCOUNTS, term: key.to_vec() }]
    }
}

/// Whose an alias is.
#[derive(Debug, Serialize, Deserialize)]
struct Alias {
    account: AccountId,
}

impl RecordType for Alias {
    const KIND: Kind = ALIAS;

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

/// An account that is to be made.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "may hold the secret access key")]
pub struct NewAccount {
    /// Its id; a random one if none is given.
    pub id: Option<AccountId>,
    /// What the operator calls it.
    pub name: String,
    /// Its root's access key; a random one if none is given.
    pub root_key: Option<(String, Zeroizing<String>)>,
}

/// An account that was made, with its root's credential, which is shown once.
#[expect(missing_debug_implementations, reason = "holds the secret access key")]
pub struct MadeAccount {
    /// The account.
    pub account: Account,
    /// Its root's access key.
    pub access_key_id: String,
    /// Its root's secret access key.
    pub secret: Zeroizing<String>,
    /// The records to commit.
    pub writes: Vec<Write>,
}

/// Makes an account. The caller commits it: a conflict says that the id or the access key is taken.
pub fn make(
    records: &Records,
    entropy: &dyn Entropy,
    now: Timestamp,
    new: NewAccount,
) -> Result<MadeAccount, ApiError> {
    let id = new.id.map_or_else(|| random_id(entropy), Ok)?;
    let (root_access_key_id, secret) = new
        .root_key
        .unwrap_or_else(|| (new_access_key_id(entropy), new_secret_access_key(entropy)));
    let owner = KeyOwner::Root { account: id.clone() };
    let key = AccessKey::new(owner, secret.clone());
    let held =
        HeldKey { id: root_access_key_id.clone(), status: AccessKeyStatus::Active, created: now };
    let account = Account { id, name: new.name, created: now, root_keys: vec![held], alias: None };
    let account_key = account.id.as_str().as_bytes().to_vec();
    let writes = vec![
        records.put(entropy, account_key, &account, Expect::Absent)?,
        records.put(entropy, root_access_key_id.clone().into_bytes(), &key, Expect::Absent)?,
    ];
    Ok(MadeAccount { account, access_key_id: root_access_key_id, secret, writes })
}

/// The record of an account that was made before accounts had one.
pub(crate) fn adopt(
    records: &Records,
    entropy: &dyn Entropy,
    now: Timestamp,
    id: &AccountId,
    root_access_key_id: &str,
) -> Result<Write, ApiError> {
    let held = HeldKey {
        id: root_access_key_id.to_owned(),
        status: AccessKeyStatus::Active,
        created: now,
    };
    let (name, root_keys) = ("root".to_owned(), vec![held]);
    let account = Account { id: id.clone(), name, created: now, root_keys, alias: None };
    records.put(entropy, id.as_str().as_bytes().to_vec(), &account, Expect::Absent)
}

fn random_id(entropy: &dyn Entropy) -> Result<AccountId, ApiError> {
    let digit = |place: usize| {
        let digits: &[u8] = if place == 0 { b"123456789" } else { b"0123456789" };
        char::from(entropy.choose(digits))
    };
    let digits: String = (0..12).map(digit).collect();
    AccountId::parse(&digits).map_err(ApiError::internal)
}

/// The account, if there is one.
pub async fn find(
    records: &Records,
    id: &AccountId,
) -> Result<Option<Arc<Stored<Account>>>, ApiError> {
    Ok(records.get::<Account>(id.as_str().as_bytes()).await?)
}

/// All accounts, by id.
pub async fn list(records: &Records) -> Result<Vec<Account>, ApiError> {
    let query = PageQuery {
        index: ACCOUNTS,
        prefix: &[],
        after: None,
        limit: ACCOUNTS_MAX,
        direction: Direction::Ascending,
    };
    let keys: Vec<_> = records.page(query).await?.into_iter().map(|entry| entry.key).collect();
    let found = records.get_many::<Account>(&keys).await?;
    Ok(found.into_iter().flatten().map(|account| account.value.clone()).collect())
}

/// Whether an account has this alias: aliases are unique over all accounts.
pub(crate) async fn is_alias_taken(records: &Records, alias: &str) -> Result<bool, ApiError> {
    Ok(records.get::<Alias>(alias.as_bytes()).await?.is_some())
}

/// The write that takes an alias for an account; it does not go through if somebody else took it meanwhile.
pub(crate) fn take_alias(
    records: &Records,
    entropy: &dyn Entropy,
    account: &AccountId,
    alias: &str,
) -> Result<Write, ApiError> {
    let taken = Alias { account: account.clone() };
    records.put(entropy, alias.as_bytes().to_vec(), &taken, Expect::Absent)
}

/// The write that gives an alias back. The account's own record, in the same batch, says that it has it.
pub(crate) fn free_alias(alias: &str) -> Write {
    let key = alias.as_bytes().to_vec();
    Write { kind: ALIAS, key, expect: Expect::Any, change: Change::Delete }
}

/// What the command line answers when an id is taken.
pub fn taken(id: &AccountId) -> ApiError {
    let message = format!("Account {id}, or its access key, is there already.");
    ApiError::new(ErrorCode::EntityAlreadyExists, message)
}
