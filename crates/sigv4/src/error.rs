//! Why a request is not taken as signed, in AWS's words.
//!
//! Texts are AWS's own, as its services answer them. None repeats a signature, a token or a canonical request.

/// What kind of refusal it is; each service protocol has its own code for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The signature lacks a part or has one that cannot be read.
    IncompleteSignature,
    /// The signature is well-formed and wrong: of another request, key, time, region or service.
    InvalidSignature,
    /// There is no signature.
    MissingAuthenticationToken,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No `Authorization` header and no signature in the query.
    #[error("Missing Authentication Token")]
    Missing,
    /// Two sources of credentials, or one part twice: readers could disagree which counts.
    #[error("The request is signed in more than one way: '{0}' is there twice")]
    Ambiguous(&'static str),
    /// Another algorithm, or another scheme.
    #[error("Unsupported AWS 'algorithm'. Only 'AWS4-HMAC-SHA256' is supported.")]
    Algorithm,
    /// Parts are missing; each is named.
    #[error("{0}")]
    Parts(String),
    /// `Credential` is not `key/date/region/service/aws4_request`.
    #[error(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"
    )]
    Credential,
    /// The signature is not 64 lower-case hex digits.
    #[error("The request signature does not conform to AWS standards.")]
    SignatureForm,
    /// The date cannot be read.
    #[error("Date must be in ISO-8601 'basic format'. See http://en.wikipedia.org/wiki/ISO_8601")]
    Date,
    /// `X-Amz-Expires` is no number from 1 to 604800.
    #[error("X-Amz-Expires must be a number of seconds from 1 to 604800")]
    Expires,
    /// `host` is not signed.
    #[error("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")]
    HostNotSigned,
    /// Headers that decide something are not signed.
    #[error("There were headers present in the request which were not signed: {0}")]
    HeadersNotSigned(String),
    /// The list of signed headers is not sorted, lower-case and without repetition.
    #[error("SignedHeaders must be a sorted list of lower-case header names")]
    SignedHeaders,
    /// The scope's date is not the request's.
    #[error(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."
    )]
    ScopeDate,
    /// The scope is for another service.
    #[error("Credential should be scoped to correct service: '{0}'. ")]
    ScopeService(String),
    /// The scope does not end in `aws4_request`.
    #[error("Credential should be scoped with a valid terminator: 'aws4_request'.")]
    ScopeTerminator,
    /// Too old.
    #[error("Signature expired: {signed} is now earlier than {limit} ({now} - {minutes} min.)")]
    Expired {
        /// When it was signed.
        signed: String,
        /// The oldest time that would do.
        limit: String,
        /// The server's time.
        now: String,
        /// The allowed skew.
        minutes: i64,
    },
    /// A presigned request after its last second.
    #[error("Signature expired: {limit} is now earlier than {now}")]
    PresignedExpired {
        /// Its last second.
        limit: String,
        /// The server's time.
        now: String,
    },
    /// From the future.
    #[error(
        "Signature not yet current: {signed} is still later than {limit} ({now} + {minutes} min.)"
    )]
    NotYetCurrent {
        /// When it was signed.
        signed: String,
        /// The latest time that would do.
        limit: String,
        /// The server's time.
        now: String,
        /// The allowed skew.
        minutes: i64,
    },
    /// `x-amz-content-sha256` is not the hash of the body, or a mode that leaves the body unsigned.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    PayloadHash,
    /// The signature is of something else.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
}

impl SignatureError {
    /// What kind of refusal it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing => ErrorKind::MissingAuthenticationToken,
            Self::Ambiguous(_)
            | Self::Algorithm
            | Self::Parts(_)
            | Self::Credential
            | Self::SignatureForm
            | Self::Date
            | Self::Expires
            | Self::SignedHeaders => ErrorKind::IncompleteSignature,
            Self::HostNotSigned
            | Self::HeadersNotSigned(_)
            | Self::ScopeDate
            | Self::ScopeService(_)
            | Self::ScopeTerminator
            | Self::Expired { .. }
            | Self::PresignedExpired { .. }
            | Self::NotYetCurrent { .. }
            | Self::PayloadHash
            | Self::Mismatch => ErrorKind::InvalidSignature,
        }
    }
}
