//! A managed policy in an answer.

use crate::iam::aws_managed::AwsManagedPolicy;
use crate::iam::managed::Managed;
use crate::iam::managed_policy::{ManagedPolicy, PolicyVersion};
use crate::iam::members::{TagMember, some_tag_members, tag_members};
use crate::iam::usage::Usage;
use serde::Serialize;
use strongroom_types::Timestamp;
use strongroom_wire::iso8601;

/// A managed policy. Model: `Policy`. What `ManagedPolicyDetail` has as well is in [`PolicyFacts`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PolicyMember {
    #[serde(flatten)]
    facts: PolicyFacts,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<TagMember>>,
}

/// What every answer tells of a policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PolicyFacts {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: String,
    attachment_count: u64,
    permissions_boundary_usage_count: u64,
    is_attachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(serialize_with = "iso8601::serialize")]
    create_date: Timestamp,
    #[serde(serialize_with = "iso8601::serialize")]
    update_date: Timestamp,
}

impl PolicyFacts {
    /// With the description, if there is one.
    pub(super) fn of(policy: &Managed, usage: Usage) -> Self {
        match policy {
            Managed::Aws(policy) => Self::of_aws(policy, usage),
            Managed::Own(stored) => Self::of_own(&stored.value, usage),
        }
    }

    fn of_aws(policy: &AwsManagedPolicy, usage: Usage) -> Self {
        Self {
            policy_name: policy.name.to_owned(),
            policy_id: policy.id.to_owned(),
            arn: policy.arn(),
            path: policy.path.to_owned(),
            default_version_id: "v1".to_owned(),
            attachment_count: usage.attached,
            permissions_boundary_usage_count: usage.bounded,
            is_attachable: true,
            description: Some(policy.description.to_owned()),
            create_date: AwsManagedPolicy::created(),
            update_date: AwsManagedPolicy::created(),
        }
    }

    fn of_own(policy: &ManagedPolicy, usage: Usage) -> Self {
        Self {
            policy_name: policy.naming.name.clone(),
            policy_id: policy.naming.id.clone(),
            arn: policy.arn(),
            path: policy.naming.path.clone(),
            default_version_id: policy.in_force().map(PolicyVersion::id).unwrap_or_default(),
            attachment_count: usage.attached,
            permissions_boundary_usage_count: usage.bounded,
            is_attachable: true,
            description: policy.description.clone(),
            create_date: policy.naming.created,
            update_date: policy.updated,
        }
    }
}

impl PolicyMember {
    /// With everything, as `GetPolicy` answers: tags stand there even if there are none. Recorded.
    pub(super) fn whole(policy: &Managed, usage: Usage) -> Self {
        let tags = match policy {
            Managed::Aws(_) => Vec::new(),
            Managed::Own(stored) => tag_members(&stored.value.tags),
        };
        Self { facts: PolicyFacts::of(policy, usage), tags: Some(tags) }
    }

    /// As `ListPolicies` answers: without description and tags. Recorded.
    pub(super) fn listed(policy: &Managed, usage: Usage) -> Self {
        let facts = PolicyFacts { description: None, ..PolicyFacts::of(policy, usage) };
        Self { facts, tags: None }
    }

    /// As `CreatePolicy` answers: with tags if there are any, without the description. Recorded.
    pub(super) fn created(policy: &ManagedPolicy) -> Self {
        let facts = PolicyFacts::of_own(policy, Usage::default());
        Self {
            facts: PolicyFacts { description: None, ..facts },
            tags: some_tag_members(&policy.tags),
        }
    }
}
