//! Tags.

use serde::{Deserialize, Serialize};

/// One tag. Keys are unique on a resource and compared exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// 1 to 128 characters.
    pub key: String,
    /// 0 to 256 characters.
    pub value: String,
}
