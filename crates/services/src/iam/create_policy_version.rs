//! CreatePolicyVersion: adds a version to a managed policy.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::managed::{PolicyTarget, check_policy_arn, parse_policy_arn};
use crate::iam::managed_policy::PolicyVersion;
use crate::iam::members::parse_managed_document;
use crate::iam::policy_version_member::PolicyVersionMember;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::policy_text::PolicyText;
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct CreatePolicyVersion {
    arn: String,
    document: String,
    is_default: bool,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_arn: Option<String>,
    policy_document: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    set_as_default: Option<bool>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    policy_version: PolicyVersionMember,
}

impl Operation for CreatePolicyVersion {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "CreatePolicyVersion",
        effect: Effect::Write,
        summary: "Adds a version to a managed policy.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = PolicyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_policy_arn(&mut check, input.policy_arn.as_deref());
        let document = input.policy_document.as_deref();
        check.required_length("policyDocument", document, 1..=limits::IAM_DOCUMENT_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            arn: parse_policy_arn(input.policy_arn)?,
            document: parse_managed_document(input.policy_document)?,
            is_default: input.set_as_default.unwrap_or(false),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<PolicyTarget, ApiError> {
        PolicyTarget::load(cx, &self.arn).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<PolicyTarget>) -> Result<Done<Output>, ApiError> {
        let (policy, writes) = grant.changed(cx, |policy| {
            if policy.versions.len() >= limits::IAM_POLICY_VERSIONS_MAX {
                return Err(ApiError::limit_exceeded(
                    "A managed policy can have up to 5 versions. Before you create a new version, you must delete an \
                     existing version.",
                ));
            }
            let number = policy.next;
            policy.next = policy.next.saturating_add(1);
            policy.versions.push(PolicyVersion {
                number,
                document: PolicyText::new(self.document.clone()),
                created: cx.now,
            });
            policy.updated = cx.now;
            if self.is_default {
                policy.default = number;
            }
            Ok(())
        })?;
        let version = policy.versions.last();
        let version = version.ok_or_else(|| ApiError::internal("a policy without versions"))?;
        let policy_version = PolicyVersionMember::listed(&policy, version);
        Ok(Done::change(Output { policy_version }, writes))
    }
}
