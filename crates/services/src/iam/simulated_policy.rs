//! Policies of simulations: given in the request, or held by a user, group or role.

use crate::error::{ApiError, ErrorCode};
use crate::iam::written_policy::{Span, key_names, statement_spans};
use crate::policy_text::PolicyText;
use std::sync::{Arc, OnceLock};
use strongroom_iam::{Policy, PolicyDocument, PolicyKind};
use strongroom_types::limits::IAM_DOCUMENT_CHARS_MAX;

/// A policy with its text.
#[derive(Debug)]
pub(super) struct SimulatedPolicy {
    /// `SourcePolicyId`.
    pub(super) id: String,
    /// The policy.
    pub(super) policy: Arc<Policy>,
    text: String,
    spans: OnceLock<Vec<Span>>,
}

impl SimulatedPolicy {
    /// One that is held, under its id. What cannot be read any more denies everything, as it does in earnest.
    pub(super) fn held(id: String, text: &PolicyText) -> Self {
        // Compiled anew: the policy that is kept goes by another label.
        let fresh = PolicyText::new(text.text().to_owned());
        let policy = Arc::clone(fresh.policy(&id, PolicyKind::Identity));
        Self { id, policy, text: text.text().to_owned(), spans: OnceLock::new() }
    }

    /// One that was given; `None` if it is no policy of this kind.
    pub(super) fn given(id: String, text: String, kind: PolicyKind) -> Option<Self> {
        let policy = Policy::parse(&id, &text, kind, IAM_DOCUMENT_CHARS_MAX).ok()?;
        Some(Self { id, policy: Arc::new(policy), text, spans: OnceLock::new() })
    }

    /// Where a statement stands.
    pub(super) fn span(&self, statement: usize) -> Option<Span> {
        self.spans().get(statement).copied()
    }

    /// How many statements it has.
    pub(super) fn statements(&self) -> usize {
        self.spans().len()
    }

    /// Its condition keys, as it writes them.
    pub(super) fn keys(&self) -> Vec<String> {
        key_names(&self.policy, &self.text)
    }

    fn spans(&self) -> &[Span] {
        self.spans.get_or_init(|| statement_spans(&self.text))
    }
}

/// The policies of a list in a request, named `PolicyInputList.1` and so on.
pub(super) fn given_policies(
    list: &str,
    texts: Option<Vec<String>>,
) -> Result<Vec<SimulatedPolicy>, ApiError> {
    let given = (1_usize..).zip(texts.unwrap_or_default()).map(|(place, text)| {
        let id = format!("{list}.{place}");
        SimulatedPolicy::given(id, text, PolicyKind::Identity).ok_or_else(|| invalid(place))
    });
    given.collect()
}

/// The condition keys of the policies of a list, which may be policies of resources, too.
pub(super) fn keys_of_given(texts: Option<Vec<String>>) -> Result<Vec<String>, ApiError> {
    let mut keys = Vec::new();
    for (place, text) in (1_usize..).zip(texts.unwrap_or_default()) {
        let document = [PolicyKind::Identity, PolicyKind::Resource, PolicyKind::Trust]
            .into_iter()
            .find_map(|kind| {
                let parsed = PolicyDocument::parse(&text, kind, IAM_DOCUMENT_CHARS_MAX).ok()?;
                Some(Policy::compile("", &parsed, kind))
            })
            .ok_or_else(|| invalid(place))?;
        keys.extend(key_names(&document, &text));
    }
    Ok(keys)
}

/// Recorded: `SimulateCustomPolicy` of a text that is no policy.
fn invalid(place: usize) -> ApiError {
    let message = format!("Policy input list item {place} has invalid content");
    ApiError::new(ErrorCode::InvalidInput, message)
}
