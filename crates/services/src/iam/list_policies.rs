//! ListPolicies: lists managed policies.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::aws_managed;
use crate::iam::listing::{PageInput, PageOutput, check_page};
use crate::iam::managed::{Managed, PoliciesUnder, check_policy_path};
use crate::iam::managed_policy::{ManagedPolicy, POLICIES};
use crate::iam::policy_member::PolicyMember;
use crate::iam::usage::Usage;
use crate::iam::walk::Walk;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListPolicies {
    scope: Option<String>,
    only_attached: bool,
    path_prefix: String,
    usage: Option<String>,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    only_attached: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_usage_filter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<i64>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    policies: Vec<PolicyMember>,
    #[serde(flatten)]
    page: PageOutput,
}

impl Operation for ListPolicies {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "ListPolicies",
        effect: Effect::Read,
        summary: "Lists managed policies.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = PoliciesUnder;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check.one_of("scope", input.scope.as_deref(), &["All", "AWS", "Local"]);
        let usages = ["PermissionsPolicy", "PermissionsBoundary"];
        check.one_of("policyUsageFilter", input.policy_usage_filter.as_deref(), &usages);
        check_policy_path(&mut check, "pathPrefix", input.path_prefix.as_deref());
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            scope: input.scope.filter(|scope| scope != "All"),
            only_attached: input.only_attached.unwrap_or(false),
            path_prefix: input.path_prefix.unwrap_or_else(|| "/".to_owned()),
            usage: input.policy_usage_filter,
            page: PageInput::new(input.marker, input.max_items),
        })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<PoliciesUnder, ApiError> {
        Ok(PoliciesUnder::new(&self.path_prefix))
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<PoliciesUnder>,
    ) -> Result<Done<Output>, ApiError> {
        let scope = self.scope.as_deref();
        let binding =
            format!("{scope:?}{}{}{:?}", self.only_attached, self.path_prefix, self.usage);
        let mut walk = Walk::begin(cx, Self::SPEC.name, binding.into_bytes(), &self.page)?;
        let mut found = Vec::new();
        if scope != Some("AWS") {
            let account = cx.account().as_str().as_bytes();
            let is_under =
                |policy: &ManagedPolicy| policy.naming.path.starts_with(&self.path_prefix);
            let own = walk.records::<ManagedPolicy>(0, (POLICIES, account), is_under).await?;
            found.extend(own.into_iter().map(Managed::Own));
        }
        if scope != Some("Local") {
            let is_under = |policy: &&aws_managed::AwsManagedPolicy| {
                policy.path.starts_with(&self.path_prefix)
            };
            let list = aws_managed::ALL.iter().filter(is_under);
            let list = list.map(|policy| (policy.name.to_owned(), Managed::Aws(policy)));
            found.extend(walk.list(1, list.collect()));
        }
        let mut policies = Vec::new();
        for policy in &found {
            let usage = Usage::of(cx, &policy.arn()).await?;
            if self.is_wanted(usage) {
                policies.push(PolicyMember::listed(policy, usage));
            }
        }
        Ok(Done::read(Output { policies, page: walk.end()? }))
    }
}

impl ListPolicies {
    fn is_wanted(&self, usage: Usage) -> bool {
        let has_use = match self.usage.as_deref() {
            Some("PermissionsBoundary") => usage.bounded > 0,
            Some(_) => usage.attached > 0,
            None => usage.is_used(),
        };
        has_use || !(self.only_attached || self.usage.is_some())
    }
}
