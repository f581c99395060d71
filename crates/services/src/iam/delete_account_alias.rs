//! DeleteAccountAlias: takes the account's alias away.

use crate::accounts;
use crate::authz::Grant;
use crate::error::{ApiError, ErrorCode};
use crate::iam::account_target::{AccountTarget, check_alias};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteAccountAlias {
    alias: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    account_alias: Option<String>,
}

impl Operation for DeleteAccountAlias {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeleteAccountAlias",
        effect: Effect::Write,
        summary: "Takes the account's alias away.",
    };
    type Input = Input;
    type Output = ();
    type Resource = AccountTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_alias(&mut check, input.account_alias.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { alias: input.account_alias.unwrap_or_default() })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<AccountTarget, ApiError> {
        AccountTarget::load(cx).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<AccountTarget>) -> Result<Done<()>, ApiError> {
        let mut account = grant.account_record().clone();
        if account.alias.as_deref() != Some(self.alias.as_str()) {
            return Err(ApiError::new(
                ErrorCode::NoSuchEntity,
                format!("The account alias {} does not exist.", self.alias),
            ));
        }
        account.alias = None;
        Ok(Done::change((), vec![grant.put(cx, &account)?, accounts::free_alias(&self.alias)]))
    }
}
