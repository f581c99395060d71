//! Region names. Regions are logical: any well-formed name is one unless the configuration lists the allowed ones.

use crate::Invalid;
use serde::{Deserialize, Serialize};

/// A region name such as `us-east-1`: the model's pattern `^([a-z]+-)+\d+$`, at most 128 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(Box<str>);

impl Region {
    /// Checks the form of the name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const BAD: Invalid = Invalid { what: "region" };
        if text.is_empty() || text.len() > crate::limits::REGION_CHARS_MAX {
            return Err(BAD);
        }
        let (words, number) = text.rsplit_once('-').ok_or(BAD)?;
        let has_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let has_words =
            words.split('-').all(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase()));
        if has_number && has_words { Ok(Self(text.into())) } else { Err(BAD) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition that ARNs of this region carry: `aws`, `aws-cn` or `aws-us-gov`.
    pub fn partition(&self) -> &'static str {
        if self.0.starts_with("cn-") {
            "aws-cn"
        } else if self.0.starts_with("us-gov-") {
            "aws-us-gov"
        } else {
            "aws"
        }
    }
}

text_of!(Region);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_names_follow_the_models_pattern() {
        for good in ["us-east-1", "eu-central-2", "us-gov-west-1", "cn-north-1", "a-0"] {
            assert!(Region::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "us",
            "us-east",
            "US-EAST-1",
            "us--1",
            "-1",
            "us-east-1 ",
            "us_east-1",
            "us-east-1a",
        ] {
            assert!(Region::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn partition_follows_the_region() {
        assert_eq!(Region::parse("us-gov-west-1").unwrap().partition(), "aws-us-gov");
        assert_eq!(Region::parse("cn-north-1").unwrap().partition(), "aws-cn");
        assert_eq!(Region::parse("eu-west-3").unwrap().partition(), "aws");
    }
}
