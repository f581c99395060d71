//! The keys of OpenID Connect issuers: out of files that the operator keeps, or from the issuers themselves.
//!
//! A file is read when a token asks for it, at most once a second: an issuer that changes its keys needs no restart,
//! and somebody who sends tokens with made-up keys causes no work. A file that cannot be read has no keys. An issuer
//! with a file is never asked.

use crate::error::{ApiError, ErrorCode};
use crate::iam::oidc_provider::canonical_url;
use crate::sts::discovery::{FetchError, Issuers, parse_keys};
use crate::sts::fetched_keys::{FetchedKeys, KeySet};
use crate::sts::web_token::no_key;
use jsonwebtoken::jwk::JwkSet;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use strongroom_types::{AccountId, Timestamp};
use tokio::sync::Mutex;

/// A file is not read again sooner.
const READ_AGAIN_MILLIS: i64 = 1000;
/// Largest file of keys.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Keys by issuer.
#[derive(Debug, Default)]
pub struct IssuerKeys {
    files: BTreeMap<String, KeyFile>,
    /// `None`: no issuer is ever asked.
    fetched: Option<FetchedKeys>,
}

#[derive(Debug)]
struct KeyFile {
    path: PathBuf,
    /// What was read, and when.
    held: Mutex<Option<(Timestamp, Arc<KeySet>)>>,
}

impl IssuerKeys {
    /// Of files by the issuers' URLs and, for all other issuers, of a way out to them.
    pub fn new(files: &BTreeMap<String, PathBuf>, issuers: Option<Arc<dyn Issuers>>) -> Self {
        let file = |path: &PathBuf| KeyFile { path: path.clone(), held: Mutex::new(None) };
        let files = files.iter().map(|(url, path)| (canonical_url(url), file(path))).collect();
        Self { files, fetched: issuers.map(FetchedKeys::new) }
    }

    /// The keys of the issuer of an account's provider. The URL is the provider's, never a token's: nobody but whoever made the
    /// provider says where we go. With `lacking`, those were found wanting, and newer ones are asked for.
    pub(super) async fn of(
        &self,
        account: &AccountId,
        provider_url: &str,
        now: Timestamp,
        lacking: Option<&Arc<KeySet>>,
    ) -> Result<Arc<KeySet>, ApiError> {
        let issuer = canonical_url(provider_url);
        if let Some(file) = self.files.get(&issuer) {
            return file.keys(&issuer, now).await;
        }
        let Some(fetched) = &self.fetched else { return Ok(Arc::default()) };
        fetched.of(account, &issuer, now, lacking).await.map_err(|error| match error {
            // Documented: STS API reference, "Errors" of AssumeRoleWithWebIdentity. Message inferred.
            FetchError::Unreachable(_) => ApiError::new(
                ErrorCode::IdpCommunication,
                "The identity provider could not be reached. Retry, but not too often",
            ),
            FetchError::Refused(_) => no_key(),
        })
    }
}

impl KeyFile {
    async fn keys(&self, issuer: &str, now: Timestamp) -> Result<Arc<KeySet>, ApiError> {
        let mut held = self.held.lock().await;
        if let Some((read, keys)) = &*held {
            let age = now.as_millis().saturating_sub(read.as_millis());
            if (0..READ_AGAIN_MILLIS).contains(&age) {
                return Ok(Arc::clone(keys));
            }
        }
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || read_keys(&path)).await;
        let keys = read.map_err(ApiError::internal)?.unwrap_or_else(|error| {
            tracing::error!(issuer, path = %self.path.display(), %error, "no keys could be read");
            JwkSet { keys: Vec::new() }
        });
        let keys = Arc::new(KeySet { issuer: None, keys });
        *held = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }
}

fn read_keys(path: &Path) -> Result<JwkSet, std::io::Error> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(parse_keys(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sts::discovery::Fetching;

    async fn count(keys: &IssuerKeys, millis: i64) -> usize {
        let now = Timestamp::from_millis(millis);
        keys.of(&AccountId::parse("111111111111").unwrap(), "Issuer.example/", now, None)
            .await
            .unwrap()
            .keys
            .keys
            .len()
    }

    /// A way out that must not be taken.
    #[derive(Debug)]
    struct Closed;

    impl Issuers for Closed {
        fn get<'a>(&'a self, _: &'a str, url: &'a str, _: usize) -> Fetching<'a> {
            panic!("{url} was asked for")
        }
    }

    #[tokio::test]
    async fn a_changed_file_is_read_again_after_a_second_and_not_sooner() {
        let dir = std::env::temp_dir().join(format!("strongroom-jwks-{}", std::process::id()));
        let key = r#"{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}"#;
        std::fs::write(&dir, format!(r#"{{"keys":[{key}]}}"#)).unwrap();
        let files = BTreeMap::from([("https://issuer.example:443".to_owned(), dir.clone())]);
        let keys = IssuerKeys::new(&files, Some(Arc::new(Closed)));
        assert_eq!(count(&keys, 0).await, 1);
        std::fs::write(&dir, format!(r#"{{"keys":[{key},{key}]}}"#)).unwrap();
        assert_eq!(count(&keys, 999).await, 1);
        assert_eq!(count(&keys, 1000).await, 2);
        std::fs::remove_file(&dir).unwrap();
        assert_eq!(count(&keys, 2000).await, 0, "keys that were taken away are not used");
    }

    #[tokio::test]
    async fn without_a_file_and_a_way_out_an_issuer_has_no_keys() {
        assert_eq!(count(&IssuerKeys::new(&BTreeMap::new(), None), 0).await, 0);
    }
}
