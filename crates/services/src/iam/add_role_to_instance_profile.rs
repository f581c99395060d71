//! AddRoleToInstanceProfile: puts a role into an instance profile.

use crate::authz::Grant;
use crate::authz::authorize;
use crate::conditions::{Asked, Values, one};
use crate::error::ApiError;
use crate::iam::instance_profile::{ProfileTarget, check_profile_name};
use crate::iam::members::{check_name, parse_name};
use crate::iam::reference::refer;
use crate::iam::role::Role;
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct AddRoleToInstanceProfile {
    name: String,
    role: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    instance_profile_name: Option<String>,
    role_name: Option<String>,
}

/// Condition keys of `iam:PassRole`. Recorded, in a refusal that was decoded.
struct Passed {
    to: String,
}

impl Asked for Passed {
    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "iam:associatedresourcearn" => one(self.to.as_str()),
            "iam:passedtoservice" => one("ec2.amazonaws.com"),
            _ => None,
        }
    }
}

impl Operation for AddRoleToInstanceProfile {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "AddRoleToInstanceProfile",
        effect: Effect::Write,
        summary: "Puts a role into an instance profile.",
    };
    type Input = Input;
    type Output = ();
    type Resource = ProfileTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_profile_name(&mut check, input.instance_profile_name.as_deref());
        let role = input.role_name.as_deref();
        check_name(&mut check, "roleName", role, limits::IAM_USER_NAME_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("instanceProfileName", input.instance_profile_name)?,
            role: parse_name("roleName", input.role_name)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProfileTarget, ApiError> {
        ProfileTarget::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<ProfileTarget>) -> Result<Done<()>, ApiError> {
        let mut profile = grant.found()?.value.clone();
        let role = Target::<Role>::load(cx, &self.role).await?;
        let to = format!("arn:aws:ec2:*:{}:instance/*", cx.account());
        let role = authorize(cx, "iam:PassRole", &Passed { to }, role).await?;
        let stored = role.found()?;
        if profile.role.is_some() {
            return Err(ApiError::limit_exceeded(
                "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
            ));
        }
        let naming = &stored.value.naming;
        profile.role = Some((naming.id.clone(), naming.name.clone()));
        // The role may be deleted at the same moment: then only one of the two is done.
        let held = [role.still_there()?, refer(cx, &naming.id)?];
        let writes = std::iter::once(grant.put(cx, &profile)?).chain(held).collect();
        Ok(Done::change((), writes))
    }
}
