//! AWS Key Management Service.
//!
//! `key.rs` is the aggregate, `material.rs` what does the cryptography, `target.rs` the key that a request is about,
//! `key_policy.rs` and `grant.rs` who may use it. `managed.rs` makes the server's own keys, `for_secrets.rs` is how Secrets
//! Manager uses keys. The cryptography itself is `strongroom_keys::kms`.

mod alias;
mod arn;
mod expiry;
mod for_secrets;
mod grant;
mod import_token;
mod imported;
mod key;
mod key_policy;
mod managed;
mod material;
mod members;
mod metadata;
mod multi_region;
mod target;

pub(crate) use expiry::expire_due_material;
pub(crate) use for_secrets::{key_for, key_of, resolve};
pub(crate) use key::KMS_KEY;
pub use managed::SECRETS_MANAGER_ALIAS;

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
    create_key::CreateKey,
    decrypt::Decrypt,
    delete_imported_key_material::DeleteImportedKeyMaterial,
    describe_key::DescribeKey,
    encrypt::Encrypt,
    generate_data_key::GenerateDataKey,
    get_parameters_for_import::GetParametersForImport,
    import_key_material::ImportKeyMaterial,
    replicate_key::ReplicateKey,
    update_primary_region::UpdatePrimaryRegion,
}
