//! Which texts are policies, which policies are public, and what policies decide.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail the test; clippy knows only functions marked as tests"
)]

mod accepted;
mod agreement;
mod cases;
mod corpus;
mod decisions;
mod fuzz;
mod generate;
mod malformed;
mod messages;
mod monotony;
mod operators;
mod oracle;
mod properties;
mod public;
mod random;
mod scene;
mod statements;
mod strangers;

use strongroom_iam::{PolicyDocument, PolicyError, PolicyKind};

/// A secret's policy, at its own limit.
fn parse(text: &str) -> Result<PolicyDocument, PolicyError> {
    PolicyDocument::parse(text, PolicyKind::Resource, 20_480)
}

const GOOD: &str = r#"{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"secretsmanager:*","Resource":"*"}"#;

fn policy(statement: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#)
}

/// The good policy with one place of it changed.
fn edited(from: &str, to: &str) -> String {
    let text = policy(GOOD).replacen(from, to, 1);
    assert_ne!(text, policy(GOOD), "{from}");
    text
}

fn with_principal(principal: &str) -> String {
    edited(r#"{"AWS":"123456789012"}"#, principal)
}

fn with_condition(condition: &str) -> String {
    edited(r#""Resource":"*""#, &format!(r#""Resource":"*","Condition":{condition}"#))
}
