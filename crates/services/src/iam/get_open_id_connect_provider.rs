//! GetOpenIDConnectProvider: answers an OpenID Connect provider.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::members::{TagMember, tag_members};
use crate::iam::oidc_provider::{ProviderTarget, check_provider_arn, url_of_arn};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Timestamp;
use strongroom_wire::Constraints;
use strongroom_wire::iso8601;

/// The valid request.
#[derive(Debug)]
pub struct GetOpenIDConnectProvider {
    url: String,
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
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    url: String,
    #[serde(rename = "ClientIDList")]
    client_ids: Vec<String>,
    thumbprint_list: Vec<String>,
    #[serde(serialize_with = "iso8601::serialize")]
    create_date: Timestamp,
    tags: Vec<TagMember>,
}

impl Operation for GetOpenIDConnectProvider {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetOpenIDConnectProvider",
        effect: Effect::Read,
        summary: "Answers an OpenID Connect provider.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = ProviderTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_provider_arn(&mut check, input.arn.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { url: url_of_arn(input.arn)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProviderTarget, ApiError> {
        ProviderTarget::load(cx, &self.url).await
    }

    async fn run(
        &self,
        _cx: &Cx<'_>,
        grant: Grant<ProviderTarget>,
    ) -> Result<Done<Output>, ApiError> {
        let provider = &grant.found()?.value;
        // Recorded: in the order of their keys.
        let mut tags = provider.tags.clone();
        tags.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(Done::read(Output {
            url: provider.url.clone(),
            client_ids: provider.client_ids.clone(),
            thumbprint_list: provider.thumbprints.clone(),
            create_date: provider.created,
            tags: tag_members(&tags),
        }))
    }
}
