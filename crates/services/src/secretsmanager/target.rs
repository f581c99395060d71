//! The secret that a request is about, before it may be known whether it exists.

use crate::authz::Resource;
use crate::error::ApiError;
use crate::operation::Cx;
use crate::records::Stored;
use crate::secretsmanager::secret::{Secret, secret_key};
use std::sync::Arc;
use strongroom_types::{AccountId, SecretId, SecretName, limits};
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
        let account = match id {
            SecretId::Arn { region, .. } if region != cx.region() => {
                return Ok(Self { id: id.clone(), found: None });
            }
            SecretId::Arn { account, .. } => account,
            SecretId::Name(_) => cx.account(),
        };
        for (name, suffix) in id.candidates() {
            let key = secret_key(account, cx.region(), &name);
            if let Some(found) = cx.house.records.get::<Secret>(&key).await?
                && suffix.is_none_or(|suffix| suffix == found.value.arn.suffix)
            {
                return Ok(Self { id: id.clone(), found: Some(found) });
            }
        }
        Ok(Self { id: id.clone(), found: None })
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

    fn event_type(&self) -> Option<&'static str> {
        self.found.as_ref().map(|_| "AWS::SecretsManager::Secret")
    }
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
