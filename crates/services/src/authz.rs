//! The decision whether a caller may do what it asks, and the proof that it was taken.
//!
//! INVARIANT(grant): a [`Grant`] is made only here. What an operation acts on reaches it only inside a grant, so an
//! operation that skips the decision does not compile.

use crate::SERVICES;
use crate::conditions::{Asked, NothingAsked, RequestContext, Values};
use crate::error::{ApiError, ErrorCode};
use crate::event::Bearer;
use crate::identity::{Principal, PrincipalKind};
use crate::operation::{Access, Cx, Spec};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::borrow::Cow;
use std::future::Future;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use strongroom_iam::{
    Caller, Outcome, Policies, Policy, PolicyKind, Request, ResourceRule, decide,
};
use strongroom_types::AccountId;

/// What an operation acts on, as far as the decision needs to know it.
pub trait Resource: Sync {
    /// The account that owns it, or that the caller named.
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId;

    /// Its ARN as the server makes it, never as the caller wrote it. A resource that is not there has the ARN that it
    /// would have, as far as that is known.
    fn arn(&self, cx: &Cx<'_>) -> String;

    /// As a refusal names it: what the caller wrote, so that a refusal says nothing of what is there.
    fn named(&self, cx: &Cx<'_>) -> String {
        self.arn(cx)
    }

    /// Whether a refusal says which sort of policy made it. Not where that would tell whether the resource is there.
    fn tells_reason(&self) -> bool {
        true
    }

    /// Condition keys that it has: `aws:ResourceTag/…`, the service's own. Asked for in lower case.
    fn condition<'a>(&'a self, _cx: &'a Cx<'_>, _key: &str) -> Values<'a> {
        None
    }

    /// The policy on it.
    fn policy(&self) -> Option<OwnPolicy> {
        None
    }

    /// What a refusal says instead of who may not do what, where even that would tell whether it is there.
    fn refusal(&self) -> Option<&'static str> {
        None
    }

    /// Whether something besides policies lets the caller do this: KMS's grants. Asked when no policy does and none
    /// forbids it.
    fn is_granted(
        &self,
        _cx: &Cx<'_>,
        _action: &str,
    ) -> impl Future<Output = Result<bool, ApiError>> + Send {
        std::future::ready(Ok(false))
    }

    /// The service that asks for it on behalf of the caller, if it is not the caller itself.
    fn via_service(&self) -> Option<&'static str> {
        None
    }

    /// Its type in audit events, if it is to stand there: `AWS::SecretsManager::Secret`.
    fn event_type(&self) -> Option<&'static str> {
        None
    }

    /// Who asks, where the operation itself has proved it, without a signature.
    fn bearer(&self) -> Option<Bearer> {
        None
    }
}

/// The policy on a resource.
#[derive(Debug, Clone)]
pub struct OwnPolicy {
    /// The policy.
    pub policy: Arc<Policy>,
    /// How it joins what the caller's own policies say.
    pub rule: ResourceRule,
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

/// Grants what needs no permission, and decides on everything else.
pub(crate) async fn admit<R: Resource>(
    cx: &Cx<'_>,
    access: Access,
    (operation, renamed, further): (&Spec, Option<&'static str>, &[&str]),
    asked: &(dyn Asked + Sync),
    resource: R,
) -> Result<Grant<R>, ApiError> {
    let is_free = match access {
        Access::ByPolicy => is_by_own_root(cx, &resource) && resource.policy().is_none(),
        Access::Open | Access::Signed => true,
    };
    if is_free {
        return Ok(Grant { resource });
    }
    let action = renamed.map_or_else(|| Cow::Owned(operation.action()), Cow::Borrowed);
    for action in std::iter::once(&*action).chain(further.iter().copied()) {
        within_session(cx, action)?;
        decide_on(cx, action, asked, &resource).await?;
    }
    Ok(Grant { resource })
}

/// What temporary credentials of users can never be used for. IAM user guide, "Compare AWS STS credentials": without a
/// second factor a user's own session cannot call IAM, and of STS only AssumeRole; a federated user's neither.
fn within_session(cx: &Cx<'_>, action: &str) -> Result<(), ApiError> {
    if cx.caller.session().is_none() {
        return Ok(());
    }
    let is_federated = match cx.caller.principal().kind {
        PrincipalKind::FederatedUser { .. } => true,
        PrincipalKind::Root | PrincipalKind::User { .. } => false,
        PrincipalKind::Anonymous | PrincipalKind::RoleSession { .. } => return Ok(()),
    };
    let is_refused = action.starts_with("iam:")
        || (action.starts_with("sts:") && (is_federated || action != "sts:AssumeRole"));
    if is_refused {
        return Err(ApiError::new(
            ErrorCode::InvalidClientToken,
            "The security token included in the request is invalid",
        ));
    }
    Ok(())
}

/// Decides whether the caller may take an action on a resource. Denial is the default.
pub(crate) async fn authorize<R: Resource>(
    cx: &Cx<'_>,
    action: &str,
    asked: &(dyn Asked + Sync),
    resource: R,
) -> Result<Grant<R>, ApiError> {
    decide_on(cx, action, asked, &resource).await?;
    Ok(Grant { resource })
}

/// AWS: an account's root needs no permission for what is its account's, unless that has a policy of its own.
fn is_by_own_root<R: Resource>(cx: &Cx<'_>, resource: &R) -> bool {
    cx.caller.principal().kind == PrincipalKind::Root
        && cx.caller.session().is_none()
        && resource.account(cx) == cx.account()
}

async fn decide_on<R: Resource>(
    cx: &Cx<'_>,
    action: &str,
    asked: &(dyn Asked + Sync),
    resource: &R,
) -> Result<(), ApiError> {
    let own = resource.policy();
    if own.is_none() && is_by_own_root(cx, resource) {
        return Ok(());
    }
    let authority = cx.caller.authority(cx.house).await?;
    let context = RequestContext { cx, authority, asked, resource };
    let Err(refused) = decide_by_policies(action, own.as_ref(), &context) else { return Ok(()) };
    if refused.is_for_want && resource.is_granted(cx, action).await? {
        return Ok(());
    }
    Err(refused.error)
}

/// A refusal by policies.
struct Refused {
    error: ApiError,
    /// No policy forbids it; none allows it either.
    is_for_want: bool,
}

fn decide_by_policies<R: Resource>(
    action: &str,
    own: Option<&OwnPolicy>,
    context: &RequestContext<'_, R>,
) -> Result<(), Refused> {
    let RequestContext { cx, authority, resource, .. } = *context;
    let policies = Policies {
        identity: &authority.identity,
        boundary: authority.boundary.as_deref(),
        session: authority.session.as_deref(),
        resource: own.map(|own| &*own.policy),
        resource_rule: own.map_or_else(ResourceRule::default, |own| own.rule),
        guardrails: &[],
    };
    let request = Request {
        caller: caller(cx.caller.principal()),
        action,
        resource: &resource.arn(cx),
        resource_account: resource.account(cx).as_str(),
        context,
    };
    let decision = decide(&request, &policies);
    if decision.is_allowed() {
        return Ok(());
    }
    let is_for_want = matches!(decision.outcome, Outcome::ImplicitlyDenied(_));
    if let Some(words) = resource.refusal() {
        return Err(Refused { error: ApiError::new(ErrorCode::AccessDenied, words), is_for_want });
    }
    let reason = decision.reason(action).filter(|_| resource.tells_reason());
    let mut error = refusal(cx, action, &resource.named(cx), reason.as_deref());
    if encodes_refusals(action)
        && let Some(encoded) = encoded_refusal(cx, action, request.resource, decision.outcome)
    {
        error.message =
            format!("{} Encoded authorization failure message: {encoded}", error.message).into();
    }
    Err(Refused { error, is_for_want })
}

/// Whether a policy, once it is on the resource, would explicitly deny the caller an action, whatever else allows it.
pub(crate) async fn would_deny<R: Resource>(
    cx: &Cx<'_>,
    action: &str,
    policy: &Policy,
    resource: &R,
) -> Result<bool, ApiError> {
    let authority = cx.caller.authority(cx.house).await?;
    let request = Request {
        caller: caller(cx.caller.principal()),
        action,
        resource: &resource.arn(cx),
        resource_account: resource.account(cx).as_str(),
        context: &RequestContext { cx, authority, asked: &NothingAsked, resource },
    };
    let policies = Policies { resource: Some(policy), ..Policies::default() };
    let decision = decide(&request, &policies);
    Ok(matches!(decision.outcome, Outcome::ExplicitlyDenied(_)))
}

/// Whether a policy, once it is on the resource, would let the caller take an action, or leave that to the caller's account.
pub(crate) async fn would_allow<R: Resource>(
    cx: &Cx<'_>,
    action: &str,
    policy: &Policy,
    resource: &R,
) -> Result<bool, ApiError> {
    let authority = cx.caller.authority(cx.house).await?;
    let request = Request {
        caller: caller(cx.caller.principal()),
        action,
        resource: &resource.arn(cx),
        resource_account: resource.account(cx).as_str(),
        context: &RequestContext { cx, authority, asked: &NothingAsked, resource },
    };
    let everything = [Arc::clone(everything())];
    let policies = Policies {
        identity: &everything,
        resource: Some(policy),
        resource_rule: ResourceRule::Required,
        ..Policies::default()
    };
    Ok(decide(&request, &policies).is_allowed())
}

/// A policy that allows all.
fn everything() -> &'static Arc<Policy> {
    static EVERYTHING: OnceLock<Arc<Policy>> = OnceLock::new();
    EVERYTHING.get_or_init(|| {
        let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let kind = PolicyKind::Identity;
        let parsed = Policy::parse("everything", text, kind, text.len());
        Arc::new(parsed.unwrap_or_else(|_| Policy::unreadable("everything", kind)))
    })
}

/// The principal as the evaluator knows it.
pub(crate) fn caller(principal: &Principal) -> Caller<'_> {
    let account = principal.account.as_str();
    match &principal.kind {
        PrincipalKind::Anonymous => Caller::Anonymous,
        PrincipalKind::Root => Caller::Root { account },
        PrincipalKind::User { .. } => Caller::User { arn: &principal.arn },
        PrincipalKind::RoleSession { role_arn, .. } => {
            Caller::Role { role: role_arn.as_str().into(), session: Some(&principal.arn) }
        }
        PrincipalKind::FederatedUser { issuer_arn, .. } => {
            Caller::FederatedUser { arn: &principal.arn, user: issuer_arn.as_str().into() }
        }
    }
}

/// Whether the action's service encodes its refusals.
fn encodes_refusals(action: &str) -> bool {
    let service = action.split_once(':').map_or(action, |(service, _)| service);
    SERVICES.iter().any(|known| known.name == service && known.encodes_refusals)
}

const ENCODED_REFUSAL: &str = "refusal";

/// A refusal's reasons, sealed for `DecodeAuthorizationMessage`. STS API reference has the members.
fn encoded_refusal(cx: &Cx<'_>, action: &str, resource: &str, outcome: Outcome) -> Option<String> {
    let message = serde_json::json!({
        "allowed": false,
        "explicitDeny": matches!(outcome, Outcome::ExplicitlyDenied(_)),
        "context": {
            "principal": { "id": cx.caller.principal().unique_id, "arn": cx.caller.arn() },
            "action": action,
            "resource": resource,
        },
    });
    let keys = cx.house.records.keys();
    let account = cx.account().as_str().as_bytes();
    let sealed =
        keys.seal_token(ENCODED_REFUSAL, account, message.to_string().as_bytes(), cx.entropy());
    sealed.ok().map(|sealed| URL_SAFE_NO_PAD.encode(sealed))
}

/// What [`encoded_refusal`] sealed for somebody of the same account.
pub(crate) fn decoded_refusal(cx: &Cx<'_>, encoded: &str) -> Option<String> {
    let sealed = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    let account = cx.account().as_str().as_bytes();
    let opened = cx.house.records.keys().open_token(ENCODED_REFUSAL, account, &sealed).ok()?;
    String::from_utf8(opened.to_vec()).ok()
}

/// IAM user guide, "Troubleshoot access denied error messages".
fn refusal(cx: &Cx<'_>, action: &str, named: &str, reason: Option<&str>) -> ApiError {
    let who = cx.caller.arn();
    let reason = reason.map(|reason| format!(" {reason}")).unwrap_or_default();
    let message =
        format!("User: {who} is not authorized to perform: {action} on resource: {named}{reason}");
    ApiError::new(ErrorCode::AccessDenied, message)
}
