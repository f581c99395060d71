//! The nouns of strongroom: names, ARNs, ids, labels, tags, limits, time and plaintext.
//!
//! Everything here is a value that is valid by construction. No I/O, no clock is read, no async.
//! [`Plaintext`] is the one type that holds a secret's value; it has no `Debug`, no `Serialize` and no `Clone`.

/// Gives a checked text type its conversions: printed as it is, stored as a string, parsed again when read back.
macro_rules! text_of {
    ($($name:ident)*) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::Invalid;
            fn try_from(text: String) -> Result<Self, $crate::Invalid> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0.into()
            }
        }
    )*};
}

mod account;
mod arn;
mod entropy;
pub mod limits;
mod name;
mod plaintext;
mod region;
mod secret_id;
mod tag;
mod time;
mod version;
mod wiped_bytes;

pub use account::AccountId;
pub use arn::{ArnSuffix, SecretArn};
pub use entropy::{Entropy, RandomId, RandomIdText, RandomIds, SystemEntropy};
pub use name::SecretName;
pub use plaintext::Plaintext;
pub use region::Region;
pub use secret_id::SecretId;
pub use tag::Tag;
pub use time::{Clock, Day, SystemClock, Timestamp};
pub use version::{VersionId, VersionStage};
pub use wiped_bytes::WipedBytes;

/// A value that breaks the rules of its type. The edge knows which member it stood in and which AWS error that makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid {what}")]
pub struct Invalid {
    /// The type whose rules were broken.
    pub what: &'static str,
}
