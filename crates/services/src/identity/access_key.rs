//! Long-lived access keys.

use crate::identity::KeyOwner;
use crate::records::{RecordType, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use strongroom_store::{Kind, StoreError, Term};
use strongroom_types::{AccountId, Entropy};
use zeroize::Zeroizing;

/// The kind of record that holds an access key. Its key is the access key id.
pub const ACCESS_KEY: Kind = Kind { id: 1, name: "access key" };

/// Whether a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessKeyStatus {
    /// It does.
    Active,
    /// It does not, until it is made active again.
    Inactive,
}

impl AccessKeyStatus {
    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
        }
    }
}

/// An access key with its secret.
#[derive(Serialize, Deserialize)]
#[expect(missing_debug_implementations, reason = "holds the secret access key")]
pub struct AccessKey {
    #[serde(rename = "principal")]
    owner: KeyOwner,
    status: AccessKeyStatus,
    secret: Zeroizing<String>,
}

impl AccessKey {
    /// An active key.
    pub fn new(owner: KeyOwner, secret: Zeroizing<String>) -> Self {
        Self { owner, status: AccessKeyStatus::Active, secret }
    }

    /// Who signs with it.
    pub fn owner(&self) -> &KeyOwner {
        &self.owner
    }

    /// The same key of another owner or in another state: its secret stays inside.
    #[must_use]
    pub fn with(&self, owner: KeyOwner, status: AccessKeyStatus) -> Self {
        Self { owner, status, secret: self.secret.clone() }
    }

    /// Whether it signs.
    pub fn status(&self) -> AccessKeyStatus {
        self.status
    }

    /// The secret, for deriving a signing key from it.
    pub(crate) fn into_secret(self) -> Zeroizing<String> {
        self.secret
    }
}

impl RecordType for AccessKey {
    const KIND: Kind = ACCESS_KEY;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, _key: &[u8]) -> Vec<Term> {
        Vec::new()
    }
}

/// `AKIA` and sixteen characters of base 32. IAM user guide, "Unique identifiers".
pub fn new_access_key_id(entropy: &dyn Entropy) -> String {
    random_text("AKIA", BASE_32, 16, entropy)
}

const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Characters of a session's access key id that name the account: 40 bits.
const ACCOUNT_CHARS: usize = 8;

/// `ASIA`, the account in eight characters of base 32, eight random ones: temporary credentials have no record, and
/// `GetAccessKeyInfo` must tell their account all the same.
pub(crate) fn new_session_key_id(account: &AccountId, entropy: &dyn Entropy) -> String {
    let mut number: u64 = account.as_str().parse().unwrap_or(0);
    let mut letters = [b'A'; ACCOUNT_CHARS];
    for letter in letters.iter_mut().rev() {
        let digit = usize::try_from(number % 32).unwrap_or(0);
        *letter = BASE_32.get(digit).copied().unwrap_or(b'A');
        number /= 32;
    }
    let named: String = letters.iter().copied().map(char::from).collect();
    random_text(&format!("ASIA{named}"), BASE_32, 8, entropy)
}

/// The account that a session's access key id names.
pub(crate) fn account_of_session_key(id: &str) -> Option<String> {
    let named = id.strip_prefix("ASIA").filter(|rest| rest.len() == 16)?.get(..ACCOUNT_CHARS)?;
    let mut number = 0_u64;
    for letter in named.bytes() {
        let digit = BASE_32.iter().position(|known| *known == letter)?;
        number = number * 32 + u64::try_from(digit).ok()?;
    }
    let account = format!("{number:012}");
    AccountId::parse(&account).is_ok().then_some(account)
}

/// Forty characters out of letters, digits, `+` and `/`: 240 random bits.
pub fn new_secret_access_key(entropy: &dyn Entropy) -> Zeroizing<String> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Zeroizing::new(random_text("", ALPHABET, 40, entropy))
}

fn random_text(prefix: &str, alphabet: &[u8], chars: usize, entropy: &dyn Entropy) -> String {
    let mut text = String::with_capacity(prefix.len() + chars);
    text.push_str(prefix);
    text.extend((0..chars).map(|_| char::from(entropy.choose(alphabet))));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_types::SystemEntropy;

    #[test]
    fn a_sessions_key_names_its_account() {
        for account in ["000000000000", "123456789012", "999999999999"] {
            let id = new_session_key_id(&AccountId::parse(account).unwrap(), &SystemEntropy);
            assert_eq!(id.len(), 20);
            assert_eq!(account_of_session_key(&id).as_deref(), Some(account));
        }
        assert_eq!(account_of_session_key("AKIAAAAAAAAAAAAAAAAA"), None);
        assert_eq!(account_of_session_key("ASIA7777777777777777"), None);
    }
}
