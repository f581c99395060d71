//! A group in an answer.

use crate::iam::entity::Entity;
use crate::iam::group::Group;
use serde::Serialize;
use strongroom_types::Timestamp;
use strongroom_wire::iso8601;

/// A group. Model: `Group`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupMember {
    path: String,
    group_name: String,
    group_id: String,
    arn: String,
    #[serde(serialize_with = "iso8601::serialize")]
    create_date: Timestamp,
}

impl GroupMember {
    /// Of a group.
    pub(super) fn of(group: &Group) -> Self {
        Self {
            path: group.naming.path.clone(),
            group_name: group.naming.name.clone(),
            group_id: group.naming.id.clone(),
            arn: group.arn(),
            create_date: group.naming.created,
        }
    }
}
