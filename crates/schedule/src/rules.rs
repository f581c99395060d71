//! Rotation rules: a schedule with its windows.

use crate::ScheduleError;
use crate::cron::Cron;

const HOUR_SECS: i64 = 3600;
const DAY_HOURS: i64 = 24;
/// User guide: as often as every four hours.
const INTERVAL_HOURS_MIN: i64 = 4;
/// Model: `AutomaticallyRotateAfterDaysType`.
const DAYS_MAX: i64 = 1000;
/// Runs looked at to find the shortest interval: more than a month of the most frequent schedule.
const RUNS_CHECKED: usize = 300;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Schedule {
    Cron(Cron),
    Days(i64),
    Hours(i64),
}

/// A span in which a rotation may run, in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first second.
    pub opens: i64,
    /// The second after its last.
    pub closes: i64,
}

/// Rules that Secrets Manager takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationRules {
    schedule: Schedule,
    duration_hours: Option<i64>,
}

impl RotationRules {
    /// From the members of `RotationRules`: days or an expression, not both, with or without a duration.
    pub fn parse(
        automatically_after_days: Option<i64>,
        schedule_expression: Option<&str>,
        duration: Option<&str>,
    ) -> Result<Self, ScheduleError> {
        let schedule = match (automatically_after_days, schedule_expression) {
            (Some(_), Some(_)) => {
                return Err(ScheduleError::Rules(
                    "You can't specify both AutomaticallyAfterDays and ScheduleExpression in RotationRules.",
                ));
            }
            (None, None) => {
                return Err(ScheduleError::Rules(
                    "You must specify either AutomaticallyAfterDays or ScheduleExpression in RotationRules.",
                ));
            }
            (Some(days), None) => Schedule::Days(check_days(days)?),
            (None, Some(expression)) => parse_expression(expression)?,
        };
        let duration_hours = duration.map(parse_duration).transpose()?;
        let rules = Self { schedule, duration_hours };
        rules.check_windows()?;
        Ok(rules)
    }

    /// The first window that opens after `after`, for a secret whose rotation was last done, or set up, at `anchor`.
    /// Both in seconds since the epoch.
    pub fn next_window(&self, anchor: i64, after: i64) -> Option<Window> {
        let hour_of = |secs: i64| secs.div_euclid(HOUR_SECS);
        let opens = match &self.schedule {
            Schedule::Cron(cron) => cron.next(hour_of(after))?,
            Schedule::Days(days) => {
                let period = days.checked_mul(DAY_HOURS)?;
                let first = hour_of(anchor)
                    .div_euclid(DAY_HOURS)
                    .checked_mul(DAY_HOURS)?
                    .checked_add(period)?;
                first_behind(first, period, hour_of(after))?
            }
            Schedule::Hours(hours) => {
                first_behind(hour_of(anchor).checked_add(*hours)?, *hours, hour_of(after))?
            }
        };
        let closes = opens.checked_add(self.window_hours(opens))?;
        Some(Window {
            opens: opens.checked_mul(HOUR_SECS)?,
            closes: closes.checked_mul(HOUR_SECS)?,
        })
    }

    /// What `DescribeSecret` shows as NextRotationDate: the last second of the next window, "on or before" which the
    /// rotation is scheduled to occur.
    pub fn next_rotation(&self, anchor: i64, now: i64) -> Option<i64> {
        self.next_window(anchor, now).map(|window| window.closes - 1)
    }

    /// Days between rotations, rounded up: AWS shows them beside an expression, too.
    pub fn automatically_after_days(&self) -> Option<i64> {
        match &self.schedule {
            Schedule::Days(days) => Some(*days),
            Schedule::Hours(hours) => Some(hours.div_euclid(DAY_HOURS).max(1)),
            Schedule::Cron(cron) => {
                let first = cron.next(0)?;
                let second = cron.next(first)?;
                Some((second - first).div_euclid(DAY_HOURS).max(1))
            }
        }
    }

    /// User guide: without a duration a window in hours closes after one, a window in days at the end of the UTC day.
    fn window_hours(&self, opens: i64) -> i64 {
        let is_hourly = match &self.schedule {
            Schedule::Cron(cron) => cron.times_a_day() > 1,
            Schedule::Days(_) => false,
            Schedule::Hours(hours) => hours % DAY_HOURS != 0,
        };
        let until_midnight = DAY_HOURS - opens.rem_euclid(DAY_HOURS);
        self.duration_hours.unwrap_or(if is_hourly { 1 } else { until_midnight })
    }

    /// No window reaches into the next one or into the next UTC day.
    fn check_windows(&self) -> Result<(), ScheduleError> {
        let duration = self.duration_hours.unwrap_or(1);
        let Schedule::Cron(cron) = &self.schedule else {
            let interval = match &self.schedule {
                Schedule::Hours(hours) => *hours,
                Schedule::Days(_) | Schedule::Cron(_) => DAY_HOURS,
            };
            return check_length(duration, interval.min(DAY_HOURS));
        };
        let mut run = cron.next(0).ok_or(ScheduleError::Never)?;
        for _ in 0..RUNS_CHECKED {
            let next = cron.next(run).ok_or(ScheduleError::Never)?;
            if next - run < INTERVAL_HOURS_MIN {
                return Err(ScheduleError::TooOften);
            }
            let until_midnight = DAY_HOURS - run.rem_euclid(DAY_HOURS);
            check_length(duration, until_midnight.min(next - run))?;
            run = next;
        }
        Ok(())
    }
}

fn check_length(duration: i64, hours_max: i64) -> Result<(), ScheduleError> {
    if duration <= hours_max {
        return Ok(());
    }
    Err(ScheduleError::Duration(
        "the window must not extend into the next rotation window or the next UTC day",
    ))
}

/// The first of `first`, `first + period`, … that is greater than `after`.
fn first_behind(first: i64, period: i64, after: i64) -> Option<i64> {
    if first > after {
        return Some(first);
    }
    let periods = after.checked_sub(first)?.div_euclid(period).checked_add(1)?;
    first.checked_add(periods.checked_mul(period)?)
}

fn check_days(days: i64) -> Result<i64, ScheduleError> {
    if (1..=DAYS_MAX).contains(&days) {
        return Ok(days);
    }
    Err(ScheduleError::Rules("AutomaticallyAfterDays must be between 1 and 1000 days."))
}

fn parse_expression(text: &str) -> Result<Schedule, ScheduleError> {
    let inside = |name: &str| text.strip_prefix(name).and_then(|rest| rest.strip_suffix(')'));
    if text.len() > 256 {
        return Err(ScheduleError::Expression("it is too long"));
    }
    match (inside("rate("), inside("cron(")) {
        (Some(rate), _) => parse_rate(rate),
        (_, Some(cron)) => Cron::parse(cron).map(Schedule::Cron),
        _ => Err(ScheduleError::Expression("it must be rate(value unit) or cron(fields)")),
    }
}

fn parse_rate(text: &str) -> Result<Schedule, ScheduleError> {
    const BAD: ScheduleError =
        ScheduleError::Expression("a rate is a number and hour, hours, day or days");
    let (value, unit) = text.split_once(' ').ok_or(BAD)?;
    let is_number =
        !value.is_empty() && value.len() <= 6 && value.bytes().all(|byte| byte.is_ascii_digit());
    let value: i64 = if is_number { value.parse().map_err(|_| BAD)? } else { return Err(BAD) };
    match unit {
        "hour" | "hours" if (INTERVAL_HOURS_MIN..=DAYS_MAX * DAY_HOURS).contains(&value) => {
            Ok(Schedule::Hours(value))
        }
        "hour" | "hours" => Err(ScheduleError::TooOften),
        "day" | "days" => check_days(value).map(Schedule::Days),
        _ => Err(BAD),
    }
}

/// Model: `[0-9]+h`, two or three characters.
fn parse_duration(text: &str) -> Result<i64, ScheduleError> {
    const BAD: ScheduleError =
        ScheduleError::Duration("it must be a number of hours from 1h to 24h");
    let number = text
        .strip_suffix('h')
        .filter(|number| !number.is_empty() && number.len() <= 2)
        .ok_or(BAD)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    let hours = if is_number { number.parse().map_err(|_| BAD)? } else { return Err(BAD) };
    if (1..=DAY_HOURS).contains(&hours) { Ok(hours) } else { Err(BAD) }
}
