//! SimulatePrincipalPolicy: what a user, group or role may do, with further policies if such are given.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::context_entry::ContextEntryMember;
use crate::iam::policy_exclusion::{
    ExclusionMember, Exclusions, check_exclusions, parse_exclusions,
};
use crate::iam::policy_source::{PolicySource, SourceArn, check_source};
use crate::iam::simulation::Simulator;
use crate::iam::simulation_input::{Simulation, SimulationInput, refused};
use crate::iam::simulation_member::SimulationOutput;
use crate::iam::simulation_scene::Scene;
use crate::iam::target::ByArn;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct SimulatePrincipalPolicy {
    source: SourceArn,
    exclusions: Exclusions,
    simulation: Simulation,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_source_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_input_list: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary_policy_input_list: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_exclusion_list: Option<Vec<Object<ExclusionMember>>>,
    action_names: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_arns: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_entries: Option<Vec<Object<ContextEntryMember>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_handling_option: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

impl Operation for SimulatePrincipalPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "SimulatePrincipalPolicy",
        effect: Effect::Read,
        summary: "Answers what a user, group or role may do.",
    };
    type Input = Input;
    type Output = SimulationOutput;
    type Resource = ByArn<Option<PolicySource>>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let simulation = SimulationInput {
            policies: input.policy_input_list,
            boundary: input.permissions_boundary_policy_input_list,
            organization: None,
            actions: input.action_names,
            resources: input.resource_arns,
            resource_policy: input.resource_policy,
            resource_owner: input.resource_owner,
            caller: input.caller_arn,
            context: input.context_entries,
            handling: input.resource_handling_option,
            marker: input.marker,
            max_items: input.max_items,
        };
        let (source, exclusions) = (input.policy_source_arn, input.policy_exclusion_list);
        let mut check = Constraints::without_texts();
        check_source(&mut check, source.as_deref());
        check_exclusions(&mut check, exclusions.as_deref());
        simulation.check(&mut check);
        check.finish().map_err(ApiError::validation)?;
        let source = SourceArn::parse(source)?;
        let simulation = simulation.parse()?;
        let is_called = simulation.caller.is_some() || source.noun == "user";
        if simulation.resource_policy.is_some() && !is_called {
            return Err(refused("Invalid caller - Caller must be an IAM user in this context."));
        }
        Ok(Self { source, exclusions: parse_exclusions(exclusions)?, simulation })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ByArn<Option<PolicySource>>, ApiError> {
        self.source.load(cx).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<ByArn<Option<PolicySource>>>,
    ) -> Result<Done<SimulationOutput>, ApiError> {
        let source = self.source.found(cx, &grant)?;
        let held = source.policies(cx, &self.exclusions).await?;
        let simulation = &self.simulation;
        // The source by the ARN that it has, whatever path was written.
        let caller = simulation.caller.as_deref().unwrap_or(&grant.arn);
        let scene = Scene::new(Some(caller), cx.account(), &simulation.context);
        let output = Simulator::new(simulation, scene, &held)?.page(cx, Self::SPEC.name)?;
        Ok(Done::read(output))
    }
}
