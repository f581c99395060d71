//! TagOpenIDConnectProvider: adds tags to an OpenID Connect provider.

use crate::authz::Grant;
use crate::conditions::{Values, request_tags};
use crate::error::ApiError;
use crate::iam::members::{TagMember, add_cased_tags, check_tags, parse_cased_tags};
use crate::iam::oidc_provider::{ProviderTarget, check_provider_arn, url_of_arn};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Tag;
use strongroom_wire::Constraints;
use strongroom_wire::Object;

/// The valid request.
#[derive(Debug)]
pub struct TagOpenIDConnectProvider {
    url: String,
    tags: Vec<Tag>,
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
    tags: Option<Vec<Object<TagMember>>>,
}

impl Operation for TagOpenIDConnectProvider {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "TagOpenIDConnectProvider",
        effect: Effect::Write,
        summary: "Adds tags to an OpenID Connect provider.",
    };
    type Input = Input;
    type Output = ();
    type Resource = ProviderTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        request_tags(&self.tags, key)
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_provider_arn(&mut check, input.arn.as_deref());
        check.required("tags", input.tags.as_ref());
        check_tags(&mut check, input.tags.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { url: url_of_arn(input.arn)?, tags: parse_cased_tags(input.tags)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProviderTarget, ApiError> {
        ProviderTarget::load(cx, &self.url).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<ProviderTarget>) -> Result<Done<()>, ApiError> {
        let mut changed = grant.found()?.value.clone();
        add_cased_tags(&mut changed.tags, &self.tags)?;
        Ok(Done::change((), vec![grant.put(cx, &changed)?]))
    }
}
