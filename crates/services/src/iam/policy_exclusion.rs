//! `PolicyExclusionList` of simulations: policies of the principal that are to be left out.
//!
//! Recorded: policies that come with the request stay, and an ARN never leaves out a permissions boundary.

use crate::error::{ApiError, ErrorCode};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::{Constraints, Object};

/// Most entries. Model: `PolicyExclusionsListType`.
const EXCLUSIONS_MAX: usize = 256;
/// Model: `PolicyIdentifierPolicyType`.
const TYPES: [&str; 6] =
    ["inline", "aws-managed", "user-managed", "permission-boundary", "scp", "rcp"];

/// An entry on the wire. Model: `PolicyIdentifier`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub(super) struct ExclusionMember {
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inline_policy_identifier: Option<Object<InlineMember>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
struct InlineMember {
    policy_name: Option<String>,
    attachment_type: Option<String>,
    attachment_name: Option<String>,
}

/// What is left out.
#[derive(Debug, Default)]
pub(super) struct Exclusions(Vec<Exclusion>);

#[derive(Debug)]
enum Exclusion {
    Type(String),
    Arn(String),
    Inline { name: String, noun: String, of: String },
}

/// Checks the entries.
pub(super) fn check_exclusions(
    check: &mut Constraints,
    entries: Option<&[Object<ExclusionMember>]>,
) {
    check.count("policyExclusionList", entries, 0..=EXCLUSIONS_MAX);
    for (place, Object(entry)) in (1..).zip(entries.unwrap_or_default()) {
        let member = format!("policyExclusionList.{place}.member");
        check.one_of(&format!("{member}.policyType"), entry.policy_type.as_deref(), &TYPES);
        let arn = entry.policy_arn.as_deref();
        check.length(&format!("{member}.policyArn"), arn, 20..=limits::IAM_ARN_CHARS_MAX);
        let Some(Object(inline)) = &entry.inline_policy_identifier else { continue };
        let member = format!("{member}.inlinePolicyIdentifier");
        let names = 1..=limits::IAM_NAME_CHARS_MAX;
        let name = inline.policy_name.as_deref();
        check.required_length(&format!("{member}.policyName"), name, names.clone());
        let kind = inline.attachment_type.as_deref();
        check.required(&format!("{member}.attachmentType"), kind.as_ref());
        check.one_of(&format!("{member}.attachmentType"), kind, &["user", "group", "role"]);
        let of = inline.attachment_name.as_deref();
        check.required_length(&format!("{member}.attachmentName"), of, names);
    }
}

/// The entries that were checked. Each says one thing.
pub(super) fn parse_exclusions(
    entries: Option<Vec<Object<ExclusionMember>>>,
) -> Result<Exclusions, ApiError> {
    let parse = |Object(entry): Object<ExclusionMember>| match entry {
        ExclusionMember {
            policy_type: Some(kind),
            policy_arn: None,
            inline_policy_identifier: None,
        } => Ok(Exclusion::Type(kind)),
        ExclusionMember {
            policy_type: None,
            policy_arn: Some(arn),
            inline_policy_identifier: None,
        } => Ok(Exclusion::Arn(arn)),
        ExclusionMember {
            policy_type: None,
            policy_arn: None,
            inline_policy_identifier: Some(Object(inline)),
        } => Ok(Exclusion::Inline {
            name: inline.policy_name.unwrap_or_default(),
            noun: inline.attachment_type.unwrap_or_default(),
            of: inline.attachment_name.unwrap_or_default(),
        }),
        _ => {
            let message = "A policy identifier must have exactly one member.";
            Err(ApiError::new(ErrorCode::InvalidInput, message))
        }
    };
    entries.unwrap_or_default().into_iter().map(parse).collect::<Result<_, _>>().map(Exclusions)
}

impl Exclusions {
    /// Whether an inline policy of a user, group or role stays.
    pub(super) fn keeps_inline(&self, policy: &str, noun: &str, of: &str) -> bool {
        self.keeps(|exclusion| match exclusion {
            Exclusion::Type(kind) => kind == "inline",
            Exclusion::Arn(_) => false,
            Exclusion::Inline { name, noun: wanted, of: pattern } => {
                wanted == noun && matches(pattern, of) && matches(name, policy)
            }
        })
    }

    /// Whether a managed policy stays. Recorded: an ARN without path is as good.
    pub(super) fn keeps_managed(&self, arn: &str) -> bool {
        let is_of_aws = arn.starts_with("arn:aws:iam::aws:");
        let without_path = arn.split_once('/').map(|(head, path)| {
            let name = path.rsplit('/').next().unwrap_or_default();
            format!("{head}/{name}")
        });
        self.keeps(|exclusion| match exclusion {
            Exclusion::Type(kind) => kind == if is_of_aws { "aws-managed" } else { "user-managed" },
            Exclusion::Arn(pattern) => {
                matches(pattern, arn)
                    || without_path.as_deref().is_some_and(|arn| matches(pattern, arn))
            }
            Exclusion::Inline { .. } => false,
        })
    }

    /// Whether the permissions boundary stays.
    pub(super) fn keeps_boundary(&self) -> bool {
        self.keeps(|exclusion| match exclusion {
            Exclusion::Type(kind) => kind == "permission-boundary",
            Exclusion::Arn(_) | Exclusion::Inline { .. } => false,
        })
    }

    fn keeps(&self, is_left_out: impl Fn(&Exclusion) -> bool) -> bool {
        !self.0.iter().any(is_left_out)
    }
}

/// Whether a pattern of `*` and `?` matches the whole text.
fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Where to go on when what follows the last star does not match: behind the star, one character further.
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let text_before = text.clone();
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((pattern.clone(), text_before.clone()));
                text = text_before;
            }
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => {
                let Some((behind_star, mut further)) = retry.take() else { return false };
                if further.next().is_none() {
                    return false;
                }
                retry = Some((behind_star.clone(), further.clone()));
                (pattern, text) = (behind_star, further);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text_and_question_marks_for_one_character() {
        for (pattern, text) in
            [("*", ""), ("a*", "a"), ("a*c", "abcbc"), ("?b", "ab"), ("*b*d", "abcd"), ("", "")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*c", "abcb"), ("?", ""), ("", "a"), ("*b?", "ab")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_managed_policy_is_left_out_with_or_without_its_path() {
        let by = |pattern: &str| Exclusions(vec![Exclusion::Arn(pattern.to_owned())]);
        let arn = "arn:aws:iam::aws:policy/service-role/Lambda";
        assert!(!by("arn:aws:iam::aws:policy/Lambda").keeps_managed(arn));
        assert!(!by("arn:aws:iam::aws:policy/service-role/L*").keeps_managed(arn));
        assert!(by("arn:aws:iam::aws:policy/Other").keeps_managed(arn));
        assert!(by("arn:aws:iam::aws:policy/Lambda").keeps_boundary());
    }
}
