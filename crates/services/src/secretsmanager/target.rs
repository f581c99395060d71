//! The secret that a request is about, before it may be known whether it exists.

use crate::authz::{OwnPolicy, Resource};
use crate::conditions::{Values, one, some, tag_value};
use crate::error::ApiError;
use crate::operation::Cx;
use crate::records::{Records, Stored};
use crate::secretsmanager::secret::{Secret, secret_key};
use std::sync::Arc;
use strongroom_iam::ResourceRule;
use strongroom_types::{AccountId, Region, SecretId, SecretName, limits};
use strongroom_wire::Constraints;

/// AWS's answer to an ill-formed name or id. Recorded, in all ten operations tried.
pub(super) const INVALID_NAME: &str = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";

/// What was found under a `SecretId`.
#[derive(Debug)]
pub struct SecretTarget {
    id: SecretId,
    found: Option<Arc<Stored<Secret>>>,
}

impl SecretTarget {
    /// Looks the secret up. A name means the caller's account and region; an ARN of another region finds nothing here.
    pub async fn load(cx: &Cx<'_>, id: &SecretId) -> Result<Self, ApiError> {
        let found = match id {
            SecretId::Arn { region, .. } if region != cx.region() => None,
            SecretId::Arn { .. } | SecretId::Name(_) => {
                find_secret(&cx.house.records, cx.account(), cx.region(), id).await?
            }
        };
        Ok(Self { id: id.clone(), found })
    }

    /// The secret, or AWS's answer that there is none.
    pub fn found(&self) -> Result<&Arc<Stored<Secret>>, ApiError> {
        self.found
            .as_ref()
            .ok_or_else(|| ApiError::not_found("Secrets Manager can't find the specified secret."))
    }

    /// The secret, if it is there.
    pub fn maybe(&self) -> Option<&Stored<Secret>> {
        self.found.as_deref()
    }
}

impl Resource for SecretTarget {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        match (&self.found, &self.id) {
            (Some(found), _) => &found.value.arn.account,
            (None, SecretId::Arn { account, .. }) => account,
            (None, SecretId::Name(_)) => cx.account(),
        }
    }

    fn arn(&self, cx: &Cx<'_>) -> String {
        let (region, account, resource) = match (&self.found, &self.id) {
            (Some(found), _) => return found.value.arn_text().to_owned(),
            (None, SecretId::Arn { region, account, resource }) => (region, account, resource),
            (None, SecretId::Name(name)) => (cx.region(), cx.account(), name),
        };
        format!("arn:{}:secretsmanager:{region}:{account}:secret:{resource}", region.partition())
    }

    /// AWS: the `SecretId` as it was sent. An ARN with its suffix would say that the secret is there.
    fn named(&self, cx: &Cx<'_>) -> String {
        match &self.id {
            SecretId::Name(name) => name.to_string(),
            SecretId::Arn { .. } => Self { id: self.id.clone(), found: None }.arn(cx),
        }
    }

    fn condition<'a>(&'a self, cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        if key == "secretsmanager:secretid" {
            return one(self.arn(cx));
        }
        let secret = &self.found.as_ref()?.value;
        let tags = secret.tags.as_deref().unwrap_or_default();
        let function =
            || secret.rotation.as_ref().and_then(|rotation| rotation.lambda_arn.as_deref());
        match key {
            "secretsmanager:resource/type" => some(secret.partner_type.as_deref()),
            "secretsmanager:resource/allowrotationlambdaarn" => some(function()),
            "secretsmanager:secretprimaryregion" => one(secret.primary_region().as_str()),
            _ => tag_value(tags, key, "aws:resourcetag/")
                .or_else(|| tag_value(tags, key, "secretsmanager:resourcetag/")),
        }
    }

    fn policy(&self) -> Option<OwnPolicy> {
        let policy = self.found.as_ref()?.value.own_policy()?;
        Some(OwnPolicy { policy, rule: ResourceRule::Union })
    }

    fn event_type(&self) -> Option<&'static str> {
        self.found.as_ref().map(|_| "AWS::SecretsManager::Secret")
    }
}

/// The secret that an id means; a name means this account and region.
pub(crate) async fn find_secret(
    records: &Records,
    account: &AccountId,
    region: &Region,
    id: &SecretId,
) -> Result<Option<Arc<Stored<Secret>>>, ApiError> {
    let (account, region) = match id {
        SecretId::Arn { account, region, .. } => (account, region),
        SecretId::Name(_) => (account, region),
    };
    for (name, suffix) in id.candidates() {
        let found = records.get::<Secret>(&secret_key(account, region, name)).await?;
        let is_it = |found: &Arc<Stored<Secret>>| {
            suffix.as_ref().is_none_or(|suffix| *suffix == found.value.arn.suffix)
        };
        if let Some(found) = found.filter(is_it) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The name that `CreateSecret` is to use, and what is there already.
#[derive(Debug)]
pub struct NewSecret {
    /// The name.
    pub name: SecretName,
    /// The secret that has it, marked for deletion or not.
    pub taken: Option<Arc<Stored<Secret>>>,
}

impl Resource for NewSecret {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        cx.account()
    }

    fn arn(&self, cx: &Cx<'_>) -> String {
        let region = cx.region();
        format!(
            "arn:{}:secretsmanager:{region}:{}:secret:{}",
            region.partition(),
            cx.account(),
            self.name
        )
    }

    fn event_type(&self) -> Option<&'static str> {
        Some("AWS::SecretsManager::Secret")
    }
}

/// Checks the length of a required `SecretId`; [`parse_secret_id`] follows when all members have been checked.
pub(super) fn check_secret_id(check: &mut Constraints, id: Option<&str>) {
    check.required_length("secretId", id, 1..=limits::SECRET_ID_CHARS_MAX);
}

/// Reads a `SecretId`.
pub(super) fn parse_secret_id(id: &str) -> Result<SecretId, ApiError> {
    SecretId::parse(id).map_err(|_| ApiError::validation(INVALID_NAME))
}
