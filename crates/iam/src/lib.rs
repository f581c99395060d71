//! IAM policies: text into a closed model, and what can be said of a policy without a request.
//!
//! Pure: no I/O, no clock. Evaluation against a request builds on this model. What is not understood is refused: an
//! unknown element, operator or principal never becomes a policy that allows something.

#![forbid(unsafe_code)]

mod condition;
mod document;
mod principal;
mod public;
mod unique;

pub use condition::{Condition, Operator, Quantifier};
pub use document::{Effect, Match, PolicyDocument, PolicyKind, Statement, Version};
pub use principal::{Principal, Principals};
pub use public::{PublicFinding, public_access};

/// Why a text is no policy. The text itself is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than a policy of this kind may be.
    #[error("This resource policy is too long.")]
    TooLong,
    /// Not JSON, an element twice, or an element of the wrong type.
    #[error("This resource policy contains a syntax error.")]
    Syntax,
    /// An element that policies do not have, or one that must be there and is not.
    #[error("This resource policy contains a syntax error: {0}.")]
    Element(String),
    /// A principal that cannot be one.
    #[error("This resource policy contains an unsupported principal.")]
    Principal,
}
