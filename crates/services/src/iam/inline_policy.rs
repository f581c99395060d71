//! Inline policies of users, groups and roles: what the operations on them have in common.

use crate::error::{ApiError, ErrorCode};
use crate::iam::entity::Entity;
use crate::iam::listing::{PageInput, PageOutput, page_of_list};
use crate::iam::members::{
    check_name, counted_chars, encoded_document, parse_document, parse_name,
};
use crate::operation::Cx;
use crate::policy_text::PolicyText;
use serde::Serialize;
use strongroom_iam::PolicyKind;
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// A policy that is to be put.
#[derive(Debug)]
pub(super) struct PutPolicy {
    name: String,
    document: String,
}

/// Checks the lengths of a policy's name and text.
pub(super) fn check_put_policy(
    check: &mut Constraints,
    name: Option<&str>,
    document: Option<&str>,
) {
    check_name(check, "policyName", name, limits::IAM_NAME_CHARS_MAX);
    check.required_length("policyDocument", document, 1..=limits::IAM_DOCUMENT_CHARS_MAX);
}

impl PutPolicy {
    /// Of members that were checked.
    pub(super) fn parse(name: Option<String>, document: Option<String>) -> Result<Self, ApiError> {
        let name = parse_name("policyName", name)?;
        let all = limits::IAM_DOCUMENT_CHARS_MAX;
        let document = parse_document("PolicySize", document, PolicyKind::Identity, all)?;
        Ok(Self { name, document })
    }

    /// Puts it, in place of one of the same name. All inline policies together have a limit.
    pub(super) fn put<E: Entity>(&self, entity: &mut E, chars_max: usize) -> Result<(), ApiError> {
        let name = entity.naming().name.clone();
        let inline = &mut entity.held_mut().inline;
        inline.insert(self.name.clone(), PolicyText::new(self.document.clone()));
        let counted: usize = inline.values().map(|policy| counted_chars(policy.text())).sum();
        if counted > chars_max {
            return Err(ApiError::limit_exceeded(format!(
                "Maximum policy size of {chars_max} bytes exceeded for {} {name}",
                E::NOUN
            )));
        }
        Ok(())
    }
}

/// `NoSuchEntity` of an inline policy.
pub(super) fn no_such_policy<E: Entity>(name: &str) -> ApiError {
    let message = format!("The {} policy with name {name} cannot be found.", E::NOUN);
    ApiError::new(ErrorCode::NoSuchEntity, message)
}

/// Removes an inline policy.
pub(super) fn remove_policy<E: Entity>(entity: &mut E, name: &str) -> Result<(), ApiError> {
    let removed = entity.held_mut().inline.remove(name);
    removed.map(drop).ok_or_else(|| no_such_policy::<E>(name))
}

/// Name and text of an inline policy in an answer; whose it is stands beside it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InlinePolicyMember {
    policy_name: String,
    policy_document: String,
}

/// The inline policy of this name.
pub(super) fn inline_policy<E: Entity>(
    entity: &E,
    name: &str,
) -> Result<InlinePolicyMember, ApiError> {
    let text = entity.held().inline.get(name).ok_or_else(|| no_such_policy::<E>(name))?;
    Ok(InlinePolicyMember {
        policy_name: name.to_owned(),
        policy_document: encoded_document(text.text()),
    })
}

/// A page of the names of an identity's inline policies.
pub(super) fn policy_names<E: Entity>(
    cx: &Cx<'_>,
    operation: &str,
    entity: &E,
    page: &PageInput,
) -> Result<(Vec<String>, PageOutput), ApiError> {
    let list = entity.held().inline.keys().map(|name| (name.clone(), name.clone())).collect();
    page_of_list(cx, operation, &entity.naming().id, list, page)
}
