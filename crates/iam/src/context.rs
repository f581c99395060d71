//! What is known of a request besides who wants what.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// A request's context.
///
/// It is asked only for keys of statements that apply otherwise, so that nothing need be computed in vain.
pub trait Context {
    /// A key's values; `None` if the request does not have it, which an empty list says, too. The key is in lower case,
    /// such as `aws:principaltag/team`.
    fn values<'a>(&'a self, key: &str) -> Option<Vec<Cow<'a, str>>>;
}

/// A context made beforehand, for simulations and cases. Names of keys have no case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContextMap {
    values: BTreeMap<String, Vec<String>>,
}

impl ContextMap {
    /// Sets a key's values.
    pub fn insert(&mut self, key: &str, values: Vec<String>) {
        self.values.insert(key.to_ascii_lowercase(), values);
    }

    /// Whether the key is there.
    pub fn contains(&self, key: &str) -> bool {
        self.values.contains_key(&key.to_ascii_lowercase())
    }
}

impl FromIterator<(String, Vec<String>)> for ContextMap {
    fn from_iter<I: IntoIterator<Item = (String, Vec<String>)>>(pairs: I) -> Self {
        let mut map = Self::default();
        for (key, values) in pairs {
            map.insert(&key, values);
        }
        map
    }
}

impl Context for ContextMap {
    fn values<'a>(&'a self, key: &str) -> Option<Vec<Cow<'a, str>>> {
        let values = self.values.get(key)?;
        Some(values.iter().map(|value| Cow::Borrowed(value.as_str())).collect())
    }
}
