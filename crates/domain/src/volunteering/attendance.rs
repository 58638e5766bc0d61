//! Who was there: the stays at an activity, from check-in to check-out.
//!
//! - Nobody is in twice at once; stays may be entered in any order, as long as they do not overlap.
//! - A check-out long after the shift's end is not believed: whoever knows says when it was.
//! - Who is still in when the activity is cancelled is checked out with it, so that no time is lost.
//! - A coordinator takes in who comes without a place, if one is free.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    activity::{Activity, ActivityEvent, ActivityRefusal, CHECK_IN_EARLY_MINUTES, CHECK_INS_MAX_PER_DAY, CHECK_OUT_LATE_MINUTES, Decision},
    activity_details::SHIFT_MAX_MINUTES,
    skill::Skill,
};
use crate::values::{AttendanceId, Day, Instant, ShiftId, VolunteerId, overlaps};

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

impl Attendance {
    /// Check-in and check-out, once done.
    fn span(&self) -> Option<(Instant, Instant)> {
        self.checked_out.map(|out| (self.checked_in, out))
    }
}

impl Activity {
    fn stays_of(&self, volunteer: VolunteerId) -> impl Iterator<Item = (AttendanceId, &Attendance)> {
        self.attendance.iter().map(|(id, stay)| (*id, stay)).filter(move |(_, stay)| stay.volunteer == volunteer)
    }

    /// The stay that has not ended.
    pub fn present(&self, volunteer: VolunteerId) -> Option<(AttendanceId, &Attendance)> {
        self.stays_of(volunteer).find(|(_, stay)| stay.checked_out.is_none())
    }

    /// Everybody who is in.
    pub fn all_present(&self) -> impl Iterator<Item = (AttendanceId, &Attendance)> {
        self.attendance.iter().map(|(id, stay)| (*id, stay)).filter(|(_, stay)| stay.checked_out.is_none())
    }

    /// Whether the volunteer was in here at this moment, or is in and not out yet; a forgotten check-out keeps nobody in.
    pub fn is_in(&self, volunteer: VolunteerId, at: Instant) -> bool {
        self.stays_of(volunteer).any(|(_, stay)| match stay.span() {
            Some((from, to)) => from <= at && at < to,
            None => at <= self.latest_out(stay),
        })
    }

    /// Whether the volunteer was in here during this time, or came in it and is not out yet.
    pub fn was_in(&self, volunteer: VolunteerId, time: (Instant, Instant)) -> bool {
        self.stays_of(volunteer).any(|(_, stay)| match stay.span() {
            Some(span) => overlaps(span, time),
            None => time.0 < stay.checked_in && stay.checked_in < time.1,
        })
    }

    /// When the volunteer came next after this moment.
    pub fn next_check_in(&self, volunteer: VolunteerId, after: Instant) -> Option<Instant> {
        self.stays_of(volunteer).map(|(_, stay)| stay.checked_in).filter(|begin| *begin > after).min()
    }

    pub(super) fn check_in(
        &self,
        attendance: AttendanceId,
        stay: Attendance,
        now: Instant,
        witness: Witness,
        walk_in: Option<(u32, BTreeSet<Skill>)>,
    ) -> Decision {
        let Attendance { volunteer, shift: id, day, checked_in: at, .. } = stay;
        self.require_open()?;
        let shift = self.shift(id)?;
        let mut events = match (self.require_place(id, volunteer), walk_in) {
            (Ok(()), _) => vec![],
            (Err(refusal), None) => return Err(refusal),
            (Err(_), Some((age, skills))) => vec![self.walk_in(id, volunteer, age, &skills)?],
        };
        let opens = shift.starts - Duration::minutes(CHECK_IN_EARLY_MINUTES);
        if at < opens || at >= shift.ends || at > now {
            return Err(ActivityRefusal::CheckInTimeUnfit);
        }
        if self.present(volunteer).is_some() {
            return Err(ActivityRefusal::AlreadyCheckedIn);
        }
        if self.stays_of(volunteer).filter(|(_, stay)| stay.day == day).count() >= CHECK_INS_MAX_PER_DAY {
            return Err(ActivityRefusal::TooManyCheckIns { most: CHECK_INS_MAX_PER_DAY });
        }
        if self.is_in(volunteer, at) {
            return Err(ActivityRefusal::StaysOverlap);
        }
        events.push(ActivityEvent::VolunteerCheckedIn { attendance, shift: id, volunteer, at, day, witness });
        Ok(events)
    }

    /// When somebody who is in must be out: a day after check-in, and not long after the shift.
    fn latest_out(&self, stay: &Attendance) -> Instant {
        let longest = stay.checked_in + Duration::minutes(SHIFT_MAX_MINUTES.into());
        match self.shift(stay.shift) {
            Ok(shift) => longest.min(shift.ends + Duration::minutes(CHECK_OUT_LATE_MINUTES)),
            Err(_) => longest,
        }
    }

    pub(super) fn check_out(&self, volunteer: VolunteerId, at: Instant, now: Instant, witness: Witness) -> Decision {
        // Also where the activity is over: whoever is in comes out.
        self.require_known()?;
        let (attendance, stay) = self.present(volunteer).ok_or(ActivityRefusal::NotCheckedIn)?;
        let longest = stay.checked_in + Duration::minutes(SHIFT_MAX_MINUTES.into());
        if at <= stay.checked_in || at > now || at > longest {
            return Err(ActivityRefusal::CheckOutTimeUnfit);
        }
        if at > self.latest_out(stay) {
            return Err(ActivityRefusal::CheckOutLate);
        }
        if self.was_in(volunteer, (stay.checked_in, at)) {
            return Err(ActivityRefusal::StaysOverlap);
        }
        Ok(vec![ActivityEvent::VolunteerCheckedOut { attendance, volunteer, at, witness }])
    }

    /// Ends every stay: now, or with its shift where the check-out was forgotten, and before the volunteer's next stay,
    /// here or `elsewhere`, in any case.
    pub(super) fn all_checked_out(&self, elsewhere: &BTreeMap<VolunteerId, Instant>, now: Instant) -> Vec<ActivityEvent> {
        let out = |(attendance, stay): (AttendanceId, &Attendance)| {
            let forgotten = now > self.latest_out(stay);
            let end = self.shift(stay.shift).map_or(self.latest_out(stay), |shift| shift.ends.min(self.latest_out(stay)));
            let next = self.next_check_in(stay.volunteer, stay.checked_in).into_iter().chain(elsewhere.get(&stay.volunteer).copied());
            let at = next.fold(if forgotten { end } else { now }, Instant::min);
            ActivityEvent::VolunteerCheckedOut { attendance, volunteer: stay.volunteer, at, witness: Witness::Coordinator }
        };
        self.all_present().map(out).collect()
    }
}

#[cfg(test)]
#[path = "attendance_tests.rs"]
mod tests;
