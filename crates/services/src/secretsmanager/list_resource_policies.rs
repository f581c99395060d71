//! ListResourcePolicies: the names of a secret's resource policies. There is at most `default`, and the
//! server's own on a replica in another account.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::cross_account::MANAGED_POLICY;
use crate::secretsmanager::page_token;
use crate::secretsmanager::policy::DEFAULT_POLICY;
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_types::{SecretId, limits};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListResourcePolicies {
    secret_id: SecretId,
    token: Option<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_results: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// The answer on the wire. All policies fit one page, so no token is ever given out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    resource_policies: Vec<PolicySummary>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicySummary {
    policy_name: &'static str,
}

impl Operation for ListResourcePolicies {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "ListResourcePolicies",
        effect: Effect::Read,
        summary: "Lists the names of a secret's resource policies.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = SecretTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check.range("maxResults", input.max_results, 1..=i64::from(limits::PAGE_ITEMS_MAX));
        check.length("nextToken", input.next_token.as_deref(), 1..=limits::NEXT_TOKEN_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;
        let secret_id = parse_secret_id(&input.secret_id.unwrap_or_default())?;
        Ok(Self { secret_id, token: input.next_token })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<SecretTarget>) -> Result<Done<Output>, ApiError> {
        let secret = &grant.found()?.value;
        secret.not_deleted()?;
        if let Some(token) = &self.token {
            page_token::open::<()>(cx, "ListResourcePolicies", &secret.uid.0, token)?;
        }
        let own = secret.policy.as_ref().map(|_| DEFAULT_POLICY);
        let managed = secret.cross_account.managed_policy().map(|_| MANAGED_POLICY);
        let summary = |policy_name| PolicySummary { policy_name };
        let resource_policies = own.into_iter().chain(managed).map(summary).collect();
        Ok(Done::read(Output { resource_policies }))
    }
}
