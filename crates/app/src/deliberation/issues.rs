//! Residents' issues: raising, endorsing, screening, taking up, answering.
//!
//! - Who may raise one is the charter's to say; who endorses one lives in the council's area.
//! - Title, text and the reason of turning away are sealed under the key of who raised it.
//! - A representative who takes an issue up writes the motion's text anew: a resident's own words stay sealed.

use std::collections::BTreeSet;

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        council::{Council, CouncilRefusal},
        issue::{
            ADMIT_ISSUE, ANSWER_ISSUE, CLOSE_ISSUE, ENDORSE_ISSUE, ISSUE_TEXT_MAX_CHARS, ISSUE_TITLE_MAX_CHARS, RAISE_ISSUE, ResidentIssue,
            ResidentIssueCommand, ResidentIssueRefusal, TAKE_UP_ISSUE, TURN_ISSUE_AWAY, WITHDRAW_ENDORSEMENT, WITHDRAW_ISSUE,
        },
        motion::{
            Motion, Origin,
            drafting::{DRAFT_MOTION, Drafting},
        },
        motion_category::MotionCategory,
        text::{Line, Paragraph, Prose, Text},
    },
    values::{AreaCode, CouncilId, MotionId, ParagraphId, PersonId, ResidentIssueId},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    councils::council,
    residents::{at_home, home},
};
use crate::{
    Command,
    rejection::{Rejection, refused},
    work::{Loaded, Work},
};

/// An issue, the council it is raised to and that council's area.
struct Case {
    issue: Loaded<ResidentIssue>,
    council: Council,
    area: AreaCode,
}

impl Case {
    /// Loads both; the issue is locked, since many endorse one at once.
    async fn of(work: &Work<'_>, id: ResidentIssueId) -> Result<Self, Rejection> {
        let issue = work.lock::<ResidentIssue>(id).await?;
        let raised_to = issue.inner().council.ok_or_else(|| refused(ResidentIssueRefusal::UnknownIssue))?;
        let council = council(work, raised_to).await?.into_inner();
        let area = council.area.clone().ok_or_else(|| refused(CouncilRefusal::UnknownCouncil))?;
        Ok(Self { issue, council, area })
    }

    /// As [`Case::of`], for the council's keepers.
    async fn kept(work: &mut Work<'_>, act: &Act, id: ResidentIssueId) -> Result<Self, Rejection> {
        let case = Self::of(work, id).await?;
        work.may(act, &Subject::area(case.area.clone()))?;
        Ok(case)
    }

    /// How many endorsements the charter asks for now.
    fn needed(&self) -> Result<u32, Rejection> {
        Ok(self.council.require_working().map_err(refused)?.issues.endorsements_needed)
    }

    /// Those who endorsed it and live in the council's area now. Not asked where fewer than `needed` endorsed it at all: they
    /// would be too few anyway.
    async fn at_home(&self, work: &Work<'_>, needed: u32) -> Result<BTreeSet<PersonId>, Rejection> {
        let endorsers = &self.issue.inner().endorsers;
        let enough = u32::try_from(endorsers.len()).is_ok_and(|endorsers| endorsers >= needed);
        if enough { at_home(work, endorsers, &self.area).await } else { Ok(BTreeSet::new()) }
    }

    async fn decide(self, work: &Work<'_>, command: ResidentIssueCommand) -> Result<(), Rejection> {
        work.decide::<ResidentIssue>(self.issue, command).await?;
        Ok(())
    }
}

/// Raise an issue.
#[derive(Debug, Serialize)]
pub struct RaiseIssue {
    /// To which council.
    pub council: CouncilId,
    /// The area it is about; `None` for the council's.
    pub area: Option<AreaCode>,
    /// In whose name.
    pub raised_by: PersonId,
    /// What it is about.
    pub category: MotionCategory,
    /// Its title.
    pub title: String,
    /// What it says.
    pub text: String,
}

impl Command for RaiseIssue {
    const ACT: &'static Act = &RAISE_ISSUE;
    type Answer = ResidentIssueId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ResidentIssueId, Rejection> {
        use ResidentIssueRefusal as R;
        let council = council(work, self.council).await?.into_inner();
        let within = council.area.clone().ok_or_else(|| refused(CouncilRefusal::UnknownCouncil))?;
        work.may_in_the_name_of(Self::ACT, Subject::area(within.clone()), self.raised_by).await?;
        let raisers = council.require_working().map_err(refused)?.issues.raised_by;
        let at_home = within.contains(&home(work, self.raised_by).await?);
        let sits = council.is_representative(self.raised_by, work.today());
        ResidentIssue::require_raiser(raisers, sits, at_home).map_err(refused)?;
        let area = self.area.clone().unwrap_or_else(|| within.clone());
        if !within.contains(&area) {
            return Err(refused(R::IssueAreaUnfit));
        }
        work.require_area(&area).await?;
        let title = Line::parse(&self.title, ISSUE_TITLE_MAX_CHARS, |most| refused(R::IssueTitleUnfit { most }))?;
        let text = Prose::parse(&self.text, ISSUE_TEXT_MAX_CHARS, |most| refused(R::IssueTextUnfit { most }))?;
        let id = ResidentIssueId(Uuid::now_v7());
        let seal = work.sealer::<ResidentIssue>(self.raised_by, id, "IssueRaised").await?;
        let (title, text) = (seal.seal("title", title.as_str()), seal.seal("text", text.as_str()));
        let (raised_by, category) = (self.raised_by, self.category);
        let command = ResidentIssueCommand::Raise { council: self.council, area, raised_by, category, title, text };
        work.load_and_decide::<ResidentIssue>(id, command).await?;
        Ok(id)
    }
}

/// Endorse an issue, for oneself.
#[derive(Debug, Serialize)]
pub struct EndorseIssue {
    /// Which.
    pub issue: ResidentIssueId,
    /// Who.
    pub person: PersonId,
}

impl Command for EndorseIssue {
    const ACT: &'static Act = &ENDORSE_ISSUE;
    type Answer = ResidentIssueId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ResidentIssueId, Rejection> {
        work.may(Self::ACT, &Subject::person(self.person, None))?;
        let case = Case::of(work, self.issue).await?;
        if !case.area.contains(&home(work, self.person).await?) {
            return Err(refused(ResidentIssueRefusal::EndorserFromElsewhere));
        }
        let needed = case.needed()?;
        let at_home = case.at_home(work, needed.saturating_sub(1)).await?;
        case.decide(work, ResidentIssueCommand::Endorse { person: self.person, at_home, needed }).await?;
        Ok(self.issue)
    }
}

/// Take one's endorsement back.
#[derive(Debug, Serialize)]
pub struct WithdrawEndorsement {
    /// Which issue.
    pub issue: ResidentIssueId,
    /// Who.
    pub person: PersonId,
}

impl Command for WithdrawEndorsement {
    const ACT: &'static Act = &WITHDRAW_ENDORSEMENT;
    type Answer = ResidentIssueId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ResidentIssueId, Rejection> {
        work.may(Self::ACT, &Subject::person(self.person, None))?;
        let case = Case::of(work, self.issue).await?;
        case.decide(work, ResidentIssueCommand::WithdrawEndorsement { person: self.person }).await?;
        Ok(self.issue)
    }
}

/// Withdraw an issue.
#[derive(Debug, Serialize)]
pub struct WithdrawIssue {
    /// Which.
    pub issue: ResidentIssueId,
    /// In whose name: who raised it.
    pub by: PersonId,
}

impl Command for WithdrawIssue {
    const ACT: &'static Act = &WITHDRAW_ISSUE;
    type Answer = ResidentIssueId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ResidentIssueId, Rejection> {
        let case = Case::of(work, self.issue).await?;
        work.may_in_the_name_of(Self::ACT, Subject::area(case.area.clone()), self.by).await?;
        case.decide(work, ResidentIssueCommand::Withdraw { by: self.by }).await?;
        Ok(self.issue)
    }
}

/// Admit an issue: it is public and gathers endorsements.
#[derive(Debug, Serialize)]
pub struct AdmitIssue {
    /// Which.
    pub issue: ResidentIssueId,
}

impl Command for AdmitIssue {
    const ACT: &'static Act = &ADMIT_ISSUE;
    type Answer = ResidentIssueId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ResidentIssueId, Rejection> {
        let case = Case::kept(work, Self::ACT, self.issue).await?;
        let (screener, needed) = (work.actor.person(), case.needed()?);
        let at_home = case.at_home(work, needed).await?;
        case.decide(work, ResidentIssueCommand::Admit { screener, at_home, needed }).await?;
        Ok(self.issue)
    }
}

/// Turn an issue away.
#[derive(Debug, Serialize)]
pub struct TurnIssueAway {
    /// Which.
    pub issue: ResidentIssueId,
    /// Why; told to who raised it.
    pub reason: String,
}

impl Command for TurnIssueAway {
    const ACT: &'static Act = &TURN_ISSUE_AWAY;
    type Answer = ResidentIssueId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ResidentIssueId, Rejection> {
        let case = Case::kept(work, Self::ACT, self.issue).await?;
        let raised_by = case.issue.inner().raised_by.ok_or_else(|| refused(ResidentIssueRefusal::UnknownIssue))?;
        let unfit = |most| refused(ResidentIssueRefusal::TurningAwayUnfit { most });
        let reason = Prose::parse(&self.reason, ISSUE_TEXT_MAX_CHARS, unfit)?;
        let reason = work.sealer::<ResidentIssue>(raised_by, self.issue, "IssueTurnedAway").await?.seal("reason", reason.as_str());
        let screener = work.actor.person();
        case.decide(work, ResidentIssueCommand::TurnAway { screener, reason }).await?;
        Ok(self.issue)
    }
}

/// Make an issue a motion.
#[derive(Debug, Serialize)]
pub struct TakeUpIssue {
    /// Which.
    pub issue: ResidentIssueId,
    /// The representative who moves it.
    pub mover: PersonId,
    /// What the motion is called.
    pub title: String,
    /// What it says, by paragraphs.
    pub paragraphs: Vec<String>,
}

/// An issue that was taken up.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct TakenUp {
    /// The issue.
    pub issue: ResidentIssueId,
    /// The motion made of it.
    pub motion: MotionId,
}

impl Command for TakeUpIssue {
    const ACT: &'static Act = &TAKE_UP_ISSUE;
    type Answer = TakenUp;

    async fn decide(&self, work: &mut Work<'_>) -> Result<TakenUp, Rejection> {
        let Case { issue, council, area } = Case::of(work, self.issue).await?;
        let today = work.today();
        let own = work.actor.person() == Some(self.mover);
        let subject = council.subject(own.then_some(self.mover), today);
        work.may(Self::ACT, &subject)?;
        work.may(&DRAFT_MOTION, &subject)?;
        council.require_working().map_err(refused)?;
        if !council.is_representative(self.mover, today) {
            return Err(refused(CouncilRefusal::NotARepresentative));
        }
        let (raised_to, category) = (issue.inner().council, issue.inner().category);
        let unknown = || refused(ResidentIssueRefusal::UnknownIssue);
        let (raised_to, category) = (raised_to.ok_or_else(unknown)?, category.ok_or_else(unknown)?);
        let motion = MotionId(Uuid::now_v7());
        work.decide::<ResidentIssue>(issue, ResidentIssueCommand::TakeUp { motion }).await?;
        let paragraph = |text: &String| Paragraph { id: ParagraphId(Uuid::now_v7()), text: text.clone() };
        let draft = Drafting::Draft {
            council: raised_to,
            area,
            mover: self.mover,
            category,
            text: Text { title: self.title.clone(), paragraphs: self.paragraphs.iter().map(paragraph).collect() },
            origin: Some(Origin::Issue { issue: self.issue }),
        };
        work.load_and_decide::<Motion>(motion, draft.into()).await?;
        Ok(TakenUp { issue: self.issue, motion })
    }
}

/// Answer an issue.
#[derive(Debug, Serialize)]
pub struct AnswerIssue {
    /// Which.
    pub issue: ResidentIssueId,
    /// What the council says, and why; public.
    pub answer: String,
}

impl Command for AnswerIssue {
    const ACT: &'static Act = &ANSWER_ISSUE;
    type Answer = ResidentIssueId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ResidentIssueId, Rejection> {
        let case = Case::kept(work, Self::ACT, self.issue).await?;
        case.decide(work, ResidentIssueCommand::Answer { answer: self.answer.clone() }).await?;
        Ok(self.issue)
    }
}

/// Close an issue that was answered.
#[derive(Debug, Serialize)]
pub struct CloseIssue {
    /// Which.
    pub issue: ResidentIssueId,
}

impl Command for CloseIssue {
    const ACT: &'static Act = &CLOSE_ISSUE;
    type Answer = ResidentIssueId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ResidentIssueId, Rejection> {
        let case = Case::kept(work, Self::ACT, self.issue).await?;
        case.decide(work, ResidentIssueCommand::Close).await?;
        Ok(self.issue)
    }
}
