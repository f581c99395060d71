//! What a condition's values may be, by the type its operator compares. IAM user guide, "Condition operators".
//!
//! A value that cannot be of the type would never match, so a negated operator would always hold: it is refused instead.

use crate::Operator;
use crate::arn::Arn;
use crate::date::Moment;
use crate::network::Network;
use std::cmp::Ordering;

/// Whether the value is of the type that the operator compares.
pub(crate) fn is_of_type(operator: Operator, value: &str) -> bool {
    use Operator as Op;
    match operator {
        Op::ArnEquals | Op::ArnLike | Op::ArnNotEquals | Op::ArnNotLike => is_arn_pattern(value),
        Op::StringEquals
        | Op::StringEqualsIgnoreCase
        | Op::StringLike
        | Op::StringNotEquals
        | Op::StringNotEqualsIgnoreCase
        | Op::StringNotLike => true,
        Op::BinaryEquals => parse_bytes(value).is_some(),
        Op::Bool | Op::Null => parse_bool(value).is_some(),
        Op::DateEquals
        | Op::DateNotEquals
        | Op::DateGreaterThan
        | Op::DateGreaterThanEquals
        | Op::DateLessThan
        | Op::DateLessThanEquals => Moment::parse(value).is_some(),
        Op::IpAddress | Op::NotIpAddress => Network::parse(value).is_some(),
        Op::NumericEquals
        | Op::NumericNotEquals
        | Op::NumericGreaterThan
        | Op::NumericGreaterThanEquals
        | Op::NumericLessThan
        | Op::NumericLessThanEquals => Number::parse(value).is_some(),
    }
}

pub(crate) fn parse_bool(value: &str) -> Option<bool> {
    if value.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    value.eq_ignore_ascii_case("false").then_some(false)
}

/// An integer or a decimal. Integers are held as such: a float would take neighbours beyond 2^53 for one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Integer(i64),
    Decimal(f64),
}

impl Number {
    /// Not the names of infinity that `f64` also reads.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        if let Ok(integer) = value.parse() {
            return Some(Self::Integer(integer));
        }
        let is_written_so =
            value.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        let decimal = is_written_so.then(|| value.parse().ok()).flatten()?;
        f64::is_finite(decimal).then_some(Self::Decimal(decimal))
    }

    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "against a decimal, a decimal's precision is enough"
    )]
    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(&b)),
            (Self::Integer(a), Self::Decimal(b)) => (a as f64).partial_cmp(&b),
            (Self::Decimal(a), Self::Integer(b)) => a.partial_cmp(&(b as f64)),
            (Self::Decimal(a), Self::Decimal(b)) => a.partial_cmp(&b),
        }
    }
}

/// Base64 as RFC 4648 writes it, padding and all.
pub(crate) fn parse_bytes(value: &str) -> Option<Vec<u8>> {
    let inner = value.trim_end_matches('=');
    if !value.len().is_multiple_of(4) || value.len() - inner.len() > 2 {
        return None;
    }
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0_u32);
    for byte in inner.bytes() {
        held = (held << 6) | sextet(byte)?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

fn sextet(byte: u8) -> Option<u32> {
    let (first, least) = match byte {
        b'A'..=b'Z' => (b'A', 0),
        b'a'..=b'z' => (b'a', 26),
        b'0'..=b'9' => (b'0', 52),
        b'+' => (b'+', 62),
        b'/' => (b'/', 63),
        _ => return None,
    };
    Some(u32::from(byte - first) + least)
}

/// Recorded from IAM (cdk-preflight): a star or six parts. What a variable makes of it shows with the request.
fn is_arn_pattern(value: &str) -> bool {
    value == "*" || value.contains("${") || Arn::parse(value).is_some()
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
        check(Operator::Bool, &["true", "FALSE"], &["", "yes", "1", "true ", "${x:y}"]);
        check(Operator::Null, &["true", "false"], &["null", "0", "${x:y}"]);
        check(
            Operator::ArnLike,
            &[
                "*",
                "arn:*:s3:::b",
                "arn:aws:*:*:*:*",
                "arn:aws:iam::1:user/${aws:username}",
                "${a:b}",
            ],
            &["", "nope", "arn:aws:s3:b", "**", "aws:s3:::::"],
        );
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

    #[test]
    fn bytes_are_what_base64_says() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("QQ==", b"A"),
            ("QUI=", b"AB"),
            ("QUJD", b"ABC"),
            ("QmluYXJ5VmFsdWVJbkJhc2U2NA==", b"BinaryValueInBase64"),
            ("+/+/", &[0xfb, 0xff, 0xbf]),
        ] {
            assert_eq!(parse_bytes(text).as_deref(), Some(bytes), "{text}");
        }
    }

    #[test]
    fn numbers_are_compared_exactly() {
        for (a, order, b) in [
            ("9007199254740993", Ordering::Greater, "9007199254740992"),
            ("-1", Ordering::Less, "0.5"),
            ("0.5", Ordering::Less, "1"),
            ("10", Ordering::Equal, "1e1"),
            ("+7", Ordering::Equal, "7.0"),
            ("99999999999999999999", Ordering::Greater, "9223372036854775807"),
        ] {
            let (x, y) = (Number::parse(a).unwrap(), Number::parse(b).unwrap());
            assert_eq!(x.compare(y), Some(order), "{a} {b}");
            assert_eq!(y.compare(x), Some(order.reverse()), "{b} {a}");
        }
    }
}
