//! Proposing, revising, withdrawing, accepting and rejecting amendments.

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        amendment::Change,
        motion::amending::{ACCEPT_AMENDMENT, Amending, PROPOSE_AMENDMENT, REJECT_AMENDMENT, REVISE_AMENDMENT, WITHDRAW_AMENDMENT},
    },
    values::{AmendmentId, MotionId, ParagraphId, PersonId},
};
use serde::Serialize;
use uuid::Uuid;

use super::MotionCase;
use crate::{Command, rejection::Rejection, work::Work};

/// A change as it comes in.
#[derive(Debug, Clone, Serialize)]
pub enum ChangeDraft {
    /// Another title.
    Retitle {
        /// The new title.
        title: String,
    },
    /// Other words in a paragraph.
    Replace {
        /// Which.
        paragraph: ParagraphId,
        /// What it shall say.
        text: String,
    },
    /// A new paragraph.
    InsertAfter {
        /// Behind which; `None` for the beginning.
        after: Option<ParagraphId>,
        /// The new paragraph's id, if a later change must name it.
        paragraph: Option<ParagraphId>,
        /// What it shall say.
        text: String,
    },
    /// A paragraph less.
    Delete {
        /// Which.
        paragraph: ParagraphId,
    },
}

impl ChangeDraft {
    fn change(&self) -> Change {
        match self {
            Self::Retitle { title } => Change::Retitle { title: title.clone() },
            Self::Replace { paragraph, text } => Change::Replace { paragraph: *paragraph, text: text.clone() },
            Self::InsertAfter { after, paragraph, text } => {
                let paragraph = paragraph.unwrap_or_else(|| ParagraphId(Uuid::now_v7()));
                Change::InsertAfter { after: *after, paragraph, text: text.clone() }
            }
            Self::Delete { paragraph } => Change::Delete { paragraph: *paragraph },
        }
    }
}

fn changes(drafts: &[ChangeDraft]) -> Vec<Change> {
    drafts.iter().map(ChangeDraft::change).collect()
}

/// Propose an amendment.
#[derive(Debug, Serialize)]
pub struct ProposeAmendment {
    /// To which motion.
    pub motion: MotionId,
    /// Who: a representative.
    pub by: PersonId,
    /// The version it was made for.
    pub against: u32,
    /// What it changes.
    pub changes: Vec<ChangeDraft>,
    /// What for.
    pub grounds: Option<String>,
}

impl Command for ProposeAmendment {
    const ACT: &'static Act = &PROPOSE_AMENDMENT;
    type Answer = AmendmentId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AmendmentId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.case.in_the_council(work, Self::ACT, self.by).await?;
        let amendment = AmendmentId(Uuid::now_v7());
        let (changes, grounds) = (changes(&self.changes), self.grounds.clone());
        case.decide(work, Amending::Propose { amendment, by: self.by, against: self.against, changes, grounds }).await?;
        Ok(amendment)
    }
}

/// Change one's amendment.
#[derive(Debug, Serialize)]
pub struct ReviseAmendment {
    /// Of which motion.
    pub motion: MotionId,
    /// Which.
    pub amendment: AmendmentId,
    /// Its proposer.
    pub by: PersonId,
    /// The version it was made for.
    pub against: u32,
    /// What it changes.
    pub changes: Vec<ChangeDraft>,
    /// What for.
    pub grounds: Option<String>,
}

impl Command for ReviseAmendment {
    const ACT: &'static Act = &REVISE_AMENDMENT;
    type Answer = AmendmentId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AmendmentId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by).await?;
        let (changes, grounds) = (changes(&self.changes), self.grounds.clone());
        let Self { amendment, by, against, .. } = *self;
        case.decide(work, Amending::Revise { amendment, by, against, changes, grounds }).await?;
        Ok(amendment)
    }
}

/// Take one's amendment back.
#[derive(Debug, Serialize)]
pub struct WithdrawAmendment {
    /// Of which motion.
    pub motion: MotionId,
    /// Which.
    pub amendment: AmendmentId,
    /// Its proposer.
    pub by: PersonId,
}

impl Command for WithdrawAmendment {
    const ACT: &'static Act = &WITHDRAW_AMENDMENT;
    type Answer = AmendmentId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AmendmentId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.about_ones_own(work, Self::ACT, self.by).await?;
        case.decide(work, Amending::Withdraw { amendment: self.amendment, by: self.by }).await?;
        Ok(self.amendment)
    }
}

/// Merge an amendment into the text.
#[derive(Debug, Serialize)]
pub struct AcceptAmendment {
    /// Of which motion.
    pub motion: MotionId,
    /// Which.
    pub amendment: AmendmentId,
}

impl Command for AcceptAmendment {
    const ACT: &'static Act = &ACCEPT_AMENDMENT;
    type Answer = AmendmentId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AmendmentId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        case.case.for_the_council(work, Self::ACT)?;
        let by = work.actor.person();
        case.decide(work, Amending::Accept { amendment: self.amendment, by, vote: None }).await?;
        Ok(self.amendment)
    }
}

/// Turn an amendment down.
#[derive(Debug, Serialize)]
pub struct RejectAmendment {
    /// Of which motion.
    pub motion: MotionId,
    /// Which.
    pub amendment: AmendmentId,
    /// Why.
    pub reason: String,
}

impl Command for RejectAmendment {
    const ACT: &'static Act = &REJECT_AMENDMENT;
    type Answer = AmendmentId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AmendmentId, Rejection> {
        let case = MotionCase::load(work, self.motion).await?;
        work.may(Self::ACT, &Subject::area(case.case.area.clone()))?;
        case.decide(work, Amending::Reject { amendment: self.amendment, vote: None, reason: self.reason.clone() }).await?;
        Ok(self.amendment)
    }
}
