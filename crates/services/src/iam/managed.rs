//! Managed policies by their ARN: AWS's own, and the account's.

use crate::authz::Resource;
use crate::conditions::{Values, tag_value};
use crate::error::{ApiError, ErrorCode};
use crate::iam::aws_managed::{self, AwsManagedPolicy};
use crate::iam::entity::find;
use crate::iam::managed_policy::ManagedPolicy;
use crate::operation::Cx;
use crate::records::Stored;
use std::sync::Arc;
use strongroom_store::{Change, Expect, Write};
use strongroom_types::{AccountId, limits};
use strongroom_wire::Constraints;

/// A managed policy.
#[derive(Debug, Clone)]
pub(super) enum Managed {
    /// One of AWS's own.
    Aws(&'static AwsManagedPolicy),
    /// One of the account's.
    Own(Arc<Stored<ManagedPolicy>>),
}

impl Managed {
    /// Its ARN.
    pub(super) fn arn(&self) -> String {
        match self {
            Self::Aws(policy) => policy.arn(),
            Self::Own(stored) => stored.value.arn(),
        }
    }
}

/// Checks the length of a policy's ARN.
pub(super) fn check_policy_arn(check: &mut Constraints, arn: Option<&str>) {
    check.required_length("policyArn", arn, 20..=limits::IAM_ARN_CHARS_MAX);
}

/// Checks a policy's path, or what listed ones start with. Model: `policyPathType`.
pub(super) fn check_policy_path(check: &mut Constraints, member: &str, path: Option<&str>) {
    check.length(member, path, 1..=limits::IAM_PATH_CHARS_MAX);
    check.pattern(member, path, r"((/[A-Za-z0-9\.,\+@=_-]+)*)/", is_policy_path);
}

fn is_policy_path(path: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".,+@=_-/".contains(&byte);
    let is_framed = path.starts_with('/') && path.ends_with('/') && !path.contains("//");
    is_framed && path.bytes().all(is_name)
}

/// A policy's ARN that was checked for its length.
pub(super) fn parse_policy_arn(arn: Option<String>) -> Result<String, ApiError> {
    let arn = arn.unwrap_or_default();
    check_form(&arn)?;
    Ok(arn)
}

/// Refuses what is no policy's ARN. Recorded (LocalStack's snapshots, February 2026): what is no ARN at all is
/// `ValidationError`, the ARN of something else `InvalidInput`.
pub(super) fn check_form(arn: &str) -> Result<(), ApiError> {
    let is_policy = arn
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.split_once(":policy/"))
        .is_some_and(|(account, name)| {
            !name.is_empty() && (account == "aws" || AccountId::parse(account).is_ok())
        });
    if is_policy {
        return Ok(());
    }
    let is_arn = arn.starts_with("arn:") && arn.matches(':').count() >= 5;
    let code = if is_arn { ErrorCode::InvalidInput } else { ErrorCode::Validation };
    Err(ApiError::new(code, format!("ARN {arn} is not valid.")))
}

/// The policy that the caller's account knows under the ARN.
pub(super) async fn managed_policy(cx: &Cx<'_>, arn: &str) -> Result<Option<Managed>, ApiError> {
    if let Some(policy) = aws_managed::find(arn) {
        return Ok(Some(Managed::Aws(policy)));
    }
    let name = arn.rsplit('/').next().unwrap_or_default();
    let found = find::<ManagedPolicy>(&cx.house.records, cx.account(), name).await?;
    Ok(found.filter(|policy| policy.value.arn() == arn).map(Managed::Own))
}

/// `NoSuchEntity`, in AWS's words.
pub(super) fn policy_not_found(arn: &str) -> ApiError {
    ApiError::new(ErrorCode::NoSuchEntity, format!("Policy {arn} was not found."))
}

/// The managed policy that a request is about, before it may be known whether it exists.
#[derive(Debug)]
pub struct PolicyTarget {
    arn: String,
    account: AccountId,
    found: Option<Managed>,
}

impl PolicyTarget {
    /// Looks the policy up.
    pub(super) async fn load(cx: &Cx<'_>, arn: &str) -> Result<Self, ApiError> {
        let found = managed_policy(cx, arn).await?;
        // AWS's own policies stand in the caller's account.
        let named = arn.split(':').nth(4).and_then(|account| AccountId::parse(account).ok());
        let account = named.unwrap_or_else(|| cx.account().clone());
        Ok(Self { arn: arn.to_owned(), account, found })
    }

    /// The policy, or `NoSuchEntity`.
    pub(super) fn found(&self) -> Result<&Managed, ApiError> {
        self.found.as_ref().ok_or_else(|| policy_not_found(&self.arn))
    }

    /// The policy, if it is the account's own to change.
    pub(super) fn own(&self) -> Result<&Arc<Stored<ManagedPolicy>>, ApiError> {
        match self.found()? {
            Managed::Own(stored) => Ok(stored),
            Managed::Aws(_) => Err(ApiError::new(
                ErrorCode::AccessDenied,
                format!("Policy {} is managed by AWS and cannot be changed.", self.arn),
            )),
        }
    }

    /// Changes the account's own policy.
    pub(super) fn changed(
        &self,
        cx: &Cx<'_>,
        change: impl FnOnce(&mut ManagedPolicy) -> Result<(), ApiError>,
    ) -> Result<(ManagedPolicy, Vec<Write>), ApiError> {
        let stored = self.own()?;
        let mut policy = stored.value.clone();
        change(&mut policy)?;
        let expect = Expect::At(stored.revision);
        let write = cx.house.records.put(cx.entropy(), stored.key.clone(), &policy, expect)?;
        Ok((policy, vec![write]))
    }

    /// The write that removes the account's own policy.
    pub(super) fn delete(&self) -> Result<Write, ApiError> {
        let stored = self.own()?;
        Ok(Write {
            kind: crate::iam::managed_policy::MANAGED_POLICY,
            key: stored.key.clone(),
            expect: Expect::At(stored.revision),
            change: Change::Delete,
        })
    }
}

impl Resource for PolicyTarget {
    fn account<'a>(&'a self, _cx: &'a Cx<'_>) -> &'a AccountId {
        &self.account
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        self.arn.clone()
    }

    /// AWS: `policy arn:…`.
    fn named(&self, _cx: &Cx<'_>) -> String {
        format!("policy {}", self.arn)
    }

    fn condition<'a>(&'a self, _cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        let Some(Managed::Own(stored)) = &self.found else { return None };
        tag_value(&stored.value.tags, key, "aws:resourcetag/")
            .or_else(|| tag_value(&stored.value.tags, key, "iam:resourcetag/"))
    }
}

/// The account's and AWS's policies under a path, as something that is listed.
#[derive(Debug)]
pub struct PoliciesUnder {
    path: String,
}

impl PoliciesUnder {
    /// Under this path.
    pub(super) fn new(path: &str) -> Self {
        Self { path: path.to_owned() }
    }
}

impl Resource for PoliciesUnder {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        cx.account()
    }

    /// AWS: lists of policies are not permitted policy by policy. Service authorization reference, `ListPolicies`.
    fn arn(&self, _cx: &Cx<'_>) -> String {
        "*".to_owned()
    }

    /// Recorded: `policy path /`.
    fn named(&self, _cx: &Cx<'_>) -> String {
        format!("policy path {}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_paths_are_those_of_the_model() {
        for good in ["/", "/a/", "/a/b.c,d+e@f=g_h-i/"] {
            assert!(is_policy_path(good), "{good}");
        }
        for bad in ["", "a", "/a", "a/", "//", "/a//b/", "/a*/", "/é/", "/a b/"] {
            assert!(!is_policy_path(bad), "{bad}");
        }
    }
}
