//! GetAccountAuthorizationDetails: users, groups, roles and policies of the account, with all that they may do.

use crate::authz::{Grant, WholeAccount};
use crate::error::ApiError;
use crate::iam::aws_managed;
use crate::iam::entity::Entity;
use crate::iam::group::{GROUPS, Group, find_group};
use crate::iam::group_member::GroupMember;
use crate::iam::inline_policy::{InlinePolicyMember, inline_policy};
use crate::iam::instance_profile::{ProfileMember, profiles_of};
use crate::iam::listing::{PageInput, PageOutput, check_page};
use crate::iam::managed::Managed;
use crate::iam::managed_policy::{ManagedPolicy, POLICIES};
use crate::iam::members::AttachedPolicyMember;
use crate::iam::policy_member::PolicyFacts;
use crate::iam::policy_version_member::PolicyVersionMember;
use crate::iam::role::{ROLES, Role};
use crate::iam::role_member::RoleMember;
use crate::iam::usage::Usage;
use crate::iam::user::{USERS, User};
use crate::iam::user_member::UserMember;
use crate::iam::walk::Walk;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetAccountAuthorizationDetails {
    filter: Vec<String>,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<i64>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    user_detail_list: Vec<UserDetail>,
    group_detail_list: Vec<GroupDetail>,
    role_detail_list: Vec<RoleDetail>,
    policies: Vec<PolicyDetail>,
    #[serde(flatten)]
    page: PageOutput,
}

/// A user with its policies. Recorded: the list of inline ones is left out where there are none; of groups and roles it
/// is empty.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserDetail {
    #[serde(flatten)]
    member: UserMember,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    user_policy_list: Vec<InlinePolicyMember>,
    group_list: Vec<String>,
    attached_managed_policies: Vec<AttachedPolicyMember>,
}

/// A group with its policies.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupDetail {
    #[serde(flatten)]
    member: GroupMember,
    group_policy_list: Vec<InlinePolicyMember>,
    attached_managed_policies: Vec<AttachedPolicyMember>,
}

/// A role with its policies.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleDetail {
    #[serde(flatten)]
    member: RoleMember,
    role_policy_list: Vec<InlinePolicyMember>,
    attached_managed_policies: Vec<AttachedPolicyMember>,
    instance_profile_list: Vec<ProfileMember>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyDetail {
    #[serde(flatten)]
    facts: PolicyFacts,
    policy_version_list: Vec<PolicyVersionMember>,
}

/// Model: `EntityType`.
const FILTERS: [&str; 5] = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];

impl Operation for GetAccountAuthorizationDetails {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetAccountAuthorizationDetails",
        effect: Effect::Read,
        summary: "Answers all users, groups, roles and policies of the account.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        for (place, filter) in (1..).zip(input.filter.iter().flatten()) {
            check.one_of(&format!("filter.{place}.member"), Some(filter), &FILTERS);
        }
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;
        let page = PageInput::new(input.marker, input.max_items);
        Ok(Self { filter: input.filter.unwrap_or_default(), page })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        let binding = self.filter.join(",").into_bytes();
        let mut walk = Walk::begin(cx, Self::SPEC.name, binding, &self.page)?;
        let user_detail_list = self.users(cx, &mut walk).await?;
        let group_detail_list = self.groups(cx, &mut walk).await?;
        let role_detail_list = self.roles(cx, &mut walk).await?;
        let policies = self.policies(cx, &mut walk).await?;
        let page = walk.end()?;
        let output =
            Output { user_detail_list, group_detail_list, role_detail_list, policies, page };
        Ok(Done::read(output))
    }
}

impl GetAccountAuthorizationDetails {
    fn wants(&self, kind: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|wanted| wanted == kind)
    }

    async fn users(&self, cx: &Cx<'_>, walk: &mut Walk<'_>) -> Result<Vec<UserDetail>, ApiError> {
        let mut details = Vec::new();
        if !self.wants("User") {
            return Ok(details);
        }
        let account = cx.account().as_str().as_bytes();
        for user in walk.records::<User>(0, (USERS, account), |_| true).await? {
            let user = &user.value;
            let mut groups = Vec::new();
            for id in &user.groups {
                let group = find_group(&cx.house.records, cx.account(), id).await?;
                groups.extend(group.map(|group| group.value.naming.name.clone()));
            }
            details.push(UserDetail {
                member: UserMember::detailed(user),
                user_policy_list: inline_policies(user)?,
                group_list: groups,
                attached_managed_policies: attached(user),
            });
        }
        Ok(details)
    }

    async fn groups(&self, cx: &Cx<'_>, walk: &mut Walk<'_>) -> Result<Vec<GroupDetail>, ApiError> {
        if !self.wants("Group") {
            return Ok(Vec::new());
        }
        let account = cx.account().as_str().as_bytes();
        let groups = walk.records::<Group>(1, (GROUPS, account), |_| true).await?;
        let detail = |group: &Group| {
            Ok(GroupDetail {
                member: GroupMember::of(group),
                group_policy_list: inline_policies(group)?,
                attached_managed_policies: attached(group),
            })
        };
        groups.iter().map(|group| detail(&group.value)).collect()
    }

    async fn roles(&self, cx: &Cx<'_>, walk: &mut Walk<'_>) -> Result<Vec<RoleDetail>, ApiError> {
        let mut details = Vec::new();
        if !self.wants("Role") {
            return Ok(details);
        }
        let account = cx.account().as_str().as_bytes();
        for role in walk.records::<Role>(2, (ROLES, account), |_| true).await? {
            let role = &role.value;
            details.push(RoleDetail {
                member: RoleMember::detailed(&cx.house.records, role).await?,
                role_policy_list: inline_policies(role)?,
                attached_managed_policies: attached(role),
                instance_profile_list: profiles_of(cx, role).await?,
            });
        }
        Ok(details)
    }

    async fn policies(
        &self,
        cx: &Cx<'_>,
        walk: &mut Walk<'_>,
    ) -> Result<Vec<PolicyDetail>, ApiError> {
        let mut found = Vec::new();
        if self.wants("LocalManagedPolicy") {
            let account = cx.account().as_str().as_bytes();
            let own = walk.records::<ManagedPolicy>(3, (POLICIES, account), |_| true).await?;
            found.extend(own.into_iter().map(Managed::Own));
        }
        // AWS, inferred: its own policies stand here only if they are used, unless they are asked for by name.
        if self.wants("AWSManagedPolicy") {
            let list = aws_managed::ALL.iter();
            let list = list.map(|policy| (policy.name.to_owned(), Managed::Aws(policy)));
            found.extend(walk.list(4, list.collect()));
        }
        let mut details = Vec::new();
        for policy in &found {
            let usage = Usage::of(cx, &policy.arn()).await?;
            let is_aws = matches!(policy, Managed::Aws(_));
            if is_aws && !usage.is_used() && self.filter.is_empty() {
                continue;
            }
            let facts = PolicyFacts::of(policy, usage);
            details.push(PolicyDetail {
                facts,
                policy_version_list: PolicyVersionMember::all(policy),
            });
        }
        Ok(details)
    }
}

fn inline_policies<E: Entity>(entity: &E) -> Result<Vec<InlinePolicyMember>, ApiError> {
    entity.held().inline.keys().map(|name| inline_policy(entity, name)).collect()
}

fn attached<E: Entity>(entity: &E) -> Vec<AttachedPolicyMember> {
    entity.held().attached.iter().map(|arn| AttachedPolicyMember::of(arn)).collect()
}
