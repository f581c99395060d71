//! Members that several operations share on the wire: names, paths, tags, policies, pages.

use crate::error::{ApiError, ErrorCode};
use crate::iam::entity::Entity;
use serde::{Deserialize, Serialize};
use strongroom_iam::{PolicyDocument, PolicyKind, Version};
use strongroom_types::{Tag, limits};
use strongroom_wire::{Constraints, Object};

/// Checks a name's length; [`parse_name`] follows when all members have been checked.
pub(super) fn check_name(
    check: &mut Constraints,
    member: &str,
    name: Option<&str>,
    chars_max: usize,
) {
    check.required_length(member, name, 1..=chars_max);
}

/// A name that was checked for its length. Model: `[\w+=,.@-]+`.
pub(super) fn parse_name(member: &str, name: Option<String>) -> Result<String, ApiError> {
    let name = name.unwrap_or_default();
    let is_good =
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte));
    if is_good && !name.is_empty() {
        return Ok(name);
    }
    Err(ApiError::validation(format!(
        "The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the \
         following: +=,.@_-"
    )))
}

/// A path, `/` if none is given. Model: `(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`.
pub(super) fn parse_path(path: Option<String>) -> Result<String, ApiError> {
    let path = path.unwrap_or_else(|| "/".to_owned());
    let is_printable = path.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    let is_framed = path == "/" || (path.len() > 2 && path.starts_with('/') && path.ends_with('/'));
    if is_printable && is_framed && path.len() <= limits::IAM_PATH_CHARS_MAX {
        return Ok(path);
    }
    Err(ApiError::validation(
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
         characters and/or / characters.",
    ))
}

/// What listed paths start with, `/` if nothing is given. Model: `\u002F[\u0021-\u007F]*`.
pub(super) fn parse_path_prefix(prefix: Option<String>) -> Result<String, ApiError> {
    let prefix = prefix.unwrap_or_else(|| "/".to_owned());
    let is_printable = prefix.bytes().all(|byte| (0x21..=0x7f).contains(&byte));
    if is_printable && prefix.starts_with('/') && prefix.len() <= limits::IAM_PATH_CHARS_MAX {
        return Ok(prefix);
    }
    Err(ApiError::validation(
        "The specified value for pathPrefix is invalid. It must begin with / and contain only alphanumeric characters \
         and/or / characters.",
    ))
}

/// A policy's text: its length, then its form. Answers it as it was given.
pub(super) fn parse_document(
    member: &str,
    text: Option<String>,
    kind: PolicyKind,
    chars_max: usize,
) -> Result<String, ApiError> {
    let text = text.unwrap_or_default();
    let document = checked_document(member, &text, kind, chars_max)?;
    check_resources(&document, kind)?;
    Ok(text)
}

/// The same of a managed policy, which must be in the present version of the language: recorded.
pub(super) fn parse_managed_document(text: Option<String>) -> Result<String, ApiError> {
    let (text, kind) = (text.unwrap_or_default(), PolicyKind::Identity);
    let chars_max = limits::IAM_MANAGED_POLICY_CHARS_MAX;
    let document = checked_document("PolicySize", &text, kind, chars_max)?;
    if document.version != Version::V2012 {
        return Err(malformed("Policy document must be version 2012-10-17 or greater."));
    }
    check_resources(&document, kind)?;
    Ok(text)
}

fn checked_document(
    member: &str,
    text: &str,
    kind: PolicyKind,
    chars_max: usize,
) -> Result<PolicyDocument, ApiError> {
    if counted_chars(text) > chars_max {
        return Err(ApiError::limit_exceeded(format!(
            "Cannot exceed quota for {member}: {chars_max}"
        )));
    }
    PolicyDocument::parse(text, kind, limits::IAM_DOCUMENT_CHARS_MAX)
        .map_err(|error| malformed(error.iam_message()))
}

fn check_resources(document: &PolicyDocument, kind: PolicyKind) -> Result<(), ApiError> {
    match document.refused_resource().filter(|_| kind == PolicyKind::Identity) {
        Some(message) => Err(malformed(message)),
        None => Ok(()),
    }
}

/// `MalformedPolicyDocument`.
pub(crate) fn malformed(message: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::new(ErrorCode::MalformedPolicyDocument, message)
}

/// Characters of a policy as IAM counts them: white space is free.
pub(super) fn counted_chars(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// A tag on the wire, in requests and answers.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "PascalCase"))]
pub(crate) struct TagMember {
    key: Option<String>,
    value: Option<String>,
}

/// Model: `tagKeyType`.
const TAG_KEY_PATTERN: &str = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+";

/// Checks the number and lengths of tags. Model: `tagListType`.
pub(crate) fn check_tags(check: &mut Constraints, tags: Option<&[Object<TagMember>]>) {
    check.count("tags", tags, 0..=limits::IAM_TAGS_MAX);
    for (place, Object(tag)) in (1..).zip(tags.unwrap_or_default()) {
        let key = format!("tags.{place}.member.key");
        check.required_length(&key, tag.key.as_deref(), 1..=limits::TAG_KEY_CHARS_MAX);
        check.pattern(&key, tag.key.as_deref(), TAG_KEY_PATTERN, is_tag_key);
        let value = format!("tags.{place}.member.value");
        check.required(&value, tag.value.as_ref());
        check.length(&value, tag.value.as_deref(), 0..=limits::TAG_VALUE_CHARS_MAX);
        check.pattern(&value, tag.value.as_deref(), r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", is_tag_text);
    }
}

/// Whether a tag's key may consist of these characters. Recorded: an empty one is too short and of none of them.
fn is_tag_key(key: &str) -> bool {
    !key.is_empty() && is_tag_text(key)
}

/// Whether a tag may consist of these characters. Model: `tagKeyType`, `tagValueType`.
fn is_tag_text(text: &str) -> bool {
    let is_separator = |c: char| c.is_whitespace() && !c.is_control();
    text.chars().all(|c| c.is_alphanumeric() || is_separator(c) || "_.:/=+-@".contains(c))
}

/// The tags. IAM tag keys are unique whatever their case, and `aws:` is AWS's.
pub(crate) fn parse_tags(tags: Option<Vec<Object<TagMember>>>) -> Result<Vec<Tag>, ApiError> {
    let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    distinct_tags(tags, str::eq_ignore_ascii_case, message)
}

/// The tags of a managed policy. Recorded: their keys differ by case alone.
pub(super) fn parse_cased_tags(tags: Option<Vec<Object<TagMember>>>) -> Result<Vec<Tag>, ApiError> {
    distinct_tags(tags, |one, other| one == other, "Duplicate tag keys found.")
}

fn distinct_tags(
    tags: Option<Vec<Object<TagMember>>>,
    is_same: impl Fn(&str, &str) -> bool,
    message: &'static str,
) -> Result<Vec<Tag>, ApiError> {
    let mut result: Vec<Tag> = Vec::new();
    for Object(TagMember { key, value }) in tags.unwrap_or_default() {
        let tag = Tag { key: key.unwrap_or_default(), value: value.unwrap_or_default() };
        check_tag_key(&tag.key)?;
        if result.iter().any(|held| is_same(&held.key, &tag.key)) {
            return Err(ApiError::new(ErrorCode::InvalidInput, message));
        }
        result.push(tag);
    }
    Ok(result)
}

fn check_tag_key(key: &str) -> Result<(), ApiError> {
    if key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
        // Recorded (spinifex, from TagUser).
        let message = "Tag keys beginning with aws: are reserved for system use.";
        return Err(ApiError::new(ErrorCode::InvalidInput, message));
    }
    Ok(())
}

/// Adds tags to those that are there, replacing values of the same keys.
pub(super) fn add_tags(tags: &mut Vec<Tag>, added: &[Tag]) -> Result<(), ApiError> {
    for tag in added {
        tags.retain(|held| !held.key.eq_ignore_ascii_case(&tag.key));
        tags.push(tag.clone());
    }
    check_tag_count(tags)
}

/// The same for a managed policy's tags.
pub(super) fn add_cased_tags(tags: &mut Vec<Tag>, added: &[Tag]) -> Result<(), ApiError> {
    for tag in added {
        tags.retain(|held| held.key != tag.key);
        tags.push(tag.clone());
    }
    check_tag_count(tags)
}

fn check_tag_count(tags: &[Tag]) -> Result<(), ApiError> {
    if tags.len() > limits::IAM_TAGS_MAX {
        // Recorded (LocalStack's snapshots): of this limit the number is not told.
        return Err(ApiError::limit_exceeded("The number of tags has reached the maximum limit."));
    }
    Ok(())
}

/// Checks the keys of tags that are to go. Model: `tagKeyListType`. Recorded: the list is what is named, whichever key it is.
pub(super) fn check_tag_keys(check: &mut Constraints, keys: Option<&[String]>) {
    check.required("tagKeys", keys.as_ref());
    check.count("tagKeys", keys, 0..=limits::IAM_TAGS_MAX);
    let chars_max = limits::TAG_KEY_CHARS_MAX;
    let rules = format!(
        "Member must have length less than or equal to {chars_max}, Member must have length greater than or equal to 1, \
         Member must satisfy regular expression pattern: {TAG_KEY_PATTERN}, Member must not be null"
    );
    let is_good = |key: &str| is_tag_key(key) && key.chars().count() <= chars_max;
    check.entries("tagKeys", keys, &rules, is_good);
}

/// Removes the tags of these keys.
pub(super) fn remove_tags(tags: &mut Vec<Tag>, keys: &[String]) {
    tags.retain(|held| !keys.iter().any(|key| held.key.eq_ignore_ascii_case(key)));
}

/// The same for a managed policy's tags.
pub(super) fn remove_cased_tags(tags: &mut Vec<Tag>, keys: &[String]) {
    tags.retain(|held| !keys.contains(&held.key));
}

/// Tags in an answer.
pub(super) fn tag_members(tags: &[Tag]) -> Vec<TagMember> {
    let member =
        |tag: &Tag| TagMember { key: Some(tag.key.clone()), value: Some(tag.value.clone()) };
    tags.iter().map(member).collect()
}

/// Tags in a page of an answer, by key.
pub(super) fn keyed_tag_members(tags: &[Tag]) -> Vec<(String, TagMember)> {
    tags.iter().map(|tag| tag.key.clone()).zip(tag_members(tags)).collect()
}

/// Tags in an answer that leaves them out where there are none.
pub(super) fn some_tag_members(tags: &[Tag]) -> Option<Vec<TagMember>> {
    (!tags.is_empty()).then(|| tag_members(tags))
}

/// A permissions boundary in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BoundaryMember {
    permissions_boundary_type: &'static str,
    permissions_boundary_arn: String,
}

/// The boundary of an identity, if it has one.
pub(super) fn boundary_member<E: Entity>(entity: &E) -> Option<BoundaryMember> {
    let arn = entity.held().boundary.clone()?;
    Some(BoundaryMember {
        // AWS: not the word of the model, `PermissionsBoundaryPolicy`. Recorded (LocalStack's snapshots, AWS CLI examples).
        permissions_boundary_type: "Policy",
        permissions_boundary_arn: arn,
    })
}

/// A managed policy that is attached, in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AttachedPolicyMember {
    policy_name: String,
    policy_arn: String,
}

impl AttachedPolicyMember {
    /// Of this ARN.
    pub(super) fn of(arn: &str) -> Self {
        let policy_name = arn.rsplit('/').next().unwrap_or_default().to_owned();
        Self { policy_name, policy_arn: arn.to_owned() }
    }
}

/// A policy's text as IAM answers it: percent-encoded, RFC 3986.
pub(super) fn encoded_document(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(text, KEPT).to_string()
}
