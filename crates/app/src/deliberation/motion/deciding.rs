//! A motion's way to the vote, or elsewhere: to another council, to another day, into another motion, back before the council;
//! and what a meeting and its votes stage about it.

use std::sync::Arc;

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        council::CouncilRefusal,
        motion::{
            Motion, MotionRefusal, Origin,
            deciding::{
                ANNUL_DECISION, ANSWER_REFERRAL, Deciding, MERGE_MOTIONS, POSTPONE_MOTION, RECONSIDER_MOTION, REFER_MOTION, RELATE_MOTIONS,
            },
            drafting::Drafting,
        },
    },
    values::{CouncilId, Day, MeetingId, MotionId, PersonId, VoteId},
};
use serde::Serialize;

use super::{CouncilCase, MotionCase, drafting::drafted};
use crate::{
    Command,
    rejection::{Rejection, refused},
    work::Work,
};

/// Refer a motion to another council.
#[derive(Debug, Serialize)]
pub struct ReferMotion {
    /// Which.
    pub motion: MotionId,
    /// The other council.
    pub to: CouncilId,
    /// Why.
    pub reason: String,
}

impl Command for ReferMotion {
    const ACT: &'static Act = &REFER_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        work.may(Self::ACT, &Subject::area(case.case.area.clone()))?;
        CouncilCase::load(work, self.to).await?.council.require_working().map_err(refused)?;
        case.decide(work, Deciding::Refer { to: self.to, vote: None, reason: self.reason.clone() }).await?;
        Ok(self.motion)
    }
}

/// What the receiving council answers.
#[derive(Debug, Serialize)]
pub enum ReferralAnswer {
    /// It makes a motion of its own of it.
    TakeOver {
        /// Who moves it there: one of its representatives.
        mover: PersonId,
    },
    /// It does not; the motion goes back.
    Decline {
        /// Why.
        reason: String,
    },
}

/// Take over what another council referred, as a draft with the text and files it has, or decline to.
#[derive(Debug, Serialize)]
pub struct AnswerReferral {
    /// The motion that was referred.
    pub motion: MotionId,
    /// The answer.
    pub answer: ReferralAnswer,
}

impl Command for AnswerReferral {
    const ACT: &'static Act = &ANSWER_REFERRAL;
    /// The receiving council's motion, if it makes one.
    type Answer = Option<MotionId>;

    async fn decide(&self, work: &mut Work<'_>) -> Result<Option<MotionId>, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        let motion = case.motion.inner();
        let Some(council) = motion.referred_to else {
            // There is no receiving council whose staff could be asked: nobody but the motion's own learns more.
            work.may(Self::ACT, &Subject::area(case.case.area.clone()))?;
            return Err(refused(MotionRefusal::CouncilUnfit));
        };
        let there = CouncilCase::load(work, council).await?;
        match &self.answer {
            ReferralAnswer::Decline { reason } => {
                work.may(Self::ACT, &Subject::area(there.area))?;
                case.decide(work, Deciding::DeclineReferral { council, reason: reason.clone() }).await?;
                Ok(None)
            }
            ReferralAnswer::TakeOver { mover } => {
                there.for_the_council(work, Self::ACT)?;
                if !there.council.is_representative(*mover, work.today()) {
                    return Err(refused(CouncilRefusal::NotARepresentative));
                }
                let origin = Origin::Motion { motion: self.motion, council: case.council };
                let category = motion.category.ok_or_else(|| refused(MotionRefusal::UnknownMotion))?;
                let (text, files) = (motion.text.clone(), motion.attachments.clone());
                let id = drafted(work, council, there.area, *mover, category, text, Some(origin)).await?;
                for attachment in files {
                    work.load_and_decide::<Motion>(id, Drafting::Attach { by: *mover, attachment }.into()).await?;
                }
                case.decide(work, Deciding::AcceptReferral { council, motion: id }).await?;
                Ok(Some(id))
            }
        }
    }
}

/// Postpone a motion.
#[derive(Debug, Serialize)]
pub struct PostponeMotion {
    /// Which.
    pub motion: MotionId,
    /// To which day; `None` until further notice.
    pub until: Option<Day>,
    /// Why.
    pub reason: String,
}

impl Command for PostponeMotion {
    const ACT: &'static Act = &POSTPONE_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        work.may(Self::ACT, &Subject::area(case.case.area.clone()))?;
        let (today, reason) = (work.today(), self.reason.clone());
        case.decide(work, Deciding::Postpone { until: self.until, today, vote: None, reason }).await?;
        Ok(self.motion)
    }
}

/// Merge a motion into another of its council, for good.
#[derive(Debug, Serialize)]
pub struct MergeMotions {
    /// Which ends.
    pub motion: MotionId,
    /// Which remains.
    pub into: MotionId,
    /// Why.
    pub reason: String,
}

impl Command for MergeMotions {
    const ACT: &'static Act = &MERGE_MOTIONS;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let (id, into) = (self.motion, self.into);
        let case = MotionCase::load(work, id).await?;
        work.may(Self::ACT, &Subject::area(case.case.area.clone()))?;
        let council = case.council;
        case.decide(work, Deciding::Merge { id, into, reason: self.reason.clone() }).await?;
        let remains = MotionCase::load(work, into).await?;
        remains.decide(work, Deciding::Absorb { id: into, motion: id, council }).await?;
        Ok(into)
    }
}

/// Say that a motion is to be read with another, or no longer; told by both, in one commit.
#[derive(Debug, Serialize)]
pub struct RelateMotions {
    /// One.
    pub motion: MotionId,
    /// The other, which may be another council's.
    pub other: MotionId,
    /// To be read together; else no longer.
    pub related: bool,
}

impl Command for RelateMotions {
    const ACT: &'static Act = &RELATE_MOTIONS;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let (one, other) = (MotionCase::load(work, self.motion).await?, MotionCase::load(work, self.other).await?);
        for area in [&one.case.area, &other.case.area] {
            work.may(Self::ACT, &Subject::area(area.clone()))?;
        }
        let told = |id, motion| if self.related { Deciding::Relate { id, motion } } else { Deciding::Unrelate { motion } };
        one.decide(work, told(self.motion, self.other)).await?;
        other.decide(work, told(self.other, self.motion)).await?;
        Ok(self.motion)
    }
}

/// Annul a motion's decision.
#[derive(Debug, Serialize)]
pub struct AnnulDecision {
    /// Of which motion.
    pub motion: MotionId,
    /// The vote that made it.
    pub vote: VoteId,
    /// Why.
    pub reason: String,
}

impl Command for AnnulDecision {
    const ACT: &'static Act = &ANNUL_DECISION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        work.may(Self::ACT, &Subject::area(case.case.area.clone()))?;
        case.decide(work, Deciding::AnnulDecision { vote: self.vote, reason: self.reason.clone() }).await?;
        Ok(self.motion)
    }
}

/// Take up again what was decided (复议).
#[derive(Debug, Serialize)]
pub struct ReconsiderMotion {
    /// Which.
    pub motion: MotionId,
    /// Who moves so: a representative.
    pub by: PersonId,
    /// Why.
    pub reason: String,
}

impl Command for ReconsiderMotion {
    const ACT: &'static Act = &RECONSIDER_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.case.in_the_council(work, Self::ACT, self.by).await?;
        case.decide(work, Deciding::Reconsider { mover: self.by, vote: None, reason: self.reason.clone() }).await?;
        Ok(self.motion)
    }
}

async fn staged(work: &Work<'_>, motion: MotionId, command: Deciding) -> Result<Arc<Motion>, Rejection> {
    work.load_and_decide::<Motion>(motion, command.into()).await
}

/// Stages that a motion stands on the agenda of a meeting of `council`. Like all that follow, it asks nobody: the
/// meeting's command has asked.
///
/// # Errors
/// A motion of another council; the motion's refusals.
pub async fn schedule(work: &Work<'_>, council: CouncilId, motion: MotionId, meeting: MeetingId) -> Result<Arc<Motion>, Rejection> {
    let loaded = work.load::<Motion>(motion).await?;
    match loaded.inner().council {
        None => Err(refused(MotionRefusal::UnknownMotion)),
        Some(its) if its != council => Err(refused(MotionRefusal::CouncilUnfit)),
        Some(_) => work.decide::<Motion>(loaded, Deciding::Schedule { meeting }.into()).await,
    }
}

/// Stages that a motion is off the agenda.
///
/// # Errors
/// The motion's refusals.
pub async fn taken_off_agenda(work: &Work<'_>, motion: MotionId, reason: String) -> Result<Arc<Motion>, Rejection> {
    staged(work, motion, Deciding::TakeOffAgenda { reason }).await
}

/// Stages that a motion is put to the vote in this version.
///
/// # Errors
/// The motion's refusals.
pub async fn put_to_vote(
    work: &Work<'_>,
    motion: MotionId,
    meeting: MeetingId,
    vote: VoteId,
    version: u32,
) -> Result<Arc<Motion>, Rejection> {
    staged(work, motion, Deciding::PutToVote { meeting, vote, version }).await
}

/// Stages what the vote decided.
///
/// # Errors
/// The motion's refusals.
pub async fn decided(work: &Work<'_>, motion: MotionId, vote: VoteId, adopted: bool) -> Result<Arc<Motion>, Rejection> {
    staged(work, motion, Deciding::Decide { vote, adopted }).await
}

/// Stages that the vote ended without a decision.
///
/// # Errors
/// The motion's refusals.
pub async fn abandoned(work: &Work<'_>, motion: MotionId, vote: VoteId, reason: String) -> Result<Arc<Motion>, Rejection> {
    staged(work, motion, Deciding::AbandonVote { vote, reason }).await
}
