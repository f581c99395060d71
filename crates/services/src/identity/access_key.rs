//! Long-lived access keys.

use crate::identity::Principal;
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

/// An access key with its secret.
#[derive(Serialize, Deserialize)]
#[expect(missing_debug_implementations, reason = "holds the secret access key")]
pub struct AccessKey {
    principal: Principal,
    status: AccessKeyStatus,
    secret: Zeroizing<String>,
}

impl AccessKey {
    /// An active key of the account's root.
    pub fn of_root(account: AccountId, secret: Zeroizing<String>) -> Self {
        Self { principal: Principal::Root { account }, status: AccessKeyStatus::Active, secret }
    }

    /// Who signs with it.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Whether it signs.
    pub fn status(&self) -> AccessKeyStatus {
        self.status
    }

    /// The secret, for deriving a signing key from it.
    pub(crate) fn expose_secret(&self) -> &[u8] {
        self.secret.as_bytes()
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
    random_text("AKIA", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, entropy)
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
