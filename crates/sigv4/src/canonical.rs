//! The canonical request, hashed as it is made: nothing but the query's pairs is ever collected.

use crate::Request;
use aws_lc_rs::digest::{Context, SHA256};

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
    pub(crate) signed_headers: &'a str,
    pub(crate) payload_hash: &'a Hex,
    /// Remove dot segments and repeated slashes: all services but S3.
    pub(crate) normalize_path: bool,
    /// Query parameter that is left out besides the signature itself.
    pub(crate) left_out: Option<&'a str>,
}

/// Hash of the canonical request.
pub(crate) fn hash(request: &Request<'_>, form: &Form<'_>) -> Hex {
    let mut context = Context::new(&SHA256);
    context.update(request.method.as_bytes());
    context.update(b"\n");
    path(request.path, form.normalize_path, &mut context);
    context.update(b"\n");
    query(request.query, form.left_out, &mut context);
    context.update(b"\n");
    for name in form.signed_headers.split(';') {
        header(request, name, &mut context);
    }
    context.update(b"\n");
    context.update(form.signed_headers.as_bytes());
    context.update(b"\n");
    context.update(form.payload_hash);
    hex(context.finish().as_ref())
}

/// The path is encoded as it came: what was percent-encoded on the wire is encoded twice, as AWS has it.
fn path(path: &str, normalize: bool, context: &mut Context) {
    if path == "/" || path.is_empty() {
        return context.update(b"/");
    }
    if !normalize {
        return encode(path.as_bytes(), true, context);
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
        context.update(b"/");
        encode(segment.as_bytes(), false, context);
    }
    let is_open = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    if kept.is_empty() || is_open {
        context.update(b"/");
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986 encoding with upper-case digits.
fn encode(bytes: &[u8], keep_slash: bool, context: &mut Context) {
    for run in
        bytes.chunk_by(|left, right| is_kept(*left, keep_slash) && is_kept(*right, keep_slash))
    {
        match run {
            [byte] if !is_kept(*byte, keep_slash) => context.update(&percent(*byte)),
            kept => context.update(kept),
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
fn query(query: &str, left_out: Option<&str>, context: &mut Context) {
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
            context.update(b"&");
        }
        context.update(name);
        context.update(b"=");
        context.update(value);
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

/// `name:value,value`, each value trimmed and its inner runs of white space folded into one space.
fn header(request: &Request<'_>, name: &str, context: &mut Context) {
    context.update(name.as_bytes());
    context.update(b":");
    for (place, value) in request.values(name).enumerate() {
        if place > 0 {
            context.update(b",");
        }
        folded(value, context);
    }
    context.update(b"\n");
}

fn folded(value: &[u8], context: &mut Context) {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let words = value.split(is_space).filter(|word| !word.is_empty());
    for (place, word) in words.enumerate() {
        if place > 0 {
            context.update(b" ");
        }
        context.update(word);
    }
}
