//! Whether a grant lets the caller do what no policy lets it do, and none forbids.
//!
//! A grant is weighed as a policy on the key would be that names its grantee: the account's own users need no other
//! permission, a boundary or a session's policies hold for whom they would hold then, and a grant to an account leaves the
//! decision to the account's policies. Unlike a policy it needs no policy of the grantee's in another account, either.

use crate::authz::{Resource, caller};
use crate::conditions::{NothingAsked, RequestContext};
use crate::error::ApiError;
use crate::kms::grant::{GRANTS_BY_GRANTEE, Grant, grantee_prefix};
use crate::kms::grant_party::{MeantAs, meant_as};
use crate::operation::Cx;
use crate::records::Stored;
use std::sync::Arc;
use strongroom_iam::{Policies, Policy, PolicyKind, Request, ResourceRule, decide};
use strongroom_store::{Direction, PageQuery};

/// Grants that are read at a time.
const PER_PAGE: u32 = 512;

/// Whether a grant of the key that is `fit` lets the caller take an action. `key` is the key's record key.
pub(super) async fn is_granted<R: Resource>(
    cx: &Cx<'_>,
    (resource, key): (&R, &[u8]),
    action: &str,
    fit: &(dyn Fn(&Grant) -> bool + Sync),
) -> Result<bool, ApiError> {
    for meant in meant_as(cx.caller.principal()) {
        if find(cx, key, &meant.name, fit).await?.is_some()
            && may_use(cx, resource, action, &meant).await?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A fitting grant of a key for a principal, by the name that grants have for it.
pub(super) async fn find(
    cx: &Cx<'_>,
    key: &[u8],
    name: &str,
    fit: &(dyn Fn(&Grant) -> bool + Sync),
) -> Result<Option<Arc<Stored<Grant>>>, ApiError> {
    let prefix = grantee_prefix(key, name);
    let mut after = None;
    loop {
        let query = PageQuery {
            index: GRANTS_BY_GRANTEE,
            prefix: &prefix,
            after: after.as_ref(),
            limit: PER_PAGE,
            direction: Direction::Ascending,
        };
        let page = cx.house.records.page(query).await?;
        let keys: Vec<_> = page.iter().map(|entry| entry.key.clone()).collect();
        let grants = cx.house.records.get_many::<Grant>(&keys).await?;
        let is_it =
            |grant: &Arc<Stored<Grant>>| grant.value.grantee.name() == name && fit(&grant.value);
        if let Some(grant) = grants.into_iter().flatten().find(is_it) {
            return Ok(Some(grant));
        }
        if page.len() < usize::try_from(PER_PAGE).unwrap_or(usize::MAX) {
            return Ok(None);
        }
        after = page.into_iter().last();
    }
}

/// Whether the caller may use a grant to whom it is meant as.
pub(super) async fn may_use<R: Resource>(
    cx: &Cx<'_>,
    resource: &R,
    action: &str,
    meant: &MeantAs,
) -> Result<bool, ApiError> {
    let authority = cx.caller.authority(cx.house).await?;
    let all_of_it = [Arc::new(policy(PolicyKind::Identity, action, None)?)];
    // In another account the grant stands for its user's own policies as well, and lifts no limit that account has set.
    let stands_for_own = resource.account(cx) != cx.account() && !meant.is_account();
    let (principal, identity) = if stands_for_own {
        (format!("arn:aws:iam::{}:root", cx.account()), all_of_it.as_slice())
    } else {
        (meant.principal.clone(), &*authority.identity)
    };
    let granted = policy(PolicyKind::Resource, action, Some(&principal))?;
    let request = Request {
        caller: caller(cx.caller.principal()),
        action,
        resource: &resource.arn(cx),
        resource_account: cx.account().as_str(),
        context: &RequestContext { cx, authority, asked: &NothingAsked, resource },
    };
    let policies = Policies {
        identity,
        boundary: authority.boundary.as_deref(),
        session: authority.session.as_deref(),
        resource: Some(&granted),
        resource_rule: ResourceRule::Required,
        guardrails: &[],
    };
    Ok(decide(&request, &policies).is_allowed())
}

/// A policy that allows one action.
fn policy(kind: PolicyKind, action: &str, principal: Option<&str>) -> Result<Policy, ApiError> {
    let mut statement = serde_json::json!({
        "Effect": "Allow", "Action": action, "Resource": "*",
    });
    if let (Some(principal), Some(members)) = (principal, statement.as_object_mut()) {
        members.insert("Principal".to_owned(), serde_json::json!({ "AWS": principal }));
    }
    let text = serde_json::json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
    Policy::parse("grant", &text, kind, text.len())
        .map_err(|error| ApiError::internal(error.to_string()))
}
