//! GetSessionToken: temporary credentials of the caller itself.
//!
//! AWS: needs no permission; only long-lived credentials may ask. IAM cannot be called with what it gives, for there is
//! no second factor in it.

use crate::authz::{Grant, WholeAccount};
use crate::error::{ApiError, ErrorCode};
use crate::identity::{PrincipalKind, Session, SessionOf, issue};
use crate::operation::{Access, Cx, Done, Effect, Operation, Spec};
use crate::sts::session_input::{CredentialsMember, check_duration, check_token_size, token_size};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetSessionToken {
    duration_secs: Option<i64>,
    token_bytes_min: usize,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    #[serde(skip_serializing)]
    token_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_session_token_size: Option<i64>,
}

/// The answer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_debug_implementations, reason = "holds credentials")]
pub struct Output {
    credentials: CredentialsMember,
}

/// Longest session. STS model.
pub(super) const DURATION_SECS_MAX: i64 = 129_600;
/// Length of a session when none is asked for. STS API reference.
const DURATION_SECS_DEFAULT: i64 = 43_200;
/// Longest session of a root. STS API reference.
const ROOT_SECS_MAX: i64 = 3600;

/// The length of a session that a user or a root asks for.
pub(super) fn session_secs(asked: Option<i64>, kind: &PrincipalKind) -> i64 {
    let seconds = asked.unwrap_or(DURATION_SECS_DEFAULT);
    if *kind == PrincipalKind::Root { seconds.min(ROOT_SECS_MAX) } else { seconds }
}

impl Operation for GetSessionToken {
    const SPEC: Spec = Spec {
        service: "sts",
        name: "GetSessionToken",
        effect: Effect::Write,
        summary: "Gives temporary credentials of the caller itself.",
    };
    const ACCESS: Access = Access::Signed;
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_duration(&mut check, input.duration_seconds, DURATION_SECS_MAX);
        check.length("serialNumber", input.serial_number.as_deref(), 9..=256);
        check.length("tokenCode", input.token_code.as_deref(), 6..=6);
        check_token_size(&mut check, input.minimum_session_token_size);
        check.finish().map_err(ApiError::validation)?;
        if input.serial_number.is_some() || input.token_code.is_some() {
            return Err(ApiError::new(
                ErrorCode::AccessDenied,
                "MultiFactorAuthentication failed with invalid MFA one time pass code.",
            ));
        }
        let token_bytes_min = token_size(input.minimum_session_token_size);
        Ok(Self { duration_secs: input.duration_seconds, token_bytes_min })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    fn recorded(output: &Output) -> impl Serialize {
        serde_json::json!({ "credentials": output.credentials.recorded() })
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        let principal = cx.caller.principal();
        let of = match (&principal.kind, cx.caller.session()) {
            (PrincipalKind::Root, None) => SessionOf::Root,
            (PrincipalKind::User { name }, None) => {
                SessionOf::User { id: principal.unique_id.clone(), name: name.clone() }
            }
            _ => {
                let message = "Cannot call GetSessionToken with session credentials";
                return Err(ApiError::new(ErrorCode::AccessDenied, message));
            }
        };
        let seconds = session_secs(self.duration_secs, &principal.kind);
        let session = Session::new(of, principal.account.clone(), cx.now, seconds);
        let expires = session.expires;
        let credentials =
            CredentialsMember::of(&issue(cx.house, session, self.token_bytes_min)?, expires);
        Ok(Done::change(Output { credentials }, Vec::new()))
    }
}
