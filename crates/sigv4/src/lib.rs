//! AWS Signature Version 4, for a server: is this request signed with that key, now, for us?
//!
//! Pure: no I/O, no clock, no async. A request is verified over its raw bytes, before anything of it is interpreted.
//! AWS: IAM user guide, "AWS Signature Version 4 for API requests". The only proof that a request was verified is a
//! [`Verified`], and only [`Presented::verify`] makes one.

mod canonical;
mod date;
mod error;
mod key;
mod presented;
mod sign;
mod verify;

pub use error::{ErrorKind, SignatureError};
pub use key::SigningKey;
pub use presented::{Presented, Scope, parse};
pub use sign::{Credential, Moment, presign, sign_headers};
pub use verify::{Rules, Verified};

/// The algorithm's name, as it stands in requests.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A request's raw parts.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "the body and the headers may hold secrets")]
pub struct Request<'a> {
    /// `POST`, `GET` …
    pub method: &'a str,
    /// The path as it came, percent-encoded.
    pub path: &'a str,
    /// What came behind `?`.
    pub query: &'a str,
    /// Lower-case names with values, in order, duplicates kept. HTTP/2's `:authority` stands as `host`.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(found, _)| *found == name).map(|(_, value)| *value)
    }
}
