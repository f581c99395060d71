//! A secret whose value follows that of a secret in another account.
//!
//! Both owners take part: the replica's makes a secret that names its primary, the primary's associates the two. From then
//! on every change of the primary marks it as due, and a tick carries its labelled versions over, sealed under the
//! replica's key. Everything else is the replica's own. Secrets Manager user guide, "Replicate secrets across accounts".

use crate::authz::{OwnPolicy, Resource};
use crate::conditions::Values;
use crate::error::ApiError;
use crate::house::House;
use crate::operation::Cx;
use crate::policy_text::PolicyText;
use crate::records::{Records, Stored};
use crate::secretsmanager::new_version::prune;
use crate::secretsmanager::replicate::missing_versions;
use crate::secretsmanager::secret::Secret;
use crate::secretsmanager::target::{SecretTarget, find_secret};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_iam::{PolicyKind, ResourceRule};
use strongroom_store::{Batch, Expect, StoreError};
use strongroom_types::{AccountId, SecretId, Timestamp};

/// The policy that lets the primary's account associate the replica. Documented name; its text is inferred.
pub(super) const MANAGED_POLICY: &str = "cross-account-replication";

/// How a link between two accounts stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkStatus {
    /// The replica waits to be associated.
    Pending,
    /// The value is being carried over.
    InProgress,
    /// The replica has the primary's value.
    InSync,
    /// The value could not be carried over; the message says why.
    Failed,
    /// One of the two owners ended it.
    Detached,
}

impl LinkStatus {
    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::InSync => "InSync",
            Self::Failed => "Failed",
            Self::Detached => "Detached",
        }
    }
}

/// The other end of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The other secret's ARN.
    pub arn: String,
    /// The role that AWS would act as. Kept and shown: here nothing but the association needs permission.
    pub role_arn: Option<String>,
    /// How it stands.
    pub status: LinkStatus,
    /// Why it failed.
    pub status_message: Option<String>,
    /// Whether a change is still to be carried over.
    pub is_due: bool,
}

impl Link {
    /// One that waits.
    pub fn pending(arn: String) -> Self {
        let status = LinkStatus::Pending;
        Self { arn, role_arn: None, status, status_message: None, is_due: false }
    }

    /// The same in another state.
    pub fn set(&mut self, status: LinkStatus, message: Option<&str>) {
        self.status = status;
        self.status_message = message.map(str::to_owned);
        self.is_due = false;
    }
}

/// A secret's part in replication between accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CrossAccount {
    /// None.
    #[default]
    None,
    /// A primary, with its replica. AWS: one at most.
    Primary(Box<Link>),
    /// A replica, with its primary.
    Replica(Box<Link>),
}

impl CrossAccount {
    /// A primary's replica, if it is still associated.
    pub fn associated(&self) -> Option<&Link> {
        match self {
            Self::Primary(link) if link.status != LinkStatus::Detached => Some(link),
            Self::None | Self::Primary(_) | Self::Replica(_) => None,
        }
    }

    /// Notes that the value may have changed.
    pub fn note_change(&mut self) {
        if let Self::Primary(link) = self {
            link.is_due = link.status != LinkStatus::Detached;
        }
    }

    /// Whether a change is still to be carried over.
    pub fn is_due(&self) -> bool {
        matches!(self, Self::Primary(link) if link.is_due)
    }

    /// Refuses what only the primary may do. Message inferred.
    pub fn not_replica(&self) -> Result<(), ApiError> {
        match self {
            Self::Replica(_) => Err(ApiError::invalid_request(
                "You can't perform this operation on a cross-account replica secret: its value follows the primary secret.",
            )),
            Self::None | Self::Primary(_) => Ok(()),
        }
    }

    /// The text of the policy that the server attaches to a replica.
    pub fn managed_policy(&self) -> Option<String> {
        let Self::Replica(link) = self else { return None };
        let SecretId::Arn { account, .. } = SecretId::parse(&link.arn).ok()? else { return None };
        let policy = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
                "Action": "secretsmanager:AcceptCrossAccountReplication",
                "Resource": "*",
            }],
        });
        Some(policy.to_string())
    }
}

/// The replica in an answer: `CrossAccountPrimary`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PrimaryMember {
    #[serde(rename = "PrimarySecretARN")]
    primary_secret_arn: String,
    replication_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<String>,
}

/// The primary in an answer: an entry of `CrossAccountReplicas`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReplicaMember {
    #[serde(rename = "ReplicaSecretARN")]
    replica_secret_arn: String,
    #[serde(rename = "ReplicationRoleARN", skip_serializing_if = "Option::is_none")]
    replication_role_arn: Option<String>,
    replication_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<String>,
}

/// A replica's primary, in an answer.
pub(super) fn primary_member(secret: &Secret) -> Option<PrimaryMember> {
    let CrossAccount::Replica(link) = &secret.cross_account else { return None };
    Some(PrimaryMember {
        primary_secret_arn: link.arn.clone(),
        replication_status: link.status.as_str(),
        status_message: link.status_message.clone(),
    })
}

/// A primary's replicas, in an answer.
pub(super) fn replica_members(secret: &Secret) -> Option<Vec<ReplicaMember>> {
    let CrossAccount::Primary(link) = &secret.cross_account else { return None };
    Some(vec![ReplicaMember {
        replica_secret_arn: link.arn.clone(),
        replication_role_arn: link.role_arn.clone(),
        replication_status: link.status.as_str(),
        status_message: link.status_message.clone(),
    }])
}

/// The secret at the other end, if it is there and this ARN is its whole ARN.
pub(super) async fn other_end(
    records: &Records,
    arn: &str,
) -> Result<Option<Arc<Stored<Secret>>>, ApiError> {
    let Ok(id) = SecretId::parse(arn) else { return Ok(None) };
    let SecretId::Arn { account, region, .. } = &id else { return Ok(None) };
    let found = find_secret(records, account, region, &id).await?;
    Ok(found.filter(|found| found.value.arn_text() == arn))
}

/// A replica that is to be associated by its primary's owner. Besides its own policy the server's counts.
#[derive(Debug)]
pub(super) struct AcceptingReplica(pub SecretTarget);

impl Resource for AcceptingReplica {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        self.0.account(cx)
    }

    fn arn(&self, cx: &Cx<'_>) -> String {
        self.0.arn(cx)
    }

    fn named(&self, cx: &Cx<'_>) -> String {
        self.0.named(cx)
    }

    /// Would tell whether the other account has such a secret.
    fn tells_reason(&self) -> bool {
        false
    }

    fn condition<'a>(&'a self, cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        self.0.condition(cx, key)
    }

    fn policy(&self) -> Option<OwnPolicy> {
        let secret = &self.0.maybe()?.value;
        let Some(managed) = secret.cross_account.managed_policy() else { return self.0.policy() };
        let own = secret.bound_policy.as_ref().or(secret.policy.as_ref());
        let text = match own {
            // What cannot be joined denies everything.
            Some(own) => joined(own.text(), &managed).unwrap_or_default(),
            None => managed,
        };
        let policy = PolicyText::new(text);
        let policy = Arc::clone(policy.policy("resource policy", PolicyKind::Resource));
        Some(OwnPolicy { policy, rule: ResourceRule::Union })
    }
}

/// A policy with the statements of both.
fn joined(own: &str, managed: &str) -> Option<String> {
    let mut own: serde_json::Value = serde_json::from_str(own).ok()?;
    let mut managed: serde_json::Value = serde_json::from_str(managed).ok()?;
    let added = managed.get_mut("Statement")?.as_array_mut()?;
    let statements = own.get_mut("Statement")?;
    match statements {
        serde_json::Value::Array(held) => held.append(added),
        single => {
            let mut both = vec![single.take()];
            both.append(added);
            *single = both.into();
        }
    }
    Some(own.to_string())
}

/// Carries a primary's labelled versions to its replica in another account, in one commit with what both say of it.
pub(super) async fn carry(
    house: &House,
    stored: &Stored<Secret>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let CrossAccount::Primary(link) = &stored.value.cross_account else { return Ok(()) };
    if !link.is_due {
        return Ok(());
    }
    let entropy = &*house.env.entropy;
    let (mut primary, mut writes) = (stored.value.clone(), Vec::new());
    let replica = other_end(&house.records, &link.arn).await?;
    let replica = replica.filter(|replica| follows(&replica.value, &stored.value));
    let (status, message) = match replica {
        None => (LinkStatus::Failed, Some("The replica secret can't be found.")),
        Some(replica) if replica.value.deletion.is_some() => {
            (LinkStatus::Failed, Some("The replica secret is scheduled for deletion."))
        }
        Some(replica) => {
            let mut copy = replica.value.clone();
            let before = copy.stages.clone();
            copy.stages.clone_from(&primary.stages);
            copy.deprecated = copy.deprecated.saturating_add(copy.stages.deprecated_since(&before));
            writes.extend(missing_versions(house, now, &primary, &copy).await?);
            writes.extend(prune(house, now, &mut copy).await?);
            if let CrossAccount::Replica(link) = &mut copy.cross_account {
                link.set(LinkStatus::InSync, None);
            }
            if before != copy.stages {
                copy.note_change(now);
            }
            let expect = Expect::At(replica.revision);
            writes.push(house.records.put(entropy, replica.key.clone(), &copy, expect)?);
            (LinkStatus::InSync, None)
        }
    };
    if let CrossAccount::Primary(link) = &mut primary.cross_account {
        link.set(status, message);
    }
    let expect = Expect::At(stored.revision);
    writes.push(house.records.put(entropy, stored.key.clone(), &primary, expect)?);
    match house.commit(Batch { writes, events: Vec::new() }).await {
        // Something changed meanwhile: still due, done with the next tick.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether a secret was made to follow the primary.
pub(super) fn follows(replica: &Secret, primary: &Secret) -> bool {
    matches!(&replica.cross_account, CrossAccount::Replica(link) if link.arn == primary.arn_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_policy_joins_the_owners_in_whatever_form_it_is() {
        let link = Link::pending(
            "arn:aws:secretsmanager:us-east-1:210987654321:secret:a-AbCdEf".to_owned(),
        );
        let managed = CrossAccount::Replica(Box::new(link)).managed_policy().unwrap();
        assert!(managed.contains("arn:aws:iam::210987654321:root"));
        for own in [r#"{"Statement":{"Sid":"a"}}"#, r#"{"Statement":[{"Sid":"a"}]}"#] {
            let joined: serde_json::Value =
                serde_json::from_str(&joined(own, &managed).unwrap()).unwrap();
            assert_eq!(joined["Statement"][0]["Sid"], "a");
            assert_eq!(joined["Statement"][1]["Effect"], "Allow");
        }
        assert_eq!(joined("no policy", &managed), None);
    }
}
