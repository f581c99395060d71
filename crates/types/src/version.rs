//! Version ids and staging labels.

use crate::{Invalid, limits};
use serde::{Deserialize, Serialize};

/// The id of a version: the `ClientRequestToken` that made it, 32 to 64 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionId(Box<str>);

impl VersionId {
    /// Checks the length; AWS allows any characters (Terraform's tokens are no UUIDs).
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let range = limits::VERSION_ID_CHARS_MIN..=limits::VERSION_ID_CHARS_MAX;
        if range.contains(&text.chars().count()) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid { what: "version id" })
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A staging label: 1 to 256 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionStage(Box<str>);

impl VersionStage {
    /// The version that a read without id or label means.
    pub const CURRENT: &'static str = "AWSCURRENT";
    /// The version that was current before.
    pub const PREVIOUS: &'static str = "AWSPREVIOUS";
    /// The version that a rotation is making.
    pub const PENDING: &'static str = "AWSPENDING";

    /// Checks the length. `AWSSOMETHING` is an allowed custom label.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if (1..=limits::STAGE_CHARS_MAX).contains(&text.chars().count()) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid { what: "staging label" })
        }
    }

    /// AWSCURRENT.
    pub fn current() -> Self {
        Self(Self::CURRENT.into())
    }

    /// AWSPREVIOUS.
    pub fn previous() -> Self {
        Self(Self::PREVIOUS.into())
    }

    /// AWSPENDING.
    pub fn pending() -> Self {
        Self(Self::PENDING.into())
    }

    /// The label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_of!(VersionId VersionStage);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_labels_keep_their_lengths() {
        assert!(VersionId::parse(&"t".repeat(31)).is_err());
        assert!(VersionId::parse(&"t".repeat(32)).is_ok());
        assert!(VersionId::parse(&"é".repeat(64)).is_ok());
        assert!(VersionId::parse(&"t".repeat(65)).is_err());
        assert!(VersionStage::parse("").is_err());
        assert!(VersionStage::parse(&"s".repeat(256)).is_ok());
        assert!(VersionStage::parse(&"s".repeat(257)).is_err());
    }
}
