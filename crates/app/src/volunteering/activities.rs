//! Publishing, amending, cancelling and closing activities.

use std::collections::BTreeSet;

use gongyi_domain::{
    access::{
        authority::{Act, Subject},
        contact::normalised,
    },
    values::{ActivityId, AreaCode, Instant, Minutes, OrganisationId, ShiftId},
    volunteering::{
        activity::{AMEND_ACTIVITY, Activity, ActivityCommand, CANCEL_ACTIVITY, CLOSE_ACTIVITY, PUBLISH_ACTIVITY},
        activity_details::{Details, Risk, Shift},
        calendar::{Calendar, CalendarCommand},
        category::Category,
        skill::Skill,
    },
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Command,
    rejection::{Rejection, refused},
    volunteering::{
        attendance::{came_elsewhere, require_another},
        sign_ups::{first_fit, qualifies},
    },
    work::{Loaded, Work},
};

/// An activity as the subject of an act: in its own area, of its organisation and all above.
pub(crate) async fn subject_of(work: &Work<'_>, activity: &Loaded<Activity>) -> Result<Subject, Rejection> {
    let (organisation, details) = activity.inner().require_known().map_err(refused)?;
    let organisations = work.line_of_any(organisation).await?.ids();
    Ok(Subject { area: Some(details.area.clone()), organisations, person: None })
}

/// A shift as it is asked for.
#[derive(Debug, Clone, Serialize)]
pub struct ShiftDraft {
    /// Which published shift it is; `None` for a new one.
    pub id: Option<ShiftId>,
    /// When it starts.
    pub starts: Instant,
    /// When it ends.
    pub ends: Instant,
    /// How many can take part.
    pub capacity: u32,
}

/// An activity as it is asked for: [`Details`] with shifts that may be new.
#[derive(Debug, Clone, Serialize)]
pub struct ActivityDraft {
    /// Title.
    pub title: String,
    /// Category.
    pub category: Category,
    /// Where to meet.
    pub place: String,
    /// The area it counts in.
    pub area: AreaCode,
    /// Its shifts.
    pub shifts: Vec<ShiftDraft>,
    /// The least age on the day of the shift, in years; 0 for none.
    pub minimum_age: u32,
    /// What a volunteer must be able to do, all of it.
    pub required_skills: BTreeSet<Skill>,
    /// What is said where it is dangerous.
    pub risk: Option<Risk>,
    /// From when on one may sign up.
    pub sign_up_opens: Instant,
    /// Until when one may sign up.
    pub sign_up_closes: Instant,
    /// Withdrawal is possible until this many minutes before the shift starts.
    pub withdrawal_minutes: Minutes,
}

impl ActivityDraft {
    fn details(&self) -> Details {
        let shift = |draft: &ShiftDraft| Shift {
            id: draft.id.unwrap_or_else(|| ShiftId(Uuid::now_v7())),
            starts: draft.starts,
            ends: draft.ends,
            capacity: draft.capacity,
        };
        Details {
            title: normalised(&self.title),
            category: self.category,
            place: normalised(&self.place),
            area: self.area.clone(),
            shifts: self.shifts.iter().map(shift).collect(),
            minimum_age: self.minimum_age,
            required_skills: self.required_skills.clone(),
            risk: self.risk.clone(),
            sign_up_opens: self.sign_up_opens,
            sign_up_closes: self.sign_up_closes,
            withdrawal_minutes: self.withdrawal_minutes,
        }
    }
}

/// Publish an activity.
#[derive(Debug, Serialize)]
pub struct PublishActivity {
    /// Who organises it.
    pub organisation: OrganisationId,
    /// What is published.
    pub draft: ActivityDraft,
}

impl Command for PublishActivity {
    const ACT: &'static Act = &PUBLISH_ACTIVITY;
    type Answer = ActivityId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ActivityId, Rejection> {
        let line = work.line(self.organisation).await?;
        work.may(Self::ACT, &line.subject(None))?;
        work.require_area(&self.draft.area).await?;
        Activity::require_reach(&self.draft.area, &line.profile().area).map_err(refused)?;
        let id = ActivityId(Uuid::now_v7());
        let (organisation, details, now) = (self.organisation, self.draft.details(), work.now);
        work.load_and_decide::<Activity>(id, ActivityCommand::Publish { organisation, details, now }).await?;
        Ok(id)
    }
}

/// Amend an activity: all details anew.
#[derive(Debug, Serialize)]
pub struct AmendActivity {
    /// Which.
    pub activity: ActivityId,
    /// What it shall be.
    pub draft: ActivityDraft,
}

impl Command for AmendActivity {
    const ACT: &'static Act = &AMEND_ACTIVITY;
    type Answer = ActivityId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ActivityId, Rejection> {
        let activity = work.lock::<Activity>(self.activity).await?;
        let subject = subject_of(work, &activity).await?;
        work.may(Self::ACT, &subject)?;
        work.require_area(&self.draft.area).await?;
        let (organisation, _) = activity.inner().require_known().map_err(refused)?;
        let line = work.line_of_any(organisation).await?;
        Activity::require_reach(&self.draft.area, &line.profile().area).map_err(refused)?;
        let details = self.draft.details();
        let unqualified = unqualified(work, activity.inner(), &details).await?;
        let mut fit = BTreeSet::new();
        for shift in &details.shifts {
            let first = first_fit(work, activity.inner(), &details, shift, shift.capacity as usize).await?;
            fit.extend(first.into_iter().map(|who| (shift.id, who)));
        }
        work.decide::<Activity>(activity, ActivityCommand::Amend { details, fit, unqualified, now: work.now }).await?;
        Ok(self.activity)
    }
}

/// How many who signed up for a shift to come do not qualify by these details.
async fn unqualified(work: &Work<'_>, activity: &Activity, details: &Details) -> Result<usize, Rejection> {
    if !activity.details.as_ref().is_some_and(|old| details.is_stricter_than(old)) {
        return Ok(0);
    }
    let mut count = 0;
    for (id, volunteer) in activity.signed_up() {
        if let Ok(shift) = activity.shift(id)
            && shift.starts > work.now
            && !qualifies(work, details, shift, volunteer).await?
        {
            count += 1;
        }
    }
    Ok(count)
}

/// Cancel an activity: who is in is checked out, and everybody's calendar becomes free.
#[derive(Debug, Serialize)]
pub struct CancelActivity {
    /// Which.
    pub activity: ActivityId,
    /// Why; about the activity, not about a person.
    pub reason: String,
}

impl Command for CancelActivity {
    const ACT: &'static Act = &CANCEL_ACTIVITY;
    type Answer = ActivityId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ActivityId, Rejection> {
        let activity = work.lock::<Activity>(self.activity).await?;
        let subject = subject_of(work, &activity).await?;
        work.may(Self::ACT, &subject)?;
        call_off(work, activity, &self.reason).await?;
        Ok(self.activity)
    }
}

/// Cancels an activity on whose behalf the actor may.
///
/// # Errors
/// The activity's refusals; who calls it off does not witness their own stay.
async fn call_off(work: &Work<'_>, activity: Loaded<Activity>, reason: &str) -> Result<(), Rejection> {
    for (_, stay) in activity.inner().all_present() {
        require_another(work, stay.volunteer).await?;
    }
    let signed_up: Vec<_> = activity.inner().signed_up().collect();
    let elsewhere = came_elsewhere(work, &activity).await?;
    work.decide::<Activity>(activity, ActivityCommand::Cancel { reason: reason.to_owned(), elsewhere, now: work.now }).await?;
    for (shift, volunteer) in signed_up {
        work.load_and_decide::<Calendar>(volunteer, CalendarCommand::Free { shift }).await?;
    }
    Ok(())
}

/// Close an activity when all is done.
#[derive(Debug, Serialize)]
pub struct CloseActivity {
    /// Which.
    pub activity: ActivityId,
}

impl Command for CloseActivity {
    const ACT: &'static Act = &CLOSE_ACTIVITY;
    type Answer = ActivityId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ActivityId, Rejection> {
        let activity = work.lock::<Activity>(self.activity).await?;
        let subject = subject_of(work, &activity).await?;
        work.may(Self::ACT, &subject)?;
        work.decide::<Activity>(activity, ActivityCommand::Close { now: work.now }).await?;
        Ok(self.activity)
    }
}
