//! Why a text is no policy, in the words of each service that refuses one.

use crate::PolicyKind;

/// Why a text is no policy.
///
/// What is displayed is AWS's message for a secret's resource policy (Secrets Manager user guide, "Managing a
/// resource-based policy for a secret"); clients match on it, so the particulars stand in [`PolicyError::detail`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", secret_message(.fault))]
pub struct PolicyError {
    kind: PolicyKind,
    fault: Fault,
    detail: Option<String>,
}

/// What is wrong. Pieces of the text are held short and without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    TooLong,
    /// Not JSON, too deep, or a member twice.
    Json,
    /// A value of the wrong type, or elements that exclude each other.
    Shape,
    Element(String),
    Version(String),
    Id(String),
    NoStatement,
    NoEffect,
    Effect(String),
    NoAction,
    Action(String),
    /// A trust policy speaks of the ways to assume a role only.
    ActionOfTrust(String),
    NoResource,
    Resource(String),
    /// `Resource` or `NotResource` in a trust policy.
    ResourceOfTrust(&'static str),
    Sid(String),
    SidTwice(String),
    NoPrincipal,
    EmptyPrincipal,
    /// In an identity policy.
    PrincipalOfIdentity,
    /// Text where a trust policy wants an object.
    PrincipalText,
    Principal {
        key: String,
        value: String,
    },
    ServicePrincipal(String),
    /// `NotPrincipal` that allows.
    NotPrincipalAllows,
    NotPrincipalOfTrust,
    Operator(String),
    ConditionKey(String),
    /// A value that is not of its operator's type.
    ConditionValue(String),
    /// The same, where IAM takes it for an error of form.
    ConditionForm(String),
}

const CHARS_MAX: usize = 64;

/// A piece of the text that may be repeated in a message.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(CHARS_MAX).filter(|c| !c.is_control()).collect()
}

impl PolicyError {
    pub(crate) fn new(kind: PolicyKind, fault: Fault) -> Self {
        let detail = detail(&fault);
        Self { kind, fault, detail }
    }

    /// What exactly is wrong, for logs and our own console; at most one short piece of the text is repeated.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Whether the text is longer than it may be; IAM answers that with `LimitExceeded`, each quota in its own words.
    pub fn is_too_long(&self) -> bool {
        self.fault == Fault::TooLong
    }

    /// IAM's message in `MalformedPolicyDocument`: recorded from IAM by other projects (moto and cdk-preflight for
    /// identity policies, versitygw for trust policies), except for a text that is too long.
    pub fn iam_message(&self) -> String {
        match self.kind {
            PolicyKind::Identity | PolicyKind::Session => identity_message(&self.fault),
            PolicyKind::Resource | PolicyKind::Trust => trust_message(&self.fault),
        }
    }
}

fn secret_message(fault: &Fault) -> &'static str {
    match fault {
        Fault::TooLong => "This resource policy is too long.",
        Fault::EmptyPrincipal
        | Fault::PrincipalText
        | Fault::Principal { .. }
        | Fault::NotPrincipalAllows
        | Fault::NotPrincipalOfTrust => "This resource policy contains an unsupported principal.",
        // The wording is `PutResourcePolicy`'s; the user guide's console says "invalid".
        Fault::ServicePrincipal(_) => {
            "This resource policy contains an unsupported service principal."
        }
        _ => "This resource policy contains a syntax error.",
    }
}

fn detail(fault: &Fault) -> Option<String> {
    let invalid = |what: &str, name: &str| Some(format!("invalid {what} {name}"));
    let missing = |name: &str| Some(format!("missing element {name}"));
    match fault {
        Fault::Element(name) => invalid("element", name),
        Fault::Version(text) => invalid("Version", text),
        Fault::Id(text) => invalid("Id", text),
        Fault::NoStatement => missing("Statement"),
        Fault::NoEffect => missing("Effect"),
        Fault::Effect(text) => invalid("Effect", text),
        Fault::NoAction => missing("Action"),
        Fault::Action(text) | Fault::ActionOfTrust(text) => invalid("action", text),
        Fault::NoResource => missing("Resource"),
        Fault::Resource(text) => invalid("resource", text),
        Fault::ResourceOfTrust(name) => invalid("element", name),
        Fault::Sid(text) | Fault::SidTwice(text) => invalid("Sid", text),
        Fault::NoPrincipal => missing("Principal"),
        Fault::PrincipalOfIdentity => invalid("element", "Principal"),
        Fault::Operator(name) => invalid("condition operator", name),
        Fault::ConditionKey(key) => invalid("condition key", key),
        Fault::ConditionValue(value) | Fault::ConditionForm(value) => {
            invalid("condition value", value)
        }
        Fault::TooLong
        | Fault::Json
        | Fault::Shape
        | Fault::EmptyPrincipal
        | Fault::PrincipalText
        | Fault::Principal { .. }
        | Fault::ServicePrincipal(_)
        | Fault::NotPrincipalAllows
        | Fault::NotPrincipalOfTrust => None,
    }
}

fn identity_message(fault: &Fault) -> String {
    const LEGACY: &str = "The policy failed legacy parsing";
    let text = match fault {
        Fault::NoAction => "Policy statement must contain actions.",
        Fault::NoResource => "Policy statement must contain resources.",
        Fault::Action(action) => return action_message(action),
        Fault::Resource(resource) => return resource_message(resource),
        Fault::Sid(_) => {
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
        }
        Fault::SidTwice(_) => "Statement IDs (SID) in a single policy must be unique.",
        Fault::PrincipalOfIdentity => "Policy document should not specify a principal.",
        // AWS: a known word in the wrong case is another error than an unknown one.
        Fault::Effect(text)
            if ["allow", "deny"].iter().any(|word| word.eq_ignore_ascii_case(text)) =>
        {
            LEGACY
        }
        Fault::ConditionValue(_) => LEGACY,
        Fault::ConditionKey(key) if !key.contains(':') => return action_message(key),
        _ => "Syntax errors in policy.",
    };
    text.to_owned()
}

fn action_message(action: &str) -> String {
    let Some((vendor, name)) = action.split_once(':') else {
        return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            .to_owned();
    };
    if name.contains(':') {
        "Actions/Condition can contain only one colon.".to_owned()
    } else if vendor.contains(['*', '?']) {
        "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.".to_owned()
    } else {
        format!("Vendor {vendor} is not valid")
    }
}

/// AWS: what has a colon is read as an ARN, its first part unseen; parts that are missing are stars in the message.
fn resource_message(resource: &str) -> String {
    const SEGMENTS: usize = 6;
    let segments: Vec<_> = resource.splitn(SEGMENTS, ':').skip(1).collect();
    let Some(partition) = segments.first() else {
        return format!("Resource {resource} must be in ARN format or \"*\".");
    };
    if !crate::arn::is_partition(partition) {
        let missing = std::iter::repeat_n("*", SEGMENTS - 1 - segments.len());
        let written: Vec<_> = segments.iter().copied().chain(missing).collect();
        return format!(
            "Partition \"{partition}\" is not valid for resource \"arn:{}\".",
            written.join(":")
        );
    }
    if segments.get(1).is_none_or(|service| service.contains(['*', '?'])) {
        return "Resource vendor must be fully qualified and cannot contain regexes.".to_owned();
    }
    "The policy failed legacy parsing".to_owned()
}

fn trust_message(fault: &Fault) -> String {
    let text = match fault {
        Fault::Json => "This policy contains invalid Json",
        Fault::Version(_) => "The policy must contain a valid version string",
        Fault::NoStatement => "Could not parse the policy: Statement is empty!",
        Fault::SidTwice(_) => "The Statement Ids in the policy are not unique",
        Fault::NoEffect => "Missing required field Effect",
        Fault::Effect(text) => return format!("Invalid effect: {text}"),
        Fault::NoAction => "Missing required field Action",
        Fault::Action(_) | Fault::ActionOfTrust(_) => {
            "AssumeRole policy may only specify STS AssumeRole actions."
        }
        Fault::NoResource => "Missing required field Resource",
        Fault::ResourceOfTrust("NotResource") => "AssumeRole policy must not contain resources.",
        Fault::ResourceOfTrust(name) => return format!("Has prohibited field {name}"),
        Fault::NoPrincipal => "Missing required field Principal",
        Fault::EmptyPrincipal => "Missing required field Principal cannot be empty!",
        Fault::PrincipalText => "Principal must be a JSON object.",
        Fault::Principal { key, value } if value.is_empty() => {
            return format!("Invalid principal in policy: \"{key}\"");
        }
        Fault::Principal { key, value } => {
            return format!("Invalid principal in policy: \"{key}\":\"{value}\"");
        }
        // AWS: in capitals.
        Fault::ServicePrincipal(name) => {
            return format!("Invalid principal in policy: \"SERVICE\":\"{name}\"");
        }
        Fault::NotPrincipalAllows => "Allow with NotPrincipal is not allowed.",
        Fault::NotPrincipalOfTrust => "AssumeRole policy must not contain NotPrincipal field.",
        _ => "Syntax error in policy.",
    };
    text.to_owned()
}
