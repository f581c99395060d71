//! What is kept beside the storage keys of the seal that holds their root key: which one, and its public parameters.
//!
//! Readable without any key, so that it can be said what is needed. It is authenticated by the storage keys, which are
//! wrapped for exactly these bytes: nobody changes it without the root key.

use super::{PassphraseKeeping, RootKeyId, SharesKeeping};
use serde::{Deserialize, Serialize};
use strongroom_types::Timestamp;

/// Longest record that is looked at.
const BYTES_MAX: usize = 64 * 1024;
const FORMAT: u8 = 1;

/// Which seal holds the root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealRecord {
    /// Which root key.
    pub root: RootKeyId,
    /// How many storage keys are wrapped under it: the terms 1 to this one.
    pub terms: u32,
    /// Since when. Data from before there were records does not know.
    pub since: Option<Timestamp>,
    /// Where it is kept.
    pub keeping: Keeping,
}

/// A kind of seal, and its public parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keeping {
    /// In a file.
    KeyFile,
    /// Wrapped under a passphrase.
    Passphrase(PassphraseKeeping),
    /// In shares that people keep.
    Shares(SharesKeeping),
}

impl Keeping {
    /// The name of the kind, as the configuration has it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::KeyFile => "key-file",
            Self::Passphrase(_) => "passphrase",
            Self::Shares(_) => "shares",
        }
    }
}

impl SealRecord {
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![FORMAT];
        rmp_serde::encode::write_named(&mut bytes, self).ok()?;
        (bytes.len() <= BYTES_MAX).then_some(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first() {
            Some((&FORMAT, rest)) if bytes.len() <= BYTES_MAX => rmp_serde::from_slice(rest).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_no_other_format_is() {
        let record = SealRecord {
            root: RootKeyId([7; 8]),
            terms: 3,
            since: Some(Timestamp::from_millis(5)),
            keeping: Keeping::KeyFile,
        };
        let mut bytes = record.encode().unwrap();
        assert_eq!(SealRecord::decode(&bytes).unwrap(), record);
        for length in 0..bytes.len() {
            assert!(SealRecord::decode(bytes.get(..length).unwrap()).is_none(), "cut to {length}");
        }
        *bytes.first_mut().unwrap() = 2;
        assert!(SealRecord::decode(&bytes).is_none());
    }
}
