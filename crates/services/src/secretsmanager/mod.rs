//! AWS Secrets Manager.
//!
//! `secret.rs` and `stages.rs` are the aggregate: pure methods that take `now` and give back the new state or AWS's
//! error. Operations load, call a method, and hand the pipeline the records to commit.

mod access;
mod entry;
mod members;
mod new_version;
mod page_token;
mod purge;
mod replicate;
mod secret;
mod stages;
mod target;
mod value;
mod version;

pub use access::{AccessLedger, flush as flush_accesses};
pub use purge::purge_due;
pub use replicate::replicate_due;
pub(crate) use secret::{Secret, scope};

use crate::operation::{Service, operations};

/// The service.
pub static SERVICE: Service = Service {
    name: "secretsmanager",
    event_source: "secretsmanager.amazonaws.com",
    target_prefix: Some("secretsmanager."),
    xml_namespace: None,
    operations: OPERATIONS,
};

operations! {
    create_secret::CreateSecret,
    describe_secret::DescribeSecret,
    get_secret_value::GetSecretValue,
    put_secret_value::PutSecretValue,
}
