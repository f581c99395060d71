//! Managed policies attached to users, groups and roles: what the operations on them have in common.

use crate::error::{ApiError, ErrorCode};
use crate::iam::entity::Entity;
use crate::iam::listing::{PageInput, PageOutput, page_of_list};
use crate::iam::managed::{Managed, managed_policy};
use crate::iam::managed_policy::MANAGED_POLICY;
use crate::iam::members::AttachedPolicyMember;
use crate::iam::reference::refer;
use crate::iam::rename::capitalised;
use crate::iam::target::Target;
use crate::operation::{Cx, Done};
use strongroom_store::{Change, Expect, Write};
use strongroom_types::limits::IAM_ATTACHED_POLICIES_MAX;

/// Attaches a managed policy; one that is attached already stays so.
pub(super) async fn attach<E: Entity>(
    cx: &Cx<'_>,
    target: &Target<E>,
    arn: &str,
) -> Result<Done<()>, ApiError> {
    let held = target.found()?.value.held();
    let Some(policy) = managed_policy(cx, arn).await? else {
        let message = format!("Policy {arn} does not exist or is not attachable.");
        return Err(ApiError::new(ErrorCode::NoSuchEntity, message));
    };
    if held.attached.iter().any(|attached| attached == arn) {
        return Ok(Done::read(()));
    }
    if held.attached.len() >= IAM_ATTACHED_POLICIES_MAX {
        return Err(ApiError::limit_exceeded(format!(
            "Cannot exceed quota for PoliciesPer{}: {IAM_ATTACHED_POLICIES_MAX}",
            capitalised(E::NOUN)
        )));
    }
    let (_, mut writes) = target.changed(cx, |entity| {
        entity.held_mut().attached.push(arn.to_owned());
        Ok(())
    })?;
    writes.extend(hold(cx, &policy)?);
    Ok(Done::change((), writes))
}

/// Holds a policy that comes to be referred to: it may be deleted at the same moment.
pub(super) fn hold(cx: &Cx<'_>, policy: &Managed) -> Result<Vec<Write>, ApiError> {
    let Managed::Own(stored) = policy else { return Ok(Vec::new()) };
    let there = Write {
        kind: MANAGED_POLICY,
        key: stored.key.clone(),
        expect: Expect::At(stored.revision),
        change: Change::Check,
    };
    Ok(vec![there, refer(cx, &stored.value.naming.id)?])
}

/// Detaches a managed policy.
pub(super) fn detach<E: Entity>(
    cx: &Cx<'_>,
    target: &Target<E>,
    arn: &str,
) -> Result<Done<()>, ApiError> {
    let (_, writes) = target.changed(cx, |entity| {
        let attached = &mut entity.held_mut().attached;
        let before = attached.len();
        attached.retain(|held| held != arn);
        if attached.len() < before {
            return Ok(());
        }
        Err(ApiError::new(ErrorCode::NoSuchEntity, format!("Policy {arn} was not found.")))
    })?;
    Ok(Done::change((), writes))
}

/// A page of the policies attached to an identity, under a path.
pub(super) fn attached_page<E: Entity>(
    cx: &Cx<'_>,
    operation: &str,
    entity: &E,
    path_prefix: &str,
    page: &PageInput,
) -> Result<(Vec<AttachedPolicyMember>, PageOutput), ApiError> {
    let is_under = |arn: &&String| {
        let path = arn.split_once(":policy").map_or("", |(_, path)| path);
        path.starts_with(path_prefix)
    };
    let attached = entity.held().attached.iter().filter(is_under);
    let list = attached.map(|arn| (order_of(arn), AttachedPolicyMember::of(arn))).collect();
    page_of_list(cx, operation, &entity.naming().id, list, page)
}

/// By name; the account tells AWS's policies from the account's own of the same name. Paths would make markers too long.
fn order_of(arn: &str) -> String {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let account = arn.split(':').nth(4).unwrap_or_default();
    [name, account].join("\0")
}
