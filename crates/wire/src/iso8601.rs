//! Timestamps as the query protocol's XML writes them: `2026-11-24T11:38:07Z`.

use serde::Serializer;
use serde::ser::Error;
use strongroom_types::Timestamp;

/// The text, in whole seconds. `None` outside the years that a calendar has.
pub fn text(time: Timestamp) -> Option<String> {
    let whole = Timestamp::from_millis(time.as_secs().checked_mul(1000)?);
    whole.to_jiff().map(|time| time.to_string())
}

/// For `#[serde(serialize_with = "iso8601::serialize")]`.
pub fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    let text = text(*time).ok_or_else(|| S::Error::custom("a time that no calendar has"))?;
    serializer.serialize_str(&text)
}

/// The same for members that may be absent; combine with `skip_serializing_if`.
pub fn serialize_some<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serialize(time, serializer),
        None => serializer.serialize_none(),
    }
}
