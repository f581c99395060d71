//! Randomness, passed in so that tests can seed it.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

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

/// A random (version 4) UUID in its usual text form, from 16 random bytes. RFC 9562, section 5.4.
pub fn uuid_v4(mut bytes: [u8; 16]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut text = [b'-'; 36];
    let places = (0..36).filter(|place| !matches!(place, 8 | 13 | 18 | 23));
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    for (place, nibble) in places.zip(nibbles) {
        if let (Some(slot), Some(digit)) = (text.get_mut(place), HEX.get(usize::from(nibble))) {
            *slot = *digit;
        }
    }
    str::from_utf8(&text).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_says_that_it_is_version_four() {
        assert_eq!(uuid_v4([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid_v4([0; 16]), "00000000-0000-4000-8000-000000000000");
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
