//! GetAccessKeyLastUsed: when, where and for which service an access key was last used.
//!
//! AWS: `N/A` stands for region and service of a key that was never used.

use crate::authz::Grant;
use crate::error::{ApiError, ErrorCode};
use crate::iam::own_key::check_key_id;
use crate::iam::own_user::OwnUser;
use crate::identity::{AccessKey, KeyOwner, LastUsed};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Timestamp;
use strongroom_wire::{Constraints, iso8601};

/// The valid request.
#[derive(Debug)]
pub struct GetAccessKeyLastUsed {
    access_key_id: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    access_key_id: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    user_name: String,
    access_key_last_used: LastUsedMember,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LastUsedMember {
    #[serde(serialize_with = "iso8601::serialize_some", skip_serializing_if = "Option::is_none")]
    last_used_date: Option<Timestamp>,
    service_name: String,
    region: String,
}

impl Operation for GetAccessKeyLastUsed {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetAccessKeyLastUsed",
        effect: Effect::Read,
        summary: "Answers when an access key was last used.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = OwnUser;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_key_id(&mut check, input.access_key_id.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { access_key_id: input.access_key_id.unwrap_or_default() })
    }

    /// AWS: a key that is not there, or is another account's, is refused whoever asks. Recorded.
    async fn load(&self, cx: &Cx<'_>) -> Result<OwnUser, ApiError> {
        let key = self.access_key_id.as_bytes();
        let found = cx.house.records.get_uncached::<AccessKey>(key).await?;
        let owner = found.filter(|key| key.value.owner().account() == cx.account());
        match owner.as_ref().map(|key| key.value.owner()) {
            Some(KeyOwner::User { name, .. }) => OwnUser::load(cx, Some(name)).await,
            Some(KeyOwner::Root { .. }) => OwnUser::root(cx).await,
            None => Err(ApiError::new(
                ErrorCode::AccessDenied,
                format!(
                    "User: {} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {}",
                    cx.caller.arn(),
                    self.access_key_id
                ),
            )),
        }
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<OwnUser>) -> Result<Done<Output>, ApiError> {
        let used = LastUsed::of(&cx.house.records, &self.access_key_id).await?;
        let unknown = || "N/A".to_owned();
        let access_key_last_used = LastUsedMember {
            last_used_date: used.as_ref().map(|used| used.time),
            service_name: used.as_ref().map_or_else(unknown, |used| used.service.clone()),
            region: used.as_ref().map_or_else(unknown, |used| used.region.clone()),
        };
        Ok(Done::read(Output { user_name: grant.name()?.to_owned(), access_key_last_used }))
    }
}
