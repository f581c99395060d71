//! How many of an account's identities a managed policy is attached to, and how many it bounds.

use crate::error::ApiError;
use crate::iam::entity::{BY_ATTACHED, BY_BOUNDARY, policy_prefix};
use crate::operation::Cx;
use crate::records::Records;
use strongroom_store::{Direction, Index, IndexEntry, PageQuery};
use strongroom_types::limits::IAM_PAGE_ITEMS_MAX;

/// The counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// `AttachmentCount`.
    pub attached: u64,
    /// `PermissionsBoundaryUsageCount`.
    pub bounded: u64,
}

impl Usage {
    /// Of a policy in the caller's account.
    pub(super) async fn of(cx: &Cx<'_>, arn: &str) -> Result<Self, ApiError> {
        let (records, prefix) = (&cx.house.records, policy_prefix(cx.account(), arn));
        let attached = count(records, BY_ATTACHED, &prefix).await?;
        let bounded = count(records, BY_BOUNDARY, &prefix).await?;
        Ok(Self { attached, bounded })
    }

    /// Whether it is used at all.
    pub(super) fn is_used(self) -> bool {
        self.attached > 0 || self.bounded > 0
    }
}

/// Counts the entries of an index whose term starts with `prefix`.
pub(super) async fn count(records: &Records, index: Index, prefix: &[u8]) -> Result<u64, ApiError> {
    let (mut total, mut after): (u64, Option<IndexEntry>) = (0, None);
    loop {
        let query = PageQuery {
            index,
            prefix,
            after: after.as_ref(),
            limit: IAM_PAGE_ITEMS_MAX,
            direction: Direction::Ascending,
        };
        let entries = records.page(query).await?;
        let found = u32::try_from(entries.len()).map_err(ApiError::internal)?;
        total += u64::from(found);
        if found < IAM_PAGE_ITEMS_MAX {
            return Ok(total);
        }
        after = entries.into_iter().next_back();
    }
}
