//! AssumeRoleWithWebIdentity: temporary credentials that act as a role, for a token of an OpenID Connect provider.
//!
//! Nobody signs the request: the token is the proof. Its issuer must be a provider of the role's account, its signature
//! one of the issuer's keys, its audience one of the provider's client ids, and the role's trust policy must let the
//! provider's tokens in.

use crate::authz::{Grant, OwnPolicy, Resource};
use crate::conditions::{Asked, RequestContext, Values, one, some};
use crate::error::{ApiError, ErrorCode};
use crate::event::Bearer;
use crate::iam::oidc_provider::{OidcProvider, find_provider};
use crate::iam::role::Role;
use crate::identity::{Authority, Session, SessionOf, issue};
use crate::operation::{Access, Cx, Done, Effect, Operation, Spec};
use crate::records::Stored;
use crate::sts::role_target::{AssumableRole, AssumedRoleMember, check_role, parse_role_arn};
use crate::sts::session_input::{
    CredentialsMember, Narrowing, NarrowingInput, PolicyArnInput, check_duration, check_token_size,
    tag_condition, token_size,
};
use crate::sts::web_token::{WebToken, claimed_issuer, invalid, may_have_newer_key};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use strongroom_iam::{Caller, Context, Policies, Request, decide};
use strongroom_types::AccountId;
use strongroom_wire::{Constraints, Object};
use zeroize::Zeroizing;

/// The valid request.
#[expect(missing_debug_implementations, reason = "holds a token")]
pub struct AssumeRoleWithWebIdentity {
    role_arn: String,
    session_name: String,
    token: Zeroizing<String>,
    duration_secs: Option<i64>,
    token_bytes_min: usize,
    narrowing: Narrowing,
}

/// The request on the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
#[expect(missing_debug_implementations, reason = "holds a token")]
pub struct Input {
    role_arn: Option<String>,
    role_session_name: Option<String>,
    #[serde(skip_serializing)]
    web_identity_token: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_arns: Option<Vec<Object<PolicyArnInput>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_session_token_size: Option<i64>,
}

/// The answer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_debug_implementations, reason = "holds credentials")]
pub struct Output {
    credentials: CredentialsMember,
    subject_from_web_identity_token: String,
    assumed_role_user: AssumedRoleMember,
    #[serde(skip_serializing_if = "Option::is_none")]
    packed_policy_size: Option<usize>,
    provider: String,
    audience: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
}

/// Longest session that any role may allow. STS model.
const DURATION_SECS_MAX: i64 = 43_200;
/// Length of a session when none is asked for. STS API reference.
const DURATION_SECS_DEFAULT: i64 = 3600;

/// The role, and the verified token that asks for it.
#[derive(Debug)]
pub struct WebRole {
    role: AssumableRole,
    provider: Arc<Stored<OidcProvider>>,
    token: WebToken,
    transitive: BTreeSet<String>,
}

impl Resource for WebRole {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        self.role.account(cx)
    }

    fn arn(&self, cx: &Cx<'_>) -> String {
        self.role.arn(cx)
    }

    fn condition<'a>(&'a self, cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        self.role.condition(cx, key)
    }

    fn policy(&self) -> Option<OwnPolicy> {
        self.role.policy()
    }

    fn event_type(&self) -> Option<&'static str> {
        self.role.event_type()
    }

    fn bearer(&self) -> Option<Bearer> {
        Some(Bearer {
            provider: self.provider.value.arn(),
            audience: self.token.audience().to_owned(),
            subject: self.token.subject.clone(),
        })
    }
}

impl Operation for AssumeRoleWithWebIdentity {
    const SPEC: Spec = Spec {
        service: "sts",
        name: "AssumeRoleWithWebIdentity",
        effect: Effect::Issue,
        summary: "Gives temporary credentials that act as a role, for a token of an OpenID Connect provider.",
    };
    const ACCESS: Access = Access::Open;
    type Input = Input;
    type Output = Output;
    type Resource = WebRole;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let Input { policy, policy_arns, .. } = input;
        let narrowing = NarrowingInput { policy, policy_arns, tags: None };
        let mut check = Constraints::new();
        let (role_arn, name) = (input.role_arn.as_deref(), input.role_session_name.as_deref());
        check_role(&mut check, role_arn, name);
        check.required("webIdentityToken", input.web_identity_token.as_ref());
        let length = input.web_identity_token.as_ref().map(|token| token.len());
        check.sensitive_length("webIdentityToken", length, 4..=20_000);
        check.length("providerId", input.provider_id.as_deref(), 4..=2048);
        check_duration(&mut check, input.duration_seconds, DURATION_SECS_MAX);
        narrowing.check(&mut check);
        check_token_size(&mut check, input.minimum_session_token_size);
        check.finish().map_err(ApiError::validation)?;
        if let Some(provider) = &input.provider_id {
            // AWS: names one of the OAuth 2.0 providers that it knows by itself; there are none here. Message inferred.
            return Err(invalid(format!("Provider {provider} is not supported")));
        }
        Ok(Self {
            role_arn: parse_role_arn(input.role_arn)?,
            session_name: input.role_session_name.unwrap_or_default(),
            token: input.web_identity_token.unwrap_or_default(),
            duration_secs: input.duration_seconds,
            token_bytes_min: token_size(input.minimum_session_token_size),
            narrowing: narrowing.parse()?,
        })
    }

    /// Verifies the token before anything is said of the role.
    async fn load(&self, cx: &Cx<'_>) -> Result<WebRole, ApiError> {
        let role = AssumableRole::load(cx, &self.role_arn).await?;
        let issuer = claimed_issuer(&self.token)?;
        let provider = find_provider(&cx.house.records, role.account(cx), &issuer).await?;
        let provider = provider.ok_or_else(|| {
            invalid(format!("No OpenIDConnect provider found in your account for {issuer}"))
        })?;
        let token = self.verify(cx, role.account(cx), &provider.value).await?;
        let transitive = token.transitive.iter().cloned().collect();
        Ok(WebRole { role, provider, token, transitive })
    }

    fn recorded(output: &Output) -> impl Serialize {
        serde_json::json!({
            "credentials": output.credentials.recorded(),
            "subjectFromWebIdentityToken": output.subject_from_web_identity_token,
            "assumedRoleUser": output.assumed_role_user,
            "provider": output.provider,
            "audience": output.audience,
            "sourceIdentity": output.source_identity,
        })
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<WebRole>) -> Result<Done<Output>, ApiError> {
        self.decide_trust(cx, &grant)?;
        let role = &grant.role.found()?.value;
        let seconds = self.seconds(role)?;
        let narrowing = self.narrowing.with_tags(grant.token.tags.clone())?;
        let session = Session {
            of: SessionOf::Role {
                id: role.naming.id.clone(),
                name: role.naming.name.clone(),
                session: self.session_name.clone(),
            },
            account: role.naming.account.clone(),
            issued: cx.now,
            expires: cx.now.plus_millis(seconds.saturating_mul(1000)),
            policies: narrowing.policy.into_iter().collect(),
            policy_arns: narrowing.policy_arns,
            tags: narrowing.tags,
            transitive: grant.token.transitive.clone(),
            source_identity: grant.token.source_identity.clone(),
            federated_provider: Some(grant.provider.value.arn()),
        };
        let expires = session.expires;
        let output = Output {
            assumed_role_user: AssumedRoleMember::of(role, &self.session_name),
            credentials: CredentialsMember::of(
                &issue(cx.house, session, self.token_bytes_min)?,
                expires,
            ),
            subject_from_web_identity_token: grant.token.subject.clone(),
            packed_policy_size: narrowing.packed_percent,
            provider: grant.provider.value.arn(),
            audience: grant.token.audience().to_owned(),
            source_identity: grant.token.source_identity.clone(),
        };
        Ok(Done::change(output, Vec::new()))
    }
}

impl AssumeRoleWithWebIdentity {
    /// What the token claims, if one of the issuer's keys signed it.
    async fn verify(
        &self,
        cx: &Cx<'_>,
        account: &AccountId,
        provider: &OidcProvider,
    ) -> Result<WebToken, ApiError> {
        let (source, now, clients) = (&cx.house.issuer_keys, cx.now, &provider.client_ids);
        let keys = source.of(account, &provider.url, now, None).await?;
        let verified = WebToken::verify(&self.token, &keys, clients, now);
        let is_unverified =
            matches!(&verified, Err(error) if error.code == ErrorCode::InvalidIdentityToken);
        if !is_unverified || !may_have_newer_key(&self.token, &keys) {
            return verified;
        }
        let newer = source.of(account, &provider.url, now, Some(&keys)).await?;
        if Arc::ptr_eq(&newer, &keys) {
            return verified;
        }
        WebToken::verify(&self.token, &newer, clients, now)
    }

    /// Whether the role's trust policy lets the token in, with its tags and its source identity.
    fn decide_trust(&self, cx: &Cx<'_>, target: &WebRole) -> Result<(), ApiError> {
        let tags = (!target.token.tags.is_empty()).then_some("sts:TagSession");
        let identity = target.token.source_identity.as_ref().map(|_| "sts:SetSourceIdentity");
        let actions = ["sts:AssumeRoleWithWebIdentity"].into_iter().chain(tags).chain(identity);
        let provider = target.provider.value.arn();
        let asked = TokenKeys { target, session_name: &self.session_name };
        let authority = Authority::default();
        let context = RequestContext { cx, authority: &authority, asked: &asked, resource: target };
        let context = WebContext { provider: &provider, context };
        let own = target.policy();
        for action in actions {
            let policies = Policies {
                resource: own.as_ref().map(|own| &*own.policy),
                resource_rule: own.as_ref().map_or_else(Default::default, |own| own.rule),
                ..Policies::default()
            };
            let request = Request {
                caller: Caller::WebIdentity { provider: &provider },
                action,
                resource: &target.arn(cx),
                resource_account: target.account(cx).as_str(),
                context: &context,
            };
            if !decide(&request, &policies).is_allowed() {
                // For the further actions the message is inferred.
                let message = format!("Not authorized to perform {action}");
                return Err(ApiError::new(ErrorCode::AccessDenied, message));
            }
        }
        Ok(())
    }

    fn seconds(&self, role: &Role) -> Result<i64, ApiError> {
        let Some(seconds) = self.duration_secs else {
            return Ok(DURATION_SECS_DEFAULT.min(role.session_secs_max));
        };
        if seconds > role.session_secs_max {
            return Err(ApiError::validation(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            ));
        }
        Ok(seconds)
    }
}

/// Condition keys that come from the token and the request.
struct TokenKeys<'a> {
    target: &'a WebRole,
    session_name: &'a str,
}

impl Asked for TokenKeys<'_> {
    fn condition(&self, key: &str) -> Values<'_> {
        let WebRole { provider, token, transitive, .. } = self.target;
        let issuer = provider.value.url.to_ascii_lowercase();
        if let Some(claim) = key.strip_prefix(&issuer).and_then(|rest| rest.strip_prefix(':')) {
            return token.condition(claim);
        }
        match key {
            "sts:rolesessionname" => one(self.session_name),
            "sts:sourceidentity" => some(token.source_identity.as_deref()),
            _ => tag_condition(&token.tags, transitive, key),
        }
    }
}

/// The context of a caller that is not a principal yet: it has a provider, and nothing that principals have.
struct WebContext<'a> {
    provider: &'a str,
    context: RequestContext<'a, WebRole>,
}

impl Context for WebContext<'_> {
    fn values<'a>(&'a self, key: &str) -> Option<Vec<Cow<'a, str>>> {
        match key {
            "aws:federatedprovider" => one(self.provider),
            "aws:principaltype" => None,
            _ => self.context.values(key),
        }
    }
}
