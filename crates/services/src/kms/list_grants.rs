//! ListGrants: lists the grants of a key.

use crate::authz::Grant as Granted;
use crate::conditions::{Values, flag};
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::grant::{GRANTS, GRANTS_BY_GRANTEE, Grant, grantee_prefix, grants_prefix};
use crate::kms::grant_entry::{GrantEntry, check_grant_id, parse_grant_id};
use crate::kms::grant_party::{Party, check_principal, check_service, no_service};
use crate::kms::listing::{
    ALIASES_PER_PAGE, Listed, PageInput, PageOutput, check_page, page_of_records,
};
use crate::kms::members::check_key_id;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListGrants {
    key_id: String,
    grant_id: Option<String>,
    grantee: Option<String>,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grantee_principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grantee_service_principal: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    grants: Vec<GrantEntry>,
    #[serde(flatten)]
    page: PageOutput,
}

impl Operation for ListGrants {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "ListGrants",
        effect: Effect::Read,
        summary: "Lists the grants of a key.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "kms:grantisforawsresource" { flag(false) } else { None }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        let service = input.grantee_service_principal.as_deref();
        check_page(&mut check, input.limit, input.marker.as_deref());
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_grant_id(&mut check, input.grant_id.as_deref());
        check_principal(&mut check, "granteePrincipal", input.grantee_principal.as_deref());
        check_service(&mut check, "granteeServicePrincipal", service);
        check.finish().map_err(ApiError::validation)?;
        no_service("GranteeServicePrincipal", service)?;
        input.grant_id.as_deref().map_or(Ok(()), parse_grant_id)?;
        Ok(Self {
            key_id: input.key_id.unwrap_or_default(),
            grant_id: input.grant_id,
            grantee: input.grantee_principal,
            page: PageInput::new(input.limit, input.marker, ALIASES_PER_PAGE),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        KeyTarget::load(cx, &KeyName::parse_key(&self.key_id, cx.region())?).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Granted<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let key = &grant.found()?.key;
        let grantee = match &self.grantee {
            Some(named) => Some(grantee_name(cx, named).await?),
            None => None,
        };
        let (index, prefix) = match (&grantee, &self.grant_id) {
            (Some(name), _) => (GRANTS_BY_GRANTEE, grantee_prefix(key, name)),
            (None, Some(id)) => (GRANTS, [grants_prefix(key), id.clone().into_bytes()].concat()),
            (None, None) => (GRANTS, grants_prefix(key)),
        };
        let wanted = |held: &Grant| {
            self.grant_id.as_ref().is_none_or(|id| held.id == *id)
                && grantee.as_ref().is_none_or(|name| held.grantee.name() == name)
        };
        let listed = Listed { operation: Self::SPEC.name, index, prefix: &prefix };
        let bound = self.grant_id.as_deref().unwrap_or_default().as_bytes();
        let (found, page) = page_of_records(cx, listed, bound, &self.page, wanted).await?;
        Ok(Done::read(Output { grants: GrantEntry::all(cx, &found).await?, page }))
    }
}

/// Whom a filter means; somebody who is gone, by the id that lists show of them.
async fn grantee_name(cx: &Cx<'_>, named: &str) -> Result<String, ApiError> {
    let party = Party::find(&cx.house.records, named).await?;
    Ok(party.map_or_else(|| named.to_owned(), |party| party.name().to_owned()))
}
