//! GetCallerIdentity: account, ARN and id of whoever signed.
//!
//! AWS: needs no permission, and no policy can deny it. Real clients call it when they start.

use crate::authz::{Grant, WholeAccount};
use crate::error::ApiError;
use crate::operation::{Access, Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};

/// The request has no members.
#[derive(Debug, Clone, Copy)]
pub struct GetCallerIdentity;

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
pub struct Input {}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    arn: String,
    user_id: String,
    account: String,
}

impl Operation for GetCallerIdentity {
    const SPEC: Spec = Spec {
        service: "sts",
        name: "GetCallerIdentity",
        effect: Effect::Read,
        summary: "Answers account, ARN and id of the caller.",
    };
    const ACCESS: Access = Access::Signed;
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn parse(_input: Input) -> Result<Self, ApiError> {
        Ok(Self)
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        let principal = cx.caller.principal();
        Ok(Done::read(Output {
            arn: cx.caller.arn().to_owned(),
            user_id: principal.unique_id.clone(),
            account: principal.account.to_string(),
        }))
    }
}
