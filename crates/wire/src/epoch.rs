//! Timestamps as AWS JSON writes them: seconds since 1970 with a fraction.

use serde::Serializer;
use strongroom_types::Timestamp;

/// For `#[serde(serialize_with = "epoch::serialize")]`.
pub fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
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
