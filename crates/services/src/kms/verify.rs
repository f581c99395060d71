//! Verify: whether a signature is a message's.

use crate::authz::Grant;
use crate::conditions::Values;
use crate::error::{ApiError, ErrorCode};
use crate::kms::encrypt::incompatible;
use crate::kms::material::KeySecret;
use crate::kms::members::{CIPHERTEXT_BYTES, bytes_of, check_blob, dry_run};
use crate::kms::signing::{Input, SigningRequest, secret_of};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::Serialize;
use strongroom_types::Plaintext;
use strongroom_wire::Constraints;

/// The valid request.
#[expect(missing_debug_implementations, reason = "holds a message")]
pub struct Verify {
    wanted: SigningRequest,
    signature: Plaintext,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    key_id: String,
    signature_valid: bool,
    signing_algorithm: &'static str,
}

impl Operation for Verify {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "Verify",
        effect: Effect::Read,
        summary: "Verifies a signature.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        self.wanted.condition(key)
    }

    fn parse(mut input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_blob(&mut check, "signature", input.signature.as_ref(), CIPHERTEXT_BYTES);
        let signature = bytes_of(input.signature.take());
        Ok(Self { wanted: SigningRequest::parse(input, check)?, signature })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        self.wanted.load(cx).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let wanted = &self.wanted;
        let spec = grant.found()?.value.spec;
        let secret = secret_of(cx, &grant, Self::SPEC.name)?;
        let (algorithm, message_type) = wanted.fitting(spec)?;
        let KeySecret::Pair(pair) = &**secret else {
            return Err(incompatible(algorithm.as_str(), spec));
        };
        let message = wanted.message.expose();
        let verified =
            pair.public().verify(algorithm, message_type, message, self.signature.expose());
        if !verified.map_err(|error| wanted.refusal(error, spec))? {
            // AWS, recorded: the exception has no message.
            return Err(ApiError::new(ErrorCode::KmsInvalidSignature, ""));
        }
        dry_run(wanted.is_dry)?;
        Ok(Done::read(Output {
            key_id: grant.arn_text(),
            signature_valid: true,
            signing_algorithm: algorithm.as_str(),
        }))
    }
}
