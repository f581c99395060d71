//! `20260102T030405Z`, to and from seconds since the epoch.

use crate::SignatureError;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads the basic form of ISO 8601, UTC.
pub(crate) fn parse_basic(text: &str) -> Result<i64, SignatureError> {
    let bytes: &[u8; 16] = text.as_bytes().try_into().map_err(|_| SignatureError::Date)?;
    let [.., b'Z'] = bytes else { return Err(SignatureError::Date) };
    if bytes.get(8) != Some(&b'T') {
        return Err(SignatureError::Date);
    }
    let number = |from: usize, to: usize| {
        let digits = bytes.get(from..to).unwrap_or_default();
        digits.iter().try_fold(0_i16, |sum, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0'))
        })
    };
    let small = |from| {
        number(from, from + 2)
            .and_then(|number| i8::try_from(number).ok())
            .ok_or(SignatureError::Date)
    };
    let year = number(0, 4).ok_or(SignatureError::Date)?;
    let (month, day, hour, minute, second) =
        (small(4)?, small(6)?, small(9)?, small(11)?, small(13)?);
    let date = DateTime::new(year, month, day, hour, minute, second, 0)
        .map_err(|_| SignatureError::Date)?;
    TimeZone::UTC.to_timestamp(date).map(Timestamp::as_second).map_err(|_| SignatureError::Date)
}

/// Reads a `Date` header: RFC 9110, section 5.6.7, or the basic form.
pub(crate) fn parse_http(text: &str) -> Result<i64, SignatureError> {
    if let Ok(seconds) = parse_basic(text) {
        return Ok(seconds);
    }
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .map_err(|_| SignatureError::Date)?;
    Ok(zoned.as_second())
}

/// Writes the basic form.
pub(crate) fn basic(seconds: i64) -> String {
    let Ok(time) = Timestamp::from_second(seconds) else { return String::new() };
    let time = TimeZone::UTC.to_datetime(time);
    let (year, month, day) = (time.year(), time.month(), time.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_agree() {
        for (text, seconds) in [
            ("20150830T123600Z", 1_440_938_160),
            ("19700101T000000Z", 0),
            ("20240229T235959Z", 1_709_251_199),
        ] {
            assert_eq!(parse_basic(text), Ok(seconds));
            assert_eq!(basic(seconds), text);
        }
        assert_eq!(parse_http("Sun, 30 Aug 2015 12:36:00 GMT"), Ok(1_440_938_160));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "",
            "2015-08-30T12:36:00Z",
            "20150830T123600",
            "20151330T123600Z",
            "20150230T123600Z",
            "x0150830T123600Z",
        ] {
            assert_eq!(parse_basic(bad), Err(SignatureError::Date), "{bad}");
            assert_eq!(parse_http(bad), Err(SignatureError::Date), "{bad}");
        }
    }
}
