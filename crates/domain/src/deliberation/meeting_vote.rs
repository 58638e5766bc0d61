//! A vote within a meeting: who may vote, what was handed in, what came out.
//!
//! - Those may vote who sit in the council and are in the room, less those recused (回避), until the vote closes: each is asked
//!   when casting, whoever comes meanwhile too, but to a secret vote, whose roll is frozen. What was cast stays.
//! - The shares are of those entitled and present when the vote closes, as the council is then, and of whoever has cast.
//! - Hands were raised by who might vote when the tellers counted: once one of these may not any more, they count anew.
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
    standing::Standing,
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
pub enum VoteKind {
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
    #[serde(rename = "method")]
    pub kind: VoteKind,
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
pub enum VotePhase {
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
    /// How many may vote at all, as the charter counts them: at its opening, and from its close on then.
    pub entitled: u64,
    /// Who might vote here when it opened.
    pub voters: BTreeSet<PersonId>,
    /// Who is recused.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub recused: BTreeSet<PersonId>,
    /// When it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<Instant>,
    /// Choices by name.
    pub choices: BTreeMap<PersonId, Choice>,
    /// Counts of hands, by teller.
    pub hands: BTreeMap<PersonId, Hands>,
    /// Who might vote when a teller counted, by teller.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counted: BTreeMap<PersonId, BTreeSet<PersonId>>,
    /// How far it has come.
    pub phase: VotePhase,
    /// When it was closed.
    pub closed: Option<Instant>,
}

/// Of how many a vote's shares are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct House {
    /// Who may vote at all.
    pub entitled: u64,
    /// Who may vote here.
    pub present: u64,
}

impl Vote {
    pub(super) fn opened(question: Question, entitled: u64, voters: Vec<PersonId>, recused: Vec<PersonId>, at: Instant) -> Self {
        let (voters, recused) = (voters.into_iter().collect(), recused.into_iter().collect());
        let (choices, hands, counted) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { question, entitled, voters, recused, opened: Some(at), choices, hands, counted, phase: VotePhase::Open, closed: None }
    }

    /// Those entitled and present at its opening, by which votes were counted before councils were asked at the close.
    pub fn house_at_opening(&self) -> House {
        House { entitled: self.entitled, present: self.voters.len() as u64 }
    }

    /// Who has voted by name.
    pub fn cast(&self) -> BTreeSet<PersonId> {
        self.choices.keys().copied().collect()
    }

    /// The hands that two tellers agree on.
    pub fn agreed_hands(&self) -> Option<Hands> {
        let mut counts = self.hands.values();
        let (first, second) = (counts.next()?, counts.next()?);
        (first == second && counts.all(|it| it == first)).then_some(*first)
    }

    /// The counts of a vote by name or by hands; `None` for hands that are not agreed on, and for a secret one.
    pub fn tally(&self, House { entitled, present }: House) -> Option<Tally> {
        let of = |choice| self.choices.values().filter(|it| **it == choice).count() as u64;
        let (yes, no, abstain) = match self.question.kind {
            VoteKind::ByName => (of(Choice::Yes), of(Choice::No), of(Choice::Abstain)),
            VoteKind::ShowOfHands => {
                let hands = self.agreed_hands()?;
                (hands.yes.into(), hands.no.into(), hands.abstain.into())
            }
            VoteKind::Secret { .. } => return None,
        };
        Some(Tally::by_heads(Counts { entitled, present, yes, no, abstain, invalid: 0 }))
    }
}

/// The counts of a secret vote: the ballots of its poll, with the meeting's own numbers of those entitled and present.
pub fn secret_tally(House { entitled, present }: House, ballots: Counts) -> Tally {
    Tally::by_heads(Counts { entitled, present, ..ballots })
}

impl Meeting {
    /// Who may vote now: who is in the room, sits in the council as it is, and is not recused; by secret ballot, whoever was there
    /// when it opened, for the roll of its poll is frozen then.
    pub fn voters_now(&self, vote: &Vote, council: &Standing) -> BTreeSet<PersonId> {
        let frozen = matches!(vote.question.kind, VoteKind::Secret { .. });
        let may = |person: &PersonId| !vote.recused.contains(person) && (!frozen || vote.voters.contains(person));
        self.present_of(council).into_iter().filter(may).collect()
    }

    /// Those entitled and present now, and whoever has cast.
    pub(super) fn house(&self, vote: &Vote, cast: &BTreeSet<PersonId>, council: &Standing) -> House {
        let present = self.voters_now(vote, council).union(cast).count() as u64;
        House { entitled: council.entitled_with(cast), present }
    }

    /// This person may vote in an open vote now: what a secret vote's ballot asks before it is cast.
    ///
    /// # Errors
    /// Meetings not in session, votes that are not open, and [`MeetingRefusal::NotAVoter`].
    pub fn require_voter(&self, id: VoteId, person: PersonId, council: &Standing) -> Result<(), MeetingRefusal> {
        let vote = self.open_vote_of(id)?;
        if self.voters_now(vote, council).contains(&person) { Ok(()) } else { Err(MeetingRefusal::NotAVoter) }
    }

    pub(super) fn open_vote(
        &self,
        vote: VoteId,
        mut question: Question,
        secrecy: Secrecy,
        recused: Vec<PersonId>,
        council: &Standing,
        now: Instant,
    ) -> Decided {
        self.require_open()?;
        match (secrecy, question.kind) {
            (Secrecy::Secret, VoteKind::ByName | VoteKind::ShowOfHands) => return Err(MeetingRefusal::SecretBallotNeeded),
            (Secrecy::Open, VoteKind::Secret { .. }) => return Err(MeetingRefusal::OpenBallotNeeded),
            (Secrecy::Open, VoteKind::ByName | VoteKind::ShowOfHands) | (Secrecy::Secret, VoteKind::Secret { .. }) => {}
        }
        if self.votes.contains_key(&vote) {
            return Err(MeetingRefusal::VoteExists);
        }
        if self.votes.values().any(|vote| vote.phase == VotePhase::Open) {
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
        let (_, entitled) = self.require_quorum(council)?;
        self.require_undecided(&question)?;
        let voters: Vec<PersonId> = self.present_of(council).into_iter().filter(|person| !recused.contains(person)).collect();
        if voters.is_empty() {
            return Err(MeetingRefusal::NobodyMayVote);
        }
        let (at, on) = (to_the_second(now), Some(council.on));
        Ok(vec![MeetingEvent::VoteOpened { vote, question, voters, recused, entitled, at, on }])
    }

    /// A motion is decided once; what is taken anew was annulled before, and on the same matter.
    fn require_undecided(&self, question: &Question) -> Result<(), MeetingRefusal> {
        let same = |vote: &Vote| vote.question.item == question.item && vote.question.motion == question.motion;
        if let Some(repeated) = question.repeats {
            let annulled = self.votes.get(&repeated).is_some_and(|vote| vote.phase == VotePhase::Annulled && same(vote));
            let repeated_already = self.votes.values().any(|vote| vote.question.repeats == Some(repeated));
            if !annulled || repeated_already {
                return Err(MeetingRefusal::NothingToRepeat);
            }
        }
        let decided = |vote: &Vote| same(vote) && matches!(vote.phase, VotePhase::Closed(_));
        let decided = question.motion.is_some() && self.votes.values().any(decided);
        if decided { Err(MeetingRefusal::DecidedAlready) } else { Ok(()) }
    }

    fn open_vote_of(&self, id: VoteId) -> Result<&Vote, MeetingRefusal> {
        self.require_open()?;
        let vote = self.vote(id)?;
        if vote.phase == VotePhase::Open { Ok(vote) } else { Err(MeetingRefusal::VoteNotOpen) }
    }

    pub(super) fn cast(&self, id: VoteId, person: PersonId, choice: Choice, council: &Standing) -> Decided {
        let vote = self.open_vote_of(id)?;
        if vote.question.kind != VoteKind::ByName {
            return Err(MeetingRefusal::OtherVoteKind);
        }
        if vote.choices.contains_key(&person) {
            return Err(MeetingRefusal::AlreadyVoted);
        }
        self.require_voter(id, person, council)?;
        Ok(vec![MeetingEvent::BallotCast { vote: id, person, choice, on: Some(council.on) }])
    }

    pub(super) fn count_hands(&self, id: VoteId, teller: PersonId, hands: Hands, council: &Standing) -> Decided {
        let vote = self.open_vote_of(id)?;
        if vote.question.kind != VoteKind::ShowOfHands {
            return Err(MeetingRefusal::OtherVoteKind);
        }
        let now = self.voters_now(vote, council);
        let voters = u32::try_from(now.len()).unwrap_or(u32::MAX);
        if hands.all().is_none_or(|all| all > voters) {
            return Err(MeetingRefusal::TooManyHands { voters });
        }
        Ok(vec![MeetingEvent::HandsCounted { vote: id, teller, hands, voters: now.into_iter().collect() }])
    }

    pub(super) fn close_vote(&self, id: VoteId, council: &Standing, now: Instant) -> Decided {
        let vote = self.open_vote_of(id)?;
        let house = self.house(vote, &vote.cast(), council);
        let tally = match vote.question.kind {
            VoteKind::Secret { .. } => return Err(MeetingRefusal::OtherVoteKind),
            VoteKind::ByName => vote.tally(house),
            VoteKind::ShowOfHands => {
                let tally = vote.tally(house);
                let may_vote = self.voters_now(vote, council);
                if tally.is_some() && !vote.counted.values().all(|voters| voters.is_subset(&may_vote)) {
                    return Err(MeetingRefusal::HandsOutdated);
                }
                tally
            }
        };
        closed(id, vote, tally.ok_or(MeetingRefusal::TellersDisagree)?, council, now)
    }

    pub(super) fn close_secret_vote(
        &self,
        id: VoteId,
        ballots: Counts,
        voted: &BTreeSet<PersonId>,
        council: &Standing,
        now: Instant,
    ) -> Decided {
        let vote = self.open_vote_of(id)?;
        if !matches!(vote.question.kind, VoteKind::Secret { .. }) {
            return Err(MeetingRefusal::OtherVoteKind);
        }
        closed(id, vote, secret_tally(self.house(vote, voted, council), ballots), council, now)
    }

    pub(super) fn annul_vote(&self, id: VoteId, reason: String) -> Decided {
        self.require_known()?;
        let vote = self.vote(id)?;
        if vote.phase == VotePhase::Annulled {
            return Err(MeetingRefusal::VoteAnnulledAlready);
        }
        Ok(vec![MeetingEvent::VoteAnnulled { vote: id, reason: written(&reason)? }])
    }
}

fn closed(id: VoteId, vote: &Vote, tally: Tally, council: &Standing, now: Instant) -> Decided {
    let decision = Decision::of(vote.question.rule.clone(), tally)?;
    Ok(vec![MeetingEvent::VoteClosed { vote: id, at: to_the_second(now), decision, on: Some(council.on) }])
}

#[cfg(test)]
#[path = "meeting_vote_tests.rs"]
mod tests;
