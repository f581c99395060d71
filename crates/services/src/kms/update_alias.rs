//! UpdateAlias: gives an alias another key of the same type and usage.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::kms::alias::Alias;
use crate::kms::alias_target::{
    AliasTarget, add_alias, check_alias, parse_alias, remove_alias, wanted_key,
};
use crate::kms::key::Key;
use crate::kms::members::{Empty, check_key_id};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_keys::kms::KeyKind;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UpdateAlias {
    alias: String,
    key_id: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    alias_name: Option<String>,
    target_key_id: Option<String>,
}

impl Operation for UpdateAlias {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "UpdateAlias",
        effect: Effect::Write,
        summary: "Gives an alias another key.",
    };
    type Input = Input;
    type Output = Empty;
    type Resource = AliasTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_alias(&mut check, input.alias_name.as_deref());
        check_key_id(&mut check, "targetKeyId", input.target_key_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let alias = parse_alias(input.alias_name)?;
        Ok(Self { alias, key_id: input.target_key_id.unwrap_or_default() })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<AliasTarget, ApiError> {
        AliasTarget::load(cx, &self.alias).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<AliasTarget>) -> Result<Done<Empty>, ApiError> {
        let before = grant.current_key(cx, &Self::SPEC).await?;
        let after = wanted_key(cx, &self.key_id, &Self::SPEC).await?;
        let key = &after.found()?.value;
        key.not_deleted(&after.arn_text(), cx.now)?;
        are_alike(&before.found()?.value, key)?;
        let mut writes = Vec::new();
        if before.found()?.key != after.found()?.key {
            writes.extend(before.changed(cx, |key| {
                remove_alias(key, &self.alias);
                Ok(())
            })?);
            writes.extend(after.changed(cx, |key| add_alias(key, &self.alias))?);
        }
        let held = &grant.found()?.value;
        let alias = Alias { created: held.created, ..Alias::new(&self.alias, &key.id, cx.now) };
        writes.push(grant.put(cx, &alias)?);
        Ok(Done::change(Empty {}, writes))
    }
}

/// API reference, `UpdateAlias`: both symmetric or both asymmetric or both HMAC, with the same usage. Message inferred.
fn are_alike(before: &Key, after: &Key) -> Result<(), ApiError> {
    let is_same_type = matches!(
        (before.spec.kind(), after.spec.kind()),
        (KeyKind::Symmetric, KeyKind::Symmetric)
            | (KeyKind::Mac(_), KeyKind::Mac(_))
            | (KeyKind::Pair(_), KeyKind::Pair(_))
    );
    if is_same_type && before.usage == after.usage {
        return Ok(());
    }
    Err(ApiError::validation(
        "The current and the new key of an alias must have the same type and the same key usage.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::key::About;
    use strongroom_keys::kms::{KeySpec, KeyUsage};
    use strongroom_types::Timestamp;

    #[test]
    fn an_alias_moves_between_keys_of_one_type_and_usage() {
        // Documented: API reference, `UpdateAlias`.
        let key = |spec: &str, usage| {
            let about = About::managed("k".to_owned(), Timestamp::from_millis(0));
            Key::new(About { spec: KeySpec::parse(spec).unwrap(), usage, ..about }, Vec::new())
        };
        let are_alike =
            |(one, its), (other, others)| are_alike(&key(one, its), &key(other, others)).is_ok();
        let symmetric = ("SYMMETRIC_DEFAULT", KeyUsage::EncryptDecrypt);
        let encrypting = ("RSA_2048", KeyUsage::EncryptDecrypt);
        let signing = ("RSA_2048", KeyUsage::SignVerify);
        assert!(are_alike(symmetric, symmetric));
        assert!(are_alike(signing, ("ECC_NIST_P256", KeyUsage::SignVerify)));
        let mac = KeyUsage::GenerateVerifyMac;
        assert!(are_alike(("HMAC_256", mac), ("HMAC_512", mac)));
        assert!(!are_alike(symmetric, encrypting));
        assert!(!are_alike(encrypting, signing));
        assert!(!are_alike(symmetric, ("HMAC_256", mac)));
    }
}
