//! GetAccountSummary: how many of everything the account has, and its quotas.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::account_target::AccountTarget;
use crate::iam::group::GROUPS;
use crate::iam::instance_profile::PROFILES;
use crate::iam::managed_policy::{ManagedPolicy, POLICIES};
use crate::iam::oidc_provider::PROVIDERS;
use crate::iam::role::ROLES;
use crate::iam::usage::count;
use crate::iam::user::USERS;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::records::Records;
use serde::{Deserialize, Serialize};
use strongroom_store::{Direction, IndexEntry, PageQuery};
use strongroom_types::limits;
use strongroom_wire::MapMember;

/// The request has no members.
#[derive(Debug, Clone, Copy)]
pub struct GetAccountSummary;

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
pub struct Input {}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    summary_map: MapMember<u64>,
}

/// Quotas: what is held to here, and of the rest AWS's defaults. IAM user guide, "IAM and AWS STS quotas"; the members are
/// all that were recorded (LocalStack's snapshots, February 2026).
const QUOTAS: &[(&str, usize)] = &[
    ("AccessKeysPerUserQuota", limits::IAM_ACCESS_KEYS_PER_USER_MAX),
    ("AssumeRolePolicySizeQuota", limits::IAM_TRUST_POLICY_CHARS_MAX),
    ("AttachedPoliciesPerGroupQuota", limits::IAM_ATTACHED_POLICIES_MAX),
    ("AttachedPoliciesPerRoleQuota", limits::IAM_ATTACHED_POLICIES_MAX),
    ("AttachedPoliciesPerUserQuota", limits::IAM_ATTACHED_POLICIES_MAX),
    ("GroupPolicySizeQuota", limits::IAM_GROUP_INLINE_CHARS_MAX),
    ("GroupsPerUserQuota", limits::IAM_GROUPS_PER_USER_MAX),
    ("GroupsQuota", 300),
    ("InstanceProfilesQuota", 1000),
    ("PoliciesQuota", 1500),
    ("PolicySizeQuota", limits::IAM_MANAGED_POLICY_CHARS_MAX),
    ("PolicyVersionsInUseQuota", 10_000),
    ("RolePolicySizeQuota", limits::IAM_ROLE_INLINE_CHARS_MAX),
    ("RolesQuota", 1000),
    ("ServerCertificatesQuota", 20),
    ("SigningCertificatesPerUserQuota", 2),
    ("UserPolicySizeQuota", limits::IAM_USER_INLINE_CHARS_MAX),
    ("UsersQuota", 5000),
    ("VersionsPerPolicyQuota", limits::IAM_POLICY_VERSIONS_MAX),
];

/// What no account has here: second factors, passwords, certificates.
const NONE_HERE: &[&str] = &[
    "AccountMFAEnabled",
    "AccountPasswordPresent",
    "AccountSigningCertificatesPresent",
    "MFADevices",
    "MFADevicesInUse",
    "ServerCertificates",
];

impl Operation for GetAccountSummary {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetAccountSummary",
        effect: Effect::Read,
        summary: "Counts what the account has, and names its quotas.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = AccountTarget;

    fn parse(_input: Input) -> Result<Self, ApiError> {
        Ok(Self)
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<AccountTarget, ApiError> {
        AccountTarget::load(cx).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<AccountTarget>,
    ) -> Result<Done<Output>, ApiError> {
        let account = cx.account().as_str().as_bytes();
        let mut summary = Vec::new();
        for (name, index) in [
            ("Groups", GROUPS),
            ("InstanceProfiles", PROFILES),
            ("Policies", POLICIES),
            ("Providers", PROVIDERS),
            ("Roles", ROLES),
            ("Users", USERS),
        ] {
            summary.push((name.to_owned(), count(&cx.house.records, index, account).await?));
        }
        let root = grant.account_record();
        let has_keys = u64::from(!root.root_keys.is_empty());
        summary.push(("AccountAccessKeysPresent".to_owned(), has_keys));
        let versions = versions_in_use(&cx.house.records, account).await?;
        summary.push(("PolicyVersionsInUse".to_owned(), versions));
        summary.extend(NONE_HERE.iter().map(|name| ((*name).to_owned(), 0)));
        // Session tokens are good in every region. IAM user guide, "Managing AWS STS in an AWS Region".
        summary.push(("GlobalEndpointTokenVersion".to_owned(), 2));
        let quota = |(name, most): &(&str, usize)| {
            ((*name).to_owned(), u64::try_from(*most).unwrap_or(u64::MAX))
        };
        summary.extend(QUOTAS.iter().map(quota));
        Ok(Done::read(Output { summary_map: summary.into_iter().collect() }))
    }
}

/// The versions of all managed policies of the account.
async fn versions_in_use(records: &Records, account: &[u8]) -> Result<u64, ApiError> {
    let (mut total, mut after): (usize, Option<IndexEntry>) = (0, None);
    loop {
        let query = PageQuery {
            index: POLICIES,
            prefix: account,
            after: after.as_ref(),
            limit: limits::IAM_PAGE_ITEMS_MAX,
            direction: Direction::Ascending,
        };
        let entries = records.page(query).await?;
        let keys: Vec<_> = entries.iter().map(|entry| entry.key.clone()).collect();
        let policies = records.get_many::<ManagedPolicy>(&keys).await?;
        total += policies.iter().flatten().map(|policy| policy.value.versions.len()).sum::<usize>();
        after = entries.into_iter().next_back();
        if after.is_none() {
            return u64::try_from(total).map_err(ApiError::internal);
        }
    }
}
