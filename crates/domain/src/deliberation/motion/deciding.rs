//! From the agenda to the decision, or elsewhere: to another council, to another day, into another motion.

use super::{Decision, E, KEEPERS, Motion, MotionCommand, MotionPhase, ONESELF_AND_KEEPERS, R, check, written};
use crate::{
    access::authority::{Act, Role, To},
    values::{CouncilId, Day, MeetingId, MotionId, PersonId, VoteId},
};

/// Most motions related to one, and most merged into one.
pub const OTHER_MOTIONS_MAX_COUNT: usize = 50;

/// Refer it to another council.
pub const REFER_MOTION: Act = Act { name: "referMotion", open_to: KEEPERS };
/// Take over what another council referred, or decline to; asked about the receiving council.
pub const ANSWER_REFERRAL: Act = Act { name: "answerReferral", open_to: KEEPERS };
/// Postpone it.
pub const POSTPONE_MOTION: Act = Act { name: "postponeMotion", open_to: KEEPERS };
/// Merge one motion into another.
pub const MERGE_MOTIONS: Act = Act { name: "mergeMotions", open_to: KEEPERS };
/// Say which motions are to be read together, and not any more.
pub const RELATE_MOTIONS: Act = Act { name: "relateMotions", open_to: KEEPERS };
/// Annul a decision, as when the vote was not held as it must be.
pub const ANNUL_DECISION: Act = Act { name: "annulDecision", open_to: &[To::Holders(Role::DistrictOfficer)] };
/// Take up again what was decided.
pub const RECONSIDER_MOTION: Act = Act { name: "reconsiderMotion", open_to: ONESELF_AND_KEEPERS };

/// What may be asked of a motion on its way to a decision. Reasons are about the matter, not about a person.
#[derive(Debug, Clone)]
pub enum Deciding {
    /// Put it on an agenda, or on another one.
    Schedule {
        /// The meeting.
        meeting: MeetingId,
    },
    /// Take it off the agenda.
    TakeOffAgenda {
        /// Why.
        reason: String,
    },
    /// Put it to the vote.
    PutToVote {
        /// The meeting on whose agenda it stands.
        meeting: MeetingId,
        /// The vote.
        vote: VoteId,
        /// The version that is voted on: the last.
        version: u32,
    },
    /// End the vote without a decision.
    AbandonVote {
        /// The vote.
        vote: VoteId,
        /// Why.
        reason: String,
    },
    /// Take the vote's decision.
    Decide {
        /// The vote.
        vote: VoteId,
        /// Adopted, else rejected.
        adopted: bool,
    },
    /// Refer it.
    Refer {
        /// The other council.
        to: CouncilId,
        /// The vote that decided so, if there was one.
        vote: Option<VoteId>,
        /// Why.
        reason: String,
    },
    /// Take it over: in the same commit as the draft of the receiving council's motion, which names this one as its origin.
    AcceptReferral {
        /// The receiving council.
        council: CouncilId,
        /// Its motion.
        motion: MotionId,
    },
    /// Do not take it over; it goes back.
    DeclineReferral {
        /// The receiving council.
        council: CouncilId,
        /// Why.
        reason: String,
    },
    /// Postpone it.
    Postpone {
        /// To which day; `None` until further notice.
        until: Option<Day>,
        /// Today, in the tenant's time zone.
        today: Day,
        /// The vote that decided so, if there was one.
        vote: Option<VoteId>,
        /// Why.
        reason: String,
    },
    /// Merge it into another: in the same commit as that one's [`Deciding::Absorb`].
    Merge {
        /// Its own id.
        id: MotionId,
        /// The motion that remains.
        into: MotionId,
        /// Why.
        reason: String,
    },
    /// Take another motion in.
    Absorb {
        /// Its own id.
        id: MotionId,
        /// The motion that is merged into this one.
        motion: MotionId,
        /// That motion's council.
        council: CouncilId,
    },
    /// To be read with another motion.
    Relate {
        /// Its own id.
        id: MotionId,
        /// The other.
        motion: MotionId,
    },
    /// Not to be read with it any more.
    Unrelate {
        /// The other.
        motion: MotionId,
    },
    /// The decision does not stand.
    AnnulDecision {
        /// The vote that made it.
        vote: VoteId,
        /// Why.
        reason: String,
    },
    /// Take up again what was decided.
    Reconsider {
        /// The representative who moves so.
        mover: PersonId,
        /// The vote that decided so, if the charter asks for one.
        vote: Option<VoteId>,
        /// Why.
        reason: String,
    },
}

impl From<Deciding> for MotionCommand {
    fn from(command: Deciding) -> Self {
        Self::Deciding(command)
    }
}

impl Motion {
    pub(super) fn deciding(&self, command: Deciding) -> Decision {
        match command {
            Deciding::Schedule { meeting } => {
                self.require_undecided(&MotionPhase::BEFORE_THE_COUNCIL)?;
                check(self.meeting != Some(meeting), R::AlreadyScheduled)?;
                Ok(vec![E::MotionScheduled { meeting }])
            }
            Deciding::TakeOffAgenda { reason } => {
                self.require_undecided(&[MotionPhase::Scheduled])?;
                let reason = written(&reason)?;
                let meeting = self.meeting.ok_or(R::NotOnAgenda)?;
                Ok(vec![E::MotionTakenOffAgenda { meeting, reason }])
            }
            Deciding::PutToVote { meeting, vote, version } => self.put_to_vote(meeting, vote, version),
            Deciding::AbandonVote { vote, reason } => {
                self.require_voting(vote)?;
                Ok(vec![E::VoteAbandoned { vote, reason: written(&reason)? }])
            }
            Deciding::Decide { vote, adopted } => {
                self.require_voting(vote)?;
                let version = self.version;
                Ok(vec![if adopted { E::MotionAdopted { vote, version } } else { E::MotionRejected { vote, version } }])
            }
            Deciding::Refer { to, vote, reason } => {
                // What was adopted may be another council's to carry out: the decision stands and goes with it.
                let decided = self.outcome.filter(|outcome| outcome.adopted);
                match decided {
                    Some(_) => self.require(&[MotionPhase::Adopted, MotionPhase::Implementing])?,
                    None => self.require_undecided(&MotionPhase::BEFORE_THE_COUNCIL)?,
                }
                let vote = vote.or(decided.map(|outcome| outcome.vote));
                check(self.council != Some(to), R::CouncilUnfit)?;
                Ok(vec![E::MotionReferred { to, vote, reason: written(&reason)? }])
            }
            Deciding::AcceptReferral { council, motion } => {
                self.require_referred_to(council)?;
                Ok(vec![E::ReferralAccepted { motion }])
            }
            Deciding::DeclineReferral { council, reason } => {
                self.require_referred_to(council)?;
                Ok(vec![E::ReferralDeclined { reason: written(&reason)? }])
            }
            Deciding::Postpone { until, today, vote, reason } => {
                self.require_undecided(&[MotionPhase::Accepted, MotionPhase::Scheduled])?;
                check(until.is_none_or(|day| day > today), R::PostponementUnfit)?;
                Ok(vec![E::MotionPostponed { until, vote, reason: written(&reason)? }])
            }
            Deciding::Merge { id, into, reason } => {
                self.require_mergeable()?;
                check(id != into, R::OtherMotionUnfit)?;
                Ok(vec![E::MotionMerged { into, reason: written(&reason)? }])
            }
            Deciding::Absorb { id, motion, council } => {
                self.require_mergeable()?;
                check(self.council == Some(council), R::CouncilUnfit)?;
                let fits = id != motion && !self.absorbed.contains(&motion) && self.absorbed.len() < OTHER_MOTIONS_MAX_COUNT;
                check(fits, R::OtherMotionUnfit)?;
                Ok(vec![E::MotionAbsorbed { motion }])
            }
            Deciding::Relate { id, motion } => {
                self.require(&MotionPhase::ALL)?;
                let fits = id != motion && !self.related.contains(&motion) && self.related.len() < OTHER_MOTIONS_MAX_COUNT;
                check(fits, R::OtherMotionUnfit)?;
                Ok(vec![E::MotionRelated { motion }])
            }
            Deciding::Unrelate { motion } => {
                self.require(&MotionPhase::ALL)?;
                check(self.related.contains(&motion), R::OtherMotionUnfit)?;
                Ok(vec![E::MotionUnrelated { motion }])
            }
            Deciding::AnnulDecision { vote, reason } => {
                self.require(&[
                    MotionPhase::Rejected,
                    MotionPhase::Adopted,
                    MotionPhase::Implementing,
                    MotionPhase::Done,
                    MotionPhase::Reviewed,
                ])?;
                check(self.outcome.is_some_and(|outcome| outcome.vote == vote), R::OtherVote)?;
                Ok(vec![E::DecisionAnnulled { vote, reason: written(&reason)? }])
            }
            Deciding::Reconsider { mover, vote, reason } => {
                // What is carried out cannot be undone by voting again.
                self.require(&[MotionPhase::Rejected, MotionPhase::Adopted, MotionPhase::Implementing])?;
                Ok(vec![E::MotionReconsidered { mover, vote, reason: written(&reason)? }])
            }
        }
    }

    fn put_to_vote(&self, meeting: MeetingId, vote: VoteId, version: u32) -> Decision {
        self.require_undecided(&[MotionPhase::Scheduled])?;
        check(self.meeting == Some(meeting), R::NotOnAgenda)?;
        check(version == self.version, R::VersionOutdated { last: self.version })?;
        let count = self.open_amendments().count();
        check(count == 0, R::AmendmentsOpen { count })?;
        check(!self.votes.contains(&vote), R::VoteUsed)?;
        Ok(vec![E::MotionPutToVote { meeting, vote, version }])
    }

    fn require_voting(&self, vote: VoteId) -> Result<(), R> {
        self.require_undecided(&[MotionPhase::Voting])?;
        check(self.votes.last() == Some(&vote), R::OtherVote)
    }

    fn require_referred_to(&self, council: CouncilId) -> Result<(), R> {
        self.require(&[MotionPhase::Referred])?;
        check(self.referred_to == Some(council), R::CouncilUnfit)?;
        check(self.taken_over_as.is_none(), R::AlreadyTakenOver)
    }

    /// Submitted, and not on its way to a decision any further than an agenda.
    fn require_mergeable(&self) -> Result<(), R> {
        self.require_undecided(&[
            MotionPhase::Submitted,
            MotionPhase::Seconded,
            MotionPhase::Accepted,
            MotionPhase::Scheduled,
            MotionPhase::Postponed,
        ])
    }
}
