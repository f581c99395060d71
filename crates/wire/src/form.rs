//! Query forms into typed requests: every leaf of the tree is text, and becomes the number or boolean that is asked for.

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// A parameter that cannot be what the operation takes it for. None of its text is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FormError;

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a parameter of the request is not of the type that the operation takes")
    }
}

impl std::error::Error for FormError {}

impl de::Error for FormError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Reads a tree that [`crate::query::parse`] made.
pub(crate) fn from_form<T: DeserializeOwned>(tree: &Value) -> Result<T, FormError> {
    T::deserialize(Form(tree))
}

#[derive(Clone, Copy)]
struct Form<'a>(&'a Value);

impl<'a> Form<'a> {
    fn text(self) -> Result<&'a str, FormError> {
        self.0.as_str().ok_or(FormError)
    }
}

macro_rules! parsed {
    ($($method:ident => $visit:ident),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
            visitor.$visit(self.text()?.parse().map_err(|_| FormError)?)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Form<'_> {
    type Error = FormError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match self.0 {
            Value::String(text) => visitor.visit_str(text),
            Value::Object(members) => visitor.visit_map(Members::new(members)),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Null | Value::Bool(_) | Value::Number(_) => Err(FormError),
        }
    }

    parsed! {
        deserialize_bool => visit_bool,
        deserialize_i32 => visit_i32,
        deserialize_i64 => visit_i64,
        deserialize_u32 => visit_u32,
        deserialize_u64 => visit_u64,
        deserialize_f64 => visit_f64,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_some(self)
    }

    /// AWS: clients write an empty list as the list's name with no value.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        let entries = match self.0 {
            Value::Array(entries) => entries.as_slice(),
            Value::String(text) if text.is_empty() => &[],
            _ => return Err(FormError),
        };
        visitor.visit_seq(de::value::SeqDeserializer::new(entries.iter().map(Form)))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FormError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u128 f32 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct enum
        identifier ignored_any
    }
}

impl IntoDeserializer<'_, FormError> for Form<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

struct Members<'a> {
    left: serde_json::map::Iter<'a>,
    value: Option<&'a Value>,
}

impl<'a> Members<'a> {
    fn new(members: &'a Map<String, Value>) -> Self {
        Self { left: members.iter(), value: None }
    }
}

impl<'de> de::MapAccess<'de> for Members<'_> {
    type Error = FormError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, FormError> {
        let Some((name, value)) = self.left.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, FormError> {
        seed.deserialize(Form(self.value.take().ok_or(FormError)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Object, query};
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        role_name: Option<String>,
        duration: Option<i64>,
        only_attached: Option<bool>,
        tags: Option<Vec<Object<Tag>>>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Tag {
        key: Option<String>,
    }

    fn read(form: &str) -> Result<Input, FormError> {
        from_form(&query::parse(form.as_bytes()).unwrap().input)
    }

    #[test]
    fn text_becomes_what_is_asked_for() {
        let input = read(
            "Action=A&RoleName=12&Duration=3600&OnlyAttached=true&Tags.member.1.Key=k&Other.x=1",
        );
        let tags = Some(vec![Object(Tag { key: Some("k".to_owned()) })]);
        let expected = Input {
            role_name: Some("12".to_owned()),
            duration: Some(3600),
            only_attached: Some(true),
            tags,
        };
        assert_eq!(input, Ok(expected));
        assert_eq!(read("Action=A&Tags=").unwrap().tags, Some(Vec::new()));
    }

    #[test]
    fn what_is_of_another_type_is_refused() {
        for form in [
            "Duration=x",
            "Duration=1.5",
            "Duration=99999999999999999999",
            "OnlyAttached=yes",
            "RoleName.member.1=a",
            "RoleName.x=a",
            "Tags=x",
            "Tags.member.1=x",
            "Tags.Key=x",
        ] {
            assert_eq!(read(&format!("Action=A&{form}")), Err(FormError), "{form}");
        }
    }
}
