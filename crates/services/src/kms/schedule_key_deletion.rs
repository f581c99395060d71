//! ScheduleKeyDeletion: lets a key be deleted at the end of a waiting period. A primary key waits for its replicas first.

use crate::authz::Grant;
use crate::conditions::{Values, one};
use crate::error::ApiError;
use crate::kms::key::KeyState;
use crate::kms::members::check_key_id;
use crate::kms::own_key::load_own;
use crate::kms::target::KeyTarget;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::Timestamp;
use strongroom_wire::{Constraints, epoch};

/// The valid request.
#[derive(Debug)]
pub struct ScheduleKeyDeletion {
    key_id: String,
    days: i64,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_window_in_days: Option<i64>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    key_id: String,
    #[serde(serialize_with = "epoch::serialize_some", skip_serializing_if = "Option::is_none")]
    deletion_date: Option<Timestamp>,
    key_state: &'static str,
    pending_window_in_days: i64,
}

/// Waiting period, in days. KMS API reference, `ScheduleKeyDeletion`.
const WINDOW_DAYS: std::ops::RangeInclusive<i64> = 7..=30;
const WINDOW_DAYS_DEFAULT: i64 = 30;

impl Operation for ScheduleKeyDeletion {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "ScheduleKeyDeletion",
        effect: Effect::Write,
        summary: "Lets a key be deleted at the end of a waiting period.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = KeyTarget;

    fn condition(&self, key: &str) -> Values<'_> {
        if key == "kms:schedulekeydeletionpendingwindowindays" {
            one(self.days.to_string())
        } else {
            None
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        // AWS: the model allows more than the service does.
        check.range("pendingWindowInDays", input.pending_window_in_days, 1..=365);
        check.finish().map_err(ApiError::validation)?;
        let days = input.pending_window_in_days.unwrap_or(WINDOW_DAYS_DEFAULT);
        if !WINDOW_DAYS.contains(&days) {
            // Recorded.
            return Err(ApiError::validation("PendingWindowInDays must be between 7 and 30"));
        }
        Ok(Self { key_id: input.key_id.unwrap_or_default(), days })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<KeyTarget, ApiError> {
        load_own(cx, &self.key_id, &Self::SPEC).await
    }

    async fn run(&self, cx: &Cx<'_>, grant: Grant<KeyTarget>) -> Result<Done<Output>, ApiError> {
        let key = &grant.found()?.value;
        let deletion = key.deletion_after(self.days, cx.now);
        let key_id = grant.arn_text();
        let writes = grant.changed(cx, |key| {
            key.not_deleted(&key_id, cx.now)?;
            key.deletion = Some(deletion);
            Ok(())
        })?;
        let state = match deletion.due {
            Some(_) => KeyState::PendingDeletion,
            None => KeyState::PendingReplicaDeletion,
        };
        let output = Output {
            key_id,
            deletion_date: deletion.due,
            key_state: state.as_str(),
            pending_window_in_days: deletion.days,
        };
        Ok(Done::change(output, writes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn parsed(days: Option<i64>) -> Result<i64, ApiError> {
        let input = Input { key_id: Some("k".to_owned()), pending_window_in_days: days };
        ScheduleKeyDeletion::parse(input).map(|request| request.days)
    }

    #[test]
    fn a_window_has_seven_to_thirty_days_and_thirty_if_nothing_is_said() {
        // Documented: API reference. The first message is recorded, the second the framework's.
        assert_eq!(parsed(None).unwrap(), 30);
        for days in [7, 30] {
            assert_eq!(parsed(Some(days)).unwrap(), days);
        }
        for days in [1, 6, 31, 365] {
            let error = parsed(Some(days)).unwrap_err();
            assert_eq!(error.message, "PendingWindowInDays must be between 7 and 30");
        }
        for days in [0, 366] {
            let error = parsed(Some(days)).unwrap_err();
            assert!(error.message.contains("at 'pendingWindowInDays'"), "{error:?}");
        }
    }
}
