//! CancelKeyDeletion: takes a key back that waits for its deletion. It is disabled then.

use crate::authz::Grant;
use crate::error::{ApiError, ErrorCode};
use crate::kms::key::{KeyState, invalid_state};
use crate::kms::own_key::{KeyIdInput, load_own};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::Serialize;

/// The valid request.
#[derive(Debug)]
pub struct CancelKeyDeletion {
    key_id: String,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    key_id: String,
}

impl Operation for CancelKeyDeletion {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "CancelKeyDeletion",
        effect: Effect::Write,
        summary: "Takes a key back that waits for its deletion.",
    };
    type Input = KeyIdInput;
    type Output = Output;
    type Resource = KeyTarget;

    fn parse(input: KeyIdInput) -> Result<Self, ApiError> {
        Ok(Self { key_id: input.checked()? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        load_own(cx, &self.key_id, &Self::SPEC).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let key_id = grant.arn_text();
        let writes = grant.changed(cx, |key| {
            let Some(deletion) = key.deletion.take() else {
                let message = format!("{key_id} is not pending deletion.");
                return Err(ApiError::new(ErrorCode::KmsInvalidState, message));
            };
            // Its grants may be gone already, and its record is about to.
            if deletion.due.is_some_and(|due| due <= cx.now) {
                return Err(invalid_state(&key_id, KeyState::PendingDeletion));
            }
            key.enabled = false;
            Ok(())
        })?;
        Ok(Done::change(Output { key_id }, writes))
    }
}
