//! GetUser: a user's details; the caller's own without a name.
//!
//! AWS: the root without a name is answered with a user that stands for the account.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::own_user::{OwnUser, check_own_name, parse_own_name};
use crate::iam::user_member::UserMember;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct GetUser {
    name: Option<String>,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    user: UserMember,
}

impl Operation for GetUser {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "GetUser",
        effect: Effect::Read,
        summary: "Answers a user's details.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = OwnUser;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        check_own_name(&mut check, input.user_name.as_deref());
        check.finish().map_err(ApiError::validation)?;
        Ok(Self { name: parse_own_name(input.user_name)? })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<OwnUser, ApiError> {
        OwnUser::load(cx, self.name.as_deref()).await
    }

    async fn run(&self, _cx: &Cx<'_>, grant: Grant<OwnUser>) -> Result<Done<Output>, ApiError> {
        let user = match &*grant {
            OwnUser::Named(target) => UserMember::whole(&target.found()?.value),
            OwnUser::Root(account) => UserMember::root(&account.value),
        };
        Ok(Done::read(Output { user }))
    }
}
