//! RetireGrant: ends a grant that is no longer needed. The grant itself says who may.

use crate::authz::{Grant as Granted, OwnPolicy, Resource};
use crate::conditions::Values;
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::grant::{Grant, grant_key, removal};
use crate::kms::grant_entry::{check_grant_id, no_grant, parse_grant_id};
use crate::kms::grant_party::{Party, meant_as};
use crate::kms::grant_token;
use crate::kms::grant_use::may_use;
use crate::kms::members::{Empty, dry_run};
use crate::kms::target::{ContextPairs, KeyTarget};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::records::Stored;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_iam::{Policy, PolicyKind, ResourceRule};
use strongroom_types::{AccountId, limits};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct RetireGrant {
    named: Named,
    is_dry: bool,
}

/// How the grant is named.
#[derive(Debug)]
enum Named {
    ByToken(String),
    ById { key_id: String, grant_id: String },
}

/// The request on the wire. A token is no credential: it lets nobody do what a grant does not let them do.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
}

/// KMS API reference: a token, or key and grant. Message inferred.
fn parse_named(
    token: Option<String>,
    key_id: Option<String>,
    grant_id: Option<String>,
) -> Result<Named, ApiError> {
    match (token, key_id, grant_id) {
        (Some(token), None, None) => Ok(Named::ByToken(token)),
        (None, Some(key_id), Some(grant_id)) => {
            parse_grant_id(&grant_id)?;
            Ok(Named::ById { key_id, grant_id })
        }
        _ => Err(ApiError::validation(
            "Please specify either a grant token, or both a key ID and a grant ID.",
        )),
    }
}

impl Operation for RetireGrant {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "RetireGrant",
        effect: Effect::Write,
        summary: "Ends a grant that is no longer needed.",
    };
    type Input = Input;
    type Output = Empty;
    type Resource = RetirableGrant;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check.length("grantToken", input.grant_token.as_deref(), 1..=8192);
        check.length("keyId", input.key_id.as_deref(), 1..=limits::KMS_KEY_ID_CHARS_MAX);
        check_grant_id(&mut check, input.grant_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            named: parse_named(input.grant_token, input.key_id, input.grant_id)?,
            is_dry: input.dry_run.unwrap_or(false),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<RetirableGrant, ApiError> {
        let (name, grant_id) = match &self.named {
            Named::ByToken(token) => {
                let named = grant_token::open(cx, token)?;
                let of_account = Some(named.account);
                (KeyName { account: of_account, ..KeyName::of_id(named.key_id) }, named.grant_id)
            }
            Named::ById { key_id, grant_id } => {
                (KeyName::parse_key(key_id, cx.region())?, grant_id.clone())
            }
        };
        let target = KeyTarget::load(cx, &name).await?;
        let found = match target.found() {
            Ok(key) => cx.house.records.get::<Grant>(&grant_key(&key.key, &grant_id)).await?,
            Err(_) => None,
        };
        Ok(RetirableGrant { target, grant_id, found })
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        granted: Granted<RetirableGrant>,
    ) -> Result<Done<Empty>, ApiError> {
        let key = &granted.target.found()?.key;
        let held = granted.found.as_ref().ok_or_else(|| no_grant(&granted.grant_id))?;
        dry_run(self.is_dry)?;
        Ok(Done::change(Empty {}, removal(cx, key, held).await?))
    }
}

/// A grant with its key.
#[derive(Debug)]
pub struct RetirableGrant {
    target: KeyTarget,
    grant_id: String,
    found: Option<Arc<Stored<Grant>>>,
}

impl RetirableGrant {
    /// Accounts whose root may retire it and whose policies may let others: the key's, the one that it was made in, and
    /// one that it names. KMS developer guide, "Retiring and revoking grants".
    fn accounts(&self) -> Vec<AccountId> {
        let mut accounts = vec![self.target.owner().clone()];
        if let Some(held) = &self.found {
            accounts.push(held.value.issuing_account.clone());
            accounts.extend(held.value.retiring.as_ref().and_then(Party::account));
        }
        accounts
    }
}

impl Resource for RetirableGrant {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        self.target.account(cx)
    }

    fn arn(&self, cx: &Cx<'_>) -> String {
        self.target.arn(cx)
    }

    fn named(&self, cx: &Cx<'_>) -> String {
        self.target.named(cx)
    }

    fn tells_reason(&self) -> bool {
        self.target.tells_reason()
    }

    fn condition<'a>(&'a self, cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        self.target.condition(cx, key)
    }

    /// AWS: the key's policy says nothing here. What the accounts may do stands in its place.
    fn policy(&self) -> Option<OwnPolicy> {
        let roots: Vec<_> =
            self.accounts().iter().map(|account| format!("arn:aws:iam::{account}:root")).collect();
        let text = serde_json::json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": { "AWS": roots },
            "Action": "kms:RetireGrant", "Resource": "*",
        }})
        .to_string();
        let kind = PolicyKind::Resource;
        let parsed = Policy::parse("grant", &text, kind, text.len());
        let policy = parsed.unwrap_or_else(|_| Policy::unreadable("grant", kind));
        Some(OwnPolicy { policy: Arc::new(policy), rule: ResourceRule::Required })
    }

    /// Whom the grant names, without any policy of theirs.
    async fn is_granted(&self, cx: &Cx<'_>, action: &str) -> Result<bool, ApiError> {
        let Some(held) = &self.found else { return Ok(false) };
        let retires = held.value.permission.allows("RetireGrant", &ContextPairs::new());
        let is_named = |name: &str| {
            held.value.retiring.as_ref().is_some_and(|party| party.name() == name)
                || (retires && held.value.grantee.name() == name)
        };
        for meant in meant_as(cx.caller.principal()) {
            if is_named(&meant.name) && may_use(cx, self, action, &meant).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn event_type(&self) -> Option<&'static str> {
        self.target.event_type()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn a_grant_is_named_by_a_token_or_by_key_and_id_and_by_nothing_else() {
        let id = || Some("0".repeat(64));
        let text = || Some("x".to_owned());
        assert!(parse_named(text(), None, None).is_ok());
        assert!(parse_named(None, text(), id()).is_ok());
        for (token, key, grant) in
            [(None, None, None), (None, text(), None), (None, None, id()), (text(), text(), id())]
        {
            let error = parse_named(token, key, grant).unwrap_err();
            assert_eq!(error.code, ErrorCode::Validation);
        }
        let error = parse_named(None, text(), text()).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidGrantId);
    }
}
