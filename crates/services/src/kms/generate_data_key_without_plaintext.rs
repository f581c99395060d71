//! GenerateDataKeyWithoutPlaintext: a fresh key for use elsewhere, encrypted only.

use crate::authz::Grant;
use crate::conditions::Values;
use crate::error::ApiError;
use crate::kms::generate_data_key::{DataKeyRequest, Input, data_key_condition};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::Serialize;
use strongroom_wire::Blob;

/// The valid request.
#[derive(Debug)]
pub struct GenerateDataKeyWithoutPlaintext {
    wanted: DataKeyRequest,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    ciphertext_blob: Blob,
    key_id: String,
    key_material_id: String,
}

impl Operation for GenerateDataKeyWithoutPlaintext {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "GenerateDataKeyWithoutPlaintext",
        effect: Effect::Read,
        summary: "Makes a data key, encrypted only.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        data_key_condition(key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        Ok(Self { wanted: DataKeyRequest::parse(input)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        self.wanted.load(cx).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let made = self.wanted.make(cx, &grant, Self::SPEC.name)?;
        Ok(Done::read(Output {
            ciphertext_blob: Blob(made.ciphertext),
            key_id: grant.arn_text(),
            key_material_id: made.material_id,
        }))
    }
}
