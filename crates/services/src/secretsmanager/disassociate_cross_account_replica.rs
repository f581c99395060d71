//! DisassociateCrossAccountReplica: ends what AssociateCrossAccountReplica began. The replica stays as it is.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::cross_account::{CrossAccount, LinkStatus, follows, other_end};
use crate::secretsmanager::members::{check_replica_arn, parse_replica_arn};
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::SecretId;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DisassociateCrossAccountReplica {
    secret_id: SecretId,
    replica_arn: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    #[serde(rename(deserialize = "CrossAccountReplicaARN", serialize = "crossAccountReplicaARN"))]
    cross_account_replica_arn: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
pub struct Output {
    #[serde(rename = "ARN")]
    arn: String,
    #[serde(rename = "CrossAccountReplicaARN")]
    cross_account_replica_arn: String,
}

impl Operation for DisassociateCrossAccountReplica {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "DisassociateCrossAccountReplica",
        effect: Effect::Write,
        summary: "Ends that a secret of another account follows this one.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = SecretTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check_replica_arn(&mut check, input.cross_account_replica_arn.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let secret_id = parse_secret_id(&input.secret_id.unwrap_or_default())?;
        parse_replica_arn(input.cross_account_replica_arn.clone())?;
        let replica_arn = input.cross_account_replica_arn.unwrap_or_default();
        Ok(Self { secret_id, replica_arn })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Output>, ApiError> {
        let stored = grant.found()?;
        stored.value.not_deleted()?;
        let is_held = matches!(&stored.value.cross_account,
            CrossAccount::Primary(link) if link.arn == self.replica_arn);
        if !is_held {
            // Message inferred.
            return Err(ApiError::invalid_request(
                "The secret is not associated with this cross-account replica.",
            ));
        }
        let mut primary = stored.value.clone();
        primary.cross_account = CrossAccount::None;
        let (entropy, records) = (cx.entropy(), &cx.house.records);
        let mut writes = vec![records.put(
            entropy,
            stored.key.clone(),
            &primary,
            Expect::At(stored.revision),
        )?];
        let replica = other_end(records, &self.replica_arn).await?;
        if let Some(replica) = replica.filter(|replica| follows(&replica.value, &stored.value)) {
            let mut copy = replica.value.clone();
            if let CrossAccount::Replica(link) = &mut copy.cross_account {
                link.set(LinkStatus::Detached, None);
            }
            let expect = Expect::At(replica.revision);
            writes.push(records.put(entropy, replica.key.clone(), &copy, expect)?);
        }
        let arn = primary.arn_text().to_owned();
        let cross_account_replica_arn = self.replica_arn.clone();
        Ok(Done::change(Output { arn, cross_account_replica_arn }, writes))
    }
}
