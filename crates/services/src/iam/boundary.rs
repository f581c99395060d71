//! Permissions boundaries: a managed policy by its ARN.

use crate::error::{ApiError, ErrorCode};
use crate::iam::attached_policy::hold;
use crate::iam::managed::{check_form, managed_policy};
use crate::operation::Cx;
use strongroom_store::Write;
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// Checks the length of a boundary's ARN.
pub(super) fn check_boundary(check: &mut Constraints, arn: Option<&str>) {
    check.length("permissionsBoundary", arn, 20..=limits::IAM_ARN_CHARS_MAX);
}

/// Checks that a boundary's ARN is given, and its length.
pub(super) fn check_required_boundary(check: &mut Constraints, arn: Option<&str>) {
    check.required("permissionsBoundary", arn.as_ref());
    check_boundary(check, arn);
}

/// The boundary, if one is given and such a policy is there.
pub(super) async fn parse_boundary(
    cx: &Cx<'_>,
    arn: Option<&str>,
) -> Result<Option<String>, ApiError> {
    let Some(arn) = arn else { return Ok(None) };
    check_form(arn)?;
    match managed_policy(cx, arn).await? {
        Some(_) => Ok(Some(arn.to_owned())),
        None => Err(no_such_boundary(arn)),
    }
}

/// The writes that hold the policy of a boundary that is being set.
pub(super) async fn hold_boundary(cx: &Cx<'_>, arn: Option<&str>) -> Result<Vec<Write>, ApiError> {
    let Some(arn) = arn else { return Ok(Vec::new()) };
    let policy = managed_policy(cx, arn).await?.ok_or_else(|| no_such_boundary(arn))?;
    hold(cx, &policy)
}

/// Recorded: `CreateUser`, `CreateRole` of a boundary that is not there.
fn no_such_boundary(arn: &str) -> ApiError {
    let message = format!("Scope ARN: {arn} does not exist or is not attachable.");
    ApiError::new(ErrorCode::NoSuchEntity, message)
}
