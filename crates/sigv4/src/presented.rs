//! What a request presents as its signature, in the header or in the query.

use crate::canonical::decode;
use crate::{ALGORITHM, Request, SignatureError, date};
use std::borrow::Cow;

/// Longest `Authorization` header or credential parameter that is looked at.
const TEXT_BYTES_MAX: usize = 8 * 1024;
/// Longest life of a presigned request, in seconds: a week.
const EXPIRES_SECS_MAX: i64 = 604_800;
/// Parameters that may stand in a query once only.
const ONCE_IN_QUERY: [&str; 8] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "X-Amz-Content-Sha256",
];

/// The headers that decide something, found in one walk over all of them. Each may stand in a request once only.
#[derive(Default)]
struct Deciding<'a> {
    authorization: Option<&'a [u8]>,
    host: Option<&'a [u8]>,
    amz_date: Option<&'a [u8]>,
    date: Option<&'a [u8]>,
    session_token: Option<&'a [u8]>,
    target: Option<&'a [u8]>,
    content_sha256: Option<&'a [u8]>,
}

impl<'a> Deciding<'a> {
    fn of(request: &Request<'a>) -> Result<Self, SignatureError> {
        let mut found = Self::default();
        for (name, value) in request.headers {
            let (place, name) = match *name {
                "authorization" => (&mut found.authorization, "authorization"),
                "host" => (&mut found.host, "host"),
                "x-amz-date" => (&mut found.amz_date, "x-amz-date"),
                "date" => (&mut found.date, "date"),
                "x-amz-security-token" => (&mut found.session_token, "x-amz-security-token"),
                "x-amz-target" => (&mut found.target, "x-amz-target"),
                "x-amz-content-sha256" => (&mut found.content_sha256, "x-amz-content-sha256"),
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(SignatureError::Ambiguous(name));
            }
        }
        Ok(found)
    }
}

fn text(value: &[u8]) -> Option<&str> {
    str::from_utf8(value).ok().map(str::trim)
}

/// The credential's scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope<'a> {
    text: Cow<'a, str>,
    /// Where date, region and service end in `text`.
    ends: [usize; 3],
}

impl Scope<'_> {
    fn part(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// `YYYYMMDD`.
    pub fn date(&self) -> &str {
        self.part(0, self.ends[0])
    }

    /// The region.
    pub fn region(&self) -> &str {
        self.part(self.ends[0] + 1, self.ends[1])
    }

    /// The signing name of the service.
    pub fn service(&self) -> &str {
        self.part(self.ends[1] + 1, self.ends[2])
    }

    pub(crate) fn terminator(&self) -> &str {
        self.part(self.ends[2] + 1, self.text.len())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

/// A signature as it was presented; nothing of it is verified.
#[expect(missing_debug_implementations, reason = "holds the session token")]
pub struct Presented<'a> {
    pub(crate) access_key_id: Cow<'a, str>,
    pub(crate) scope: Scope<'a>,
    pub(crate) signed_headers: Cow<'a, str>,
    pub(crate) signature: [u8; 32],
    pub(crate) session_token: Option<Cow<'a, str>>,
    /// When it was signed, in seconds since the epoch.
    pub(crate) signed_at: i64,
    /// The date as it stands in the string to sign.
    pub(crate) date_text: Cow<'a, str>,
    /// Life of a presigned request in seconds; `None` for a signature in the header.
    pub(crate) expires: Option<i64>,
    /// Which date header counts, for a signature in the header.
    pub(crate) date_header: Option<&'static str>,
    /// The hash of the body that is claimed in a header.
    pub(crate) content_sha256: Option<&'a [u8]>,
}

impl Presented<'_> {
    /// The key it claims.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The scope it claims.
    pub fn scope(&self) -> &Scope<'_> {
        &self.scope
    }

    /// The session token that came with it.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Whether it stands in the query: a presigned request.
    pub fn is_query(&self) -> bool {
        self.expires.is_some()
    }
}

/// Finds the signature. AWS: exactly one, in the `Authorization` header or in the query.
pub fn parse<'a>(request: &Request<'a>) -> Result<Presented<'a>, SignatureError> {
    let deciding = Deciding::of(request)?;
    match (deciding.authorization, is_in_query(request.query)) {
        (None, false) => Err(SignatureError::Missing),
        (Some(_), true) => Err(SignatureError::Ambiguous("Authorization")),
        (Some(value), false) => parse_header(value, &deciding),
        (None, true) => parse_query(request.query, &deciding),
    }
}

fn is_in_query(query: &str) -> bool {
    let names = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
    !query.is_empty()
        && names.map(decode).any(|name| {
            let marks: [&[u8]; 3] = [b"x-amz-algorithm", b"x-amz-credential", b"x-amz-signature"];
            marks.contains(&name.to_ascii_lowercase().as_slice())
        })
}

fn parse_header<'a>(
    value: &'a [u8],
    deciding: &Deciding<'a>,
) -> Result<Presented<'a>, SignatureError> {
    let value = str::from_utf8(value).map_err(|_| SignatureError::Algorithm)?.trim();
    if value.len() > TEXT_BYTES_MAX {
        return Err(SignatureError::Algorithm);
    }
    let rest = value
        .strip_prefix(ALGORITHM)
        .filter(|rest| rest.starts_with([' ', ',']) || rest.is_empty());
    let rest = rest.ok_or(SignatureError::Algorithm)?;
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for part in parts(rest).map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) =
            name_and_value(part).ok_or_else(|| missing_parts(None, None, None, true))?;
        let (place, name) = match name {
            "Credential" => (&mut credential, "Credential"),
            "SignedHeaders" => (&mut signed_headers, "SignedHeaders"),
            "Signature" => (&mut signature, "Signature"),
            _ => continue,
        };
        if place.replace(value).is_some() {
            return Err(SignatureError::Ambiguous(name));
        }
    }
    let (date_header, date_text) = match deciding.amz_date.and_then(text) {
        Some(date) => (Some("x-amz-date"), Some(date)),
        None => {
            deciding.date.and_then(text).map_or((None, None), |date| (Some("date"), Some(date)))
        }
    };
    let (Some(credential), Some(signed_headers), Some(signature), Some(date_text)) =
        (credential, signed_headers, signature, date_text)
    else {
        return Err(missing_parts(credential, signature, signed_headers, date_text.is_some()));
    };
    let (access_key_id, scope) = split_credential(Cow::Borrowed(credential))?;
    let is_plain = date_header == Some("date");
    let signed_at =
        if is_plain { date::parse_http(date_text)? } else { date::parse_basic(date_text)? };
    let date_text =
        if is_plain { Cow::Owned(date::basic(signed_at)) } else { Cow::Borrowed(date_text) };
    Ok(Presented {
        access_key_id,
        scope,
        signed_headers: Cow::Borrowed(signed_headers),
        signature: parse_signature(signature)?,
        session_token: deciding.session_token.and_then(text).map(Cow::Borrowed),
        signed_at,
        date_text,
        expires: None,
        date_header,
        content_sha256: deciding.content_sha256,
    })
}

/// `str::split` searches each part from the start byte by byte; every request pays for that.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let ends = memchr::memchr_iter(b',', text.as_bytes()).chain(std::iter::once(text.len()));
    ends.scan(0, |start, end| {
        let part = text.get(*start..end);
        *start = end + 1;
        part
    })
}

fn name_and_value(part: &str) -> Option<(&str, &str)> {
    let (name, value) = part.split_at_checked(memchr::memchr(b'=', part.as_bytes())?)?;
    Some((name, value.strip_prefix('=')?))
}

fn missing_parts(
    credential: Option<&str>,
    signature: Option<&str>,
    signed_headers: Option<&str>,
    has_date: bool,
) -> SignatureError {
    let parts =
        [(credential, "Credential"), (signature, "Signature"), (signed_headers, "SignedHeaders")];
    let mut message = String::new();
    for (_, name) in parts.iter().filter(|(part, _)| part.is_none()) {
        message.push_str("Authorization header requires '");
        message.push_str(name);
        message.push_str("' parameter. ");
    }
    if !has_date {
        message.push_str(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
        );
    }
    message.push_str("Authorization=AWS4-HMAC-SHA256");
    SignatureError::Parts(message)
}

fn parse_query<'a>(query: &str, deciding: &Deciding<'a>) -> Result<Presented<'a>, SignatureError> {
    let mut found: [Option<String>; ONCE_IN_QUERY.len()] = Default::default();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name);
        let Some(place) =
            ONCE_IN_QUERY.iter().position(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        else {
            continue;
        };
        let value = String::from_utf8(decode(value)).map_err(|_| SignatureError::Credential)?;
        let known = ONCE_IN_QUERY.get(place).copied().unwrap_or_default();
        // Another spelling of the name would be signed under that spelling and read under this one.
        if name != known.as_bytes() || value.len() > TEXT_BYTES_MAX {
            return Err(SignatureError::Ambiguous(known));
        }
        if found.get_mut(place).is_some_and(|place| place.replace(value).is_some()) {
            return Err(SignatureError::Ambiguous(known));
        }
    }
    let [algorithm, credential, date_text, expires, signed_headers, signature, token, _] = found;
    let (
        Some(algorithm),
        Some(credential),
        Some(date_text),
        Some(expires),
        Some(signed_headers),
        Some(signature),
    ) = (algorithm, credential, date_text, expires, signed_headers, signature)
    else {
        return Err(SignatureError::Parts(
            "AWS query-string parameters must include 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', \
             'X-Amz-Expires', 'X-Amz-SignedHeaders' and 'X-Amz-Signature'. Re-examine the query-string parameters."
                .to_owned(),
        ));
    };
    if algorithm != ALGORITHM {
        return Err(SignatureError::Algorithm);
    }
    let (access_key_id, scope) = split_credential(Cow::Owned(credential))?;
    let expires = expires.parse().ok().filter(|secs| (1..=EXPIRES_SECS_MAX).contains(secs));
    Ok(Presented {
        access_key_id,
        scope,
        signed_headers: Cow::Owned(signed_headers),
        signature: parse_signature(&signature)?,
        session_token: token.map(Cow::Owned),
        signed_at: date::parse_basic(&date_text)?,
        date_text: Cow::Owned(date_text),
        expires: Some(expires.ok_or(SignatureError::Expires)?),
        date_header: None,
        content_sha256: deciding.content_sha256,
    })
}

fn split_credential(text: Cow<'_, str>) -> Result<(Cow<'_, str>, Scope<'_>), SignatureError> {
    let mut slashes = memchr::memchr_iter(b'/', text.as_bytes());
    let mut slash = || slashes.next().ok_or(SignatureError::Credential);
    let (first, second, third, fourth) = (slash()?, slash()?, slash()?, slash()?);
    if slash().is_ok() {
        return Err(SignatureError::Credential);
    }
    let scope_at = first + 1;
    let is_empty = first == 0 || second == scope_at || third == second + 1 || fourth == third + 1;
    if is_empty {
        return Err(SignatureError::Credential);
    }
    let ends = [second - scope_at, third - scope_at, fourth - scope_at];
    let (id, scope) = match text {
        Cow::Borrowed(text) => {
            let (id, scope) = text.split_at_checked(first).ok_or(SignatureError::Credential)?;
            (Cow::Borrowed(id), Cow::Borrowed(scope.trim_start_matches('/')))
        }
        Cow::Owned(text) => {
            let (id, scope) = text.split_at_checked(first).ok_or(SignatureError::Credential)?;
            (Cow::Owned(id.to_owned()), Cow::Owned(scope.trim_start_matches('/').to_owned()))
        }
    };
    Ok((id, Scope { text: scope, ends }))
}

fn parse_signature(text: &str) -> Result<[u8; 32], SignatureError> {
    let mut signature = [0; 32];
    if text.len() != 64 {
        return Err(SignatureError::SignatureForm);
    }
    // No stop at the first wrong one: half of all branches on a signature's digits would be foretold wrongly.
    let mut all = 0;
    for (byte, pair) in signature.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        if let [high, low] = pair {
            let (high, low) = (digit(*high), digit(*low));
            all |= high | low;
            *byte = high << 4 | low & 0xf;
        }
    }
    if all & NO_DIGIT == 0 { Ok(signature) } else { Err(SignatureError::SignatureForm) }
}

/// What [`digit`] says of anything but a digit.
const NO_DIGIT: u8 = 0x80;

fn digit(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        b'a'..=b'f' => character - b'a' + 10,
        _ => NO_DIGIT,
    }
}
