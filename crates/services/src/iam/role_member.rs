//! A role in an answer.
//!
//! Which members are told differs between operations: recorded.

use crate::error::ApiError;
use crate::iam::entity::Entity;
use crate::iam::members::{
    BoundaryMember, TagMember, boundary_member, some_tag_members, tag_members,
};
use crate::iam::role::Role;
use crate::iam::trust::trust_member;
use crate::identity::LastUsed;
use crate::records::Records;
use serde::Serialize;
use strongroom_types::Timestamp;
use strongroom_wire::iso8601;

/// A role. Model: `Role`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RoleMember {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    #[serde(serialize_with = "iso8601::serialize")]
    create_date: Timestamp,
    assume_role_policy_document: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_session_duration: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<BoundaryMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<TagMember>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_last_used: Option<LastUsedMember>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LastUsedMember {
    #[serde(serialize_with = "iso8601::serialize_some", skip_serializing_if = "Option::is_none")]
    last_used_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
}

impl RoleMember {
    /// What all operations tell; as part of an instance profile a role has no more.
    pub(super) async fn brief(records: &Records, role: &Role) -> Result<Self, ApiError> {
        Ok(Self {
            path: role.naming.path.clone(),
            role_name: role.naming.name.clone(),
            role_id: role.naming.id.clone(),
            arn: role.arn(),
            create_date: role.naming.created,
            assume_role_policy_document: trust_member(records, role).await?,
            description: None,
            max_session_duration: None,
            permissions_boundary: None,
            tags: None,
            role_last_used: None,
        })
    }

    /// As `CreateRole` answers: with tags and boundary.
    pub(super) async fn made(records: &Records, role: &Role) -> Result<Self, ApiError> {
        Ok(Self {
            permissions_boundary: boundary_member(role),
            tags: some_tag_members(&role.tags),
            ..Self::brief(records, role).await?
        })
    }

    /// As `UpdateRoleDescription` answers.
    pub(super) async fn described(records: &Records, role: &Role) -> Result<Self, ApiError> {
        let description = role.description.clone();
        Ok(Self { description, ..Self::brief(records, role).await? })
    }

    /// As lists answer.
    pub(super) async fn listed(records: &Records, role: &Role) -> Result<Self, ApiError> {
        Ok(Self {
            max_session_duration: Some(role.session_secs_max),
            ..Self::described(records, role).await?
        })
    }

    /// As `GetRole` answers: with everything, and the last use, empty if there was none.
    pub(super) async fn whole(records: &Records, role: &Role) -> Result<Self, ApiError> {
        let used = LastUsed::of(records, &role.naming.id).await?;
        let role_last_used = Some(match used {
            Some(used) => {
                LastUsedMember { last_used_date: Some(used.time), region: Some(used.region) }
            }
            None => LastUsedMember { last_used_date: None, region: None },
        });
        Ok(Self {
            permissions_boundary: boundary_member(role),
            tags: some_tag_members(&role.tags),
            role_last_used,
            ..Self::listed(records, role).await?
        })
    }

    /// As `GetAccountAuthorizationDetails` answers: with tags even if there are none. Model: `RoleDetail`; recorded.
    pub(super) async fn detailed(records: &Records, role: &Role) -> Result<Self, ApiError> {
        let tags = Some(tag_members(&role.tags));
        let whole = Self::whole(records, role).await?;
        Ok(Self { description: None, max_session_duration: None, tags, ..whole })
    }
}
