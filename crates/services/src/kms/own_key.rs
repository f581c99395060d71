//! Keys of operations that AWS does on the caller's own account's keys only, and the request that names a key and no more.

use crate::error::{ApiError, ErrorCode};
use crate::kms::arn::{KeyName, NamePart, alias_arn, key_arn};
use crate::kms::key::{Key, KeyState, invalid_state};
use crate::kms::members::check_key_id;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Timestamp;
use strongroom_wire::Constraints;

/// A request that names a key and no more.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct KeyIdInput {
    key_id: Option<String>,
}

impl KeyIdInput {
    /// The key's id or ARN.
    pub(super) fn checked(self) -> Result<String, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", self.key_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(self.key_id.unwrap_or_default())
    }
}

/// Looks up a key that is named by its id or ARN. In another account, whatever that key's policy allows has no effect: KMS
/// developer guide, "Allowing users in other accounts to use a KMS key".
pub(super) async fn load_own(
    cx: &Cx<'_>,
    key_id: &str,
    operation: &Spec,
) -> Result<KeyTarget, ApiError> {
    let name = KeyName::parse_key(key_id, cx.region())?;
    refuse_other_account(cx, &name, operation)?;
    KeyTarget::load(cx, &name).await
}

/// Refuses a key of another account, without a look at it.
pub(super) fn refuse_other_account(
    cx: &Cx<'_>,
    name: &KeyName,
    operation: &Spec,
) -> Result<(), ApiError> {
    let Some(other) = name.account.as_ref().filter(|account| *account != cx.account()) else {
        return Ok(());
    };
    let message = format!(
        "User: {} is not authorized to perform: {} on resource: {}",
        cx.caller.arn(),
        operation.action(),
        match &name.part {
            NamePart::Id(id) => key_arn(other, cx.region(), id),
            NamePart::Alias(alias) => alias_arn(other, cx.region(), alias),
        },
    );
    Err(ApiError::new(ErrorCode::AccessDenied, message))
}

/// Refuses a key that can be neither enabled nor disabled. KMS developer guide, "Key states of AWS KMS keys".
pub(super) fn can_be_switched(key: &Key, arn: &str, now: Timestamp) -> Result<(), ApiError> {
    match key.state(now) {
        KeyState::Enabled | KeyState::Disabled => Ok(()),
        state @ (KeyState::PendingDeletion
        | KeyState::PendingImport
        | KeyState::PendingReplicaDeletion) => Err(invalid_state(arn, state)),
    }
}
