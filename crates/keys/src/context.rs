//! KMS's encryption context: pairs of strings that must be given again, exactly, to open what was sealed with them.

use std::borrow::Cow;

/// Case-sensitive, exact, order-free. Not secret: it stands in audit events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncryptionContext<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> EncryptionContext<'a> {
    /// From pairs; of two pairs with one key the later counts.
    pub fn from_pairs<K: Into<Cow<'a, str>>, V: Into<Cow<'a, str>>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let mut sorted: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        for (key, value) in pairs {
            let (key, value) = (key.into(), value.into());
            match sorted.binary_search_by(|(held, _)| held.cmp(&key)) {
                Ok(place) => sorted.splice(place..=place, [(key, value)]).for_each(drop),
                Err(place) => sorted.insert(place, (key, value)),
            }
        }
        Self(sorted)
    }

    /// The same bytes for the same pairs, whatever their order; other bytes for other pairs.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        let parts: Vec<&[u8]> =
            self.0.iter().flat_map(|(key, value)| [key.as_bytes(), value.as_bytes()]).collect();
        crate::aead::associated("encryption context", &parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> Vec<u8> {
        EncryptionContext::from_pairs(pairs.iter().map(|(key, value)| (*key, (*value).to_owned())))
            .canonical()
    }

    #[test]
    fn only_the_order_is_free() {
        let one = context(&[("a", "1"), ("b", "2")]);
        assert_eq!(one, context(&[("b", "2"), ("a", "1")]));
        for other in [
            &[("a", "1")][..],
            &[("A", "1"), ("b", "2")],
            &[("a", "2"), ("b", "1")],
            &[("a", "1"), ("b", "2"), ("c", "")],
            &[("a", "1b"), ("", "2")],
        ] {
            assert_ne!(one, context(other));
        }
    }
}
