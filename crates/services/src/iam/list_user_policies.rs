//! ListUserPolicies: lists the inline policies of a user.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::inline_policy::policy_names;
use crate::iam::listing::{PageInput, PageOutput, check_page};
use crate::iam::members::{check_name, parse_name};
use crate::iam::target::Target;
use crate::iam::user::User;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListUserPolicies {
    name: String,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
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
    policy_names: Vec<String>,
    #[serde(flatten)]
    page: PageOutput,
}

impl Operation for ListUserPolicies {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "ListUserPolicies",
        effect: Effect::Read,
        summary: "Lists the inline policies of a user.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = Target<User>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let name = input.user_name.as_deref();
        check_name(&mut check, "userName", name, limits::IAM_NAME_CHARS_MAX);
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;

        Ok(Self {
            name: parse_name("userName", input.user_name)?,
            page: PageInput::new(input.marker, input.max_items),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<User>, ApiError> {
        Target::load(cx, &self.name).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<User>>) -> Result<Done<Output>, ApiError> {
        let user = &grant.found()?.value;
        let (policy_names, page) = policy_names(cx, Self::SPEC.name, user, &self.page)?;
        Ok(Done::read(Output { policy_names, page }))
    }
}
