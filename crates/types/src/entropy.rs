//! Randomness, passed in so that tests can seed it.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// A source of random bytes fit for keys.
pub trait Entropy: Send + Sync + std::fmt::Debug {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);

    /// One of the choices, each as likely as the other. `choices` holds 1 to 256 bytes; of none it is 0.
    fn choose(&self, choices: &[u8]) -> u8 {
        let index = self.below(u32::try_from(choices.len()).unwrap_or(u32::MAX));
        usize::try_from(index).ok().and_then(|i| choices.get(i)).copied().unwrap_or(0)
    }

    /// A number below `bound`, uniform by rejection sampling; 0 for a bound of 0.
    fn below(&self, bound: u32) -> u32 {
        if bound <= 1 {
            return 0;
        }
        let accepted = u32::MAX - u32::MAX % bound;
        loop {
            let mut bytes = [0; 4];
            self.fill(&mut bytes);
            let drawn = u32::from_le_bytes(bytes);
            if drawn < accepted {
                return drawn % bound;
            }
        }
    }
}

/// The operating system's generator, through the cryptographic library.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::expect_used,
        reason = "without randomness no key and no id may be made: stopping is the safe answer"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        SystemRandom::new().fill(buffer).expect("the operating system gives randomness");
    }
}

/// A random (version 4) UUID. RFC 9562, section 5.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomId(Uuid);

impl RandomId {
    /// From 16 random bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// A fresh one.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        Self::from_bytes(bytes)
    }

    /// Its usual text form.
    pub fn text(self) -> RandomIdText {
        let mut text = RandomIdText([0; 36]);
        self.0.hyphenated().encode_lower(&mut text.0);
        text
    }
}

/// A [`RandomId`] as text: 36 lower-case characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomIdText([u8; 36]);

impl std::ops::Deref for RandomIdText {
    type Target = str;
    fn deref(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Display for RandomIdText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}

/// Ids that need not be secret, drawn many at a time: a draw of few bytes costs nearly as much as one of many.
pub struct RandomIds(Mutex<Drawn>);

struct Drawn {
    bytes: Box<[u8; DRAWN_BYTES]>,
    used: usize,
}

const DRAWN_BYTES: usize = 4096;

impl Default for RandomIds {
    fn default() -> Self {
        Self(Mutex::new(Drawn { bytes: Box::new([0; DRAWN_BYTES]), used: DRAWN_BYTES }))
    }
}

impl std::fmt::Debug for RandomIds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RandomIds").finish_non_exhaustive()
    }
}

impl RandomIds {
    /// So many fresh ones.
    pub fn next<const N: usize>(&self, entropy: &dyn Entropy) -> [RandomId; N] {
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::array::from_fn(|_| drawn.next(entropy))
    }
}

impl Drawn {
    fn next(&mut self, entropy: &dyn Entropy) -> RandomId {
        if self.used == self.bytes.len() {
            entropy.fill(&mut *self.bytes);
            self.used = 0;
        }
        let chunk = self.bytes.get(self.used..).and_then(<[u8]>::first_chunk);
        let id =
            chunk.map_or_else(|| RandomId::draw(entropy), |chunk| RandomId::from_bytes(*chunk));
        self.used += 16;
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_id_says_that_it_is_version_four() {
        let text = |byte| RandomId::from_bytes([byte; 16]).text().to_string();
        assert_eq!(text(0xff), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(text(0), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn ids_drawn_together_are_all_different() {
        let ids = RandomIds::default();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..1000 {
            let [one, other] = ids.next(&SystemEntropy);
            assert!(seen.insert(one.text().to_string()) && seen.insert(other.text().to_string()));
        }
    }

    #[test]
    fn below_reaches_each_number_and_no_other() {
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..7_000 {
            *seen.entry(SystemEntropy.below(7)).or_insert(0) += 1;
        }
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), (0..7).collect::<Vec<_>>());
        assert!(seen.values().all(|count| (700..1300).contains(count)), "{seen:?}");
        assert_eq!(SystemEntropy.below(0), 0);
        assert_eq!(SystemEntropy.below(1), 0);
    }
}
