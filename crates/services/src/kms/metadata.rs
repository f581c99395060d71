//! `KeyMetadata`: what an answer tells of a key.

use crate::kms::arn::key_arn;
use crate::kms::key::{Key, KeyManager, KeyState, MultiRegion, Origin};
use crate::kms::material::Material;
use crate::kms::target::KeyTarget;
use serde::Serialize;
use strongroom_keys::kms::{Algorithms, KeyKind};
use strongroom_types::{AccountId, Region, Timestamp};
use strongroom_wire::epoch;

/// The member.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct KeyMetadata {
    #[serde(rename = "AWSAccountId")]
    account: String,
    key_id: String,
    arn: String,
    #[serde(serialize_with = "epoch::serialize")]
    creation_date: Timestamp,
    enabled: bool,
    description: String,
    key_usage: &'static str,
    key_state: &'static str,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    deletion_date: Option<Timestamp>,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    valid_to: Option<Timestamp>,
    origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_model: Option<&'static str>,
    key_manager: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_master_key_spec: Option<&'static str>,
    key_spec: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_algorithms: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_algorithms: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac_algorithms: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_agreement_algorithms: Option<Vec<&'static str>>,
    multi_region: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_region_configuration: Option<MultiRegionMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_deletion_window_in_days: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_key_material_id: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MultiRegionMember {
    multi_region_key_type: &'static str,
    primary_key: RegionalKey,
    replica_keys: Vec<RegionalKey>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RegionalKey {
    arn: String,
    region: String,
}

impl MultiRegionMember {
    fn of(set: &MultiRegion, (account, region, id): (&AccountId, &Region, &str)) -> Self {
        let key = |region: &Region| RegionalKey {
            arn: key_arn(account, region, id),
            region: region.to_string(),
        };
        Self {
            multi_region_key_type: if set.primary == *region { "PRIMARY" } else { "REPLICA" },
            primary_key: key(&set.primary),
            replica_keys: set.replicas.iter().map(key).collect(),
        }
    }
}

/// The names of a key's algorithms, as `GetPublicKey` has them, too.
#[derive(Debug, Default)]
pub(super) struct AlgorithmNames {
    /// `EncryptionAlgorithms`
    pub encryption: Option<Vec<&'static str>>,
    /// `SigningAlgorithms`
    pub signing: Option<Vec<&'static str>>,
    /// `MacAlgorithms`
    pub mac: Option<Vec<&'static str>>,
    /// `KeyAgreementAlgorithms`
    pub agreement: Option<Vec<&'static str>>,
}

impl AlgorithmNames {
    /// Of a key.
    pub(super) fn of(key: &Key) -> Self {
        let mut names = Self::default();
        match key.spec.algorithms(key.usage) {
            Some(Algorithms::Encryption(list)) => {
                names.encryption = Some(list.iter().map(|algorithm| algorithm.as_str()).collect());
            }
            Some(Algorithms::Signing(list)) => {
                names.signing = Some(list.iter().map(|algorithm| algorithm.as_str()).collect());
            }
            Some(Algorithms::Mac(list)) => {
                names.mac = Some(list.iter().map(|algorithm| algorithm.as_str()).collect());
            }
            Some(Algorithms::KeyAgreement(list)) => {
                names.agreement = Some(list.iter().map(|algorithm| algorithm.as_str()).collect());
            }
            None => {}
        }
        names
    }
}

impl KeyMetadata {
    /// Of the key that was found.
    pub(super) fn of_target(target: &KeyTarget, key: &Key, now: Timestamp) -> Self {
        Self::of(key, (target.owner(), target.region()), now)
    }

    /// Of a key in its account and region.
    pub(super) fn of(key: &Key, (account, region): (&AccountId, &Region), now: Timestamp) -> Self {
        let state = key.state(now);
        let algorithms = AlgorithmNames::of(key);
        let is_symmetric = key.spec.kind() == KeyKind::Symmetric;
        let current = key.current().filter(|material| material.is_there(now));
        let is_imported = key.origin == Origin::External
            && !key.materials.is_empty()
            && key.materials.iter().all(|material| material.is_there(now));
        let valid_to = key.materials.iter().filter_map(Material::valid_to).min();
        let valid_to = valid_to.filter(|_| is_imported);
        let set = key.multi_region.as_ref();
        let waits = key.deletion.filter(|deletion| deletion.due.is_none());
        Self {
            account: account.to_string(),
            key_id: key.id.clone(),
            arn: key.arn(account, region),
            creation_date: key.created,
            enabled: state == KeyState::Enabled,
            description: key.description.clone(),
            key_usage: key.usage.as_str(),
            key_state: state.as_str(),
            deletion_date: key.deletion.and_then(|deletion| deletion.due),
            valid_to,
            origin: key.origin.as_str(),
            expiration_model: is_imported.then_some(match valid_to {
                Some(_) => "KEY_MATERIAL_EXPIRES",
                None => "KEY_MATERIAL_DOES_NOT_EXPIRE",
            }),
            key_manager: match key.manager {
                KeyManager::Aws => "AWS",
                KeyManager::Customer => "CUSTOMER",
            },
            customer_master_key_spec: key.spec.legacy_name(),
            key_spec: key.spec.as_str(),
            encryption_algorithms: algorithms.encryption,
            signing_algorithms: algorithms.signing,
            mac_algorithms: algorithms.mac,
            key_agreement_algorithms: algorithms.agreement,
            multi_region: set.is_some(),
            multi_region_configuration: set
                .map(|set| MultiRegionMember::of(set, (account, region, &key.id))),
            pending_deletion_window_in_days: waits.map(|deletion| deletion.days),
            current_key_material_id: current
                .filter(|_| is_symmetric)
                .map(|material| material.id.clone()),
        }
    }
}
