//! `ContextEntries` of simulations: condition keys with values of a type.
//!
//! AWS: a value must have the form that its type says. What is refused, and in which words, is recorded.

use crate::error::{ApiError, ErrorCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use strongroom_wire::{Constraints, Object};

/// Types of values, as the model lists them.
const TYPES: [&str; 12] = [
    "string",
    "stringList",
    "numeric",
    "numericList",
    "boolean",
    "booleanList",
    "ip",
    "ipList",
    "binary",
    "binaryList",
    "date",
    "dateList",
];

/// An entry on the wire. Model: `ContextEntry`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
#[expect(clippy::struct_field_names, reason = "they are the model's")]
pub(super) struct ContextEntryMember {
    #[serde(skip_serializing_if = "Option::is_none")]
    context_key_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_key_values: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_key_type: Option<String>,
}

/// A key with its values.
pub(super) type ContextEntry = (String, Vec<String>);

/// Checks names and types.
pub(super) fn check_entries(
    check: &mut Constraints,
    entries: Option<&[Object<ContextEntryMember>]>,
) {
    for (place, Object(entry)) in (1..).zip(entries.unwrap_or_default()) {
        let member = format!("contextEntries.{place}.member");
        // An empty name is refused later, in other words.
        let name = entry.context_key_name.as_deref().filter(|name| !name.is_empty());
        check.length(&format!("{member}.contextKeyName"), name, 5..=256);
        let kind = entry.context_key_type.as_deref();
        check.one_of(&format!("{member}.contextKeyType"), kind, &TYPES);
    }
}

/// The entries that were checked. One that says nothing at all is none.
pub(super) fn parse_entries(
    entries: Option<Vec<Object<ContextEntryMember>>>,
) -> Result<Vec<ContextEntry>, ApiError> {
    let mut parsed: Vec<ContextEntry> = Vec::new();
    for Object(entry) in entries.unwrap_or_default() {
        let Some((name, values)) = parse_entry(entry)? else { continue };
        if parsed.iter().any(|(held, _)| held.eq_ignore_ascii_case(&name)) {
            return Err(refused(format!("Duplicate context key: {name}.")));
        }
        parsed.push((name, values));
    }
    Ok(parsed)
}

fn parse_entry(entry: ContextEntryMember) -> Result<Option<ContextEntry>, ApiError> {
    let name = entry.context_key_name.unwrap_or_default();
    let values = entry.context_key_values.unwrap_or_default();
    if name.is_empty() && values.is_empty() && entry.context_key_type.is_none() {
        return Ok(None);
    }
    if name.is_empty() {
        return Err(refused("ContextKeyName cannot be null or empty.".to_owned()));
    }
    let Some(kind) = entry.context_key_type else {
        return Err(refused(format!("Context key {name} has invalid type null.")));
    };
    if values.is_empty() {
        let message = format!("Context values for context key {name} cannot be null or empty.");
        return Err(refused(message));
    }
    let single = kind.strip_suffix("List");
    if single.is_none() && values.len() > 1 {
        let count = values.len();
        let message = format!("Context key {kind} expected a single value, but received {count}.");
        return Err(refused(message));
    }
    if let Some(expected) = expectation(single.unwrap_or(&kind), &values) {
        let message = format!("Invalid context value for key {name}: expected {expected}.");
        return Err(refused(message));
    }
    Ok(Some((name, values)))
}

/// What was expected, if not all values have the form of the type.
fn expectation(kind: &str, values: &[String]) -> Option<&'static str> {
    let (is_good, expected): (fn(&str) -> bool, _) = match kind {
        "numeric" => (is_number, "numeric format"),
        "date" => (is_date, "DateTime format"),
        "ip" => (is_address, "IP address"),
        "binary" => (|value| STANDARD.decode(value).is_ok(), "base-64 encoded binary format"),
        _ => return None,
    };
    (!values.iter().all(|value| is_good(value))).then_some(expected)
}

/// Recorded: `01.00`, `+1`, `1e2` are numbers; `0x10`, ` 1 `, `NaN`, `Infinity` are not.
fn is_number(value: &str) -> bool {
    let is_written_so = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    value.bytes().all(is_written_so) && value.parse::<f64>().is_ok()
}

/// An address, or a range of addresses.
fn is_address(value: &str) -> bool {
    let (address, prefix) = value.split_once('/').unwrap_or((value, "0"));
    let bits = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    prefix.parse::<u8>().is_ok_and(|prefix| prefix <= bits)
}

/// A year or seconds since 1970, or a date of ISO 8601 with or without time.
fn is_date(value: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_digits(value) {
        return true;
    }
    let (date, time) = value.split_once('T').unwrap_or((value, "00:00Z"));
    let mut parts = date.split('-');
    let mut next = |digits: usize, range: std::ops::RangeInclusive<u32>| {
        let part = parts.next();
        part.is_none_or(|part| {
            part.len() == digits
                && is_digits(part)
                && part.parse().is_ok_and(|number| range.contains(&number))
        })
    };
    let is_day = next(4, 0..=9999) && next(2, 1..=12) && next(2, 1..=31);
    let is_time = time.starts_with(|c: char| c.is_ascii_digit())
        && time.contains(':')
        && time.bytes().all(|byte| byte.is_ascii_digit() || b":.+-Z".contains(&byte));
    is_day && parts.next().is_none() && is_time
}

fn refused(message: String) -> ApiError {
    ApiError::new(ErrorCode::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_form_of_their_type() {
        for (kind, good, bad) in [
            (
                "numeric",
                &["1", "01.00", "+1", "1e2", "-0.5"][..],
                &["0x10", " 1 ", "NaN", "Infinity", "", "one"][..],
            ),
            (
                "date",
                &["2035", "2030-01-02", "2030-01", "2030-01-02T03:04:05Z", "1500000000"],
                &["soon", "2030-13-01", "2030-01-02Tnoon", "2030-01-02-03", "", "20301-01-01"],
            ),
            ("ip", &["192.0.2.1", "192.0.2.0/24", "2001:db8::1"], &["192.0.2", "192.0.2.0/33", ""]),
            ("binary", &["aGVsbG8=", ""], &["aGVsbG8", "!"]),
            ("boolean", &["true", "maybe"], &[]),
            ("string", &["", "*"], &[]),
        ] {
            for value in good {
                assert_eq!(expectation(kind, &[(*value).to_owned()]), None, "{kind} {value}");
            }
            for value in bad {
                assert!(expectation(kind, &[(*value).to_owned()]).is_some(), "{kind} {value}");
            }
        }
    }
}
