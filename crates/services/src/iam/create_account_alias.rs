//! CreateAccountAlias: gives the account an alias, in place of the one it has.
//!
//! AWS: an alias is refused if any account has it, the caller's own included. Recorded.

use crate::accounts;
use crate::authz::Grant;
use crate::error::{ApiError, ErrorCode};
use crate::iam::account_target::{AccountTarget, check_alias};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct CreateAccountAlias {
    alias: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    account_alias: Option<String>,
}

impl Operation for CreateAccountAlias {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "CreateAccountAlias",
        effect: Effect::Write,
        summary: "Gives the account an alias, in place of the one it has.",
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
        if accounts::is_alias_taken(&cx.house.records, &self.alias).await? {
            return Err(ApiError::new(
                ErrorCode::EntityAlreadyExists,
                format!("The account alias {} already exists.", self.alias),
            ));
        }
        let mut account = grant.account_record().clone();
        let before = account.alias.replace(self.alias.clone());
        let records = &cx.house.records;
        let mut writes = vec![
            grant.put(cx, &account)?,
            accounts::take_alias(records, cx.entropy(), cx.account(), &self.alias)?,
        ];
        writes.extend(before.as_deref().map(accounts::free_alias));
        Ok(Done::change((), writes))
    }
}
