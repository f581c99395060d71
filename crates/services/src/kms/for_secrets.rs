//! Keys as Secrets Manager uses them.

use crate::error::ApiError;
use crate::house::House;
use crate::kms::alias::Alias;
use crate::kms::arn::is_key_id;
use crate::kms::key::Key;
use crate::kms::managed::{SECRETS_MANAGER_ALIAS, make_managed_key};
use crate::kms::material::KeySecret;
use crate::kms::rotation::plan_managed;
use crate::kms::target::record_key;
use crate::secretsmanager::Secret;
use std::sync::Arc;
use strongroom_keys::{Envelope, KeyMaterial};
use strongroom_types::{AccountId, Region};

/// Symmetric material, ready for envelopes.
pub(crate) struct HeldMaterial(Arc<KeySecret>);

impl HeldMaterial {
    fn new(secret: &Arc<KeySecret>) -> Option<Self> {
        match **secret {
            KeySecret::Symmetric(_) => Some(Self(Arc::clone(secret))),
            KeySecret::Mac(_) | KeySecret::Pair(_) => None,
        }
    }

    /// The material.
    pub(crate) fn material(&self) -> Option<&KeyMaterial> {
        match &*self.0 {
            KeySecret::Symmetric(material) => Some(material),
            KeySecret::Mac(_) | KeySecret::Pair(_) => None,
        }
    }
}

/// What a `KmsKeyId` member means: `None` for `aws/secretsmanager`, by whatever name. A key that is not there is AWS's
/// error for it, and nothing is stored.
pub(crate) async fn resolve(
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

/// The material that new versions of the secret are sealed under; made when it is needed for the first time.
pub(crate) async fn key_for(house: &House, secret: &Secret) -> Result<HeldMaterial, ApiError> {
    let (account, region) = (&secret.arn.account, &secret.arn.region);
    let alias_key = record_key(account, region, SECRETS_MANAGER_ALIAS);
    loop {
        if let Some(alias) = house.records.get::<Alias>(&alias_key).await? {
            let key = record_key(account, region, &alias.value.key_id);
            let found = house.records.get::<Key>(&key).await?;
            if let Some(found) = &found {
                plan_managed(house, found).await?;
            }
            let secret = found.as_ref().and_then(|key| key.value.current()?.secret.as_ref());
            return secret
                .and_then(HeldMaterial::new)
                .ok_or_else(|| ApiError::internal("an alias names a key that is not there"));
        }
        make_managed_key(house, account, region, SECRETS_MANAGER_ALIAS).await?;
    }
}

/// The material that an envelope names, if it is there.
pub(crate) async fn key_of(
    house: &House,
    secret: &Secret,
    envelope: &Envelope,
) -> Result<Option<HeldMaterial>, ApiError> {
    let key = record_key(&secret.arn.account, &secret.arn.region, envelope.key_id());
    let found = house.records.get::<Key>(&key).await?;
    let secret =
        found.as_ref().and_then(|key| key.value.material(envelope.material_id())?.secret.as_ref());
    Ok(secret.and_then(HeldMaterial::new))
}
