//! CreateOpenIDConnectProvider: makes an OpenID Connect provider: an issuer whose tokens roles may trust.

use crate::authz::Grant;
use crate::conditions::{Values, request_tags};
use crate::error::{ApiError, ErrorCode};
use crate::iam::members::{TagMember, check_tags, parse_cased_tags, some_tag_members};
use crate::iam::oidc_provider::{
    OidcProvider, ProviderTarget, check_client_count, check_client_ids, check_provider_count,
    check_thumbprints, parse_thumbprints, parse_url,
};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use strongroom_types::Tag;
use strongroom_wire::Constraints;
use strongroom_wire::Object;

/// The valid request.
#[derive(Debug)]
pub struct CreateOpenIDConnectProvider {
    url: String,
    client_ids: Vec<String>,
    thumbprints: Vec<String>,
    tags: Vec<Tag>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    url: Option<String>,
    #[serde(
        rename(deserialize = "ClientIDList", serialize = "clientIDList"),
        skip_serializing_if = "Option::is_none"
    )]
    client_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbprint_list: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Object<TagMember>>>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<TagMember>>,
}

impl Operation for CreateOpenIDConnectProvider {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "CreateOpenIDConnectProvider",
        effect: Effect::Write,
        summary: "Makes an OpenID Connect provider: an issuer whose tokens roles may trust.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = ProviderTarget;

    fn further_actions(&self) -> Vec<&'static str> {
        if self.tags.is_empty() { Vec::new() } else { vec!["iam:TagOpenIDConnectProvider"] }
    }

    fn condition(&self, key: &str) -> Values<'_> {
        request_tags(&self.tags, key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        // In the recorded order.
        check_client_ids(&mut check, input.client_ids.as_deref());
        check_thumbprints(&mut check, input.thumbprint_list.as_deref());
        check.required_length("url", input.url.as_deref(), 1..=255);
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;
        // Recorded: one that stands twice counts once.
        let (mut client_ids, mut seen) = (input.client_ids.unwrap_or_default(), BTreeSet::new());
        client_ids.retain(|id| seen.insert(id.clone()));
        check_client_count(&client_ids)?;
        Ok(Self {
            url: parse_url(&input.url.unwrap_or_default())?,
            client_ids,
            thumbprints: parse_thumbprints(input.thumbprint_list)?,
            tags: parse_cased_tags(input.tags)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProviderTarget, ApiError> {
        ProviderTarget::load(cx, &self.url).await
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<ProviderTarget>,
    ) -> Result<Done<Output>, ApiError> {
        if grant.found.is_some() {
            let message = format!("Provider with url https://{} already exists.", self.url);
            return Err(ApiError::new(ErrorCode::EntityAlreadyExists, message));
        }
        check_provider_count(cx).await?;
        let provider = OidcProvider {
            account: cx.account().clone(),
            url: self.url.clone(),
            client_ids: self.client_ids.clone(),
            thumbprints: self.thumbprints.clone(),
            created: cx.now,
            tags: self.tags.clone(),
        };
        let output = Output { arn: provider.arn(), tags: some_tag_members(&provider.tags) };
        Ok(Done::change(output, vec![grant.put(cx, &provider)?]))
    }
}
