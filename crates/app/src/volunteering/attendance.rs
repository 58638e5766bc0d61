//! Checking in and out, by a coordinator or by the rotating code shown at the place.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use gongyi_domain::{
    access::authority::{Act, Actor, Subject},
    values::{ActivityId, AttendanceId, Instant, ShiftId, VolunteerId},
    volunteering::{
        activity::{
            ATTENDANCE_CODE, Activity, ActivityCommand, ActivityRefusal, CHECK_IN, CHECK_IN_BY_CODE, CHECK_IN_EARLY_MINUTES, CHECK_OUT,
            CHECK_OUT_BY_CODE, SIGN_UP, Witness,
        },
        activity_details::{SHIFT_MAX_MINUTES, Shift},
        calendar::{Booking, Calendar, CalendarCommand},
        skill::Skill,
        volunteer::Volunteer,
    },
};
use gongyi_vault::{AttendanceCode, Verdict};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    App, Command,
    rejection::{Rejection, refused},
    volunteering::{
        activities::subject_of,
        sign_ups::age_at,
        volunteers::{require_active_during, require_no_stranger},
    },
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
        let walks_in = activity.inner().require_place(self.shift, self.volunteer).is_err();
        let walk_in = if walks_in { Some(walk_in(work, &activity, &subject, self.shift, self.volunteer).await?) } else { None };
        check_in(work, activity, self.shift, self.volunteer, self.at.unwrap_or(work.now), Witness::Coordinator, walk_in).await
    }
}

/// Who comes without a place: whom the actor could sign up too, with age and skills.
async fn walk_in(
    work: &Work<'_>,
    activity: &Loaded<Activity>,
    subject: &Subject,
    shift: ShiftId,
    volunteer: VolunteerId,
) -> Result<(u32, BTreeSet<Skill>), Rejection> {
    let (organisation, _) = activity.inner().require_known().map_err(refused)?;
    let loaded = work.load::<Volunteer>(volunteer).await?;
    let person = loaded.inner().require_active().map_err(refused)?;
    work.line(organisation).await?;
    require_no_stranger(work, &SIGN_UP, subject, organisation, &loaded).await?;
    let shift = activity.inner().shift(shift).map_err(refused)?;
    Ok((age_at(work, person, shift).await?, loaded.into_inner().skills))
}

/// The other activities of a volunteer's calendar whose stays may lie around this time.
async fn elsewhere(
    work: &Work<'_>,
    here: ActivityId,
    volunteer: VolunteerId,
    (from, to): (Instant, Instant),
) -> Result<Vec<Loaded<Activity>>, Rejection> {
    let (early, longest) = (TimeDelta::minutes(CHECK_IN_EARLY_MINUTES), TimeDelta::minutes(SHIFT_MAX_MINUTES.into()));
    let calendar = work.load::<Calendar>(volunteer).await?.into_inner();
    let near = |it: &&Booking| it.activity != here && it.starts - early <= to && from <= it.ends + longest;
    let ids: BTreeSet<_> = calendar.booked.values().filter(near).map(|it| it.activity).collect();
    let mut activities = vec![];
    for id in ids {
        activities.push(work.load::<Activity>(id).await?);
    }
    Ok(activities)
}

/// When those who are in came to another activity after they came here, if they did.
pub(crate) async fn came_elsewhere(work: &Work<'_>, activity: &Loaded<Activity>) -> Result<BTreeMap<VolunteerId, Instant>, Rejection> {
    let mut came = BTreeMap::new();
    for (_, stay) in activity.inner().all_present() {
        let others = elsewhere(work, ActivityId(*activity.id()), stay.volunteer, (stay.checked_in, work.now)).await?;
        let next = others.iter().filter_map(|it| it.inner().next_check_in(stay.volunteer, stay.checked_in)).min();
        came.extend(next.map(|at| (stay.volunteer, at)));
    }
    Ok(came)
}

/// Who witnesses is not who attends.
pub(crate) async fn require_another(work: &Work<'_>, volunteer: VolunteerId) -> Result<(), Rejection> {
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
    walk_in: Option<(u32, BTreeSet<Skill>)>,
) -> Result<AttendanceId, Rejection> {
    let loaded = work.load::<Volunteer>(volunteer).await?;
    require_active_during(work, &loaded, (at, at)).await?;
    let (id, attendance) = (ActivityId(*activity.id()), AttendanceId(Uuid::now_v7()));
    let (day, now, walks_in) = (work.day_of(at), work.now, walk_in.is_some());
    let after = work
        .decide::<Activity>(activity, ActivityCommand::CheckIn { attendance, shift, volunteer, at, day, now, witness, walk_in })
        .await?;
    if elsewhere(work, id, volunteer, (at, at)).await?.iter().any(|it| it.inner().is_in(volunteer, at)) {
        return Err(refused(ActivityRefusal::InElsewhere));
    }
    let calendar = work.load::<Calendar>(volunteer).await?;
    if walks_in && !calendar.inner().booked.contains_key(&shift) {
        let Shift { starts, ends, .. } = *after.shift(shift).map_err(refused)?;
        work.decide::<Calendar>(calendar, CalendarCommand::Book { activity: id, shift, starts, ends }).await?;
    }
    Ok(attendance)
}

/// Checks out who was nowhere else since the check-in.
async fn check_out(
    work: &Work<'_>,
    activity: Loaded<Activity>,
    volunteer: VolunteerId,
    at: Instant,
    witness: Witness,
) -> Result<(), Rejection> {
    let since = activity.inner().present(volunteer).map(|(_, stay)| stay.checked_in);
    let (id, now) = (ActivityId(*activity.id()), work.now);
    work.decide::<Activity>(activity, ActivityCommand::CheckOut { volunteer, at, now, witness }).await?;
    if let Some(since) = since
        && elsewhere(work, id, volunteer, (since, at)).await?.iter().any(|it| it.inner().was_in(volunteer, (since, at)))
    {
        return Err(refused(ActivityRefusal::InElsewhere));
    }
    Ok(())
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
        check_out(work, activity, self.volunteer, self.at.unwrap_or(work.now), Witness::Coordinator).await
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
        check_in(work, activity, self.shift, self.volunteer, work.now, Witness::Code, None).await
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
        check_out(work, activity, self.volunteer, work.now, Witness::Code).await
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
    let attempt = match attempts.check(&format!("attendance code {shift} {volunteer}"), None, None, work.now).await? {
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
