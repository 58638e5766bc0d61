//! The one place where the present comes from.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use gongyi_domain::values::{Day, Instant};

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
