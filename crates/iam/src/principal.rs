//! Principals. IAM user guide, "AWS JSON policy elements: Principal".

use crate::PolicyKind;
use crate::arn::{Arn, is_account, is_partition};
use crate::error::{Fault, shown};
use crate::json::Json;

/// Somebody a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// `*`: everybody, also those who did not sign.
    Anyone,
    /// A 12-digit account id or the ARN of its root: whomever that account lets.
    Account(String),
    /// The ARN of a user, role, session or federated user.
    Arn(String),
    /// The unique id that AWS puts in place of the ARN of a user (`AIDA…`) or role (`AROA…`) that is gone.
    UniqueId(String),
    /// An AWS service, such as `lambda.amazonaws.com`.
    Service(String),
    /// An identity provider: the ARN of one in an account, or the name of one that is open to all.
    Federated(String),
    /// S3's canonical id of an account: 64 hexadecimal digits.
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

pub(crate) fn parse(written: Json, kind: PolicyKind) -> Result<Vec<Principal>, Fault> {
    let by_type = match written {
        // Access Analyzer: a trust policy lets everybody in only as {"AWS": "*"}.
        Json::Text(text) if text == "*" && kind != PolicyKind::Trust => {
            return Ok(vec![Principal::Anyone]);
        }
        Json::Object(by_type) if !by_type.is_empty() => by_type,
        Json::Object(_) => return Err(Fault::EmptyPrincipal),
        _ => return Err(Fault::PrincipalText),
    };
    let mut principals = Vec::new();
    for (key, values) in by_type {
        let values = values.into_list();
        if values.is_empty() {
            return Err(Fault::EmptyPrincipal);
        }
        for value in values {
            let Json::Text(value) = value else { return Err(nobody(&key, "")) };
            principals.push(parse_one(&key, value)?);
        }
    }
    Ok(principals)
}

fn nobody(key: &str, value: &str) -> Fault {
    Fault::Principal { key: shown(key), value: shown(value) }
}

fn parse_one(key: &str, value: String) -> Result<Principal, Fault> {
    match key {
        "AWS" if value == "*" => Ok(Principal::Anyone),
        "AWS" => parse_aws(value),
        "Service" if is_service(&value) => Ok(Principal::Service(value)),
        "Service" => Err(Fault::ServicePrincipal(shown(&value))),
        "Federated" if is_provider(&value) => Ok(Principal::Federated(value)),
        "CanonicalUser" if is_canonical_user(&value) => Ok(Principal::CanonicalUser(value)),
        "Federated" | "CanonicalUser" => Err(nobody(key, &value)),
        _ => Err(nobody(key, "")),
    }
}

fn parse_aws(value: String) -> Result<Principal, Fault> {
    if is_account(&value) {
        return Ok(Principal::Account(value));
    }
    if is_unique_id(&value) {
        return Ok(Principal::UniqueId(value));
    }
    let arn = Arn::parse(&value).filter(|arn| {
        is_partition(arn.partition) && arn.region.is_empty() && is_account(arn.account)
    });
    match arn {
        Some(arn) if (arn.service, arn.resource) == ("iam", "root") => {
            Ok(Principal::Account(arn.account.to_owned()))
        }
        Some(arn) if is_identity(&arn) => Ok(Principal::Arn(value)),
        _ => Err(nobody("AWS", &value)),
    }
}

/// AWS: no wildcard may stand for part of a principal.
pub(crate) fn is_identity(arn: &Arn<'_>) -> bool {
    let Some((kind, name)) = arn.resource.split_once('/') else { return false };
    let mut parts = name.split('/');
    match (arn.service, kind) {
        ("iam", "user" | "role") => parts.all(is_name),
        ("sts", "assumed-role") => parts.clone().count() == 2 && parts.all(is_name),
        ("sts", "federated-user") => is_name(name),
        _ => false,
    }
}

/// IAM user guide, "IAM and AWS STS quotas": what names are made of.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte))
}

/// IAM API reference, `idType`: 16 to 128 characters. Access keys have such ids, too, but are nobody.
fn is_unique_id(text: &str) -> bool {
    let is_whose = ["AIDA", "AROA"].iter().any(|prefix| text.starts_with(prefix));
    is_whose
        && (16..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

pub(crate) fn is_service(text: &str) -> bool {
    let name = text.strip_suffix(".cn").unwrap_or(text).strip_suffix(".amazonaws.com");
    name.is_some_and(is_host)
}

pub(crate) fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.split('.').all(is_label)
}

/// A provider in an account by its ARN, or one that is open to all by its host.
fn is_provider(text: &str) -> bool {
    match Arn::parse(text) {
        Some(arn) => is_own_provider(&arn),
        None => text.contains('.') && is_host(text),
    }
}

pub(crate) fn is_own_provider(arn: &Arn<'_>) -> bool {
    let is_path_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-/:".contains(&byte))
    };
    let name = ["saml-provider/", "oidc-provider/"]
        .iter()
        .find_map(|kind| arn.resource.strip_prefix(kind));
    is_partition(arn.partition)
        && (arn.service, arn.region) == ("iam", "")
        && is_account(arn.account)
        && name.is_some_and(is_path_name)
}

fn is_canonical_user(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
