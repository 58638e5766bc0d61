//! A volunteer's calendar: the shifts a volunteer has signed up or waits for, across all activities.
//!
//! - No two booked shifts overlap. The booking is in the same commit as the sign-up, so two sign-ups sent at once to
//!   two activities cannot both pass.

use std::collections::BTreeMap;

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    event::DomainEvent,
    refusal::refusals,
    values::{ActivityId, Instant, ShiftId, overlaps},
};

/// A volunteer's booked shifts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Each booked shift.
    pub booked: BTreeMap<ShiftId, Booking>,
}

/// One booked shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booking {
    /// The activity.
    pub activity: ActivityId,
    /// The shift's start.
    pub starts: Instant,
    /// The shift's end.
    pub ends: Instant,
}

/// What may be asked of a calendar.
#[derive(Debug, Clone)]
pub enum CalendarCommand {
    /// Book a shift.
    Book {
        /// The activity.
        activity: ActivityId,
        /// The shift.
        shift: ShiftId,
        /// Its start.
        starts: Instant,
        /// Its end.
        ends: Instant,
    },
    /// Free a shift; freeing what is not booked changes nothing.
    Free {
        /// The shift.
        shift: ShiftId,
    },
}

/// What happened to a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CalendarEvent {
    /// A shift was booked.
    ShiftBooked {
        /// The activity.
        activity: ActivityId,
        /// The shift.
        shift: ShiftId,
        /// Its start.
        starts: Instant,
        /// Its end.
        ends: Instant,
    },
    /// A shift was freed.
    ShiftFreed {
        /// The shift.
        shift: ShiftId,
    },
}
impl DomainEvent for CalendarEvent {}

refusals! {
    /// Why a booking is refused.
    pub enum CalendarRefusal {
        /// It overlaps another booked shift.
        ShiftsOverlap("shift", "与已报名的班次时间重叠", "This overlaps another shift the volunteer has signed up for"),
    }
}

impl Aggregate for Calendar {
    const NAME: &'static str = "calendar";
    type State = Self;
    type Command = CalendarCommand;
    type Event = CalendarEvent;
    type Error = CalendarRefusal;

    fn handle_command(calendar: &Self, command: CalendarCommand) -> Result<Vec<CalendarEvent>, CalendarRefusal> {
        match command {
            CalendarCommand::Book { activity, shift, starts, ends } => {
                if calendar.booked.values().any(|it| overlaps((it.starts, it.ends), (starts, ends))) {
                    return Err(CalendarRefusal::ShiftsOverlap);
                }
                Ok(vec![CalendarEvent::ShiftBooked { activity, shift, starts, ends }])
            }
            CalendarCommand::Free { shift } if calendar.booked.contains_key(&shift) => Ok(vec![CalendarEvent::ShiftFreed { shift }]),
            CalendarCommand::Free { .. } => Ok(vec![]),
        }
    }

    fn apply_event(mut calendar: Self, event: CalendarEvent) -> Self {
        match event {
            CalendarEvent::ShiftBooked { activity, shift, starts, ends } => {
                calendar.booked.insert(shift, Booking { activity, starts, ends })
            }
            CalendarEvent::ShiftFreed { shift } => calendar.booked.remove(&shift),
        };
        calendar
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::given;
    use chrono::DateTime;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(minute: u32) -> Instant {
        DateTime::from_timestamp(i64::from(minute) * 60, 0).unwrap()
    }

    proptest! {
        #[test]
        fn no_two_booked_shifts_overlap(wishes in proptest::collection::vec((0u32..500, 1u32..120, any::<bool>()), 0..60)) {
            let mut calendar = Calendar::default();
            for (n, (start, length, free)) in wishes.into_iter().enumerate() {
                let shift = ShiftId(Uuid::from_u128(n as u128 / if free { 2 } else { 1 }));
                let command = if free {
                    CalendarCommand::Free { shift }
                } else {
                    CalendarCommand::Book { activity: ActivityId(Uuid::nil()), shift, starts: at(start), ends: at(start + length) }
                };
                if let Ok(events) = Calendar::handle_command(&calendar, command) {
                    calendar = events.into_iter().fold(calendar, Calendar::apply_event);
                }
                let spans: Vec<_> = calendar.booked.values().collect();
                for (i, a) in spans.iter().enumerate() {
                    prop_assert!(spans[i + 1..].iter().all(|b| !overlaps((a.starts, a.ends), (b.starts, b.ends))));
                }
            }
        }
    }

    #[test]
    fn touching_shifts_do_not_overlap() {
        let book = |shift, starts, ends| CalendarCommand::Book {
            activity: ActivityId(Uuid::nil()),
            shift: ShiftId(Uuid::from_u128(shift)),
            starts: at(starts),
            ends: at(ends),
        };
        let booked = given::<Calendar>([]).and(book(1, 0, 60));
        booked.when(book(2, 60, 120)).then_done();
        booked.when(book(2, 59, 120)).then_refused(CalendarRefusal::ShiftsOverlap);
    }
}
