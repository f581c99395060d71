//! DecodeAuthorizationMessage: why a request was refused, out of the encoded message that the refusal carried.
//!
//! AWS: only some services encode their refusals (EC2); `authz::encoded_refusal` makes what is decoded here.

use crate::authz::{Grant, WholeAccount, decoded_refusal};
use crate::error::{ApiError, ErrorCode};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DecodeAuthorizationMessage {
    encoded: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    encoded_message: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    decoded_message: String,
}

impl Operation for DecodeAuthorizationMessage {
    const SPEC: Spec = Spec {
        service: "sts",
        name: "DecodeAuthorizationMessage",
        effect: Effect::Read,
        summary: "Decodes the message of a refusal.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check.required_length("encodedMessage", input.encoded_message.as_deref(), 1..=10_240);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { encoded: input.encoded_message.unwrap_or_default() })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        let invalid = || {
            let message = "Message is not valid.";
            ApiError::new(ErrorCode::InvalidAuthorizationMessage, message)
        };
        let decoded_message = decoded_refusal(cx, &self.encoded).ok_or_else(invalid)?;
        Ok(Done::read(Output { decoded_message }))
    }
}
