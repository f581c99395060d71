//! StopReplicationToReplica: makes a replica a secret of its own. Called in the replica's region.

use crate::authz::{Grant, authorize};
use crate::conditions::NothingAsked;
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::cross_account::{CrossAccount, LinkStatus, other_end};
use crate::secretsmanager::replicate::is_replica_of;
use crate::secretsmanager::secret::{Replication, Secret, secret_key};
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_store::{Expect, Write};
use strongroom_types::{Region, SecretId};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct StopReplicationToReplica {
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
pub struct Output {
    #[serde(rename = "ARN")]
    arn: String,
}

impl Operation for StopReplicationToReplica {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "StopReplicationToReplica",
        effect: Effect::Write,
        summary: "Makes a replica a secret of its own.",
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
        let stored = grant.found()?;
        stored.value.not_deleted()?;
        let mut secret = stored.value.clone();
        let mut writes = match (&stored.value.replication, &stored.value.cross_account) {
            (Replication::ReplicaOf { primary }, _) => {
                secret.replication = Replication::None;
                release(cx, &stored.value, primary).await?
            }
            (_, CrossAccount::Replica(link)) => {
                // AWS: the server's own policy goes with it, so that is asked for, too.
                let action = "secretsmanager:DeleteResourcePolicy";
                let target = self.load(cx).await?;
                authorize(cx, action, &NothingAsked, target).await?;
                secret.cross_account = CrossAccount::None;
                detach(cx, &stored.value, &link.arn).await?
            }
            _ => return Err(ApiError::invalid_request("The secret is not a replica.")),
        };
        secret.note_change(cx.now);
        let output = Output { arn: secret.arn_text().to_owned() };
        let expect = Expect::At(stored.revision);
        writes.push(cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?);
        Ok(Done::change(output, writes))
    }
}

/// The primary in the other account learns of it in the same commit.
async fn detach(cx: &Cx<'_>, replica: &Secret, primary: &str) -> Result<Vec<Write>, ApiError> {
    let Some(stored) = other_end(&cx.house.records, primary).await? else { return Ok(Vec::new()) };
    let mut secret = stored.value.clone();
    match &mut secret.cross_account {
        CrossAccount::Primary(link) if link.arn == replica.arn_text() => {
            link.set(LinkStatus::Detached, None);
        }
        _ => return Ok(Vec::new()),
    }
    let expect = Expect::At(stored.revision);
    Ok(vec![cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?])
}

/// The primary forgets the replica in the same commit.
async fn release(cx: &Cx<'_>, replica: &Secret, primary: &Region) -> Result<Vec<Write>, ApiError> {
    let key = secret_key(&replica.arn.account, primary, replica.arn.name.as_str());
    let Some(stored) = cx.house.records.get::<Secret>(&key).await? else { return Ok(Vec::new()) };
    if !is_replica_of(replica, &stored.value) {
        return Ok(Vec::new());
    }
    let mut secret = stored.value.clone();
    if let Replication::Primary { replicas, .. } = &mut secret.replication {
        replicas.retain(|held| held.region != replica.arn.region);
    }
    let expect = Expect::At(stored.revision);
    Ok(vec![cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?])
}
