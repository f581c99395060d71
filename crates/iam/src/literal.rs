//! What a condition's values may be, by the type its operator compares. IAM user guide, "Condition operators".
//!
//! A value that cannot be of the type would never match, so a negated operator would always hold: it is refused instead.

use crate::Operator;
use crate::network::Network;

/// Whether the value is of the type that the operator compares.
pub(crate) fn is_of_type(operator: Operator, value: &str) -> bool {
    use Operator as Op;
    match operator {
        Op::ArnEquals
        | Op::ArnLike
        | Op::ArnNotEquals
        | Op::ArnNotLike
        | Op::StringEquals
        | Op::StringEqualsIgnoreCase
        | Op::StringLike
        | Op::StringNotEquals
        | Op::StringNotEqualsIgnoreCase
        | Op::StringNotLike => true,
        Op::BinaryEquals => is_base64(value),
        Op::Bool | Op::Null => is_bool(value),
        Op::DateEquals
        | Op::DateNotEquals
        | Op::DateGreaterThan
        | Op::DateGreaterThanEquals
        | Op::DateLessThan
        | Op::DateLessThanEquals => is_date(value),
        Op::IpAddress | Op::NotIpAddress => Network::parse(value).is_some(),
        Op::NumericEquals
        | Op::NumericNotEquals
        | Op::NumericGreaterThan
        | Op::NumericGreaterThanEquals
        | Op::NumericLessThan
        | Op::NumericLessThanEquals => is_number(value),
    }
}

fn is_bool(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
}

/// Integers and decimals; not the names of infinity that `f64` also reads.
fn is_number(value: &str) -> bool {
    let is_written_so = value.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    is_written_so && value.parse().is_ok_and(f64::is_finite)
}

fn is_base64(value: &str) -> bool {
    let inner = value.trim_end_matches('=');
    let is_text = inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte));
    is_text && value.len().is_multiple_of(4) && value.len() - inner.len() <= 2
}

/// W3C's profile of ISO 8601, or seconds since 1970.
fn is_date(value: &str) -> bool {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse::<i64>().is_ok();
    }
    match value.split_once(['T', 't']) {
        None => is_day(value),
        Some((day, time)) => is_day(day) && is_time_with_zone(time),
    }
}

fn is_day(value: &str) -> bool {
    let mut parts = value.splitn(3, '-');
    let is_part = |part: Option<&str>, most| part.is_none_or(|part| is_between(part, 1, most));
    parts.next().is_some_and(|year| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()))
        && is_part(parts.next(), 12)
        && is_part(parts.next(), 31)
}

fn is_time_with_zone(value: &str) -> bool {
    if let Some(time) = value.strip_suffix(['Z', 'z']) {
        return is_time(time);
    }
    value.split_once(['+', '-']).map_or_else(
        || is_time(value),
        |(time, zone)| is_time(time) && is_clock(zone) && zone.len() == 5,
    )
}

/// Hours and minutes, and perhaps seconds with a fraction.
fn is_time(value: &str) -> bool {
    let (clock, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let is_fraction =
        (1..=9).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
    is_fraction && is_clock(clock)
}

fn is_clock(value: &str) -> bool {
    let mut parts = value.splitn(3, ':');
    parts.next().is_some_and(|hour| is_between(hour, 0, 23))
        && parts.next().is_some_and(|minute| is_between(minute, 0, 59))
        && parts.next().is_none_or(|second| is_between(second, 0, 59))
}

fn is_between(text: &str, least: u8, most: u8) -> bool {
    let is_two_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_two_digits && text.parse().is_ok_and(|number: u8| (least..=most).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operator: Operator, good: &[&str], bad: &[&str]) {
        for value in good {
            assert!(is_of_type(operator, value), "{operator:?} {value}");
        }
        for value in bad {
            assert!(!is_of_type(operator, value), "{operator:?} {value}");
        }
    }

    #[test]
    fn values_are_of_the_operators_type() {
        check(Operator::Bool, &["true", "FALSE"], &["", "yes", "1", "${x}", "true "]);
        check(Operator::Null, &["true", "false"], &["null", "0"]);
        check(
            Operator::NumericEquals,
            &["0", "-1.5", "1e3"],
            &["", "inf", "NaN", "1,5", "0x1", "1e999", "${x}"],
        );
        check(Operator::BinaryEquals, &["", "QmluYXJ5", "QQ=="], &["QQ=", "Q", "====", "a-_b"]);
        check(
            Operator::IpAddress,
            &["10.0.0.0/8", "2001:db8::1"],
            &["*", "10.0.0.0/40", "${aws:SourceIp}"],
        );
        check(Operator::StringLike, &["", "*", "${x}"], &[]);
    }

    #[test]
    fn dates_are_iso_8601_or_seconds() {
        check(
            Operator::DateLessThan,
            &[
                "2026-11-24T12:00:00Z",
                "2026-11-24T12:00Z",
                "2026-11-24t12:00:00.123z",
                "2026-11-24",
                "2026-11",
                "2026-11-24T12:00:00+01:00",
                "2026-11-24T12:00:00-08:00",
                "2026-11-24T12:00:00",
                "0",
                "1795521600",
            ],
            &[
                "",
                "tomorrow",
                "2026-13-01",
                "2026-00-01",
                "2026-11-32",
                "2026-1-1",
                "26-11-24",
                "2026-11-24T",
                "2026-11-24T25:00:00Z",
                "2026-11-24T12:60:00Z",
                "2026-11-24T12:00:00+1",
                "2026-11-24T12:00:00.Z",
                "99999999999999999999",
                "-5",
                "2026-11-24T12:00:00ZZ",
                "2026-11-24-01",
                "*",
            ],
        );
    }
}
