//! Which pairs of bytes a text has: what most patterns that do not match it can be told by, without being tried.

/// A set of pairs, by hash: a pair that is not there may seem to be, one that is there is never missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grams(u128);

impl Grams {
    /// Needed by nothing, or had by nothing.
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn of(text: &str) -> Self {
        let bit = |pair: &[u8]| match pair {
            [a, b] => 1_u128 << ((u32::from(*a).wrapping_mul(37) ^ u32::from(*b)) % u128::BITS),
            _ => 0,
        };
        Self(text.as_bytes().windows(2).fold(0, |set, pair| set | bit(pair)))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both have.
    pub(crate) fn shared(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether a text with these can have all of the needed ones.
    pub(crate) fn cover(self, needed: Self) -> bool {
        needed.0 & !self.0 == 0
    }
}
