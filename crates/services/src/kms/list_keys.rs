//! ListKeys: the keys of the caller's account and region, page by page.

use crate::authz::{Grant, WholeAccount};
use crate::error::ApiError;
use crate::kms::arn::key_arn;
use crate::kms::key::KEYS;
use crate::kms::listing::{KEYS_PER_PAGE, PageInput, PageOutput, Walk, check_page};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use crate::secretsmanager::scope;
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListKeys {
    page: PageInput,
    /// Whether the account's own keys are asked for. Nothing else is shared with it here.
    is_of_own: bool,
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
    resource_owners: Option<Vec<String>>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    keys: Vec<KeyEntry>,
    #[serde(flatten)]
    page: PageOutput,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyEntry {
    key_id: String,
    key_arn: String,
}

const SELF: &str = "SELF";
/// Model: `ResourceOwnerType`.
const OWNERS: [&str; 2] = [SELF, "OTHER_ACCOUNTS_VIA_RAM"];

impl Operation for ListKeys {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "ListKeys",
        effect: Effect::Read,
        summary: "Lists the keys of an account and region, page by page.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_page(&mut check, input.limit, input.marker.as_deref());
        let owners = input.resource_owners.as_deref();
        check.count("resourceOwners", owners, 1..=2);
        let rules = format!("Member must satisfy enum value set: [{}]", OWNERS.join(", "));
        check.entries("resourceOwners", owners, &rules, |owner| OWNERS.contains(&owner));
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            is_of_own: owners.is_none_or(|owners| owners.iter().any(|owner| owner == SELF)),
            page: PageInput::new(input.limit, input.marker, KEYS_PER_PAGE),
        })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        let prefix = scope(cx.account(), cx.region());
        let binding = vec![u8::from(self.is_of_own)];
        let mut walk = Walk::begin(cx, Self::SPEC.name, binding, &self.page)?;
        let found = if self.is_of_own { walk.keys(0, (KEYS, &prefix)).await? } else { Vec::new() };
        let entry = |key: Vec<u8>| {
            let id = key.strip_prefix(prefix.as_slice()).unwrap_or_default();
            let key_id = String::from_utf8_lossy(id).into_owned();
            KeyEntry { key_arn: key_arn(cx.account(), cx.region(), &key_id), key_id }
        };
        Ok(Done::read(Output { keys: found.into_iter().map(entry).collect(), page: walk.end()? }))
    }
}
