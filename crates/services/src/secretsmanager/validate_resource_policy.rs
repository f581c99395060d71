//! ValidateResourcePolicy: whether a policy's form is right and it does not let in the public. Changes nothing.

use crate::authz::{Grant, OwnPolicy, Resource, WholeAccount};
use crate::conditions::Values;
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::policy::{
    LOCKED_OUT, check_policy_text, locks_out, parse_policy, public_statements,
};
use crate::secretsmanager::target::{SecretTarget, parse_secret_id};
use serde::{Deserialize, Serialize};
use strongroom_types::{AccountId, SecretId, limits};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ValidateResourcePolicy {
    secret_id: Option<SecretId>,
    policy: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_id: Option<String>,
    resource_policy: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    policy_validation_passed: bool,
    validation_errors: Vec<ValidationError>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ValidationError {
    check_name: &'static str,
    error_message: String,
}

/// The secret that the policy is for, if the request names one.
#[derive(Debug)]
pub enum Subject {
    /// None.
    Account,
    /// This one, there or not. Boxed: the other variant holds nothing.
    Secret(Box<SecretTarget>),
}

impl Resource for Subject {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        match self {
            Self::Account => cx.account(),
            Self::Secret(target) => target.account(cx),
        }
    }

    fn arn(&self, cx: &Cx<'_>) -> String {
        match self {
            Self::Account => WholeAccount.arn(cx),
            Self::Secret(target) => target.arn(cx),
        }
    }

    fn named(&self, cx: &Cx<'_>) -> String {
        match self {
            Self::Account => WholeAccount.named(cx),
            Self::Secret(target) => target.named(cx),
        }
    }

    fn condition<'a>(&'a self, cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        match self {
            Self::Account => None,
            Self::Secret(target) => target.condition(cx, key),
        }
    }

    fn policy(&self) -> Option<OwnPolicy> {
        match self {
            Self::Account => None,
            Self::Secret(target) => target.policy(),
        }
    }
}

impl Operation for ValidateResourcePolicy {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "ValidateResourcePolicy",
        effect: Effect::Read,
        summary: "Checks a resource policy's form and whether it lets in the public.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = Subject;

    /// API reference: required permissions.
    fn further_actions(&self) -> Vec<&'static str> {
        vec!["secretsmanager:PutResourcePolicy"]
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check.length("secretId", input.secret_id.as_deref(), 1..=limits::SECRET_ID_CHARS_MAX);
        check_policy_text(&mut check, input.resource_policy.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let secret_id = input.secret_id.as_deref().map(parse_secret_id).transpose()?;
        Ok(Self { secret_id, policy: input.resource_policy.unwrap_or_default() })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Subject, ApiError> {
        match &self.secret_id {
            None => Ok(Subject::Account),
            Some(id) => SecretTarget::load(cx, id).await.map(Box::new).map(Subject::Secret),
        }
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Subject>) -> Result<Done<Output>, ApiError> {
        if let Subject::Secret(target) = &*grant {
            target.found()?.value.not_deleted()?;
        }
        let policy = parse_policy(&self.policy)?;
        let public = |error_message| ValidationError { check_name: "PUBLIC_POLICY", error_message };
        let mut validation_errors: Vec<_> =
            public_statements(&policy).map(public).into_iter().collect();
        if locks_out(cx, &self.policy, &*grant).await? {
            let error_message = LOCKED_OUT.to_owned();
            validation_errors.push(ValidationError { check_name: "LOCK_OUT", error_message });
        }
        Ok(Done::read(Output {
            policy_validation_passed: validation_errors.is_empty(),
            validation_errors,
        }))
    }
}
