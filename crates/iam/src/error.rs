//! Why a text is no policy.

/// Why a text is no policy. What is displayed is AWS's message for a secret's resource policy (Secrets Manager user guide,
/// "Managing a resource-based policy for a secret"); clients match on it, so the particulars stand in `detail`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than a policy of this kind may be.
    #[error("This resource policy is too long.")]
    TooLong,
    /// Not JSON, too deep, a member twice, or an element of the wrong type.
    #[error("This resource policy contains a syntax error.")]
    Syntax,
    /// An element, action, resource or condition that policies do not have, or an element that must be there and is not.
    #[error("This resource policy contains a syntax error.")]
    Element(String),
    /// A principal that cannot be one, or `NotPrincipal` that allows.
    #[error("This resource policy contains an unsupported principal.")]
    Principal,
    /// A service principal that cannot be one. The wording is `PutResourcePolicy`'s; the user guide's console says
    /// "invalid".
    #[error("This resource policy contains an unsupported service principal.")]
    ServicePrincipal,
}

impl PolicyError {
    /// What exactly is wrong, for logs and our own console; at most one short piece of the text is repeated.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Element(detail) => Some(detail),
            Self::TooLong | Self::Syntax | Self::Principal | Self::ServicePrincipal => None,
        }
    }

    pub(crate) fn unknown(what: &str, name: &str) -> Self {
        let shown: String = name.chars().take(64).filter(|c| !c.is_control()).collect();
        Self::Element(format!("invalid {what} {shown}"))
    }

    pub(crate) fn missing(name: &str) -> Self {
        Self::Element(format!("missing element {name}"))
    }
}
