//! ListRetirableGrants: lists the grants that a principal may retire.

use crate::authz::{Grant as Granted, Resource};
use crate::error::{ApiError, ErrorCode};
use crate::kms::grant::{GRANTS_BY_RETIRING, Grant, retiring_prefix};
use crate::kms::grant_entry::GrantEntry;
use crate::kms::grant_party::{Party, check_principal, check_service, no_service};
use crate::kms::listing::{
    ALIASES_PER_PAGE, Listed, PageInput, PageOutput, check_page, page_of_records,
};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::AccountId;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListRetirableGrants {
    retiring: RetiringPrincipal,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    retiring_principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retiring_service_principal: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    grants: Vec<GrantEntry>,
    #[serde(flatten)]
    page: PageOutput,
}

/// The principal whose grants are asked for. KMS API reference: it is what the request is authorised on.
#[derive(Debug, Clone)]
pub struct RetiringPrincipal {
    arn: String,
    account: AccountId,
}

impl Resource for RetiringPrincipal {
    fn account<'a>(&'a self, _cx: &'a Cx<'_>) -> &'a AccountId {
        &self.account
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        self.arn.clone()
    }
}

/// Messages inferred.
fn parse_principal(
    principal: Option<String>,
    service: Option<&str>,
) -> Result<RetiringPrincipal, ApiError> {
    no_service("RetiringServicePrincipal", service)?;
    let arn = principal.ok_or_else(|| {
        ApiError::validation(
            "You must specify either RetiringPrincipal or RetiringServicePrincipal.",
        )
    })?;
    let account = ["arn:aws:iam::", "arn:aws:sts::"]
        .iter()
        .find_map(|prefix| arn.strip_prefix(prefix)?.split(':').next())
        .and_then(|account| AccountId::parse(account).ok());
    let Some(account) = account else {
        let message = format!("ARN does not refer to a valid principal: {arn}");
        return Err(ApiError::new(ErrorCode::InvalidArn, message));
    };
    Ok(RetiringPrincipal { arn, account })
}

impl Operation for ListRetirableGrants {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "ListRetirableGrants",
        effect: Effect::Read,
        summary: "Lists the grants that a principal may retire.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = RetiringPrincipal;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        let service = input.retiring_service_principal.as_deref();
        check_page(&mut check, input.limit, input.marker.as_deref());
        check_principal(&mut check, "retiringPrincipal", input.retiring_principal.as_deref());
        check_service(&mut check, "retiringServicePrincipal", service);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            retiring: parse_principal(input.retiring_principal, service)?,
            page: PageInput::new(input.limit, input.marker, ALIASES_PER_PAGE),
        })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<RetiringPrincipal, ApiError> {
        Ok(self.retiring.clone())
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Granted<RetiringPrincipal>,
    ) -> Result<Done<Output>, ApiError> {
        let party = Party::find(&cx.house.records, &grant.arn).await?;
        let name = party.map_or_else(|| grant.arn.clone(), |party| party.name().to_owned());
        let prefix = retiring_prefix(&name, cx.region());
        let listed =
            Listed { operation: Self::SPEC.name, index: GRANTS_BY_RETIRING, prefix: &prefix };
        let wanted =
            |held: &Grant| held.retiring.as_ref().is_some_and(|party| party.name() == name);
        let (found, page) = page_of_records(cx, listed, &[], &self.page, wanted).await?;
        Ok(Done::read(Output { grants: GrantEntry::all(cx, &found).await?, page }))
    }
}
