//! Activities with their shifts, who signed up, and who was there.
//!
//! - `taken` and `waiting` of a shift count its sign-ups in those phases; a shift that was taken out has none.
//! - A sign-up is never deleted: withdrawn ones stay as such.

use std::collections::BTreeSet;

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use gongyi_domain::{
    Event,
    values::{ActivityId, AreaCode, AttendanceId, Day, Instant, Minutes, OrganisationId, ShiftId, VolunteerId},
    volunteering::{
        self,
        activity::{ActivityEvent, ActivityPhase, Witness},
        activity_details::{Details, Risk},
        category::Category,
        skill::Skill,
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    change::Change,
    opener::Texts,
    read_model::{Fold, FoldError},
    rows::{Rows, Table, row},
    stored::{activity_phase, flag, json},
};

row! {
    /// An activity.
    ActivityRow in "activities" {
        key {
            /// The activity.
            id: ActivityId,
        }
        fixed {
            /// Who organises it.
            organisation: OrganisationId,
            /// When it was published.
            #[serde(with = "ts_microseconds")]
            published_at: Instant,
        }
        rare {
            /// Title.
            title: String,
            /// Category.
            category: Category,
            /// Where to meet.
            place: String,
            /// The area it counts in.
            area: AreaCode,
            /// The least age on the day of the shift, in years; 0 for none.
            minimum_age: u32,
            /// What a volunteer must be able to do, all of it.
            #[serde(with = "json")]
            required_skills: BTreeSet<Skill>,
            /// The dangers, where it is dangerous.
            risk_notice: Option<String>,
            /// The insurance, where it is dangerous.
            risk_insurance: Option<String>,
            /// From when on one may sign up.
            #[serde(with = "ts_microseconds")]
            sign_up_opens: Instant,
            /// Until when one may sign up.
            #[serde(with = "ts_microseconds")]
            sign_up_closes: Instant,
            /// Withdrawal is possible until this many minutes before the shift starts.
            withdrawal_minutes: Minutes,
            /// Start of the first shift.
            #[serde(with = "ts_microseconds")]
            starts: Instant,
            /// End of the last shift.
            #[serde(with = "ts_microseconds")]
            ends: Instant,
            /// When it was published, amended, cancelled or closed: the last time, as recorded.
            #[serde(with = "ts_microseconds")]
            revised_at: Instant,
            /// The event that did.
            revised: u64,
        }
        live {
            /// Whether it takes people in.
            #[serde(with = "activity_phase")]
            phase: ActivityPhase,
            /// Why it was cancelled.
            cancel_reason: Option<String>,
        }
    }
}

row! {
    /// A shift of an activity.
    ShiftRow in "shifts" {
        key {
            /// The activity.
            activity: ActivityId,
            /// The shift.
            shift: ShiftId,
        }
        live {
            /// When it starts.
            #[serde(with = "ts_microseconds")]
            starts: Instant,
            /// When it ends.
            #[serde(with = "ts_microseconds")]
            ends: Instant,
            /// How many can take part.
            capacity: u32,
            /// An amendment took it out.
            #[serde(with = "flag")]
            removed: bool,
            /// Places taken.
            taken: u32,
            /// Volunteers waiting for a place.
            waiting: u32,
        }
    }
}

/// Where a sign-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignUpPhase {
    /// Has a place.
    Taken,
    /// Waits for a place.
    Waiting,
    /// Was given back.
    Withdrawn,
}

row! {
    /// A volunteer's sign-up for a shift.
    SignUpRow in "sign_ups" {
        key {
            /// The activity.
            activity: ActivityId,
            /// The shift.
            shift: ShiftId,
            /// The volunteer.
            volunteer: VolunteerId,
        }
        live {
            /// Where it stands.
            phase: SignUpPhase,
            /// Since when.
            #[serde(with = "ts_microseconds")]
            since: Instant,
            /// The place in the order of places or of the waitlist: smaller comes first.
            queued: u64,
            /// Who asked for it, as the log names actors.
            entered_by: String,
        }
    }
}

row! {
    /// One stay at an activity.
    AttendanceRow in "attendances" {
        key {
            /// The activity.
            activity: ActivityId,
            /// The stay.
            attendance: AttendanceId,
        }
        fixed {
            /// At which shift.
            shift: ShiftId,
            /// Who.
            volunteer: VolunteerId,
            /// The day of the check-in, in the tenant's time zone.
            day: Day,
            /// Check-in.
            #[serde(with = "ts_microseconds")]
            checked_in: Instant,
            /// Who witnessed the check-in.
            witness_in: Witness,
            /// Who entered the check-in, as the log names actors.
            entered_by: String,
        }
        live {
            /// Check-out, once done.
            #[serde(with = "ts_microseconds_option")]
            checked_out: Option<Instant>,
            /// Who witnessed the check-out.
            witness_out: Option<Witness>,
        }
    }
}

#[derive(Default)]
pub(crate) struct ActivitiesFold {
    activities: Rows<ActivityRow>,
    shifts: Rows<ShiftRow>,
    sign_ups: Rows<SignUpRow>,
    attendances: Rows<AttendanceRow>,
}

fn moved(count: u32, before: bool, after: bool, what: &'static str) -> Result<u32, FoldError> {
    let count = match (before, after) {
        (false, true) => count.checked_add(1),
        (true, false) => count.checked_sub(1),
        (true, true) | (false, false) => Some(count),
    };
    count.ok_or(FoldError::Overflow(what))
}

impl ActivitiesFold {
    fn details(&mut self, id: ActivityId, details: &Details, position: u64) -> Result<(), FoldError> {
        let span = details.shifts.iter().map(|it| it.starts).min().zip(details.shifts.iter().map(|it| it.ends).max());
        let (starts, ends) = span.ok_or_else(|| FoldError::Unfit("an activity without shifts".to_owned()))?;
        let row = self.activities.change(&(id,), position)?;
        let Details { title, category, place, area, minimum_age, required_skills, risk, .. } = details.clone();
        let (notice, insurance) = risk.map(|Risk { notice, insurance }| (notice, insurance)).unzip();
        (row.title, row.category, row.place, row.area) = (title, category, place, area);
        (row.minimum_age, row.required_skills) = (minimum_age, required_skills);
        (row.risk_notice, row.risk_insurance) = (notice, insurance);
        (row.sign_up_opens, row.sign_up_closes) = (details.sign_up_opens, details.sign_up_closes);
        (row.withdrawal_minutes, row.starts, row.ends) = (details.withdrawal_minutes, starts, ends);
        for shift in &details.shifts {
            let key = (id, shift.id);
            let (taken, waiting) = self.shifts.get(&key)?.map_or((0, 0), |row| (row.taken, row.waiting));
            self.shifts.put(ShiftRow {
                activity: id,
                shift: shift.id,
                starts: shift.starts,
                ends: shift.ends,
                capacity: shift.capacity,
                removed: false,
                taken,
                waiting,
                position,
            });
        }
        let gone = |shift: ShiftId| !details.shifts.iter().any(|it| it.id == shift);
        self.shifts.change_all(
            position,
            |row| row.activity == id && gone(row.shift) && !row.removed,
            |row| (row.removed, row.taken, row.waiting) = (true, 0, 0),
        );
        self.sign_ups.change_all(
            position,
            |row| row.activity == id && gone(row.shift) && row.phase != SignUpPhase::Withdrawn,
            |row| row.phase = SignUpPhase::Withdrawn,
        );
        Ok(())
    }

    /// A sign-up stands so from now on; moving up the waitlist and giving back leave it who asked for it.
    fn sign_up(&mut self, change: &Change, shift: ShiftId, volunteer: VolunteerId, phase: SignUpPhase) -> Result<(), FoldError> {
        let (activity, position) = (ActivityId(change.stream.id), change.position);
        let key = (activity, shift, volunteer);
        let stood = self.sign_ups.get(&key)?.cloned();
        let before = stood.as_ref().map(|row| row.phase);
        let goes_on = phase == SignUpPhase::Withdrawn || (before, phase) == (Some(SignUpPhase::Waiting), SignUpPhase::Taken);
        let entered_by = stood.filter(|_| goes_on).map_or_else(|| change.actor().to_owned(), |row| row.entered_by);
        let is = |now: Option<SignUpPhase>, phase| now == Some(phase);
        let row = self.shifts.change(&(activity, shift), position)?;
        let (taken, waiting) = (SignUpPhase::Taken, SignUpPhase::Waiting);
        row.taken = moved(row.taken, is(before, taken), phase == taken, "shifts.taken")?;
        row.waiting = moved(row.waiting, is(before, waiting), phase == waiting, "shifts.waiting")?;
        let since = change.recorded_at;
        self.sign_ups.put(SignUpRow { activity, shift, volunteer, phase, since, queued: position, entered_by, position });
        Ok(())
    }
}

/// What an event says of an activity.
fn concern(change: &Change) -> Option<&ActivityEvent> {
    use volunteering::Event as V;
    let Event::Volunteering(event) = &change.event else { return None };
    match event {
        V::Activity(event) => Some(event),
        V::Volunteer(_) | V::Organisation(_) | V::Membership(_) | V::Calendar(_) | V::ServiceLedger(_) | V::StarScheme(_) => None,
    }
}

impl Fold for ActivitiesFold {
    const NAME: &'static str = "activities";
    const KINDS: &'static [&'static str] = &["activity"];

    fn want(&mut self, change: &Change) {
        let Some(event) = concern(change) else { return };
        let id = ActivityId(change.stream.id);
        match event {
            ActivityEvent::ActivityPublished { details, .. } | ActivityEvent::ActivityAmended { details } => {
                self.activities.want((id,));
                for shift in &details.shifts {
                    self.shifts.want((id, shift.id));
                }
                if matches!(event, ActivityEvent::ActivityAmended { .. }) {
                    self.shifts.want_by("activity", id);
                    self.sign_ups.want_by("activity", id);
                }
            }
            ActivityEvent::ActivityCancelled { .. } | ActivityEvent::ActivityClosed {} => self.activities.want((id,)),
            ActivityEvent::VolunteerSignedUp { shift, volunteer }
            | ActivityEvent::VolunteerWaitlisted { shift, volunteer }
            | ActivityEvent::VolunteerPromoted { shift, volunteer }
            | ActivityEvent::SignUpWithdrawn { shift, volunteer } => {
                self.shifts.want((id, *shift));
                self.sign_ups.want((id, *shift, *volunteer));
            }
            ActivityEvent::VolunteerCheckedIn { attendance, .. } | ActivityEvent::VolunteerCheckedOut { attendance, .. } => {
                self.activities.want((id,));
                self.attendances.want((id, *attendance));
            }
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some(event) = concern(change) else { return Ok(()) };
        let (id, position) = (ActivityId(change.stream.id), change.position);
        if let ActivityEvent::ActivityAmended { .. } | ActivityEvent::ActivityCancelled { .. } | ActivityEvent::ActivityClosed {} = event {
            let row = self.activities.change(&(id,), position)?;
            (row.revised_at, row.revised) = (change.recorded_at, position);
        }
        match event {
            ActivityEvent::ActivityPublished { organisation, details } => {
                self.activities.add(ActivityRow {
                    id,
                    organisation: *organisation,
                    published_at: change.recorded_at,
                    title: String::new(),
                    category: details.category,
                    place: String::new(),
                    area: details.area.clone(),
                    minimum_age: 0,
                    required_skills: BTreeSet::new(),
                    risk_notice: None,
                    risk_insurance: None,
                    sign_up_opens: details.sign_up_opens,
                    sign_up_closes: details.sign_up_closes,
                    withdrawal_minutes: details.withdrawal_minutes,
                    starts: details.sign_up_opens,
                    ends: details.sign_up_closes,
                    revised_at: change.recorded_at,
                    revised: position,
                    phase: ActivityPhase::Open,
                    cancel_reason: None,
                    position,
                })?;
                self.details(id, details, position)
            }
            ActivityEvent::ActivityAmended { details } => self.details(id, details, position),
            ActivityEvent::ActivityCancelled { reason } => {
                let row = self.activities.change(&(id,), position)?;
                (row.phase, row.cancel_reason) = (ActivityPhase::Cancelled, Some(reason.clone()));
                Ok(())
            }
            ActivityEvent::ActivityClosed {} => {
                self.activities.change(&(id,), position)?.phase = ActivityPhase::Closed;
                Ok(())
            }
            ActivityEvent::VolunteerSignedUp { shift, volunteer } | ActivityEvent::VolunteerPromoted { shift, volunteer } => {
                self.sign_up(change, *shift, *volunteer, SignUpPhase::Taken)
            }
            ActivityEvent::VolunteerWaitlisted { shift, volunteer } => self.sign_up(change, *shift, *volunteer, SignUpPhase::Waiting),
            ActivityEvent::SignUpWithdrawn { shift, volunteer } => self.sign_up(change, *shift, *volunteer, SignUpPhase::Withdrawn),
            ActivityEvent::VolunteerCheckedIn { attendance, shift, volunteer, at, day, witness } => {
                self.activities.change(&(id,), position)?;
                self.attendances.add(AttendanceRow {
                    activity: id,
                    attendance: *attendance,
                    shift: *shift,
                    volunteer: *volunteer,
                    day: *day,
                    checked_in: *at,
                    witness_in: *witness,
                    entered_by: change.actor().to_owned(),
                    checked_out: None,
                    witness_out: None,
                    position,
                })
            }
            ActivityEvent::VolunteerCheckedOut { attendance, volunteer: _, at, witness } => {
                let row = self.attendances.change(&(id, *attendance), position)?;
                (row.checked_out, row.witness_out) = (Some(*at), Some(*witness));
                Ok(())
            }
        }
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.activities, &mut self.shifts, &mut self.sign_ups, &mut self.attendances]
    }
}
