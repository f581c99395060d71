//! What KMS's Encrypt and GenerateDataKey hand out: bytes that name the key they open under.
//!
//! ```text
//! blob = format(1) ‖ account(12 digits) ‖ length(1) ‖ key id ‖ length(1) ‖ material id ‖ sealed
//! sealed = [`crate::aead`]'s blob, bound to account, key id, material id and encryption context
//! ```
//!
//! The head is not secret and not trusted: it says which key to try, and the seal says whether the head is true.

use crate::aead::associated;
use crate::{EncryptionContext, KeyMaterial, OpenError, SealingError};
use strongroom_types::{AccountId, Entropy, WipedBytes};

/// Most that a symmetric key encrypts. AWS's model: Encrypt, SYMMETRIC_DEFAULT.
pub const PLAINTEXT_BYTES_MAX: usize = 4096;
/// Longest ciphertext. AWS's model: `CiphertextType`.
pub const CIPHERTEXT_BLOB_BYTES_MAX: usize = 6144;

const FORMAT: u8 = 1;
const ACCOUNT_DIGITS: usize = 12;
const LABEL: &str = "strongroom kms ciphertext v1";

/// A ciphertext, read as far as it can be without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CiphertextBlob<'a> {
    account: &'a str,
    key_id: &'a str,
    material_id: &'a str,
    sealed: &'a [u8],
}

impl<'a> CiphertextBlob<'a> {
    /// Reads the head. What is no ciphertext of ours fails as what does not open.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, OpenError> {
        if bytes.len() > CIPHERTEXT_BLOB_BYTES_MAX {
            return Err(OpenError);
        }
        let Some((&FORMAT, rest)) = bytes.split_first() else { return Err(OpenError) };
        let (account, rest) = rest.split_at_checked(ACCOUNT_DIGITS).ok_or(OpenError)?;
        if !account.iter().all(u8::is_ascii_digit) {
            return Err(OpenError);
        }
        let account = str::from_utf8(account).map_err(|_| OpenError)?;
        let (key_id, rest) = split_id(rest)?;
        let (material_id, sealed) = split_id(rest)?;
        Ok(Self { account, key_id, material_id, sealed })
    }

    /// The account of the key: twelve digits.
    pub fn account(&self) -> &'a str {
        self.account
    }

    /// The key it says it opens under.
    pub fn key_id(&self) -> &'a str {
        self.key_id
    }

    /// Which of the key's materials.
    pub fn material_id(&self) -> &'a str {
        self.material_id
    }
}

/// An id behind its length: graphic ASCII, at least one character.
fn split_id(bytes: &[u8]) -> Result<(&str, &[u8]), OpenError> {
    let (&length, rest) = bytes.split_first().ok_or(OpenError)?;
    let (id, rest) = rest.split_at_checked(usize::from(length)).ok_or(OpenError)?;
    if !is_id(id) {
        return Err(OpenError);
    }
    Ok((str::from_utf8(id).map_err(|_| OpenError)?, rest))
}

fn is_id(id: &[u8]) -> bool {
    !id.is_empty() && id.iter().all(u8::is_ascii_graphic)
}

impl KeyMaterial {
    /// Encrypts for KMS's Encrypt and GenerateDataKey: what comes out opens under this material, for this account and
    /// context, and nowhere else.
    pub fn encrypt(
        &self,
        account: &AccountId,
        context: &EncryptionContext<'_>,
        plaintext: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, SealingError> {
        if plaintext.len() > PLAINTEXT_BYTES_MAX {
            return Err(SealingError);
        }
        let mut blob = Vec::with_capacity(256 + plaintext.len());
        blob.push(FORMAT);
        blob.extend_from_slice(account.as_str().as_bytes());
        push_id(&mut blob, self.key_id())?;
        push_id(&mut blob, self.material_id())?;
        let bound_to = self.ciphertext_bound_to(account.as_str(), context);
        blob.extend(self.seal_key().seal(&bound_to, plaintext, entropy)?);
        Ok(blob)
    }

    /// Decrypts. Of another key, material, account or context it opens nothing, whatever the blob's head says.
    pub fn decrypt(
        &self,
        blob: &CiphertextBlob<'_>,
        context: &EncryptionContext<'_>,
    ) -> Result<WipedBytes, OpenError> {
        if blob.key_id != self.key_id() || blob.material_id != self.material_id() {
            return Err(OpenError);
        }
        self.seal_key().open(&self.ciphertext_bound_to(blob.account, context), blob.sealed)
    }

    fn ciphertext_bound_to(&self, account: &str, context: &EncryptionContext<'_>) -> Vec<u8> {
        let (key_id, material_id) = (self.key_id().as_bytes(), self.material_id().as_bytes());
        associated(LABEL, &[account.as_bytes(), key_id, material_id, &context.canonical()])
    }
}

fn push_id(blob: &mut Vec<u8>, id: &str) -> Result<(), SealingError> {
    if !is_id(id.as_bytes()) {
        return Err(SealingError);
    }
    blob.push(u8::try_from(id.len()).map_err(|_| SealingError)?);
    blob.extend_from_slice(id.as_bytes());
    Ok(())
}
