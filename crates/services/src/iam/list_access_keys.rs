//! ListAccessKeys: lists the access keys of a user.
//!
//! Without a name: the caller's own.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::listing::{PageInput, PageOutput, check_page, page_of_list};
use crate::iam::own_user::{OwnUser, check_own_name, parse_own_name};
use crate::iam::user::HeldKey;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Timestamp;
use strongroom_wire::{Constraints, iso8601};

/// The valid request.
#[derive(Debug)]
pub struct ListAccessKeys {
    name: Option<String>,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<i64>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    access_key_metadata: Vec<KeyMember>,
    #[serde(flatten)]
    page: PageOutput,
}

/// An access key, without its secret. Model: `AccessKeyMetadata`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyMember {
    user_name: String,
    access_key_id: String,
    status: &'static str,
    #[serde(serialize_with = "iso8601::serialize")]
    create_date: Timestamp,
}

impl KeyMember {
    fn of(user_name: &str, key: &HeldKey) -> Self {
        Self {
            user_name: user_name.to_owned(),
            access_key_id: key.id.clone(),
            status: key.status.as_str(),
            create_date: key.created,
        }
    }
}

impl Operation for ListAccessKeys {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "ListAccessKeys",
        effect: Effect::Read,
        summary: "Lists the access keys of a user.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = OwnUser;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_own_name(&mut check, input.user_name.as_deref());
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_own_name(input.user_name)?,
            page: PageInput::new(input.marker, input.max_items),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<OwnUser, ApiError> {
        OwnUser::load(cx, self.name.as_deref()).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<OwnUser>) -> Result<Done<Output>, ApiError> {
        let name = grant.name()?;
        let keys = grant.keys()?.iter();
        let list = keys.map(|key| (key.id.clone(), KeyMember::of(name, key))).collect();
        let (access_key_metadata, page) =
            page_of_list(cx, Self::SPEC.name, name, list, &self.page)?;
        Ok(Done::read(Output { access_key_metadata, page }))
    }
}
