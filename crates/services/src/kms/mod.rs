//! AWS Key Management Service.
//!
//! `key.rs` is the aggregate, `material.rs` what does the cryptography, `target.rs` the key that a request is about,
//! `key_policy.rs` and `grant.rs` who may use it. `managed.rs` makes the server's own keys, `for_secrets.rs` is how Secrets
//! Manager uses keys, `due.rs` what is done without a request. The cryptography itself is `strongroom_keys::kms`.

mod alias;
mod alias_target;
mod arn;
mod due;
mod expiry;
mod for_secrets;
mod grant;
mod grant_count;
mod grant_entry;
mod grant_party;
mod grant_token;
mod grant_use;
mod import_token;
mod imported;
mod key;
mod key_policy;
mod listing;
mod managed;
mod material;
mod members;
mod metadata;
mod multi_region;
mod own_key;
mod rotation;
mod signing;
mod target;

pub(crate) use due::end_due_keys;
pub(crate) use expiry::expire_due_material;
pub(crate) use for_secrets::{
    Asker, Place, SecretKey, not_across_accounts, opening_key, sealing_key, stored_name,
};
pub(crate) use key::KMS_KEY;
pub use managed::SECRETS_MANAGER_ALIAS;
pub(crate) use rotation::rotate_due_keys;
pub(crate) use target::ContextPairs;

use crate::operation::{Service, operations};

/// The service.
pub static SERVICE: Service = Service {
    name: "kms",
    event_source: "kms.amazonaws.com",
    target_prefix: Some("TrentService."),
    xml_namespace: None,
    encodes_refusals: false,
    operations: OPERATIONS,
};

operations! {
    cancel_key_deletion::CancelKeyDeletion,
    create_alias::CreateAlias,
    create_grant::CreateGrant,
    create_key::CreateKey,
    decrypt::Decrypt,
    delete_alias::DeleteAlias,
    delete_imported_key_material::DeleteImportedKeyMaterial,
    derive_shared_secret::DeriveSharedSecret,
    describe_key::DescribeKey,
    disable_key::DisableKey,
    disable_key_rotation::DisableKeyRotation,
    enable_key::EnableKey,
    enable_key_rotation::EnableKeyRotation,
    encrypt::Encrypt,
    generate_data_key::GenerateDataKey,
    generate_data_key_pair::GenerateDataKeyPair,
    generate_data_key_pair_without_plaintext::GenerateDataKeyPairWithoutPlaintext,
    generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext,
    generate_mac::GenerateMac,
    generate_random::GenerateRandom,
    get_key_policy::GetKeyPolicy,
    get_key_rotation_status::GetKeyRotationStatus,
    get_parameters_for_import::GetParametersForImport,
    get_public_key::GetPublicKey,
    import_key_material::ImportKeyMaterial,
    list_aliases::ListAliases,
    list_grants::ListGrants,
    list_key_policies::ListKeyPolicies,
    list_key_rotations::ListKeyRotations,
    list_keys::ListKeys,
    list_resource_tags::ListResourceTags,
    list_retirable_grants::ListRetirableGrants,
    put_key_policy::PutKeyPolicy,
    re_encrypt::ReEncrypt,
    replicate_key::ReplicateKey,
    retire_grant::RetireGrant,
    revoke_grant::RevokeGrant,
    rotate_key_on_demand::RotateKeyOnDemand,
    schedule_key_deletion::ScheduleKeyDeletion,
    sign::Sign,
    tag_resource::TagResource,
    untag_resource::UntagResource,
    update_alias::UpdateAlias,
    update_key_description::UpdateKeyDescription,
    update_primary_region::UpdatePrimaryRegion,
    verify::Verify,
    verify_mac::VerifyMac,
}
