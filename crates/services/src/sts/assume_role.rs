//! AssumeRole: temporary credentials that act as a role.
//!
//! The role's trust policy must let the caller in, by name or through its account; in the latter case, and from another
//! account, the caller's own policies must allow it, too. AWS: the root may not; a role that assumes a role gets an hour
//! at most; transitive tags and the source identity go with it.

use crate::authz::Grant;
use crate::conditions::{Values, one, some};
use crate::error::{ApiError, ErrorCode};
use crate::iam::members::TagMember;
use crate::identity::{PrincipalKind, Session, SessionOf, issue};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::sts::role_target::{AssumableRole, AssumedRoleMember, check_role, parse_role_arn};
use crate::sts::session_input::{
    CredentialsMember, Narrowing, NarrowingInput, PolicyArnInput, check_duration, check_token_size,
    tag_condition, token_size,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use strongroom_types::Tag;
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct AssumeRole {
    role_arn: String,
    session_name: String,
    duration_secs: Option<i64>,
    token_bytes_min: usize,
    external_id: Option<String>,
    source_identity: Option<String>,
    transitive: BTreeSet<String>,
    narrowing: Narrowing,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    role_arn: Option<String>,
    role_session_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_arns: Option<Vec<Object<PolicyArnInput>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Object<TagMember>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transitive_tag_keys: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    #[serde(skip_serializing)]
    token_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_session_token_size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provided_contexts: Option<Vec<Object<ContextInput>>>,
}

/// A context assertion on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct ContextInput {
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_arn: Option<String>,
    #[serde(skip_serializing)]
    #[expect(dead_code, reason = "no context provider is trusted here, so none is read")]
    context_assertion: Option<String>,
}

/// The answer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_debug_implementations, reason = "holds credentials")]
pub struct Output {
    credentials: CredentialsMember,
    assumed_role_user: AssumedRoleMember,
    #[serde(skip_serializing_if = "Option::is_none")]
    packed_policy_size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
}

/// Longest session that any role may allow. STS model.
const DURATION_SECS_MAX: i64 = 43_200;
/// Length of a session when none is asked for, and the longest of a role that assumes a role. STS API reference.
const CHAINED_SECS_MAX: i64 = 3600;

impl Operation for AssumeRole {
    const SPEC: Spec = Spec {
        service: "sts",
        name: "AssumeRole",
        effect: Effect::Issue,
        summary: "Gives temporary credentials that act as a role.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = AssumableRole;

    fn further_actions(&self) -> Vec<&'static str> {
        let tags = (!self.narrowing.tags.is_empty()).then_some("sts:TagSession");
        let identity = self.source_identity.as_ref().map(|_| "sts:SetSourceIdentity");
        tags.into_iter().chain(identity).collect()
    }

    fn condition(&self, key: &str) -> Values<'_> {
        match key {
            "sts:externalid" => some(self.external_id.as_deref()),
            "sts:rolesessionname" => one(self.session_name.as_str()),
            "sts:sourceidentity" => some(self.source_identity.as_deref()),
            _ => tag_condition(&self.narrowing.tags, &self.transitive, key),
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let Input { policy, policy_arns, tags, .. } = input;
        let narrowing = NarrowingInput { policy, policy_arns, tags };
        let mut check = Constraints::new();
        let (role_arn, name) = (input.role_arn.as_deref(), input.role_session_name.as_deref());
        check_role(&mut check, role_arn, name);
        check_duration(&mut check, input.duration_seconds, DURATION_SECS_MAX);
        check.length("externalId", input.external_id.as_deref(), 2..=1224);
        check.length("sourceIdentity", input.source_identity.as_deref(), 2..=64);
        check.length("serialNumber", input.serial_number.as_deref(), 9..=256);
        check.length("tokenCode", input.token_code.as_deref(), 6..=6);
        narrowing.check(&mut check);
        check_token_size(&mut check, input.minimum_session_token_size);
        check.finish().map_err(ApiError::validation)?;
        if input.serial_number.is_some() || input.token_code.is_some() {
            return Err(ApiError::new(
                ErrorCode::AccessDenied,
                "MultiFactorAuthentication failed with invalid MFA one time pass code.",
            ));
        }
        if input.provided_contexts.is_some_and(|contexts| !contexts.is_empty()) {
            // Such assertions are made by AWS's own identity centre, which is not here.
            return Err(ApiError::validation("The context assertion cannot be verified."));
        }
        let narrowing = narrowing.parse()?;
        let transitive: BTreeSet<_> =
            input.transitive_tag_keys.unwrap_or_default().into_iter().collect();
        let is_tag =
            |key: &String| narrowing.tags.iter().any(|tag| tag.key.eq_ignore_ascii_case(key));
        if !transitive.iter().all(is_tag) {
            return Err(ApiError::validation(
                "The specified transitive tag key must be included in the requested tags.",
            ));
        }
        Ok(Self {
            role_arn: parse_role_arn(input.role_arn)?,
            session_name: input.role_session_name.unwrap_or_default(),
            duration_secs: input.duration_seconds,
            token_bytes_min: token_size(input.minimum_session_token_size),
            external_id: input.external_id,
            source_identity: input.source_identity,
            transitive,
            narrowing,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<AssumableRole, ApiError> {
        if cx.caller.principal().kind == PrincipalKind::Root {
            let message = "Roles may not be assumed by root accounts.";
            return Err(ApiError::new(ErrorCode::AccessDenied, message));
        }
        AssumableRole::load(cx, &self.role_arn).await
    }

    fn recorded(output: &Output) -> impl Serialize {
        serde_json::json!({
            "credentials": output.credentials.recorded(),
            "assumedRoleUser": output.assumed_role_user,
            "sourceIdentity": output.source_identity,
        })
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<AssumableRole>,
    ) -> Result<Done<Output>, ApiError> {
        let role = &grant.found()?.value;
        let seconds = self.seconds(cx, role.session_secs_max)?;
        let (tags, transitive) = self.tags_with_inherited(cx)?;
        let session = Session {
            of: SessionOf::Role {
                id: role.naming.id.clone(),
                name: role.naming.name.clone(),
                session: self.session_name.clone(),
            },
            account: role.naming.account.clone(),
            issued: cx.now,
            expires: cx.now.plus_millis(seconds.saturating_mul(1000)),
            policies: self.narrowing.policy.iter().cloned().collect(),
            policy_arns: self.narrowing.policy_arns.clone(),
            tags,
            transitive,
            source_identity: self.source_identity(cx)?,
            federated_provider: None,
        };
        let output = Output {
            assumed_role_user: AssumedRoleMember::of(role, &self.session_name),
            packed_policy_size: self.narrowing.packed_percent,
            source_identity: session.source_identity.clone(),
            credentials: {
                let expires = session.expires;
                CredentialsMember::of(&issue(cx.house, session, self.token_bytes_min)?, expires)
            },
        };
        Ok(Done::change(output, Vec::new()))
    }
}

impl AssumeRole {
    fn seconds(&self, cx: &Cx<'_>, secs_max: i64) -> Result<i64, ApiError> {
        let is_chained = matches!(cx.caller.principal().kind, PrincipalKind::RoleSession { .. });
        let Some(seconds) = self.duration_secs else {
            return Ok(CHAINED_SECS_MAX.min(secs_max));
        };
        if is_chained && seconds > CHAINED_SECS_MAX {
            return Err(ApiError::validation(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            ));
        }
        if seconds > secs_max {
            return Err(ApiError::validation(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            ));
        }
        Ok(seconds)
    }

    /// Tags that were transitive in the caller's session go on, and cannot be given anew.
    fn tags_with_inherited(&self, cx: &Cx<'_>) -> Result<(Vec<Tag>, Vec<String>), ApiError> {
        let mut tags = self.narrowing.tags.clone();
        let mut transitive: Vec<_> = self.transitive.iter().cloned().collect();
        let Some(session) = cx.caller.session() else { return Ok((tags, transitive)) };
        for key in &session.transitive {
            if tags.iter().any(|tag| tag.key.eq_ignore_ascii_case(key)) {
                return Err(ApiError::validation(format!(
                    "The tag key {key} was passed as transitive and cannot be set again."
                )));
            }
            let is_it = |tag: &&Tag| tag.key.eq_ignore_ascii_case(key);
            tags.extend(session.tags.iter().find(is_it).cloned());
            transitive.push(key.clone());
        }
        Ok((tags, transitive))
    }

    /// Once set, it stays for all sessions that follow. IAM user guide, "Monitor and control actions taken with assumed
    /// roles".
    fn source_identity(&self, cx: &Cx<'_>) -> Result<Option<String>, ApiError> {
        let held = cx.caller.session().and_then(|session| session.source_identity.clone());
        match (&self.source_identity, held) {
            (Some(asked), Some(held)) if *asked != held => {
                Err(ApiError::validation("The source identity cannot be changed once it is set."))
            }
            (asked, held) => Ok(held.or_else(|| asked.clone())),
        }
    }
}
