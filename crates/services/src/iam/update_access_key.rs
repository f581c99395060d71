//! UpdateAccessKey: makes an access key active or inactive.
//!
//! Without a name: one of the caller's own.

use crate::authz::Grant;
use crate::error::{ApiError, ErrorCode};
use crate::iam::own_key::{check_key_id, key_not_found};
use crate::iam::own_user::{OwnUser, check_own_name, parse_own_name};
use crate::identity::{AccessKey, AccessKeyStatus};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::Expect;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UpdateAccessKey {
    name: Option<String>,
    key: String,
    status: AccessKeyStatus,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    access_key_id: Option<String>,
    status: Option<String>,
}

impl Operation for UpdateAccessKey {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "UpdateAccessKey",
        effect: Effect::Write,
        summary: "Makes an access key active or inactive.",
    };
    type Input = Input;
    type Output = ();
    type Resource = OwnUser;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_own_name(&mut check, input.user_name.as_deref());
        let key = input.access_key_id.as_deref();
        check_key_id(&mut check, key);
        let status = input.status.as_deref();
        check.required("status", status.as_ref());
        check.one_of("status", status, &["Active", "Inactive", "Expired"]);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_own_name(input.user_name)?,
            key: input.access_key_id.unwrap_or_default(),
            status: parse_status(&input.status.unwrap_or_default())?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<OwnUser, ApiError> {
        OwnUser::load(cx, self.name.as_deref()).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<OwnUser>) -> Result<Done<()>, ApiError> {
        if !grant.keys()?.iter().any(|held| held.id == self.key) {
            return Err(key_not_found(&self.key));
        }
        let stored = cx.house.records.get_uncached::<AccessKey>(self.key.as_bytes()).await?;
        let stored = stored.ok_or_else(|| key_not_found(&self.key))?;
        let changed = stored.value.with(grant.owner()?, self.status);
        let expect = Expect::At(stored.revision);
        let writes = vec![
            grant.change_keys(cx, |keys| {
                for held in keys.iter_mut().filter(|held| held.id == self.key) {
                    held.status = self.status;
                }
            })?,
            cx.house.records.put(cx.entropy(), stored.key, &changed, expect)?,
        ];
        Ok(Done::change((), writes))
    }
}

/// AWS: `Expired` is a state that AWS alone brings keys into.
fn parse_status(status: &str) -> Result<AccessKeyStatus, ApiError> {
    match status {
        "Active" => Ok(AccessKeyStatus::Active),
        "Inactive" => Ok(AccessKeyStatus::Inactive),
        _ => {
            let message = format!("An access key cannot be set to {status}.");
            Err(ApiError::new(ErrorCode::InvalidInput, message))
        }
    }
}
