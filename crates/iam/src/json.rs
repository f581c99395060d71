//! JSON as policies need it: read in one pass, members unique, depth bounded.
//!
//! Of two members of one name, readers could take different ones, so both are refused (RFC 8259, section 4).

use crate::error::Fault;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;

/// A value. Numbers are held as text: conditions compare them as such.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// No policy is deeper than document, statements, statement, condition, operator, key, values.
const DEPTH_MAX: u8 = 8;

/// Beyond this, a float no longer holds every integer, and the text would not be what was written.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl Json {
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = Depth(DEPTH_MAX).deserialize(&mut reader).map_err(|_| Fault::Json)?;
        reader.end().map_err(|_| Fault::Json)?;
        Ok(value)
    }

    pub(crate) fn into_text(self) -> Result<String, Fault> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(Fault::Shape),
        }
    }

    pub(crate) fn into_object(self) -> Result<Vec<(String, Self)>, Fault> {
        match self {
            Self::Object(members) => Ok(members),
            _ => Err(Fault::Shape),
        }
    }

    /// A value that stands for a list of itself.
    pub(crate) fn into_list(self) -> Vec<Self> {
        match self {
            Self::List(list) => list,
            one => vec![one],
        }
    }
}

/// Levels that may still be opened.
#[derive(Clone, Copy)]
struct Depth(u8);

impl Depth {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        self.0.checked_sub(1).map(Self).ok_or_else(|| E::custom("too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a policy")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        let is_exact = value.abs() < EXACT_MAX;
        is_exact.then(|| Json::Number(value.to_string())).ok_or_else(|| E::custom("too large"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(inner)? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let (mut names, mut members) = (BTreeSet::new(), Vec::new());
        while let Some(name) = access.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom("a member twice"));
            }
            members.push((name, access.next_value_seed(inner)?));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_bounded_for_lists_and_objects() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let nested = |depth| open.repeat(depth) + "1" + &close.repeat(depth);
            assert!(Json::parse(&nested(8)).is_ok());
            assert_eq!(Json::parse(&nested(9)), Err(Fault::Json));
        }
    }

    #[test]
    fn members_are_unique_at_any_depth_and_in_any_spelling() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"b":[{"a":1,"\u0061":2}]}"#, r#"{"":1,"":2}"#] {
            assert_eq!(Json::parse(text), Err(Fault::Json), "{text}");
        }
        assert!(Json::parse(r#"{"a":{"a":1},"A":2}"#).is_ok());
    }

    #[test]
    fn numbers_are_kept_only_if_they_stay_what_was_written() {
        for (written, held) in
            [("7", "7"), ("-7", "-7"), ("1.5", "1.5"), ("123456789012", "123456789012")]
        {
            assert_eq!(Json::parse(written), Ok(Json::Number(held.to_owned())));
        }
        for written in ["123456789012345678901", "1e400", "-1e300", "01", "+1", "0x1", "NaN"] {
            assert_eq!(Json::parse(written), Err(Fault::Json), "{written}");
        }
    }
}
