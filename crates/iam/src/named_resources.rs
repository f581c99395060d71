//! What IAM knows of other services' ARNs when a policy is put. What is stored already is read all the same.

use crate::arn::{Arn, has_wildcard};
use crate::error::shown;
use crate::{Match, PolicyDocument};

/// What IAM's own resources are called. Recorded (LocalStack's snapshots, February 2026), as are the messages here.
const KINDS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

impl PolicyDocument {
    /// IAM's message if it does not take a new policy of an identity that names this resource, which has the form of one.
    pub fn refused_resource(&self) -> Option<String> {
        let lists = self.statements.iter().filter_map(|statement| statement.resources.as_ref());
        let mut resources = lists.flat_map(|list| match list {
            Match::Any(resources) | Match::None(resources) => resources,
        });
        resources.find_map(|resource| refusal(resource, &Arn::parse(resource)?))
    }
}

fn refusal(text: &str, arn: &Arn<'_>) -> Option<String> {
    let has_region = !arn.region.is_empty() && !has_wildcard(arn.region);
    match arn.service {
        "iam" if has_region => {
            Some(format!("IAM resource {} cannot contain region information.", shown(text)))
        }
        "iam" if !is_of_iam(arn.resource) => Some(format!(
            "IAM resource path must either be \"*\" or start with {}.",
            KINDS.join(", ")
        )),
        // Access points have a region, and an account.
        "s3" if has_region && arn.account.is_empty() => {
            Some(format!("Resource {} can not contain region information.", shown(text)))
        }
        _ => None,
    }
}

/// Whether it is one of IAM's kinds, or a pattern that one may match.
fn is_of_iam(resource: &str) -> bool {
    let written = resource.split(['*', '?']).next().unwrap_or_default();
    let is_pattern = written.len() < resource.len();
    KINDS.iter().any(|kind| written.starts_with(kind) || (is_pattern && kind.starts_with(written)))
}
