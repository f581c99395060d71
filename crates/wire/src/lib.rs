//! The AWS wire protocols: AWS JSON 1.1 and AWS query with XML answers.
//!
//! An operation is written once, in serde types; which protocol carried it is this crate's business. This is also where
//! a secret's value crosses the edge: [`sensitive`] holds the only ways in and out.

mod blob;
pub mod constraints;
mod decode;
pub mod epoch;
mod fault;
mod form;
pub mod iso8601;
mod object;
pub mod query;
pub mod sensitive;
mod xml;

pub use blob::Blob;
pub use constraints::Constraints;
pub use decode::{DecodeError, Object, decode, decode_form};
pub use fault::{Fault, Rendered, render_answer, render_fault};
pub use object::ObjectWriter;
pub use xml::MapMember;

/// How a caller speaks, and so how it must be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `POST /` with `X-Amz-Target`; body and answer are JSON.
    Json11,
    /// A form with `Action` and `Version`; the answer is XML.
    Query,
}
