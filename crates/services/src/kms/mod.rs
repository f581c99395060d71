//! AWS Key Management Service.
//!
//! `key.rs` is the aggregate, `material.rs` what does the cryptography, `target.rs` the key that a request is about,
//! `key_policy.rs` and `grant.rs` who may use it. `managed.rs` makes the server's own keys, `for_secrets.rs` is how Secrets
//! Manager uses keys. The cryptography itself is `strongroom_keys::kms`.

mod alias;
mod arn;
mod for_secrets;
mod grant;
mod key;
mod key_policy;
mod managed;
mod material;
mod members;
mod metadata;
mod signing;
mod target;

pub(crate) use for_secrets::{
    Asker, Place, SecretKey, not_across_accounts, opening_key, sealing_key, stored_name,
};
pub(crate) use key::KMS_KEY;
pub use managed::SECRETS_MANAGER_ALIAS;
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
    create_key::CreateKey,
    decrypt::Decrypt,
    derive_shared_secret::DeriveSharedSecret,
    describe_key::DescribeKey,
    encrypt::Encrypt,
    generate_data_key::GenerateDataKey,
    generate_data_key_pair::GenerateDataKeyPair,
    generate_data_key_pair_without_plaintext::GenerateDataKeyPairWithoutPlaintext,
    generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext,
    generate_mac::GenerateMac,
    generate_random::GenerateRandom,
    get_public_key::GetPublicKey,
    re_encrypt::ReEncrypt,
    sign::Sign,
    verify::Verify,
    verify_mac::VerifyMac,
}
