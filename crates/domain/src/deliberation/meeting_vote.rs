//! A vote within a meeting: who may vote, what was handed in, what came out.
//!
//! - Those may vote who were checked in as representatives when the vote opened, less those recused (回避).
//! - By name, everybody votes once. By show of hands, two tellers count and must agree. In secret, a poll counts.
//! - Whether in secret or openly is the charter's to say, for each kind of matter.
//! - A result that was wrong is annulled with a reason and taken anew; it is never overwritten.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    charter::Secrecy,
    decision::{Counts, Decision, Rule, Tally},
    meeting::{Decided, MEETING_TEXT_MAX_CHARS, Meeting, MeetingEvent, MeetingRefusal},
    meeting_session::written,
    sitting::to_the_second,
};
use crate::{
    prose::Prose,
    values::{AgendaItemId, Instant, MotionId, PersonId, PollId, VoteId},
};

/// A choice in an open vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// 赞成.
    Yes,
    /// 反对.
    No,
    /// 弃权.
    Abstain,
}

/// How it is voted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VotingMethod {
    /// 记名: everybody's choice is on record.
    ByName,
    /// 举手: two tellers count hands.
    ShowOfHands,
    /// 无记名: ballots of a poll.
    Secret {
        /// The poll.
        poll: PollId,
    },
}

/// What is put to the vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// Under which item of the agenda.
    pub item: AgendaItemId,
    /// The motion, if it is one.
    pub motion: Option<MotionId>,
    /// What is asked, as read out.
    pub text: String,
    /// How it is voted.
    pub method: VotingMethod,
    /// When it is carried.
    pub rule: Rule,
    /// The annulled vote that this one takes anew.
    pub repeats: Option<VoteId>,
}

/// A teller's count of hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hands {
    /// For it.
    pub yes: u32,
    /// Against it.
    pub no: u32,
    /// Neither.
    pub abstain: u32,
}

impl Hands {
    /// All hands; `None` if they do not fit a number.
    pub fn all(self) -> Option<u32> {
        self.yes.checked_add(self.no)?.checked_add(self.abstain)
    }
}

/// How far a vote has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoteState {
    /// Votes are taken.
    Open,
    /// Counted and judged.
    Closed(Box<Decision>),
    /// Annulled: it counts for nothing.
    Annulled,
}

/// A vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// What is put to the vote.
    pub question: Question,
    /// How many may vote at all, as the charter counts them.
    pub entitled: u64,
    /// Who may vote here.
    pub voters: BTreeSet<PersonId>,
    /// Choices by name.
    pub choices: BTreeMap<PersonId, Choice>,
    /// Counts of hands, by teller.
    pub hands: BTreeMap<PersonId, Hands>,
    /// How far it has come.
    pub state: VoteState,
    /// When it was closed.
    pub closed: Option<Instant>,
}

impl Vote {
    /// The hands that two tellers agree on.
    pub fn agreed_hands(&self) -> Option<Hands> {
        let mut counts = self.hands.values();
        let (first, second) = (counts.next()?, counts.next()?);
        (first == second && counts.all(|it| it == first)).then_some(*first)
    }

    /// The counts of a vote by name or by hands; `None` for hands that are not agreed on, and for a secret one.
    pub fn tally(&self) -> Option<Tally> {
        let of = |choice| self.choices.values().filter(|it| **it == choice).count() as u64;
        let (yes, no, abstain) = match self.question.method {
            VotingMethod::ByName => (of(Choice::Yes), of(Choice::No), of(Choice::Abstain)),
            VotingMethod::ShowOfHands => {
                let hands = self.agreed_hands()?;
                (hands.yes.into(), hands.no.into(), hands.abstain.into())
            }
            VotingMethod::Secret { .. } => return None,
        };
        let (entitled, present) = (self.entitled, self.voters.len() as u64);
        Some(Tally::by_heads(Counts { entitled, present, yes, no, abstain, invalid: 0 }))
    }

    /// The counts of a secret vote: the ballots of its poll, with the meeting's own numbers of those entitled and present.
    pub fn secret_tally(&self, ballots: Counts) -> Tally {
        Tally::by_heads(Counts { entitled: self.entitled, present: self.voters.len() as u64, ..ballots })
    }
}

impl Meeting {
    pub(super) fn open_vote(
        &self,
        vote: VoteId,
        mut question: Question,
        secrecy: Secrecy,
        recused: Vec<PersonId>,
        now: Instant,
    ) -> Decided {
        self.require_open()?;
        match (secrecy, question.method) {
            (Secrecy::Secret, VotingMethod::ByName | VotingMethod::ShowOfHands) => return Err(MeetingRefusal::SecretBallotNeeded),
            (Secrecy::Open, VotingMethod::Secret { .. }) => return Err(MeetingRefusal::OpenBallotNeeded),
            (Secrecy::Open, VotingMethod::ByName | VotingMethod::ShowOfHands) | (Secrecy::Secret, VotingMethod::Secret { .. }) => {}
        }
        if self.votes.contains_key(&vote) {
            return Err(MeetingRefusal::VoteExists);
        }
        if self.votes.values().any(|vote| vote.state == VoteState::Open) {
            return Err(MeetingRefusal::VoteIsOpen);
        }
        let item = self.agenda.item(question.item).ok_or(MeetingRefusal::UnknownItem)?;
        let unfit = |most| MeetingRefusal::QuestionUnfit { most };
        question.text = Prose::parse(&question.text, MEETING_TEXT_MAX_CHARS, unfit)?.into();
        if question.motion != item.motion {
            return Err(unfit(MEETING_TEXT_MAX_CHARS));
        }
        if self.item != Some(question.item) {
            return Err(MeetingRefusal::NoItemInHand);
        }
        self.require_quorum(self.entitled)?;
        self.require_undecided(&question)?;
        let voters: Vec<PersonId> = self.sitting.present().filter(|person| !recused.contains(person)).collect();
        if voters.is_empty() {
            return Err(MeetingRefusal::NobodyMayVote);
        }
        let (entitled, at) = (self.entitled, to_the_second(now));
        Ok(vec![MeetingEvent::VoteOpened { vote, question, voters, recused, entitled, at }])
    }

    /// A motion is decided once; what is taken anew was annulled before, and on the same matter.
    fn require_undecided(&self, question: &Question) -> Result<(), MeetingRefusal> {
        let same = |vote: &Vote| vote.question.item == question.item && vote.question.motion == question.motion;
        if let Some(repeated) = question.repeats {
            let annulled = self.votes.get(&repeated).is_some_and(|vote| vote.state == VoteState::Annulled && same(vote));
            let repeated_already = self.votes.values().any(|vote| vote.question.repeats == Some(repeated));
            if !annulled || repeated_already {
                return Err(MeetingRefusal::NothingToRepeat);
            }
        }
        let decided = |vote: &Vote| same(vote) && matches!(vote.state, VoteState::Closed(_));
        let decided = question.motion.is_some() && self.votes.values().any(decided);
        if decided { Err(MeetingRefusal::DecidedAlready) } else { Ok(()) }
    }

    fn open_vote_of(&self, id: VoteId) -> Result<&Vote, MeetingRefusal> {
        self.require_open()?;
        let vote = self.vote(id)?;
        if vote.state == VoteState::Open { Ok(vote) } else { Err(MeetingRefusal::VoteNotOpen) }
    }

    pub(super) fn cast(&self, id: VoteId, person: PersonId, choice: Choice) -> Decided {
        let vote = self.open_vote_of(id)?;
        if vote.question.method != VotingMethod::ByName {
            return Err(MeetingRefusal::OtherMethod);
        }
        if !vote.voters.contains(&person) {
            return Err(MeetingRefusal::NotAVoter);
        }
        if vote.choices.contains_key(&person) {
            return Err(MeetingRefusal::AlreadyVoted);
        }
        Ok(vec![MeetingEvent::OpenVoteCast { vote: id, person, choice }])
    }

    pub(super) fn count_hands(&self, id: VoteId, teller: PersonId, hands: Hands) -> Decided {
        let vote = self.open_vote_of(id)?;
        if vote.question.method != VotingMethod::ShowOfHands {
            return Err(MeetingRefusal::OtherMethod);
        }
        let voters = u32::try_from(vote.voters.len()).unwrap_or(u32::MAX);
        if hands.all().is_none_or(|all| all > voters) {
            return Err(MeetingRefusal::TooManyHands { voters });
        }
        Ok(vec![MeetingEvent::HandsCounted { vote: id, teller, hands }])
    }

    pub(super) fn close_vote(&self, id: VoteId, now: Instant) -> Decided {
        let vote = self.open_vote_of(id)?;
        let tally = match vote.question.method {
            VotingMethod::Secret { .. } => return Err(MeetingRefusal::OtherMethod),
            VotingMethod::ByName | VotingMethod::ShowOfHands => vote.tally().ok_or(MeetingRefusal::TellersDisagree)?,
        };
        Ok(vec![MeetingEvent::VoteClosed { vote: id, at: to_the_second(now), decision: Decision::of(vote.question.rule.clone(), tally)? }])
    }

    pub(super) fn close_secret_vote(&self, id: VoteId, tally: Tally, now: Instant) -> Decided {
        let vote = self.open_vote_of(id)?;
        if !matches!(vote.question.method, VotingMethod::Secret { .. }) {
            return Err(MeetingRefusal::OtherMethod);
        }
        Ok(vec![MeetingEvent::VoteClosed { vote: id, at: to_the_second(now), decision: Decision::of(vote.question.rule.clone(), tally)? }])
    }

    pub(super) fn annul_vote(&self, id: VoteId, reason: String) -> Decided {
        self.require_known()?;
        let vote = self.vote(id)?;
        if vote.state == VoteState::Annulled {
            return Err(MeetingRefusal::VoteAnnulledAlready);
        }
        Ok(vec![MeetingEvent::VoteAnnulled { vote: id, reason: written(&reason)? }])
    }
}
