//! Members that several operations share on the wire.

use crate::conditions::Values;
use crate::error::{ApiError, ErrorCode};
use crate::secretsmanager::secret::{Replica, ReplicaStatus, Replication, Secret};
use crate::secretsmanager::target::INVALID_NAME;
use serde::{Deserialize, Serialize};
use strongroom_types::{Region, SecretId, SecretName, Tag, VersionId, VersionStage, limits};
use strongroom_wire::{Constraints, Object};

/// A tag.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub(super) struct TagInput {
    key: Option<String>,
    value: Option<String>,
}

/// Checks the lengths of tags. Model: key 1 to 128, value 0 to 256 characters.
pub(super) fn check_tags(check: &mut Constraints, tags: Option<&[Object<TagInput>]>) {
    for (place, Object(tag)) in tags.unwrap_or_default().iter().enumerate() {
        let place = place + 1;
        let key = format!("tags.{place}.member.key");
        check.length(&key, tag.key.as_deref(), 1..=limits::TAG_KEY_CHARS_MAX);
        let value = format!("tags.{place}.member.value");
        check.length(&value, tag.value.as_deref(), 0..=limits::TAG_VALUE_CHARS_MAX);
    }
}

/// The tags, each with a key, no key twice and none of AWS's own.
pub(super) fn tags_of(tags: Option<Vec<Object<TagInput>>>) -> Result<Vec<Tag>, ApiError> {
    let mut result: Vec<Tag> = Vec::new();
    for Object(tag) in tags.unwrap_or_default() {
        let key =
            tag.key.ok_or_else(|| ApiError::invalid_parameter("Each tag must have a key."))?;
        check_tag_key(&key)?;
        if result.iter().any(|held| held.key == key) {
            return Err(ApiError::invalid_parameter(
                "You can't use the same tag key more than once in a request.",
            ));
        }
        result.push(Tag { key, value: tag.value.unwrap_or_default() });
    }
    Ok(result)
}

/// AWS: recorded; its own tags are not the caller's to set or remove.
pub(super) fn check_tag_key(key: &str) -> Result<(), ApiError> {
    if key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
        let message = format!("You can't modify system tags. Tag key: '{key}'.");
        return Err(ApiError::invalid_parameter(message));
    }
    Ok(())
}

/// A tag in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagMember {
    key: String,
    value: String,
}

/// Tags in an answer: absent until there was one.
pub(super) fn tag_members(secret: &Secret) -> Option<Vec<TagMember>> {
    let member = |tag: &Tag| TagMember { key: tag.key.clone(), value: tag.value.clone() };
    secret.tags.as_ref().map(|tags| tags.iter().map(member).collect())
}

/// A region to replicate to.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub(super) struct ReplicaRegionInput {
    region: Option<String>,
    kms_key_id: Option<String>,
}

/// Checks the members of `AddReplicaRegions`.
pub(super) fn check_replicas(
    check: &mut Constraints,
    replicas: Option<&[Object<ReplicaRegionInput>]>,
) {
    check.count("addReplicaRegions", replicas, 1..=usize::MAX);
    for (place, Object(replica)) in replicas.unwrap_or_default().iter().enumerate() {
        let place = place + 1;
        check_region(
            check,
            &format!("addReplicaRegions.{place}.member.region"),
            replica.region.as_deref(),
        );
        let key = format!("addReplicaRegions.{place}.member.kmsKeyId");
        check.length(&key, replica.kms_key_id.as_deref(), 0..=limits::KMS_KEY_ID_CHARS_MAX);
    }
}

/// Checks a region name. Model: `RegionType`.
pub(super) fn check_region(check: &mut Constraints, member: &str, region: Option<&str>) {
    check.length(member, region, 1..=limits::REGION_CHARS_MAX);
    if region.is_some_and(|region| region.len() <= limits::REGION_CHARS_MAX && !region.is_empty()) {
        check.pattern(member, region, "^([a-z]+-)+\\d+$", |region| Region::parse(region).is_ok());
    }
}

/// Replicas that are still to be made.
pub(super) fn new_replicas(
    replicas: Option<Vec<Object<ReplicaRegionInput>>>,
    overwrite: bool,
) -> Result<Vec<Replica>, ApiError> {
    let mut result: Vec<Replica> = Vec::new();
    for Object(replica) in replicas.unwrap_or_default() {
        let region = replica.region.and_then(|region| Region::parse(&region).ok());
        let region = region
            .ok_or_else(|| ApiError::invalid_parameter("Each replica must have a region."))?;
        if result.iter().any(|held| held.region == region) {
            return Err(ApiError::invalid_parameter(format!(
                "Duplicate region {region} in the replica regions."
            )));
        }
        result.push(Replica {
            region,
            kms_key_id: replica.kms_key_id.filter(|key| !key.is_empty()),
            status: ReplicaStatus::InProgress,
            status_message: None,
            overwrite,
        });
    }
    Ok(result)
}

/// `secretsmanager:AddReplicaRegions`; absent if there are none.
pub(super) fn replica_regions(replicas: &[Replica]) -> Values<'_> {
    let regions: Vec<_> = replicas.iter().map(|replica| replica.region.as_str().into()).collect();
    (!regions.is_empty()).then_some(regions)
}

/// How a replica stands, in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReplicationStatusMember {
    region: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<String>,
}

/// The replicas of a primary in an answer; absent if it has none.
pub(super) fn replication_status(secret: &Secret) -> Option<Vec<ReplicationStatusMember>> {
    let Replication::Primary { replicas, .. } = &secret.replication else { return None };
    let member = |replica: &Replica| ReplicationStatusMember {
        region: replica.region.to_string(),
        kms_key_id: replica.kms_key_id.clone(),
        status: replica.status.as_str(),
        status_message: replica.status_message.clone(),
    };
    (!replicas.is_empty()).then(|| replicas.iter().map(member).collect())
}

/// Checks `CrossAccountReplicaARN`. Model: `SecretARNType`.
pub(super) fn check_replica_arn(check: &mut Constraints, arn: Option<&str>) {
    check.required_length("crossAccountReplicaARN", arn, 20..=2048);
}

/// The ARN of a replica in another account. Message inferred.
pub(super) fn parse_replica_arn(arn: Option<String>) -> Result<SecretId, ApiError> {
    match SecretId::parse(&arn.unwrap_or_default()) {
        Ok(id @ SecretId::Arn { .. }) => Ok(id),
        Ok(SecretId::Name(_)) | Err(_) => {
            Err(ApiError::invalid_parameter("The ARN of the replica secret is not valid."))
        }
    }
}

/// Checks the length of a token.
pub(super) fn check_token(check: &mut Constraints, token: Option<&str>) {
    check.length(
        "clientRequestToken",
        token,
        limits::VERSION_ID_CHARS_MIN..=limits::VERSION_ID_CHARS_MAX,
    );
}

/// AWS's answer to a raw request without a token. Recorded.
pub(super) const TOKEN_MISSING: &str =
    "You must provide a ClientRequestToken value. We recommend a UUID-type value.";

/// The token as a version id. SDKs fill it in; a raw request without one is refused before anything is looked up.
pub(super) fn required_token(token: Option<&str>, code: ErrorCode) -> Result<VersionId, ApiError> {
    let token = token.ok_or_else(|| ApiError::new(code, TOKEN_MISSING))?;
    VersionId::parse(token).map_err(ApiError::internal)
}

/// Reads a secret's name.
pub(super) fn parse_name(name: &str) -> Result<SecretName, ApiError> {
    SecretName::parse(name).map_err(|_| ApiError::validation(INVALID_NAME))
}

/// Checks a list of staging labels. Model: 1 to 20 labels of 1 to 256 characters.
pub(super) fn check_stages(check: &mut Constraints, stages: Option<&[String]>) {
    check.count("versionStages", stages, 1..=limits::STAGES_PER_VERSION_MAX);
    for (place, stage) in stages.unwrap_or_default().iter().enumerate() {
        let member = format!("versionStages.{}.member", place + 1);
        check.length(&member, Some(stage), 1..=limits::STAGE_CHARS_MAX);
    }
}

/// The labels, each once.
pub(super) fn parse_stages(stages: &[String]) -> Result<Vec<VersionStage>, ApiError> {
    let mut result: Vec<VersionStage> = Vec::new();
    for stage in stages {
        let stage = VersionStage::parse(stage).map_err(ApiError::internal)?;
        if !result.contains(&stage) {
            result.push(stage);
        }
    }
    Ok(result)
}

/// The labels of a version in an answer.
pub(super) fn stage_members(stages: &[VersionStage]) -> Vec<String> {
    stages.iter().map(ToString::to_string).collect()
}

/// Checks `Description`, `KmsKeyId` and `Type`.
pub(super) fn check_texts(
    check: &mut Constraints,
    description: Option<&str>,
    kms_key_id: Option<&str>,
    secret_type: Option<&str>,
) {
    check.length("description", description, 0..=limits::DESCRIPTION_CHARS_MAX);
    check.length("kmsKeyId", kms_key_id, 0..=limits::KMS_KEY_ID_CHARS_MAX);
    check.length("type", secret_type, 0..=limits::TYPE_CHARS_MAX);
}

/// An answer that only says which secret it was.
#[derive(Debug, Serialize)]
pub struct NamedSecret {
    #[serde(rename = "ARN")]
    arn: String,
    #[serde(rename = "Name")]
    name: String,
}

impl NamedSecret {
    /// Of this secret.
    pub fn of(secret: &Secret) -> Self {
        Self { arn: secret.arn_text().to_owned(), name: secret.arn.name.to_string() }
    }
}

/// An answer that says how a secret's replicas stand.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplicatedSecret {
    #[serde(rename = "ARN")]
    arn: String,
    replication_status: Vec<ReplicationStatusMember>,
}

impl ReplicatedSecret {
    /// Of this secret.
    pub fn of(secret: &Secret) -> Self {
        let replication_status = replication_status(secret).unwrap_or_default();
        Self { arn: secret.arn_text().to_owned(), replication_status }
    }
}

/// An answer without members.
#[derive(Debug, Serialize)]
pub struct Empty {}
