//! Schedules against AWS's own examples, a slow twin and another implementation.

use proptest::prelude::*;
use strongroom_schedule::{Cron, RotationRules, ScheduleError};

/// Seconds since the epoch.
fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}

fn rules(expression: &str, duration: Option<&str>) -> Result<RotationRules, ScheduleError> {
    RotationRules::parse(None, Some(expression), duration)
}

#[test]
fn the_guides_expressions_run_when_the_guide_says() {
    // From Tuesday 2026-11-24T12:00Z. Secrets Manager user guide, "Schedule expressions"; the last is the brief's.
    let now = at("2026-11-24T12:00:00Z");
    for (expression, duration, opens, closes) in [
        ("rate(4 hours)", None, "2026-11-24T16:00:00Z", "2026-11-24T17:00:00Z"),
        ("rate(12 hours)", None, "2026-11-25T00:00:00Z", "2026-11-25T01:00:00Z"),
        ("rate(10 days)", None, "2026-12-04T00:00:00Z", "2026-12-05T00:00:00Z"),
        ("rate(1 day)", Some("3h"), "2026-11-25T00:00:00Z", "2026-11-25T03:00:00Z"),
        ("cron(0 /8 * * ? *)", None, "2026-11-24T16:00:00Z", "2026-11-24T17:00:00Z"),
        ("cron(0 8/8 * * ? *)", None, "2026-11-24T16:00:00Z", "2026-11-24T17:00:00Z"),
        ("cron(0 10 * * ? *)", None, "2026-11-25T10:00:00Z", "2026-11-26T00:00:00Z"),
        ("cron(0 18 ? * MON-FRI *)", None, "2026-11-24T18:00:00Z", "2026-11-25T00:00:00Z"),
        ("cron(0 1 ? * SAT *)", Some("2h"), "2026-11-28T01:00:00Z", "2026-11-28T03:00:00Z"),
        ("cron(0 0 1 * ? *)", None, "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"),
        ("cron(0 17 ? * 3#2 *)", None, "2026-12-08T17:00:00Z", "2026-12-09T00:00:00Z"),
        ("cron(0 0 1 1/3 ? *)", None, "2027-01-01T00:00:00Z", "2027-01-02T00:00:00Z"),
        ("cron(0 17 L * ? *)", None, "2026-11-30T17:00:00Z", "2026-12-01T00:00:00Z"),
        ("cron(0 4 ? * 2L *)", None, "2026-11-30T04:00:00Z", "2026-12-01T00:00:00Z"),
        ("cron(0 4 15W * ? *)", None, "2026-12-15T04:00:00Z", "2026-12-16T00:00:00Z"),
        ("cron(0 4 LW FEB ? *)", None, "2027-02-26T04:00:00Z", "2027-02-27T00:00:00Z"),
        ("cron(0 4 29 2 ? *)", None, "2028-02-29T04:00:00Z", "2028-03-01T00:00:00Z"),
        ("cron(0 4 ? * L *)", None, "2026-11-28T04:00:00Z", "2026-11-29T00:00:00Z"),
        ("cron(0 16 1,15 * ? *)", Some("2h"), "2026-12-01T16:00:00Z", "2026-12-01T18:00:00Z"),
    ] {
        let window = rules(expression, duration).unwrap().next_window(now, now).unwrap();
        assert_eq!((window.opens, window.closes), (at(opens), at(closes)), "{expression}");
    }
}

#[test]
fn days_are_counted_from_the_day_of_the_last_rotation_and_end_with_their_day() {
    let rules = RotationRules::parse(Some(30), None, None).unwrap();
    let now = at("2026-11-24T12:34:56Z");
    assert_eq!(rules.next_rotation(now, now), Some(at("2026-12-24T23:59:59Z")));
    let late = at("2027-01-10T00:00:00Z");
    assert_eq!(
        rules.next_rotation(now, late),
        Some(at("2027-01-23T23:59:59Z")),
        "overdue goes on in step"
    );
}

#[test]
fn what_secrets_manager_refuses_is_refused() {
    for expression in [
        "",
        "rate()",
        "rate(3 hours)",
        "rate(0 days)",
        "rate(1001 days)",
        "rate(-1 days)",
        "rate(1.5 days)",
        "rate(10 minutes)",
        "rate(10days)",
        "rate( 10 days)",
        "every 10 days",
        "at(2026-11-24T12:00:00)",
        "cron()",
        "cron(0 10 * * *)",
        "cron(0 10 * * ? * *)",
        "cron(5 10 * * ? *)",
        "cron(* 10 * * ? *)",
        "cron(0 10 * * ? 2026)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(0 10 1 * MON *)",
        "cron(0 24 * * ? *)",
        "cron(0 10 0 * ? *)",
        "cron(0 10 32 * ? *)",
        "cron(0 10 * 13 ? *)",
        "cron(0 10 ? * 8 *)",
        "cron(0 10 ? * 0 *)",
        "cron(0 10 ? * MON#6 *)",
        "cron(0 10 ? * MON#0 *)",
        "cron(0 10 ? * FOO *)",
        "cron(0 10 30 2 ? *)",
        "cron(0 /3 * * ? *)",
        "cron(0 * * * ? *)",
        "cron(0 1,23 * * ? *)",
        "cron(0 10/0 * * ? *)",
        "cron(0 10- * * ? *)",
        "cron(0 12-10 * * ? *)",
        "cron(0 10 W * ? *)",
        "cron(0 10 32W * ? *)",
        "cron(0 10,, * * ? *)",
        "cron(0 10 * * ? *",
    ] {
        assert!(rules(expression, None).is_err(), "{expression}");
    }
    for duration in ["", "h", "0h", "25h", "2", "2 h", "-1h", "1.5h", "100h", "2H"] {
        assert!(rules("rate(10 days)", Some(duration)).is_err(), "{duration}");
    }
    assert!(rules("cron(0 23 * * ? *)", Some("2h")).is_err(), "into the next day");
    assert!(rules("cron(0 /4 * * ? *)", Some("5h")).is_err(), "into the next window");
    assert!(rules("rate(4 hours)", Some("5h")).is_err(), "into the next window");
    assert!(RotationRules::parse(Some(1), Some("rate(1 day)"), None).is_err());
    assert!(RotationRules::parse(None, None, Some("2h")).is_err());
    for (days, ok) in [(0, false), (1, true), (1000, true), (1001, false)] {
        assert_eq!(RotationRules::parse(Some(days), None, None).is_ok(), ok, "{days}");
    }
}

#[test]
fn an_expression_shows_its_days_too() {
    for (expression, days) in
        [("rate(10 days)", 10), ("rate(12 hours)", 1), ("cron(0 16 1,15 * ? *)", 14)]
    {
        assert_eq!(
            rules(expression, None).unwrap().automatically_after_days(),
            Some(days),
            "{expression}"
        );
    }
}

fn list(range: std::ops::RangeInclusive<u32>) -> impl Strategy<Value = Vec<u32>> {
    prop::collection::btree_set(range, 1..4).prop_map(|set| set.into_iter().collect())
}

fn text(numbers: &[u32]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(expression in "(cron|rate)?\\(?[0-9A-Z*?/,#LW -]{0,30}\\)?") {
        if let Ok(rules) = rules(&expression, None) {
            prop_assert!(rules.next_window(0, 1_800_000_000).is_some());
        }
    }

    /// The twin steps hour by hour.
    #[test]
    fn runs_are_the_hours_that_match(
        hours in list(0..=23), days in list(1..=31), months in list(1..=12), start in 400_000..600_000_i64
    ) {
        let cron = Cron::parse(&format!("0 {} {} {} ? *", text(&hours), text(&days), text(&months))).unwrap();
        let matches = |hour: &i64| {
            let time = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::from_second(hour * 3600).unwrap());
            let is_in = |numbers: &[u32], number: i8| numbers.contains(&u32::try_from(number).unwrap());
            is_in(&hours, time.hour()) && is_in(&days, time.day()) && is_in(&months, time.month())
        };
        let expected = (start + 1..start + 24 * 366 * 2).find(matches);
        match expected {
            Some(_) => prop_assert_eq!(cron.next(start), expected),
            None => prop_assert!(cron.next(start).is_none_or(|next| next >= start + 24 * 366 * 2)),
        }
    }

    /// The twin counts a month's days of that name.
    #[test]
    fn the_nth_weekday_is_counted_within_its_month(
        day in 1..=7i8, nth in 1..=5usize, month in 1..=12i8, year in 1990..2090i16
    ) {
        let first = jiff::civil::date(year, month, 1);
        let days = (1..=first.days_in_month()).map(|day| jiff::civil::date(year, month, day));
        let named: Vec<_> = days.filter(|date| date.weekday().to_sunday_one_offset() == day).collect();
        let hours = |date: &jiff::civil::Date, hour: i8| {
            jiff::tz::TimeZone::UTC.to_timestamp(date.at(hour, 0, 0, 0)).unwrap().as_second() / 3600
        };
        let cron = Cron::parse(&format!("0 9 ? {month} {day}#{nth} *")).unwrap();
        let found = cron.next(hours(&first, 0) - 1);
        match named.get(nth - 1) {
            Some(expected) => prop_assert_eq!(found, Some(hours(expected, 9))),
            None => prop_assert!(found.is_none_or(|next| next >= hours(&first.last_of_month(), 23))),
        }
        let last = Cron::parse(&format!("0 9 ? {month} {day}L *")).unwrap();
        prop_assert_eq!(last.next(hours(&first, 0) - 1), named.last().map(|date| hours(date, 9)));
    }
}
