//! From the first draft to the screening: movers, files, seconds.

use std::collections::BTreeSet;

use super::{Decision, E, KEEPERS, Motion, MotionCommand, MotionPhase, ONESELF_AND_KEEPERS, Origin, R, check, written};
use crate::{
    access::authority::{Act, To},
    deliberation::{
        attachment::{self, Attachment, FileDigest},
        motion_category::MotionCategory,
        text::Text,
    },
    values::{AreaCode, CouncilId, PersonId},
};

/// Most movers of one motion.
pub const MOVERS_MAX_COUNT: usize = 20;
/// Most seconds a charter may ask for.
pub const SECONDS_NEEDED_MAX_COUNT: u32 = 1_000;

/// Draft a motion.
pub const DRAFT_MOTION: Act = Act { name: "draftMotion", open_to: ONESELF_AND_KEEPERS };
/// Rewrite a draft.
pub const REVISE_MOTION: Act = Act { name: "reviseMotion", open_to: ONESELF_AND_KEEPERS };
/// Join its movers.
pub const JOIN_MOTION: Act = Act { name: "joinMotion", open_to: ONESELF_AND_KEEPERS };
/// Leave its movers; the last one withdraws it.
pub const WITHDRAW_MOTION: Act = Act { name: "withdrawMotion", open_to: ONESELF_AND_KEEPERS };
/// Add a file.
pub const ATTACH_TO_MOTION: Act = Act { name: "attachToMotion", open_to: ONESELF_AND_KEEPERS };
/// Take a file away.
pub const DETACH_FROM_MOTION: Act = Act { name: "detachFromMotion", open_to: ONESELF_AND_KEEPERS };
/// Submit it.
pub const SUBMIT_MOTION: Act = Act { name: "submitMotion", open_to: ONESELF_AND_KEEPERS };
/// Second it; a second spoken in a meeting or signed on paper is written down by an organiser.
pub const SECOND_MOTION: Act = Act { name: "secondMotion", open_to: ONESELF_AND_KEEPERS };
/// Take one's second back.
pub const WITHDRAW_SECOND: Act = Act { name: "withdrawSecond", open_to: &[To::Oneself] };
/// Take it in.
pub const ACCEPT_MOTION: Act = Act { name: "acceptMotion", open_to: KEEPERS };
/// Return it with a reason.
pub const RETURN_MOTION: Act = Act { name: "returnMotion", open_to: KEEPERS };

/// What may be asked of a motion until it is screened. `by` is in whose name it is done.
#[derive(Debug, Clone)]
pub enum Drafting {
    /// Draft it.
    Draft {
        /// The council it is for.
        council: CouncilId,
        /// That council's area.
        area: AreaCode,
        /// Who moves it.
        mover: PersonId,
        /// What it is about.
        category: MotionCategory,
        /// What it says.
        text: Text,
        /// What it came from.
        origin: Option<Origin>,
    },
    /// Rewrite the draft.
    Revise {
        /// One of the movers.
        by: PersonId,
        /// What it is about.
        category: MotionCategory,
        /// What it says.
        text: Text,
    },
    /// Join the movers.
    Join {
        /// Who.
        by: PersonId,
    },
    /// Leave the movers; when the last leaves, the motion is withdrawn.
    Withdraw {
        /// Who.
        by: PersonId,
    },
    /// Add a file, until it is put to the vote.
    Attach {
        /// One of the movers.
        by: PersonId,
        /// Which.
        attachment: Attachment,
    },
    /// Take a file away, while it is a draft.
    Detach {
        /// One of the movers.
        by: PersonId,
        /// Which.
        sha256: FileDigest,
    },
    /// Submit it.
    Submit {
        /// One of the movers.
        by: PersonId,
        /// How many seconds the charter asks for. A motion made of an issue or a referral may need none.
        seconds_needed: u32,
    },
    /// Second it.
    Second {
        /// Who.
        by: PersonId,
        /// Who sits in the council now: the others' seconds no longer count.
        sitting: BTreeSet<PersonId>,
    },
    /// Take a second back, as long as it is not complete.
    WithdrawSecond {
        /// Who.
        by: PersonId,
    },
    /// Take it in.
    Accept {
        /// The person who screens, if it is one.
        screener: Option<PersonId>,
    },
    /// Return it.
    Return {
        /// The person who screens, if it is one.
        screener: Option<PersonId>,
        /// Why; about the motion, not about a person.
        reason: String,
    },
}

impl From<Drafting> for MotionCommand {
    fn from(command: Drafting) -> Self {
        Self::Drafting(command)
    }
}

impl Motion {
    pub(super) fn drafting(&self, command: Drafting) -> Decision {
        match command {
            Drafting::Draft { .. } if self.phase != MotionPhase::Unknown => Err(R::MotionExists),
            Drafting::Draft { council, area, mover, category, text, origin } => {
                Ok(vec![E::MotionDrafted { council, area, mover, category, text: text.fitted()?, origin }])
            }
            Drafting::Revise { by, category, text } => {
                self.require(&[MotionPhase::Drafted])?;
                self.require_mover(by)?;
                let text = text.fitted()?;
                Ok(vec![E::MotionRevised { category, version: self.next_version()?, text }])
            }
            Drafting::Join { by } => self.join(by),
            Drafting::Withdraw { by } => self.withdraw(by),
            Drafting::Attach { by, attachment } => {
                self.require_undecided(&MotionPhase::OPEN)?;
                self.require_mover(by)?;
                let attachment = attachment.fitted()?;
                attachment::require_distinct(self.attachments.iter().chain([&attachment]))?;
                Ok(vec![E::AttachmentAdded { attachment }])
            }
            Drafting::Detach { by, sha256 } => {
                self.require(&[MotionPhase::Drafted])?;
                self.require_mover(by)?;
                check(self.attachments.iter().any(|it| it.sha256 == sha256), R::UnknownAttachment)?;
                Ok(vec![E::AttachmentRemoved { sha256 }])
            }
            Drafting::Submit { by, seconds_needed } => {
                self.require(&[MotionPhase::Drafted])?;
                self.require_mover(by)?;
                check(seconds_needed <= SECONDS_NEEDED_MAX_COUNT, R::SecondsNeededUnfit { most: SECONDS_NEEDED_MAX_COUNT })?;
                let complete = (seconds_needed == 0).then_some(E::SecondsCompleted { seconds: 0, needed: 0 });
                Ok([E::MotionSubmitted { person: by, seconds_needed }].into_iter().chain(complete).collect())
            }
            Drafting::Second { by, sitting } => self.second(by, &sitting),
            Drafting::WithdrawSecond { by } => {
                self.require(&[MotionPhase::Submitted])?;
                check(self.seconders.contains(&by), R::NotSeconded)?;
                Ok(vec![E::SecondWithdrawn { person: by }])
            }
            Drafting::Accept { screener } => {
                self.require_screening(screener)?;
                Ok(vec![E::MotionAccepted {}])
            }
            Drafting::Return { screener, reason } => {
                self.require_screening(screener)?;
                Ok(vec![E::MotionReturned { reason: written(&reason)? }])
            }
        }
    }

    fn join(&self, person: PersonId) -> Decision {
        self.require(&MotionPhase::EARLY)?;
        check(!self.movers.contains(&person), R::AlreadyMover)?;
        check(!self.seconders.contains(&person), R::AlreadySeconded)?;
        check(self.movers.len() < MOVERS_MAX_COUNT, R::TooManyMovers { most: MOVERS_MAX_COUNT })?;
        Ok(vec![E::MoverJoined { person }])
    }

    fn withdraw(&self, person: PersonId) -> Decision {
        check(self.votes.is_empty(), R::TooLateToWithdraw)?;
        self.require(&MotionPhase::OPEN)?;
        self.require_mover(person)?;
        let last = self.movers.len() == 1;
        Ok(vec![if last { E::MotionWithdrawn { person } } else { E::MoverLeft { person } }])
    }

    fn second(&self, person: PersonId, sitting: &BTreeSet<PersonId>) -> Decision {
        self.require(&[MotionPhase::Submitted, MotionPhase::Seconded])?;
        check(!self.movers.contains(&person), R::OwnSecond)?;
        check(!self.seconders.contains(&person), R::AlreadySeconded)?;
        let still_sit = self.seconders.iter().filter(|it| sitting.contains(it)).count();
        let seconds = u32::try_from(still_sit + 1).unwrap_or(u32::MAX);
        let complete = self.phase == MotionPhase::Submitted && seconds >= self.seconds_needed;
        let complete = complete.then_some(E::SecondsCompleted { seconds, needed: self.seconds_needed });
        Ok([E::MotionSeconded { person }].into_iter().chain(complete).collect())
    }

    fn require_screening(&self, screener: Option<PersonId>) -> Result<(), R> {
        self.require(&[MotionPhase::Seconded])?;
        check(!screener.is_some_and(|person| self.movers.contains(&person)), R::OwnMotionScreened)
    }
}
