//! ListKeyRotations: lists the materials that a key has had.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::key::{Key, Origin};
use crate::kms::listing::{KEYS_PER_PAGE, PageInput, PageOutput, check_page, page_of_list};
use crate::kms::material::{Material, RotationType};
use crate::kms::members::check_key_id;
use crate::kms::multi_region::{is_own, is_pending_everywhere};
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Timestamp;
use strongroom_wire::{Constraints, epoch};

/// The valid request.
#[derive(Debug)]
pub struct ListKeyRotations {
    key_id: String,
    included: Included,
    page: PageInput,
}

/// Model: `IncludeKeyMaterial`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Included {
    All,
    Rotations,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_key_material: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    rotations: Vec<RotationEntry>,
    #[serde(flatten)]
    page: PageOutput,
}

/// Model: `RotationsListEntry`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RotationEntry {
    key_id: String,
    key_material_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    import_state: Option<&'static str>,
    key_material_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_model: Option<&'static str>,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    valid_to: Option<Timestamp>,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    rotation_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_type: Option<&'static str>,
}

impl RotationEntry {
    fn of(key: &Key, material: &Material, state: &'static str, now: Timestamp) -> Self {
        let is_imported = key.origin == Origin::External;
        let is_there = material.is_there(now);
        let import = material.import.as_ref().filter(|_| is_there);
        Self {
            key_id: key.id.clone(),
            key_material_id: material.id.clone(),
            key_material_description: material
                .import
                .as_ref()
                .and_then(|import| import.description.clone()),
            import_state: is_imported.then_some(if is_there {
                "IMPORTED"
            } else {
                "PENDING_IMPORT"
            }),
            key_material_state: state,
            expiration_model: import.map(|import| match import.valid_to {
                Some(_) => "KEY_MATERIAL_EXPIRES",
                None => "KEY_MATERIAL_DOES_NOT_EXPIRE",
            }),
            valid_to: import.and_then(|import| import.valid_to),
            rotation_date: material.rotation.map(|_| material.since),
            rotation_type: material.rotation.map(|by| match by {
                RotationType::Automatic => "AUTOMATIC",
                RotationType::OnDemand => "ON_DEMAND",
            }),
        }
    }
}

impl Operation for ListKeyRotations {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "ListKeyRotations",
        effect: Effect::Read,
        summary: "Lists the materials that a key has had.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        let included = input.include_key_material.as_deref();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check.one_of("includeKeyMaterial", included, &["ALL_KEY_MATERIAL", "ROTATIONS_ONLY"]);
        check_page(&mut check, input.limit, input.marker.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            key_id: input.key_id.unwrap_or_default(),
            included: match included {
                Some("ALL_KEY_MATERIAL") => Included::All,
                _ => Included::Rotations,
            },
            page: PageInput::new(input.limit, input.marker, KEYS_PER_PAGE),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        KeyTarget::load(cx, &KeyName::parse_key(&self.key_id, cx.region())?).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        is_own(cx, &grant)?;
        let key = &grant.found()?.value;
        if self.included == Included::All {
            key.is_rotatable()?;
        }
        let list = self.entries(cx, &grant, key).await?;
        let of = format!("{}{:?}", key.id, self.included);
        let (rotations, page) = page_of_list(cx, Self::SPEC.name, &of, list, &self.page)?;
        Ok(Done::read(Output { rotations, page }))
    }
}

impl ListKeyRotations {
    /// From the oldest to the newest; each by its place, which stays.
    async fn entries(
        &self,
        cx: &Cx<'_>,
        target: &KeyTarget,
        key: &Key,
    ) -> Result<Vec<(String, RotationEntry)>, ApiError> {
        let is_all = self.included == Included::All;
        let mut list = Vec::new();
        for (place, material) in key.materials.iter().enumerate() {
            let is_current = place + 1 == key.materials.len();
            let state = if is_current { "CURRENT" } else { "NON_CURRENT" };
            if is_all || material.rotation.is_some() {
                let entry = RotationEntry::of(key, material, state, cx.now);
                list.push((format!("{place:09}"), entry));
            }
        }
        if let Some(pending) = key.pending.as_ref().filter(|_| is_all) {
            let everywhere = is_pending_everywhere(cx.house, target.owner(), key, cx.now).await?;
            let is_set = key.multi_region.is_some();
            let state = if is_set && !everywhere {
                "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
            } else {
                "PENDING_ROTATION"
            };
            let entry = RotationEntry::of(key, pending, state, cx.now);
            list.push((format!("{:09}", key.materials.len()), entry));
        }
        Ok(list)
    }
}
