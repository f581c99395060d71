//! Principals. IAM user guide, "AWS JSON policy elements: Principal".

use crate::PolicyError;
use crate::unique::{Members, OneOrMany};
use serde::Deserialize;

/// Somebody a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// `*`: everybody, also those who did not sign.
    Anyone,
    /// A 12-digit account id or the ARN of its root: whomever that account lets.
    Account(String),
    /// The ARN of a user, role, session or federated user.
    Arn(String),
    /// The unique id that AWS puts in place of the ARN of somebody who is gone.
    UniqueId(String),
    /// An AWS service.
    Service(String),
    /// An identity provider.
    Federated(String),
    /// S3's canonical id of an account.
    CanonicalUser(String),
}

/// The `Principal` or `NotPrincipal` of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principals {
    /// One of these.
    Is(Vec<Principal>),
    /// None of these.
    IsNot(Vec<Principal>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Written {
    Text(String),
    ByType(Members<OneOrMany<String>>),
}

pub(crate) fn parse(written: Written) -> Result<Vec<Principal>, PolicyError> {
    let by_type = match written {
        Written::Text(text) if text == "*" => return Ok(vec![Principal::Anyone]),
        Written::Text(_) => return Err(PolicyError::Principal),
        Written::ByType(by_type) => by_type.0,
    };
    let mut principals = Vec::new();
    for (kind, values) in by_type {
        for value in values.into_vec() {
            principals.push(parse_one(&kind, value)?);
        }
    }
    if principals.is_empty() { Err(PolicyError::Principal) } else { Ok(principals) }
}

fn parse_one(kind: &str, value: String) -> Result<Principal, PolicyError> {
    match kind {
        "AWS" if value == "*" => Ok(Principal::Anyone),
        "AWS" => parse_aws(value),
        "Service" if value.ends_with(".amazonaws.com") || value.ends_with(".amazonaws.com.cn") => {
            Ok(Principal::Service(value))
        }
        "Federated" if !value.is_empty() && value != "*" => Ok(Principal::Federated(value)),
        "CanonicalUser"
            if value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            Ok(Principal::CanonicalUser(value))
        }
        _ => Err(PolicyError::Principal),
    }
}

fn parse_aws(value: String) -> Result<Principal, PolicyError> {
    if is_account(&value) {
        return Ok(Principal::Account(value));
    }
    let is_unique_id =
        ["AIDA", "AROA", "ASIA", "AKIA"].iter().any(|prefix| value.starts_with(prefix));
    if is_unique_id && value.len() >= 16 && value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(Principal::UniqueId(value));
    }
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    let ["arn", partition, service, "", account, resource] = parts[..] else {
        return Err(PolicyError::Principal);
    };
    let is_known = partition.starts_with("aws") && is_account(account);
    match (service, resource) {
        ("iam", "root") if is_known => Ok(Principal::Account(account.to_owned())),
        ("iam", resource) if is_known && has_name(resource, &["user/", "role/"]) => {
            Ok(Principal::Arn(value))
        }
        ("sts", resource)
            if is_known && has_name(resource, &["assumed-role/", "federated-user/"]) =>
        {
            Ok(Principal::Arn(value))
        }
        _ => Err(PolicyError::Principal),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// AWS: no wildcard may stand for part of a principal's name.
fn has_name(resource: &str, kinds: &[&str]) -> bool {
    let name = kinds.iter().find_map(|kind| resource.strip_prefix(kind));
    name.is_some_and(|name| !name.is_empty() && !name.contains(['*', '?']))
}
