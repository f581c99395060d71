//! SimulateCustomPolicy: what policies that are given would allow.

use crate::authz::{Grant, WholeAccount};
use crate::error::ApiError;
use crate::iam::context_entry::ContextEntryMember;
use crate::iam::policy_source::SourcePolicies;
use crate::iam::simulation::Simulator;
use crate::iam::simulation_input::{LevelMember, Simulation, SimulationInput, refused};
use crate::iam::simulation_member::SimulationOutput;
use crate::iam::simulation_scene::Scene;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct SimulateCustomPolicy {
    simulation: Simulation,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_input_list: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary_policy_input_list: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ordered_organization_policy_input_list: Option<Vec<Object<LevelMember>>>,
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

impl Operation for SimulateCustomPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "SimulateCustomPolicy",
        effect: Effect::Read,
        summary: "Answers what policies that are given would allow.",
    };
    type Input = Input;
    type Output = SimulationOutput;
    type Resource = WholeAccount;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let simulation = SimulationInput {
            policies: input.policy_input_list,
            boundary: input.permissions_boundary_policy_input_list,
            organization: input.ordered_organization_policy_input_list,
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
        let mut check = Constraints::without_texts();
        check.required("policyInputList", simulation.policies.as_ref());
        simulation.check(&mut check);
        check.finish().map_err(ApiError::validation)?;
        let simulation = simulation.parse()?;
        if simulation.resource_policy.is_some() && simulation.caller.is_none() {
            return Err(refused("Invalid caller - Caller cannot be null or empty."));
        }
        Ok(Self { simulation })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<SimulationOutput>, ApiError> {
        let simulation = &self.simulation;
        let scene = Scene::new(simulation.caller.as_deref(), cx.account(), &simulation.context);
        let held = SourcePolicies::default();
        let output = Simulator::new(simulation, scene, &held)?.page(cx, Self::SPEC.name)?;
        Ok(Done::read(output))
    }
}
