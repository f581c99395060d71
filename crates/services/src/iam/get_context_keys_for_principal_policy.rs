//! GetContextKeysForPrincipalPolicy: the condition keys that the policies of a user, group or role mention.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::policy_exclusion::Exclusions;
use crate::iam::policy_source::{PolicySource, SourceArn, check_source};
use crate::iam::simulated_policy::{SimulatedPolicy, keys_of_given};
use crate::iam::simulation_input::check_policies;
use crate::iam::target::ByArn;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetContextKeysForPrincipalPolicy {
    source: SourceArn,
    keys: Vec<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_source_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_input_list: Option<Vec<String>>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    context_key_names: Vec<String>,
}

impl Operation for GetContextKeysForPrincipalPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetContextKeysForPrincipalPolicy",
        effect: Effect::Read,
        summary: "Lists the condition keys that the policies of a user, group or role mention.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = ByArn<Option<PolicySource>>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_source(&mut check, input.policy_source_arn.as_deref());
        check_policies(&mut check, "policyInputList", input.policy_input_list.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let source = SourceArn::parse(input.policy_source_arn)?;
        Ok(Self { source, keys: keys_of_given(input.policy_input_list)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ByArn<Option<PolicySource>>, ApiError> {
        self.source.load(cx).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<ByArn<Option<PolicySource>>>,
    ) -> Result<Done<Output>, ApiError> {
        let source = self.source.found(cx, &grant)?;
        let held = source.policies(cx, &Exclusions::default()).await?;
        let policies = held.identity.iter().chain(held.boundary.iter().flatten());
        let mut context_key_names: Vec<_> = policies.flat_map(SimulatedPolicy::keys).collect();
        context_key_names.extend(self.keys.iter().cloned());
        Ok(Done::read(Output { context_key_names }))
    }
}
