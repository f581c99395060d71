//! DeleteAlias: takes a name from a key, which stays as it is.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::kms::alias_target::{AliasTarget, check_alias, parse_alias, remove_alias};
use crate::kms::members::Empty;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteAlias {
    alias: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    alias_name: Option<String>,
}

impl Operation for DeleteAlias {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "DeleteAlias",
        effect: Effect::Write,
        summary: "Takes a name from a key.",
    };
    type Input = Input;
    type Output = Empty;
    type Resource = AliasTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_alias(&mut check, input.alias_name.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { alias: parse_alias(input.alias_name)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<AliasTarget, ApiError> {
        AliasTarget::load(cx, &self.alias).await
    }

    /// The server's own aliases are safe: the policy of their keys allows nobody this.
    async fn run(&self, cx: &Cx<'_>, grant: Grant<AliasTarget>) -> Result<Done<Empty>, ApiError> {
        let key = grant.current_key(cx, &Self::SPEC).await?;
        let mut writes = key.changed(cx, |key| {
            remove_alias(key, &self.alias);
            Ok(())
        })?;
        writes.push(grant.delete()?);
        Ok(Done::change(Empty {}, writes))
    }
}
