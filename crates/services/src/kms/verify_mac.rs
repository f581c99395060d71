//! VerifyMac: whether a code is a message's.

use crate::authz::Grant;
use crate::conditions::Values;
use crate::error::{ApiError, ErrorCode};
use crate::kms::generate_mac::{Input, MacRequest};
use crate::kms::members::{CIPHERTEXT_BYTES, bytes_of, check_blob, dry_run};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::Serialize;
use strongroom_types::Plaintext;
use strongroom_wire::Constraints;

/// The valid request.
#[expect(missing_debug_implementations, reason = "holds a message")]
pub struct VerifyMac {
    wanted: MacRequest,
    mac: Plaintext,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    key_id: String,
    mac_valid: bool,
    mac_algorithm: &'static str,
}

impl Operation for VerifyMac {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "VerifyMac",
        effect: Effect::Read,
        summary: "Verifies a message's authentication code.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        self.wanted.condition(key)
    }

    fn parse(mut input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_blob(&mut check, "mac", input.mac.as_ref(), CIPHERTEXT_BYTES);
        let mac = bytes_of(input.mac.take());
        Ok(Self { wanted: MacRequest::parse(input, check)?, mac })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        self.wanted.load(cx).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let key = self.wanted.key(cx, &grant, Self::SPEC.name)?;
        if !key.verify_mac(self.wanted.message.expose(), self.mac.expose()) {
            // AWS, recorded: the exception has no message.
            return Err(ApiError::new(ErrorCode::KmsInvalidMac, ""));
        }
        dry_run(self.wanted.is_dry)?;
        Ok(Done::read(Output {
            key_id: grant.arn_text(),
            mac_valid: true,
            mac_algorithm: self.wanted.algorithm.as_str(),
        }))
    }
}
