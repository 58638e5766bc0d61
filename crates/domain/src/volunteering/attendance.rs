//! Who has a place in a shift of an activity, who waits for one, and who was there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{Day, Instant, ShiftId, VolunteerId};

/// How somebody was checked in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// By a coordinator.
    Coordinator,
    /// By the rotating code shown at the place.
    Code,
}

/// One stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendance {
    /// Who.
    pub volunteer: VolunteerId,
    /// At which shift.
    pub shift: ShiftId,
    /// The day of the check-in, in the tenant's time zone.
    pub day: Day,
    /// Check-in.
    pub checked_in: Instant,
    /// Check-out, once done.
    pub checked_out: Option<Instant>,
}

/// Who has a place in a shift and who waits for one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Those with a place, in order of taking it.
    pub taken: Vec<VolunteerId>,
    /// Those waiting, first come first.
    pub waiting: Vec<VolunteerId>,
}
