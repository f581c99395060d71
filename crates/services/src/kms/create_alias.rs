//! CreateAlias: gives a key a name.

use crate::authz::Grant;
use crate::error::{ApiError, ErrorCode};
use crate::kms::alias::Alias;
use crate::kms::alias_target::{AliasTarget, add_alias, check_alias, parse_alias, wanted_key};
use crate::kms::managed::MANAGED_PREFIX;
use crate::kms::members::{Empty, check_key_id};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct CreateAlias {
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

impl Operation for CreateAlias {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "CreateAlias",
        effect: Effect::Write,
        summary: "Gives a key a name.",
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
        if alias.starts_with(MANAGED_PREFIX) {
            // Code and message inferred: API reference, `CreateAlias` and its `InvalidAliasNameException`.
            let message = "The alias name cannot begin with alias/aws/.";
            return Err(ApiError::new(ErrorCode::InvalidAliasName, message));
        }
        Ok(Self { alias, key_id: input.target_key_id.unwrap_or_default() })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<AliasTarget, ApiError> {
        AliasTarget::load(cx, &self.alias).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<AliasTarget>) -> Result<Done<Empty>, ApiError> {
        let key = wanted_key(cx, &self.key_id, &Self::SPEC).await?;
        let stored = key.found()?;
        stored.value.not_deleted(&key.arn_text(), cx.now)?;
        grant.is_free()?;
        let mut writes = key.changed(cx, |key| add_alias(key, &self.alias))?;
        writes.push(grant.put(cx, &Alias::new(&self.alias, &stored.value.id, cx.now))?);
        Ok(Done::change(Empty {}, writes))
    }
}
