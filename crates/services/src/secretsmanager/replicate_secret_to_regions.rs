//! ReplicateSecretToRegions: adds replicas of a secret in other regions.
//!
//! AWS: asynchronous. The answer shows the new replicas as InProgress; `DescribeSecret` tells how they come out.

use crate::authz::Grant;
use crate::conditions::{Values, flag};
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::copying::{may_copy, may_seal_replicas};
use crate::secretsmanager::members::{
    ReplicaRegionInput, ReplicatedSecret, check_replicas, new_replicas, replica_regions,
};
use crate::secretsmanager::secret::Replica;
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::SecretId;
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct ReplicateSecretToRegions {
    secret_id: SecretId,
    replicas: Vec<Replica>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    add_replica_regions: Option<Vec<Object<ReplicaRegionInput>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_overwrite_replica_secret: Option<bool>,
}

impl Operation for ReplicateSecretToRegions {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "ReplicateSecretToRegions",
        effect: Effect::Write,
        summary: "Adds replicas of a secret in other regions.",
    };
    type Input = Input;
    type Output = ReplicatedSecret;
    type Resource = SecretTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "secretsmanager:addreplicaregions" => replica_regions(&self.replicas),
            "secretsmanager:forceoverwritereplicasecret" => {
                self.replicas.first().and_then(|replica| flag(replica.overwrite))
            }
            _ => None,
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check.required("addReplicaRegions", input.add_replica_regions.as_ref());
        check_replicas(&mut check, input.add_replica_regions.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let overwrite = input.force_overwrite_replica_secret.unwrap_or(false);
        let secret_id = parse_secret_id(&input.secret_id.unwrap_or_default())?;
        Ok(Self { secret_id, replicas: new_replicas(input.add_replica_regions, overwrite)? })
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
        stored.value.cross_account.not_replica()?;
        may_copy(cx, &stored.value).await?;
        may_seal_replicas(cx, &stored.value, &self.replicas).await?;
        let mut secret = stored.value.clone();
        secret.add_replicas(self.replicas.clone())?;
        secret.note_change(cx.now);
        let expect = Expect::At(stored.revision);
        let write = cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?;
        Ok(Done::change(ReplicatedSecret::of(&secret), vec![write]))
    }
}
