//! JSON bodies into typed requests, as strictly as AWS reads them.

use crate::form::from_form;
use serde::de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::marker::PhantomData;

/// A body that is no JSON object of the expected form. AWS: `SerializationException`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    message: String,
}

impl DecodeError {
    /// What AWS's parser says of it; never any of the body's text.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// A structure that must stand as a JSON object. Derived structures alone would take a list of values, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a structure")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// Reads a JSON object. An empty body stands for an empty object, as AWS takes it. Members that the operation does not
/// know are ignored, `null` is the same as absent, nesting is bounded by the parser (128).
pub fn decode<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, DecodeError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice::<Object<T>>(body)
        .map(|object| object.0)
        .map_err(|error| DecodeError::from_json(&error))
}

/// Reads a tree that was made from a query form.
pub fn decode_form<T: DeserializeOwned>(tree: &serde_json::Value) -> Result<T, DecodeError> {
    from_form(tree).map_err(|error| DecodeError { message: error.to_string() })
}

impl DecodeError {
    /// serde's text starts with what was found and may go on with the value itself: only the kinds are taken from it.
    fn from_json(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        Self { message: describe(&text).to_owned() }
    }
}

fn describe(text: &str) -> &'static str {
    let Some(found) =
        text.strip_prefix("invalid type: ").or_else(|| text.strip_prefix("invalid value: "))
    else {
        return "Unable to parse the request: the body must be a JSON object of the operation's members";
    };
    let expected_text = text.contains("expected a string") || text.contains("expected text");
    match found {
        _ if found.starts_with("map") => "Start of structure or map found where not expected.",
        _ if found.starts_with("sequence") => "Start of list found where not expected",
        _ if found.starts_with("boolean `true`") && expected_text => {
            "TRUE_VALUE can not be converted to a String"
        }
        _ if found.starts_with("boolean") && expected_text => {
            "FALSE_VALUE can not be converted to a String"
        }
        _ if found.starts_with("boolean") => "A boolean value was found where not expected",
        _ if found.starts_with("string") => {
            "STRING_VALUE can not be converted to the expected type"
        }
        _ if expected_text => "NUMBER_VALUE can not be converted to a String",
        _ => "NUMBER_VALUE can not be converted to the expected type",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        name: Option<String>,
        count: Option<i64>,
        tags: Option<Vec<Object<Tag>>>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Tag {
        key: Option<String>,
    }

    #[test]
    fn null_and_unknown_members_are_as_if_absent() {
        let input: Input = decode(br#"{"Name":null,"Other":[1,2,{"x":3}],"Count":7}"#).unwrap();
        assert_eq!(input, Input { name: None, count: Some(7), tags: None });
        assert_eq!(decode::<Input>(b"").unwrap(), Input { name: None, count: None, tags: None });
    }

    #[test]
    fn what_has_the_wrong_type_is_refused_without_repeating_it() {
        for (body, message) in [
            (r#"{"Name":51966}"#, "NUMBER_VALUE can not be converted to a String"),
            (r#"{"Name":true}"#, "TRUE_VALUE can not be converted to a String"),
            (r#"{"Name":["51966"]}"#, "Start of list found where not expected"),
            (r#"{"Name":{"a":"51966"}}"#, "Start of structure or map found where not expected."),
            (r#"{"Count":"51966"}"#, "STRING_VALUE can not be converted to the expected type"),
            (r#"{"Count":7.5}"#, "NUMBER_VALUE can not be converted to the expected type"),
            (r#"{"Tags":[["51966"]]}"#, "Start of list found where not expected"),
            (r#"{"Tags":{"Key":"51966"}}"#, "Start of structure or map found where not expected."),
            (r#"["51966"]"#, "Start of list found where not expected"),
        ] {
            let refused = decode::<Input>(body.as_bytes()).unwrap_err();
            assert_eq!(refused.message(), message, "{body}");
            assert!(!refused.to_string().contains("51966"), "{body}");
        }
    }

    #[test]
    fn deep_nesting_is_skipped_or_refused_and_never_a_crash() {
        let nested =
            |member| format!("{{\"{member}\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(decode::<Input>(nested("Other").as_bytes()).is_ok());
        assert!(decode::<Input>(nested("Tags").as_bytes()).is_err());
        assert!(decode::<Input>(nested("Name").as_bytes()).is_err());
    }

    #[test]
    fn a_member_given_twice_is_refused() {
        assert!(decode::<Input>(br#"{"Name":"a","Name":"b"}"#).is_err());
    }
}
