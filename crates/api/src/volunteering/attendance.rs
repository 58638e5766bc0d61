//! Who was there: checking in and out, by a coordinator or by the rotating code shown at the place.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject};
use gongyi_app::volunteering::attendance::{CheckIn, CheckInByCode, CheckOut, CheckOutByCode};
use gongyi_domain::{
    access::authority::Subject,
    refusal::Refusal,
    values::{ActivityId, VolunteerId},
    volunteering::activity::{SIGN_UPS, Witness as Stored},
};
use gongyi_projections::AttendanceRow;

use super::{
    activities::{self, Activity, Shift},
    volunteer_commands::named_or_oneself,
    volunteers::{self, Volunteer},
};
use crate::{
    door::Door,
    fault,
    ids::{self, AttendanceKey, ShiftKey},
    loaders::AttendancesOf,
    outcome::payloads,
    scalars::{Date, Moment, Position},
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
        volunteers::volunteer_in(&Door::of(ctx)?, self.row.volunteer, self.seen_in.clone()).await
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

/// A stay, for whoever may read who was there.
pub(crate) async fn attendance_node(door: &Door<'_>, key: AttendanceKey) -> Result<Option<Attendance>, Error> {
    let row = door.load(AttendancesOf(key.activity)).await?.unwrap_or_default().into_iter().find(|row| row.attendance == key.attendance);
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
        let code = door.app.attendance_code(&door.asker.actor, key.activity, key.shift, door.now()).await;
        let code = code.map_err(|rejection| fault::rejected(rejection, door.asker.correlation))?;
        Ok(AttendanceCode { code: code.code, valid_until: Moment(code.valid_until) })
    }
}

payloads! {
    /// What became of `checkIn`.
    CheckInPayload {
        /// The stay that began.
        attendance: Attendance,
        /// The activity.
        activity: Activity,
    }
    /// What became of `checkOut`.
    CheckOutPayload {
        /// The activity.
        activity: Activity,
    }
    /// What became of `checkInByCode`.
    CheckInByCodePayload {
        /// The stay that began.
        attendance: Attendance,
        /// The activity.
        activity: Activity,
    }
    /// What became of `checkOutByCode`.
    CheckOutByCodePayload {
        /// The activity.
        activity: Activity,
    }
}

/// What checking in takes.
#[derive(InputObject)]
pub struct CheckInInput {
    /// For which shift.
    shift: ID,
    /// Whom.
    volunteer: ID,
    /// When; now if not said. A device that was offline says when it was.
    at: Option<Moment>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What checking out takes.
#[derive(InputObject)]
pub struct CheckOutInput {
    /// At which activity.
    activity: ID,
    /// Whom.
    volunteer: ID,
    /// When; now if not said. A device that was offline says when it was.
    at: Option<Moment>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What checking oneself in or out takes.
#[derive(InputObject)]
pub struct AttendanceCodeInput {
    /// For which shift.
    shift: ID,
    /// The code shown at the place.
    code: String,
    /// Who; oneself if not said.
    volunteer: Option<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

async fn begun(
    door: &Door<'_>,
    activity: Option<ActivityId>,
    stay: Option<gongyi_domain::values::AttendanceId>,
) -> Result<(Option<Attendance>, Option<Activity>), Error> {
    let (Some(activity), Some(stay)) = (activity, stay) else { return Ok((None, None)) };
    let shown = activities::activity(door, activity).await?;
    let seen_in = match &shown {
        Some(shown) => Some(activities::subject_of(door, &shown.0).await?),
        None => None,
    };
    let rows = door.load(AttendancesOf(activity)).await?.unwrap_or_default();
    let row = rows.into_iter().find(|row| row.attendance == stay);
    Ok((row.map(|row| Attendance { row, seen_in }), shown))
}

async fn ended(door: &Door<'_>, done: bool, activity: Option<ActivityId>) -> Result<Option<Activity>, Error> {
    match activity.filter(|_| done) {
        Some(id) => activities::activity(door, id).await,
        None => Ok(None),
    }
}

impl AttendanceCodeInput {
    fn read(&self, door: &Door<'_>) -> Result<(ShiftKey, VolunteerId), Refusal> {
        Ok((ids::named(&self.shift, "shift")?, named_or_oneself(door, self.volunteer.as_ref())?))
    }
}

/// The root fields about attendance.
#[derive(Default)]
pub struct AttendanceMutations;

#[Object]
impl AttendanceMutations {
    /// Check a volunteer in, as a coordinator.
    async fn check_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, where, when.")] input: CheckInInput,
    ) -> Result<CheckInPayload, Error> {
        let door = Door::of(ctx)?;
        let asked: Result<(ShiftKey, VolunteerId), Refusal> =
            ids::named(&input.shift, "shift").and_then(|key| Ok((key, ids::named(&input.volunteer, "volunteer")?)));
        let activity = asked.as_ref().ok().map(|(key, _)| key.activity);
        let at = input.at.map(|it| it.0);
        let command = asked.map(|(key, volunteer)| CheckIn { activity: key.activity, shift: key.shift, volunteer, at });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let (attendance, activity) = begun(&door, activity, done.answer).await?;
        Ok(CheckInPayload::new(done.told, attendance, activity))
    }

    /// Check a volunteer out, as a coordinator. A service record follows by itself and waits for a confirmation.
    async fn check_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, where, when.")] input: CheckOutInput,
    ) -> Result<CheckOutPayload, Error> {
        let door = Door::of(ctx)?;
        let asked: Result<(ActivityId, VolunteerId), Refusal> =
            ids::named(&input.activity, "activity").and_then(|id| Ok((id, ids::named(&input.volunteer, "volunteer")?)));
        let activity = asked.as_ref().ok().map(|(id, _)| *id);
        let at = input.at.map(|it| it.0);
        let command = asked.map(|(activity, volunteer)| CheckOut { activity, volunteer, at });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let activity = ended(&door, done.answer.is_some(), activity).await?;
        Ok(CheckOutPayload::new(done.told, activity))
    }

    /// Check oneself in with the code shown at the place.
    async fn check_in_by_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where, with which code.")] input: AttendanceCodeInput,
    ) -> Result<CheckInByCodePayload, Error> {
        let door = Door::of(ctx)?;
        let asked = input.read(&door);
        let activity = asked.as_ref().ok().map(|(key, _)| key.activity);
        let code = input.code;
        let command = asked.map(|(key, volunteer)| CheckInByCode { activity: key.activity, shift: key.shift, volunteer, code });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let (attendance, activity) = begun(&door, activity, done.answer).await?;
        Ok(CheckInByCodePayload::new(done.told, attendance, activity))
    }

    /// Check oneself out with the code shown at the place.
    async fn check_out_by_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where, with which code.")] input: AttendanceCodeInput,
    ) -> Result<CheckOutByCodePayload, Error> {
        let door = Door::of(ctx)?;
        let asked = input.read(&door);
        let activity = asked.as_ref().ok().map(|(key, _)| key.activity);
        let code = input.code;
        let command = asked.map(|(key, volunteer)| CheckOutByCode { activity: key.activity, shift: key.shift, volunteer, code });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let activity = ended(&door, done.answer.is_some(), activity).await?;
        Ok(CheckOutByCodePayload::new(done.told, activity))
    }
}
