//! ListAccountAliases: lists the account's alias.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::account_target::AccountTarget;
use crate::iam::listing::{PageInput, PageOutput, check_page, page_of_list};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListAccountAliases {
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<i64>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    account_aliases: Vec<String>,
    #[serde(flatten)]
    page: PageOutput,
}

impl Operation for ListAccountAliases {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "ListAccountAliases",
        effect: Effect::Read,
        summary: "Lists the account's alias.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = AccountTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { page: PageInput::new(input.marker, input.max_items) })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<AccountTarget, ApiError> {
        AccountTarget::load(cx).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<AccountTarget>,
    ) -> Result<Done<Output>, ApiError> {
        let alias = grant.account_record().alias.clone();
        let list = alias.into_iter().map(|alias| (alias.clone(), alias)).collect();
        let (account_aliases, page) = page_of_list(cx, Self::SPEC.name, "", list, &self.page)?;
        Ok(Done::read(Output { account_aliases, page }))
    }
}
