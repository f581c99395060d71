//! What requests for temporary credentials have in common: session policies, tags, duration; and the credentials that
//! answer them. STS API reference, `AssumeRole`.

use crate::conditions::{Values, request_tags};
use crate::error::{ApiError, ErrorCode};
use crate::iam::members::{TagMember, check_tags, malformed, parse_tags};
use crate::identity::SessionCredentials;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use strongroom_iam::{PolicyDocument, PolicyKind};
use strongroom_types::{Plaintext, Tag, Timestamp, limits};
use strongroom_wire::sensitive::write_text;
use strongroom_wire::{Constraints, Object, iso8601};

/// A managed session policy on the wire.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct PolicyArnInput {
    arn: Option<String>,
}

/// The members on the wire.
#[derive(Debug, Clone, Default)]
pub(super) struct NarrowingInput {
    pub policy: Option<String>,
    pub policy_arns: Option<Vec<Object<PolicyArnInput>>>,
    pub tags: Option<Vec<Object<TagMember>>>,
}

/// What narrows and marks a session.
#[derive(Debug, Clone, Default)]
pub(super) struct Narrowing {
    /// Session policy given as text.
    pub policy: Option<String>,
    /// Session policies given by ARN.
    pub policy_arns: Vec<String>,
    /// Session tags.
    pub tags: Vec<Tag>,
    /// How full the packed form is, in percent.
    pub packed_percent: Option<usize>,
}

impl NarrowingInput {
    /// Checks lengths and counts.
    pub(super) fn check(&self, check: &mut Constraints) {
        check.length("policy", self.policy.as_deref(), 1..=limits::SESSION_POLICY_CHARS_MAX);
        for (place, Object(policy)) in (1..).zip(self.policy_arns.iter().flatten()) {
            let member = format!("policyArns.{place}.member.arn");
            check.length(&member, policy.arn.as_deref(), 20..=limits::IAM_ARN_CHARS_MAX);
        }
        check_tags(check, self.tags.as_deref());
    }

    /// Of members that were checked.
    pub(super) fn parse(self) -> Result<Narrowing, ApiError> {
        let policy_arns: Vec<_> =
            self.policy_arns.unwrap_or_default().into_iter().filter_map(|arn| arn.0.arn).collect();
        if policy_arns.len() > limits::SESSION_POLICY_ARNS_MAX {
            return Err(ApiError::validation("At most 10 managed session policies can be given."));
        }
        if let Some(policy) = &self.policy {
            let kind = PolicyKind::Session;
            PolicyDocument::parse(policy, kind, limits::SESSION_POLICY_CHARS_MAX)
                .map_err(|error| malformed(error.iam_message()))?;
        }
        let tags = parse_tags(self.tags)?;
        let packed_percent = packed_percent(self.policy.as_deref(), &policy_arns, &tags)?;
        Ok(Narrowing { policy: self.policy, policy_arns, tags, packed_percent })
    }
}

impl Narrowing {
    /// The same with tags that came another way: with a token.
    pub(super) fn with_tags(&self, tags: Vec<Tag>) -> Result<Self, ApiError> {
        let packed_percent = packed_percent(self.policy.as_deref(), &self.policy_arns, &tags)?;
        Ok(Self { tags, packed_percent, ..self.clone() })
    }
}

/// AWS packs policies and tags into a form of limited size. Ours is their text.
fn packed_percent(
    policy: Option<&str>,
    policy_arns: &[String],
    tags: &[Tag],
) -> Result<Option<usize>, ApiError> {
    let texts = policy.map_or(0, str::len) + policy_arns.iter().map(String::len).sum::<usize>();
    let marks: usize = tags.iter().map(|tag| tag.key.len() + tag.value.len()).sum();
    let percent = texts.saturating_add(marks).saturating_mul(100).div_ceil(PACKED_BYTES_MAX);
    if percent > 100 {
        return Err(ApiError::new(
            ErrorCode::PackedPolicyTooLarge,
            format!(
                "Packed size of session tags consumes {percent}% of allotted space. Please reduce the size of session \
                 policies and tags."
            ),
        ));
    }
    Ok((percent > 0).then_some(percent))
}

/// Ours: room for a policy and ten ARNs, or for fifty tags; the token stays within a request's head.
const PACKED_BYTES_MAX: usize = 8192;

/// A duration that was checked to be in the model's range.
pub(super) fn check_duration(check: &mut Constraints, seconds: Option<i64>, secs_max: i64) {
    check.range("durationSeconds", seconds, DURATION_SECS_MIN..=secs_max);
}

/// Checks `MinimumSessionTokenSize`. STS model.
pub(super) fn check_token_size(check: &mut Constraints, bytes: Option<i64>) {
    check.range("minimumSessionTokenSize", bytes, 0..=4096);
}

/// A size that was checked.
pub(super) fn token_size(bytes: Option<i64>) -> usize {
    bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0)
}

/// Shortest session. STS model.
const DURATION_SECS_MIN: i64 = 900;

/// `aws:RequestTag/…`, `aws:TagKeys` and `sts:TransitiveTagKeys`.
pub(super) fn tag_condition<'a>(
    tags: &'a [Tag],
    transitive: &'a BTreeSet<String>,
    key: &str,
) -> Values<'a> {
    if key == "sts:transitivetagkeys" {
        let keys: Vec<_> = transitive.iter().map(|key| key.as_str().into()).collect();
        return (!keys.is_empty()).then_some(keys);
    }
    request_tags(tags, key)
}

/// Credentials in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CredentialsMember {
    access_key_id: String,
    #[serde(serialize_with = "write_text")]
    secret_access_key: Plaintext,
    #[serde(serialize_with = "write_text")]
    session_token: Plaintext,
    #[serde(serialize_with = "iso8601::serialize")]
    expiration: Timestamp,
}

impl CredentialsMember {
    /// Of a session that ends then.
    pub(super) fn of(credentials: &SessionCredentials, expiration: Timestamp) -> Self {
        Self {
            access_key_id: credentials.access_key_id.clone(),
            secret_access_key: Plaintext::new(credentials.secret.as_bytes().to_vec()),
            session_token: Plaintext::new(credentials.token.clone().into_bytes()),
            expiration,
        }
    }

    /// What may be recorded of them.
    pub(super) fn recorded(&self) -> serde_json::Value {
        serde_json::json!({
            "accessKeyId": self.access_key_id,
            "expiration": iso8601::text(self.expiration),
        })
    }
}
