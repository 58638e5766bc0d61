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
        work.decide::<Activity>(activity, ActivityCommand::Amend { details: self.draft.details(), now: work.now }).await?;
        Ok(self.activity)
    }
}

/// Cancel an activity; everybody's calendar becomes free.
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
        let signed_up: Vec<_> = activity.inner().signed_up().collect();
        work.decide::<Activity>(activity, ActivityCommand::Cancel { reason: self.reason.clone() }).await?;
        for (shift, volunteer) in signed_up {
            work.load_and_decide::<Calendar>(volunteer, CalendarCommand::Free { shift }).await?;
        }
        Ok(self.activity)
    }
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
