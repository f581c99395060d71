//! GenerateDataKeyPairWithoutPlaintext: a fresh key pair for use elsewhere, its private key encrypted only.

use crate::authz::Grant;
use crate::conditions::Values;
use crate::error::ApiError;
use crate::kms::generate_data_key_pair::{DataKeyPairRequest, Input};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::Serialize;
use strongroom_wire::Blob;

/// The valid request.
#[derive(Debug)]
pub struct GenerateDataKeyPairWithoutPlaintext {
    wanted: DataKeyPairRequest,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    private_key_ciphertext_blob: Blob,
    public_key: Blob,
    key_id: String,
    key_pair_spec: &'static str,
    key_material_id: String,
}

impl Operation for GenerateDataKeyPairWithoutPlaintext {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "GenerateDataKeyPairWithoutPlaintext",
        effect: Effect::Read,
        summary: "Makes a pair of data keys, the private one encrypted only.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        self.wanted.condition(key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        Ok(Self { wanted: DataKeyPairRequest::parse(input)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        self.wanted.load(cx).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let made = self.wanted.make(cx, &grant, Self::SPEC.name).await?;
        Ok(Done::read(Output {
            private_key_ciphertext_blob: Blob(made.private_ciphertext),
            public_key: Blob(made.pair.public_key_der().to_vec()),
            key_id: grant.arn_text(),
            key_pair_spec: self.wanted.spec_name(),
            key_material_id: made.material_id,
        }))
    }
}
