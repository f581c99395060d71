//! Access keys by their id: what the operations on them have in common.

use crate::error::{ApiError, ErrorCode};
use strongroom_wire::Constraints;

/// Checks the form of an access key id. Model: `accessKeyIdType`.
pub(super) fn check_key_id(check: &mut Constraints, id: Option<&str>) {
    check.required_length("accessKeyId", id, 16..=128);
    let is_word = |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    check.pattern("accessKeyId", id, r"[\w]+", is_word);
}

/// `NoSuchEntity` of an access key. Recorded.
pub(super) fn key_not_found(id: &str) -> ApiError {
    let message = format!("The Access Key with id {id} cannot be found.");
    ApiError::new(ErrorCode::NoSuchEntity, message)
}
