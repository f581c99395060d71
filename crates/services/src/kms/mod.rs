//! AWS Key Management Service.
//!
//! `key.rs` is the aggregate, `material.rs` what does the cryptography, `target.rs` the key that a request is about,
//! `key_policy.rs` and `grant.rs` who may use it. `managed.rs` makes the server's own keys, `for_secrets.rs` is how Secrets
//! Manager uses keys, `due.rs` what is done without a request. The cryptography itself is `strongroom_keys::kms`.

mod alias;
mod alias_target;
mod arn;
mod due;
mod for_secrets;
mod grant;
mod key;
mod key_policy;
mod listing;
mod managed;
mod material;
mod members;
mod metadata;
mod own_key;
mod target;

pub(crate) use due::end_due_keys;
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
    cancel_key_deletion::CancelKeyDeletion,
    create_alias::CreateAlias,
    create_key::CreateKey,
    decrypt::Decrypt,
    delete_alias::DeleteAlias,
    describe_key::DescribeKey,
    disable_key::DisableKey,
    enable_key::EnableKey,
    encrypt::Encrypt,
    generate_data_key::GenerateDataKey,
    get_key_policy::GetKeyPolicy,
    list_aliases::ListAliases,
    list_key_policies::ListKeyPolicies,
    list_keys::ListKeys,
    list_resource_tags::ListResourceTags,
    put_key_policy::PutKeyPolicy,
    schedule_key_deletion::ScheduleKeyDeletion,
    tag_resource::TagResource,
    untag_resource::UntagResource,
    update_alias::UpdateAlias,
    update_key_description::UpdateKeyDescription,
}
