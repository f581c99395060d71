//! AddClientIDToOpenIDConnectProvider: adds a client id to an OpenID Connect provider.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::oidc_provider::{
    ProviderTarget, check_client_count, check_client_id, check_provider_arn, url_of_arn,
};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct AddClientIDToOpenIDConnectProvider {
    url: String,
    client_id: String,
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
    #[serde(rename(deserialize = "ClientID", serialize = "clientID"))]
    client_id: Option<String>,
}

impl Operation for AddClientIDToOpenIDConnectProvider {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "AddClientIDToOpenIDConnectProvider",
        effect: Effect::Write,
        summary: "Adds a client id to an OpenID Connect provider.",
    };
    type Input = Input;
    type Output = ();
    type Resource = ProviderTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_provider_arn(&mut check, input.arn.as_deref());
        check.required("clientID", input.client_id.as_ref());
        check_client_id(&mut check, "clientID", input.client_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { url: url_of_arn(input.arn)?, client_id: input.client_id.unwrap_or_default() })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProviderTarget, ApiError> {
        ProviderTarget::load(cx, &self.url).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<ProviderTarget>) -> Result<Done<()>, ApiError> {
        let mut provider = grant.found()?.value.clone();
        if provider.client_ids.contains(&self.client_id) {
            return Ok(Done::read(()));
        }
        provider.client_ids.push(self.client_id.clone());
        check_client_count(&provider.client_ids)?;
        Ok(Done::change((), vec![grant.put(cx, &provider)?]))
    }
}
