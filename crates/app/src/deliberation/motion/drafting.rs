//! Drafting motions, submitting, seconding and screening them.
//!
//! The council's register numbers a motion in the commit of its first submission.

use chrono::Datelike;
use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        amendment::ChangeRefusal,
        attachment::{Attachment, FileDigest},
        issue::ResidentIssue,
        motion::{
            Motion, MotionPhase, MotionRefusal, Origin,
            drafting::{
                ACCEPT_MOTION, ATTACH_TO_MOTION, DETACH_FROM_MOTION, DRAFT_MOTION, Drafting, JOIN_MOTION, RETURN_MOTION, REVISE_MOTION,
                SECOND_MOTION, SUBMIT_MOTION, WITHDRAW_MOTION, WITHDRAW_SECOND,
            },
        },
        motion_category::MotionCategory,
        motion_register::{MotionRegister, MotionRegisterCommand},
        text::{Paragraph, Text},
    },
    refusal::Refusal,
    values::{AreaCode, CouncilId, MotionId, ParagraphId, PersonId},
};
use serde::Serialize;
use uuid::Uuid;

use super::{CouncilCase, MotionCase};
use crate::{
    Command,
    deliberation::residents::at_home,
    rejection::{Rejection, refused},
    work::Work,
};

/// A paragraph as it comes in.
#[derive(Debug, Clone, Serialize)]
pub struct ParagraphDraft {
    /// Which one of the text before it is; `None` for a new one.
    pub id: Option<ParagraphId>,
    /// What it says.
    pub text: String,
}

/// A text as it comes in.
#[derive(Debug, Clone, Serialize)]
pub struct TextDraft {
    /// Title.
    pub title: String,
    /// Paragraphs, in order.
    pub paragraphs: Vec<ParagraphDraft>,
}

impl TextDraft {
    /// The text; paragraphs that stand in `before` keep their ids.
    ///
    /// # Errors
    /// A paragraph that is neither new nor in the text before.
    pub fn text(&self, before: &Text) -> Result<Text, Refusal> {
        let paragraph = |draft: &ParagraphDraft| match draft.id {
            Some(id) if before.place(id).is_none() => {
                let Refusal { zh, en, .. } = ChangeRefusal::UnknownParagraph.into();
                Err(MotionRefusal::MotionTextUnfit { zh, en }.into())
            }
            id => Ok(Paragraph { id: id.unwrap_or_else(|| ParagraphId(Uuid::now_v7())), text: draft.text.clone() }),
        };
        let paragraphs = self.paragraphs.iter().map(paragraph).collect::<Result<_, Refusal>>()?;
        Ok(Text { title: self.title.clone(), paragraphs })
    }
}

/// Draft a motion.
#[derive(Debug, Serialize)]
pub struct DraftMotion {
    /// For which council.
    pub council: CouncilId,
    /// Who moves it: a representative.
    pub mover: PersonId,
    /// What it is about.
    pub category: MotionCategory,
    /// What it says.
    pub text: TextDraft,
}

impl Command for DraftMotion {
    const ACT: &'static Act = &DRAFT_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = CouncilCase::load(work, self.council).await?;
        case.in_the_council(work, Self::ACT, self.mover).await?;
        let text = self.text.text(&Text::default()).map_err(Rejection::Refused)?;
        drafted(work, self.council, case.area, self.mover, self.category, text, None).await
    }
}

/// Stages the draft of a motion; whoever calls has asked who may, and that the mover sits in the council.
///
/// # Errors
/// What is wrong with the text.
pub async fn drafted(
    work: &Work<'_>,
    council: CouncilId,
    area: AreaCode,
    mover: PersonId,
    category: MotionCategory,
    text: Text,
    origin: Option<Origin>,
) -> Result<MotionId, Rejection> {
    let id = MotionId(Uuid::now_v7());
    let command = Drafting::Draft { council, area, mover, category, text, origin };
    work.load_and_decide::<Motion>(id, command.into()).await?;
    Ok(id)
}

/// Rewrite a draft.
#[derive(Debug, Serialize)]
pub struct ReviseMotion {
    /// Which.
    pub motion: MotionId,
    /// One of its movers.
    pub by: PersonId,
    /// The version it was made from.
    pub against: u32,
    /// What it is about.
    pub category: MotionCategory,
    /// What it says.
    pub text: TextDraft,
}

impl Command for ReviseMotion {
    const ACT: &'static Act = &REVISE_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by).await?;
        let motion = case.motion.inner();
        // Two movers who write at once do not undo each other's words.
        if motion.phase == MotionPhase::Drafted && motion.version != self.against {
            return Err(refused(MotionRefusal::VersionOutdated { last: motion.version }));
        }
        let text = self.text.text(&motion.text).map_err(Rejection::Refused)?;
        case.decide(work, Drafting::Revise { by: self.by, category: self.category, text }).await?;
        Ok(self.motion)
    }
}

/// Join a motion's movers.
#[derive(Debug, Serialize)]
pub struct JoinMotion {
    /// Which.
    pub motion: MotionId,
    /// Who: a representative.
    pub by: PersonId,
}

impl Command for JoinMotion {
    const ACT: &'static Act = &JOIN_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.case.in_the_council(work, Self::ACT, self.by).await?;
        case.decide(work, Drafting::Join { by: self.by }).await?;
        Ok(self.motion)
    }
}

/// Leave a motion's movers; when the last leaves, it is withdrawn.
#[derive(Debug, Serialize)]
pub struct WithdrawMotion {
    /// Which.
    pub motion: MotionId,
    /// One of its movers.
    pub by: PersonId,
}

impl Command for WithdrawMotion {
    const ACT: &'static Act = &WITHDRAW_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by).await?;
        case.decide(work, Drafting::Withdraw { by: self.by }).await?;
        Ok(self.motion)
    }
}

/// Add a file, by reference.
#[derive(Debug, Serialize)]
pub struct AttachToMotion {
    /// To which.
    pub motion: MotionId,
    /// One of its movers.
    pub by: PersonId,
    /// The file.
    pub attachment: Attachment,
}

impl Command for AttachToMotion {
    const ACT: &'static Act = &ATTACH_TO_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by).await?;
        case.decide(work, Drafting::Attach { by: self.by, attachment: self.attachment.clone() }).await?;
        Ok(self.motion)
    }
}

/// Take a file away.
#[derive(Debug, Serialize)]
pub struct DetachFromMotion {
    /// From which.
    pub motion: MotionId,
    /// One of its movers.
    pub by: PersonId,
    /// The file.
    pub sha256: FileDigest,
}

impl Command for DetachFromMotion {
    const ACT: &'static Act = &DETACH_FROM_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by).await?;
        case.decide(work, Drafting::Detach { by: self.by, sha256: self.sha256.clone() }).await?;
        Ok(self.motion)
    }
}

/// Submit a motion; the council's register gives it its number.
#[derive(Debug, Serialize)]
pub struct SubmitMotion {
    /// Which.
    pub motion: MotionId,
    /// One of its movers: a representative.
    pub by: PersonId,
}

impl Command for SubmitMotion {
    const ACT: &'static Act = &SUBMIT_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.case.in_the_council(work, Self::ACT, self.by).await?;
        let (council, seconds_needed) = (case.council, seconds_needed(work, &case).await?);
        case.decide(work, Drafting::Submit { by: self.by, seconds_needed }).await?;
        let register = work.lock::<MotionRegister>(council).await?;
        // The register refuses what is no year of four digits.
        let year = u16::try_from(work.today().year()).unwrap_or(0);
        work.decide::<MotionRegister>(register, MotionRegisterCommand::Number { motion: self.motion, year }).await?;
        Ok(self.motion)
    }
}

/// As the charter says; none where enough residents endorsed the issue that it was made of, or another council referred it.
async fn seconds_needed(work: &Work<'_>, case: &MotionCase) -> Result<u32, Rejection> {
    let charter = case.case.council.require_working().map_err(refused)?;
    let stands_for_seconds = match case.motion.inner().origin {
        None => false,
        Some(Origin::Motion { .. }) => true,
        Some(Origin::Issue { issue }) => {
            // An issue that was taken up gathers no more endorsements: these are those it was taken up with.
            let endorsers = work.load::<ResidentIssue>(issue).await?.inner().endorsers.clone();
            let endorsements = at_home(work, &endorsers, &case.case.area).await?;
            u32::try_from(endorsements.len()).is_ok_and(|endorsements| endorsements >= charter.issues.endorsements_needed)
        }
    };
    Ok(if stands_for_seconds { 0 } else { charter.seconds_needed })
}

/// Second a motion.
#[derive(Debug, Serialize)]
pub struct SecondMotion {
    /// Which.
    pub motion: MotionId,
    /// Who: a representative.
    pub by: PersonId,
}

impl Command for SecondMotion {
    const ACT: &'static Act = &SECOND_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.case.in_the_council(work, Self::ACT, self.by).await?;
        let sitting = case.case.council.representatives(work.today()).collect();
        case.decide(work, Drafting::Second { by: self.by, sitting }).await?;
        Ok(self.motion)
    }
}

/// Take one's second back.
#[derive(Debug, Serialize)]
pub struct WithdrawSecond {
    /// Of which motion.
    pub motion: MotionId,
    /// Whose.
    pub by: PersonId,
}

impl Command for WithdrawSecond {
    const ACT: &'static Act = &WITHDRAW_SECOND;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by).await?;
        case.decide(work, Drafting::WithdrawSecond { by: self.by }).await?;
        Ok(self.motion)
    }
}

/// Screen a motion and take it in.
#[derive(Debug, Serialize)]
pub struct AcceptMotion {
    /// Which.
    pub motion: MotionId,
}

impl Command for AcceptMotion {
    const ACT: &'static Act = &ACCEPT_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.case.for_the_council(work, Self::ACT)?;
        let screener = work.actor.person();
        case.decide(work, Drafting::Accept { screener }).await?;
        Ok(self.motion)
    }
}

/// Screen a motion and return it.
#[derive(Debug, Serialize)]
pub struct ReturnMotion {
    /// Which.
    pub motion: MotionId,
    /// Why.
    pub reason: String,
}

impl Command for ReturnMotion {
    const ACT: &'static Act = &RETURN_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        work.may(Self::ACT, &Subject::area(case.case.area.clone()))?;
        let screener = work.actor.person();
        case.decide(work, Drafting::Return { screener, reason: self.reason.clone() }).await?;
        Ok(self.motion)
    }
}
