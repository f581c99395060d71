//! DeleteAccessKey: removes an access key.
//!
//! Without a name: one of the caller's own. It signs nothing from the next request on.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::own_key::{check_key_id, key_not_found};
use crate::iam::own_user::{OwnUser, check_own_name, parse_own_name};
use crate::identity::{ACCESS_KEY, LastUsed};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::{Change, Expect, Write};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct DeleteAccessKey {
    name: Option<String>,
    key: String,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    access_key_id: Option<String>,
}

impl Operation for DeleteAccessKey {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "DeleteAccessKey",
        effect: Effect::Write,
        summary: "Removes an access key.",
    };
    type Input = Input;
    type Output = ();
    type Resource = OwnUser;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_own_name(&mut check, input.user_name.as_deref());
        let key = input.access_key_id.as_deref();
        check_key_id(&mut check, key);
        check.finish().map_err(ApiError::validation)?;
        Ok(Self {
            name: parse_own_name(input.user_name)?,
            key: input.access_key_id.unwrap_or_default(),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<OwnUser, ApiError> {
        OwnUser::load(cx, self.name.as_deref()).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<OwnUser>) -> Result<Done<()>, ApiError> {
        if !grant.keys()?.iter().any(|held| held.id == self.key) {
            return Err(key_not_found(&self.key));
        }
        let key = Write {
            kind: ACCESS_KEY,
            key: self.key.clone().into_bytes(),
            expect: Expect::Any,
            change: Change::Delete,
        };
        let owner = grant.change_keys(cx, |keys| keys.retain(|held| held.id != self.key))?;
        Ok(Done::change((), vec![owner, key, LastUsed::forget(&self.key)]))
    }
}
