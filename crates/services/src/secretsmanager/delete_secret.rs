//! DeleteSecret: marks a secret for deletion, or ends it at once.
//!
//! AWS: 30 days of recovery unless told otherwise; forced deletion cannot be taken back, and forcing the deletion of a
//! name that is not there succeeds (recorded).

use crate::authz::{Grant, Resource};
use crate::conditions::{Values, flag, some};
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::records::Stored;
use crate::secretsmanager::purge::end_secret;
use crate::secretsmanager::secret::{Deletion, Replication, Secret};
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::{ArnSuffix, SecretId, Timestamp, limits};
use strongroom_wire::{Constraints, epoch};

/// The valid request.
#[derive(Debug)]
pub struct DeleteSecret {
    secret_id: SecretId,
    /// Days of recovery; `None` for none.
    window: Option<i64>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_window_in_days: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_delete_without_recovery: Option<bool>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    #[serde(serialize_with = "epoch::serialize")]
    deletion_date: Timestamp,
}

impl Operation for DeleteSecret {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "DeleteSecret",
        effect: Effect::Write,
        summary: "Marks a secret for deletion, or deletes it at once.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = SecretTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "secretsmanager:forcedeletewithoutrecovery" => flag(self.window.is_none()),
            "secretsmanager:recoverywindowindays" => some(self.window.map(|days| days.to_string())),
            _ => None,
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let force = input.force_delete_without_recovery.unwrap_or(false);
        if force && input.recovery_window_in_days.is_some() {
            return Err(ApiError::invalid_parameter(
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
            ));
        }
        let days = input.recovery_window_in_days.unwrap_or(limits::RECOVERY_DAYS_MAX);
        if !(limits::RECOVERY_DAYS_MIN..=limits::RECOVERY_DAYS_MAX).contains(&days) {
            return Err(ApiError::invalid_parameter(
                "RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
            ));
        }
        let secret_id = parse_secret_id(&input.secret_id.unwrap_or_default())?;
        Ok(Self { secret_id, window: (!force).then_some(days) })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Output>, ApiError> {
        let Some(stored) = grant.maybe() else {
            if self.window.is_none() {
                return Ok(Done::read(self.output_of_nothing(cx, &grant)));
            }
            grant.found()?;
            return Err(ApiError::internal("a secret was there and was not"));
        };
        check_deletable(&stored.value)?;
        match self.window {
            None => Ok(Done::change(output(&stored.value, cx.now), end_secret(cx.house, stored)?)),
            Some(days) => mark(cx, stored, days),
        }
    }
}

fn check_deletable(secret: &Secret) -> Result<(), ApiError> {
    secret.not_replica()?;
    if secret.cross_account.associated().is_some() {
        // Documented; the message is inferred.
        return Err(ApiError::invalid_request(
            "You can't delete a secret that still has a cross-account replica. Disassociate the replica first.",
        ));
    }
    let Replication::Primary { replicas, .. } = &secret.replication else { return Ok(()) };
    if replicas.is_empty() {
        return Ok(());
    }
    let regions: Vec<_> = replicas.iter().map(|replica| replica.region.as_str()).collect();
    Err(ApiError::invalid_parameter(format!(
        "You can't delete secret {} that still has replica regions [{}].",
        secret.arn_text(),
        regions.join(", ")
    )))
}

fn mark(cx: &Cx<'_>, stored: &Stored<Secret>, days: i64) -> Result<Done<Output>, ApiError> {
    stored.value.not_deleted()?;
    let mut secret = stored.value.clone();
    let due = cx.now.plus_days(days);
    secret.deletion = Some(Deletion { requested: cx.now, due });
    secret.note_change(cx.now);
    let expect = Expect::At(stored.revision);
    let write = cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?;
    Ok(Done::change(output(&secret, due), vec![write]))
}

fn output(secret: &Secret, deletion_date: Timestamp) -> Output {
    Output { arn: secret.arn_text().to_owned(), name: secret.arn.name.to_string(), deletion_date }
}

impl DeleteSecret {
    /// AWS, recorded: forcing an unknown name answers the name, an ARN and the date.
    fn output_of_nothing(&self, cx: &Cx<'_>, target: &SecretTarget) -> Output {
        let (name, arn) = match &self.secret_id {
            SecretId::Name(name) => {
                let arn =
                    format!("{}-{}", target.arn(cx), ArnSuffix::random(cx.entropy()).as_str());
                (name.to_string(), arn)
            }
            SecretId::Arn { resource, .. } => (resource.to_string(), target.arn(cx)),
        };
        Output { arn, name, deletion_date: cx.now }
    }
}
