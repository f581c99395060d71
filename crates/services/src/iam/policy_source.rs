//! The user, group or role whose policies are simulated.

use crate::error::{ApiError, ErrorCode};
use crate::iam::entity::{Entity, find};
use crate::iam::group::{Group, find_group};
use crate::iam::managed::{Managed, managed_policy};
use crate::iam::policy_exclusion::Exclusions;
use crate::iam::role::Role;
use crate::iam::simulated_policy::SimulatedPolicy;
use crate::iam::target::ByArn;
use crate::iam::user::User;
use crate::operation::Cx;
use crate::records::Stored;
use std::sync::Arc;
use strongroom_types::{AccountId, limits};
use strongroom_wire::Constraints;

/// `PolicySourceArn`.
#[derive(Debug, Clone)]
pub(super) struct SourceArn {
    /// As it was given.
    pub(super) arn: String,
    account: AccountId,
    /// `user`, `group` or `role`.
    pub(super) noun: &'static str,
    name: String,
}

/// What has the ARN's name.
#[derive(Debug)]
pub enum PolicySource {
    /// A user.
    User(Arc<Stored<User>>),
    /// A group.
    Group(Arc<Stored<Group>>),
    /// A role.
    Role(Arc<Stored<Role>>),
}

/// What holds for a principal by its own records.
#[derive(Debug, Default)]
pub(super) struct SourcePolicies {
    /// Its policies and its groups'.
    pub(super) identity: Vec<SimulatedPolicy>,
    /// Its boundary, if it has one. One that is not there any more bounds everything.
    pub(super) boundary: Option<Vec<SimulatedPolicy>>,
}

/// Checks the ARN's length.
pub(super) fn check_source(check: &mut Constraints, arn: Option<&str>) {
    check.required_length("policySourceArn", arn, 20..=limits::IAM_ARN_CHARS_MAX);
}

impl SourceArn {
    /// Of an ARN that was checked for its length. Recorded: what has the name is meant, whatever the path.
    pub(super) fn parse(arn: Option<String>) -> Result<Self, ApiError> {
        let arn = arn.unwrap_or_default();
        let parts = || {
            let (account, resource) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
            let (kind, path) = resource.split_once('/')?;
            let noun = ["user", "group", "role"].into_iter().find(|noun| *noun == kind)?;
            let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
            Some((AccountId::parse(account).ok()?, noun, name.to_owned()))
        };
        match parts() {
            Some((account, noun, name)) => Ok(Self { arn, account, noun, name }),
            None => Err(refused(format!("Invalid ARN provided in the request: {arn}"))),
        }
    }

    /// Looks it up in the caller's account.
    pub(super) async fn load(&self, cx: &Cx<'_>) -> Result<ByArn<Option<PolicySource>>, ApiError> {
        let found = if self.account == *cx.account() { self.find(cx).await? } else { None };
        let arn = found.as_ref().map_or_else(|| self.arn.clone(), PolicySource::arn);
        Ok(ByArn { arn, found })
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Option<PolicySource>, ApiError> {
        let (records, account, name) = (&cx.house.records, &self.account, self.name.as_str());
        Ok(match self.noun {
            "user" => find::<User>(records, account, name).await?.map(PolicySource::User),
            "group" => find::<Group>(records, account, name).await?.map(PolicySource::Group),
            _ => find::<Role>(records, account, name).await?.map(PolicySource::Role),
        })
    }

    /// It, or the refusal.
    pub(super) fn found<'a>(
        &self,
        cx: &Cx<'_>,
        loaded: &'a ByArn<Option<PolicySource>>,
    ) -> Result<&'a PolicySource, ApiError> {
        if self.account != *cx.account() {
            return Err(refused(format!(
                "Invalid Policy Source Arn: caller's account {} does not have access to policies in account {}.",
                cx.account(),
                self.account
            )));
        }
        loaded.found.as_ref().ok_or_else(|| {
            let message = "Unable to retrieve specified IAM entity.";
            ApiError::new(ErrorCode::NoSuchEntity, message)
        })
    }
}

impl PolicySource {
    fn arn(&self) -> String {
        match self {
            Self::User(user) => user.value.arn(),
            Self::Group(group) => group.value.arn(),
            Self::Role(role) => role.value.arn(),
        }
    }

    /// Its policies, without those that are left out.
    pub(super) async fn policies(
        &self,
        cx: &Cx<'_>,
        exclusions: &Exclusions,
    ) -> Result<SourcePolicies, ApiError> {
        let mut gathering = Gathering::new(cx, exclusions);
        match self {
            Self::User(user) => {
                gathering.add(&user.value).await?;
                gathering.add_boundary(user.value.held.boundary.as_deref()).await?;
                for id in &user.value.groups {
                    let group = find_group(&cx.house.records, cx.account(), id).await?;
                    if let Some(group) = group {
                        gathering.add(&group.value).await?;
                    }
                }
            }
            Self::Group(group) => gathering.add(&group.value).await?,
            Self::Role(role) => {
                gathering.add(&role.value).await?;
                gathering.add_boundary(role.value.held.boundary.as_deref()).await?;
            }
        }
        Ok(gathering.policies)
    }
}

struct Gathering<'a> {
    cx: &'a Cx<'a>,
    exclusions: &'a Exclusions,
    policies: SourcePolicies,
    /// ARNs of managed policies that are there already. Recorded: one counts once.
    attached: Vec<String>,
}

impl<'a> Gathering<'a> {
    fn new(cx: &'a Cx<'a>, exclusions: &'a Exclusions) -> Self {
        Self { cx, exclusions, policies: SourcePolicies::default(), attached: Vec::new() }
    }

    async fn add<E: Entity>(&mut self, entity: &E) -> Result<(), ApiError> {
        let of = &entity.naming().name;
        for (name, text) in &entity.held().inline {
            if self.exclusions.keeps_inline(name, E::NOUN, of) {
                let id = format!("{}_{of}_{name}", E::NOUN);
                self.policies.identity.push(SimulatedPolicy::held(id, text));
            }
        }
        for arn in &entity.held().attached {
            if self.attached.contains(arn) || !self.exclusions.keeps_managed(arn) {
                continue;
            }
            self.attached.push(arn.clone());
            self.policies.identity.extend(self.managed(arn).await?);
        }
        Ok(())
    }

    async fn add_boundary(&mut self, arn: Option<&str>) -> Result<(), ApiError> {
        if let Some(arn) = arn.filter(|_| self.exclusions.keeps_boundary()) {
            self.policies.boundary = Some(self.managed(arn).await?.into_iter().collect());
        }
        Ok(())
    }

    async fn managed(&self, arn: &str) -> Result<Option<SimulatedPolicy>, ApiError> {
        let policy = match managed_policy(self.cx, arn).await? {
            Some(Managed::Aws(policy)) => {
                Some(SimulatedPolicy::held(policy.name.to_owned(), policy.document()))
            }
            Some(Managed::Own(stored)) => {
                let name = stored.value.naming.name.clone();
                let in_force = stored.value.in_force();
                in_force.map(|version| SimulatedPolicy::held(name, &version.document))
            }
            None => None,
        };
        Ok(policy)
    }
}

fn refused(message: String) -> ApiError {
    ApiError::new(ErrorCode::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_users_groups_and_roles_are_sources() {
        let source = SourceArn::parse(Some("arn:aws:iam::123456789012:role/a/b".to_owned()));
        let source = source.unwrap();
        assert_eq!((source.noun, source.name.as_str()), ("role", "b"));
        for arn in [
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:policy/p",
            "arn:aws:iam::123456789012:user/",
            "arn:aws:iam::1234:user/bob",
            "arn:aws:sts::123456789012:assumed-role/r/s",
        ] {
            assert!(SourceArn::parse(Some(arn.to_owned())).is_err(), "{arn}");
        }
    }
}
