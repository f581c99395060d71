//! PutResourcePolicy: puts a resource policy on a secret, in place of the one it has.

use crate::authz::Grant;
use crate::conditions::{Values, flag};
use crate::error::{ApiError, ErrorCode};
use crate::identity::bind;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::policy_text::PolicyText;
use crate::secretsmanager::policy::{
    LOCKED_OUT, PolicyOutput, check_policy_name, check_policy_text, locks_out, only_default,
    parse_policy, public_statements,
};
use crate::secretsmanager::target::{SecretTarget, check_secret_id, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::SecretId;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct PutResourcePolicy {
    secret_id: SecretId,
    policy: String,
    policy_name: Option<String>,
    block_public: bool,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    secret_id: Option<String>,
    resource_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_public_policy: Option<bool>,
}

impl Operation for PutResourcePolicy {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "PutResourcePolicy",
        effect: Effect::Write,
        summary: "Puts a resource policy on a secret.",
    };
    type Input = Input;
    type Output = PolicyOutput;
    type Resource = SecretTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "secretsmanager:blockpublicpolicy" { flag(self.block_public) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_secret_id(&mut check, input.secret_id.as_deref());
        check_policy_text(&mut check, input.resource_policy.as_deref());
        check_policy_name(&mut check, input.policy_name.as_deref());
        check.finish().map_err(ApiError::validation)?;
        only_default(input.policy_name.as_deref())?;
        Ok(Self {
            secret_id: parse_secret_id(&input.secret_id.unwrap_or_default())?,
            policy: input.resource_policy.unwrap_or_default(),
            policy_name: input.policy_name,
            block_public: input.block_public_policy.unwrap_or(false),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<SecretTarget, ApiError> {
        SecretTarget::load(cx, &self.secret_id).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<SecretTarget>,
    ) -> Result<Done<PolicyOutput>, ApiError> {
        let stored = grant.found()?;
        stored.value.writable()?;
        let policy = parse_policy(&self.policy)?;
        if self.block_public && public_statements(&policy).is_some() {
            return Err(ApiError::new(
                ErrorCode::PublicPolicy,
                "You can't attach a resource-based policy that allows broad access to the secret.",
            ));
        }
        if locks_out(cx, &self.policy, &*grant).await? {
            return Err(ApiError::new(ErrorCode::MalformedPolicyDocument, LOCKED_OUT));
        }
        let mut secret = stored.value.clone();
        secret.policy = Some(PolicyText::new(self.policy.clone()));
        let bound = bind(&cx.house.records, &self.policy).await?;
        secret.bound_policy = Some(PolicyText::new(bound.text));
        secret.policy_ids = bound.ids;
        secret.note_change(cx.now);
        let output = PolicyOutput::of(&secret, self.policy_name.as_deref());
        let expect = Expect::At(stored.revision);
        let write = cx.house.records.put(cx.entropy(), stored.key.clone(), &secret, expect)?;
        Ok(Done::change(output, vec![write]))
    }
}
