//! ListPolicyVersions: lists the versions of a managed policy.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::listing::{PageInput, PageOutput, check_page, page_of_list};
use crate::iam::managed::{PolicyTarget, check_policy_arn, parse_policy_arn};
use crate::iam::policy_version_member::PolicyVersionMember;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListPolicyVersions {
    arn: String,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<i64>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    versions: Vec<PolicyVersionMember>,
    #[serde(flatten)]
    page: PageOutput,
}

impl Operation for ListPolicyVersions {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "ListPolicyVersions",
        effect: Effect::Read,
        summary: "Lists the versions of a managed policy.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = PolicyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_policy_arn(&mut check, input.policy_arn.as_deref());
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;
        let page = PageInput::new(input.marker, input.max_items);
        Ok(Self { arn: parse_policy_arn(input.policy_arn)?, page })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<PolicyTarget, ApiError> {
        PolicyTarget::load(cx, &self.arn).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<PolicyTarget>) -> Result<Done<Output>, ApiError> {
        let all = PolicyVersionMember::ordered(grant.found()?).into_iter();
        let list = all.map(|(order, version)| (order, version.without_document())).collect();
        let (versions, page) = page_of_list(cx, Self::SPEC.name, &self.arn, list, &self.page)?;
        Ok(Done::read(Output { versions, page }))
    }
}
