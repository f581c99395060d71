//! ReplicateKey: makes a related key in another Region out of a multi-Region primary key.

use crate::authz::{Grant, WholeAccount, authorize};
use crate::conditions::{Asked, Values, flag, one, request_tags};
use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::KeyName;
use crate::kms::for_secrets::Place;
use crate::kms::key::Key;
use crate::kms::key_policy::{check_policy, default_policy, put_policy};
use crate::kms::members::{TagMember, add_tags, check_key_id, check_tags, parse_tags};
use crate::kms::metadata::KeyMetadata;
use crate::kms::multi_region::{changed_with_set, is_own};
use crate::kms::target::{KeyTarget, record_key};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::{Expect, Write};
use strongroom_types::{Region, Tag, limits};
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct ReplicateKey {
    key_id: String,
    region: Region,
    policy: Option<String>,
    is_lockout_allowed: bool,
    description: String,
    tags: Vec<Tag>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    replica_region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bypass_policy_lockout_safety_check: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Object<TagMember>>>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the members' names are AWS's")]
pub struct Output {
    replica_key_metadata: KeyMetadata,
    replica_policy: String,
    replica_tags: Vec<TagMember>,
}

/// Checks a required name of a Region. Model: `RegionType`.
pub(super) fn check_region(check: &mut Constraints, member: &str, region: Option<&str>) {
    check.required_length(member, region, 1..=32);
    check.pattern(member, region, r"^([a-z]+-){2,3}\d+$", |text| {
        let words = text.split('-').count();
        Region::parse(text).is_ok() && (3..=4).contains(&words)
    });
}

/// A name of a Region that was checked.
pub(super) fn parse_region(region: Option<String>) -> Result<Region, ApiError> {
    Region::parse(&region.unwrap_or_default()).map_err(ApiError::internal)
}

impl Operation for ReplicateKey {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "ReplicateKey",
        effect: Effect::Write,
        summary: "Makes a related key in another Region.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "kms:replicaregion" => one(self.region.as_str()),
            "kms:bypasspolicylockoutsafetycheck" => flag(self.is_lockout_allowed),
            _ => request_tags(&self.tags, key),
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_region(&mut check, "replicaRegion", input.replica_region.as_deref());
        check_policy(&mut check, input.policy.as_deref());
        check.length("description", input.description.as_deref(), 0..=8192);
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let tags = parse_tags(input.tags)?;
        add_tags(&mut Vec::new(), &tags)?;
        Ok(Self {
            key_id: input.key_id.unwrap_or_default(),
            region: parse_region(input.replica_region)?,
            policy: input.policy,
            is_lockout_allowed: input.bypass_policy_lockout_safety_check.unwrap_or(false),
            description: input.description.unwrap_or_default(),
            tags,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        KeyTarget::load(cx, &KeyName::parse_key(&self.key_id, cx.region())?).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        is_own(cx, &grant)?;
        let (primary, arn) = (&grant.found()?.value, grant.arn_text());
        primary.in_use(&arn, cx.now)?;
        primary.is_multi_region_primary(&arn)?;
        self.may_create(cx, primary).await?;
        self.is_possible(cx)?;
        let name = KeyName::of_id(&*primary.id);
        let place = Place { account: cx.account(), region: &self.region };
        let there = KeyTarget::find(cx.house, cx.account(), place, &name).await?;
        if self.region == *cx.region() || there.found().is_ok() {
            return Err(exists());
        }
        let (replica, writes) = self.replicated(cx, &grant, &there).await?;
        Ok(Done::change(
            Output {
                replica_key_metadata: KeyMetadata::of_target(&there, &replica, cx.now),
                replica_policy: replica.policy.text().to_owned(),
                replica_tags: replica.tags.iter().map(TagMember::from).collect(),
            },
            writes,
        ))
    }
}

impl ReplicateKey {
    /// KMS API reference, `ReplicateKey`: besides its own permission, that to make a key in the replica's Region.
    async fn may_create(&self, cx: &Cx<'_>, primary: &Key) -> Result<(), ApiError> {
        let asked = NewReplica { operation: self, primary };
        authorize(cx, "kms:CreateKey", &asked, WholeAccount).await?;
        if !self.tags.is_empty() {
            authorize(cx, "kms:TagResource", &asked, WholeAccount).await?;
        }
        Ok(())
    }

    /// Documented; messages inferred.
    fn is_possible(&self, cx: &Cx<'_>) -> Result<(), ApiError> {
        let is_taken = cx.house.settings.takes(&self.region);
        if is_taken && self.region.partition() == cx.region().partition() {
            return Ok(());
        }
        let message = format!("Replica region {} is not supported.", self.region);
        Err(ApiError::new(ErrorCode::UnsupportedOperation, message))
    }

    /// The replica, and the writes that store it and tell all keys of the set of it.
    async fn replicated(
        &self,
        cx: &Cx<'_>,
        primary: &KeyTarget,
        there: &KeyTarget,
    ) -> Result<(Key, Vec<Write>), ApiError> {
        let mut replica = None;
        let mut writes = changed_with_set(cx, primary, |key| {
            if let Some(set) = &mut key.multi_region {
                if set.replicas.len() >= limits::KEY_REPLICAS_MAX {
                    return Err(ApiError::limit_exceeded("Too many replica keys."));
                }
                set.replicas.push(self.region.clone());
            }
            replica = Some(key.replica(&self.region, cx.now));
            Ok(())
        })
        .await?;
        let mut replica = replica.ok_or_else(|| ApiError::internal("a primary went unchanged"))?;
        replica.description.clone_from(&self.description);
        replica.tags.clone_from(&self.tags);
        let (text, is_lockout_allowed) = match &self.policy {
            Some(text) => (text.clone(), self.is_lockout_allowed),
            None => (default_policy(cx.account(), &self.region), true),
        };
        put_policy(cx, &mut replica, (&text, there), is_lockout_allowed).await?;
        let record = record_key(cx.account(), &self.region, &replica.id);
        writes.push(cx.house.records.put(cx.entropy(), record, &replica, Expect::Absent)?);
        Ok((replica, writes))
    }
}

/// Condition keys of the CreateKey that is part of it.
struct NewReplica<'a> {
    operation: &'a ReplicateKey,
    primary: &'a Key,
}

impl Asked for NewReplica<'_> {
    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "kms:keyspec" | "kms:customermasterkeyspec" => one(self.primary.spec.as_str()),
            "kms:keyusage" | "kms:customermasterkeyusage" => one(self.primary.usage.as_str()),
            "kms:keyorigin" => one(self.primary.origin.as_str()),
            "kms:multiregion" => flag(true),
            "kms:multiregionkeytype" => one("REPLICA"),
            _ => self.operation.condition(key),
        }
    }
}

/// Message recorded. AWS: so it is, too, while the replica waits for its deletion.
fn exists() -> ApiError {
    ApiError::new(
        ErrorCode::AlreadyExists,
        "You can create only one replica of each primary key in each AWS Region.",
    )
}
