//! Which documents AWS stores as policies.

use super::conditions::{moment, number, range};
use super::values;
use serde_json::Value;

/// Where a policy is to stand.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Identity,
    Session,
    Resource,
    /// On a role, saying who may assume it.
    Trust,
}

const PARTITIONS: [&str; 3] = ["aws", "aws-cn", "aws-us-gov"];

pub(super) fn policy(policy: &Value, place: Place) -> bool {
    let is_version =
        |version: &Value| ["2008-10-17", "2012-10-17"].map(Some).contains(&version.as_str());
    has_only(policy, &["Version", "Id", "Statement"])
        && policy.get("Version").is_none_or(is_version)
        && policy.get("Id").is_none_or(Value::is_string)
        && policy.get("Statement").is_some_and(|statements| {
            let statements = values::listed(statements);
            !statements.is_empty()
                && statements.iter().all(|one| statement(one, place))
                && (matches!(place, Place::Resource | Place::Trust) || sids_differ(&statements))
        })
}

fn has_only(value: &Value, names: &[&str]) -> bool {
    value
        .as_object()
        .is_some_and(|members| members.keys().all(|name| names.contains(&name.as_str())))
}

/// Sids are alphanumeric in IAM policies, and unique; an empty one is none.
fn sids_differ(statements: &[&Value]) -> bool {
    let mut sids: Vec<&str> = statements
        .iter()
        .filter_map(|one| one.get("Sid")?.as_str())
        .filter(|sid| !sid.is_empty())
        .collect();
    let are_alphanumeric =
        sids.iter().all(|sid| sid.chars().all(|letter| letter.is_ascii_alphanumeric()));
    let count = sids.len();
    sids.sort_unstable();
    sids.dedup();
    are_alphanumeric && sids.len() == count
}

fn statement(statement: &Value, place: Place) -> bool {
    let names = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    let effect = statement.get("Effect").and_then(Value::as_str);
    has_only(statement, &names)
        && statement.get("Sid").is_none_or(Value::is_string)
        && ["Allow", "Deny"].map(Some).contains(&effect)
        && one_of(statement, "Action", "NotAction", action)
        && resources(statement, place)
        && statement.get("Condition").is_none_or(condition)
        && principal_elements(statement, place)
}

/// Resource-based policies name their principals, or with Deny those who are excepted; the others name none.
fn principal_elements(statement: &Value, place: Place) -> bool {
    let denies = statement.get("Effect").and_then(Value::as_str) == Some("Deny");
    match (place, statement.get("Principal"), statement.get("NotPrincipal")) {
        (Place::Identity | Place::Session, None, None) => true,
        (Place::Resource, Some(included), None) => principals(included),
        (Place::Resource, None, Some(excepted)) => principals(excepted) && denies,
        // IAM refuses a bare * here ("invalid principal: STAR"), though not {"AWS": "*"}.
        (Place::Trust, Some(included), None) => included.is_object() && principals(included),
        _ => false,
    }
}

fn resources(statement: &Value, place: Place) -> bool {
    if place == Place::Trust {
        return statement.get("Resource").is_none() && statement.get("NotResource").is_none();
    }
    one_of(statement, "Resource", "NotResource", |text| resource(text, place))
}

/// Exactly one of the two elements is there, and holds texts that are right.
fn one_of(statement: &Value, name: &str, opposite: &str, is_right: impl Fn(&str) -> bool) -> bool {
    match (statement.get(name), statement.get(opposite)) {
        (Some(value), None) | (None, Some(value)) => each_text(value, is_right),
        _ => false,
    }
}

fn each_text(value: &Value, is_right: impl Fn(&str) -> bool) -> bool {
    let values = values::listed(value);
    !values.is_empty() && values.iter().all(|value| value.as_str().is_some_and(&is_right))
}

fn action(text: &str) -> bool {
    let is_vendor = |vendor: &str| {
        !vendor.is_empty()
            && vendor.chars().all(|letter| letter.is_ascii_alphanumeric() || "-.".contains(letter))
    };
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [vendor, name] => is_vendor(vendor) && !name.is_empty(),
        _ => text == "*",
    }
}

/// An ARN or *. An incomplete ARN is completed, but not in session policies; elsewhere than in identity policies the
/// documentation does not say so.
fn resource(text: &str, place: Place) -> bool {
    if text == "*" {
        return true;
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let is_whole = parts.len() == 6 || (place == Place::Identity && parts.len() > 2);
    match parts.as_slice() {
        ["arn", partition, service, ..] => {
            is_whole
                && PARTITIONS.contains(partition)
                && !service.is_empty()
                && !service.contains(['*', '?'])
        }
        _ => false,
    }
}

fn condition(condition: &Value) -> bool {
    condition.as_object().is_some_and(|operators| {
        operators.iter().all(|(operator, keys)| {
            keys.as_object()
                .is_some_and(|keys| keys.values().all(|wanted| compared(operator, wanted)))
        })
    })
}

fn compared(operator: &str, wanted: &Value) -> bool {
    let is_scalar = |value: &&Value| value.is_string() || value.is_number() || value.is_boolean();
    let values = values::listed(wanted);
    let texts = values::texts(wanted);
    let is_truth = |text: &String| text == "true" || text == "false";
    if wanted.is_null() || !values.iter().all(is_scalar) {
        return false;
    }
    if operator == "Null" {
        return texts.iter().all(is_truth);
    }
    let operator = operator.strip_suffix("IfExists").unwrap_or(operator);
    let set =
        operator.strip_prefix("ForAllValues:").or_else(|| operator.strip_prefix("ForAnyValue:"));
    match set.unwrap_or(operator) {
        "StringEquals"
        | "StringNotEquals"
        | "StringEqualsIgnoreCase"
        | "StringNotEqualsIgnoreCase"
        | "StringLike"
        | "StringNotLike"
        | "ArnEquals"
        | "ArnNotEquals"
        | "ArnLike"
        | "ArnNotLike"
        | "BinaryEquals" => true,
        "Bool" => texts.iter().all(is_truth),
        "IpAddress" | "NotIpAddress" => texts.iter().all(|text| range(text).is_some()),
        "NumericEquals"
        | "NumericNotEquals"
        | "NumericLessThan"
        | "NumericLessThanEquals"
        | "NumericGreaterThan"
        | "NumericGreaterThanEquals" => texts.iter().all(|text| number(text).is_some()),
        "DateEquals"
        | "DateNotEquals"
        | "DateLessThan"
        | "DateLessThanEquals"
        | "DateGreaterThan"
        | "DateGreaterThanEquals" => texts.iter().all(|text| moment(text).is_some()),
        _ => false,
    }
}

fn principals(principals: &Value) -> bool {
    if principals.as_str() == Some("*") {
        return true;
    }
    has_only(principals, &["AWS", "Service", "Federated"])
        && principals.as_object().is_some_and(|kinds| {
            !kinds.is_empty()
                && kinds.iter().all(|(kind, names)| each_text(names, |name| principal(kind, name)))
        })
}

fn principal(kind: &str, name: &str) -> bool {
    match kind {
        "Service" => name.ends_with(".amazonaws.com") && !name.contains('*'),
        "Federated" => !name.is_empty() && !name.contains('*'),
        _ => name == "*" || is_account(name) || is_unique_id(name) || is_principal_arn(name),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|digit| digit.is_ascii_digit())
}

fn is_unique_id(text: &str) -> bool {
    ["AIDA", "AROA"].iter().any(|kind| text.starts_with(kind))
        && text.len() > 15
        && text.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
}

fn is_principal_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, service, "", account, resource] = parts.as_slice() else { return false };
    let names: Vec<&str> = resource.split('/').collect();
    let is_name = |name: &&str| {
        !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "+=,.@_-".contains(letter))
    };
    let is_kind = match (*service, names.as_slice()) {
        ("iam", ["user" | "role", rest @ ..]) => !rest.is_empty(),
        ("iam", ["root"]) | ("sts", ["assumed-role", _, _] | ["federated-user", _]) => true,
        _ => false,
    };
    is_kind && PARTITIONS.contains(partition) && is_account(account) && names.iter().all(is_name)
}
