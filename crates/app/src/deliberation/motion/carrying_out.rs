//! What comes of a motion: reports, completion, what residents say of it.

use gongyi_domain::{
    access::{
        authority::{Act, Subject},
        person::Person,
    },
    deliberation::{
        attachment::Attachment,
        motion::{
            Motion, MotionRefusal,
            carrying_out::{COMPLETE_MOTION, CarryingOut, REPORT_PROGRESS, REVIEW_MOTION, REVIEW_TEXT_MAX_CHARS, REVOKE_COMPLETION},
        },
        text::Prose,
    },
    values::{AreaCode, MotionId, PersonId},
};
use serde::Serialize;

use super::MotionCase;
use crate::{
    Command,
    rejection::{Rejection, refused},
    work::Work,
};

/// Report how far a motion is carried out.
#[derive(Debug, Serialize)]
pub struct ReportProgress {
    /// Which.
    pub motion: MotionId,
    /// 0 to 100.
    pub percent: u8,
    /// What was done.
    pub report: String,
    /// Files that show it.
    pub evidence: Vec<Attachment>,
}

impl Command for ReportProgress {
    const ACT: &'static Act = &REPORT_PROGRESS;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        work.may(Self::ACT, &Subject::area(case.case.area.clone()))?;
        let evidence = self.evidence.clone();
        case.decide(work, CarryingOut::ReportProgress { percent: self.percent, report: self.report.clone(), evidence }).await?;
        Ok(self.motion)
    }
}

/// Report that a motion is carried out.
#[derive(Debug, Serialize)]
pub struct CompleteMotion {
    /// Which.
    pub motion: MotionId,
    /// What came of it.
    pub report: String,
    /// Files that show it.
    pub evidence: Vec<Attachment>,
}

impl Command for CompleteMotion {
    const ACT: &'static Act = &COMPLETE_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        work.may(Self::ACT, &Subject::area(case.case.area.clone()))?;
        let evidence = self.evidence.clone();
        case.decide(work, CarryingOut::Complete { report: self.report.clone(), evidence }).await?;
        Ok(self.motion)
    }
}

/// Take a completion back.
#[derive(Debug, Serialize)]
pub struct RevokeCompletion {
    /// Of which motion.
    pub motion: MotionId,
    /// Why.
    pub reason: String,
}

impl Command for RevokeCompletion {
    const ACT: &'static Act = &REVOKE_COMPLETION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        work.may(Self::ACT, &Subject::area(case.case.area.clone()))?;
        case.decide(work, CarryingOut::RevokeCompletion { reason: self.reason.clone() }).await?;
        Ok(self.motion)
    }
}

/// Say how well a motion was carried out: residents of the council's area.
#[derive(Debug, Serialize)]
pub struct ReviewMotion {
    /// Which.
    pub motion: MotionId,
    /// Who.
    pub by: PersonId,
    /// 1 to 5.
    pub rating: u8,
    /// In one's own words.
    pub text: Option<String>,
}

impl Command for ReviewMotion {
    const ACT: &'static Act = &REVIEW_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by).await?;
        require_resident(work, self.by, &case.case.area).await?;
        let unfit = |most| refused(MotionRefusal::ReviewTextUnfit { most });
        let text = match Prose::parse_any(self.text.as_deref(), REVIEW_TEXT_MAX_CHARS, unfit)? {
            None => None,
            Some(text) => Some(work.sealer::<Motion>(self.by, self.motion, "MotionReviewed").await?.seal("text", text.as_str())),
        };
        case.decide(work, CarryingOut::Review { by: self.by, rating: self.rating, text }).await?;
        Ok(self.motion)
    }
}

async fn require_resident(work: &Work<'_>, person: PersonId, area: &AreaCode) -> Result<(), Rejection> {
    let resident = match work.load::<Person>(person).await?.inner() {
        Person::Registered { home_area, .. } => area.contains(home_area),
        Person::Unknown | Person::Erased => false,
    };
    if resident { Ok(()) } else { Err(refused(MotionRefusal::NotAResident)) }
}
