//! PutKeyPolicy: gives a key another policy.

use crate::authz::Grant;
use crate::conditions::{Values, flag};
use crate::error::ApiError;
use crate::kms::get_key_policy::{check_policy_name, no_such_policy};
use crate::kms::key_policy::{POLICY_NAME, check_policy, put_policy};
use crate::kms::members::{Empty, check_key_id};
use crate::kms::own_key::load_own;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct PutKeyPolicy {
    key_id: String,
    policy_name: Option<String>,
    policy: String,
    is_lockout_allowed: bool,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_name: Option<String>,
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bypass_policy_lockout_safety_check: Option<bool>,
}

/// The name of the policy that only Resource Access Manager puts.
const RAM_POLICY_NAME: &str = "AWS_RAM";

impl Operation for PutKeyPolicy {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "PutKeyPolicy",
        effect: Effect::Write,
        summary: "Gives a key another policy.",
    };
    type Input = Input;
    type Output = Empty;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "kms:bypasspolicylockoutsafetycheck" {
            flag(self.is_lockout_allowed)
        } else {
            None
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_policy_name(&mut check, input.policy_name.as_deref());
        check.required("policy", input.policy.as_ref());
        check_policy(&mut check, input.policy.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            key_id: input.key_id.unwrap_or_default(),
            policy_name: input.policy_name,
            policy: input.policy.unwrap_or_default(),
            is_lockout_allowed: input.bypass_policy_lockout_safety_check.unwrap_or(false),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        load_own(cx, &self.key_id, &Self::SPEC).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Empty>, ApiError> {
        let stored = grant.found()?;
        match self.policy_name.as_deref() {
            None | Some(POLICY_NAME) => {}
            // Code documented: API reference, `PutKeyPolicy`. Message inferred.
            Some(RAM_POLICY_NAME) => {
                return Err(ApiError::validation("You can set only the default key policy."));
            }
            Some(_) => return Err(no_such_policy()),
        }
        let mut key = stored.value.clone();
        put_policy(cx, &mut key, (&self.policy, &grant), self.is_lockout_allowed).await?;
        let expect = Expect::At(stored.revision);
        let write = cx.house.records.put(cx.entropy(), stored.key.clone(), &key, expect)?;
        Ok(Done::change(Empty {}, vec![write]))
    }
}
