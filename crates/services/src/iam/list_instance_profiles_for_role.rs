//! ListInstanceProfilesForRole: lists the instance profiles of a role.

use crate::authz::Grant;
use crate::error::ApiError;
use crate::iam::instance_profile::{InstanceProfile, PROFILES_BY_ROLE, ProfileMember, role_term};
use crate::iam::listing::{Listed, PageInput, PageOutput, check_page, page_of_records};
use crate::iam::members::{check_name, parse_name};
use crate::iam::role::Role;
use crate::iam::target::Target;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::Constraints;

/// The valid request.
#[derive(Debug)]
pub struct ListInstanceProfilesForRole {
    role: String,
    page: PageInput,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    role_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<i64>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    instance_profiles: Vec<ProfileMember>,
    #[serde(flatten)]
    page: PageOutput,
}

impl Operation for ListInstanceProfilesForRole {
    const SPEC: Spec = Spec {
        service: "iam",
        name: "ListInstanceProfilesForRole",
        effect: Effect::Read,
        summary: "Lists the instance profiles of a role.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = Target<Role>;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::without_texts();
        let role = input.role_name.as_deref();
        check_name(&mut check, "roleName", role, limits::IAM_USER_NAME_CHARS_MAX);
        check_page(&mut check, input.marker.as_deref(), input.max_items);
        check.finish().map_err(ApiError::validation)?;
        let page = PageInput::new(input.marker, input.max_items);
        Ok(Self { role: parse_name("roleName", input.role_name)?, page })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<Target<Role>, ApiError> {
        Target::load(cx, &self.role).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<Target<Role>>) -> Result<Done<Output>, ApiError> {
        let term = role_term(&grant.found()?.value.naming.id);
        let listed = Listed { operation: Self::SPEC.name, index: PROFILES_BY_ROLE, prefix: &term };
        let (found, page) =
            page_of_records::<InstanceProfile>(cx, listed, &self.page, |_| true).await?;
        let mut instance_profiles = Vec::with_capacity(found.len());
        for profile in &found {
            instance_profiles.push(ProfileMember::listed(&cx.house.records, &profile.value).await?);
        }
        Ok(Done::read(Output { instance_profiles, page }))
    }
}
