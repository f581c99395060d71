//! ListOpenIDConnectProviderTags: lists the tags of an OpenID Connect provider.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::listing::{PageInput, PageOutput, check_page, page_of_list};
use crate::iam::members::{TagMember, keyed_tag_members};
use crate::iam::oidc_provider::{ProviderTarget, check_provider_arn, url_of_arn};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListOpenIDConnectProviderTags {
    url: String,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(rename(
        deserialize = "OpenIDConnectProviderArn",
        serialize = "openIDConnectProviderArn"
    ))]
    arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<i64>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    tags: Vec<TagMember>,
    #[serde(flatten)]
    page: PageOutput,
}

impl Operation for ListOpenIDConnectProviderTags {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "ListOpenIDConnectProviderTags",
        effect: Effect::Read,
        summary: "Lists the tags of an OpenID Connect provider.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = ProviderTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_provider_arn(&mut check, input.arn.as_deref());
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;
        let page = PageInput::new(input.marker, input.max_items);
        Ok(Self { url: url_of_arn(input.arn)?, page })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProviderTarget, ApiError> {
        ProviderTarget::load(cx, &self.url).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<ProviderTarget>,
    ) -> Result<Done<Output>, ApiError> {
        let list = keyed_tag_members(&grant.found()?.value.tags);
        let (tags, page) = page_of_list(cx, Self::SPEC.name, &self.url, list, &self.page)?;
        Ok(Done::read(Output { tags, page }))
    }
}
