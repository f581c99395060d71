//! The role that is to be assumed, in whichever account.

use crate::authz::{OwnPolicy, Resource};
use crate::conditions::{Values, tag_value};
use crate::error::{ApiError, ErrorCode};
use crate::iam::entity::{Entity, find};
use crate::iam::role::Role;
use crate::identity::Principal;
use crate::operation::Cx;
use crate::records::Stored;
use serde::Serialize;
use std::sync::Arc;
use strongroom_iam::ResourceRule;
use strongroom_types::AccountId;
use strongroom_wire::Constraints;

/// Checks `RoleArn` and `RoleSessionName`. STS model.
pub(super) fn check_role(check: &mut Constraints, arn: Option<&str>, name: Option<&str>) {
    check.required_length("roleArn", arn, 20..=2048);
    check.required_length("roleSessionName", name, 2..=64);
    check.pattern("roleSessionName", name, "[\\w+=,.@-]*", |name| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
    });
}

/// The ARN of a role.
pub(super) fn parse_role_arn(arn: Option<String>) -> Result<String, ApiError> {
    let arn = arn.unwrap_or_default();
    if account_of(&arn).is_some() {
        return Ok(arn);
    }
    Err(ApiError::validation(format!("{arn} is invalid")))
}

fn account_of(arn: &str) -> Option<AccountId> {
    let (account, name) = arn.strip_prefix("arn:aws:iam::")?.split_once(":role/")?;
    if name.is_empty() { None } else { AccountId::parse(account).ok() }
}

/// A role by its ARN.
#[derive(Debug)]
pub struct AssumableRole {
    arn: String,
    account: AccountId,
    found: Option<Arc<Stored<Role>>>,
}

impl AssumableRole {
    /// Looks the role up. Its path must be as written.
    pub(super) async fn load(cx: &Cx<'_>, arn: &str) -> Result<Self, ApiError> {
        let account = account_of(arn).ok_or_else(|| ApiError::internal("no ARN of a role"))?;
        let name = arn.rsplit('/').next().unwrap_or_default();
        let found = find::<Role>(&cx.house.records, &account, name).await?;
        let found = found.filter(|role| role.value.arn() == arn);
        Ok(Self { arn: arn.to_owned(), account, found })
    }

    /// The role. One that is not there has let nobody in, so this is not told apart from a refusal.
    pub(super) fn found(&self) -> Result<&Arc<Stored<Role>>, ApiError> {
        self.found.as_ref().ok_or_else(|| {
            let message = format!("Not authorized to assume {}", self.arn);
            ApiError::new(ErrorCode::AccessDenied, message)
        })
    }
}

impl Resource for AssumableRole {
    fn account<'a>(&'a self, _cx: &'a Cx<'_>) -> &'a AccountId {
        &self.account
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        self.arn.clone()
    }

    /// AWS: the message has none.
    fn tells_reason(&self) -> bool {
        false
    }

    fn condition<'a>(&'a self, _cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        let role = &self.found.as_ref()?.value;
        tag_value(&role.tags, key, "aws:resourcetag/")
            .or_else(|| tag_value(&role.tags, key, "iam:resourcetag/"))
    }

    /// A role that is not there has a trust policy that lets in nobody.
    fn policy(&self) -> Option<OwnPolicy> {
        let policy = match &self.found {
            Some(role) => role.value.trust_policy(),
            None => Arc::new(strongroom_iam::Policy::unreadable(
                "trust policy",
                strongroom_iam::PolicyKind::Trust,
            )),
        };
        Some(OwnPolicy { policy, rule: ResourceRule::Required })
    }

    fn event_type(&self) -> Option<&'static str> {
        Some("AWS::IAM::Role")
    }
}

/// Who a session of a role is, in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AssumedRoleMember {
    assumed_role_id: String,
    arn: String,
}

impl AssumedRoleMember {
    /// Of a session of this name.
    pub(super) fn of(role: &Role, session: &str) -> Self {
        let naming = &role.naming;
        let principal = Principal::role_session(
            naming.account.clone(),
            naming.name.clone(),
            role.arn(),
            naming.id.clone(),
            session.to_owned(),
        );
        Self { assumed_role_id: principal.unique_id, arn: principal.arn }
    }
}
