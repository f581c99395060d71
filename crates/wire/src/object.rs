//! A JSON object that is written member by member, for the answers that are asked for most.
//!
//! serde_json decides byte by byte whether a text must be escaped: for an answer of 400 bytes that was 3,000 of the 50,000
//! instructions of a GetSecretValue. Here a text is looked at as a whole and copied in as few pieces as it has quotes. What is written is
//! the same.

use memchr::memchr2_iter;
use serde::Serialize;

/// An object that has been begun.
#[expect(missing_debug_implementations, reason = "may hold a secret's value")]
pub struct ObjectWriter<'a> {
    body: &'a mut Vec<u8>,
    before_next: u8,
}

impl<'a> ObjectWriter<'a> {
    /// Begins an object at the end of what is there.
    pub fn new(body: &'a mut Vec<u8>) -> Self {
        Self { body, before_next: b'{' }
    }

    /// A text.
    pub fn text(&mut self, name: &'static str, text: &str) -> serde_json::Result<()> {
        self.name(name);
        write_text(text, self.body)
    }

    /// A list of texts.
    pub fn texts<'t>(
        &mut self,
        name: &'static str,
        texts: impl Iterator<Item = &'t str>,
    ) -> serde_json::Result<()> {
        self.name(name);
        self.body.push(b'[');
        for (place, text) in texts.enumerate() {
            if place > 0 {
                self.body.push(b',');
            }
            write_text(text, self.body)?;
        }
        self.body.push(b']');
        Ok(())
    }

    /// Anything else, as serde_json writes it.
    pub fn value<T: Serialize>(&mut self, name: &'static str, value: &T) -> serde_json::Result<()> {
        self.name(name);
        serde_json::to_writer(&mut *self.body, value)
    }

    /// Ends the object, which has at least one member.
    pub fn end(self) {
        self.body.push(b'}');
    }

    /// Names of members stand in AWS's models and need no escape.
    fn name(&mut self, name: &str) {
        self.body.push(self.before_next);
        self.before_next = b',';
        self.body.push(b'"');
        self.body.extend_from_slice(name.as_bytes());
        self.body.extend_from_slice(b"\":");
    }
}

fn write_text(text: &str, body: &mut Vec<u8>) -> serde_json::Result<()> {
    let bytes = text.as_bytes();
    // The least of all rather than the first that is too low: many bytes are looked at at once.
    if bytes.iter().copied().fold(u8::MAX, u8::min) < 0x20 {
        return serde_json::to_writer(body, text);
    }
    body.reserve(bytes.len().saturating_add(2));
    body.push(b'"');
    let mut written = 0;
    for place in memchr2_iter(b'"', b'\\', bytes) {
        body.extend_from_slice(bytes.get(written..place).unwrap_or_default());
        body.push(b'\\');
        written = place;
    }
    body.extend_from_slice(bytes.get(written..).unwrap_or_default());
    body.push(b'"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> Vec<u8> {
        let mut body = Vec::new();
        write_text(text, &mut body).unwrap();
        body
    }

    proptest! {
        #[test]
        fn texts_are_written_as_serde_writes_them(text in any::<String>(), json in "[a-c\"\\\\/\n\u{7f}é]{0,40}") {
            for text in [text, json] {
                prop_assert_eq!(written(&text), serde_json::to_vec(&text).unwrap());
            }
        }
    }

    #[test]
    fn each_character_of_one_byte_is_written_as_serde_writes_it() {
        for byte in 0..=0x7f_u8 {
            let text = format!("a{}b", char::from(byte));
            assert_eq!(written(&text), serde_json::to_vec(&text).unwrap());
        }
        assert_eq!(written(""), b"\"\"");
    }

    #[test]
    fn members_follow_each_other() {
        let mut body = Vec::new();
        let mut object = ObjectWriter::new(&mut body);
        object.text("A", "x").unwrap();
        object.texts("B", ["y", "z\""].into_iter()).unwrap();
        object.value("C", &1.5).unwrap();
        object.end();
        assert_eq!(body, br#"{"A":"x","B":["y","z\""],"C":1.5}"#);
    }
}
