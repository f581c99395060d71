//! CreateInstanceProfile: makes an instance profile.

use crate::authz::Grant;
use crate::conditions::{Values, request_tags};
use crate::error::ApiError;
use crate::error::ErrorCode;
use crate::iam::entity::Naming;
use crate::iam::instance_profile::{
    InstanceProfile, ProfileMember, ProfileTarget, check_profile_name,
};
use crate::iam::members::{TagMember, check_tags, parse_cased_tags, parse_name, parse_path};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Tag;
use strongroom_wire::Constraints;
use strongroom_wire::Object;

/// The valid request.
#[derive(Debug)]
pub struct CreateInstanceProfile {
    name: String,
    path: String,
    tags: Vec<Tag>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    instance_profile_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Object<TagMember>>>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    instance_profile: ProfileMember,
}

impl Operation for CreateInstanceProfile {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "CreateInstanceProfile",
        effect: Effect::Write,
        summary: "Makes an instance profile.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = ProfileTarget;

    fn further_actions(&self) -> Vec<&'static str> {
        if self.tags.is_empty() { Vec::new() } else { vec!["iam:TagInstanceProfile"] }
    }

    fn condition(&self, key: &str) -> Values<'_> {
        request_tags(&self.tags, key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_profile_name(&mut check, input.instance_profile_name.as_deref());
        check.length("path", input.path.as_deref(), 1..=512);
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("instanceProfileName", input.instance_profile_name)?,
            path: parse_path(input.path)?,
            tags: parse_cased_tags(input.tags)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProfileTarget, ApiError> {
        ProfileTarget::load_under(cx, &self.path, &self.name).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<ProfileTarget>,
    ) -> Result<Done<Output>, ApiError> {
        if grant.found.is_some() {
            let message = format!("Instance Profile {} already exists.", self.name);
            return Err(ApiError::new(ErrorCode::EntityAlreadyExists, message));
        }
        let naming =
            Naming::new(cx.account(), &self.name, &self.path, "AIPA", cx.now, cx.entropy());
        let profile = InstanceProfile { naming, role: None, tags: self.tags.clone() };
        let write = grant.put(cx, &profile)?;
        let instance_profile = ProfileMember::made(&cx.house.records, &profile).await?;
        Ok(Done::change(Output { instance_profile }, vec![write]))
    }
}
