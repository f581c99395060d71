//! UpdateOpenIDConnectProviderThumbprint: changes the thumbprints of an OpenID Connect provider.

use crate::authz::Grant;
use crate::error::{ApiError, ErrorCode};
use crate::iam::oidc_provider::{
    ProviderTarget, check_provider_arn, check_thumbprints, parse_thumbprints, url_of_arn,
};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UpdateOpenIDConnectProviderThumbprint {
    url: String,
    thumbprints: Vec<String>,
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
    thumbprint_list: Option<Vec<String>>,
}

impl Operation for UpdateOpenIDConnectProviderThumbprint {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "UpdateOpenIDConnectProviderThumbprint",
        effect: Effect::Write,
        summary: "Changes the thumbprints of an OpenID Connect provider.",
    };
    type Input = Input;
    type Output = ();
    type Resource = ProviderTarget;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_provider_arn(&mut check, input.arn.as_deref());
        check.required("thumbprintList", input.thumbprint_list.as_ref());
        check_thumbprints(&mut check, input.thumbprint_list.as_deref());
        check.finish().map_err(ApiError::validation)?;
        let thumbprints = parse_thumbprints(input.thumbprint_list)?;
        if thumbprints.is_empty() {
            let message = "Thumbprint list must contain at least one entry.";
            return Err(ApiError::new(ErrorCode::InvalidInput, message));
        }
        Ok(Self { url: url_of_arn(input.arn)?, thumbprints })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<ProviderTarget, ApiError> {
        ProviderTarget::load(cx, &self.url).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<ProviderTarget>) -> Result<Done<()>, ApiError> {
        let mut provider = grant.found()?.value.clone();
        provider.thumbprints.clone_from(&self.thumbprints);
        Ok(Done::change((), vec![grant.put(cx, &provider)?]))
    }
}
