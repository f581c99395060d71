//! ListEntitiesForPolicy: lists who has a managed policy.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::entity::{BY_ATTACHED, BY_BOUNDARY, Entity, policy_term};
use crate::iam::group::Group;
use crate::iam::listing::{PageInput, PageOutput, check_page};
use crate::iam::managed::{PolicyTarget, check_policy_arn, parse_policy_arn};
use crate::iam::members::parse_path_prefix;
use crate::iam::role::Role;
use crate::iam::user::User;
use crate::iam::walk::Walk;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::Index;
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListEntitiesForPolicy {
    arn: String,
    kind: Option<String>,
    path_prefix: String,
    index: Option<Index>,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    policy_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_filter: Option<String>,
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
    policy_groups: Vec<PolicyGroup>,
    policy_users: Vec<PolicyUser>,
    policy_roles: Vec<PolicyRole>,
    #[serde(flatten)]
    page: PageOutput,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyGroup {
    group_name: String,
    group_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyUser {
    user_name: String,
    user_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyRole {
    role_name: String,
    role_id: String,
}

impl Operation for ListEntitiesForPolicy {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "ListEntitiesForPolicy",
        effect: Effect::Read,
        summary: "Lists who has a managed policy.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = PolicyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_policy_arn(&mut check, input.policy_arn.as_deref());
        let kinds = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
        check.one_of("entityFilter", input.entity_filter.as_deref(), &kinds);
        let usages = ["PermissionsPolicy", "PermissionsBoundary"];
        check.one_of("policyUsageFilter", input.policy_usage_filter.as_deref(), &usages);
        check.length("pathPrefix", input.path_prefix.as_deref(), 1..=limits::IAM_PATH_CHARS_MAX);
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;
        let index = match input.policy_usage_filter.as_deref() {
            Some("PermissionsBoundary") => Some(BY_BOUNDARY),
            Some(_) => Some(BY_ATTACHED),
            None => None,
        };
        Ok(Self {
            arn: parse_policy_arn(input.policy_arn)?,
            kind: input.entity_filter,
            path_prefix: parse_path_prefix(input.path_prefix)?,
            index,
            page: PageInput::new(input.marker, input.max_items),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<PolicyTarget, ApiError> {
        PolicyTarget::load(cx, &self.arn).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<PolicyTarget>) -> Result<Done<Output>, ApiError> {
        grant.found()?;
        let binding = format!("{}{:?}{}{:?}", self.arn, self.kind, self.path_prefix, self.index);
        let mut walk = Walk::begin(cx, Self::SPEC.name, binding.into_bytes(), &self.page)?;
        let (mut policy_groups, mut policy_users, mut policy_roles) =
            (Vec::new(), Vec::new(), Vec::new());
        for (part, index) in [(0, BY_ATTACHED), (3, BY_BOUNDARY)] {
            if self.index.is_some_and(|wanted| wanted != index) {
                continue;
            }
            for group in self.holders::<Group>(cx, &mut walk, part, index).await? {
                policy_groups.push(PolicyGroup { group_name: group.0, group_id: group.1 });
            }
            for user in self.holders::<User>(cx, &mut walk, part + 1, index).await? {
                policy_users.push(PolicyUser { user_name: user.0, user_id: user.1 });
            }
            for role in self.holders::<Role>(cx, &mut walk, part + 2, index).await? {
                policy_roles.push(PolicyRole { role_name: role.0, role_id: role.1 });
            }
        }
        Ok(Done::read(Output { policy_groups, policy_users, policy_roles, page: walk.end()? }))
    }
}

impl ListEntitiesForPolicy {
    /// Names and ids of those of a sort that have the policy, if that sort is asked for.
    async fn holders<E: Entity>(
        &self,
        cx: &Cx<'_>,
        walk: &mut Walk<'_>,
        part: u8,
        index: Index,
    ) -> Result<Vec<(String, String)>, ApiError> {
        if self.kind.as_ref().is_some_and(|kind| !kind.eq_ignore_ascii_case(E::NOUN)) {
            return Ok(Vec::new());
        }
        let prefix = policy_term(cx.account(), &self.arn, E::NOUN);
        let is_both = index == BY_BOUNDARY && self.index.is_none();
        let is_wanted = |entity: &E| {
            // Whoever has it in both ways was told of as one that has it attached.
            let is_told = is_both && entity.held().attached.contains(&self.arn);
            !is_told && entity.naming().path.starts_with(&self.path_prefix)
        };
        let found = walk.records::<E>(part, (index, &prefix), is_wanted).await?;
        let naming = |entity: &E| {
            let naming = entity.naming();
            (naming.name.clone(), naming.id.clone())
        };
        Ok(found.iter().map(|entity| naming(&entity.value)).collect())
    }
}
