//! The server's own keys: one for each of its services in each account and region, made when it is first needed.

use crate::error::ApiError;
use crate::house::House;
use crate::kms::alias::Alias;
use crate::kms::key::{About, Key, RotationPlan};
use crate::kms::material::Material;
use crate::kms::rotation::PERIOD_DAYS_DEFAULT;
use crate::kms::target::record_key;
use strongroom_store::{Batch, Expect, StoreError};
use strongroom_types::{AccountId, RandomId, Region};

/// What stands before the names of the server's own aliases.
pub(crate) const MANAGED_PREFIX: &str = "alias/aws/";

/// The alias of the key that secrets are sealed under when no other is asked for.
pub const SECRETS_MANAGER_ALIAS: &str = "alias/aws/secretsmanager";

/// AWS's description of its key. Recorded.
const SECRETS_MANAGER_DESCRIPTION: &str =
    "Default key that protects my Secrets Manager data when no other key is defined";

/// Whether a service of ours has a key under this alias.
pub(super) fn is_managed_alias(alias: &str) -> bool {
    alias == SECRETS_MANAGER_ALIAS
}

/// Makes the key. Two requests may come here at once: one of them wins, both read what is there afterwards.
pub(super) async fn make_managed_key(
    house: &House,
    account: &AccountId,
    region: &Region,
    alias: &str,
) -> Result<(), ApiError> {
    let (entropy, now) = (&*house.env.entropy, house.env.clock.now());
    let mut about = About::managed(RandomId::draw(entropy).text().to_string(), now);
    about.aliases.push(alias.to_owned());
    SECRETS_MANAGER_DESCRIPTION.clone_into(&mut about.description);
    let material = Material::generate(about.spec, about.usage, &about.id, now, entropy)
        .await
        .map_err(ApiError::internal)?;
    let key = record_key(account, region, &about.id);
    about.rotation = Some(RotationPlan::new(PERIOD_DAYS_DEFAULT, now));
    let named = Alias::new(alias, &about.id, now);
    let made = Key::new(about, vec![material]);
    let writes = vec![
        house.records.put(entropy, key, &made, Expect::Absent)?,
        house.records.put(entropy, record_key(account, region, alias), &named, Expect::Absent)?,
    ];
    match house.commit(Batch { writes, events: Vec::new() }).await {
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
