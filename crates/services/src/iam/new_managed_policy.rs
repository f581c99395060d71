//! The name that a new managed policy is to have, and what has it already.

use crate::authz::Resource;
use crate::error::ApiError;
use crate::iam::entity::find;
use crate::iam::managed_policy::ManagedPolicy;
use crate::operation::Cx;
use crate::records::Stored;
use std::sync::Arc;
use strongroom_types::AccountId;

/// A name under a path.
#[derive(Debug)]
pub struct NewPolicyName {
    arn: String,
    /// What has the name, whatever its case.
    pub taken: Option<Arc<Stored<ManagedPolicy>>>,
}

impl NewPolicyName {
    /// Looks whether the name is taken in the caller's account.
    pub(super) async fn load(cx: &Cx<'_>, path: &str, name: &str) -> Result<Self, ApiError> {
        let taken = find::<ManagedPolicy>(&cx.house.records, cx.account(), name).await?;
        Ok(Self { arn: format!("arn:aws:iam::{}:policy{path}{name}", cx.account()), taken })
    }
}

impl Resource for NewPolicyName {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        cx.account()
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        self.arn.clone()
    }

    /// AWS: `policy NAME`.
    fn named(&self, _cx: &Cx<'_>) -> String {
        format!("policy {}", self.arn.rsplit('/').next().unwrap_or_default())
    }
}
