//! While a motion is before the council: amendments to its text.

use super::{Decision, E, KEEPERS, Motion, MotionCommand, MotionPhase, ONESELF_AND_KEEPERS, R, check, written};
use crate::{
    access::authority::Act,
    deliberation::amendment::{AMENDMENTS_MAX_COUNT, Amendment, AmendmentPhase, Change, places},
    prose::{Prose, REASON_MAX_CHARS},
    values::{AmendmentId, PersonId, VoteId},
};

/// Propose an amendment.
pub const PROPOSE_AMENDMENT: Act = Act { name: "proposeAmendment", open_to: ONESELF_AND_KEEPERS };
/// Change one's amendment, as when the text has moved on.
pub const REVISE_AMENDMENT: Act = Act { name: "reviseAmendment", open_to: ONESELF_AND_KEEPERS };
/// Take it back.
pub const WITHDRAW_AMENDMENT: Act = Act { name: "withdrawAmendment", open_to: ONESELF_AND_KEEPERS };
/// Merge it into the text.
pub const ACCEPT_AMENDMENT: Act = Act { name: "acceptAmendment", open_to: KEEPERS };
/// Turn it down.
pub const REJECT_AMENDMENT: Act = Act { name: "rejectAmendment", open_to: KEEPERS };

/// What may be asked of a motion whose text is worked on.
#[derive(Debug, Clone)]
pub enum Amending {
    /// Propose an amendment.
    Propose {
        /// Its id.
        amendment: AmendmentId,
        /// Who proposes it.
        by: PersonId,
        /// The version it is made for: the last.
        against: u32,
        /// What it changes.
        changes: Vec<Change>,
        /// What for; about the matter, not about a person.
        grounds: Option<String>,
    },
    /// Change it.
    Revise {
        /// Which.
        amendment: AmendmentId,
        /// Its proposer.
        by: PersonId,
        /// The version it is made for: the last.
        against: u32,
        /// What it changes.
        changes: Vec<Change>,
        /// What for.
        grounds: Option<String>,
    },
    /// Take it back.
    Withdraw {
        /// Which.
        amendment: AmendmentId,
        /// Its proposer.
        by: PersonId,
    },
    /// Merge it.
    Accept {
        /// Which.
        amendment: AmendmentId,
        /// The person who accepts it for the council, if it is one.
        by: Option<PersonId>,
        /// The vote that adopted it, if there was one.
        vote: Option<VoteId>,
    },
    /// Turn it down.
    Reject {
        /// Which.
        amendment: AmendmentId,
        /// The vote that rejected it, if there was one.
        vote: Option<VoteId>,
        /// Why; about the amendment, not about a person.
        reason: String,
    },
}

impl From<Amending> for MotionCommand {
    fn from(command: Amending) -> Self {
        Self::Amending(command)
    }
}

impl Motion {
    pub(super) fn amending(&self, command: Amending) -> Decision {
        self.require_undecided(&MotionPhase::BEFORE_THE_COUNCIL)?;
        match command {
            Amending::Propose { amendment, by, against, changes, grounds } => {
                check(!self.amendments.contains_key(&amendment), R::AmendmentExists)?;
                check(self.amendments.len() < AMENDMENTS_MAX_COUNT, R::TooManyAmendments { most: AMENDMENTS_MAX_COUNT })?;
                let (changes, grounds) = self.sound(against, changes, grounds)?;
                Ok(vec![E::AmendmentProposed { amendment, proposer: by, against, changes, grounds }])
            }
            Amending::Revise { amendment, by, against, changes, grounds } => {
                check(self.pending(amendment)?.proposer == by, R::NotProposer)?;
                let (changes, grounds) = self.sound(against, changes, grounds)?;
                Ok(vec![E::AmendmentRevised { amendment, against, changes, grounds }])
            }
            Amending::Withdraw { amendment, by } => {
                check(self.pending(amendment)?.proposer == by, R::NotProposer)?;
                Ok(vec![E::AmendmentWithdrawn { amendment }])
            }
            Amending::Accept { amendment, by, vote } => self.accept(amendment, by, vote),
            Amending::Reject { amendment, vote, reason } => {
                self.pending(amendment)?;
                Ok(vec![E::AmendmentRejected { amendment, vote, reason: written(&reason)? }])
            }
        }
    }

    fn pending(&self, id: AmendmentId) -> Result<&Amendment, R> {
        let amendment = self.amendments.get(&id).ok_or(R::UnknownAmendment)?;
        check(amendment.phase == AmendmentPhase::Pending, R::AmendmentNotPending)?;
        Ok(amendment)
    }

    /// Changes that could be merged as the text stands, and their grounds, as they are stored.
    fn sound(&self, against: u32, changes: Vec<Change>, grounds: Option<String>) -> Result<(Vec<Change>, Option<String>), R> {
        check(against == self.version, R::VersionOutdated { last: self.version })?;
        let unfit = |most| R::ReasonUnfit { most };
        let grounds = Prose::parse_any(grounds.as_deref(), REASON_MAX_CHARS, unfit)?.map(String::from);
        let changes = changes.into_iter().map(Change::tidied).collect::<Vec<_>>();
        self.text.amended(&changes)?;
        Ok((changes, grounds))
    }

    fn accept(&self, id: AmendmentId, by: Option<PersonId>, vote: Option<VoteId>) -> Decision {
        let amendment = self.pending(id)?;
        check(vote.is_some() || by != Some(amendment.proposer), R::OwnAmendment)?;
        if let Some(with) = places(&amendment.changes).into_iter().find_map(|place| self.merged_since(place, amendment.against)) {
            return Err(R::AmendmentConflict { with });
        }
        let text = self.text.amended(&amendment.changes)?;
        Ok(vec![E::AmendmentAccepted { amendment: id, vote, version: self.next_version()?, text }])
    }
}
