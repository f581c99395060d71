//! What strongroom does: the AWS services, each operation in a file of its own, behind one pipeline.
//!
//! No HTTP and no storage engine is known here. A request comes in at [`front::prepare`]; the path from there is in
//! [`operation::handle`].

pub mod accounts;
pub mod admin;
pub mod authz;
pub mod background;
pub mod bootstrap;
pub mod conditions;
pub mod error;
pub mod event;
pub mod explain;
pub mod forward;
pub mod front;
pub mod house;
pub mod iam;
pub mod identity;
pub mod kms;
pub mod metrics;
pub mod operation;
mod page_token;
pub mod policy_text;
pub mod records;
mod round;
pub mod sealing;
pub mod secretsmanager;
pub mod sts;
pub mod turns;

use operation::Service;
pub use strongroom_iam::decide_case;

/// Every service. Routing, policy actions, audit names, metrics, the compatibility page and the coverage tests follow
/// from this list and from each service's own.
pub static SERVICES: &[&Service] =
    &[&iam::SERVICE, &kms::SERVICE, &secretsmanager::SERVICE, &sts::SERVICE];
