//! Statements of a policy. IAM user guide, "IAM JSON policy elements reference".

use crate::PolicyKind;
use crate::arn::{Arn, has_wildcard, is_partition};
use crate::condition::{self, Condition};
use crate::error::{Fault, shown};
use crate::json::Json;
use crate::principal::{self, Principals};

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
    pub(crate) fn parse(value: Json, kind: PolicyKind) -> Result<Self, Fault> {
        let mut parts = Parts::default();
        for (name, value) in value.into_object()? {
            parts.take(&name, value, kind)?;
        }
        let statement = Self {
            sid: parts.sid,
            effect: parts.effect.ok_or(Fault::NoEffect)?,
            principals: parts.principals,
            actions: parts.actions.ok_or(Fault::NoAction)?,
            resources: parts.resources,
            conditions: parts.conditions,
        };
        statement.check_principals(kind)?;
        match (kind, &statement.resources) {
            (PolicyKind::Identity | PolicyKind::Session | PolicyKind::Resource, None) => {
                Err(Fault::NoResource)
            }
            _ => Ok(statement),
        }
    }

    fn check_principals(&self, kind: PolicyKind) -> Result<(), Fault> {
        match (kind, &self.principals) {
            (PolicyKind::Resource | PolicyKind::Trust, None) => Err(Fault::NoPrincipal),
            // Everybody but some, also those who did not sign, is never what is meant.
            (_, Some(Principals::IsNot(_))) if self.effect == Effect::Allow => {
                Err(Fault::NotPrincipalAllows)
            }
            (PolicyKind::Trust, Some(Principals::IsNot(_))) => Err(Fault::NotPrincipalOfTrust),
            _ => Ok(()),
        }
    }
}

impl Parts {
    fn take(&mut self, name: &str, value: Json, kind: PolicyKind) -> Result<(), Fault> {
        match (name, kind) {
            ("Sid", _) => set(&mut self.sid, value.into_text()?),
            ("Effect", _) => set(&mut self.effect, parse_effect(value)?),
            ("Principal" | "NotPrincipal", PolicyKind::Identity | PolicyKind::Session) => {
                Err(Fault::PrincipalOfIdentity)
            }
            ("Principal", _) => {
                set(&mut self.principals, Principals::Is(principal::parse(value, kind)?))
            }
            ("NotPrincipal", _) => {
                set(&mut self.principals, Principals::IsNot(principal::parse(value, kind)?))
            }
            ("Action", _) => set(&mut self.actions, Match::Any(parse_actions(value, kind)?)),
            ("NotAction", _) => set(&mut self.actions, Match::None(parse_actions(value, kind)?)),
            ("Resource", PolicyKind::Trust) => Err(Fault::ResourceOfTrust("Resource")),
            ("NotResource", PolicyKind::Trust) => Err(Fault::ResourceOfTrust("NotResource")),
            ("Resource", _) => set(&mut self.resources, Match::Any(parse_resources(value, kind)?)),
            ("NotResource", _) => {
                set(&mut self.resources, Match::None(parse_resources(value, kind)?))
            }
            ("Condition", _) => {
                self.conditions = condition::parse(value, kind)?;
                Ok(())
            }
            (other, _) => Err(Fault::Element(shown(other))),
        }
    }
}

/// `Action` and `NotAction` exclude each other, and so on.
fn set<T>(place: &mut Option<T>, value: T) -> Result<(), Fault> {
    if place.replace(value).is_some() { Err(Fault::Shape) } else { Ok(()) }
}

fn parse_effect(value: Json) -> Result<Effect, Fault> {
    match value.into_text()?.as_str() {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => Err(Fault::Effect(shown(other))),
    }
}

fn parse_actions(value: Json, kind: PolicyKind) -> Result<Vec<String>, Fault> {
    let actions = parse_patterns(value, Fault::NoAction)?;
    for action in &actions {
        if !is_action(action) {
            return Err(Fault::Action(shown(action)));
        }
        if kind == PolicyKind::Trust && !ACTIONS_OF_TRUST.contains(&action.as_str()) {
            return Err(Fault::ActionOfTrust(shown(action)));
        }
    }
    Ok(actions)
}

fn parse_resources(value: Json, kind: PolicyKind) -> Result<Vec<String>, Fault> {
    let mut resources = parse_patterns(value, Fault::NoResource)?;
    if kind == PolicyKind::Identity {
        resources.iter_mut().for_each(complete);
    }
    match resources.iter().find(|resource| !is_resource(resource)) {
        Some(bad) => Err(Fault::Resource(shown(bad))),
        None => Ok(resources),
    }
}

/// An ARN's parts, `arn` among them.
const ARN_PARTS: usize = 6;

/// IAM user guide, "Identify AWS resources with Amazon Resource Names (ARNs)": in policies of identities, parts that are
/// missing behind the service are stars. What stands in the place of an account must be able to be one.
fn complete(resource: &mut String) {
    let parts: Vec<_> = resource.splitn(ARN_PARTS, ':').collect();
    let missing = ARN_PARTS.saturating_sub(parts.len());
    let is_account =
        |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'?'));
    let is_begun = parts.first() == Some(&"arn") && parts.len() >= 3;
    if is_begun && parts.get(4).is_none_or(is_account) {
        resource.push_str(&":*".repeat(missing));
    }
}

fn parse_patterns(value: Json, none: Fault) -> Result<Vec<String>, Fault> {
    let patterns: Vec<_> =
        value.into_list().into_iter().map(Json::into_text).collect::<Result<_, _>>()?;
    match patterns.len() {
        0 => Err(none),
        1..=LIST_MAX => Ok(patterns),
        _ => Err(Fault::Shape),
    }
}

/// What a trust policy may speak of: recorded from IAM (cdk-preflight, September 2026), where stars and other cases are
/// refused.
const ACTIONS_OF_TRUST: [&str; 6] = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetContext",
    "sts:SetSourceIdentity",
    "sts:TagSession",
];

/// IAM: a vendor without wildcards, one colon, a name. Another service's action is no error: it never applies.
fn is_action(text: &str) -> bool {
    let is_made_of = |text: &str, others: &[u8]| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
    };
    let is_named =
        |(vendor, name): (&str, &str)| is_made_of(vendor, b"-.") && is_made_of(name, b"-_.*?");
    matches!(text, "*" | "*:*") || text.split_once(':').is_some_and(is_named)
}

/// IAM: a star, or an ARN whose partition and service are written out. Variables stand in its last part only.
fn is_resource(text: &str) -> bool {
    let is_arn = |arn: Arn<'_>| {
        is_partition(arn.partition)
            && !arn.service.is_empty()
            && !has_wildcard(arn.service)
            && ![arn.service, arn.region, arn.account].iter().any(|part| part.contains("${"))
            && !arn.resource.is_empty()
    };
    text == "*" || (Arn::parse(text).is_some_and(is_arn) && !text.contains(char::is_control))
}
