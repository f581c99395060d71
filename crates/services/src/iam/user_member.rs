//! A user in an answer.

use crate::accounts::Account;
use crate::iam::entity::Entity;
use crate::iam::members::{
    BoundaryMember, TagMember, boundary_member, some_tag_members, tag_members,
};
use crate::iam::user::User;
use serde::Serialize;
use strongroom_types::Timestamp;
use strongroom_wire::iso8601;

/// A user. Model: `User`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UserMember {
    path: String,
    user_name: String,
    user_id: String,
    arn: String,
    #[serde(serialize_with = "iso8601::serialize")]
    create_date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<BoundaryMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<TagMember>>,
}

impl UserMember {
    /// With everything, as `GetUser` answers.
    pub(super) fn whole(user: &User) -> Self {
        Self {
            permissions_boundary: boundary_member(user),
            tags: some_tag_members(&user.tags),
            ..Self::listed(user)
        }
    }

    /// As `GetAccountAuthorizationDetails` answers: with tags even if there are none. Recorded.
    pub(super) fn detailed(user: &User) -> Self {
        Self { tags: Some(tag_members(&user.tags)), ..Self::whole(user) }
    }

    /// The root, which has no name. IAM API reference, `GetUser`.
    pub(super) fn root(account: &Account) -> Self {
        Self {
            path: "/".to_owned(),
            user_name: String::new(),
            user_id: account.id.to_string(),
            arn: format!("arn:aws:iam::{}:root", account.id),
            create_date: account.created,
            permissions_boundary: None,
            tags: None,
        }
    }

    /// As lists answer: without tags and boundary. IAM API reference, `ListUsers`.
    pub(super) fn listed(user: &User) -> Self {
        Self {
            path: user.naming.path.clone(),
            user_name: user.naming.name.clone(),
            user_id: user.naming.id.clone(),
            arn: user.arn(),
            create_date: user.naming.created,
            permissions_boundary: None,
            tags: None,
        }
    }
}
