//! What is decided: a request, and the policies that have a say in it.

use crate::{Caller, Context, Policy};
use std::fmt;
use std::sync::Arc;

/// A request.
#[derive(Clone)]
pub struct Request<'a> {
    /// Who makes it.
    pub caller: Caller<'a>,
    /// What is wanted, such as `secretsmanager:GetSecretValue`. Its case is irrelevant.
    pub action: &'a str,
    /// The ARN of what it is wanted of; `*` for an action that is about no resource.
    pub resource: &'a str,
    /// The account that the resource belongs to; the caller's if there is no resource.
    pub resource_account: &'a str,
    /// What else is known.
    pub context: &'a dyn Context,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("caller", &self.caller)
            .field("action", &self.action)
            .field("resource", &self.resource)
            .field("resource_account", &self.resource_account)
            .finish_non_exhaustive()
    }
}

/// What a resource's policy is needed for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ResourceRule {
    /// In the resource's account, it or the caller's policies may allow.
    #[default]
    Union,
    /// It must allow, the account's own principals, too: role trust policies and KMS key policies. By naming the account
    /// it leaves the decision to the account's policies.
    Required,
}

/// The policies that have a say in a request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policies<'a> {
    /// The caller's own and its groups'.
    pub identity: &'a [Arc<Policy>],
    /// The caller's permissions boundary, if it has one.
    pub boundary: Option<&'a [Arc<Policy>]>,
    /// The policies that were passed when the session was made, if there were any; they are one union.
    pub session: Option<&'a [Arc<Policy>]>,
    /// The resource's.
    pub resource: Option<&'a Policy>,
    /// What the resource's policy is needed for.
    pub resource_rule: ResourceRule,
    /// Each must allow, the account's root, too.
    pub guardrails: &'a [Guardrail<'a>],
}

/// Policies from above: one of them must allow, and none may deny.
#[derive(Debug, Clone, Copy)]
pub struct Guardrail<'a> {
    /// Whose they are.
    pub kind: GuardrailKind,
    /// The policies.
    pub policies: &'a [Arc<Policy>],
}

/// Who sets policies from above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuardrailKind {
    /// The organisation, of the caller's account.
    ServiceControl,
    /// The organisation, of the resource's account.
    ResourceControl,
    /// The endpoint that the request came through.
    Endpoint,
}
