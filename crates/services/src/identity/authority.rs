//! The policies that say what a principal may do, gathered from its records.

use crate::error::ApiError;
use crate::iam::aws_managed;
use crate::iam::entity::{Entity, HeldPolicies, find};
use crate::iam::group::find_group;
use crate::iam::managed_policy::ManagedPolicy;
use crate::iam::role::Role;
use crate::iam::unique_id::user_of_id;
use crate::iam::user::User;
use crate::identity::authenticate::unknown_key;
use crate::identity::principal::{Principal, PrincipalKind};
use crate::identity::session::Session;
use crate::policy_text::PolicyText;
use crate::records::Records;
use std::sync::Arc;
use strongroom_iam::{Policy, PolicyKind};
use strongroom_types::{AccountId, Tag};

/// What a principal may do, as far as its own policies say.
#[derive(Debug, Default)]
pub(crate) struct Authority {
    /// Identity policies: its own and its groups'.
    pub identity: Vec<Arc<Policy>>,
    /// The permissions boundary, if it has one.
    pub boundary: Option<Vec<Arc<Policy>>>,
    /// Session policies, if they narrow what it may do.
    pub session: Option<Vec<Arc<Policy>>>,
    /// `aws:PrincipalTag/…`: its tags, with the session's over them.
    pub tags: Vec<Tag>,
}

impl Authority {
    /// Of a principal, in a session if it is in one. A principal that was there when its signature was verified and is not
    /// there now is refused: with an empty authority, what it is denied would be forgotten.
    pub(crate) async fn gather(
        records: &Records,
        principal: &Principal,
        session: Option<&Session>,
    ) -> Result<Self, ApiError> {
        let account = &principal.account;
        let mut authority = Self::default();
        match &principal.kind {
            PrincipalKind::Anonymous | PrincipalKind::Root => {}
            PrincipalKind::User { .. } => {
                let user = user_of_id(records, &principal.unique_id).await?;
                authority.add_user(records, &user.ok_or_else(unknown_key)?.value).await?;
            }
            PrincipalKind::FederatedUser { issuer: Some(name), .. } => {
                let user = find::<User>(records, account, name).await?;
                authority.add_user(records, &user.ok_or_else(unknown_key)?.value).await?;
                authority.tags = Vec::new();
            }
            PrincipalKind::FederatedUser { issuer: None, .. } => {
                authority.add_managed(records, account, aws_managed::ADMINISTRATOR_ACCESS).await?;
            }
            PrincipalKind::RoleSession { role, role_id, .. } => {
                let role = find::<Role>(records, account, role).await?;
                let role = role.filter(|role| role.value.naming.id == *role_id);
                authority.add_entity(records, &role.ok_or_else(unknown_key)?.value).await?;
            }
        }
        if let Some(session) = session {
            authority.narrow(records, principal, session).await?;
        }
        Ok(authority)
    }

    async fn add_user(&mut self, records: &Records, user: &User) -> Result<(), ApiError> {
        self.add_entity(records, user).await?;
        for id in &user.groups {
            if let Some(group) = find_group(records, &user.naming.account, id).await? {
                self.add_policies(records, &group.value).await?;
            }
        }
        Ok(())
    }

    async fn add_entity<E: Entity>(
        &mut self,
        records: &Records,
        entity: &E,
    ) -> Result<(), ApiError> {
        self.add_policies(records, entity).await?;
        self.tags = entity.tags().to_vec();
        if let Some(arn) = &entity.held().boundary {
            // A boundary that is not there any more bounds everything.
            let boundary = managed(records, &entity.naming().account, arn).await?;
            self.boundary = Some(boundary.into_iter().collect());
        }
        Ok(())
    }

    async fn add_policies<E: Entity>(
        &mut self,
        records: &Records,
        entity: &E,
    ) -> Result<(), ApiError> {
        let (naming, HeldPolicies { inline, attached, .. }) = (entity.naming(), entity.held());
        for (name, text) in inline {
            let label = format!("inline policy {name} of {} {}", E::NOUN, naming.name);
            self.identity.push(compiled(&label, text));
        }
        for arn in attached {
            self.add_managed(records, &naming.account, arn).await?;
        }
        Ok(())
    }

    async fn add_managed(
        &mut self,
        records: &Records,
        account: &AccountId,
        arn: &str,
    ) -> Result<(), ApiError> {
        self.identity.extend(managed(records, account, arn).await?);
        Ok(())
    }

    /// Session policies and tags. A federated user without session policies may do nothing of its own. IAM user guide,
    /// "Permissions for GetFederationToken".
    async fn narrow(
        &mut self,
        records: &Records,
        principal: &Principal,
        session: &Session,
    ) -> Result<(), ApiError> {
        for tag in &session.tags {
            self.tags.retain(|held| !held.key.eq_ignore_ascii_case(&tag.key));
            self.tags.push(tag.clone());
        }
        let is_federated = matches!(principal.kind, PrincipalKind::FederatedUser { .. });
        if !session.has_policies() && !is_federated {
            return Ok(());
        }
        let inline = |text: &String| compiled("session policy", &PolicyText::new(text.clone()));
        let mut policies: Vec<_> = session.policies.iter().map(inline).collect();
        for arn in &session.policy_arns {
            policies.extend(managed(records, &principal.account, arn).await?);
        }
        self.session = Some(policies);
        Ok(())
    }
}

fn compiled(label: &str, text: &PolicyText) -> Arc<Policy> {
    Arc::clone(text.policy(label, PolicyKind::Identity))
}

/// The version in force of a managed policy, AWS's or the account's own.
async fn managed(
    records: &Records,
    account: &AccountId,
    arn: &str,
) -> Result<Option<Arc<Policy>>, ApiError> {
    if let Some(policy) = aws_managed::find(arn) {
        return Ok(Some(compiled(arn, policy.document())));
    }
    let name = arn.rsplit('/').next().unwrap_or_default();
    let found = find::<ManagedPolicy>(records, account, name).await?;
    let found = found.filter(|policy| policy.value.arn() == arn);
    let in_force = found.as_ref().and_then(|policy| policy.value.in_force());
    Ok(in_force.map(|version| compiled(arn, &version.document)))
}
