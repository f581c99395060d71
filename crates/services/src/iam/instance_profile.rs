//! The instance profile: a role under another name, for machines.

use crate::authz::Resource;
use crate::conditions::{Values, tag_value};
use crate::error::{ApiError, ErrorCode};
use crate::iam::entity::{Naming, entity_key, find};
use crate::iam::members::{TagMember, some_tag_members, tag_members};
use crate::iam::role::Role;
use crate::iam::role_member::RoleMember;
use crate::operation::Cx;
use crate::records::{RecordType, Records, Stored, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_store::{
    Change, Direction, Expect, Index, Kind, PageQuery, StoreError, Term, Write,
};
use strongroom_types::{AccountId, Tag, Timestamp, limits};
use strongroom_wire::{Constraints, iso8601};
use zeroize::Zeroizing;

/// The kind of record that holds an instance profile.
pub(super) const INSTANCE_PROFILE: Kind = Kind { id: 34, name: "IAM instance profile" };
/// Instance profiles by account and name.
pub(super) const PROFILES: Index = Index { id: 44, name: "instance profiles by name" };
/// Instance profiles by the unique id of their role.
pub(super) const PROFILES_BY_ROLE: Index = Index { id: 45, name: "instance profiles by role" };

/// An instance profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// Which it is.
    pub naming: Naming,
    /// Unique id and name of its role: one at most.
    pub role: Option<(String, String)>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

impl InstanceProfile {
    /// Its ARN.
    pub fn arn(&self) -> String {
        self.naming.arn("instance-profile")
    }
}

/// The term under which the profiles of a role are found.
pub(super) fn role_term(role_id: &str) -> Vec<u8> {
    [role_id.as_bytes(), &[0]].concat()
}

/// The instance profiles of a role: as many as one page of a list may hold.
pub(super) async fn profiles_of(cx: &Cx<'_>, role: &Role) -> Result<Vec<ProfileMember>, ApiError> {
    let term = role_term(&role.naming.id);
    let query = PageQuery {
        index: PROFILES_BY_ROLE,
        prefix: &term,
        after: None,
        limit: limits::IAM_PAGE_ITEMS_MAX,
        direction: Direction::Ascending,
    };
    let entries = cx.house.records.page(query).await?;
    let keys: Vec<_> = entries.into_iter().map(|entry| entry.key).collect();
    let found = cx.house.records.get_many::<InstanceProfile>(&keys).await?;
    let mut members = Vec::with_capacity(found.len());
    for profile in found.iter().flatten() {
        members.push(ProfileMember::listed(&cx.house.records, &profile.value).await?);
    }
    Ok(members)
}

/// Whether a role is in an instance profile.
pub(super) async fn is_in_profile(cx: &Cx<'_>, role: &Role) -> Result<bool, ApiError> {
    let term = role_term(&role.naming.id);
    let query = PageQuery {
        index: PROFILES_BY_ROLE,
        prefix: &term,
        after: None,
        limit: 1,
        direction: Direction::Ascending,
    };
    Ok(!cx.house.records.page(query).await?.is_empty())
}

impl RecordType for InstanceProfile {
    const KIND: Kind = INSTANCE_PROFILE;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, key: &[u8]) -> Vec<Term> {
        let mut terms = vec![Term { index: PROFILES, term: key.to_vec() }];
        let of_role =
            |(id, _): &(String, String)| Term { index: PROFILES_BY_ROLE, term: role_term(id) };
        terms.extend(self.role.iter().map(of_role));
        terms
    }
}

/// Checks a profile's name. Model: `instanceProfileNameType`.
pub(super) fn check_profile_name(check: &mut Constraints, name: Option<&str>) {
    check.required_length("instanceProfileName", name, 1..=limits::IAM_NAME_CHARS_MAX);
}

/// An instance profile by its name, there or not.
#[derive(Debug)]
pub struct ProfileTarget {
    account: AccountId,
    name: String,
    path: String,
    /// What has the name.
    pub found: Option<Arc<Stored<InstanceProfile>>>,
}

impl ProfileTarget {
    /// Looks it up.
    pub(super) async fn load(cx: &Cx<'_>, name: &str) -> Result<Self, ApiError> {
        Self::load_under(cx, "/", name).await
    }

    /// Looks up a name that is to be taken under a path.
    pub(super) async fn load_under(cx: &Cx<'_>, path: &str, name: &str) -> Result<Self, ApiError> {
        let found = find::<InstanceProfile>(&cx.house.records, cx.account(), name).await?;
        let (account, name, path) = (cx.account().clone(), name.to_owned(), path.to_owned());
        Ok(Self { account, name, path, found })
    }

    /// It, or `NoSuchEntity`.
    pub(super) fn found(&self) -> Result<&Arc<Stored<InstanceProfile>>, ApiError> {
        self.found.as_ref().ok_or_else(|| {
            let message = format!("Instance Profile {} cannot be found.", self.name);
            ApiError::new(ErrorCode::NoSuchEntity, message)
        })
    }

    /// The write that puts it changed in place of what was read, or as a new one.
    pub(super) fn put(&self, cx: &Cx<'_>, changed: &InstanceProfile) -> Result<Write, ApiError> {
        let expect = self.found.as_ref().map_or(Expect::Absent, |found| Expect::At(found.revision));
        let key = entity_key(&self.account, &self.name);
        cx.house.records.put(cx.entropy(), key, changed, expect)
    }

    /// The write that removes it.
    pub(super) fn delete(&self) -> Result<Write, ApiError> {
        let stored = self.found()?;
        Ok(Write {
            kind: INSTANCE_PROFILE,
            key: stored.key.clone(),
            expect: Expect::At(stored.revision),
            change: Change::Delete,
        })
    }
}

impl Resource for ProfileTarget {
    fn account<'a>(&'a self, _cx: &'a Cx<'_>) -> &'a AccountId {
        &self.account
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        self.found.as_ref().map_or_else(
            || format!("arn:aws:iam::{}:instance-profile{}{}", self.account, self.path, self.name),
            |found| found.value.arn(),
        )
    }

    fn named(&self, _cx: &Cx<'_>) -> String {
        format!("instance profile {}", self.name)
    }

    fn condition<'a>(&'a self, _cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        let profile = &self.found.as_ref()?.value;
        tag_value(&profile.tags, key, "aws:resourcetag/")
            .or_else(|| tag_value(&profile.tags, key, "iam:resourcetag/"))
    }
}

/// An instance profile in an answer. Model: `InstanceProfile`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ProfileMember {
    path: String,
    instance_profile_name: String,
    instance_profile_id: String,
    arn: String,
    #[serde(serialize_with = "iso8601::serialize")]
    create_date: Timestamp,
    roles: Vec<RoleMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<TagMember>>,
}

impl ProfileMember {
    /// As lists answer: without tags. Recorded.
    pub(super) async fn listed(
        records: &Records,
        profile: &InstanceProfile,
    ) -> Result<Self, ApiError> {
        let naming = &profile.naming;
        let mut roles = Vec::new();
        if let Some((_, name)) = &profile.role
            && let Some(role) = find::<Role>(records, &naming.account, name).await?
        {
            roles.push(RoleMember::brief(records, &role.value).await?);
        }
        Ok(Self {
            path: naming.path.clone(),
            instance_profile_name: naming.name.clone(),
            instance_profile_id: naming.id.clone(),
            arn: profile.arn(),
            create_date: naming.created,
            roles,
            tags: None,
        })
    }

    /// As `CreateInstanceProfile` answers: with tags, if there are any. Recorded.
    pub(super) async fn made(
        records: &Records,
        profile: &InstanceProfile,
    ) -> Result<Self, ApiError> {
        let tags = some_tag_members(&profile.tags);
        Ok(Self { tags, ..Self::listed(records, profile).await? })
    }

    /// As `GetInstanceProfile` answers: with tags, also with none. Recorded.
    pub(super) async fn whole(
        records: &Records,
        profile: &InstanceProfile,
    ) -> Result<Self, ApiError> {
        let tags = Some(tag_members(&profile.tags));
        Ok(Self { tags, ..Self::listed(records, profile).await? })
    }
}
