//! How keys and aliases are named: by id, by alias, or by the ARN of either. KMS developer guide, "Key identifiers".

use crate::error::{ApiError, ErrorCode};
use strongroom_types::{AccountId, Region};

/// What stands before the name in an alias.
pub(crate) const ALIAS_PREFIX: &str = "alias/";

/// `arn:aws:kms:REGION:ACCOUNT:key/ID`
pub(crate) fn key_arn(account: &AccountId, region: &Region, id: &str) -> String {
    format!("arn:{}:kms:{region}:{account}:key/{id}", region.partition())
}

/// `arn:aws:kms:REGION:ACCOUNT:alias/NAME`. `alias` has its prefix.
pub(crate) fn alias_arn(account: &AccountId, region: &Region, alias: &str) -> String {
    format!("arn:{}:kms:{region}:{account}:{alias}", region.partition())
}

/// A `KeyId` member, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyName {
    /// The account that an ARN names; `None`: the caller's.
    pub account: Option<AccountId>,
    /// Which key.
    pub part: NamePart,
}

/// The part of a key's name that says which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NamePart {
    /// By its id.
    Id(String),
    /// By an alias, with its prefix.
    Alias(String),
}

impl KeyName {
    /// A key of the caller's account.
    pub(crate) fn of_id(id: impl Into<String>) -> Self {
        Self { account: None, part: NamePart::Id(id.into()) }
    }

    /// Reads a `KeyId`. An ARN must be of the request's region. Messages recorded.
    pub(crate) fn parse(text: &str, region: &Region) -> Result<Self, ApiError> {
        let Some(rest) = text.strip_prefix("arn:") else {
            let part = NamePart::parse(text).ok_or_else(|| invalid_key_id(text))?;
            return Ok(Self { account: None, part });
        };
        let invalid = || ApiError::new(ErrorCode::InvalidArn, format!("Invalid arn {text}"));
        let mut parts = rest.splitn(5, ':');
        let mut next = || parts.next().ok_or_else(invalid);
        let (partition, service, named, account, resource) =
            (next()?, next()?, next()?, next()?, next()?);
        if service != "kms" || partition != region.partition() {
            return Err(invalid());
        }
        if named != region.as_str() {
            return Err(ApiError::new(ErrorCode::NotFound, format!("Invalid arn {named}")));
        }
        let account = AccountId::parse(account).map_err(|_| invalid())?;
        let part = match resource.strip_prefix("key/") {
            Some(id) if is_key_id(id) => NamePart::Id(id.to_owned()),
            None if resource.starts_with(ALIAS_PREFIX) => NamePart::Alias(resource.to_owned()),
            Some(_) | None => return Err(invalid_key_id(text)),
        };
        Ok(Self { account: Some(account), part })
    }

    /// Reads a `KeyId` of an operation that takes no alias. Message recorded.
    pub(crate) fn parse_key(text: &str, region: &Region) -> Result<Self, ApiError> {
        let name = Self::parse(text, region)?;
        match name.part {
            NamePart::Id(_) => Ok(name),
            NamePart::Alias(_) => Err(ApiError::new(
                ErrorCode::InvalidArn,
                "Key Aliases are not supported for this operation.",
            )),
        }
    }
}

impl NamePart {
    fn parse(text: &str) -> Option<Self> {
        if text.starts_with(ALIAS_PREFIX) {
            return Some(Self::Alias(text.to_owned()));
        }
        is_key_id(text).then(|| Self::Id(text.to_owned()))
    }
}

fn invalid_key_id(text: &str) -> ApiError {
    ApiError::new(ErrorCode::NotFound, format!("Invalid keyId '{text}'"))
}

/// A UUID, or the id of a multi-Region key.
pub(crate) fn is_key_id(text: &str) -> bool {
    let is_hex = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    if let Some(id) = text.strip_prefix("mrk-") {
        return id.len() == 32 && is_hex(id);
    }
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.split('-').all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    fn parse(text: &str) -> Result<KeyName, ErrorCode> {
        KeyName::parse(text, &Region::parse("eu-west-1").unwrap()).map_err(|error| error.code)
    }

    #[test]
    fn a_key_is_named_in_four_ways() {
        let account = AccountId::parse("111122223333").ok();
        let by_id = NamePart::Id(ID.to_owned());
        let by_alias = NamePart::Alias("alias/a/b".to_owned());
        assert_eq!(parse(ID), Ok(KeyName { account: None, part: by_id.clone() }));
        assert_eq!(parse("alias/a/b"), Ok(KeyName { account: None, part: by_alias.clone() }));
        let arn = format!("arn:aws:kms:eu-west-1:111122223333:key/{ID}");
        assert_eq!(parse(&arn), Ok(KeyName { account: account.clone(), part: by_id }));
        let arn = "arn:aws:kms:eu-west-1:111122223333:alias/a/b";
        assert_eq!(parse(arn), Ok(KeyName { account, part: by_alias }));
    }

    #[test]
    fn other_names_are_refused_as_aws_refuses_them() {
        for (text, code) in [
            ("nonsense", ErrorCode::NotFound),
            ("1234ABCD-12ab-34cd-56ef-1234567890ab", ErrorCode::NotFound),
            ("mrk-1234", ErrorCode::NotFound),
            ("arn:aws:kms:eu-west-1:111122223333:thing/x", ErrorCode::NotFound),
            ("arn:aws:kms:us-east-1:111122223333:alias/a", ErrorCode::NotFound),
            ("arn:aws:s3:eu-west-1:111122223333:alias/a", ErrorCode::InvalidArn),
            ("arn:aws-cn:kms:eu-west-1:111122223333:alias/a", ErrorCode::InvalidArn),
            ("arn:aws:kms:eu-west-1:1:alias/a", ErrorCode::InvalidArn),
            ("arn:aws", ErrorCode::InvalidArn),
        ] {
            assert_eq!(parse(text), Err(code), "{text}");
        }
    }
}
