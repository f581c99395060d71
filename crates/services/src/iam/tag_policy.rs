//! TagPolicy: adds tags to a managed policy.

use crate::authz::Grant;
use crate::conditions::{Values, request_tags};
use crate::error::ApiError;
use crate::iam::managed::{PolicyTarget, check_policy_arn, parse_policy_arn};
use crate::iam::members::{TagMember, add_cased_tags, check_tags, parse_cased_tags};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Tag;
use strongroom_wire::Constraints;
use strongroom_wire::Object;

/// The valid request.
#[derive(Debug)]
pub struct TagPolicy {
    arn: String,
    tags: Vec<Tag>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_arn: Option<String>,
    tags: Option<Vec<Object<TagMember>>>,
}

impl Operation for TagPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "TagPolicy",
        effect: Effect::Write,
        summary: "Adds tags to a managed policy.",
    };
    type Input = Input;
    type Output = ();
    type Resource = PolicyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        request_tags(&self.tags, key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_policy_arn(&mut check, input.policy_arn.as_deref());
        check.required("tags", input.tags.as_ref());
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { arn: parse_policy_arn(input.policy_arn)?, tags: parse_cased_tags(input.tags)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<PolicyTarget, ApiError> {
        PolicyTarget::load(cx, &self.arn).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<PolicyTarget>) -> Result<Done<()>, ApiError> {
        let (_, writes) =
            grant.changed(cx, |policy| add_cased_tags(&mut policy.tags, &self.tags))?;
        Ok(Done::change((), writes))
    }
}
