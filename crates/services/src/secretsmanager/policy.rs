//! Resource policies: their one name, their form, and whether they let in the public.

use crate::authz::{Resource, would_deny};
use crate::error::{ApiError, ErrorCode};
use crate::operation::Cx;
use crate::secretsmanager::secret::Secret;
use serde::Serialize;
use strongroom_iam::{Policy, PolicyDocument, PolicyKind, PublicFinding, public_access};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// API reference, `PutResourcePolicy`: the only policy that can be attached.
pub(super) const DEFAULT_POLICY: &str = "default";

/// Checks `PolicyName`. Model: `ResourcePolicyNameType`.
pub(super) fn check_policy_name(check: &mut Constraints, name: Option<&str>) {
    check.length("policyName", name, 1..=limits::POLICY_NAME_CHARS_MAX);
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    check.pattern("policyName", name, "[0-9A-Za-z\\-\\_]+", is_name);
}

/// Checks the length of `ResourcePolicy`. Model: `NonEmptyResourcePolicyType`.
pub(super) fn check_policy_text(check: &mut Constraints, policy: Option<&str>) {
    check.required_length("resourcePolicy", policy, 1..=limits::POLICY_CHARS_MAX);
}

/// AWS: only the default policy can be attached or deleted.
pub(super) fn only_default(name: Option<&str>) -> Result<(), ApiError> {
    match name {
        None | Some(DEFAULT_POLICY) => Ok(()),
        Some(_) => {
            Err(ApiError::invalid_parameter("You can only modify the default resource policy."))
        }
    }
}

/// Reads a policy's text; AWS's error if it is none.
pub(super) fn parse_policy(text: &str) -> Result<PolicyDocument, ApiError> {
    PolicyDocument::parse(text, PolicyKind::Resource, limits::POLICY_CHARS_MAX)
        .map_err(|error| ApiError::new(ErrorCode::MalformedPolicyDocument, error.to_string()))
}

/// What makes the policy public, in a sentence; none if it is not.
pub(super) fn public_statements(policy: &PolicyDocument) -> Option<String> {
    let findings = public_access(policy);
    let names: Vec<_> = findings.into_iter().map(|PublicFinding { statement }| statement).collect();
    (!names.is_empty()).then(|| {
        format!(
            "This resource policy grants broad access to your secret in statement {}.",
            names.join(", ")
        )
    })
}

/// What AWS checks besides: whoever puts the policy must be able to put another. API reference, `ValidateResourcePolicy`.
pub(super) async fn locks_out<R: Resource>(
    cx: &Cx<'_>,
    text: &str,
    resource: &R,
) -> Result<bool, ApiError> {
    let kind = PolicyKind::Resource;
    let policy = Policy::parse("resource policy", text, kind, limits::POLICY_CHARS_MAX)
        .map_err(|error| ApiError::new(ErrorCode::MalformedPolicyDocument, error.to_string()))?;
    would_deny(cx, "secretsmanager:PutResourcePolicy", &policy, resource).await
}

/// Of a policy that would lock out whoever puts it.
pub(super) const LOCKED_OUT: &str = "This resource policy would lock you out: it denies you secretsmanager:PutResourcePolicy on the secret.";

/// An answer of the operations on a policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyOutput {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_name: Option<String>,
}

impl PolicyOutput {
    /// Of this secret, naming the policy only if the request did.
    pub fn of(secret: &Secret, policy_name: Option<&str>) -> Self {
        Self {
            arn: secret.arn_text().to_owned(),
            name: secret.arn.name.to_string(),
            resource_policy: None,
            policy_name: policy_name.map(str::to_owned),
        }
    }

    /// With the policy's text.
    #[must_use]
    pub fn with_policy(self, resource_policy: Option<String>) -> Self {
        Self { resource_policy, ..self }
    }
}
