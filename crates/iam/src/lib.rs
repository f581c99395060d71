//! IAM policies: text into a closed model, and what can be said of a policy without a request.
//!
//! Pure: no I/O, no clock. Evaluation against a request builds on this model. What is not understood is refused: an
//! unknown element, operator, value or principal never becomes a policy that allows something.

#![forbid(unsafe_code)]

mod arn;
mod condition;
mod document;
mod error;
mod json;
mod literal;
mod network;
mod principal;
mod public;
mod statement;

pub use condition::{Condition, Operator, Quantifier};
pub use document::{PolicyDocument, PolicyKind, Version};
pub use error::PolicyError;
pub use principal::{Principal, Principals};
pub use public::{PublicFinding, public_access};
pub use statement::{Effect, Match, Statement};
