//! The one place where the present comes from.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use gongyi_domain::{
    typed_time,
    values::{Day, Instant},
};

/// Tells the time, to the microsecond.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Instant;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the replacement the ban points to")]
    fn now(&self) -> Instant {
        Utc::now().trunc_subsecs(6)
    }
}

impl<F: Fn() -> DateTime<Utc> + Send + Sync + 'static> Clock for F {
    fn now(&self) -> Instant {
        self().trunc_subsecs(6)
    }
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// The day of a moment in a time zone.
pub fn day_of(at: Instant, zone: chrono_tz::Tz) -> Day {
    at.with_timezone(&zone).date_naive()
}

/// The moment at which a day ends in a time zone, also where its clocks leap over midnight.
pub fn day_end(day: Day, zone: chrono_tz::Tz) -> Instant {
    day.succ_opt().map_or(Instant::MAX_UTC, |next| typed_time::beginning(next, &zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_the_tenants_midnight() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        for (moment, there) in [("2026-03-02T15:59:59.999999Z", "2026-03-02"), ("2026-03-02T16:00:00Z", "2026-03-03")] {
            assert_eq!(day_of(at(moment), chrono_tz::Asia::Shanghai), day(there), "{moment}");
            assert_eq!(day_of(at(moment), chrono_tz::UTC), day("2026-03-02"), "{moment}");
        }
    }

    /// The log keeps microseconds: what is compared before and after it must not know more.
    #[test]
    fn no_clock_tells_more_than_microseconds() {
        let nanos = || at("2026-03-02T01:00:00.123456789Z");
        assert_eq!(Clock::now(&nanos), at("2026-03-02T01:00:00.123456Z"));
        assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1_000, 0);
    }
}
