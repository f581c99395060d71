//! GenerateRandom: random bytes.

use crate::authz::{Grant, WholeAccount};
use crate::error::{ApiError, ErrorCode};
use crate::kms::decrypt::no_recipient;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Plaintext;
use strongroom_wire::Constraints;
use strongroom_wire::sensitive::write_blob;

/// The valid request.
#[derive(Debug)]
pub struct GenerateRandom {
    bytes: usize,
    is_in_custom_store: bool,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    number_of_bytes: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_key_store_id: Option<String>,
    #[serde(skip_serializing)]
    recipient: Option<serde_json::Value>,
}

/// The answer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_debug_implementations, reason = "holds what may become a key")]
pub struct Output {
    #[serde(serialize_with = "write_blob")]
    plaintext: Plaintext,
}

impl Operation for GenerateRandom {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "GenerateRandom",
        effect: Effect::Read,
        summary: "Makes random bytes.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check.range("numberOfBytes", input.number_of_bytes, 1..=1024);
        check.length("customKeyStoreId", input.custom_key_store_id.as_deref(), 1..=64);
        check.finish().map_err(ApiError::validation)?;
        no_recipient(input.recipient.as_ref())?;
        // AWS: the model does not require it, the service does. Message recorded.
        let bytes = input
            .number_of_bytes
            .ok_or_else(|| ApiError::validation("NumberOfBytes is required."))?;
        Ok(Self {
            bytes: usize::try_from(bytes).map_err(ApiError::internal)?,
            is_in_custom_store: input.custom_key_store_id.is_some(),
        })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        if self.is_in_custom_store {
            // Code documented, message inferred: there are no custom key stores here.
            let message = "The specified custom key store does not exist.";
            return Err(ApiError::new(ErrorCode::CustomKeyStoreNotFound, message));
        }
        let mut bytes = vec![0; self.bytes];
        cx.entropy().fill(&mut bytes);
        Ok(Done::read(Output { plaintext: Plaintext::new(bytes) }))
    }
}
