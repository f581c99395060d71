//! A secret as `DescribeSecret` and `ListSecrets` show it.

use crate::secretsmanager::members::{TagMember, stage_members, tag_members};
use crate::secretsmanager::secret::{Replication, Rotation, Secret};
use serde::Serialize;
use std::collections::BTreeMap;
use strongroom_types::{Day, Timestamp};
use strongroom_wire::epoch;

/// The members that both answers have.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SecretEntry {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    secret_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_enabled: Option<bool>,
    #[serde(rename = "RotationLambdaARN", skip_serializing_if = "Option::is_none")]
    rotation_lambda_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_rules: Option<RotationRulesMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_secret_rotation_metadata: Option<Vec<MetadataMember>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_secret_rotation_role_arn: Option<String>,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    last_rotated_date: Option<Timestamp>,
    #[serde(serialize_with = "epoch::serialize")]
    last_changed_date: Timestamp,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    last_accessed_date: Option<Timestamp>,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    deleted_date: Option<Timestamp>,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    next_rotation_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<TagMember>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owning_service: Option<String>,
    #[serde(serialize_with = "epoch::serialize")]
    created_date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_region: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RotationRulesMember {
    #[serde(skip_serializing_if = "Option::is_none")]
    automatically_after_days: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_expression: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetadataMember {
    key: String,
    value: String,
}

impl SecretEntry {
    /// The secret's entry.
    pub(super) fn of(secret: &Secret, last_accessed: Option<Day>) -> Self {
        let rotation = secret.rotation.as_deref();
        let enabled = rotation.filter(|rotation| rotation.enabled);
        Self {
            arn: secret.arn_text().to_owned(),
            name: secret.arn.name.to_string(),
            secret_type: secret.partner_type.clone(),
            description: secret.description.clone(),
            kms_key_id: secret.kms_key_id.clone(),
            rotation_enabled: rotation.map(|rotation| rotation.enabled),
            rotation_lambda_arn: rotation.and_then(|rotation| rotation.lambda_arn.clone()),
            rotation_rules: rotation.and_then(rules),
            external_secret_rotation_metadata: rotation.and_then(metadata),
            external_secret_rotation_role_arn: rotation
                .and_then(|rotation| rotation.external_role_arn.clone()),
            last_rotated_date: secret.last_rotated,
            last_changed_date: secret.changed,
            last_accessed_date: last_accessed.map(Day::start),
            deleted_date: secret.deletion.map(|deletion| deletion.due),
            next_rotation_date: enabled.and_then(|rotation| rotation.next),
            tags: tag_members(secret),
            owning_service: secret.owning_service.clone(),
            created_date: secret.created,
            primary_region: primary_region(secret),
        }
    }
}

fn rules(rotation: &Rotation) -> Option<RotationRulesMember> {
    let member = RotationRulesMember {
        automatically_after_days: rotation.automatically_after_days,
        duration: rotation.duration.clone(),
        schedule_expression: rotation.schedule_expression.clone(),
    };
    let is_set = member.automatically_after_days.is_some() || member.schedule_expression.is_some();
    is_set.then_some(member)
}

fn metadata(rotation: &Rotation) -> Option<Vec<MetadataMember>> {
    let member =
        |(key, value): &(String, String)| MetadataMember { key: key.clone(), value: value.clone() };
    let list: Vec<_> = rotation.external_metadata.iter().map(member).collect();
    (!list.is_empty()).then_some(list)
}

fn primary_region(secret: &Secret) -> Option<String> {
    match &secret.replication {
        Replication::None => None,
        Replication::Primary { .. } => Some(secret.arn.region.to_string()),
        Replication::ReplicaOf { primary } => Some(primary.to_string()),
    }
}

/// Each labelled version with its labels.
pub(super) fn stages(secret: &Secret) -> BTreeMap<String, Vec<String>> {
    secret
        .stages
        .iter()
        .map(|version| (version.id.to_string(), stage_members(&version.stages)))
        .collect()
}
