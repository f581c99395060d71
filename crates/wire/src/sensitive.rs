//! The edge that a secret's value crosses: in from a request, out into an answer, nowhere else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use strongroom_types::Plaintext;
use zeroize::Zeroizing;

/// A sensitive string member of a request.
#[expect(missing_debug_implementations, reason = "holds a secret's value")]
pub struct SensitiveText(pub Plaintext);

/// A sensitive blob member of a request; base64 on the wire.
#[expect(missing_debug_implementations, reason = "holds a secret's value")]
pub struct SensitiveBlob(pub Plaintext);

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Plaintext;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Plaintext, E> {
        Ok(Plaintext::new(text.as_bytes().to_vec()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Plaintext, E> {
        Ok(Plaintext::new(text.into_bytes()))
    }
}

impl<'de> Deserialize<'de> for SensitiveText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor).map(Self)
    }
}

impl<'de> Deserialize<'de> for SensitiveBlob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_str(TextVisitor)?;
        let bytes = STANDARD
            .decode(text.expose())
            .map_err(|_| D::Error::invalid_value(Unexpected::Other("string"), &"base64"))?;
        Ok(Self(Plaintext::new(bytes)))
    }
}

/// A value that goes out as text. One that is not UTF-8 is an error: it must go out as a blob.
#[expect(missing_debug_implementations, reason = "holds a secret's value")]
pub struct OutgoingText<'a>(pub &'a Plaintext);

/// A value that goes out as bytes, in base64.
#[expect(missing_debug_implementations, reason = "holds a secret's value")]
pub struct OutgoingBlob<'a>(pub &'a Plaintext);

impl OutgoingText<'_> {
    /// The text, if it is one.
    pub fn text<E: serde::ser::Error>(&self) -> Result<&str, E> {
        str::from_utf8(self.0.expose()).map_err(|_| E::custom("a text value is not UTF-8"))
    }
}

impl Serialize for OutgoingText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text()?)
    }
}

impl Serialize for OutgoingBlob<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Zeroizing::new(STANDARD.encode(self.0.expose()));
        serializer.serialize_str(&text)
    }
}

/// Writes a value that an answer owns as text.
pub fn write_text<S: Serializer>(value: &Plaintext, serializer: S) -> Result<S::Ok, S::Error> {
    OutgoingText(value).serialize(serializer)
}

/// Writes bytes that an answer owns, in base64.
pub fn write_blob<S: Serializer>(value: &Plaintext, serializer: S) -> Result<S::Ok, S::Error> {
    OutgoingBlob(value).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_in_and_go_out_unchanged() {
        let text: SensitiveText = serde_json::from_str(r#""caf\u00e9\n""#).unwrap();
        assert_eq!(text.0.expose(), "café\n".as_bytes());
        let blob: SensitiveBlob = serde_json::from_str(r#""AP8Q""#).unwrap();
        assert_eq!(blob.0.expose(), [0, 255, 16]);
        assert_eq!(serde_json::to_string(&OutgoingText(&text.0)).unwrap(), "\"café\\n\"");
        assert_eq!(serde_json::to_string(&OutgoingBlob(&blob.0)).unwrap(), "\"AP8Q\"");
        assert!(serde_json::to_string(&OutgoingText(&blob.0)).is_err());
    }

    #[test]
    fn a_refused_value_is_not_repeated() {
        let error =
            serde_json::from_str::<SensitiveBlob>(r#""hunter2!!""#).err().unwrap().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
