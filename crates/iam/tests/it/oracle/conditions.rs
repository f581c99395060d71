//! The Condition element.

use super::patterns;
use super::values::{self, Context};
use serde_json::Value;
use std::cmp::Ordering;
use std::net::IpAddr;

/// Operators, and keys under one operator, are joined by AND.
pub(super) fn all_hold(
    condition: &Value,
    context: &Context,
    has_variables: bool,
    denies: bool,
) -> bool {
    let operators = condition.as_object().into_iter().flatten();
    operators.into_iter().all(|(operator, keys)| {
        let keys = keys.as_object().into_iter().flatten();
        keys.into_iter().all(|(key, wanted)| {
            let test = Test { wanted: values::texts(wanted), context, has_variables, denies };
            test.holds(operator, context.values(key))
        })
    })
}

/// The values of a policy for one key of the request.
struct Test<'a> {
    wanted: Vec<String>,
    context: &'a Context,
    has_variables: bool,
    /// Where the documentation is silent, a Deny applies and an Allow does not.
    denies: bool,
}

impl Test<'_> {
    fn holds(&self, operator: &str, given: &[String]) -> bool {
        // "If the context key value resolves to a null dataset, such as an empty string."
        let not_null: &[String] = if given.iter().all(String::is_empty) { &[] } else { given };
        if operator == "Null" {
            return self.wanted.iter().any(|wanted| (wanted == "true") == not_null.is_empty());
        }
        let (operator, if_exists) = match operator.strip_suffix("IfExists") {
            Some(operator) => (operator, true),
            None => (operator, false),
        };
        if given.is_empty() && if_exists {
            return true;
        }
        if let Some(operator) = operator.strip_prefix("ForAllValues:") {
            // "It also returns true if there are no context keys in the request."
            return not_null.iter().all(|value| self.fits(operator, value));
        }
        if let Some(operator) = operator.strip_prefix("ForAnyValue:") {
            // "For no matching context key or a null dataset, the condition returns false."
            return not_null.iter().any(|value| self.fits(operator, value));
        }
        match given {
            [] => positive(operator) != operator,
            [value] => self.fits(operator, value),
            // "Multivalued context keys require a condition set operator."
            values => self.denies && values.iter().any(|value| self.fits(operator, value)),
        }
    }

    /// Several values of the policy are joined by OR; under a negated operator by NOR.
    fn fits(&self, operator: &str, given: &str) -> bool {
        let plain = positive(operator);
        if !is_readable(&plain, given) {
            return plain != operator && self.denies;
        }
        let any = self.wanted.iter().any(|wanted| self.equals(&plain, wanted, given));
        any == (plain == operator)
    }

    fn equals(&self, operator: &str, wanted: &str, given: &str) -> bool {
        match operator {
            "StringEquals" => self.text(wanted).is_some_and(|wanted| wanted == given),
            "StringEqualsIgnoreCase" => self
                .text(wanted)
                .is_some_and(|wanted| wanted.to_lowercase() == given.to_lowercase()),
            "StringLike" => {
                self.pattern(wanted).is_some_and(|pattern| patterns::matches(&pattern, given))
            }
            "ArnEquals" | "ArnLike" => self
                .pattern(wanted)
                .is_some_and(|pattern| patterns::arn_of_condition_matches(&pattern, given)),
            "Bool" => wanted.eq_ignore_ascii_case(given),
            "BinaryEquals" => wanted == given,
            "IpAddress" => is_within(wanted, given),
            _ if operator.starts_with("Numeric") => {
                accepts(operator, "Numeric", number(given), number(wanted))
            }
            _ => accepts(operator, "Date", moment(given), moment(wanted)),
        }
    }

    fn pattern(&self, wanted: &str) -> Option<Vec<patterns::Symbol>> {
        patterns::read(wanted, self.context, self.has_variables)
    }

    /// For operators without wildcards: * and ? stand for themselves.
    fn text(&self, wanted: &str) -> Option<String> {
        let character = |symbol| match symbol {
            patterns::Symbol::Just(character) => character,
            patterns::Symbol::AnyRun | patterns::Symbol::AnyRunWithin => '*',
            patterns::Symbol::AnyOne | patterns::Symbol::AnyOneWithin => '?',
        };
        self.pattern(wanted).map(|symbols| symbols.into_iter().map(character).collect())
    }
}

/// Whether a value of the request is of the type that the operator compares.
fn is_readable(operator: &str, given: &str) -> bool {
    match operator {
        "ArnEquals" | "ArnLike" => given.splitn(6, ':').count() == 6,
        "Bool" => given.eq_ignore_ascii_case("true") || given.eq_ignore_ascii_case("false"),
        "IpAddress" => given.parse::<IpAddr>().is_ok(),
        _ if operator.starts_with("Numeric") => number(given).is_some(),
        _ if operator.starts_with("Date") => moment(given).is_some(),
        _ => true,
    }
}

/// `StringNotEquals` is `StringEquals` negated, and so on.
fn positive(operator: &str) -> String {
    operator.replacen("Not", "", 1)
}

fn accepts<T: PartialOrd>(
    operator: &str,
    family: &str,
    given: Option<T>,
    wanted: Option<T>,
) -> bool {
    let order = given.zip(wanted).and_then(|(given, wanted)| given.partial_cmp(&wanted));
    match operator.strip_prefix(family) {
        Some("Equals") => order == Some(Ordering::Equal),
        Some("LessThan") => order == Some(Ordering::Less),
        Some("LessThanEquals") => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Some("GreaterThan") => order == Some(Ordering::Greater),
        Some("GreaterThanEquals") => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        _ => false,
    }
}

/// An integer or a decimal.
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits =
        |part: &str| !part.is_empty() && part.chars().all(|digit| digit.is_ascii_digit());
    if are_digits(whole) && are_digits(fraction) { text.parse().ok() } else { None }
}

/// An address, or a range in CIDR notation; an address alone is a range of one.
pub(super) fn range(text: &str) -> Option<(IpAddr, u32)> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Some(bits), |prefix| prefix.parse().ok())?;
    (prefix <= bits).then_some((address, prefix))
}

fn bits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{:032b}", address.to_bits()),
        IpAddr::V6(address) => format!("{:0128b}", address.to_bits()),
    }
}

fn is_within(wanted: &str, given: &str) -> bool {
    let (Some((network, prefix)), Ok(address)) = (range(wanted), given.parse::<IpAddr>()) else {
        return false;
    };
    let first = |address| {
        bits(address).chars().take(prefix.try_into().unwrap_or(usize::MAX)).collect::<String>()
    };
    network.is_ipv4() == address.is_ipv4() && first(network) == first(address)
}

/// Seconds since 1970, from epoch seconds or one of the W3C forms of ISO 8601.
pub(super) fn moment(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return number(&seconds.to_string());
    }
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, time),
        None => (text, "00:00Z"),
    };
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let year = date.next()?.ok()?;
    let month = date.next().unwrap_or(Ok(1)).ok()?;
    let day = date.next().unwrap_or(Ok(1)).ok()?;
    let (clock, offset) = zoned(time)?;
    let mut clock = clock.splitn(3, ':');
    let hours: f64 = clock.next()?.parse().ok()?;
    let minutes: f64 = clock.next()?.parse().ok()?;
    let seconds: f64 = clock.next().unwrap_or("0").parse().ok()?;
    let is_a_time = hours < 24.0 && minutes < 60.0 && seconds < 61.0;
    let days = number(&days_before(year, month, day)?.to_string())?;
    is_a_time.then_some(((days * 24.0 + hours) * 60.0 + minutes - offset) * 60.0 + seconds)
}

/// A clock time and its offset from UTC in minutes.
fn zoned(time: &str) -> Option<(&str, f64)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, 0.0));
    }
    let (clock, offset) = time.split_at_checked(time.len().checked_sub(6)?)?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let minutes = number(hours)? * 60.0 + number(minutes)?;
    match offset.chars().next()? {
        '+' => Some((clock, minutes)),
        '-' => Some((clock, -minutes)),
        _ => None,
    }
}

/// Days from 1970 to a date, counted year by year and month by month.
fn days_before(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = |month: i64| match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let is_a_date = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=length(month)).contains(&day);
    let years: i64 = (1970..year).map(|year| 365 + i64::from(is_leap(year))).sum();
    let months: i64 = (1..month).map(length).sum();
    is_a_date.then_some(years + months + day - 1)
}
