//! Signing, for our own command line and for tests.

use crate::canonical::{Form, canonical, hex, recode, sha256_hex};
use crate::verify::string_to_sign;
use crate::{ALGORITHM, Request, SigningKey, date};
use aws_lc_rs::hmac;

/// A credential to sign with.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "holds the secret access key")]
pub struct Credential<'a> {
    /// The access key id.
    pub access_key_id: &'a str,
    /// The secret access key.
    pub secret: &'a [u8],
    /// The session token of temporary credentials.
    pub session_token: Option<&'a str>,
}

/// When and for what to sign.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Seconds since the epoch.
    pub now: i64,
    /// The region.
    pub region: &'a str,
    /// The service's signing name.
    pub service: &'a str,
}

impl Moment<'_> {
    fn scope(&self, date: &str) -> String {
        let day = date.get(..8).unwrap_or_default();
        format!("{day}/{}/{}/aws4_request", self.region, self.service)
    }

    fn key(&self, credential: &Credential<'_>, date: &str) -> SigningKey {
        SigningKey::derive(
            credential.secret,
            date.get(..8).unwrap_or_default(),
            self.region,
            self.service,
        )
    }
}

/// The headers to add to a request: `x-amz-date`, the token if there is one, and `authorization`. All headers that the
/// request has are signed; it must have `host`.
pub fn sign_headers(
    request: &Request<'_>,
    credential: &Credential<'_>,
    moment: &Moment<'_>,
) -> Vec<(String, String)> {
    let date = date::basic(moment.now);
    let mut added = vec![("x-amz-date".to_owned(), date.clone())];
    added.extend(
        credential.session_token.map(|token| ("x-amz-security-token".to_owned(), token.to_owned())),
    );
    let mut headers = request.headers.to_vec();
    headers.extend(added.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    let mut names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    let signed_headers = names.join(";");
    let payload_hash = sha256_hex(request.body);
    let form = Form {
        signed_headers: &names,
        payload_hash: &payload_hash,
        normalize_path: true,
        left_out: None,
    };
    let hash = canonical(&Request { headers: &headers, ..*request }, &form).hash;
    let scope = moment.scope(&date);
    let signature =
        signature(&moment.key(credential, &date), &string_to_sign(&date, &scope, &hash));
    let id = credential.access_key_id;
    let authorization = format!(
        "{ALGORITHM} Credential={id}/{scope}, SignedHeaders={signed_headers}, Signature={signature}"
    );
    added.push(("authorization".to_owned(), authorization));
    added
}

/// The query of a presigned request: the one it has and the signature. Signs `host` only.
pub fn presign(
    request: &Request<'_>,
    credential: &Credential<'_>,
    moment: &Moment<'_>,
    expires_secs: u32,
) -> String {
    let date = date::basic(moment.now);
    let scope = moment.scope(&date);
    let mut query = request.query.to_owned();
    let mut add = |name: &str, value: &str| {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        query.extend(
            recode(&value.replace('%', "%25").replace('+', "%2B")).into_iter().map(char::from),
        );
    };
    add("X-Amz-Algorithm", ALGORITHM);
    add("X-Amz-Credential", &format!("{}/{scope}", credential.access_key_id));
    add("X-Amz-Date", &date);
    add("X-Amz-Expires", &expires_secs.to_string());
    if let Some(token) = credential.session_token {
        add("X-Amz-Security-Token", token);
    }
    add("X-Amz-SignedHeaders", "host");
    let payload_hash = sha256_hex(request.body);
    let form = Form {
        signed_headers: &["host"],
        payload_hash: &payload_hash,
        normalize_path: true,
        left_out: None,
    };
    let hash = canonical(&Request { query: &query, ..*request }, &form).hash;
    let signature =
        signature(&moment.key(credential, &date), &string_to_sign(&date, &scope, &hash));
    format!("{query}&X-Amz-Signature={signature}")
}

fn signature(key: &SigningKey, text: &[u8]) -> String {
    hex(hmac::sign(&key.0, text).as_ref()).into_iter().map(char::from).collect()
}
