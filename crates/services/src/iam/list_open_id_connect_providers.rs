//! ListOpenIDConnectProviders: the ARNs of the account's OpenID Connect providers.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::oidc_provider::{OidcProvider, PROVIDERS};
use crate::iam::target::ByArn;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::{Direction, PageQuery};
use strongroom_types::limits::IAM_PAGE_ITEMS_MAX;

/// The request has no members.
#[derive(Debug, Clone, Copy)]
pub struct ListOpenIDConnectProviders;

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
pub struct Input {}

/// The answer on the wire.
#[derive(Debug, Serialize)]
pub struct Output {
    #[serde(rename = "OpenIDConnectProviderList")]
    providers: Vec<ProviderMember>,
}

#[derive(Debug, Serialize)]
struct ProviderMember {
    #[serde(rename = "Arn")]
    arn: String,
}

impl Operation for ListOpenIDConnectProviders {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "ListOpenIDConnectProviders",
        effect: Effect::Read,
        summary: "Lists OpenID Connect providers.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = ByArn<()>;

    fn parse(_input: Input) -> Result<Self, ApiError> {
        Ok(Self)
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ByArn<()>, ApiError> {
        // Recorded, in a refusal.
        Ok(ByArn { arn: format!("arn:aws:iam::{}:oidc-provider/*", cx.account()), found: () })
    }

    async fn run(&self, cx: &Cx<'_>, _grant: Grant<ByArn<()>>) -> Result<Done<Output>, ApiError> {
        let query = PageQuery {
            index: PROVIDERS,
            prefix: cx.account().as_str().as_bytes(),
            after: None,
            limit: IAM_PAGE_ITEMS_MAX,
            direction: Direction::Ascending,
        };
        let entries = cx.house.records.page(query).await?;
        let keys: Vec<_> = entries.into_iter().map(|entry| entry.key).collect();
        let found = cx.house.records.get_many::<OidcProvider>(&keys).await?;
        let member = |provider: std::sync::Arc<crate::records::Stored<OidcProvider>>| {
            ProviderMember { arn: provider.value.arn() }
        };
        Ok(Done::read(Output { providers: found.into_iter().flatten().map(member).collect() }))
    }
}
