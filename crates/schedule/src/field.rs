//! One field of a cron expression: a set of numbers.

use crate::ScheduleError;

/// Which numbers a field may hold, and the names for them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) first: u32,
    pub(crate) last: u32,
    pub(crate) names: &'static [&'static str],
}

pub(crate) const HOURS: Range = Range { first: 0, last: 23, names: &[] };
pub(crate) const DAYS: Range = Range { first: 1, last: 31, names: &[] };
pub(crate) const MONTHS: Range = Range {
    first: 1,
    last: 12,
    names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
/// AWS: 1 is Sunday.
pub(crate) const WEEKDAYS: Range =
    Range { first: 1, last: 7, names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] };

/// A set of numbers up to 63.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn has(self, number: u32) -> bool {
        number < 64 && self.0 & (1 << number) != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = u32> {
        (0..64).filter(move |number| self.has(*number))
    }

    fn add(&mut self, number: u32) {
        self.0 |= 1 << number;
    }
}

const BAD: ScheduleError = ScheduleError::Expression("a field of the cron expression is not valid");

impl Range {
    /// One number or name within the range.
    pub(crate) fn number(self, text: &str) -> Result<u32, ScheduleError> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = match named {
            Some(place) => u32::try_from(place).map_err(|_| BAD)? + self.first,
            None if !text.is_empty()
                && text.len() <= 4
                && text.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                text.parse().map_err(|_| BAD)?
            }
            None => return Err(BAD),
        };
        if (self.first..=self.last).contains(&number) { Ok(number) } else { Err(BAD) }
    }

    /// A list of numbers, ranges and steps.
    pub(crate) fn parse(self, text: &str) -> Result<Numbers, ScheduleError> {
        let mut numbers = Numbers::default();
        for item in text.split(',') {
            let (range, step) = match item.split_once('/') {
                Some((range, step)) => (range, Some(step)),
                None => (item, None),
            };
            let (from, to) = self.bounds(range, step.is_some())?;
            let step = match step {
                Some(step) => self.step(step)?,
                None => 1,
            };
            let mut number = from;
            while number <= to {
                numbers.add(number);
                number += step;
            }
        }
        Ok(numbers)
    }

    /// AWS's guide writes `/8` for `0/8`; a number before a step starts there and goes on to the end.
    fn bounds(self, range: &str, has_step: bool) -> Result<(u32, u32), ScheduleError> {
        match range.split_once('-') {
            _ if range == "*" || (range.is_empty() && has_step) => Ok((self.first, self.last)),
            Some((from, to)) => {
                let (from, to) = (self.number(from)?, self.number(to)?);
                if from <= to { Ok((from, to)) } else { Err(BAD) }
            }
            None => {
                let from = self.number(range)?;
                Ok((from, if has_step { self.last } else { from }))
            }
        }
    }

    fn step(self, text: &str) -> Result<u32, ScheduleError> {
        let is_number =
            !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        let step = if is_number { text.parse().map_err(|_| BAD)? } else { 0 };
        if (1..=self.last).contains(&step) { Ok(step) } else { Err(BAD) }
    }
}
