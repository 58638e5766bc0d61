//! Who was there: checking in and out, by a coordinator or by the rotating code shown at the place.

use async_graphql::{Context, Enum, Error, ID, Object, SimpleObject};
use gongyi_app::volunteering::attendance::{CheckIn, CheckInByCode, CheckOut, CheckOutByCode};
use gongyi_domain::{
    access::authority::Subject,
    values::{ActivityId, VolunteerId},
    volunteering::activity::{SIGN_UPS, Witness as Stored},
};
use gongyi_projections::AttendanceRow;

use super::{
    activities::{self, Activity, ActivityPayload, Shift},
    volunteers::{self, OneselfAsVolunteer, Volunteer},
};
use crate::{
    door::Door,
    fault,
    ids::{self, AttendanceKey, ShiftKey},
    loaders::{AttendancesOf, EnteredBy},
    outcome::payloads,
    scalars::{Date, Moment, Position},
    table::mutations,
};

/// How somebody was checked in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Stored")]
pub enum Witness {
    /// By a coordinator.
    Coordinator,
    /// By the rotating code shown at the place.
    Code,
}

/// A stay, and the activity it was reached through.
pub struct Attendance {
    pub(crate) row: AttendanceRow,
    pub(crate) seen_in: Option<Subject>,
}

/// One stay at an activity, from check-in to check-out.
#[Object]
impl Attendance {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&AttendanceKey { activity: self.row.activity, attendance: self.row.attendance })
    }
    /// The activity.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Option<Activity>, Error> {
        activities::activity(&Door::of(ctx)?, self.row.activity).await
    }
    /// The shift; null once an amendment took it out.
    async fn shift(&self, ctx: &Context<'_>) -> Result<Option<Shift>, Error> {
        activities::shift(&Door::of(ctx)?, ShiftKey { activity: self.row.activity, shift: self.row.shift }).await
    }
    /// The volunteer.
    async fn volunteer(&self, ctx: &Context<'_>) -> Result<Option<Volunteer>, Error> {
        let door = Door::of(ctx)?;
        let entered_by = door.load(EnteredBy(self.row.activity, self.row.volunteer)).await?.unwrap_or_default();
        volunteers::volunteer_in(&door, self.row.volunteer, self.seen_in.clone(), &entered_by).await
    }
    /// The day of the check-in.
    fn day(&self) -> Date {
        Date(self.row.day)
    }
    /// Check-in.
    fn checked_in_at(&self) -> Moment {
        Moment(self.row.checked_in)
    }
    /// How the check-in was witnessed.
    fn checked_in_by(&self) -> Witness {
        self.row.witness_in.into()
    }
    /// Check-out, once done.
    fn checked_out_at(&self) -> Option<Moment> {
        self.row.checked_out.map(Moment)
    }
    /// How the check-out was witnessed.
    fn checked_out_by(&self) -> Option<Witness> {
        self.row.witness_out.map(Witness::from)
    }
}

async fn row(door: &Door<'_>, key: AttendanceKey) -> Result<Option<AttendanceRow>, Error> {
    let rows = door.load(AttendancesOf(key.activity)).await?.unwrap_or_default();
    Ok(rows.into_iter().find(|row| row.attendance == key.attendance))
}

/// A stay, for whoever may read who was there.
pub(crate) async fn attendance_node(door: &Door<'_>, key: AttendanceKey) -> Result<Option<Attendance>, Error> {
    let row = row(door, key).await?;
    let mut subject = match door.load(key.activity).await? {
        Some(activity) => activities::subject_of(door, &activity).await?,
        None => Subject::default(),
    };
    if let Some(row) = &row {
        subject.person = door.load(row.volunteer).await?.map(|view| view.person);
    }
    door.may(&SIGN_UPS, &subject)?;
    Ok(row.map(|row| Attendance { row, seen_in: Some(Subject { person: None, ..subject }) }))
}

/// The code to show at the place now.
#[derive(SimpleObject)]
pub struct AttendanceCode {
    /// The code, to be shown as text and as a QR code.
    code: String,
    /// When the next one takes its place.
    valid_until: Moment,
}

/// The root field about the rotating code.
#[derive(Default)]
pub struct AttendanceQueries;

#[Object]
impl AttendanceQueries {
    /// The rotating code of a shift, for the activity's staff to show at the place.
    async fn attendance_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which shift.")] shift: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<AttendanceCode, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let key: ShiftKey = ids::asked(&shift)?;
        // The app asks who may, with the activity as the log has it.
        let code = door.app.attendance_code(&door.actor(), key.activity, key.shift, door.now()).await;
        let code = code.map_err(|rejection| fault::rejected(rejection, door.asker.correlation))?;
        Ok(AttendanceCode { code: code.code, valid_until: Moment(code.valid_until) })
    }
}

/// A stay with its activity's staff as those who see who it is.
async fn attendance(door: &Door<'_>, key: AttendanceKey) -> Result<Option<Attendance>, Error> {
    let seen_in = match door.load(key.activity).await? {
        Some(activity) => Some(activities::subject_of(door, &activity).await?),
        None => None,
    };
    Ok(row(door, key).await?.map(|row| Attendance { row, seen_in }))
}

payloads! {
    /// A stay at an activity, after it began.
    AttendancePayload(AttendanceKey) {
        /// The stay that began.
        attendance: Attendance = |door, key| attendance(door, *key),
        /// The activity.
        activity: Activity = |door, key| activities::activity(door, key.activity),
    }
}

mutations! {
    /// The root fields about attendance.
    pub struct AttendanceMutations;

    /// Check a volunteer in, as a coordinator: who comes without a place takes a free one. Stays may be entered in any order.
    CheckIn -> AttendancePayload {
        /// For which shift.
        shift: ShiftKey,
        /// Whom.
        volunteer: VolunteerId,
        /// When; now if not said. A device that was offline says when it was.
        at: Option<Moment>,
    } = CheckIn { activity: shift.activity, shift: shift.shift, volunteer, at },
        move |attendance| AttendanceKey { activity: shift.activity, attendance };

    /// Check a volunteer out, as a coordinator. A service record follows by itself and waits for a confirmation; if it overlaps
    /// another one it is held until one of the two gives way. Long after the shift's end, say when it was.
    CheckOut -> ActivityPayload {
        /// At which activity.
        activity: ActivityId,
        /// Whom.
        volunteer: VolunteerId,
        /// When; now if not said. A device that was offline says when it was.
        at: Option<Moment>,
    } = CheckOut { activity, volunteer, at }, move |()| activity;

    /// Check oneself in with the code shown at the place.
    CheckInByCode -> AttendancePayload {
        /// For which shift.
        shift: ShiftKey,
        /// The code shown at the place.
        code: String,
        /// Who; oneself if not said.
        volunteer: OneselfAsVolunteer,
    } = CheckInByCode { activity: shift.activity, shift: shift.shift, volunteer, code },
        move |attendance| AttendanceKey { activity: shift.activity, attendance };

    /// Check oneself out with the code shown at the place.
    CheckOutByCode -> ActivityPayload {
        /// For which shift.
        shift: ShiftKey,
        /// The code shown at the place.
        code: String,
        /// Who; oneself if not said.
        volunteer: OneselfAsVolunteer,
    } = CheckOutByCode { activity: shift.activity, shift: shift.shift, volunteer, code }, move |()| shift.activity;
}
