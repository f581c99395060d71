//! Principals of stored policies by their unique ids.
//!
//! AWS: the ARN of a user or role in a policy becomes its unique id when the policy is stored, so that one of the same
//! name that is made later is not meant; it is shown as an ARN for as long as it is there. IAM user guide, "AWS JSON policy
//! elements: Principal".

use crate::accounts;
use crate::error::ApiError;
use crate::iam::entity::{Entity, find};
use crate::iam::role::Role;
use crate::iam::unique_id::arn_of_id;
use crate::iam::user::User;
use crate::records::Records;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use strongroom_types::AccountId;

/// Unique ids of users and roles by the principals that name them.
pub type PrincipalIds = BTreeMap<String, String>;

/// A policy's text with ids in place of ARNs.
#[derive(Debug)]
pub(crate) struct Bound {
    /// The text.
    pub text: String,
    /// The ids that stand in it, and those of the roles whose sessions it names.
    pub ids: PrincipalIds,
    /// Users and roles of accounts that are here which are not there themselves; they stand in the text as they were.
    pub unknown: Vec<String>,
}

/// Binds the principals of a policy that was parsed before.
pub(crate) async fn bind(records: &Records, text: &str) -> Result<Bound, ApiError> {
    let mut document: Value = serde_json::from_str(text).map_err(ApiError::internal)?;
    let mut named = Vec::new();
    each_principal(&mut document, &mut |principal| named.push(principal.clone()));
    let (mut ids, mut unknown) = (PrincipalIds::new(), Vec::new());
    for principal in named {
        match bound(records, &principal).await? {
            Found::Id(id) => drop(ids.insert(principal, id)),
            Found::Unknown => unknown.push(principal),
            Found::NotBound => {}
        }
    }
    bind_sessions(&mut document, &ids);
    each_principal(&mut document, &mut |principal| {
        if let Some(id) = ids.get(principal).filter(|_| session_of(principal).is_none()) {
            principal.clone_from(id);
        }
    });
    Ok(Bound { text: document.to_string(), ids, unknown })
}

/// The text as it is shown: with the ARNs that those whom it names have by now, or with the ids of those who are gone.
pub(crate) async fn shown(
    records: &Records,
    text: &str,
    ids: &PrincipalIds,
) -> Result<String, ApiError> {
    let mut changed = BTreeMap::new();
    for (written, id) in ids {
        let now = match (session_of(written), arn_of_id(records, id).await?) {
            (None, found) => found.unwrap_or_else(|| id.clone()),
            (Some(_), Some(_)) => written.clone(),
            (Some(session), None) => format!("{id}:{session}"),
        };
        if now != *written {
            changed.insert(written, now);
        }
    }
    if changed.is_empty() {
        return Ok(text.to_owned());
    }
    let mut document: Value = serde_json::from_str(text).map_err(ApiError::internal)?;
    each_principal(&mut document, &mut |principal| {
        if let Some(now) = changed.get(principal) {
            principal.clone_from(now);
        }
    });
    Ok(document.to_string())
}

/// What is known of a principal that somebody named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The unique id of a user or role, also of the role of a session.
    Id(String),
    /// Its account is here, and it is not.
    Unknown,
    /// It has no unique id, or nobody here knows it.
    NotBound,
}

/// Looks one principal up, by ARN or unique id.
pub(crate) async fn bound(records: &Records, principal: &str) -> Result<Found, ApiError> {
    if ["AIDA", "AROA"].iter().any(|prefix| principal.starts_with(prefix)) {
        let found = arn_of_id(records, principal).await?;
        return Ok(found.map_or(Found::Unknown, |_| Found::Id(principal.to_owned())));
    }
    let Some((account, kind, name)) = named_identity(principal) else { return Ok(Found::NotBound) };
    let id = match kind {
        "user" => id_of::<User>(records, &account, name, Some(principal)).await?,
        "role" => id_of::<Role>(records, &account, name, Some(principal)).await?,
        _ => id_of::<Role>(records, &account, name, None).await?,
    };
    match id {
        Some(id) => Ok(Found::Id(id)),
        None if accounts::find(records, &account).await?.is_some() => Ok(Found::Unknown),
        None => Ok(Found::NotBound),
    }
}

/// Account, kind and name of the ARN of a user or role, or of the role of a session.
fn named_identity(arn: &str) -> Option<(AccountId, &str, &str)> {
    if let Some(rest) = arn.strip_prefix("arn:aws:sts::") {
        let (account, role) = rest.split_once(":assumed-role/")?;
        let (role, _) = role.split_once('/')?;
        return Some((AccountId::parse(account).ok()?, "assumed-role", role));
    }
    let (account, resource) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let (kind, path) =
        resource.split_once('/').filter(|(kind, _)| ["user", "role"].contains(kind))?;
    let name = path.rsplit('/').next()?;
    Some((AccountId::parse(account).ok()?, kind, name))
}

/// The name of a session, from its ARN.
pub(crate) fn session_of(arn: &str) -> Option<&str> {
    let (_, role) = arn.strip_prefix("arn:aws:sts::")?.split_once(":assumed-role/")?;
    Some(role.split_once('/')?.1)
}

async fn id_of<E: Entity>(
    records: &Records,
    account: &AccountId,
    name: &str,
    arn: Option<&str>,
) -> Result<Option<String>, ApiError> {
    let found = find::<E>(records, account, name).await?;
    let found = found.filter(|found| arn.is_none_or(|arn| found.value.arn() == arn));
    Ok(found.map(|found| found.value.naming().id.clone()))
}

fn statements_of(document: &mut Value) -> &mut [Value] {
    match document.get_mut("Statement") {
        Some(Value::Array(list)) => list,
        Some(one) => std::slice::from_mut(one),
        None => &mut [],
    }
}

/// Goes over the AWS principals of all statements.
fn each_principal(document: &mut Value, visit: &mut impl FnMut(&mut String)) {
    for statement in statements_of(document) {
        for member in ["Principal", "NotPrincipal"] {
            let principals = statement.get_mut(member).and_then(|by_type| by_type.get_mut("AWS"));
            let listed = match principals {
                Some(Value::Array(list)) => list,
                Some(one) => std::slice::from_mut(one),
                None => continue,
            };
            for principal in listed {
                if let Value::String(principal) = principal {
                    visit(principal);
                }
            }
        }
    }
}

/// Binds sessions to their role: a statement that names some speaks of those alone whose `aws:userid` has the role's
/// unique id. Those that it names besides get a statement without that condition. An exemption of a session
/// (`NotPrincipal`) holds only beside one of its role, which is bound.
fn bind_sessions(document: &mut Value, ids: &PrincipalIds) {
    let mut parted = Vec::new();
    for statement in statements_of(document) {
        let Some(sessions) = take_sessions(statement, ids) else { continue };
        let mut of_sessions = statement.clone();
        if let Some(members) = of_sessions.as_object_mut() {
            // Names of statements are unique.
            members.remove("Sid");
        }
        let is_whole =
            statement.get("Principal").and_then(Value::as_object).is_some_and(Map::is_empty);
        let narrowed = if is_whole { statement } else { &mut of_sessions };
        narrow(narrowed, &sessions, ids);
        if !is_whole {
            parted.push(of_sessions);
        }
    }
    if parted.is_empty() {
        return;
    }
    let mut all = statements_of(document).to_vec();
    all.append(&mut parted);
    if let Some(members) = document.as_object_mut() {
        members.insert("Statement".to_owned(), Value::Array(all));
    }
}

/// Takes the bound sessions out of a statement's principals.
fn take_sessions(statement: &mut Value, ids: &PrincipalIds) -> Option<Vec<String>> {
    let by_type = statement.get_mut("Principal")?.as_object_mut()?;
    let is_session = |principal: &Value| {
        let bound = principal.as_str().filter(|arn| ids.contains_key(*arn));
        bound.is_some_and(|arn| session_of(arn).is_some())
    };
    let listed = match by_type.remove("AWS")? {
        Value::Array(list) => list,
        one => vec![one],
    };
    let (sessions, others): (Vec<_>, Vec<_>) = listed.into_iter().partition(is_session);
    if !others.is_empty() {
        by_type.insert("AWS".to_owned(), Value::Array(others));
    }
    let sessions: Vec<_> = sessions.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    (!sessions.is_empty()).then_some(sessions)
}

/// Operators under which a literal id stands for itself; a statement may use some of them for `aws:userid` already.
const OPERATORS: [&str; 4] =
    ["StringEquals", "StringLike", "ForAnyValue:StringEquals", "ForAnyValue:StringLike"];

fn narrow(statement: &mut Value, sessions: &[String], ids: &PrincipalIds) {
    let Some(members) = statement.as_object_mut() else { return };
    members.insert("Principal".to_owned(), json!({ "AWS": sessions }));
    let of_session = |arn: &String| Some(format!("{}:{}", ids.get(arn)?, session_of(arn)?));
    let users: Vec<_> = sessions.iter().filter_map(of_session).collect();
    let conditions = members.entry("Condition").or_insert_with(|| json!({}));
    let Some(conditions) = conditions.as_object_mut() else { return };
    let has_it = |operator: &str| {
        let is_it = |(name, keys): (&String, &Value)| {
            let keys = keys.as_object().into_iter().flat_map(Map::keys);
            name.eq_ignore_ascii_case(operator)
                && keys.into_iter().any(|key| key.eq_ignore_ascii_case("aws:userid"))
        };
        conditions.iter().any(is_it)
    };
    let Some(operator) = OPERATORS.into_iter().find(|operator| !has_it(operator)) else { return };
    let keys = conditions.entry(operator).or_insert_with(|| json!({}));
    if let Some(keys) = keys.as_object_mut() {
        keys.insert("aws:userid".to_owned(), json!(users));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/R/s";

    #[test]
    fn principals_are_found_wherever_they_may_stand() {
        let mut document = json!({"Statement": [
            {"Principal": {"AWS": "a"}}, {"NotPrincipal": {"AWS": ["b", "c"], "Service": "d"}}, {"Principal": "*"},
        ]});
        let mut found = Vec::new();
        each_principal(&mut document, &mut |principal| found.push(principal.clone()));
        assert_eq!(found, ["a", "b", "c"]);
        let mut single = json!({"Statement": {"Principal": {"AWS": "a"}}});
        each_principal(&mut single, &mut |principal| principal.push('!'));
        assert_eq!(single["Statement"]["Principal"]["AWS"], "a!");
    }

    #[test]
    fn only_users_and_roles_have_ids() {
        assert!(named_identity("arn:aws:iam::123456789012:role/a/b/Name").is_some());
        assert_eq!(named_identity(SESSION).unwrap().2, "R");
        for other in [
            "*",
            "123456789012",
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:group/g",
            "arn:aws:sts::123456789012:federated-user/bob",
        ] {
            assert!(named_identity(other).is_none(), "{other}");
        }
    }

    fn bound_sessions(mut document: Value) -> Value {
        let ids = PrincipalIds::from([(SESSION.to_owned(), "AROA1".to_owned())]);
        bind_sessions(&mut document, &ids);
        document
    }

    #[test]
    fn a_session_alone_is_bound_by_a_condition_of_its_statement() {
        let bound = bound_sessions(json!({"Statement": {"Sid": "a", "Principal": {"AWS": SESSION},
            "Condition": {"stringequals": {"AWS:UserId": "x"}}}}));
        assert_eq!(
            bound,
            json!({"Statement": {"Sid": "a", "Principal": {"AWS": [SESSION]},
                "Condition": {"stringequals": {"AWS:UserId": "x"}, "StringLike": {"aws:userid": ["AROA1:s"]}}}})
        );
    }

    #[test]
    fn sessions_are_parted_from_others_that_a_statement_names() {
        let bound = bound_sessions(json!({"Statement": [
            {"Sid": "a", "Effect": "Allow", "Principal": {"AWS": ["1", SESSION], "Service": "s"}},
            {"Principal": {"AWS": "2"}},
        ]}));
        assert_eq!(
            bound,
            json!({"Statement": [
                {"Sid": "a", "Effect": "Allow", "Principal": {"AWS": ["1"], "Service": "s"}},
                {"Principal": {"AWS": ["2"]}},
                {"Effect": "Allow", "Principal": {"AWS": [SESSION]},
                    "Condition": {"StringEquals": {"aws:userid": ["AROA1:s"]}}},
            ]})
        );
    }
}
