//! A meeting's votes: who may vote, what came out, by which rule and why.

use async_graphql::{Context, Enum, Error, ID, Object, SimpleObject};
use futures::future;
use gongyi_app::deliberation::meeting::voting::{
    AnnulVote, CastMeetingBallot, CloseVote, CountHands, OpenVote, OpenedVote, VoteKind as AskedKind,
};
use gongyi_domain::{
    deliberation::meeting::{Choice as StoredChoice, Hands, Vote as StoredVote, VoteKind as StoredKind, VotePhase as StoredPhase},
    values::{CouncilId, MeetingId, PersonId, VoteId},
};
use gongyi_projections::{MeetingBallotRow, MeetingRow, VoteCourse};

use super::{Meeting, MeetingPayload, Participant, meeting, room_cost};
use crate::{
    deliberation::{
        charters::Matter,
        decision_rules::DecisionRule,
        decisions::Decision,
        motion::{self, Motion},
        poll::{self, Poll},
    },
    door::Door,
    ids::{self, AgendaItemKey},
    list::List,
    outcome::payloads,
    paging,
    scalars::Moment,
    table::{mutations, wires},
};

/// A choice in an open vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredChoice")]
pub enum VoteChoice {
    /// 赞成.
    Yes,
    /// 反对.
    No,
    /// 弃权.
    Abstain,
}

/// How it is voted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum VoteKind {
    /// 记名: everybody's choice is on record.
    ByName,
    /// 举手: two tellers count hands.
    ShowOfHands,
    /// 无记名: ballots of a poll.
    Secret,
}

wires! {
    VoteChoice => StoredChoice = |it| it.into();
    VoteKind => AskedKind = |it| match it {
        VoteKind::ByName => AskedKind::ByName,
        VoteKind::ShowOfHands => AskedKind::ShowOfHands,
        VoteKind::Secret => AskedKind::Secret,
    };
}

/// How far a vote has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum VotePhase {
    /// Votes are taken.
    Open,
    /// Counted and judged.
    Closed,
    /// It counts for nothing.
    Annulled,
}

/// Somebody's choice, by name.
#[derive(SimpleObject)]
pub struct NamedChoice {
    /// Who.
    participant: Participant,
    /// What.
    choice: VoteChoice,
}

/// A teller's count of hands.
#[derive(SimpleObject)]
pub struct TellerCount {
    /// Who counted.
    teller: Participant,
    /// For it.
    yes: u32,
    /// Against it.
    no: u32,
    /// Neither.
    abstain: u32,
}

/// A vote within a meeting.
pub struct Vote {
    meeting: MeetingId,
    council: CouncilId,
    id: VoteId,
    vote: StoredVote,
    course: Option<VoteCourse>,
}

impl Vote {
    fn participant(&self, who: &PersonId) -> Participant {
        Participant::of(self.council, *who)
    }

    fn is_open(&self) -> bool {
        self.vote.phase == StoredPhase::Open
    }
}

/// A vote (表决) within a meeting: who may vote, what came out, by which rule and why.
#[Object]
impl Vote {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.id)
    }
    /// The meeting it is taken in.
    async fn meeting(&self, ctx: &Context<'_>) -> Result<Option<Meeting>, Error> {
        meeting(&Door::of(ctx)?, self.meeting).await
    }
    /// The id of the agenda's item under which it is taken.
    fn item_id(&self) -> ID {
        ids::id(&AgendaItemKey { meeting: self.meeting, item: self.vote.question.item })
    }
    /// The motion that is voted on, if one is.
    async fn motion(&self, ctx: &Context<'_>) -> Result<Option<Motion>, Error> {
        motion::one_of(ctx, self.vote.question.motion).await
    }
    /// What is asked.
    fn question(&self) -> &str {
        &self.vote.question.text
    }
    /// How it is voted.
    fn kind(&self) -> VoteKind {
        match self.vote.question.kind {
            StoredKind::ByName => VoteKind::ByName,
            StoredKind::ShowOfHands => VoteKind::ShowOfHands,
            StoredKind::Secret { .. } => VoteKind::Secret,
        }
    }
    /// The poll of a secret vote: ballots are cast there.
    async fn poll(&self, ctx: &Context<'_>) -> Result<Option<Poll>, Error> {
        match self.vote.question.kind {
            StoredKind::Secret { poll } => poll::poll(&Door::of(ctx)?, poll).await,
            StoredKind::ByName | StoredKind::ShowOfHands => Ok(None),
        }
    }
    /// The rule that decides.
    fn rule(&self) -> DecisionRule {
        self.vote.question.rule.clone().into()
    }
    /// How far it has come.
    fn phase(&self) -> VotePhase {
        match &self.vote.phase {
            StoredPhase::Open => VotePhase::Open,
            StoredPhase::Closed(_) => VotePhase::Closed,
            StoredPhase::Annulled => VotePhase::Annulled,
        }
    }
    /// When it was opened.
    fn opened_at(&self) -> Option<Moment> {
        self.course.as_ref().map(|it| Moment(it.opened))
    }
    /// When it was closed.
    fn closed_at(&self) -> Option<Moment> {
        self.course.as_ref().and_then(|it| it.closed).map(Moment)
    }
    /// How many may vote at all, as the charter counts them.
    fn entitled(&self) -> u64 {
        self.vote.entitled
    }
    /// Who might vote here when it opened; whoever comes while it is open may too, but in a secret vote.
    #[graphql(complexity = "room_cost(child_complexity)")]
    fn voters(&self) -> List<Participant> {
        self.vote.voters.iter().map(|who| self.participant(who)).collect()
    }
    /// Who is recused.
    #[graphql(complexity = "paging::cost(None, None, child_complexity)")]
    fn recused(&self) -> List<Participant> {
        self.course.iter().flat_map(|it| &it.recused).map(|who| self.participant(who)).collect()
    }
    /// How many have voted by name so far.
    fn cast_count(&self) -> usize {
        self.vote.choices.len()
    }
    /// Who voted what, once the vote is over; nobody follows the others.
    #[graphql(complexity = "room_cost(child_complexity)")]
    fn choices(&self) -> List<NamedChoice> {
        let shown = self.vote.choices.iter().filter(|_| !self.is_open());
        shown.map(|(who, choice)| NamedChoice { participant: self.participant(who), choice: (*choice).into() }).collect()
    }
    /// What the tellers counted, once two have; neither follows the other.
    #[graphql(complexity = "paging::cost(None, None, child_complexity)")]
    fn hands(&self) -> List<TellerCount> {
        let shown = self.vote.hands.iter().filter(|_| !self.is_open() || self.vote.hands.len() > 1);
        shown.map(|(who, it)| TellerCount { teller: self.participant(who), yes: it.yes, no: it.no, abstain: it.abstain }).collect()
    }
    /// What was decided, once it is closed.
    fn decision(&self) -> Option<Decision> {
        match &self.vote.phase {
            StoredPhase::Closed(decision) => Some(Decision(decision.as_ref().clone())),
            StoredPhase::Open | StoredPhase::Annulled => None,
        }
    }
    /// Why it was annulled, if it was.
    fn annulled(&self) -> Option<&str> {
        self.course.as_ref()?.annulled.as_deref()
    }
    /// The id of the annulled vote that it takes anew.
    fn repeats(&self) -> Option<ID> {
        self.vote.question.repeats.as_ref().map(ids::id)
    }
}

/// A vote of this meeting.
fn vote(row: &MeetingRow, id: VoteId) -> Option<Vote> {
    let vote = row.state.votes.get(&id)?.clone();
    Some(Vote { meeting: row.id, council: row.council, id, vote, course: row.votes.get(&id).cloned() })
}

/// A vote by its id alone; meetings and their votes are public.
pub(crate) async fn of_id(door: &Door<'_>, id: VoteId) -> Result<Option<Vote>, Error> {
    let Some(found) = door.load(id).await? else { return Ok(None) };
    Ok(door.load(found.meeting).await?.and_then(|row| vote(&row, id)))
}

/// A ballot that the asker cast by name.
pub struct OwnBallot(pub(crate) MeetingBallotRow);

/// A ballot that the asker cast by name in a vote of a meeting.
#[Object]
impl OwnBallot {
    /// In which vote.
    async fn vote(&self, ctx: &Context<'_>) -> Result<Option<Vote>, Error> {
        of_id(&Door::of(ctx)?, self.0.vote).await
    }
    /// What.
    fn choice(&self) -> VoteChoice {
        self.0.choice.into()
    }
    /// When, as recorded.
    fn cast_at(&self) -> Moment {
        Moment(self.0.cast_at)
    }
}

/// A meeting's votes, in the order they were opened.
pub(super) fn votes(row: &MeetingRow) -> Vec<Vote> {
    row.state.votes.keys().filter_map(|id| vote(row, *id)).collect()
}

payloads! {
    /// A vote of a meeting, after a command.
    VotePayload(OpenedVote) {
        /// The meeting.
        meeting: Meeting = |door, vote| meeting(door, vote.meeting),
        /// The vote's id.
        vote_id: ID = |_door, vote| future::ok::<_, Error>(Some(ids::id(&vote.vote))),
        /// The id of a secret vote's poll: ballots are cast there.
        poll_id: ID = |_door, vote| future::ok::<_, Error>(vote.poll.as_ref().map(ids::id)),
    }
}

mutations! {
    /// The root fields that take votes.
    pub struct MeetingVotingMutations;

    /// Put a question to the vote in a meeting with a quorum. A secret vote opens a poll of those who may vote.
    OpenVote -> VotePayload {
        /// Under which item, the one in hand; its id names the meeting. The item's motion is put to the vote with it.
        item: AgendaItemKey,
        /// What is asked, as read out.
        question: String,
        /// What kind of matter it is: the charter says by which rule it is decided, and whether in secret.
        matter: Matter,
        /// How it is voted.
        kind: VoteKind,
        /// The version of the motion that was read out; the last if not said.
        version: Option<u32>,
        /// The persons who are recused.
        #[graphql(default)]
        recused: Vec<PersonId>,
        /// The annulled vote that is taken anew.
        repeats: Option<VoteId>,
    } = OpenVote { meeting: item.meeting, item: item.item, question, matter, kind, version, recused, repeats };

    /// Cast one's ballot in a vote by name.
    CastMeetingBallot -> MeetingPayload {
        /// In which meeting.
        meeting: MeetingId,
        /// In which vote.
        vote: VoteId,
        /// What.
        choice: VoteChoice,
    }

    /// Enter one's own count of hands; two tellers must agree.
    CountHands -> MeetingPayload {
        /// In which meeting.
        meeting: MeetingId,
        /// In which vote.
        vote: VoteId,
        /// For it.
        yes: u32,
        /// Against it.
        no: u32,
        /// Neither.
        abstain: u32,
    } = CountHands { meeting, vote, hands: Hands { yes, no, abstain } };

    /// Close a vote: it is counted and judged, and its motion decided. A secret vote's poll is closed and counted before.
    CloseVote -> MeetingPayload {
        /// In which meeting.
        meeting: MeetingId,
        /// Which vote.
        vote: VoteId,
    }

    /// Annul a vote. One that decided a motion is annulled by who may annul that decision; the motion comes back.
    AnnulVote -> VotePayload {
        /// In which meeting.
        meeting: MeetingId,
        /// Which vote.
        vote: VoteId,
        /// Why; public, about the vote and not about a person.
        reason: String,
    }
}
