//! DisableKey: lets a key not be used until it is enabled.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::kms::members::Empty;
use crate::kms::own_key::{KeyIdInput, can_be_switched, load_own};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};

/// The valid request.
#[derive(Debug)]
pub struct DisableKey {
    key_id: String,
}

impl Operation for DisableKey {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "DisableKey",
        effect: Effect::Write,
        summary: "Lets a key not be used until it is enabled.",
    };
    type Input = KeyIdInput;
    type Output = Empty;
    type Resource = KeyTarget;

    fn parse(input: KeyIdInput) -> Result<Self, ApiError> {
        Ok(Self { key_id: input.checked()? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        load_own(cx, &self.key_id, &Self::SPEC).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Empty>, ApiError> {
        let writes = grant.changed(cx, |key| {
            can_be_switched(key, &grant.arn_text(), cx.now)?;
            key.enabled = false;
            Ok(())
        })?;
        Ok(Done::change(Empty {}, writes))
    }
}
