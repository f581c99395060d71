//! GetAccessKeyInfo: the account that an access key belongs to.
//!
//! AWS: says nothing of whether the key is active, or of whose it is.

use crate::authz::{Grant, WholeAccount};
use crate::error::ApiError;
use crate::identity::{AccessKey, account_of_session_key};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetAccessKeyInfo {
    access_key_id: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    access_key_id: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    account: String,
}

impl Operation for GetAccessKeyInfo {
    const SPEC: Spec = Spec {
        service: "sts",
        name: "GetAccessKeyInfo",
        effect: Effect::Read,
        summary: "Answers the account that an access key belongs to.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        let id = input.access_key_id.as_deref();
        check.required_length("accessKeyId", id, 16..=128);
        check.pattern("accessKeyId", id, "[\\w]*", |id| {
            id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { access_key_id: input.access_key_id.unwrap_or_default() })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        if let Some(account) = account_of_session_key(&self.access_key_id) {
            return Ok(Done::read(Output { account }));
        }
        let key = self.access_key_id.as_bytes();
        let found = cx.house.records.get_uncached::<AccessKey>(key).await?;
        let unknown = || ApiError::validation("The specified access key ID is not valid.");
        let account = found.ok_or_else(unknown)?.value.owner().account().to_string();
        Ok(Done::read(Output { account }))
    }
}
