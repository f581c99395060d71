//! GetContextKeysForCustomPolicy: the condition keys that policies mention.

use crate::authz::{Grant, WholeAccount};
use crate::error::ApiError;
use crate::iam::simulated_policy::keys_of_given;
use crate::iam::simulation_input::check_policies;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetContextKeysForCustomPolicy {
    keys: Vec<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_input_list: Option<Vec<String>>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    context_key_names: Vec<String>,
}

impl Operation for GetContextKeysForCustomPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetContextKeysForCustomPolicy",
        effect: Effect::Read,
        summary: "Lists the condition keys that policies mention.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check.required("policyInputList", input.policy_input_list.as_ref());
        check_policies(&mut check, "policyInputList", input.policy_input_list.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { keys: keys_of_given(input.policy_input_list)? })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        _cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        Ok(Done::read(Output { context_key_names: self.keys.clone() }))
    }
}
