//! Key policies: the one that AWS writes by default, the server's own keys', and what AWS checks of one that is put.

use crate::authz::would_allow;
use crate::error::{ApiError, ErrorCode};
use crate::identity::bind;
use crate::kms::key::Key;
use crate::kms::target::KeyTarget;
use crate::operation::Cx;
use crate::policy_text::PolicyText;
use std::sync::Arc;
use strongroom_iam::{Policy, PolicyDocument, PolicyKind};
use strongroom_types::{AccountId, Region, limits};
use strongroom_wire::Constraints;

/// The only name of a key policy. KMS API reference, `PutKeyPolicy`.
pub(super) const POLICY_NAME: &str = "default";

/// Checks `Policy`. Model: `PolicyType`.
pub(super) fn check_policy(check: &mut Constraints, policy: Option<&str>) {
    check.length("policy", policy, 1..=131_072);
    let is_good = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    check.pattern("policy", policy, r"[\u0009\u000A\u000D\u0020-\u00FF]+", |text| {
        text.chars().all(is_good)
    });
}

/// The policy of a key that was made without one. KMS developer guide, "Default key policy".
pub(super) fn default_policy(account: &AccountId, region: &Region) -> String {
    let root = format!("arn:{}:iam::{account}:root", region.partition());
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "{root}"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
    )
}

/// The policy of `aws/secretsmanager`. KMS developer guide and Secrets Manager user guide, "Permissions for the AWS
/// managed key".
pub(super) fn managed_policy_text(account: &AccountId, region: &Region) -> String {
    let via = format!("secretsmanager.{region}.amazonaws.com");
    let everyone = serde_json::json!({ "AWS": ["*"] });
    let through_service = serde_json::json!({ "StringEquals": {
        "kms:CallerAccount": account.as_str(), "kms:ViaService": via,
    }});
    serde_json::json!({
        "Version": "2012-10-17",
        "Id": "auto-secretsmanager-2",
        "Statement": [{
            "Sid": "Allow access through AWS Secrets Manager for all principals in the account that are authorized to use AWS Secrets Manager",
            "Effect": "Allow",
            "Principal": everyone,
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"],
            "Resource": "*",
            "Condition": through_service,
        }, {
            "Sid": "Allow direct access to key metadata to the account",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:{}:iam::{account}:root", region.partition()) },
            "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
            "Resource": "*",
        }],
    })
    .to_string()
}

/// The same, compiled. The server's own keys are seldom asked for by name.
pub(super) fn managed_policy(account: &AccountId, region: &Region) -> Arc<Policy> {
    let text = managed_policy_text(account, region);
    let kind = PolicyKind::Resource;
    let parsed = Policy::parse("key policy", &text, kind, limits::KEY_POLICY_BYTES_MAX);
    Arc::new(parsed.unwrap_or_else(|_| Policy::unreadable("key policy", kind)))
}

/// Puts a policy on a key that is to be stored. AWS: every principal must be there, and whoever puts the policy must be
/// able to put another, unless that check is waived.
pub(super) async fn put_policy(
    cx: &Cx<'_>,
    key: &mut Key,
    (text, target): (&str, &KeyTarget),
    is_lockout_allowed: bool,
) -> Result<(), ApiError> {
    if text.len() > limits::KEY_POLICY_BYTES_MAX {
        return Err(ApiError::limit_exceeded("Key policy size exceeds the limit of 32768 bytes."));
    }
    let kind = PolicyKind::Resource;
    PolicyDocument::parse(text, kind, limits::KEY_POLICY_BYTES_MAX)
        .map_err(|error| malformed(&error))?;
    let bound = bind(&cx.house.records, text).await?;
    if !bound.unknown.is_empty() {
        return Err(ApiError::new(
            ErrorCode::MalformedPolicyDocument,
            "Policy contains a statement with one or more invalid principals.",
        ));
    }
    let limit = limits::STORED_POLICY_CHARS_MAX;
    let policy =
        Policy::parse("key policy", &bound.text, kind, limit).map_err(|error| malformed(&error))?;
    if !is_lockout_allowed && !would_allow(cx, "kms:PutKeyPolicy", &policy, target).await? {
        return Err(ApiError::new(
            ErrorCode::MalformedPolicyDocument,
            "The new key policy will not allow you to update the key policy in the future.",
        ));
    }
    key.policy = PolicyText::new(text.to_owned());
    key.bound_policy = PolicyText::new(bound.text);
    key.policy_ids = bound.ids;
    Ok(())
}

fn malformed(error: &dyn ToString) -> ApiError {
    ApiError::new(ErrorCode::MalformedPolicyDocument, error.to_string())
}
