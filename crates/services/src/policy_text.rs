//! A policy's text as it was put, compiled once for as long as the record that holds it stays in the cache.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::{Arc, OnceLock};
use strongroom_iam::{Policy, PolicyKind};
use strongroom_types::limits::STORED_POLICY_CHARS_MAX;

/// A policy's text. Two are equal if their texts are.
#[derive(Clone)]
pub struct PolicyText {
    text: String,
    compiled: OnceLock<Arc<Policy>>,
}

impl PolicyText {
    /// The text, which was parsed by whoever stores it.
    pub fn new(text: String) -> Self {
        Self { text, compiled: OnceLock::new() }
    }

    /// The text as it was put.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The policy, under the name that refusals and explanations give it. What cannot be read any more denies everything.
    pub fn policy(&self, label: &str, kind: PolicyKind) -> &Arc<Policy> {
        self.compiled.get_or_init(|| {
            let parsed = Policy::parse(label, &self.text, kind, STORED_POLICY_CHARS_MAX);
            Arc::new(parsed.unwrap_or_else(|_| Policy::unreadable(label, kind)))
        })
    }
}

impl std::fmt::Debug for PolicyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PolicyText").field(&self.text).finish()
    }
}

impl PartialEq for PolicyText {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PolicyText {}

impl Serialize for PolicyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for PolicyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
