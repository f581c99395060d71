//! Keys as Secrets Manager uses them, on behalf of whoever asks for a secret, or for itself when it carries a value to a
//! replica. Secrets Manager user guide, "Secret encryption and decryption".

use crate::authz::authorize;
use crate::conditions::NothingAsked;
use crate::error::{ApiError, ErrorCode};
use crate::house::House;
use crate::kms::alias::Alias;
use crate::kms::arn::{KeyName, NamePart, alias_arn, key_arn};
use crate::kms::key::{Key, KeyManager};
use crate::kms::managed::{SECRETS_MANAGER_ALIAS, make_managed_key};
use crate::kms::material::KeySecret;
use crate::kms::rotation::plan_managed;
use crate::kms::target::{ContextPairs, KeyTarget, record_key};
use crate::operation::Cx;
use crate::records::Stored;
use std::sync::Arc;
use strongroom_keys::KeyMaterial;
use strongroom_keys::kms::KeyUsage;
use strongroom_types::{AccountId, Region, Timestamp};
use strongroom_wire::Protocol;

/// Who wants a value sealed or opened.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asker<'a> {
    /// A caller, who must be allowed to use the key.
    Caller(&'a Cx<'a>),
    /// The server itself, when it carries a value to a replica.
    Server(&'a House, Timestamp),
}

impl<'a> Asker<'a> {
    /// The server's state.
    pub(crate) fn house(self) -> &'a House {
        match self {
            Self::Caller(cx) => cx.house,
            Self::Server(house, _) => house,
        }
    }

    fn now(self) -> Timestamp {
        match self {
            Self::Caller(cx) => cx.now,
            Self::Server(_, now) => now,
        }
    }

    /// The account that a key without one is looked for in. AWS, recorded: the caller's.
    fn account(self, of_secret: &'a AccountId) -> &'a AccountId {
        match self {
            Self::Caller(cx) => cx.account(),
            Self::Server(..) => of_secret,
        }
    }

    fn request_id(self) -> &'a str {
        match self {
            Self::Caller(cx) => cx.facts.request_id,
            Self::Server(..) => "none",
        }
    }

    /// Whether it may use the server's own key of an account: those of another may not.
    pub(crate) fn may_use_managed(self, account: &AccountId) -> Result<(), ApiError> {
        match self {
            Self::Caller(cx) if cx.account() != account => Err(not_across_accounts()),
            Self::Caller(_) | Self::Server(..) => Ok(()),
        }
    }

    async fn may(self, action: &str, target: KeyTarget) -> Result<(), ApiError> {
        let Self::Caller(cx) = self else { return Ok(()) };
        match authorize(cx, action, &NothingAsked, target).await {
            Ok(_) => Ok(()),
            Err(error) if error.code == ErrorCode::AccessDenied => {
                Err(ApiError::new(ErrorCode::AccessDenied, "Access to KMS is not allowed"))
            }
            Err(error) => Err(error),
        }
    }
}

/// Where a secret lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The account that owns it.
    pub account: &'a AccountId,
    /// Its region.
    pub region: &'a Region,
}

/// A symmetric key as it seals or opens values.
#[derive(Debug, Clone)]
pub(crate) struct SecretKey {
    /// The key.
    pub key: Arc<Stored<Key>>,
    /// The account that owns it.
    pub account: AccountId,
}

impl SecretKey {
    /// Whether it is the server's own key, which anybody may use through Secrets Manager who may use the secret.
    pub(crate) fn is_managed(&self) -> bool {
        self.key.value.manager == KeyManager::Aws
    }

    /// The material that seals.
    pub(crate) fn current(&self) -> Option<&KeyMaterial> {
        symmetric(self.key.value.current()?.secret.as_deref()?)
    }

    /// One of its materials.
    pub(crate) fn material(&self, id: &str) -> Option<&KeyMaterial> {
        symmetric(self.key.value.material(id)?.secret.as_deref()?)
    }

    /// Whether the caller may open values with it, and it is in use.
    pub(crate) async fn may_open(
        &self,
        asker: Asker<'_>,
        place: Place<'_>,
        context: ContextPairs,
    ) -> Result<(), ApiError> {
        let target = KeyTarget::of_found(&self.account, place.region, &self.key);
        let arn = target.arn_text();
        asker.may("kms:Decrypt", target.with_context(context).via(SERVICE)).await?;
        let key = &self.key.value;
        key.in_use(&arn, asker.now()).map_err(|error| failed(asker, Failed::Decrypt, &error))
    }
}

fn symmetric(secret: &KeySecret) -> Option<&KeyMaterial> {
    match secret {
        KeySecret::Symmetric(material) => Some(material),
        KeySecret::Mac(_) | KeySecret::Pair(_) => None,
    }
}

const SERVICE: &str = "secretsmanager";

/// AWS, recorded: its own key is for its account alone.
pub(crate) fn not_across_accounts() -> ApiError {
    ApiError::invalid_request(
        "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
    )
}

#[derive(Clone, Copy)]
enum Failed {
    Decrypt,
    Encrypt,
}

/// KMS's refusal as Secrets Manager tells it. Recorded, but for the code where sealing fails, which is inferred.
fn failed(asker: Asker<'_>, what: Failed, error: &ApiError) -> ApiError {
    let (code, verb) = match what {
        Failed::Decrypt => (ErrorCode::DecryptionFailure, "decrypt"),
        Failed::Encrypt => (ErrorCode::EncryptionFailure, "encrypt"),
    };
    let name = error.code.name(Protocol::Json11);
    let message = format!(
        "Secrets Manager can't {verb} the secret value: {} (Service: AWSKMS; Status Code: 400; Error Code: {name}; \
         Request ID: {}; Proxy: null)",
        error.message,
        asker.request_id()
    );
    ApiError::new(code, message)
}

/// What a secret stores of a `KmsKeyId` member: nothing for `aws/secretsmanager`, by whatever name; the name as it was
/// given otherwise, with the account where that is not the secret's own. Whether the key is there is told by the first use
/// of it. Messages recorded.
pub(crate) async fn stored_name(
    asker: Asker<'_>,
    place: Place<'_>,
    named: Option<&str>,
) -> Result<Option<String>, ApiError> {
    let Some(text) = named else { return Ok(None) };
    let Place { account, region } = place;
    let name = KeyName::parse(text, region).map_err(|error| {
        let reason = match error.code {
            ErrorCode::NotFound if text.starts_with("arn:") => &*error.message,
            _ => "Invalid keyId",
        };
        let message = format!("The operation failed because of an invalid KMS key: {reason}");
        ApiError::invalid_parameter(message)
    })?;
    let owner = name.account.as_ref().unwrap_or_else(|| asker.account(account));
    if owner != account {
        if name.part == NamePart::Alias(SECRETS_MANAGER_ALIAS.to_owned()) {
            return Err(not_across_accounts());
        }
        return Ok(Some(match &name.part {
            NamePart::Id(id) => key_arn(owner, region, id),
            NamePart::Alias(alias) => alias_arn(owner, region, alias),
        }));
    }
    let is_default = match &name.part {
        NamePart::Alias(alias) => alias == SECRETS_MANAGER_ALIAS,
        NamePart::Id(id) => {
            let alias = record_key(account, region, SECRETS_MANAGER_ALIAS);
            let held = asker.house().records.get::<Alias>(&alias).await?;
            held.is_some_and(|alias| alias.value.key_id == *id)
        }
    };
    Ok((!is_default).then(|| text.to_owned()))
}

/// The key that new versions of a secret are sealed under: the one that it names, or `aws/secretsmanager`.
pub(crate) async fn sealing_key(
    asker: Asker<'_>,
    place: Place<'_>,
    named: Option<&str>,
    context: ContextPairs,
) -> Result<SecretKey, ApiError> {
    let Some(named) = named else { return default_key(asker.house(), place).await };
    let name = KeyName::parse(named, place.region)
        .map_err(|error| failed(asker, Failed::Encrypt, &error))?;
    let target = KeyTarget::find(asker.house(), place.account, place, &name).await?;
    let found = target.found().cloned();
    let (arn, account) = (target.arn_text(), target.owner().clone());
    asker.may("kms:GenerateDataKey", target.with_context(context).via(SERVICE)).await?;
    if found.as_ref().is_ok_and(|found| found.value.manager == KeyManager::Aws)
        && account != *place.account
    {
        return Err(not_across_accounts());
    }
    let usable = found.and_then(|found| {
        found.value.used_for(&arn, KeyUsage::EncryptDecrypt, "GenerateDataKey")?;
        let secret = found.value.usable(&arn, asker.now())?;
        if symmetric(secret).is_none() {
            let message = format!(
                "{arn} key usage is {} which is not valid for GenerateDataKey.",
                found.value.usage
            );
            return Err(ApiError::new(ErrorCode::InvalidKeyUsage, message));
        }
        Ok(found)
    });
    match usable {
        Ok(key) => Ok(SecretKey { key, account }),
        Err(error) if error.code.is_servers() => Err(error),
        Err(error) => Err(failed(asker, Failed::Encrypt, &error)),
    }
}

/// `aws/secretsmanager`; made when it is needed for the first time.
async fn default_key(house: &House, place: Place<'_>) -> Result<SecretKey, ApiError> {
    let Place { account, region } = place;
    let alias_key = record_key(account, region, SECRETS_MANAGER_ALIAS);
    loop {
        if let Some(alias) = house.records.get::<Alias>(&alias_key).await? {
            let key = record_key(account, region, &alias.value.key_id);
            let found = house.records.get::<Key>(&key).await?;
            let key = found
                .ok_or_else(|| ApiError::internal("an alias names a key that is not there"))?;
            plan_managed(house, &key).await?;
            return Ok(SecretKey { key, account: account.clone() });
        }
        make_managed_key(house, account, region, SECRETS_MANAGER_ALIAS).await?;
    }
}

/// The key of this id that values were sealed under, if it is there. `account`: its owner, if that is not the secret's.
pub(crate) async fn opening_key(
    house: &House,
    place: Place<'_>,
    (account, key_id): (Option<&AccountId>, &str),
) -> Result<Option<SecretKey>, ApiError> {
    let account = account.unwrap_or(place.account);
    let found = house.records.get::<Key>(&record_key(account, place.region, key_id)).await?;
    Ok(found.map(|key| SecretKey { key, account: account.clone() }))
}
