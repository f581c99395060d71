//! Trust policies: who may assume a role.

use crate::error::ApiError;
use crate::iam::members::{encoded_document, malformed, parse_document};
use crate::iam::role::Role;
use crate::identity::{bind, shown};
use crate::operation::Cx;
use crate::policy_text::PolicyText;
use crate::records::Records;
use strongroom_iam::PolicyKind;
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// Checks the length of a trust policy.
pub(super) fn check_trust(check: &mut Constraints, member: &str, text: Option<&str>) {
    check.required_length(member, text, 1..=limits::IAM_DOCUMENT_CHARS_MAX);
}

/// A trust policy that was checked for its length.
pub(super) fn parse_trust(text: Option<String>) -> Result<String, ApiError> {
    parse_document("ACLSizePerRole", text, PolicyKind::Trust, limits::IAM_TRUST_POLICY_CHARS_MAX)
}

/// Puts the policy on the role. AWS: its users and roles must be there.
pub(super) async fn put_trust(cx: &Cx<'_>, role: &mut Role, text: &str) -> Result<(), ApiError> {
    let bound = bind(&cx.house.records, text).await?;
    if let Some(unknown) = bound.unknown.first() {
        return Err(malformed(format!("Invalid principal in policy: \"AWS\":\"{unknown}\"")));
    }
    role.trust = PolicyText::new(text.to_owned());
    role.bound_trust = PolicyText::new(bound.text);
    role.trust_ids = bound.ids;
    Ok(())
}

/// A role's trust policy in an answer.
pub(super) async fn trust_member(records: &Records, role: &Role) -> Result<String, ApiError> {
    Ok(encoded_document(&shown(records, role.trust.text(), &role.trust_ids).await?))
}
