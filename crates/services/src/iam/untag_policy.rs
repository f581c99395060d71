//! UntagPolicy: removes tags from a managed policy.

use crate::authz::Grant;
use crate::conditions::{Values, tag_keys};
use crate::error::ApiError;
use crate::iam::managed::{PolicyTarget, check_policy_arn, parse_policy_arn};
use crate::iam::members::{check_tag_keys, remove_cased_tags};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UntagPolicy {
    arn: String,
    keys: Vec<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_arn: Option<String>,
    tag_keys: Option<Vec<String>>,
}

impl Operation for UntagPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "UntagPolicy",
        effect: Effect::Write,
        summary: "Removes tags from a managed policy.",
    };
    type Input = Input;
    type Output = ();
    type Resource = PolicyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "aws:tagkeys" { tag_keys(self.keys.iter().map(String::as_str)) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_policy_arn(&mut check, input.policy_arn.as_deref());
        check_tag_keys(&mut check, input.tag_keys.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            arn: parse_policy_arn(input.policy_arn)?,
            keys: input.tag_keys.unwrap_or_default(),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<PolicyTarget, ApiError> {
        PolicyTarget::load(cx, &self.arn).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<PolicyTarget>) -> Result<Done<()>, ApiError> {
        let (_, writes) = grant.changed(cx, |policy| {
            remove_cased_tags(&mut policy.tags, &self.keys);
            Ok(())
        })?;
        Ok(Done::change((), writes))
    }
}
