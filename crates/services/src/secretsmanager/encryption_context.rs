//! The encryption context that callers give besides AWS's own pairs: an extension, which clients do not see that do not
//! use it.
//!
//! A value that is stored with a context is bound to it, and opens for those alone who give the very same. A tag
//! `EncryptionContext` on the secret demands one, too: its value must be given as `Application`.

use crate::error::ApiError;
use crate::kms::ContextPairs;
use crate::secretsmanager::secret::Secret;
use crate::secretsmanager::version::undecryptable;
use strongroom_types::{Tag, VersionId};

/// The tag that demands a context.
const TAG: &str = "EncryptionContext";
/// The pair that the tag demands: this key with the tag's value.
const TAGGED_KEY: &str = "Application";

/// AWS's own pairs. Secrets Manager user guide, "Encryption context".
const ARN_KEY: &str = "SecretARN";
const VERSION_KEY: &str = "SecretVersionId";

/// Most characters of a context, keys and values together. KMS's own limit.
const CHARS_MAX: usize = 8192;

/// Reads `EncryptionContext`; an empty one is none.
pub(super) fn parse_context(given: Option<ContextPairs>) -> Result<ContextPairs, ApiError> {
    let given = given.unwrap_or_default();
    let is_own = |key: &String| key == ARN_KEY || key == VERSION_KEY;
    if given.keys().any(is_own) {
        return Err(ApiError::invalid_parameter(
            "EncryptionContext can't contain SecretARN or SecretVersionId.",
        ));
    }
    let chars: usize =
        given.iter().map(|(key, value)| key.chars().count() + value.chars().count()).sum();
    if chars > CHARS_MAX || given.keys().any(String::is_empty) {
        return Err(ApiError::invalid_parameter(
            "EncryptionContext must have keys, and no more than 8192 characters.",
        ));
    }
    Ok(given)
}

/// What the secret's tag demands.
fn demanded(secret: &Secret) -> ContextPairs {
    let tags = secret.tags.iter().flatten();
    let tagged = tags.filter(|tag: &&Tag| tag.key == TAG);
    tagged.map(|tag| (TAGGED_KEY.to_owned(), tag.value.clone())).collect()
}

/// What a new version is bound to: what is given, with what the tag demands.
pub(super) fn bound(secret: &Secret, given: &ContextPairs) -> Result<ContextPairs, ApiError> {
    let mut bound = given.clone();
    for (key, value) in demanded(secret) {
        if *bound.entry(key).or_insert_with(|| value.clone()) != value {
            return Err(ApiError::invalid_parameter(
                "EncryptionContext contradicts the tag EncryptionContext of the secret.",
            ));
        }
    }
    Ok(bound)
}

/// Whether what is given is what a version is bound to and the tag demands: no less, no more. The refusal is the one for a
/// value that does not open.
pub(super) fn check_given(
    secret: &Secret,
    bound: &ContextPairs,
    given: &ContextPairs,
) -> Result<(), ApiError> {
    if secret.tags.is_none() && bound.is_empty() && given.is_empty() {
        return Ok(());
    }
    let mut wanted = demanded(secret);
    wanted.extend(bound.clone());
    if wanted == *given { Ok(()) } else { Err(undecryptable()) }
}

/// All pairs that a version is bound to, AWS's own among them.
pub(super) fn with_own(secret: &Secret, id: &VersionId, bound: &ContextPairs) -> ContextPairs {
    let mut pairs = bound.clone();
    pairs.insert(ARN_KEY.to_owned(), secret.arn_text().to_owned());
    pairs.insert(VERSION_KEY.to_owned(), id.to_string());
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> ContextPairs {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn awss_own_pairs_are_not_the_callers_to_give() {
        for key in ["SecretARN", "SecretVersionId", ""] {
            assert!(parse_context(Some(pairs(&[(key, "x")]))).is_err(), "{key}");
        }
        let given = pairs(&[("secretarn", "x")]);
        assert_eq!(parse_context(Some(given.clone())).ok(), Some(given));
        assert!(parse_context(Some(pairs(&[("k", &"x".repeat(8191))]))).is_ok());
        assert!(parse_context(Some(pairs(&[("k", &"x".repeat(8192))]))).is_err());
        assert_eq!(parse_context(None).ok(), Some(ContextPairs::new()));
    }
}
