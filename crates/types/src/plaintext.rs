//! The one type that holds a secret's value.

use crate::WipedBytes;

/// A secret value in the clear, wiped when dropped.
///
/// INVARIANT(plaintext): lives only between the wire codec and the envelope. No `Debug`, `Display`, `Serialize` or
/// `Clone`: it cannot reach a log, an error, an audit event or a second copy by accident.
#[expect(
    missing_debug_implementations,
    reason = "a secret's value must not be printable, not even redacted by mistake"
)]
pub struct Plaintext(WipedBytes);

impl Plaintext {
    /// Takes over the bytes; they are wiped with the value.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(WipedBytes::new(bytes))
    }

    /// Takes over bytes that are wiped already.
    pub fn of(bytes: WipedBytes) -> Self {
        Self(bytes)
    }

    /// The only door. Each use needs a reason that a reviewer accepts.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both are the same, in time that depends on the lengths only.
    pub fn equals(&self, other: &Self) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_is_of_content() {
        assert!(Plaintext::new(b"one".to_vec()).equals(&Plaintext::new(b"one".to_vec())));
        assert!(!Plaintext::new(b"one".to_vec()).equals(&Plaintext::new(b"two".to_vec())));
        assert!(!Plaintext::new(b"one".to_vec()).equals(&Plaintext::new(b"ones".to_vec())));
    }
}
