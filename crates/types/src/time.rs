//! Points in time and the clock that is passed in.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp(i64);

const MILLIS_PER_DAY: i64 = 86_400_000;

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Seconds since the epoch with milliseconds behind the point, as AWS JSON writes timestamps.
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "exact below 2^53 ms, the year 287396"
    )]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// From seconds since the epoch with a fraction, as AWS JSON writes them, to the nearest millisecond: that
    /// is the one which was written. `None`: no such point.
    pub fn from_secs_f64(secs: f64) -> Option<Self> {
        let span = jiff::SignedDuration::try_from_secs_f64(secs).ok()?;
        let span = span.round(jiff::Unit::Millisecond).ok()?;
        i64::try_from(span.as_millis()).ok().map(Self)
    }

    /// So many days later (or earlier), at the same time of day.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(MILLIS_PER_DAY)))
    }

    /// So many milliseconds later (or earlier).
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The UTC day that this point lies in.
    pub const fn day(self) -> Day {
        Day(self.0.div_euclid(MILLIS_PER_DAY))
    }

    /// Eight bytes that sort like the points in time, for index terms.
    pub const fn sortable(self) -> [u8; 8] {
        (self.0.cast_unsigned() ^ (1 << 63)).to_be_bytes()
    }

    /// The same point for calendar arithmetic. `None` outside the years -9999 to 9999.
    pub fn to_jiff(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_millisecond(self.0).ok()
    }

    /// From calendar arithmetic, cut to milliseconds.
    pub fn from_jiff(point: jiff::Timestamp) -> Self {
        Self(point.as_millisecond())
    }
}

/// A UTC day. AWS gives LastAccessedDate as a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Day(i64);

impl Day {
    /// Days since 1970-01-01.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Midnight at its start.
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(MILLIS_PER_DAY))
    }
}

/// The clock. Read once per request; everything in the request sees the same `now`.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::from_jiff(jiff::Timestamp::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sortable_bytes_keep_the_order_of_time() {
        let points = [i64::MIN, -1, 0, 1, 1_700_000_000_123, i64::MAX].map(Timestamp::from_millis);
        let terms = points.map(Timestamp::sortable);
        assert!(terms.is_sorted());
    }

    #[test]
    fn seconds_with_a_fraction_come_back_as_they_went_out() {
        for millis in
            (0..2000).chain([-1, 1_790_000_000_123, 1_790_172_800_123, -1_790_000_000_001])
        {
            let point = Timestamp::from_millis(millis);
            assert_eq!(Timestamp::from_secs_f64(point.as_secs_f64()), Some(point));
        }
        assert_eq!(Timestamp::from_secs_f64(1.5), Some(Timestamp::from_millis(1500)));
        for none in [f64::NAN, f64::INFINITY, 1e300, -1e300, 1e18] {
            assert_eq!(Timestamp::from_secs_f64(none), None, "{none}");
        }
    }

    #[test]
    fn a_day_starts_at_midnight_utc() {
        let noon = Timestamp::from_millis(1_700_049_600_500);
        assert_eq!(noon.day().start().as_millis(), 1_700_006_400_000);
        assert_eq!(Timestamp::from_millis(-1).day().start().as_millis(), -86_400_000);
    }

    #[test]
    fn seconds_on_the_wire_carry_milliseconds() {
        assert_eq!(
            Timestamp::from_millis(1_523_477_145_713).as_secs_f64().to_string(),
            "1523477145.713"
        );
    }
}
