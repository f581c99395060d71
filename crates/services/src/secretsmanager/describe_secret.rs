//! DescribeSecret: everything about a secret but its value.
//!
//! AWS: works on a secret marked for deletion, too, and then has `DeletedDate`.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::access::accesses;
use crate::secretsmanager::cross_account::{
    PrimaryMember, ReplicaMember, primary_member, replica_members,
};
use crate::secretsmanager::entry::SecretEntry;
use crate::secretsmanager::members::{ReplicationStatusMember, replication_status};
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strongroom_types::SecretId;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DescribeSecret {
    secret_id: SecretId,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    #[serde(flatten)]
    entry: SecretEntry,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    version_ids_to_stages: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replication_status: Option<Vec<ReplicationStatusMember>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cross_account_primary: Option<PrimaryMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cross_account_replicas: Option<Vec<ReplicaMember>>,
}

impl Operation for DescribeSecret {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "DescribeSecret",
        effect: Effect::Read,
        summary: "Answers everything about a secret but its value.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = SecretTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { secret_id: parse_secret_id(&input.secret_id.unwrap_or_default())? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Output>, ApiError> {
        let secret = &grant.found()?.value;
        let access = accesses(cx.house, &[secret]).await?.into_iter().next();
        let entry = SecretEntry::of(secret, access.and_then(|access| access.last));
        let replication_status = replication_status(secret);
        Ok(Done::read(Output {
            entry,
            version_ids_to_stages: crate::secretsmanager::entry::stages(secret),
            replication_status,
            cross_account_primary: primary_member(secret),
            cross_account_replicas: replica_members(secret),
        }))
    }
}
