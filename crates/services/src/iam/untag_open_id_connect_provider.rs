//! UntagOpenIDConnectProvider: removes tags from an OpenID Connect provider.

use crate::authz::Grant;
use crate::conditions::{Values, tag_keys};
use crate::error::ApiError;
use crate::iam::members::{check_tag_keys, remove_cased_tags};
use crate::iam::oidc_provider::{ProviderTarget, check_provider_arn, url_of_arn};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UntagOpenIDConnectProvider {
    url: String,
    keys: Vec<String>,
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
    tag_keys: Option<Vec<String>>,
}

impl Operation for UntagOpenIDConnectProvider {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "UntagOpenIDConnectProvider",
        effect: Effect::Write,
        summary: "Removes tags from an OpenID Connect provider.",
    };
    type Input = Input;
    type Output = ();
    type Resource = ProviderTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "aws:tagkeys" { tag_keys(self.keys.iter().map(String::as_str)) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_provider_arn(&mut check, input.arn.as_deref());
        check_tag_keys(&mut check, input.tag_keys.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { url: url_of_arn(input.arn)?, keys: input.tag_keys.unwrap_or_default() })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProviderTarget, ApiError> {
        ProviderTarget::load(cx, &self.url).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<ProviderTarget>) -> Result<Done<()>, ApiError> {
        let mut changed = grant.found()?.value.clone();
        remove_cased_tags(&mut changed.tags, &self.keys);
        Ok(Done::change((), vec![grant.put(cx, &changed)?]))
    }
}
