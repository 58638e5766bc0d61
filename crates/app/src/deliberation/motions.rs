//! Drafting motions, submitting, seconding and screening them; and what a meeting's votes stage about them.
//!
//! - Who drafts, joins, seconds or proposes sits in the council on that day: [`CouncilCase::in_the_council`]. What is one's
//!   own one may change and take back also after one's term.
//! - What is pasted is tidied before it is judged and stored.
//! - The council's register numbers a motion in the commit of its first submission.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::Datelike;
use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        amendment::ChangeRefusal,
        attachment::{Attachment, FileDigest},
        council::{Council, CouncilRefusal},
        issue::ResidentIssue,
        motion::{
            Motion, MotionRefusal, Origin, Phase,
            deciding::Deciding,
            drafting::{
                ACCEPT_MOTION, ATTACH_TO_MOTION, DETACH_FROM_MOTION, DRAFT_MOTION, Drafting, JOIN_MOTION, RETURN_MOTION, REVISE_MOTION,
                SECOND_MOTION, SUBMIT_MOTION, WITHDRAW_MOTION, WITHDRAW_SECOND,
            },
        },
        motion_category::MotionCategory,
        motion_register::{MotionRegister, MotionRegisterCommand},
        text::{Paragraph, Text, tidied},
    },
    refusal::Refusal,
    values::{AreaCode, CouncilId, MeetingId, MotionId, ParagraphId, PersonId, VoteId},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Command,
    rejection::{Rejection, refused},
    work::{Loaded, Work},
};

/// A council as a motion's command meets it; the commit expects it unchanged.
pub(super) struct CouncilCase {
    pub(super) council: Council,
    pub(super) area: AreaCode,
}

impl CouncilCase {
    pub(super) async fn load(work: &Work<'_>, id: CouncilId) -> Result<Self, Rejection> {
        let council = work.load::<Council>(id).await?.into_inner();
        let area = council.area.clone().ok_or_else(|| refused(CouncilRefusal::UnknownCouncil))?;
        Ok(Self { council, area })
    }

    /// The actor may do this in the name of `by`, who sits in the council today.
    pub(super) fn in_the_council(&self, work: &mut Work<'_>, act: &Act, by: PersonId) -> Result<(), Rejection> {
        let today = work.today();
        let own = work.actor.person() == Some(by);
        work.may(act, &self.council.subject(own.then_some(by), today))?;
        self.council.require_working().map_err(refused)?;
        let sits = self.council.is_representative(by, today);
        if sits { Ok(()) } else { Err(refused(CouncilRefusal::NotARepresentative)) }
    }

    /// The actor may do this for the council, which works.
    pub(super) fn for_the_council(&self, work: &mut Work<'_>, act: &Act) -> Result<(), Rejection> {
        work.may(act, &Subject::area(self.area.clone()))?;
        self.council.require_working().map_err(refused)?;
        Ok(())
    }
}

/// A motion with its council.
pub(super) struct MotionCase {
    pub(super) motion: Loaded<Motion>,
    pub(super) council: CouncilId,
    pub(super) case: CouncilCase,
}

impl MotionCase {
    pub(super) async fn load(work: &Work<'_>, id: MotionId) -> Result<Self, Rejection> {
        let motion = work.load::<Motion>(id).await?;
        let council = motion.inner().council.ok_or_else(|| refused(MotionRefusal::UnknownMotion))?;
        Ok(Self { motion, council, case: CouncilCase::load(work, council).await? })
    }

    /// The actor may do this to what is `by`'s own, or write it down for `by`.
    pub(super) fn about_ones_own(&self, work: &mut Work<'_>, act: &Act, by: PersonId) -> Result<(), Rejection> {
        work.may(act, &Subject::person(by, Some(self.case.area.clone())))
    }

    /// Decides and stages.
    pub(super) async fn decide(
        self,
        work: &Work<'_>,
        command: impl Into<gongyi_domain::deliberation::motion::MotionCommand>,
    ) -> Result<Arc<Motion>, Rejection> {
        work.decide::<Motion>(self.motion, command.into()).await
    }
}

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
    /// The text, tidied; paragraphs that stand in `before` keep their ids.
    ///
    /// # Errors
    /// A paragraph that is neither new nor in the text before.
    pub fn text(&self, before: &Text) -> Result<Text, Refusal> {
        let paragraph = |draft: &ParagraphDraft| match draft.id {
            Some(id) if before.place(id).is_none() => {
                let Refusal { zh, en, .. } = ChangeRefusal::UnknownParagraph.into();
                Err(MotionRefusal::MotionTextUnfit { zh, en }.into())
            }
            id => Ok(Paragraph { id: id.unwrap_or_else(|| ParagraphId(Uuid::now_v7())), text: tidied(&draft.text) }),
        };
        let paragraphs = self.paragraphs.iter().map(paragraph).collect::<Result<_, Refusal>>()?;
        Ok(Text { title: tidied(&self.title), paragraphs })
    }
}

/// A file by reference, its name tidied.
pub(super) fn tidied_file(file: &Attachment) -> Attachment {
    Attachment { name: tidied(&file.name), ..file.clone() }
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

#[async_trait]
impl Command for DraftMotion {
    const ACT: &'static Act = &DRAFT_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = CouncilCase::load(work, self.council).await?;
        case.in_the_council(work, Self::ACT, self.mover)?;
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

#[async_trait]
impl Command for ReviseMotion {
    const ACT: &'static Act = &REVISE_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by)?;
        let motion = case.motion.inner();
        // Two movers who write at once do not undo each other's words.
        if motion.phase == Phase::Drafted && motion.version != self.against {
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

#[async_trait]
impl Command for JoinMotion {
    const ACT: &'static Act = &JOIN_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.case.in_the_council(work, Self::ACT, self.by)?;
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

#[async_trait]
impl Command for WithdrawMotion {
    const ACT: &'static Act = &WITHDRAW_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by)?;
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

#[async_trait]
impl Command for AttachToMotion {
    const ACT: &'static Act = &ATTACH_TO_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by)?;
        case.decide(work, Drafting::Attach { by: self.by, attachment: tidied_file(&self.attachment) }).await?;
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

#[async_trait]
impl Command for DetachFromMotion {
    const ACT: &'static Act = &DETACH_FROM_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by)?;
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

#[async_trait]
impl Command for SubmitMotion {
    const ACT: &'static Act = &SUBMIT_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.case.in_the_council(work, Self::ACT, self.by)?;
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
            let endorsements = work.load::<ResidentIssue>(issue).await?.inner().endorsers.len();
            u32::try_from(endorsements).is_ok_and(|endorsements| endorsements >= charter.issues.endorsements_needed)
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

#[async_trait]
impl Command for SecondMotion {
    const ACT: &'static Act = &SECOND_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.case.in_the_council(work, Self::ACT, self.by)?;
        case.decide(work, Drafting::Second { by: self.by }).await?;
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

#[async_trait]
impl Command for WithdrawSecond {
    const ACT: &'static Act = &WITHDRAW_SECOND;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by)?;
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

#[async_trait]
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

#[async_trait]
impl Command for ReturnMotion {
    const ACT: &'static Act = &RETURN_MOTION;
    type Answer = MotionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MotionId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        work.may(Self::ACT, &Subject::area(case.case.area.clone()))?;
        let screener = work.actor.person();
        case.decide(work, Drafting::Return { screener, reason: tidied(&self.reason) }).await?;
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
