//! Statements of a policy. IAM user guide, "IAM JSON policy elements reference".

use crate::arn::{Arn, is_partition};
use crate::condition::{self, Condition};
use crate::json::Json;
use crate::principal::{self, Principals};
use crate::{PolicyError, PolicyKind};

/// What a statement does when it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Allows.
    Allow,
    /// Denies, whatever else allows.
    Deny,
}

/// Patterns of actions or resources, as written.
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

/// More statements or patterns than any real policy has; the length bounds them, too.
pub(crate) const LIST_MAX: usize = 1000;

/// What has been read of a statement.
#[derive(Default)]
struct Parts {
    sid: Option<String>,
    effect: Option<Effect>,
    principals: Option<Principals>,
    actions: Option<Match>,
    resources: Option<Match>,
    conditions: Vec<Condition>,
}

impl Statement {
    pub(crate) fn parse(value: Json, kind: PolicyKind) -> Result<Self, PolicyError> {
        let mut parts = Parts::default();
        for (name, value) in value.into_object()? {
            parts.take(&name, value)?;
        }
        let statement = Self {
            sid: parts.sid,
            effect: parts.effect.ok_or_else(|| PolicyError::missing("Effect"))?,
            principals: parts.principals,
            actions: parts.actions.ok_or_else(|| PolicyError::missing("Action"))?,
            resources: parts.resources,
            conditions: parts.conditions,
        };
        statement.check_principals(kind)?;
        statement.check_resources(kind)?;
        Ok(statement)
    }

    fn check_principals(&self, kind: PolicyKind) -> Result<(), PolicyError> {
        match (kind, &self.principals) {
            (PolicyKind::Identity, Some(_)) => Err(PolicyError::unknown("element", "Principal")),
            (PolicyKind::Resource | PolicyKind::Trust, None) => {
                Err(PolicyError::missing("Principal"))
            }
            // Everybody but some, also those who did not sign, is never what is meant.
            (_, Some(Principals::IsNot(_))) if self.effect == Effect::Allow => {
                Err(PolicyError::Principal)
            }
            _ => Ok(()),
        }
    }

    fn check_resources(&self, kind: PolicyKind) -> Result<(), PolicyError> {
        match (kind, &self.resources) {
            (PolicyKind::Trust, Some(_)) => Err(PolicyError::unknown("element", "Resource")),
            (PolicyKind::Identity | PolicyKind::Resource, None) => {
                Err(PolicyError::missing("Resource"))
            }
            _ => Ok(()),
        }
    }
}

impl Parts {
    fn take(&mut self, name: &str, value: Json) -> Result<(), PolicyError> {
        match name {
            "Sid" => set(&mut self.sid, value.into_text()?),
            "Effect" => set(&mut self.effect, parse_effect(value)?),
            "Principal" => set(&mut self.principals, Principals::Is(principal::parse(value)?)),
            "NotPrincipal" => {
                set(&mut self.principals, Principals::IsNot(principal::parse(value)?))
            }
            "Action" => set(&mut self.actions, Match::Any(parse_actions(value)?)),
            "NotAction" => set(&mut self.actions, Match::None(parse_actions(value)?)),
            "Resource" => set(&mut self.resources, Match::Any(parse_resources(value)?)),
            "NotResource" => set(&mut self.resources, Match::None(parse_resources(value)?)),
            "Condition" => {
                self.conditions = condition::parse(value)?;
                Ok(())
            }
            other => Err(PolicyError::unknown("element", other)),
        }
    }
}

/// `Action` and `NotAction` exclude each other, and so on.
fn set<T>(place: &mut Option<T>, value: T) -> Result<(), PolicyError> {
    if place.replace(value).is_some() { Err(PolicyError::Syntax) } else { Ok(()) }
}

fn parse_effect(value: Json) -> Result<Effect, PolicyError> {
    match value.into_text()?.as_str() {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => Err(PolicyError::unknown("Effect", other)),
    }
}

fn parse_actions(value: Json) -> Result<Vec<String>, PolicyError> {
    parse_patterns(value, "action", is_action)
}

fn parse_resources(value: Json) -> Result<Vec<String>, PolicyError> {
    parse_patterns(value, "resource", is_resource)
}

fn parse_patterns(
    value: Json,
    what: &str,
    is_good: fn(&str) -> bool,
) -> Result<Vec<String>, PolicyError> {
    let patterns: Vec<_> =
        value.into_list().into_iter().map(Json::into_text).collect::<Result<_, _>>()?;
    if patterns.is_empty() || patterns.len() > LIST_MAX {
        return Err(PolicyError::Syntax);
    }
    match patterns.iter().find(|pattern| !is_good(pattern)) {
        Some(bad) => Err(PolicyError::unknown(what, bad)),
        None => Ok(patterns),
    }
}

/// IAM: a vendor without wildcards or a star, one colon, a name. Another service's action is no error: it never applies.
fn is_action(text: &str) -> bool {
    let is_made_of = |text: &str, others: &[u8]| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
    };
    let is_vendor = |vendor: &str| vendor == "*" || is_made_of(vendor, b"-.");
    text == "*"
        || text
            .split_once(':')
            .is_some_and(|(vendor, name)| is_vendor(vendor) && is_made_of(name, b"-_.*?"))
}

/// IAM: a star, or an ARN whose partition and service are written out.
fn is_resource(text: &str) -> bool {
    let is_arn = |arn: Arn<'_>| {
        is_partition(arn.partition) && !arn.service.is_empty() && !arn.resource.is_empty()
    };
    text == "*" || (Arn::parse(text).is_some_and(is_arn) && !text.contains(char::is_control))
}
