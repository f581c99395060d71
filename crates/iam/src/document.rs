//! Policy documents.

use crate::PolicyError;
use crate::condition::{self, Condition, shown};
use crate::principal::{self, Principals};
use crate::unique::{Members, OneOrMany};
use serde_json::Value;

/// What a policy is attached to, and so which elements it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// To a user, group or role: no principal.
    Identity,
    /// To a resource: with principal and resource.
    Resource,
    /// To a role, saying who may assume it: with principal, without resource.
    Trust,
}

/// The language's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, and what is meant when none is written: no policy variables.
    V2008,
    /// `2012-10-17`.
    V2012,
}

/// What a statement does when it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Allows.
    Allow,
    /// Denies, whatever else allows.
    Deny,
}

/// Patterns of actions or resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// One of these.
    Any(Vec<String>),
    /// None of these.
    None(Vec<String>),
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name, if it has one.
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
    /// Whom it is about; `None` in identity policies.
    pub principals: Option<Principals>,
    /// Which actions.
    pub actions: Match,
    /// Which resources; `None` in trust policies.
    pub resources: Option<Match>,
    /// All must hold.
    pub conditions: Vec<Condition>,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument {
    /// The language's version.
    pub version: Version,
    /// Its name, if it has one.
    pub id: Option<String>,
    /// At least one.
    pub statements: Vec<Statement>,
}

/// More statements or values than any real policy has; the length bounds them, too.
const LIST_MAX: usize = 1000;

impl PolicyDocument {
    /// Reads a policy of at most `chars_max` characters.
    pub fn parse(text: &str, kind: PolicyKind, chars_max: usize) -> Result<Self, PolicyError> {
        if text.chars().count() > chars_max {
            return Err(PolicyError::TooLong);
        }
        let members: Members<Value> =
            serde_json::from_str(text).map_err(|_| PolicyError::Syntax)?;
        check_unique(text)?;
        let (mut version, mut id, mut statements) = (Version::V2008, None, None);
        for (name, value) in members.0 {
            match name.as_str() {
                "Version" => version = parse_version(&value)?,
                "Id" => id = Some(text_of(value)?),
                "Statement" => statements = Some(value),
                other => return Err(unknown(other)),
            }
        }
        let written = statements.ok_or_else(|| missing("Statement"))?;
        let written: OneOrMany<Value> =
            serde_json::from_value(written).map_err(|_| PolicyError::Syntax)?;
        let written = match written {
            OneOrMany::One(Value::Array(list)) => list,
            other => other.into_vec(),
        };
        if written.is_empty() || written.len() > LIST_MAX {
            return Err(missing("Statement"));
        }
        let statements = written.into_iter().map(|statement| parse_statement(statement, kind));
        Ok(Self { version, id, statements: statements.collect::<Result<_, _>>()? })
    }
}

/// Members twice at any depth are refused; the values are dropped as they are read.
fn check_unique(text: &str) -> Result<(), PolicyError> {
    fn walk(value: &serde_json::value::RawValue, depth: usize) -> Result<(), PolicyError> {
        let text = value.get().trim_start();
        if depth > 16 {
            return Err(PolicyError::Syntax);
        }
        if text.starts_with('{') {
            let members: Members<Box<serde_json::value::RawValue>> =
                serde_json::from_str(text).map_err(|_| PolicyError::Syntax)?;
            members.0.iter().try_for_each(|(_, value)| walk(value, depth + 1))
        } else if text.starts_with('[') {
            let list: Vec<Box<serde_json::value::RawValue>> =
                serde_json::from_str(text).map_err(|_| PolicyError::Syntax)?;
            list.iter().try_for_each(|value| walk(value, depth + 1))
        } else {
            Ok(())
        }
    }
    let raw: Box<serde_json::value::RawValue> =
        serde_json::from_str(text).map_err(|_| PolicyError::Syntax)?;
    walk(&raw, 0)
}

fn unknown(name: &str) -> PolicyError {
    PolicyError::Element(format!("unknown element {}", shown(name)))
}

fn missing(name: &str) -> PolicyError {
    PolicyError::Element(format!("missing element {name}"))
}

fn parse_version(value: &Value) -> Result<Version, PolicyError> {
    match value.as_str() {
        Some("2012-10-17") => Ok(Version::V2012),
        Some("2008-10-17") => Ok(Version::V2008),
        _ => Err(PolicyError::Element("invalid Version".to_owned())),
    }
}

fn text_of(value: Value) -> Result<String, PolicyError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(PolicyError::Syntax),
    }
}

fn texts_of(value: Value) -> Result<Vec<String>, PolicyError> {
    let texts: OneOrMany<String> =
        serde_json::from_value(value).map_err(|_| PolicyError::Syntax)?;
    let texts = texts.into_vec();
    if texts.is_empty() || texts.len() > LIST_MAX || texts.iter().any(String::is_empty) {
        return Err(PolicyError::Syntax);
    }
    Ok(texts)
}

fn parse_statement(value: Value, kind: PolicyKind) -> Result<Statement, PolicyError> {
    let Value::Object(members) = value else { return Err(PolicyError::Syntax) };
    let (mut sid, mut effect, mut principals, mut actions, mut resources) =
        (None, None, None, None, None);
    let mut conditions = Vec::new();
    for (name, value) in members {
        match name.as_str() {
            "Sid" => sid = Some(text_of(value)?),
            "Effect" => effect = Some(parse_effect(&value)?),
            "Principal" => set(&mut principals, Principals::Is(parse_principals(value)?))?,
            "NotPrincipal" => set(&mut principals, Principals::IsNot(parse_principals(value)?))?,
            "Action" => set(&mut actions, Match::Any(parse_actions(value)?))?,
            "NotAction" => set(&mut actions, Match::None(parse_actions(value)?))?,
            "Resource" => set(&mut resources, Match::Any(parse_resources(value)?))?,
            "NotResource" => set(&mut resources, Match::None(parse_resources(value)?))?,
            "Condition" => {
                let block = serde_json::from_value(value).map_err(|_| PolicyError::Syntax)?;
                conditions = condition::parse(block)?;
            }
            other => return Err(unknown(other)),
        }
    }
    let effect = effect.ok_or_else(|| missing("Effect"))?;
    let actions = actions.ok_or_else(|| missing("Action"))?;
    check_elements(kind, effect, principals.as_ref(), resources.as_ref())?;
    Ok(Statement { sid, effect, principals, actions, resources, conditions })
}

/// `Action` and `NotAction` exclude each other, and so on.
fn set<T>(place: &mut Option<T>, value: T) -> Result<(), PolicyError> {
    if place.replace(value).is_some() { Err(PolicyError::Syntax) } else { Ok(()) }
}

fn check_elements(
    kind: PolicyKind,
    effect: Effect,
    principals: Option<&Principals>,
    resources: Option<&Match>,
) -> Result<(), PolicyError> {
    match (kind, principals) {
        (PolicyKind::Identity, Some(_)) => return Err(unknown("Principal")),
        (PolicyKind::Resource | PolicyKind::Trust, None) => return Err(missing("Principal")),
        // AWS: everybody but some is never what is meant.
        (_, Some(Principals::IsNot(_))) if effect == Effect::Allow => {
            return Err(PolicyError::Principal);
        }
        _ => {}
    }
    match (kind, resources) {
        (PolicyKind::Trust, Some(_)) => Err(unknown("Resource")),
        (PolicyKind::Identity | PolicyKind::Resource, None) => Err(missing("Resource")),
        _ => Ok(()),
    }
}

fn parse_effect(value: &Value) -> Result<Effect, PolicyError> {
    match value.as_str() {
        Some("Allow") => Ok(Effect::Allow),
        Some("Deny") => Ok(Effect::Deny),
        _ => Err(PolicyError::Element("invalid Effect".to_owned())),
    }
}

fn parse_principals(value: Value) -> Result<Vec<principal::Principal>, PolicyError> {
    let written = serde_json::from_value(value).map_err(|_| PolicyError::Principal)?;
    principal::parse(written)
}

fn parse_actions(value: Value) -> Result<Vec<String>, PolicyError> {
    let actions = texts_of(value)?;
    let is_name = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-*?_".contains(&byte))
    };
    let is_action = |action: &String| {
        action == "*"
            || action
                .split_once(':')
                .is_some_and(|(service, name)| is_name(service) && is_name(name))
    };
    match actions.iter().find(|action| !is_action(action)) {
        Some(bad) => Err(PolicyError::Element(format!("invalid action {}", shown(bad)))),
        None => Ok(actions),
    }
}

fn parse_resources(value: Value) -> Result<Vec<String>, PolicyError> {
    let resources = texts_of(value)?;
    let is_resource = |resource: &String| {
        resource == "*"
            || (resource.starts_with("arn:") && resource.matches(':').count() >= 5)
            || resource.starts_with("arn:*")
    };
    match resources.iter().find(|resource| !is_resource(resource)) {
        Some(bad) => Err(PolicyError::Element(format!("invalid resource {}", shown(bad)))),
        None => Ok(resources),
    }
}
