//! The keys of OpenID Connect issuers, out of files that the operator keeps.
//!
//! A file is read when a token asks for it, at most once a second: an issuer that changes its keys needs no restart,
//! and somebody who sends tokens with made-up keys causes no work. A file that cannot be read has no keys.

use crate::error::ApiError;
use jsonwebtoken::jwk::JwkSet;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use strongroom_types::Timestamp;
use tokio::sync::Mutex;

/// A file is not read again sooner.
const READ_AGAIN_MILLIS: i64 = 1000;
/// Largest file of keys.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Keys by issuer.
#[derive(Debug, Default)]
pub struct IssuerKeys {
    files: BTreeMap<String, KeyFile>,
}

#[derive(Debug)]
struct KeyFile {
    path: PathBuf,
    /// What was read, and when. `None`: nothing could be.
    held: Mutex<Option<(Timestamp, Option<Arc<JwkSet>>)>>,
}

impl IssuerKeys {
    /// Of files by issuer; the issuers are URLs without a slash at their end.
    pub fn new(files: &BTreeMap<String, PathBuf>) -> Self {
        let file = |path: &PathBuf| KeyFile { path: path.clone(), held: Mutex::new(None) };
        Self { files: files.iter().map(|(issuer, path)| (issuer.clone(), file(path))).collect() }
    }

    /// The keys of an issuer, if it has any.
    pub(super) async fn of(
        &self,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<JwkSet>>, ApiError> {
        let Some(file) = self.files.get(issuer) else { return Ok(None) };
        let mut held = file.held.lock().await;
        if let Some((read, keys)) = &*held {
            let age = now.as_millis().saturating_sub(read.as_millis());
            if (0..READ_AGAIN_MILLIS).contains(&age) {
                return Ok(keys.clone());
            }
        }
        let path = file.path.clone();
        let read = tokio::task::spawn_blocking(move || read_keys(&path)).await;
        let keys = match read.map_err(ApiError::internal)? {
            Ok(keys) => Some(Arc::new(keys)),
            Err(error) => {
                tracing::error!(issuer, path = %file.path.display(), %error, "no keys could be read");
                None
            }
        };
        *held = Some((now, keys.clone()));
        Ok(keys)
    }
}

fn read_keys(path: &Path) -> Result<JwkSet, std::io::Error> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn count(keys: &IssuerKeys, millis: i64) -> Option<usize> {
        let now = Timestamp::from_millis(millis);
        keys.of("https://issuer.example", now).await.unwrap().map(|set| set.keys.len())
    }

    #[tokio::test]
    async fn a_changed_file_is_read_again_after_a_second_and_not_sooner() {
        let dir = std::env::temp_dir().join(format!("strongroom-jwks-{}", std::process::id()));
        let key = r#"{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}"#;
        std::fs::write(&dir, format!(r#"{{"keys":[{key}]}}"#)).unwrap();
        let files = BTreeMap::from([("https://issuer.example".to_owned(), dir.clone())]);
        let keys = IssuerKeys::new(&files);
        assert_eq!(count(&keys, 0).await, Some(1));
        std::fs::write(&dir, format!(r#"{{"keys":[{key},{key}]}}"#)).unwrap();
        assert_eq!(count(&keys, 999).await, Some(1));
        assert_eq!(count(&keys, 1000).await, Some(2));
        std::fs::remove_file(&dir).unwrap();
        assert_eq!(count(&keys, 2000).await, None, "keys that were taken away are not used");
        let other = keys.of("https://other.example", Timestamp::from_millis(0)).await;
        assert!(other.unwrap().is_none());
    }
}
