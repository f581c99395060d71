//! Members that several operations share on the wire: key ids, encryption contexts, tags, grant tokens, dry runs.

use crate::error::{ApiError, ErrorCode};
use crate::kms::target::ContextPairs;
use serde::{Deserialize, Serialize};
use strongroom_types::{Plaintext, Tag, limits};
use strongroom_wire::sensitive::SensitiveBlob;
use strongroom_wire::{Constraints, Object};

/// Checks a required `KeyId`. Model: `KeyIdType`.
pub(super) fn check_key_id(check: &mut Constraints, member: &str, key_id: Option<&str>) {
    check.required_length(member, key_id, 1..=limits::KMS_KEY_ID_CHARS_MAX);
}

/// Checks `GrantTokens`. Model: `GrantTokenList`.
pub(super) fn check_grant_tokens(check: &mut Constraints, tokens: Option<&[String]>) {
    check.count("grantTokens", tokens, 0..=10);
    check.entry_lengths("grantTokens", tokens, 1..=8192);
}

/// An answer without members.
#[derive(Debug, Serialize)]
pub struct Empty {}

/// A tag, in a request and in an answer.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct TagMember {
    #[serde(rename(deserialize = "TagKey", serialize = "TagKey"))]
    key: Option<String>,
    #[serde(rename(deserialize = "TagValue", serialize = "TagValue"))]
    value: Option<String>,
}

impl From<&Tag> for TagMember {
    fn from(tag: &Tag) -> Self {
        Self { key: Some(tag.key.clone()), value: Some(tag.value.clone()) }
    }
}

/// Checks the members of `Tags`. Model: `Tag`, both members required.
pub(super) fn check_tags(check: &mut Constraints, tags: Option<&[Object<TagMember>]>) {
    for (place, Object(tag)) in tags.unwrap_or_default().iter().enumerate() {
        let at = |member: &str| format!("tags.{}.member.{member}", place + 1);
        let (key, value) = (tag.key.as_deref(), tag.value.as_deref());
        check.required_length(&at("tagKey"), key, 1..=limits::TAG_KEY_CHARS_MAX);
        check.required_length(&at("tagValue"), value, 0..=limits::TAG_VALUE_CHARS_MAX);
    }
}

/// The tags, no key twice and none of AWS's own. Messages recorded.
pub(super) fn parse_tags(tags: Option<Vec<Object<TagMember>>>) -> Result<Vec<Tag>, ApiError> {
    let mut result: Vec<Tag> = Vec::new();
    for Object(TagMember { key, value }) in tags.unwrap_or_default() {
        let (key, value) = (key.unwrap_or_default(), value.unwrap_or_default());
        if result.iter().any(|held| held.key == key) {
            return Err(ApiError::new(ErrorCode::Tag, "Duplicate tag keys"));
        }
        check_tag_key(&key)?;
        result.push(Tag { key, value });
    }
    Ok(result)
}

/// AWS's own tags are not the caller's to set or remove.
pub(super) fn check_tag_key(key: &str) -> Result<(), ApiError> {
    if key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
        return Err(ApiError::new(ErrorCode::Tag, "Tags beginning with aws: are reserved"));
    }
    Ok(())
}

/// Adds or replaces tags. AWS: at most 50 afterwards. Message recorded.
pub(super) fn add_tags(held: &mut Vec<Tag>, added: &[Tag]) -> Result<(), ApiError> {
    for tag in added {
        match held.iter_mut().find(|held| held.key == tag.key) {
            Some(held) => held.value.clone_from(&tag.value),
            None => held.push(tag.clone()),
        }
    }
    if held.len() > limits::TAGS_MAX {
        return Err(ApiError::new(ErrorCode::Tag, "Too many tags"));
    }
    Ok(())
}

/// Largest encryption context, keys and values together. KMS developer guide, "Encryption context".
const CONTEXT_CHARS_MAX: usize = 8192;

/// The encryption context of a request. AWS: neither keys nor values may be empty; message inferred.
pub(super) fn parse_context(context: Option<ContextPairs>) -> Result<ContextPairs, ApiError> {
    let context = context.unwrap_or_default();
    let chars: usize =
        context.iter().map(|(key, value)| key.chars().count() + value.chars().count()).sum();
    if chars > CONTEXT_CHARS_MAX {
        return Err(ApiError::validation(
            "EncryptionContext exceeds the maximum allowed size of 8192 characters.",
        ));
    }
    Ok(context)
}

/// Largest plaintext or message. Model: `PlaintextType`.
pub(super) const PLAINTEXT_BYTES: std::ops::RangeInclusive<usize> = 1..=4096;
/// Largest ciphertext, signature or MAC. Model: `CiphertextType`.
pub(super) const CIPHERTEXT_BYTES: std::ops::RangeInclusive<usize> = 1..=6144;

/// Checks a required blob; its bytes are not repeated.
pub(super) fn check_blob(
    check: &mut Constraints,
    member: &str,
    blob: Option<&SensitiveBlob>,
    bytes: std::ops::RangeInclusive<usize>,
) {
    check.required(member, blob);
    check.sensitive_length(member, blob.map(|blob| blob.0.len()), bytes);
}

/// A required blob that was checked.
pub(super) fn bytes_of(blob: Option<SensitiveBlob>) -> Plaintext {
    blob.map_or_else(|| Plaintext::new(Vec::new()), |blob| blob.0)
}

/// Ends an operation that was only tried. Message recorded.
pub(super) fn dry_run(is_dry: bool) -> Result<(), ApiError> {
    if is_dry {
        return Err(ApiError::new(
            ErrorCode::DryRunOperation,
            "The request would have succeeded, but the DryRun option is set.",
        ));
    }
    Ok(())
}
