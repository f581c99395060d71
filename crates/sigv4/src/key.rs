//! Signing keys.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use zeroize::Zeroizing;

/// A key derived for one day, region and service. Says nothing of the secret it was derived from.
#[expect(missing_debug_implementations, reason = "holds key material")]
pub struct SigningKey(pub(crate) Key);

impl SigningKey {
    /// `HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request")`.
    pub fn derive(secret: &[u8], date: &str, region: &str, service: &str) -> Self {
        let mut first = Zeroizing::new(Vec::with_capacity(4 + secret.len()));
        first.extend_from_slice(b"AWS4");
        first.extend_from_slice(secret);
        let key = Key::new(HMAC_SHA256, &first);
        let key = [date, region, service, "aws4_request"]
            .iter()
            .fold(key, |key, part| Key::new(HMAC_SHA256, sign(&key, part.as_bytes()).as_ref()));
        Self(key)
    }
}
