//! UpdateUser: gives a user another name or path.
//!
//! AWS: everything that belongs to the user stays with it; its access keys sign for the new name. IAM user guide, "Renaming an
//! IAM user".

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::members::{check_name, parse_name};
use crate::iam::rename::Rename;
use crate::iam::target::Target;
use crate::iam::user::User;
use crate::identity::{AccessKey, KeyOwner};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_store::{Expect, Write};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct UpdateUser {
    name: String,
    rename: Rename,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_user_name: Option<String>,
}

impl Operation for UpdateUser {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "UpdateUser",
        effect: Effect::Write,
        summary: "Gives a user another name or path.",
    };
    type Input = Input;
    type Output = ();
    type Resource = Target<User>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.user_name.as_deref();
        check_name(&mut check, "userName", name, limits::IAM_NAME_CHARS_MAX);
        check.length("newPath", input.new_path.as_deref(), 1..=limits::IAM_PATH_CHARS_MAX);
        let new_name = input.new_user_name.as_deref();
        check.length("newUserName", new_name, 1..=limits::IAM_USER_NAME_CHARS_MAX);
        check.finish().map_err(ApiError::validation)?;

        Ok(Self {
            name: parse_name("userName", input.user_name)?,
            rename: Rename::parse("newUserName", input.new_user_name, input.new_path)?,
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<User>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<User>>) -> Result<Done<()>, ApiError> {
        let (user, mut writes) =
            self.rename.apply(cx, "iam:UpdateUser", &grant, |user| &mut user.naming).await?;
        if user.naming.name != grant.found()?.value.naming.name {
            writes.extend(renamed_keys(cx, &user).await?);
        }
        Ok(Done::change((), writes))
    }
}

/// The access keys' records, which say for whom they sign.
async fn renamed_keys(cx: &Cx<'_>, user: &User) -> Result<Vec<Write>, ApiError> {
    let naming = &user.naming;
    let mut writes = Vec::new();
    for held in &user.keys {
        let key = held.id.as_bytes();
        let stored = cx.house.records.get_uncached::<AccessKey>(key).await?;
        let stored =
            stored.ok_or_else(|| ApiError::internal("a user's access key is not there"))?;
        let owner = KeyOwner::User {
            account: naming.account.clone(),
            id: naming.id.clone(),
            name: naming.name.clone(),
        };
        let renamed = stored.value.with(owner, held.status);
        let expect = Expect::At(stored.revision);
        writes.push(cx.house.records.put(cx.entropy(), stored.key, &renamed, expect)?);
    }
    Ok(writes)
}
