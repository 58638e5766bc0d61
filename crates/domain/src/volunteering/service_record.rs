//! One service record: what was served when, for whom, on what evidence, and what became of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::category::Category;
use crate::values::{ActivityId, AreaCode, AttendanceId, Day, Instant, Minutes, OrganisationId};

/// Working days after an activity within which its service is to be recorded (志愿服务记录与证明出具办法（试行）, 民政部令第67号, art. 11).
pub const RECORDING_DUE_WORKING_DAYS: u32 = 10;

/// The time served. Travel time does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Served {
    /// Begin.
    pub started: Instant,
    /// End.
    pub ended: Instant,
    /// Whole minutes from begin to end.
    pub minutes: Minutes,
    /// The day it began, in the tenant's time zone: a record over midnight belongs to it.
    pub day: Day,
    /// Category.
    pub category: Category,
}

/// What a record rests on. The two are never mixed in a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Attendance: checked in and out.
    Attested {
        /// The stay.
        attendance: AttendanceId,
    },
    /// Entered by hand.
    Declared,
}

/// Where a record came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The process that follows attendance.
    Attendance,
    /// The volunteer.
    Volunteer,
    /// A coordinator of the organisation.
    Coordinator,
    /// An imported file.
    Import,
}

/// For whom and where it was served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// The organisation that organised it.
    pub organisation: OrganisationId,
    /// The activity, if it was one.
    pub activity: Option<ActivityId>,
    /// Where it counts: the activity's area, else the organisation's.
    pub area: AreaCode,
}

/// How far up a confirmation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The organisation itself.
    Organisation,
    /// The organisation above it, or the street's hub.
    Parent,
    /// The district.
    District,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServicePhase {
    /// Logged, waiting for a confirmation.
    Logged,
    /// Attested, but at the same time as a live record: it waits until one of the two gives way.
    Held,
    /// Confirmed: it counts.
    Confirmed,
    /// Rejected: it does not count.
    Rejected,
    /// Voided for good.
    Voided,
}

impl ServicePhase {
    /// A live record blocks its time for others.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Logged | Self::Confirmed)
    }
}
