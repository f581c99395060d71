//! ARNs of secrets: `arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX`.

use crate::{AccountId, Entropy, Invalid, Region, SecretName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The six random characters that AWS puts behind a secret's name in its ARN, so that a secret made again under
/// the same name is not reached by a policy or a client that meant the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ArnSuffix([u8; 6]);

impl ArnSuffix {
    const ALPHABET: &'static [u8] =
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// Six characters, each uniform over letters and digits.
    pub fn random(entropy: &dyn Entropy) -> Self {
        let mut suffix = [0; 6];
        for place in &mut suffix {
            *place = entropy.choose(Self::ALPHABET);
        }
        Self(suffix)
    }

    /// Exactly six ASCII letters or digits.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let bytes: [u8; 6] =
            text.as_bytes().try_into().map_err(|_| Invalid { what: "ARN suffix" })?;
        if bytes.iter().all(u8::is_ascii_alphanumeric) {
            Ok(Self(bytes))
        } else {
            Err(Invalid { what: "ARN suffix" })
        }
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The full ARN of a secret.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SecretArn {
    /// Region the secret lives in.
    pub region: Region,
    /// Account that owns it.
    pub account: AccountId,
    /// Its name.
    pub name: SecretName,
    /// The random part.
    pub suffix: ArnSuffix,
}

impl fmt::Display for SecretArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, account, name, suffix } = self;
        let partition = region.partition();
        write!(
            f,
            "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-{}",
            suffix.as_str()
        )
    }
}

impl fmt::Debug for SecretArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;

    #[test]
    fn an_arn_is_printed_as_aws_prints_it() {
        let arn = SecretArn {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
            name: SecretName::parse("prod/myapp/mysql").unwrap(),
            suffix: ArnSuffix::parse("a1B2c3").unwrap(),
        };
        let expected =
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/myapp/mysql-a1B2c3";
        assert_eq!(arn.to_string(), expected);
    }

    #[test]
    fn random_suffixes_are_well_formed_and_differ() {
        let one = ArnSuffix::random(&SystemEntropy);
        assert!(ArnSuffix::parse(one.as_str()).is_ok());
        assert_ne!(one, ArnSuffix::random(&SystemEntropy));
    }
}
