//! CreatePolicy: makes a managed policy.

use crate::authz::Grant;
use crate::conditions::{Values, request_tags};
use crate::error::{ApiError, ErrorCode};
use crate::iam::entity::{Naming, entity_key};
use crate::iam::managed::check_policy_path;
use crate::iam::managed_policy::ManagedPolicy;
use crate::iam::members::{
    TagMember, check_name, check_tags, parse_cased_tags, parse_managed_document, parse_name,
    parse_path,
};
use crate::iam::new_managed_policy::NewPolicyName;
use crate::iam::policy_member::PolicyMember;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_types::{Tag, limits};
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct CreatePolicy {
    name: String,
    path: String,
    document: String,
    description: Option<String>,
    tags: Vec<Tag>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    policy_document: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Object<TagMember>>>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    policy: PolicyMember,
}

impl Operation for CreatePolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "CreatePolicy",
        effect: Effect::Write,
        summary: "Makes a managed policy.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = NewPolicyName;

    fn further_actions(&self) -> Vec<&'static str> {
        if self.tags.is_empty() { Vec::new() } else { vec!["iam:TagPolicy"] }
    }

    fn condition(&self, key: &str) -> Values<'_> {
        request_tags(&self.tags, key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.policy_name.as_deref();
        check_name(&mut check, "policyName", name, limits::IAM_NAME_CHARS_MAX);
        check_policy_path(&mut check, "path", input.path.as_deref());
        let document = input.policy_document.as_deref();
        check.required_length("policyDocument", document, 1..=limits::IAM_DOCUMENT_CHARS_MAX);
        check.length(
            "description",
            input.description.as_deref(),
            0..=limits::IAM_POLICY_DESCRIPTION_CHARS_MAX,
        );
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_name("policyName", input.policy_name)?,
            path: parse_path(input.path)?,
            document: parse_managed_document(input.policy_document)?,
            description: input.description,
            tags: parse_cased_tags(input.tags)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<NewPolicyName, ApiError> {
        NewPolicyName::load(cx, &self.path, &self.name).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<NewPolicyName>,
    ) -> Result<Done<Output>, ApiError> {
        if grant.taken.is_some() {
            return Err(ApiError::new(
                ErrorCode::EntityAlreadyExists,
                format!(
                    "A policy called {} already exists. Duplicate names are not allowed.",
                    self.name
                ),
            ));
        }
        let naming =
            Naming::new(cx.account(), &self.name, &self.path, "ANPA", cx.now, cx.entropy());
        let mut policy =
            ManagedPolicy::new(naming, self.document.clone(), self.description.clone());
        policy.tags.clone_from(&self.tags);
        let key = entity_key(cx.account(), &self.name);
        let write = cx.house.records.put(cx.entropy(), key, &policy, Expect::Absent)?;
        Ok(Done::change(Output { policy: PolicyMember::created(&policy) }, vec![write]))
    }
}
