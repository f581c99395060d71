//! The decision whether a caller may do what it asks, and the proof that it was taken.
//!
//! INVARIANT(grant): a [`Grant`] is made only here. What an operation acts on reaches it only inside a grant, so an
//! operation that skips the decision does not compile.

use crate::error::{ApiError, ErrorCode};
use crate::operation::{Cx, Spec};
use std::ops::Deref;
use strongroom_types::AccountId;

/// What an operation acts on, as far as the decision needs to know it.
pub trait Resource {
    /// The account that owns it, or that the caller named.
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId;

    /// Its ARN as the server makes it, never as the caller wrote it. A resource that is not there has the ARN that it
    /// would have, as far as that is known.
    fn arn(&self, cx: &Cx<'_>) -> String;

    /// Its type in audit events, if it is to stand there: `AWS::SecretsManager::Secret`.
    fn event_type(&self) -> Option<&'static str> {
        None
    }
}

/// No single resource: the operation acts within the caller's account and region.
#[derive(Debug, Clone, Copy)]
pub struct WholeAccount;

impl Resource for WholeAccount {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        cx.account()
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        "*".to_owned()
    }
}

/// A resource that the caller may act on in the way that was asked for.
#[derive(Debug)]
pub struct Grant<R> {
    resource: R,
}

impl<R> Grant<R> {
    /// The resource.
    pub fn into_inner(self) -> R {
        self.resource
    }
}

impl<R> Deref for Grant<R> {
    type Target = R;
    fn deref(&self) -> &R {
        &self.resource
    }
}

/// Decides. Denial is the default: only the root of the resource's own account is allowed so far.
pub fn authorize<R: Resource>(cx: &Cx<'_>, spec: &Spec, resource: R) -> Result<Grant<R>, ApiError> {
    if resource.account(cx) == cx.account() {
        return Ok(Grant { resource });
    }
    let message = format!(
        "User: {} is not authorized to perform: {} on resource: {} because no resource-based policy allows the {} action",
        cx.caller.arn(),
        spec.action(),
        resource.arn(cx),
        spec.action(),
    );
    Err(ApiError::new(ErrorCode::AccessDenied, message))
}
