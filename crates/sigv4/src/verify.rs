//! The verification itself.

use crate::canonical::{Form, Hex, canonical, sha256_hex};
use crate::{ALGORITHM, Presented, Request, SignatureError, SigningKey, date};
use aws_lc_rs::hmac;

/// What a request must fulfil besides being signed.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    service: &'a str,
    now: i64,
    skew_secs: i64,
    normalize_path: bool,
    token_is_signed: bool,
}

impl<'a> Rules<'a> {
    /// For a service, at a time in seconds since the epoch, with so many seconds of clock skew.
    pub fn new(service: &'a str, now: i64, skew_secs: i64) -> Self {
        Self { service, now, skew_secs, normalize_path: true, token_is_signed: true }
    }

    /// As S3 has it: the path stays as it is. No service of ours; AWS's vectors have it.
    #[must_use]
    pub fn with_path_as_is(self) -> Self {
        Self { normalize_path: false, ..self }
    }

    /// As IoT has it: the session token stays outside the signature. No service of ours; AWS's vectors have it.
    #[must_use]
    pub fn with_unsigned_token(self) -> Self {
        Self { token_is_signed: false, ..self }
    }
}

/// Proof that a request was signed with the key that was given, for this service, now.
#[derive(Debug)]
pub struct Verified(());

/// Decides nothing and is ignored by us, so it may stand unsigned: load generators and some browsers send it so.
const INFORMATIONAL: &str = "x-amz-user-agent";
/// More signed headers than any client has.
const SIGNED_HEADERS_MAX: usize = 100;

impl Presented<'_> {
    /// Verifies the request. For a key nobody holds, call it all the same, with a key made of nothing: the time it
    /// takes then tells nothing.
    pub fn verify(
        &self,
        request: &Request<'_>,
        key: &SigningKey,
        rules: &Rules<'_>,
    ) -> Result<Verified, SignatureError> {
        self.check_scope(rules)?;
        self.check_time(rules)?;
        let signed_headers: Vec<&str> =
            self.signed_headers.split(';').take(SIGNED_HEADERS_MAX + 1).collect();
        self.check_signed_headers(&signed_headers, request, rules)?;
        let payload_hash = self.payload_hash(request.body)?;
        let is_token_out = !rules.token_is_signed && self.is_query();
        let form = Form {
            signed_headers: &signed_headers,
            payload_hash: &payload_hash,
            normalize_path: rules.normalize_path,
            left_out: is_token_out.then_some("X-Amz-Security-Token"),
        };
        let canonical = canonical(request, &form);
        if !canonical.is_complete {
            return Err(SignatureError::Mismatch);
        }
        let text = string_to_sign(&self.date_text, self.scope.as_str(), &canonical.hash);
        hmac::verify(&key.0, &text, &self.signature).map_err(|_| SignatureError::Mismatch)?;
        Ok(Verified(()))
    }

    fn check_scope(&self, rules: &Rules<'_>) -> Result<(), SignatureError> {
        if self.scope.terminator() != "aws4_request" {
            return Err(SignatureError::ScopeTerminator);
        }
        if self.scope.service() != rules.service {
            return Err(SignatureError::ScopeService(rules.service.to_owned()));
        }
        if self.date_text.get(..8) != Some(self.scope.date()) {
            return Err(SignatureError::ScopeDate);
        }
        Ok(())
    }

    fn check_time(&self, rules: &Rules<'_>) -> Result<(), SignatureError> {
        let (now, skew, minutes) = (rules.now, rules.skew_secs, rules.skew_secs / 60);
        let texts =
            |limit: i64| (date::basic(self.signed_at), date::basic(limit), date::basic(now));
        if self.signed_at > now.saturating_add(skew) {
            let (signed, limit, now) = texts(now.saturating_add(skew));
            return Err(SignatureError::NotYetCurrent { signed, limit, now, minutes });
        }
        if let Some(expires) = self.expires {
            let last = self.signed_at.saturating_add(expires);
            let expired = || SignatureError::PresignedExpired {
                limit: date::basic(last),
                now: date::basic(now),
            };
            return if now > last { Err(expired()) } else { Ok(()) };
        }
        if self.signed_at < now.saturating_sub(skew) {
            let (signed, limit, now) = texts(now.saturating_sub(skew));
            return Err(SignatureError::Expired { signed, limit, now, minutes });
        }
        Ok(())
    }

    fn check_signed_headers(
        &self,
        names: &[&str],
        request: &Request<'_>,
        rules: &Rules<'_>,
    ) -> Result<(), SignatureError> {
        // Every byte is looked at, which is quicker than to stop: many at a time.
        let is_upper = |any: bool, byte: u8| any | byte.is_ascii_uppercase();
        if names.len() > SIGNED_HEADERS_MAX
            || self.signed_headers.bytes().fold(false, is_upper)
            || names.iter().any(|name| name.is_empty())
            || !names.is_sorted_by(|a, b| a < b)
        {
            return Err(SignatureError::SignedHeaders);
        }
        let is_signed = |name: &str| names.contains(&name);
        if !is_signed("host") {
            return Err(SignatureError::HostNotSigned);
        }
        let is_token = |name: &str| !rules.token_is_signed && name == "x-amz-security-token";
        let must_be = |name: &str| {
            let decides = name.starts_with("x-amz-") && name != INFORMATIONAL && !is_token(name);
            decides || self.date_header == Some(name)
        };
        match request.headers.iter().find(|(name, _)| must_be(name) && !is_signed(name)) {
            Some((name, _)) => Err(SignatureError::HeadersNotSigned((*name).to_owned())),
            None => Ok(()),
        }
    }

    /// The body's hash. A header that says otherwise, or that the body is not signed, is refused: only S3 allows that.
    fn payload_hash(&self, body: &[u8]) -> Result<Hex, SignatureError> {
        let hash = sha256_hex(body);
        match self.content_sha256 {
            Some(claimed) if claimed != hash => Err(SignatureError::PayloadHash),
            _ => Ok(hash),
        }
    }
}

pub(crate) fn string_to_sign(date: &str, scope: &str, hash: &Hex) -> Vec<u8> {
    let mut text = Vec::with_capacity(192);
    for line in [ALGORITHM, date, scope] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(hash);
    text
}
