//! What a caller may write in `SecretId`: a name, a full ARN or an ARN without its suffix.

use crate::name::is_name;
use crate::{AccountId, ArnSuffix, Invalid, Region, SecretArn, SecretName};

/// A parsed `SecretId`.
///
/// AWS: the ARN without its six-character suffix finds the secret too, and a name may itself end in something like a
/// suffix. So an ARN has two readings; [`SecretId::candidates`] gives both, the full one first. A plain prefix is never
/// a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretId {
    /// An ARN, full or without suffix.
    Arn {
        /// Region named by the ARN.
        region: Region,
        /// Account named by the ARN.
        account: AccountId,
        /// All behind `secret:`.
        resource: SecretName,
    },
    /// A friendly name, in the caller's account and region.
    Name(SecretName),
}

impl SecretId {
    /// Anything that starts with `arn:` is read as an ARN, everything else as a name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const BAD: Invalid = Invalid { what: "secret id" };
        if !text.starts_with("arn:") {
            return SecretName::parse(text).map(Self::Name);
        }
        let mut parts = text.splitn(7, ':');
        let mut next = || parts.next().ok_or(BAD);
        let (_, partition, service, region, account, kind, resource) =
            (next()?, next()?, next()?, next()?, next()?, next()?, next()?);
        let region = Region::parse(region).map_err(|_| BAD)?;
        if service != "secretsmanager" || kind != "secret" || partition != region.partition() {
            return Err(BAD);
        }
        let account = AccountId::parse(account).map_err(|_| BAD)?;
        let resource = SecretName::parse_resource(resource)?;
        Ok(Self::Arn { region, account, resource })
    }

    /// The names that may be meant, each with the suffix that the secret must then have.
    pub fn candidates(&self) -> impl Iterator<Item = (&str, Option<ArnSuffix>)> {
        let (full, whole) = match self {
            Self::Name(name) => (None, Some(name.as_str())),
            Self::Arn { resource, .. } => {
                (split_suffix(resource), Some(resource.as_str()).filter(|name| is_name(name)))
            }
        };
        full.into_iter().chain(whole.map(|name| (name, None)))
    }

    /// Whether the caller named exactly this secret.
    pub fn names(&self, arn: &SecretArn) -> bool {
        let here = match self {
            Self::Name(_) => true,
            Self::Arn { region, account, .. } => *region == arn.region && *account == arn.account,
        };
        here && self.candidates().any(|(name, suffix)| {
            name == arn.name.as_str() && suffix.is_none_or(|suffix| suffix == arn.suffix)
        })
    }
}

/// `NAME-SUFFIX`, when it has that form.
fn split_suffix(resource: &SecretName) -> Option<(&str, Option<ArnSuffix>)> {
    let (name, suffix) = resource.as_str().rsplit_once('-')?;
    is_name(name).then_some((name, Some(ArnSuffix::parse(suffix).ok()?)))
}

impl SecretName {
    /// The last part of an ARN: a name, or a name of full length with a suffix behind it.
    fn parse_resource(text: &str) -> Result<Self, Invalid> {
        const BAD: Invalid = Invalid { what: "secret id" };
        if let Ok(name) = Self::parse(text) {
            return Ok(name);
        }
        let (name, suffix) = text.rsplit_once('-').ok_or(BAD)?;
        let name = Self::parse(name).map_err(|_| BAD)?;
        let suffix = ArnSuffix::parse(suffix).map_err(|_| BAD)?;
        Ok(name.with_suffix(suffix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(resource: &str) -> String {
        format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{resource}")
    }

    fn secret(name: &str, suffix: &str) -> SecretArn {
        SecretArn {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
            name: SecretName::parse(name).unwrap(),
            suffix: ArnSuffix::parse(suffix).unwrap(),
        }
    }

    #[test]
    fn a_secret_is_named_by_name_full_and_partial_arn_and_by_nothing_else() {
        let cases = [
            ("app", "app", "AAAAAA", true),
            (&arn("app-AAAAAA"), "app", "AAAAAA", true),
            (&arn("app"), "app", "AAAAAA", true),
            (&arn("app-BBBBBB"), "app", "AAAAAA", false),
            (&arn("ap"), "app", "AAAAAA", false),
            ("ap", "app", "AAAAAA", false),
            ("app-AAAAAA", "app", "AAAAAA", false),
            (&arn("app-a1b2c3"), "app-a1b2c3", "AAAAAA", true),
            (&arn("app-a1b2c3-AAAAAA"), "app-a1b2c3", "AAAAAA", true),
            (&arn("Name-a1b2c3-"), "Name-a1b2c3-", "AAAAAA", true),
        ];
        for (id, name, suffix, expected) in cases {
            assert_eq!(SecretId::parse(id).unwrap().names(&secret(name, suffix)), expected, "{id}");
        }
    }

    #[test]
    fn what_is_neither_name_nor_arn_of_a_secret_is_refused() {
        for bad in [
            "",
            "a b",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:",
            "arn:aws:secretsmanager:us-east-1:123456789012:other:x",
            "arn:aws:kms:us-east-1:123456789012:secret:x",
            "arn:aws:secretsmanager:us-east-1:12345:secret:x",
            "arn:aws-cn:secretsmanager:us-east-1:123456789012:secret:x",
            "arn:aws:secretsmanager",
        ] {
            assert!(SecretId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_of_full_length_still_has_an_arn() {
        let name = "n".repeat(512);
        let id = SecretId::parse(&arn(&format!("{name}-AAAAAA"))).unwrap();
        assert!(id.names(&secret(&name, "AAAAAA")));
    }
}
