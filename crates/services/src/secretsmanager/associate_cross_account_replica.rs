//! AssociateCrossAccountReplica: lets a secret of another account follow this one.
//!
//! AWS: called by the primary's owner for a secret that was made as a replica of this very primary. Calling it again for
//! the same replica carries the value over once more. Messages are inferred.

use crate::authz::{Grant, authorize};
use crate::conditions::NothingAsked;
use crate::error::{ApiError, ErrorCode};
use crate::iam::entity::Entity;
use crate::iam::role::Role;
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::copying::may_copy;
use crate::secretsmanager::cross_account::{
    AcceptingReplica, CrossAccount, Link, LinkStatus, follows,
};
use crate::secretsmanager::members::{check_replica_arn, parse_replica_arn};
use crate::secretsmanager::secret::Secret;
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::SecretId;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct AssociateCrossAccountReplica {
    secret_id: SecretId,
    replica: SecretId,
    role_arn: Option<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    #[serde(rename(deserialize = "CrossAccountReplicaARN", serialize = "crossAccountReplicaARN"))]
    cross_account_replica_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replica_restriction: Option<String>,
    #[serde(
        rename(deserialize = "ReplicationRoleARN", serialize = "replicationRoleARN"),
        skip_serializing_if = "Option::is_none"
    )]
    replication_role_arn: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    #[serde(rename = "ARN")]
    arn: String,
    #[serde(rename = "CrossAccountReplicaARN")]
    cross_account_replica_arn: String,
    replication_status: &'static str,
}

impl Operation for AssociateCrossAccountReplica {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "AssociateCrossAccountReplica",
        effect: Effect::Write,
        summary: "Lets a secret of another account follow this one.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = SecretTarget;

    fn further_actions(&self) -> Vec<&'static str> {
        vec!["secretsmanager:GetSecretValue"]
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check_replica_arn(&mut check, input.cross_account_replica_arn.as_deref());
        // All accounts here are of one organization, so both restrictions hold.
        let restriction = input.replica_restriction.as_deref();
        check.one_of("replicaRestriction", restriction, &["SameOrg", "NoRestriction"]);
        check.length("replicationRoleARN", input.replication_role_arn.as_deref(), 20..=2048);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            secret_id: parse_secret_id(&input.secret_id.unwrap_or_default())?,
            replica: parse_replica_arn(input.cross_account_replica_arn)?,
            role_arn: input.replication_role_arn,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Output>, ApiError> {
        let stored = grant.found()?;
        self.check_primary(cx, &stored.value)?;
        may_copy(cx, &stored.value).await?;
        self.may_pass_role(cx).await?;
        let replica = AcceptingReplica(SecretTarget::load(cx, &self.replica).await?);
        let action = "secretsmanager:AcceptCrossAccountReplication";
        let replica = authorize(cx, action, &NothingAsked, replica).await?;
        let accepted = replica.0.found()?;
        accepted.value.not_deleted()?;
        if !follows(&accepted.value, &stored.value) {
            return Err(ApiError::invalid_request(
                "The replica secret was not created as a cross-account replica of this primary secret.",
            ));
        }
        let arn = accepted.value.arn_text().to_owned();
        let held = stored.value.cross_account.associated();
        if held.is_some_and(|held| held.arn != arn) {
            let message = "The secret already has a cross-account replica.";
            return Err(ApiError::new(ErrorCode::LimitExceeded, message));
        }
        let status = LinkStatus::InProgress;
        let role_arn = self.role_arn.clone();
        let link = Link { arn: arn.clone(), role_arn, status, status_message: None, is_due: true };
        let (mut primary, mut copy) = (stored.value.clone(), accepted.value.clone());
        primary.cross_account = CrossAccount::Primary(Box::new(link));
        if let CrossAccount::Replica(link) = &mut copy.cross_account {
            link.set(status, None);
        }
        let (entropy, records) = (cx.entropy(), &cx.house.records);
        let at = Expect::At;
        let writes = vec![
            records.put(entropy, stored.key.clone(), &primary, at(stored.revision))?,
            records.put(entropy, accepted.key.clone(), &copy, at(accepted.revision))?,
        ];
        let output = Output {
            arn: primary.arn_text().to_owned(),
            cross_account_replica_arn: arn,
            replication_status: status.as_str(),
        };
        Ok(Done::change(output, writes))
    }
}

impl AssociateCrossAccountReplica {
    fn check_primary(&self, cx: &Cx<'_>, primary: &Secret) -> Result<(), ApiError> {
        primary.writable()?;
        primary.cross_account.not_replica()?;
        if primary.arn.account != *cx.account() {
            return Err(ApiError::invalid_request(
                "You must call this operation from the account that owns the primary secret.",
            ));
        }
        let SecretId::Arn { region, account, .. } = &self.replica else { return Ok(()) };
        if region != &primary.arn.region || account == &primary.arn.account {
            return Err(ApiError::invalid_parameter(
                "The replica secret must be in another account and in the Region of the primary secret.",
            ));
        }
        Ok(())
    }

    async fn may_pass_role(&self, cx: &Cx<'_>) -> Result<(), ApiError> {
        let Some(arn) = &self.role_arn else { return Ok(()) };
        let name = arn.rsplit('/').next().unwrap_or_default();
        let role = Target::<Role>::load(cx, name).await?;
        let role = authorize(cx, "iam:PassRole", &NothingAsked, role).await?;
        if role.found().is_ok_and(|role| role.value.arn() == *arn) {
            return Ok(());
        }
        Err(ApiError::invalid_parameter("The replication role can't be found in your account."))
    }
}
