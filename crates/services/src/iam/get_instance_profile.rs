//! GetInstanceProfile: answers an instance profile.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::instance_profile::{ProfileMember, ProfileTarget, check_profile_name};
use crate::iam::members::parse_name;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetInstanceProfile {
    name: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    instance_profile_name: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    instance_profile: ProfileMember,
}

impl Operation for GetInstanceProfile {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetInstanceProfile",
        effect: Effect::Read,
        summary: "Answers an instance profile.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = ProfileTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_profile_name(&mut check, input.instance_profile_name.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { name: parse_name("instanceProfileName", input.instance_profile_name)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProfileTarget, ApiError> {
        ProfileTarget::load(cx, &self.name).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<ProfileTarget>,
    ) -> Result<Done<Output>, ApiError> {
        let profile = &grant.found()?.value;
        let instance_profile = ProfileMember::whole(&cx.house.records, profile).await?;
        Ok(Done::read(Output { instance_profile }))
    }
}
