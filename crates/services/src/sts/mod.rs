//! AWS Security Token Service: who is calling.

use crate::operation::{Service, operations};

/// The service.
pub static SERVICE: Service = Service {
    name: "sts",
    event_source: "sts.amazonaws.com",
    target_prefix: None,
    xml_namespace: Some("https://sts.amazonaws.com/doc/2011-06-15/"),
    operations: OPERATIONS,
};

operations! {
    get_caller_identity::GetCallerIdentity,
}
