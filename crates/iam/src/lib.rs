//! IAM policies: text into a closed model, what can be said of a policy without a request, and the decision about a
//! request.
//!
//! Pure: no I/O, no clock. What is not understood is refused when it is written: an unknown element, operator, value or
//! principal never becomes a policy that allows something. A policy that is held and cannot be read denies.
//!
//! [`PolicyDocument`] is a policy as written, [`Policy`] one that is ready for requests; [`decide`] says whether a
//! [`Request`] may go on, and which statements and type of policy make it so. [`decide_case`] is the same for a case in
//! text. Decisions follow the IAM user guide; where it says nothing, they deny.

#![forbid(unsafe_code)]

mod arn;
mod caller;
mod cases;
mod compare;
mod condition;
mod context;
mod date;
mod decide;
mod decision;
mod document;
mod error;
mod grams;
mod json;
mod literal;
mod named_resources;
mod network;
mod pattern;
mod policy;
mod principal;
mod public;
mod request;
mod statement;
mod template;

pub use caller::Caller;
pub use cases::decide_case;
pub use condition::{Condition, Operator, Quantifier};
pub use context::{Context, ContextMap};
pub use decide::{decide, explain};
pub use decision::{Decision, Matched, Outcome, Source};
pub use document::{PolicyDocument, PolicyKind, Version};
pub use error::PolicyError;
pub use policy::Policy;
pub use principal::{Principal, Principals};
pub use public::{PublicFinding, public_access};
pub use request::{Guardrail, GuardrailKind, Policies, Request, ResourceRule};
pub use statement::{Effect, Match, Statement};
