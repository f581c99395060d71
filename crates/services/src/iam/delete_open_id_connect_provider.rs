//! DeleteOpenIDConnectProvider: removes an OpenID Connect provider.

use crate::authz::{Grant, Resource};
use crate::error::{ApiError, ErrorCode};
use crate::iam::oidc_provider::{ProviderTarget, check_provider_arn, url_of_arn};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteOpenIDConnectProvider {
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

impl Operation for DeleteOpenIDConnectProvider {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeleteOpenIDConnectProvider",
        effect: Effect::Write,
        summary: "Removes an OpenID Connect provider.",
    };
    type Input = Input;
    type Output = ();
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

    async fn run(&self, cx: &Cx<'_>, grant: Grant<ProviderTarget>) -> Result<Done<()>, ApiError> {
        if grant.found.is_none() {
            // Recorded; the API reference says that it succeeds.
            let message = format!("OpenId connect Provider {} cannot be found.", grant.arn(cx));
            return Err(ApiError::new(ErrorCode::NoSuchEntity, message));
        }
        Ok(Done::change((), vec![grant.delete()?]))
    }
}
