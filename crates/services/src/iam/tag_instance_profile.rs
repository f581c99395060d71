//! TagInstanceProfile: adds tags to an instance profile.

use crate::authz::Grant;
use crate::conditions::{Values, request_tags};
use crate::error::ApiError;
use crate::iam::instance_profile::{ProfileTarget, check_profile_name};
use crate::iam::members::{TagMember, add_cased_tags, check_tags, parse_cased_tags, parse_name};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Tag;
use strongroom_wire::Constraints;
use strongroom_wire::Object;

/// The valid request.
#[derive(Debug)]
pub struct TagInstanceProfile {
    name: String,
    tags: Vec<Tag>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    instance_profile_name: Option<String>,
    tags: Option<Vec<Object<TagMember>>>,
}

impl Operation for TagInstanceProfile {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "TagInstanceProfile",
        effect: Effect::Write,
        summary: "Adds tags to an instance profile.",
    };
    type Input = Input;
    type Output = ();
    type Resource = ProfileTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        request_tags(&self.tags, key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_profile_name(&mut check, input.instance_profile_name.as_deref());
        check.required("tags", input.tags.as_ref());
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("instanceProfileName", input.instance_profile_name)?,
            tags: parse_cased_tags(input.tags)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProfileTarget, ApiError> {
        ProfileTarget::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<ProfileTarget>) -> Result<Done<()>, ApiError> {
        let mut changed = grant.found()?.value.clone();
        add_cased_tags(&mut changed.tags, &self.tags)?;
        Ok(Done::change((), vec![grant.put(cx, &changed)?]))
    }
}
