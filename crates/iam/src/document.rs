//! Policy documents. IAM user guide, "Grammar of the IAM JSON policy language".

use crate::PolicyError;
use crate::error::{Fault, shown};
use crate::json::Json;
use crate::statement::{LIST_MAX, Statement};

/// What a policy is attached to, and so which elements it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// To a user, group or role: no principal. Permissions boundaries are such policies, too.
    Identity,
    /// To a session: like one to an identity, but every ARN has all its parts.
    Session,
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

impl PolicyDocument {
    /// Reads a policy of at most `chars_max` characters.
    ///
    /// # Errors
    ///
    /// `PolicyError` if the text is no policy of this kind; nothing of it is then taken.
    pub fn parse(text: &str, kind: PolicyKind, chars_max: usize) -> Result<Self, PolicyError> {
        Self::read(text, kind, chars_max).map_err(|fault| PolicyError::new(kind, fault))
    }

    fn read(text: &str, kind: PolicyKind, chars_max: usize) -> Result<Self, Fault> {
        if text.chars().nth(chars_max).is_some() {
            return Err(Fault::TooLong);
        }
        let (mut version, mut id, mut statements) = (Version::V2008, None, None);
        for (name, value) in Json::parse(text)?.into_object()? {
            match name.as_str() {
                "Version" => version = parse_version(value)?,
                "Id" => id = Some(parse_id(value)?),
                "Statement" => statements = Some(parse_statements(value, kind)?),
                other => return Err(Fault::Element(shown(other))),
            }
        }
        let statements = statements.ok_or(Fault::NoStatement)?;
        check_sids(kind, &statements)?;
        Ok(Self { version, id, statements })
    }
}

fn parse_version(value: Json) -> Result<Version, Fault> {
    match value.into_text()?.as_str() {
        "2012-10-17" => Ok(Version::V2012),
        "2008-10-17" => Ok(Version::V2008),
        other => Err(Fault::Version(shown(other))),
    }
}

fn parse_id(value: Json) -> Result<String, Fault> {
    let id = value.into_text()?;
    if id.contains(char::is_control) { Err(Fault::Id(shown(&id))) } else { Ok(id) }
}

fn parse_statements(value: Json, kind: PolicyKind) -> Result<Vec<Statement>, Fault> {
    let written = value.into_list();
    if written.is_empty() || written.len() > LIST_MAX {
        return Err(Fault::NoStatement);
    }
    written.into_iter().map(|statement| Statement::parse(statement, kind)).collect()
}

/// IAM user guide, "Sid": letters and digits, unique in IAM's own policies. Resources are freer: KMS writes spaces.
fn check_sids(kind: PolicyKind, statements: &[Statement]) -> Result<(), Fault> {
    let mut held = std::collections::BTreeSet::new();
    for sid in statements.iter().filter_map(|statement| statement.sid.as_deref()) {
        let is_good = match kind {
            PolicyKind::Resource => !sid.contains(char::is_control),
            PolicyKind::Identity | PolicyKind::Session | PolicyKind::Trust => {
                sid.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }
        };
        if !is_good {
            return Err(Fault::Sid(shown(sid)));
        }
        if kind != PolicyKind::Resource && !sid.is_empty() && !held.insert(sid) {
            return Err(Fault::SidTwice(shown(sid)));
        }
    }
    Ok(())
}
