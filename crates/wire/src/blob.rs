//! Blobs that are no secret: ciphertexts, signatures, public keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

/// Bytes of an answer; base64 on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_out_in_padded_base64() {
        assert_eq!(serde_json::to_string(&Blob(vec![0, 255, 16, 1])).unwrap(), "\"AP8QAQ==\"");
    }
}
