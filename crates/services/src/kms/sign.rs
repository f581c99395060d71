//! Sign: signs a message, or its digest, with the private half of a key pair.

use crate::authz::Grant;
use crate::conditions::Values;
use crate::error::ApiError;
use crate::kms::material::{KeySecret, PrivateKey, off_thread};
use crate::kms::members::dry_run;
use crate::kms::signing::{Input, SigningRequest, secret_of};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::Serialize;
use std::sync::Arc;
use strongroom_keys::kms::{CryptoError, KeyKind, KeySpec, PairSpec};
use strongroom_wire::{Blob, Constraints};

/// The valid request.
#[expect(missing_debug_implementations, reason = "holds a message")]
pub struct Sign {
    wanted: SigningRequest,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    key_id: String,
    signature: Blob,
    signing_algorithm: &'static str,
}

impl Operation for Sign {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "Sign",
        effect: Effect::Read,
        summary: "Signs a message or its digest.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        self.wanted.condition(key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        Ok(Self { wanted: SigningRequest::parse(input, Constraints::new())? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        self.wanted.load(cx).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let wanted = &self.wanted;
        let spec = grant.found()?.value.spec;
        let secret = Arc::clone(secret_of(cx, &grant, Self::SPEC.name)?);
        let (algorithm, message_type) = wanted.fitting(spec)?;
        let message = Arc::clone(&wanted.message);
        let sign = move || match &*secret {
            KeySecret::Pair(pair) => match &pair.private {
                PrivateKey::Signing(private) => {
                    private.sign(algorithm, message_type, message.expose())
                }
                PrivateKey::Decrypting(_) | PrivateKey::Agreeing(_) => {
                    Err(CryptoError::UsageNotOfKey)
                }
            },
            KeySecret::Symmetric(_) | KeySecret::Mac(_) => Err(CryptoError::UsageNotOfKey),
        };
        let signed = if signs_slowly(spec) { off_thread(sign).await } else { sign() };
        let signature = signed.map_err(|error| wanted.refusal(error, spec))?;
        dry_run(wanted.is_dry)?;
        Ok(Done::read(Output {
            key_id: grant.arn_text(),
            signature: Blob(signature),
            signing_algorithm: algorithm.as_str(),
        }))
    }
}

/// Whether a signature takes a millisecond or more: see [`off_thread`].
fn signs_slowly(spec: KeySpec) -> bool {
    matches!(spec.kind(), KeyKind::Pair(PairSpec::Rsa(_)))
}
