//! Checking in and out, by a coordinator or by the rotating code shown at the place.

use gongyi_domain::{
    access::authority::{Act, Actor},
    values::{ActivityId, AttendanceId, Instant, ShiftId, VolunteerId},
    volunteering::{
        activity::{
            ATTENDANCE_CODE, Activity, ActivityCommand, ActivityRefusal, CHECK_IN, CHECK_IN_BY_CODE, CHECK_OUT, CHECK_OUT_BY_CODE, Witness,
        },
        volunteer::Volunteer,
    },
};
use gongyi_vault::{AttendanceCode, Verdict};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    App, Command,
    rejection::{Rejection, refused},
    volunteering::activities::subject_of,
    work::{Loaded, Work},
};

/// Check a volunteer in.
#[derive(Debug, Serialize)]
pub struct CheckIn {
    /// Which activity.
    pub activity: ActivityId,
    /// Which shift.
    pub shift: ShiftId,
    /// Who.
    pub volunteer: VolunteerId,
    /// When; `None` for now.
    pub at: Option<Instant>,
}

impl Command for CheckIn {
    const ACT: &'static Act = &CHECK_IN;
    type Answer = AttendanceId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AttendanceId, Rejection> {
        let activity = work.lock::<Activity>(self.activity).await?;
        let subject = subject_of(work, &activity).await?;
        work.may(Self::ACT, &subject)?;
        require_another(work, self.volunteer).await?;
        check_in(work, activity, self.shift, self.volunteer, self.at.unwrap_or(work.now), Witness::Coordinator).await
    }
}

/// Who witnesses is not who attends.
async fn require_another(work: &Work<'_>, volunteer: VolunteerId) -> Result<(), Rejection> {
    let attends = work.load::<Volunteer>(volunteer).await?.inner().person;
    let is_the_witness = attends.is_some() && attends == work.actor.person();
    if is_the_witness { Err(refused(ActivityRefusal::OwnAttendance)) } else { Ok(()) }
}

async fn check_in(
    work: &Work<'_>,
    activity: Loaded<Activity>,
    shift: ShiftId,
    volunteer: VolunteerId,
    at: Instant,
    witness: Witness,
) -> Result<AttendanceId, Rejection> {
    work.load::<Volunteer>(volunteer).await?.inner().require_active().map_err(refused)?;
    let attendance = AttendanceId(Uuid::now_v7());
    let (day, now) = (work.day_of(at), work.now);
    work.decide::<Activity>(activity, ActivityCommand::CheckIn { attendance, shift, volunteer, at, day, now, witness }).await?;
    Ok(attendance)
}

/// Check a volunteer out.
#[derive(Debug, Serialize)]
pub struct CheckOut {
    /// Which activity.
    pub activity: ActivityId,
    /// Who.
    pub volunteer: VolunteerId,
    /// When; `None` for now.
    pub at: Option<Instant>,
}

impl Command for CheckOut {
    const ACT: &'static Act = &CHECK_OUT;
    type Answer = ();

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Rejection> {
        let activity = work.lock::<Activity>(self.activity).await?;
        let subject = subject_of(work, &activity).await?;
        work.may(Self::ACT, &subject)?;
        require_another(work, self.volunteer).await?;
        let (volunteer, now, witness) = (self.volunteer, work.now, Witness::Coordinator);
        let at = self.at.unwrap_or(now);
        work.decide::<Activity>(activity, ActivityCommand::CheckOut { volunteer, at, now, witness }).await?;
        Ok(())
    }
}

/// Check oneself in with the code shown at the place.
#[derive(Debug, Serialize)]
pub struct CheckInByCode {
    /// Which activity.
    pub activity: ActivityId,
    /// Which shift.
    pub shift: ShiftId,
    /// Who.
    pub volunteer: VolunteerId,
    /// The code.
    pub code: String,
}

impl Command for CheckInByCode {
    const ACT: &'static Act = &CHECK_IN_BY_CODE;
    const COUNTS_ATTEMPTS: bool = true;
    type Answer = AttendanceId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AttendanceId, Rejection> {
        let activity = work.lock::<Activity>(self.activity).await?;
        by_code(work, Self::ACT, &activity, self.shift, self.volunteer, &self.code).await?;
        check_in(work, activity, self.shift, self.volunteer, work.now, Witness::Code).await
    }
}

/// Check oneself out with the code shown at the place.
#[derive(Debug, Serialize)]
pub struct CheckOutByCode {
    /// Which activity.
    pub activity: ActivityId,
    /// Which shift.
    pub shift: ShiftId,
    /// Who.
    pub volunteer: VolunteerId,
    /// The code.
    pub code: String,
}

impl Command for CheckOutByCode {
    const ACT: &'static Act = &CHECK_OUT_BY_CODE;
    const COUNTS_ATTEMPTS: bool = true;
    type Answer = ();

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Rejection> {
        let activity = work.lock::<Activity>(self.activity).await?;
        by_code(work, Self::ACT, &activity, self.shift, self.volunteer, &self.code).await?;
        let (volunteer, now) = (self.volunteer, work.now);
        work.decide::<Activity>(activity, ActivityCommand::CheckOut { volunteer, at: now, now, witness: Witness::Code }).await?;
        Ok(())
    }
}

async fn by_code(
    work: &mut Work<'_>,
    act: &Act,
    activity: &Loaded<Activity>,
    shift: ShiftId,
    volunteer: VolunteerId,
    code: &str,
) -> Result<(), Rejection> {
    let mut subject = subject_of(work, activity).await?;
    subject.person = work.load::<Volunteer>(volunteer).await?.inner().person;
    work.may(act, &subject)?;
    activity.inner().require_place(shift, volunteer).map_err(refused)?;
    // Six digits are soon guessed by who may try for ever.
    let attempts = work.app.vault().attempts();
    let attempt = match attempts.check(&format!("attendance code {shift} {volunteer}"), None, work.now).await? {
        Verdict::Allowed(attempt) => attempt,
        Verdict::RetryAfter(wait) => return Err(refused(ActivityRefusal::TooManyCodes { seconds: wait.0 })),
    };
    let id = ActivityId(*activity.id());
    if work.app.vault().accepts_attendance_code(id, shift, work.now, code.trim()) {
        Ok(attempts.succeeded(attempt).await?)
    } else {
        attempts.failed(attempt);
        Err(refused(ActivityRefusal::CodeWrong))
    }
}

impl App {
    /// The code to show at the place now.
    ///
    /// # Errors
    /// Refusals; faults.
    pub async fn attendance_code(
        &self,
        actor: &Actor,
        activity: ActivityId,
        shift: ShiftId,
        now: Instant,
    ) -> Result<AttendanceCode, Rejection> {
        let mut work = Work::begin(self, &self.request(actor.clone()), self.reading_session()).await?;
        let loaded = work.load::<Activity>(activity).await?;
        let subject = subject_of(&work, &loaded).await?;
        work.may(&ATTENDANCE_CODE, &subject)?;
        loaded.inner().require_open().map_err(refused)?;
        loaded.inner().shift(shift).map_err(refused)?;
        Ok(self.vault().attendance_code(activity, shift, now))
    }
}
