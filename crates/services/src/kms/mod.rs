//! The keys that secrets are sealed under. So far the one AWS-managed key per account and region, `aws/secretsmanager`;
//! customer keys and the KMS operations have a service of their own to come.

use crate::error::ApiError;
use crate::house::House;
use crate::records::{RecordType, Stored, decode_as, encode_as};
use crate::secretsmanager::{Secret, scope};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_keys::{Envelope, KeyMaterial};
use strongroom_store::{Batch, Expect, Kind, StoreError, Term};
use strongroom_types::{AccountId, RandomId, Region};
use zeroize::Zeroizing;

/// The kind of record that holds a KMS key with its material. Its key is account, region and key id.
pub(crate) const KMS_KEY: Kind = Kind { id: 10, name: "KMS key" };
/// The kind of record that names the key behind an alias. Its key is account, region and alias.
const KMS_ALIAS: Kind = Kind { id: 11, name: "KMS alias" };

/// The alias of the key that secrets are sealed under when no other is asked for.
pub const SECRETS_MANAGER_ALIAS: &str = "alias/aws/secretsmanager";

/// A key's material as it is stored: inside the record, which is sealed under the storage keys.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    key_id: String,
    material_id: String,
    material: Zeroizing<Vec<u8>>,
}

impl RecordType for KeyMaterial {
    const KIND: Kind = KMS_KEY;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let material = Zeroizing::new(self.expose_for_sealing().to_vec());
        let (key_id, material_id) = (self.key_id().to_owned(), self.material_id().to_owned());
        encode_as(1, &StoredKey { key_id, material_id, material })
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let stored: StoredKey = decode_as(1, bytes)?;
        Self::from_bytes(&stored.key_id, &stored.material_id, &stored.material).map_err(|error| {
            StoreError::Inconsistent { what: KMS_KEY.name, detail: error.to_string() }
        })
    }

    fn terms(&self, _key: &[u8]) -> Vec<Term> {
        Vec::new()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Alias {
    key_id: String,
}

impl RecordType for Alias {
    const KIND: Kind = KMS_ALIAS;

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

fn record_key(account: &AccountId, region: &Region, name: &str) -> Vec<u8> {
    let mut key = scope(account, region);
    key.extend_from_slice(name.as_bytes());
    key
}

/// What a `KmsKeyId` member means: `None` for `aws/secretsmanager`, by whatever name. A key that is not there is AWS's
/// error for it, and nothing is stored.
pub async fn resolve(
    house: &House,
    account: &AccountId,
    region: &Region,
    key: Option<&str>,
) -> Result<Option<String>, ApiError> {
    let Some(key) = key else { return Ok(None) };
    let arn = format!("arn:{}:kms:{region}:{account}:", region.partition());
    let name = key.strip_prefix(&arn).unwrap_or(key);
    if name == SECRETS_MANAGER_ALIAS {
        return Ok(None);
    }
    let id = name.strip_prefix("key/").unwrap_or(name);
    let alias =
        house.records.get::<Alias>(&record_key(account, region, SECRETS_MANAGER_ALIAS)).await?;
    if alias.is_some_and(|alias| alias.value.key_id == id) {
        return Ok(None);
    }
    Err(unusable(key, name, region))
}

/// AWS: recorded for what is no id and for an ARN of another region; KMS's own words for what is not there, inferred.
fn unusable(key: &str, name: &str, region: &Region) -> ApiError {
    let of_region = key.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2));
    let reason = match of_region {
        Some(other) if other != region.as_str() => format!("Invalid arn {other}"),
        _ if name.starts_with("alias/") => format!("Alias {key} is not found."),
        _ if is_key_id(name.strip_prefix("key/").unwrap_or(name)) => {
            format!("Key '{key}' does not exist")
        }
        _ => "Invalid keyId".to_owned(),
    };
    let message = format!("The operation failed because of an invalid KMS key: {reason}");
    ApiError::invalid_parameter(message)
}

/// A UUID, or the id of a multi-Region key.
fn is_key_id(text: &str) -> bool {
    let id = text.strip_prefix("mrk-").unwrap_or(text);
    (32..=36).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// The key that new versions of the secret are sealed under; made when it is needed for the first time.
pub async fn key_for(house: &House, secret: &Secret) -> Result<Arc<Stored<KeyMaterial>>, ApiError> {
    let (account, region) = (&secret.arn.account, &secret.arn.region);
    loop {
        let alias_key = record_key(account, region, SECRETS_MANAGER_ALIAS);
        if let Some(alias) = house.records.get::<Alias>(&alias_key).await? {
            let key = record_key(account, region, &alias.value.key_id);
            let found = house.records.get::<KeyMaterial>(&key).await?;
            return found
                .ok_or_else(|| ApiError::internal("an alias names a key that is not there"));
        }
        make_default_key(house, account, region, alias_key).await?;
    }
}

/// The key that an envelope names, if it is there.
pub async fn key_of(
    house: &House,
    secret: &Secret,
    envelope: &Envelope,
) -> Result<Option<Arc<Stored<KeyMaterial>>>, ApiError> {
    let key = record_key(&secret.arn.account, &secret.arn.region, envelope.key_id());
    Ok(house.records.get::<KeyMaterial>(&key).await?)
}

/// Two requests may come here at once: one of them wins, both read what is there afterwards.
async fn make_default_key(
    house: &House,
    account: &AccountId,
    region: &Region,
    alias_key: Vec<u8>,
) -> Result<(), ApiError> {
    let entropy = &*house.env.entropy;
    let key_id = RandomId::draw(entropy).text().to_string();
    let material = KeyMaterial::generate(&key_id, &RandomId::draw(entropy).text(), entropy);
    let key = record_key(account, region, &key_id);
    let writes = vec![
        house.records.put(entropy, key, &material, Expect::Absent)?,
        house.records.put(entropy, alias_key, &Alias { key_id }, Expect::Absent)?,
    ];
    match house.commit(Batch { writes, events: Vec::new() }).await {
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
