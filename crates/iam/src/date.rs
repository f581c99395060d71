//! Moments, as conditions and contexts write them: W3C's profile of ISO 8601, or seconds since 1970.

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    seconds: i64,
    nanoseconds: u32,
}

const DAY: i64 = 86_400;

impl Moment {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // Four digits are a year: nobody means a moment of the first three hours of 1970.
        if is_number && text.len() != 4 {
            return Some(Self { seconds: text.parse().ok()?, nanoseconds: 0 });
        }
        match text.split_once(['T', 't']) {
            None => Some(Self { seconds: parse_day(text)?, nanoseconds: 0 }),
            Some((day, time)) => {
                let (seconds, nanoseconds) = parse_time_with_zone(time)?;
                let seconds = parse_day(day)?.checked_add(seconds)?;
                Some(Self { seconds, nanoseconds })
            }
        }
    }
}

/// A year, a month or a day; its first second.
fn parse_day(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4)?;
    let year = parse_digits(year)?;
    let month = parts.next().map_or(Some(1), |month| parse_two(month, 1, 12))?;
    let day = parts.next().map_or(Some(1), |day| parse_two(day, 1, days_of(year, month)))?;
    days_since_1970(year, month, day)?.checked_mul(DAY)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Proleptic Gregorian calendar, years counted from March so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    const DAYS_TO_1970: i64 = 719_468;
    let year = if month > 2 { year } else { year.checked_sub(1)? };
    let month = if month > 2 { month - 3 } else { month + 9 };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let of_months = (153 * month + 2) / 5;
    year.checked_mul(365)?.checked_add(leap_days + of_months + day - 1 - DAYS_TO_1970)
}

/// Without a zone, UTC is meant.
fn parse_time_with_zone(text: &str) -> Option<(i64, u32)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return parse_time(time);
    }
    let Some(at) = text.find(['+', '-']) else { return parse_time(text) };
    let (time, zone) = text.split_at_checked(at)?;
    let (is_east, offset) = match zone.strip_prefix('+') {
        Some(offset) => (true, offset),
        None => (false, zone.strip_prefix('-')?),
    };
    let offset = parse_clock(offset).filter(|_| offset.len() == 5)?;
    let (seconds, nanoseconds) = parse_time(time)?;
    Some((if is_east { seconds - offset } else { seconds + offset }, nanoseconds))
}

fn parse_time(text: &str) -> Option<(i64, u32)> {
    match text.split_once('.') {
        None => Some((parse_clock(text)?, 0)),
        Some((clock, fraction)) => Some((parse_clock(clock)?, parse_fraction(fraction)?)),
    }
}

fn parse_fraction(text: &str) -> Option<u32> {
    let digits = (1..=9).contains(&text.len()).then(|| parse_digits(text)).flatten()?;
    let missing = u32::try_from(9_usize.checked_sub(text.len())?).ok()?;
    u32::try_from(digits).ok()?.checked_mul(10_u32.checked_pow(missing)?)
}

/// Hours and minutes, and perhaps seconds.
fn parse_clock(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, ':');
    let hours = parse_two(parts.next()?, 0, 23)?;
    let minutes = parse_two(parts.next()?, 0, 59)?;
    let seconds = parts.next().map_or(Some(0), |seconds| parse_two(seconds, 0, 59))?;
    Some(hours * 3_600 + minutes * 60 + seconds)
}

fn parse_two(text: &str, least: i64, most: i64) -> Option<i64> {
    let number = (text.len() == 2).then(|| parse_digits(text)).flatten()?;
    (least..=most).contains(&number).then_some(number)
}

fn parse_digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_is_the_same_however_it_is_written() {
        for (written, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01", 0),
            ("1970", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2000-03-01T00:00:00z", 951_868_800),
            ("2026-11-24t12:00Z", 1_795_521_600),
            ("2026-11-24T13:00:00+01:00", 1_795_521_600),
            ("2026-11-24T04:00:00-08:00", 1_795_521_600),
            ("2026-11-24T12:00:00", 1_795_521_600),
            ("2026-11-24T12:00:00.000Z", 1_795_521_600),
            ("1795521600", 1_795_521_600),
            ("1969-12-31T23:59:59Z", -1),
            ("0000-01-01", -62_167_219_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            let moment = Moment::parse(written);
            assert_eq!(moment, Some(Moment { seconds, nanoseconds: 0 }), "{written}");
        }
    }

    #[test]
    fn moments_are_in_order_down_to_the_fraction() {
        let written = [
            "2026-02",
            "2026-02-28T23:59:59.999999999Z",
            "2026-03",
            "2026-11-24T12:00:00Z",
            "2026-11-24T12:00:00.000000001Z",
            "2026-11-24T12:00:00.1Z",
            "2026-11-24T12:00:00.99Z",
            "2026-11-24T12:00:01Z",
        ];
        let moments = written.map(|text| Moment::parse(text).unwrap());
        assert!(moments.is_sorted_by(|a, b| a < b), "{moments:?}");
    }

    #[test]
    fn days_that_never_were_are_none() {
        for text in ["2026-02-29", "1900-02-29", "2026-04-31", "2026-00-01", "2026-13-01"] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
