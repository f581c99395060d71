//! RemoveRegionsFromReplication: ends replicas of a secret. Called in the primary's region.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::members::{ReplicatedSecret, check_region};
use crate::secretsmanager::purge::end_secret;
use crate::secretsmanager::replicate::is_replica_of;
use crate::secretsmanager::secret::{Replication, Secret, secret_key};
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use strongroom_store::{Expect, Write};
use strongroom_types::{Region, SecretId};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct RemoveRegionsFromReplication {
    secret_id: SecretId,
    regions: BTreeSet<Region>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    remove_replica_regions: Option<Vec<String>>,
}

impl Operation for RemoveRegionsFromReplication {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "RemoveRegionsFromReplication",
        effect: Effect::Write,
        summary: "Deletes replicas of a secret.",
    };
    type Input = Input;
    type Output = ReplicatedSecret;
    type Resource = SecretTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check.required("removeReplicaRegions", input.remove_replica_regions.as_ref());
        check.count(
            "removeReplicaRegions",
            input.remove_replica_regions.as_deref(),
            1..=usize::MAX,
        );
        for (place, region) in input.remove_replica_regions.iter().flatten().enumerate() {
            check_region(
                &mut check,
                &format!("removeReplicaRegions.{}.member", place + 1),
                Some(region),
            );
        }
        check.finish().map_err(ApiError::validation)?;
        let regions = input.remove_replica_regions.unwrap_or_default();
        let regions = regions.iter().map(|region| Region::parse(region));
        let regions = regions.collect::<Result<BTreeSet<_>, _>>().map_err(ApiError::internal)?;
        Ok(Self { secret_id: parse_secret_id(&input.secret_id.unwrap_or_default())?, regions })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<SecretTarget>,
    ) -> Result<Done<ReplicatedSecret>, ApiError> {
        let stored = grant.found()?;
        stored.value.writable()?;
        let mut secret = stored.value.clone();
        let Replication::Primary { replicas, is_due } = &mut secret.replication else {
            return Err(not_replicated());
        };
        if self
            .regions
            .iter()
            .any(|region| replicas.iter().all(|replica| replica.region != *region))
        {
            return Err(not_replicated());
        }
        replicas.retain(|replica| !self.regions.contains(&replica.region));
        *is_due = *is_due && !replicas.is_empty();
        let mut writes = Vec::new();
        for region in &self.regions {
            writes.extend(self.end_replica(cx, &secret, region).await?);
        }
        secret.note_change(cx.now);
        let expect = Expect::At(stored.revision);
        writes.push(cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?);
        Ok(Done::change(ReplicatedSecret::of(&secret), writes))
    }
}

fn not_replicated() -> ApiError {
    ApiError::invalid_parameter("Invalid replica region: the secret is not replicated to it.")
}

impl RemoveRegionsFromReplication {
    /// What has the name there ends only if it is a replica of this very secret.
    async fn end_replica(
        &self,
        cx: &Cx<'_>,
        primary: &Secret,
        region: &Region,
    ) -> Result<Vec<Write>, ApiError> {
        let key = secret_key(&primary.arn.account, region, primary.arn.name.as_str());
        match cx.house.records.get::<Secret>(&key).await? {
            Some(replica) if is_replica_of(&replica.value, primary) => {
                end_secret(cx.house, &replica)
            }
            _ => Ok(Vec::new()),
        }
    }
}
