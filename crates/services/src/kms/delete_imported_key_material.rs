//! DeleteImportedKeyMaterial: erases imported material; the key is good for nothing until the same comes again.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::import_key_material::check_material_id;
use crate::kms::members::check_key_id;
use crate::kms::multi_region::{changed_with_set, is_own};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteImportedKeyMaterial {
    key_id: String,
    material_id: Option<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<String>,
}

impl Operation for DeleteImportedKeyMaterial {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "DeleteImportedKeyMaterial",
        effect: Effect::Write,
        summary: "Erases material that was imported.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_material_id(&mut check, input.key_material_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { key_id: input.key_id.unwrap_or_default(), material_id: input.key_material_id })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        KeyTarget::load(cx, &KeyName::parse_key(&self.key_id, cx.region())?).await
    }

    /// AWS: in every state of the key, and none but the lack of material comes of it.
    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        is_own(cx, &grant)?;
        let (key, arn) = (&grant.found()?.value, grant.arn_text());
        key.is_for_import(&arn)?;
        let is_symmetric = key.is_symmetric();
        let mut deleted = None;
        let writes = changed_with_set(cx, &grant, |key| {
            deleted = key.delete_material(&arn, self.material_id.as_deref())?;
            Ok(())
        })
        .await?;
        let key_material_id = deleted.filter(|_| is_symmetric);
        Ok(Done::change(Output { key_id: arn, key_material_id }, writes))
    }
}
