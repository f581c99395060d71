//! The keys of an OpenID Connect issuer, asked for at the issuer itself.
//!
//! Documented: OpenID Connect Discovery 1.0, sections 4 and 3; RFC 7517 for the keys. What an issuer answers is not
//! trusted beyond its keys: its size, its time, the number of its keys and where it may send us have bounds.

use crate::iam::oidc_provider::canonical_url;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use serde::Deserialize;
use serde_json::Value;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::timeout;

/// Time for both requests together.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Largest discovery document.
const DOCUMENT_BYTES_MAX: usize = 64 * 1024;
/// Largest set of keys.
const KEYS_BYTES_MAX: usize = 256 * 1024;
/// Most keys of each sort, those after them are not read. IAM user guide, "Create an OpenID Connect (OIDC) identity
/// provider": 100 RSA keys and 100 EC keys.
const KEYS_OF_A_SORT_MAX: usize = 100;
/// How long keys are used: what the issuer says, within these bounds, and this if it says nothing.
const LIFETIME_SECS_MIN: i64 = 5 * 60;
const LIFETIME_SECS_MAX: i64 = 24 * 60 * 60;
const LIFETIME_SECS_DEFAULT: i64 = 60 * 60;

/// A page of an issuer.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its content.
    pub body: Vec<u8>,
    /// Its `Cache-Control`; empty if it has none.
    pub cache_control: String,
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It may be there later: no connection, no answer in time, an error of the issuer's server.
    #[error("not reached: {0}")]
    Unreachable(String),
    /// Asking again is of no use until somebody changes something: a certificate that is not trusted, a redirect, an
    /// answer that is too large.
    #[error("not usable: {0}")]
    Refused(String),
}

/// A page on its way.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Page, FetchError>> + Send + 'a>>;

/// The way out to issuers, handed down from where the server is put together.
pub trait Issuers: Debug + Send + Sync {
    /// The page at an `https://` URL, if a trusted certificate stands for it and it is no larger than that. Redirects
    /// are not followed. The issuer that it is fetched for, in its canonical form, says whose certificates are trusted.
    fn get<'a>(&'a self, issuer: &'a str, url: &'a str, body_bytes_max: usize) -> Fetching<'a>;
}

/// What an issuer says.
#[derive(Debug, Clone)]
pub(super) struct Discovered {
    /// Its name as its tokens must have it.
    pub issuer: String,
    /// Its keys.
    pub keys: JwkSet,
    /// How long they may be used.
    pub lifetime_secs: i64,
}

/// The members of the discovery document that are read.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Value>,
}

/// Asks an issuer, named in its canonical form, for its keys.
pub(super) async fn discover(
    issuers: &dyn Issuers,
    issuer: &str,
) -> Result<Discovered, FetchError> {
    let late = || FetchError::Unreachable("no answer in time".to_owned());
    timeout(TIME_MAX, ask(issuers, issuer)).await.unwrap_or_else(|_| Err(late()))
}

async fn ask(issuers: &dyn Issuers, issuer: &str) -> Result<Discovered, FetchError> {
    let url = format!("https://{issuer}/.well-known/openid-configuration");
    let page = issuers.get(issuer, &url, DOCUMENT_BYTES_MAX).await?;
    let document: Document = serde_json::from_slice(&page.body)
        .map_err(|error| FetchError::Refused(format!("{url} is no discovery document: {error}")))?;
    let Document { issuer: named, jwks_uri } = document;
    if !named.starts_with("https://") || canonical_url(&named) != issuer {
        return Err(FetchError::Refused(format!("{url} is the issuer `{named}`'s")));
    }
    if !jwks_uri.starts_with("https://") {
        return Err(FetchError::Refused(format!("the keys' URL `{jwks_uri}` is no https:// URL")));
    }
    let page = issuers.get(issuer, &jwks_uri, KEYS_BYTES_MAX).await?;
    let keys = parse_keys(&page.body)
        .map_err(|error| FetchError::Refused(format!("{jwks_uri} is no set of keys: {error}")))?;
    Ok(Discovered { issuer: named, keys, lifetime_secs: lifetime_secs(&page.cache_control) })
}

/// The RSA and EC keys of a set. RFC 7517, 5: keys of unknown sorts and forms are passed over.
pub(super) fn parse_keys(bytes: &[u8]) -> Result<JwkSet, serde_json::Error> {
    let listed: Keys = serde_json::from_slice(bytes)?;
    let (mut rsa, mut ec) = (0, 0);
    let mut is_read = |key: &Jwk| {
        let count = match key.algorithm {
            AlgorithmParameters::RSA(_) => &mut rsa,
            AlgorithmParameters::EllipticCurve(_) => &mut ec,
            _ => return false,
        };
        *count += 1;
        *count <= KEYS_OF_A_SORT_MAX
    };
    let known = listed.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
    Ok(JwkSet { keys: known.filter(|key| is_read(key)).collect() })
}

/// RFC 9111, 5.2.2: `max-age`, and `no-cache` and `no-store` as the shortest there is.
fn lifetime_secs(cache_control: &str) -> i64 {
    let mut lifetime = LIFETIME_SECS_DEFAULT;
    for directive in cache_control.split(',') {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-cache" | "no-store" => return LIFETIME_SECS_MIN,
            "max-age" => {
                let digits = value.trim().trim_matches('"');
                let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                // More digits than a number has is longer than the longest.
                let told = if is_number { digits.parse().unwrap_or(i64::MAX) } else { 0 };
                lifetime = told.clamp(LIFETIME_SECS_MIN, LIFETIME_SECS_MAX);
            }
            _ => {}
        }
    }
    lifetime
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    const ISSUER: &str = "issuer.example/realm";
    const CONFIGURATION: &str = "https://issuer.example/realm/.well-known/openid-configuration";
    const KEYS: &str = "https://keys.example/jwks";

    /// Pages by URL. What is not there does not answer, ever.
    #[derive(Debug, Default)]
    struct Pages(BTreeMap<String, Value>);

    impl Issuers for Pages {
        fn get<'a>(&'a self, issuer: &'a str, url: &'a str, body_bytes_max: usize) -> Fetching<'a> {
            assert_eq!(issuer, ISSUER);
            Box::pin(async move {
                let Some(page) = self.0.get(url) else { return std::future::pending().await };
                let body = page.to_string().into_bytes();
                if body.len() > body_bytes_max {
                    return Err(FetchError::Refused("too large".to_owned()));
                }
                Ok(Page { body, cache_control: "public, max-age=3000".to_owned() })
            })
        }
    }

    fn key(kid: &str) -> Value {
        json!({"kty": "RSA", "kid": kid, "n": "AQAB", "e": "AQAB"})
    }

    async fn discovered(document: Value, keys: Value) -> Result<Discovered, FetchError> {
        let pages = [(CONFIGURATION.to_owned(), document), (KEYS.to_owned(), keys)];
        discover(&Pages(pages.into()), ISSUER).await
    }

    #[tokio::test(start_paused = true)]
    async fn an_issuers_keys_are_where_its_own_document_says() {
        for issuer in ["https://issuer.example/realm", "https://ISSUER.example/realm/"] {
            let document = json!({"issuer": issuer, "jwks_uri": KEYS});
            let found = discovered(document, json!({"keys": [key("a")]})).await.unwrap();
            assert_eq!(found.issuer, issuer);
            assert_eq!(found.keys.keys.len(), 1);
            assert_eq!(found.lifetime_secs, 3000);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_document_of_another_issuer_or_with_keys_in_the_clear_is_refused() {
        for document in [
            json!({"issuer": "https://issuer.example", "jwks_uri": KEYS}),
            json!({"issuer": "https://issuer.example/REALM", "jwks_uri": KEYS}),
            json!({"issuer": "http://issuer.example/realm", "jwks_uri": KEYS}),
            json!({"issuer": "issuer.example/realm", "jwks_uri": KEYS}),
            json!({"issuer": "https://issuer.example/realm", "jwks_uri": "http://keys.example/jwks"}),
            json!({"issuer": "https://issuer.example/realm", "jwks_uri": "file:///etc/passwd"}),
            json!({"issuer": "https://issuer.example/realm"}),
            json!({"issuer": "https://issuer.example/realm", "jwks_uri": KEYS, "x": "x".repeat(70_000)}),
            json!([]),
        ] {
            let found = discovered(document.clone(), json!({"keys": [key("a")]})).await;
            assert!(matches!(found, Err(FetchError::Refused(_))), "{document}: {found:?}");
        }
        for keys in [json!({}), json!({"keys": {}}), json!(["keys"])] {
            let document = json!({"issuer": "https://issuer.example/realm", "jwks_uri": KEYS});
            let found = discovered(document, keys.clone()).await;
            assert!(matches!(found, Err(FetchError::Refused(_))), "{keys}: {found:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_issuer_that_never_answers_is_given_up_on() {
        let document = json!({"issuer": "https://issuer.example/realm", "jwks_uri": KEYS});
        let begun = tokio::time::Instant::now();
        for pages in [Pages::default(), Pages([(CONFIGURATION.to_owned(), document)].into())] {
            let found = discover(&pages, ISSUER).await;
            assert!(matches!(found, Err(FetchError::Unreachable(_))), "{found:?}");
        }
        assert_eq!(begun.elapsed(), 2 * TIME_MAX);
    }

    #[test]
    fn keys_of_unknown_sorts_are_passed_over_and_of_the_others_a_hundred_are_read() {
        let mut keys: Vec<_> = (0..=KEYS_OF_A_SORT_MAX).map(|n| key(&n.to_string())).collect();
        keys.insert(0, json!({"kty": "new", "kid": "new"}));
        keys.insert(1, json!({"kty": "oct", "kid": "secret", "k": "AQAB"}));
        keys.push(json!({"kty": "EC", "crv": "P-256", "kid": "ec", "x": "AQAB", "y": "AQAB"}));
        let read = parse_keys(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        assert_eq!(read.keys.len(), KEYS_OF_A_SORT_MAX + 1);
        let has = |kid: &str| read.find(kid).is_some();
        assert!(has("0") && has("99") && !has("100") && has("ec") && !has("secret"));
    }

    #[test]
    fn keys_are_used_as_long_as_the_issuer_says_between_five_minutes_and_a_day() {
        for (cache_control, secs) in [
            ("", 3600),
            ("public", 3600),
            ("max-age=600", 600),
            ("Public, Max-Age = \"600\"", 600),
            ("max-age=1", 300),
            ("max-age=", 300),
            ("max-age=-5", 300),
            ("max-age=86400", 86_400),
            ("max-age=99999999999999999999999", 86_400),
            ("max-age=600, no-store", 300),
            ("no-cache", 300),
        ] {
            assert_eq!(lifetime_secs(cache_control), secs, "{cache_control}");
        }
    }
}
