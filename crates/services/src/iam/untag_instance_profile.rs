//! UntagInstanceProfile: removes tags from an instance profile.

use crate::authz::Grant;
use crate::conditions::{Values, tag_keys};
use crate::error::ApiError;
use crate::iam::instance_profile::{ProfileTarget, check_profile_name};
use crate::iam::members::{check_tag_keys, parse_name, remove_cased_tags};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UntagInstanceProfile {
    name: String,
    keys: Vec<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    instance_profile_name: Option<String>,
    tag_keys: Option<Vec<String>>,
}

impl Operation for UntagInstanceProfile {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "UntagInstanceProfile",
        effect: Effect::Write,
        summary: "Removes tags from an instance profile.",
    };
    type Input = Input;
    type Output = ();
    type Resource = ProfileTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "aws:tagkeys" { tag_keys(self.keys.iter().map(String::as_str)) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_profile_name(&mut check, input.instance_profile_name.as_deref());
        check_tag_keys(&mut check, input.tag_keys.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("instanceProfileName", input.instance_profile_name)?,
            keys: input.tag_keys.unwrap_or_default(),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProfileTarget, ApiError> {
        ProfileTarget::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<ProfileTarget>) -> Result<Done<()>, ApiError> {
        let mut changed = grant.found()?.value.clone();
        remove_cased_tags(&mut changed.tags, &self.keys);
        Ok(Done::change((), vec![grant.put(cx, &changed)?]))
    }
}
