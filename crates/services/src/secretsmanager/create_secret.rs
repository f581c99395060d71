//! CreateSecret: a new secret, with or without a first value.
//!
//! AWS: a retry with the same token and the same value succeeds although the name is taken by now; the same token with
//! another value is `ResourceExistsException`, recorded in `aws-behaviour.md`.

use crate::authz::Grant;
use crate::conditions::{Values, flag, one, request_tags, some};
use crate::error::{ApiError, ErrorCode};
use crate::kms::{self, Asker, ContextPairs};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::records::Stored;
use crate::secretsmanager::access::Access;
use crate::secretsmanager::copying::may_seal_replicas;
use crate::secretsmanager::cross_account::{CrossAccount, Link};
use crate::secretsmanager::encryption_context::{bound, parse_context};
use crate::secretsmanager::members::{
    ReplicaRegionInput, ReplicationStatusMember, TagInput, check_replicas, check_tags, check_texts,
    check_token, new_replicas, parse_name, replica_regions, replication_status, required_token,
    tags_of,
};
use crate::secretsmanager::secret::{Replica, Secret, Uid, merge_tags, secret_key};
use crate::secretsmanager::target::NewSecret;
use crate::secretsmanager::value::{
    NewContent, SecretValue, Use, check_key, check_value, is_same, one_value, place, seal,
    token_in_use,
};
use crate::secretsmanager::version::{find_version, version_key};
use serde::{Deserialize, Serialize};
use strongroom_store::{Expect, Write};
use strongroom_types::{
    ArnSuffix, SecretArn, SecretId, SecretName, Tag, VersionId, VersionStage, limits,
};
use strongroom_wire::sensitive::{SensitiveBlob, SensitiveText};
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[expect(missing_debug_implementations, reason = "holds a secret's value")]
pub struct CreateSecret {
    name: SecretName,
    token: VersionId,
    value: Option<SecretValue>,
    description: Option<String>,
    kms_key_id: Option<String>,
    partner_type: Option<String>,
    tags: Vec<Tag>,
    replicas: Vec<Replica>,
    primary_arn: Option<String>,
    context: ContextPairs,
}

/// The request on the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
#[expect(missing_debug_implementations, reason = "holds a secret's value")]
pub struct Input {
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_request_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    #[serde(skip_serializing)]
    secret_binary: Option<SensitiveBlob>,
    #[serde(skip_serializing)]
    secret_string: Option<SensitiveText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Object<TagInput>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    add_replica_regions: Option<Vec<Object<ReplicaRegionInput>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_overwrite_replica_secret: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
    #[serde(
        rename(deserialize = "CrossAccountPrimaryARN"),
        skip_serializing_if = "Option::is_none"
    )]
    cross_account_primary_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context: Option<ContextPairs>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replication_status: Option<Vec<ReplicationStatusMember>>,
}

impl Operation for CreateSecret {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "CreateSecret",
        effect: Effect::Write,
        summary: "Makes a secret, with or without a first value.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = NewSecret;

    fn further_actions(&self) -> Vec<&'static str> {
        let tags = (!self.tags.is_empty()).then_some("secretsmanager:TagResource");
        let replicas =
            (!self.replicas.is_empty()).then_some("secretsmanager:ReplicateSecretToRegions");
        let policy = self.primary_arn.as_ref().map(|_| "secretsmanager:PutResourcePolicy");
        tags.into_iter().chain(replicas).chain(policy).collect()
    }

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "secretsmanager:addreplicaregions" => replica_regions(&self.replicas),
            "secretsmanager:description" => some(self.description.as_deref()),
            "secretsmanager:forceoverwritereplicasecret" => {
                self.replicas.first().and_then(|replica| flag(replica.overwrite))
            }
            "secretsmanager:kmskeyarn" | "secretsmanager:kmskeyid" => {
                some(self.kms_key_id.as_deref())
            }
            "secretsmanager:name" => one(self.name.as_str()),
            "secretsmanager:type" => some(self.partner_type.as_deref()),
            _ => request_tags(&self.tags, key),
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check.required_length("name", input.name.as_deref(), 1..=limits::NAME_CHARS_MAX);
        check_token(&mut check, input.client_request_token.as_deref());
        check_texts(
            &mut check,
            input.description.as_deref(),
            input.kms_key_id.as_deref(),
            input.r#type.as_deref(),
        );
        check_value(&mut check, input.secret_string.as_ref(), input.secret_binary.as_ref());
        check_tags(&mut check, input.tags.as_deref());
        check_replicas(&mut check, input.add_replica_regions.as_deref());
        check.length(
            "crossAccountPrimaryARN",
            input.cross_account_primary_arn.as_deref(),
            20..=2048,
        );
        check.finish().map_err(ApiError::validation)?;
        let primary_arn = primary_arn(&input)?;
        let overwrite = input.force_overwrite_replica_secret.unwrap_or(false);
        Ok(Self {
            name: parse_name(&input.name.unwrap_or_default())?,
            token: required_token(
                input.client_request_token.as_deref(),
                ErrorCode::InvalidRequest,
            )?,
            value: one_value(input.secret_string, input.secret_binary)?,
            description: input.description,
            kms_key_id: input.kms_key_id.filter(|key| !key.is_empty()),
            partner_type: input.r#type.filter(|text| !text.is_empty()),
            tags: tags_of(input.tags)?,
            replicas: new_replicas(input.add_replica_regions, overwrite)?,
            primary_arn,
            context: parse_context(input.encryption_context)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<NewSecret, ApiError> {
        let key = secret_key(cx.account(), cx.region(), self.name.as_str());
        let taken = cx.house.records.get::<Secret>(&key).await?;
        Ok(NewSecret { name: self.name.clone(), taken })
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<NewSecret>) -> Result<Done<Output>, ApiError> {
        if let Some(taken) = &grant.taken {
            return self.retry_or_refuse(cx, taken).await;
        }
        self.check_primary(cx)?;
        let secret = self.new_secret(cx).await?;
        let mut writes = vec![
            cx.house.records.put(cx.entropy(), secret.key(), &secret, Expect::Absent)?,
            cx.house.records.put(
                cx.entropy(),
                secret.key(),
                &Access::never(&secret),
                Expect::Any,
            )?,
        ];
        match &self.value {
            Some(value) => writes.push(self.first_version(cx, &secret, value).await?),
            None => check_key(cx, &secret).await?,
        }
        Ok(Done::change(self.output(&secret), writes))
    }
}

/// The primary of a replica in another account. API reference: it takes its value and nothing else from there, so the
/// request has none; messages inferred. AWS demands a customer managed key, too; here any key does.
fn primary_arn(input: &Input) -> Result<Option<String>, ApiError> {
    let Some(arn) = &input.cross_account_primary_arn else { return Ok(None) };
    if !matches!(SecretId::parse(arn), Ok(SecretId::Arn { .. })) {
        return Err(ApiError::invalid_parameter("The ARN of the primary secret is not valid."));
    }
    let has_more = input.secret_string.is_some()
        || input.secret_binary.is_some()
        || input.description.is_some()
        || input.add_replica_regions.is_some()
        || input.r#type.is_some();
    if has_more {
        return Err(ApiError::invalid_parameter(
            "You can't specify SecretString, SecretBinary, Description, AddReplicaRegions, or Type for a cross-account \
             replica secret.",
        ));
    }
    Ok(Some(arn.clone()))
}

impl CreateSecret {
    fn check_primary(&self, cx: &Cx<'_>) -> Result<(), ApiError> {
        let Some(arn) = &self.primary_arn else { return Ok(()) };
        match SecretId::parse(arn) {
            Ok(SecretId::Arn { region, account, .. })
                if region == *cx.region() && account != *cx.account() =>
            {
                Ok(())
            }
            _ => Err(ApiError::invalid_parameter(
                "The primary secret must be in another account and in the Region of the replica secret.",
            )),
        }
    }

    async fn new_secret(&self, cx: &Cx<'_>) -> Result<Secret, ApiError> {
        let arn = SecretArn {
            region: cx.region().clone(),
            account: cx.account().clone(),
            name: self.name.clone(),
            suffix: ArnSuffix::random(cx.entropy()),
        };
        let mut secret = Secret::new(arn, Uid::new(cx.entropy(), cx.now), cx.now);
        secret.description.clone_from(&self.description);
        secret.partner_type.clone_from(&self.partner_type);
        if let Some(arn) = &self.primary_arn {
            secret.cross_account = CrossAccount::Replica(Box::new(Link::pending(arn.clone())));
        }
        let named = self.kms_key_id.as_deref();
        secret.kms_key_id = kms::stored_name(Asker::Caller(cx), place(&secret), named).await?;
        if !self.tags.is_empty() {
            merge_tags(&mut secret.tags, &self.tags)?;
        }
        if !self.replicas.is_empty() {
            may_seal_replicas(cx, &secret, &self.replicas).await?;
            secret.add_replicas(self.replicas.clone())?;
        }
        if self.value.is_some() {
            secret.attach_stages(&self.token, cx.now, &[VersionStage::current()])?;
        }
        Ok(secret)
    }

    async fn first_version(
        &self,
        cx: &Cx<'_>,
        secret: &Secret,
        value: &SecretValue,
    ) -> Result<Write, ApiError> {
        let bound = bound(secret, &self.context)?;
        let new = NewContent { id: self.token.clone(), created: cx.now, value, bound };
        let version = seal(Asker::Caller(cx), secret, new).await?;
        cx.house.records.put(
            cx.entropy(),
            version_key(secret.uid, &self.token),
            &version,
            Expect::Absent,
        )
    }

    /// The name is taken: by an earlier try of this very request, or by something else.
    async fn retry_or_refuse(
        &self,
        cx: &Cx<'_>,
        taken: &Stored<Secret>,
    ) -> Result<Done<Output>, ApiError> {
        let secret = &taken.value;
        if secret.deletion.is_some() {
            return Err(ApiError::invalid_request(
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ));
        }
        let exists = || {
            let message =
                format!("The operation failed because the secret {} already exists.", self.name);
            ApiError::new(ErrorCode::ResourceExists, message)
        };
        let value = self.value.as_ref().ok_or_else(exists)?;
        let found = find_version(&cx.house.records, secret.uid, &self.token).await?;
        let version = found.ok_or_else(exists)?;
        let bound = bound(secret, &self.context)?;
        if is_same(Use::unread_by(cx), secret, &version.value, (value, &bound)).await? {
            Ok(Done::read(self.output(secret)))
        } else {
            Err(token_in_use(&self.token, secret))
        }
    }

    fn output(&self, secret: &Secret) -> Output {
        Output {
            arn: secret.arn_text().to_owned(),
            name: secret.arn.name.to_string(),
            version_id: self.value.as_ref().map(|_| self.token.to_string()),
            replication_status: replication_status(secret),
        }
    }
}
