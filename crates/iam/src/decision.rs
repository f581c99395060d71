//! What was decided, and why. IAM user guide, "Troubleshoot access denied error messages".

use crate::{GuardrailKind, Policy};

/// A decision.
#[derive(Debug, Clone)]
pub struct Decision<'a> {
    /// What was decided.
    pub outcome: Outcome,
    /// The statements that made it so; none if it is for want of one, or by the account's root.
    pub statements: Vec<Matched<'a>>,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Yes.
    Allowed,
    /// No: a policy of this type says so.
    ExplicitlyDenied(Source),
    /// No: policies of this type do not say yes.
    ImplicitlyDenied(Source),
}

/// A type of policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The caller's own or its groups'.
    Identity,
    /// The caller's permissions boundary.
    Boundary,
    /// Passed when the session was made.
    Session,
    /// The resource's.
    Resource,
    /// The trust policy of the role that is to be assumed.
    Trust,
    /// The organisation's, of the caller's account.
    ServiceControl,
    /// The organisation's, of the resource's account.
    ResourceControl,
    /// The endpoint's.
    Endpoint,
}

/// A statement that applies to the request.
#[derive(Debug, Clone, Copy)]
pub struct Matched<'a> {
    /// The type of its policy.
    pub source: Source,
    /// Its policy.
    pub policy: &'a Policy,
    /// Its place in the policy, counted from 0. A policy that cannot be read denies as if by its first.
    pub index: usize,
}

impl<'a> Matched<'a> {
    /// Its `Sid`, if it has one.
    pub fn sid(&self) -> Option<&'a str> {
        self.policy.sid(self.index)
    }

    /// Its policy's label.
    pub fn label(&self) -> &'a str {
        self.policy.label()
    }
}

impl Decision<'_> {
    /// Whether the request may go on.
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }

    /// What AWS's message says after who may not do what; `None` if the request is allowed.
    pub fn reason(&self, action: &str) -> Option<String> {
        match self.outcome {
            Outcome::Allowed => None,
            Outcome::ExplicitlyDenied(source) => {
                Some(format!("with an explicit deny in {} {}", source.article(), source.name()))
            }
            Outcome::ImplicitlyDenied(source) => {
                Some(format!("because no {} allows the {action} action", source.name()))
            }
        }
    }
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Resource => "resource-based policy",
            Self::Trust => "role trust policy",
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::Endpoint => "VPC endpoint policy",
        }
    }

    fn article(self) -> &'static str {
        match self {
            Self::Identity => "an",
            // AWS: a role has but one.
            Self::Trust => "the",
            Self::Boundary
            | Self::Session
            | Self::Resource
            | Self::ServiceControl
            | Self::ResourceControl
            | Self::Endpoint => "a",
        }
    }
}

impl From<GuardrailKind> for Source {
    fn from(kind: GuardrailKind) -> Self {
        match kind {
            GuardrailKind::ServiceControl => Self::ServiceControl,
            GuardrailKind::ResourceControl => Self::ResourceControl,
            GuardrailKind::Endpoint => Self::Endpoint,
        }
    }
}
