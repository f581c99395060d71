//! `GrantListEntry`: a grant as lists show it.

use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::key_arn;
use crate::kms::grant::{ContextConstraint, Grant, is_grant_id};
use crate::kms::target::ContextPairs;
use crate::operation::Cx;
use crate::records::Stored;
use serde::Serialize;
use std::sync::Arc;
use strongroom_types::Timestamp;
use strongroom_wire::{Constraints, epoch};

/// The member.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GrantEntry {
    key_id: String,
    grant_id: String,
    /// AWS: empty if it has none. Recorded.
    name: String,
    #[serde(serialize_with = "epoch::serialize")]
    creation_date: Timestamp,
    grantee_principal: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retiring_principal: Option<String>,
    issuing_account: String,
    operations: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    constraints: Option<ConstraintsMember>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ConstraintsMember {
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context_subset: Option<ContextPairs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context_equals: Option<ContextPairs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_arn: Option<String>,
}

impl ConstraintsMember {
    fn of(grant: &Grant) -> Option<Self> {
        let source_arn = grant.permission.source_arn.clone();
        let none = Self { source_arn, ..Self::default() };
        match grant.permission.constraint.clone() {
            None => none.source_arn.is_some().then_some(none),
            Some(ContextConstraint::Equals(pairs)) => {
                Some(Self { encryption_context_equals: Some(pairs), ..none })
            }
            Some(ContextConstraint::Subset(pairs)) => {
                Some(Self { encryption_context_subset: Some(pairs), ..none })
            }
        }
    }
}

impl GrantEntry {
    async fn of(cx: &Cx<'_>, grant: &Grant) -> Result<Self, ApiError> {
        let records = &cx.house.records;
        Ok(Self {
            key_id: key_arn(&grant.account, &grant.region, &grant.key_id),
            grant_id: grant.id.clone(),
            name: grant.name.clone().unwrap_or_default(),
            creation_date: grant.created,
            grantee_principal: grant.grantee.shown(records).await?,
            retiring_principal: match &grant.retiring {
                Some(party) => Some(party.shown(records).await?),
                None => None,
            },
            issuing_account: format!("arn:aws:iam::{}:root", grant.issuing_account),
            operations: grant.permission.operations.clone(),
            constraints: ConstraintsMember::of(grant),
        })
    }

    /// A page of them.
    pub(super) async fn all(
        cx: &Cx<'_>,
        grants: &[Arc<Stored<Grant>>],
    ) -> Result<Vec<Self>, ApiError> {
        let mut entries = Vec::with_capacity(grants.len());
        for grant in grants {
            entries.push(Self::of(cx, &grant.value).await?);
        }
        Ok(entries)
    }
}

/// Checks `GrantId`. Model: `GrantIdType`.
pub(super) fn check_grant_id(check: &mut Constraints, id: Option<&str>) {
    check.length("grantId", id, 1..=128);
}

/// Refuses what is no grant's id. AWS's message is not on record.
pub(super) fn parse_grant_id(id: &str) -> Result<(), ApiError> {
    if is_grant_id(id) {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::InvalidGrantId, format!("Invalid grant id: {id}")))
}

/// There is no such grant. AWS's message is not on record.
pub(super) fn no_grant(id: &str) -> ApiError {
    ApiError::new(ErrorCode::NotFound, format!("Grant ID {id} not found"))
}
