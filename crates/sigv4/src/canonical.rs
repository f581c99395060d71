//! The canonical request and its hash.

use crate::Request;
use aws_lc_rs::digest::SHA256;
use memchr::{memchr, memchr3};

/// SHA-256 as 64 lower-case hex digits.
pub(crate) type Hex = [u8; 64];

pub(crate) fn hex(hash: &[u8]) -> Hex {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'0'; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(hash) {
        if let [high, low] = pair {
            *high = DIGITS.get(usize::from(byte >> 4)).copied().unwrap_or(b'0');
            *low = DIGITS.get(usize::from(byte & 15)).copied().unwrap_or(b'0');
        }
    }
    text
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> Hex {
    hex(aws_lc_rs::digest::digest(&SHA256, bytes).as_ref())
}

/// How the canonical request is made.
#[derive(Clone, Copy)]
pub(crate) struct Form<'a> {
    /// Sorted names.
    pub(crate) signed_headers: &'a [&'a str],
    pub(crate) payload_hash: &'a Hex,
    /// Remove dot segments and repeated slashes: all services but S3.
    pub(crate) normalize_path: bool,
    /// Query parameter that is left out besides the signature itself.
    pub(crate) left_out: Option<&'a str>,
}

/// A canonical request's hash.
pub(crate) struct Canonical {
    pub(crate) hash: Hex,
    /// Whether each signed header is there: one that is absent looks like an empty one.
    pub(crate) is_complete: bool,
}

/// Makes the canonical request and hashes it.
pub(crate) fn canonical(request: &Request<'_>, form: &Form<'_>) -> Canonical {
    let mut text = Vec::with_capacity(1024);
    text.extend_from_slice(request.method.as_bytes());
    text.extend_from_slice(b"\n");
    path(request.path, form.normalize_path, &mut text);
    text.extend_from_slice(b"\n");
    query(request.query, form.left_out, &mut text);
    text.extend_from_slice(b"\n");
    let mut is_complete = true;
    for name in form.signed_headers {
        is_complete &= header(request, name, &mut text);
    }
    for (place, name) in form.signed_headers.iter().enumerate() {
        text.push(if place == 0 { b'\n' } else { b';' });
        text.extend_from_slice(name.as_bytes());
    }
    text.extend_from_slice(b"\n");
    text.extend_from_slice(form.payload_hash);
    Canonical { hash: sha256_hex(&text), is_complete }
}

/// The path is encoded as it came: what was percent-encoded on the wire is encoded twice, as AWS has it.
fn path(path: &str, normalize: bool, text: &mut Vec<u8>) {
    if path == "/" || path.is_empty() {
        return text.extend_from_slice(b"/");
    }
    if !normalize {
        return encode(path.as_bytes(), true, text);
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    for segment in &kept {
        text.extend_from_slice(b"/");
        encode(segment.as_bytes(), false, text);
    }
    let is_open = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    if kept.is_empty() || is_open {
        text.extend_from_slice(b"/");
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986 encoding with upper-case digits.
fn encode(bytes: &[u8], keep_slash: bool, text: &mut Vec<u8>) {
    for run in
        bytes.chunk_by(|left, right| is_kept(*left, keep_slash) && is_kept(*right, keep_slash))
    {
        match run {
            [byte] if !is_kept(*byte, keep_slash) => text.extend_from_slice(&percent(*byte)),
            kept => text.extend_from_slice(kept),
        }
    }
}

fn is_kept(byte: u8, keep_slash: bool) -> bool {
    is_unreserved(byte) || (keep_slash && byte == b'/')
}

fn percent(byte: u8) -> [u8; 3] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
    [b'%', digit(byte >> 4), digit(byte & 15)]
}

/// Pairs sorted by encoded name, then encoded value; the signature itself is left out.
fn query(query: &str, left_out: Option<&str>, text: &mut Vec<u8>) {
    if query.is_empty() {
        return;
    }
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (recode(name), recode(value)))
        .filter(|(name, _)| {
            name != b"X-Amz-Signature" && left_out.is_none_or(|out| name != out.as_bytes())
        })
        .collect();
    pairs.sort_unstable();
    for (place, (name, value)) in pairs.iter().enumerate() {
        if place > 0 {
            text.extend_from_slice(b"&");
        }
        text.extend_from_slice(name);
        text.extend_from_slice(b"=");
        text.extend_from_slice(value);
    }
}

/// Decodes and encodes again, so that every way to write the same text gives the same bytes.
pub(crate) fn recode(text: &str) -> Vec<u8> {
    let decoded = decode(text);
    let mut encoded = Vec::with_capacity(decoded.len());
    for byte in decoded {
        if is_unreserved(byte) {
            encoded.push(byte);
        } else {
            encoded.extend_from_slice(&percent(byte));
        }
    }
    encoded
}

/// Percent-decodes; `+` is a space. What is no escape stays as it is.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                decoded.push(nibble(*high) << 4 | nibble(*low));
                rest = after;
            }
            (b'+', _) => decoded.push(b' '),
            (other, _) => decoded.push(*other),
        }
    }
    decoded
}

fn nibble(digit: u8) -> u8 {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or(0)
}

/// `name:value,value`, each value trimmed and its inner runs of white space folded into one space. Whether there is one.
fn header(request: &Request<'_>, name: &str, text: &mut Vec<u8>) -> bool {
    text.extend_from_slice(name.as_bytes());
    text.push(b':');
    let mut is_there = false;
    for value in request.values(name) {
        if is_there {
            text.push(b',');
        }
        is_there = true;
        folded(value, text);
    }
    text.push(b'\n');
    is_there
}

fn folded(value: &[u8], text: &mut Vec<u8>) {
    if memchr3(b' ', b'\t', b'\n', value).is_none() && memchr(b'\r', value).is_none() {
        return text.extend_from_slice(value);
    }
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let words = value.split(is_space).filter(|word| !word.is_empty());
    for (place, word) in words.enumerate() {
        if place > 0 {
            text.extend_from_slice(b" ");
        }
        text.extend_from_slice(word);
    }
}
