//! Names of secrets.

use crate::{Invalid, limits};
use serde::{Deserialize, Serialize};

/// A secret's name: 1 to 512 characters out of ASCII letters, digits and `-/_+=.@!`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretName(Box<str>);

impl SecretName {
    /// AWS: one message for every breach, see `aws-behaviour.md` ("Invalid name. Must be a valid name …").
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if is_name(text) { Ok(Self(text.into())) } else { Err(Invalid { what: "secret name" }) }
    }

    /// `NAME-SUFFIX`, as the last part of an ARN has it: may be longer than a name.
    pub(crate) fn with_suffix(&self, suffix: crate::ArnSuffix) -> Self {
        Self(format!("{}-{}", self.0, suffix.as_str()).into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_of!(SecretName);

/// Whether a text is a secret's name.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'/' | b'_' | b'+' | b'=' | b'.' | b'@' | b'!')
    };
    (1..=limits::NAME_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_only_the_documented_characters() {
        for good in ["a", "prod/myapp/mysql", "A-/_+=.@!9", &"x".repeat(512)] {
            assert!(SecretName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a:b", "a*", "naïve", "a\n", &"x".repeat(513)] {
            assert!(SecretName::parse(bad).is_err(), "{bad}");
        }
    }
}
