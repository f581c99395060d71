//! GetFederationToken: temporary credentials of a federated user, who may do what its session policies and the policies
//! of whoever asked both allow.

use crate::authz::Grant;
use crate::conditions::Values;
use crate::error::{ApiError, ErrorCode};
use crate::iam::members::TagMember;
use crate::iam::target::ByArn;
use crate::identity::{PrincipalKind, Session, SessionOf, issue};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::sts::get_session_token::{DURATION_SECS_MAX, session_secs};
use crate::sts::session_input::{
    CredentialsMember, Narrowing, NarrowingInput, PolicyArnInput, check_duration, check_token_size,
    tag_condition, token_size,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct GetFederationToken {
    name: String,
    duration_secs: Option<i64>,
    token_bytes_min: usize,
    narrowing: Narrowing,
    /// Federated users assume no roles: no tag goes on.
    transitive: BTreeSet<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_arns: Option<Vec<Object<PolicyArnInput>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Object<TagMember>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_session_token_size: Option<i64>,
}

/// The answer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_debug_implementations, reason = "holds credentials")]
pub struct Output {
    credentials: CredentialsMember,
    federated_user: FederatedUserMember,
    #[serde(skip_serializing_if = "Option::is_none")]
    packed_policy_size: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FederatedUserMember {
    federated_user_id: String,
    arn: String,
}

impl Operation for GetFederationToken {
    const SPEC: Spec = Spec {
        service: "sts",
        name: "GetFederationToken",
        effect: Effect::Write,
        summary: "Gives temporary credentials of a federated user.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = ByArn<()>;

    fn further_actions(&self) -> Vec<&'static str> {
        if self.narrowing.tags.is_empty() { Vec::new() } else { vec!["sts:TagSession"] }
    }

    fn condition(&self, key: &str) -> Values<'_> {
        tag_condition(&self.narrowing.tags, &self.transitive, key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let Input { policy, policy_arns, tags, .. } = input;
        let narrowing = NarrowingInput { policy, policy_arns, tags };
        let mut check = Constraints::new();
        check.required_length("name", input.name.as_deref(), 2..=32);
        check.pattern("name", input.name.as_deref(), "[\\w+=,.@-]*", |name| {
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
        });
        check_duration(&mut check, input.duration_seconds, DURATION_SECS_MAX);
        narrowing.check(&mut check);
        check_token_size(&mut check, input.minimum_session_token_size);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: input.name.unwrap_or_default(),
            duration_secs: input.duration_seconds,
            token_bytes_min: token_size(input.minimum_session_token_size),
            narrowing: narrowing.parse()?,
            transitive: BTreeSet::new(),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ByArn<()>, ApiError> {
        if cx.caller.session().is_some() {
            let message = "Cannot call GetFederationToken with session credentials";
            return Err(ApiError::new(ErrorCode::AccessDenied, message));
        }
        let arn = format!("arn:aws:sts::{}:federated-user/{}", cx.account(), self.name);
        Ok(ByArn { arn, found: () })
    }

    fn recorded(output: &Output) -> impl Serialize {
        serde_json::json!({
            "credentials": output.credentials.recorded(),
            "federatedUser": output.federated_user,
        })
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<ByArn<()>>) -> Result<Done<Output>, ApiError> {
        let principal = cx.caller.principal();
        let issuer = match &principal.kind {
            PrincipalKind::User { name } => Some((principal.unique_id.clone(), name.clone())),
            _ => None,
        };
        let of = SessionOf::Federated { name: self.name.clone(), issuer };
        let seconds = session_secs(self.duration_secs, &principal.kind);
        let session = Session {
            policies: self.narrowing.policy.iter().cloned().collect(),
            policy_arns: self.narrowing.policy_arns.clone(),
            tags: self.narrowing.tags.clone(),
            ..Session::new(of, principal.account.clone(), cx.now, seconds)
        };
        let expires = session.expires;
        let federated_user = FederatedUserMember {
            federated_user_id: format!("{}:{}", principal.account, self.name),
            arn: grant.arn.clone(),
        };
        let credentials =
            CredentialsMember::of(&issue(cx.house, session, self.token_bytes_min)?, expires);
        let packed_policy_size = self.narrowing.packed_percent;
        Ok(Done::change(Output { credentials, federated_user, packed_policy_size }, Vec::new()))
    }
}
