//! AWS Secrets Manager.
//!
//! `secret.rs` and `stages.rs` are the aggregate: pure methods that take `now` and give back the new state or AWS's
//! error. Operations load, call a method, and hand the pipeline the records to commit.

mod access;
mod copying;
mod cross_account;
mod encryption_context;
mod entry;
mod filter;
mod listing;
mod members;
mod new_version;
mod page_token;
mod policy;
mod purge;
mod readable;
mod replicate;
mod secret;
mod stages;
mod target;
mod value;
mod version;

pub use access::{AccessLedger, flush as flush_accesses};
pub use purge::purge_due;
pub use replicate::replicate_due;
pub(crate) use secret::scope;
pub(crate) use target::find_secret;

use crate::operation::{Service, operations};

/// The service.
pub static SERVICE: Service = Service {
    name: "secretsmanager",
    event_source: "secretsmanager.amazonaws.com",
    target_prefix: Some("secretsmanager."),
    xml_namespace: None,
    encodes_refusals: false,
    operations: OPERATIONS,
};

operations! {
    associate_cross_account_replica::AssociateCrossAccountReplica,
    batch_get_secret_value::BatchGetSecretValue,
    cancel_rotate_secret::CancelRotateSecret,
    create_secret::CreateSecret,
    delete_resource_policy::DeleteResourcePolicy,
    delete_secret::DeleteSecret,
    describe_secret::DescribeSecret,
    disassociate_cross_account_replica::DisassociateCrossAccountReplica,
    get_random_password::GetRandomPassword,
    get_resource_policy::GetResourcePolicy,
    get_secret_value::GetSecretValue,
    list_resource_policies::ListResourcePolicies,
    list_secret_version_ids::ListSecretVersionIds,
    list_secrets::ListSecrets,
    put_resource_policy::PutResourcePolicy,
    put_secret_value::PutSecretValue,
    remove_regions_from_replication::RemoveRegionsFromReplication,
    replicate_secret_to_regions::ReplicateSecretToRegions,
    restore_secret::RestoreSecret,
    rotate_secret::RotateSecret,
    stop_replication_to_replica::StopReplicationToReplica,
    tag_resource::TagResource,
    untag_resource::UntagResource,
    update_secret::UpdateSecret,
    update_secret_version_stage::UpdateSecretVersionStage,
    validate_resource_policy::ValidateResourcePolicy,
}
