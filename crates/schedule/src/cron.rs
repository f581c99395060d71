//! AWS's cron expressions, as far as Secrets Manager takes them: on the hour, in every year.
//!
//! EventBridge user guide, "Cron expressions": six fields, names, lists, ranges, steps, `L`, `W`, `#`; one of the two day
//! fields must be `?`.

use crate::ScheduleError;
use crate::field::{DAYS, HOURS, MONTHS, Numbers, WEEKDAYS};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// The days of a month on which it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Days {
    /// These days of the month.
    OfMonth(Numbers),
    /// `L`: the last day.
    Last,
    /// `LW`: the last weekday.
    LastWeekday,
    /// `15W`: the weekday nearest to a day, in the same month.
    NearestWeekday(u32),
    /// These days of the week; 1 is Sunday.
    OfWeek(Numbers),
    /// `6L`: the last of a day of the week.
    LastOfWeek(u32),
    /// `6#3`: the third of a day of the week.
    NthOfWeek(u32, u32),
}

/// A cron expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cron {
    hours: Numbers,
    months: Numbers,
    days: Days,
}

/// 29 February comes at the latest eight years after the one before (1896, 1904).
const DAYS_AHEAD_MAX: usize = 8 * 366 + 31;

impl Cron {
    /// Reads what stands between the parentheses of `cron()`.
    pub fn parse(fields: &str) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = fields.split(' ').filter(|field| !field.is_empty()).collect();
        let [minutes, hours, day_of_month, months, day_of_week, years] = fields[..] else {
            return Err(ScheduleError::Expression("a cron expression has six fields"));
        };
        if minutes != "0" {
            return Err(ScheduleError::Expression("the minutes of a rotation schedule must be 0"));
        }
        if years != "*" {
            return Err(ScheduleError::Expression("the year of a rotation schedule must be *"));
        }
        Ok(Self {
            hours: HOURS.parse(hours)?,
            months: MONTHS.parse(months)?,
            days: parse_days(day_of_month, day_of_week)?,
        })
    }

    /// The first hour behind a point, given in hours since 1970-01-01T00:00Z. `None` if there is none.
    pub fn next(&self, after: i64) -> Option<i64> {
        let epoch = jiff::civil::date(1970, 1, 1);
        let first = epoch.checked_add(after.div_euclid(24).days()).ok()?;
        let days =
            std::iter::successors(Some(first), |day| day.tomorrow().ok()).take(DAYS_AHEAD_MAX);
        for (offset, day) in (0_i64..).zip(days) {
            if !self.runs_on(day) {
                continue;
            }
            let start = (after.div_euclid(24) + offset) * 24;
            let found =
                self.hours.iter().map(|hour| start + i64::from(hour)).find(|hour| *hour > after);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn runs_on(&self, day: Date) -> bool {
        let (month, of_month) = (number(day.month()), number(day.day()));
        let last = number(day.days_in_month());
        self.months.has(month)
            && match self.days {
                Days::OfMonth(days) => days.has(of_month),
                Days::Last => of_month == last,
                Days::LastWeekday => is_nearest_weekday(day, last),
                Days::NearestWeekday(wanted) => is_nearest_weekday(day, wanted),
                Days::OfWeek(days) => days.has(weekday(day)),
                Days::LastOfWeek(wanted) => weekday(day) == wanted && of_month + 7 > last,
                Days::NthOfWeek(wanted, nth) => {
                    weekday(day) == wanted && (of_month - 1) / 7 + 1 == nth
                }
            }
    }

    /// How often it runs on a day on which it runs.
    pub(crate) fn times_a_day(&self) -> usize {
        self.hours.iter().count()
    }
}

fn number(of: i8) -> u32 {
    u32::try_from(of).unwrap_or(0)
}

/// 1 is Sunday.
fn weekday(day: Date) -> u32 {
    number(day.weekday().to_sunday_one_offset())
}

/// The weekday nearest to the day `wanted` of the month, without leaving the month.
fn is_nearest_weekday(day: Date, wanted: u32) -> bool {
    let Ok(Ok(target)) =
        i8::try_from(wanted).map(|wanted| Date::new(day.year(), day.month(), wanted))
    else {
        return false;
    };
    let (is_first, is_last) = (target.day() == 1, target.day() == target.days_in_month());
    let shift = match target.weekday() {
        Weekday::Saturday if is_first => 2,
        Weekday::Saturday => -1,
        Weekday::Sunday if is_last => -2,
        Weekday::Sunday => 1,
        _ => 0,
    };
    target.checked_add(shift.days()).is_ok_and(|nearest| nearest == day)
}

fn parse_days(day_of_month: &str, day_of_week: &str) -> Result<Days, ScheduleError> {
    match (day_of_month, day_of_week) {
        ("?", "?") => Err(ScheduleError::Expression("only one of the two day fields can be ?")),
        ("?", of_week) => parse_day_of_week(of_week),
        (of_month, "?") => parse_day_of_month(of_month),
        _ => Err(ScheduleError::Expression("one of the two day fields must be ?")),
    }
}

fn parse_day_of_month(text: &str) -> Result<Days, ScheduleError> {
    match text {
        "L" => Ok(Days::Last),
        "LW" => Ok(Days::LastWeekday),
        _ => match text.strip_suffix('W') {
            Some(day) => DAYS.number(day).map(Days::NearestWeekday),
            None => DAYS.parse(text).map(Days::OfMonth),
        },
    }
}

fn parse_day_of_week(text: &str) -> Result<Days, ScheduleError> {
    if text == "L" {
        return Ok(Days::OfWeek(WEEKDAYS.parse("7")?));
    }
    if let Some((day, nth)) = text.split_once('#') {
        let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth));
        let nth = nth.ok_or(ScheduleError::Expression("behind # stands a number from 1 to 5"))?;
        return Ok(Days::NthOfWeek(WEEKDAYS.number(day)?, nth));
    }
    match text.strip_suffix('L') {
        Some(day) => WEEKDAYS.number(day).map(Days::LastOfWeek),
        None => WEEKDAYS.parse(text).map(Days::OfWeek),
    }
}
