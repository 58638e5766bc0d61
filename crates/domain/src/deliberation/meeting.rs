//! A meeting (议事协商会): convened with notice and an agenda, opened when the quorum is present, closed for good.
//!
//! - It is convened the charter's days before; a shorter notice needs a reason that everybody can read.
//! - A villagers' meeting is convened, and put on another day, the statute's days before; no reason makes them fewer
//!   (村民委员会组织法 art. 21: 召开村民会议，应当提前十天通知村民).
//! - It opens, and resumes, only with a quorum. The quorum is watched with every coming and going: while it is broken, the
//!   meeting may talk and adjourn, but puts nothing to the vote.
//! - What counts asks the council as it is at that moment: the quorum at every coming and going, who votes, and how many
//!   «all» are when a vote closes. Who has left the seat counts and votes no more, be it in the room or not.
//! - Experts and observers are in the room and may be given the word; they neither count nor vote.
//! - Speakers are called in the order of the charter's turn policy, and only who is in the room.
//! - A matter that was decided here comes back only when its vote is annulled with a reason, and then as a vote of its own.
//! - What is closed stays closed; an adjourned meeting may go on another day.

use std::collections::{BTreeMap, BTreeSet};

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    agenda::Agenda,
    charter::{Secrecy, TurnPolicy},
    decision::{Counts, Decision, Threshold},
    sitting::{Capacity, Sitting},
    speakers::{Side, SpeakersList},
    standing::Standing,
};
pub use super::{
    meeting_acts::*,
    meeting_continuation::{Continuation, ContinuationPhase},
    meeting_refusal::MeetingRefusal,
    meeting_vote::{Choice, Hands, Question, Vote, VoteKind, VotePhase},
};
use crate::{
    event::DomainEvent,
    values::{AgendaItemId, AreaCode, CouncilId, Day, Instant, PersonId, VoteId},
};

/// Title and place, at most, in characters.
pub const MEETING_TITLE_MAX_CHARS: usize = 200;
/// A reason or a question, at most, in characters.
pub const MEETING_TEXT_MAX_CHARS: usize = 2_000;
/// People in one room, at most.
pub const MEETING_MAX_PEOPLE: usize = 2_000;
/// Comings, goings and turns are entered at most this long after they happened, in hours.
pub const MEETING_ENTRY_LATE_HOURS: i64 = 24;

/// When and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// What it is about.
    pub title: String,
    /// Where; an address or a room.
    pub place: String,
    /// From when.
    pub starts: Instant,
    /// Until when, as planned.
    pub ends: Instant,
}

/// How far a meeting has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingPhase {
    /// Not convened.
    #[default]
    Unknown,
    /// Convened.
    Convened,
    /// In session.
    Open,
    /// To go on another time.
    Adjourned,
    /// Over for good.
    Closed,
    /// Not held.
    Cancelled,
}

/// Rules of the charter that hold for the whole meeting, frozen when it was convened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StandingOrders {
    /// The charter's version.
    pub charter_version: u32,
    /// How many of all entitled must be present.
    pub quorum: Threshold,
    /// Days from the notice to the meeting, at least.
    pub notice_days: u32,
    /// Turns of speech.
    pub turns: TurnPolicy,
}

/// A meeting's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// How far it has come.
    pub phase: MeetingPhase,
    /// Whose meeting.
    pub council: Option<CouncilId>,
    /// That council's area.
    pub area: Option<AreaCode>,
    /// When and where; of the first sitting, if there are several.
    pub notice: Option<Notice>,
    /// The sittings after the first, in order.
    pub continuations: Vec<Continuation>,
    /// The charter's rules for it.
    pub orders: Option<StandingOrders>,
    /// What is dealt with.
    pub agenda: Agenda,
    /// Invited experts and observers.
    pub invited: BTreeMap<PersonId, Capacity>,
    /// Representatives whose absence is excused.
    pub excused: Vec<PersonId>,
    /// How many may vote at all, as the charter counts them: since the quorum was last told of.
    pub entitled: u64,
    /// Who is in the room.
    pub sitting: Sitting,
    /// Whether the quorum is there, since it was last asked.
    pub quorate: bool,
    /// When it was opened, adjourned or resumed, or the quorum came or went: the last time.
    pub turned_at: Option<Instant>,
    /// The item in hand.
    pub item: Option<AgendaItemId>,
    /// Speakers by item.
    pub speakers: BTreeMap<AgendaItemId, SpeakersList>,
    /// Votes.
    pub votes: BTreeMap<VoteId, Vote>,
}

/// What may be asked of a meeting. Every `now` is the moment of recording; every `at` the moment it happened,
/// every `council` that council as it is now.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields carry the names of the events' fields, which are documented")]
pub enum MeetingCommand {
    /// Convene it. `days_ahead` is counted in the tenant's time zone; `statute_days` is what the charter's rules bring along.
    Convene {
        council: CouncilId,
        area: AreaCode,
        notice: Notice,
        agenda: Agenda,
        orders: StandingOrders,
        days_ahead: i64,
        statute_days: Option<u32>,
        short_notice: Option<String>,
        now: Instant,
    },
    /// Change notice or agenda of a meeting that has not begun; the agenda also later, but not what was dealt with; the notice
    /// also while it is adjourned, for its continuation.
    Amend { notice: Notice, agenda: Agenda, days_ahead: i64, statute_days: Option<u32>, now: Instant },
    /// Call it off.
    Cancel { reason: String },
    /// Invite somebody who is no representative.
    Invite { person: PersonId, capacity: Capacity },
    /// Excuse a representative.
    Excuse { person: PersonId },
    /// Somebody comes; representatives are told by the council.
    Come { person: PersonId, representative: bool, council: Standing, at: Instant, now: Instant },
    /// Somebody goes.
    Go { person: PersonId, council: Standing, at: Instant, now: Instant },
    /// Begin.
    Open { council: Standing, now: Instant },
    /// Break off, to go on later.
    Adjourn { until: Option<Instant>, reason: String, now: Instant },
    /// Go on.
    Resume { council: Standing, now: Instant },
    /// End for good.
    Close { now: Instant },
    /// Take up an item.
    TakeUp { item: AgendaItemId, now: Instant },
    /// Ask for the word.
    AskToSpeak { item: AgendaItemId, person: PersonId, side: Side },
    /// No longer ask for it.
    Unlist { item: AgendaItemId, person: PersonId },
    /// Give the word to the next by the policy.
    CallNext { now: Instant },
    /// The turn ends.
    EndTurn { now: Instant },
    /// Put a question to the vote; `secrecy` is what the charter says for this kind of matter.
    OpenVote { vote: VoteId, question: Question, secrecy: Secrecy, recused: Vec<PersonId>, council: Standing, now: Instant },
    /// Vote by name.
    CastBallot { vote: VoteId, person: PersonId, choice: Choice, council: Standing },
    /// A teller has counted hands.
    CountHands { vote: VoteId, teller: PersonId, hands: Hands, council: Standing },
    /// Close a vote by name or by hands.
    CloseVote { vote: VoteId, council: Standing, now: Instant },
    /// Close a secret vote with what its poll counted, and who voted in it.
    CloseSecretVote { vote: VoteId, ballots: Counts, voted: BTreeSet<PersonId>, council: Standing, now: Instant },
    /// A closed or open vote counts for nothing.
    AnnulVote { vote: VoteId, reason: String },
}

/// What happened in a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MeetingEvent {
    /// Convened.
    MeetingConvened {
        /// By whose council.
        council: CouncilId,
        /// That council's area.
        area: AreaCode,
        /// When and where.
        notice: Notice,
        /// What is dealt with.
        agenda: Agenda,
        /// The charter's rules for it.
        orders: StandingOrders,
        /// Why the notice is shorter than the charter asks, if it is.
        short_notice: Option<String>,
    },
    /// Notice or agenda changed.
    MeetingAmended {
        /// When and where now.
        notice: Notice,
        /// What is dealt with now.
        agenda: Agenda,
    },
    /// While the meeting is adjourned: when and where it goes on.
    ContinuationAnnounced {
        /// When and where.
        notice: Notice,
    },
    /// Called off.
    MeetingCancelled {
        /// Why.
        reason: String,
    },
    /// Somebody was invited who is no representative.
    GuestInvited {
        /// Who.
        person: PersonId,
        /// As what.
        capacity: Capacity,
    },
    /// A representative's absence is excused.
    AbsenceExcused {
        /// Whose.
        person: PersonId,
    },
    /// Somebody came.
    AttendeeCame {
        /// Who.
        person: PersonId,
        /// As what.
        capacity: Capacity,
        /// When, to the second.
        at: Instant,
    },
    /// Somebody went.
    AttendeeWent {
        /// Who.
        person: PersonId,
        /// When, to the second.
        at: Instant,
    },
    /// The quorum is there.
    QuorumReached {
        /// Since when.
        at: Instant,
        /// Representatives in the room.
        present: u64,
        /// Of how many.
        entitled: u64,
    },
    /// The quorum is broken.
    QuorumLost {
        /// Since when.
        at: Instant,
        /// Representatives in the room.
        present: u64,
        /// Of how many.
        entitled: u64,
    },
    /// Begun.
    MeetingOpened {
        /// When.
        at: Instant,
        /// Representatives in the room.
        present: u64,
        /// How many may vote at all, as the charter counts them.
        entitled: u64,
    },
    /// Broken off.
    MeetingAdjourned {
        /// When.
        at: Instant,
        /// Until when, if that is known.
        until: Option<Instant>,
        /// Why.
        reason: String,
    },
    /// Gone on.
    MeetingResumed {
        /// When.
        at: Instant,
        /// Representatives in the room.
        present: u64,
        /// How many may vote at all by then; as many as when it opened where it is not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entitled: Option<u64>,
    },
    /// Over for good.
    MeetingClosed {
        /// When.
        at: Instant,
    },
    /// An item was taken up.
    ItemTakenUp {
        /// Which.
        item: AgendaItemId,
        /// When.
        at: Instant,
    },
    /// Somebody asked for the word.
    SpeakerListed {
        /// On which item.
        item: AgendaItemId,
        /// Who.
        person: PersonId,
        /// For what.
        side: Side,
    },
    /// Somebody no longer asks for it.
    SpeakerUnlisted {
        /// On which item.
        item: AgendaItemId,
        /// Who.
        person: PersonId,
    },
    /// Somebody was given the word.
    SpeakerCalled {
        /// On which item.
        item: AgendaItemId,
        /// Who.
        person: PersonId,
        /// For what.
        side: Side,
        /// Since when.
        at: Instant,
        /// For how long, in seconds.
        seconds: u32,
    },
    /// A turn of speech ended.
    TurnEnded {
        /// On which item.
        item: AgendaItemId,
        /// Whose.
        person: PersonId,
        /// When.
        at: Instant,
    },
    /// A question was put to the vote.
    VoteOpened {
        /// The vote.
        vote: VoteId,
        /// What is asked, how, by which rule.
        question: Question,
        /// Who may vote: representatives in the room, less those recused.
        voters: Vec<PersonId>,
        /// Who is recused (回避).
        recused: Vec<PersonId>,
        /// How many may vote at all, as the charter counts them.
        entitled: u64,
        /// When.
        at: Instant,
        /// On which of the tenant's days the council was asked who sits; not said of votes that took whoever had been checked in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<Day>,
    },
    /// A ballot was cast by name.
    // Stored under the name it had first.
    #[serde(rename = "OpenVoteCast")]
    BallotCast {
        /// In which vote.
        vote: VoteId,
        /// Who.
        person: PersonId,
        /// What.
        choice: Choice,
        /// On which of the tenant's days the council was asked whether they sit; not said where it was not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<Day>,
    },
    /// A teller has counted hands.
    HandsCounted {
        /// In which vote.
        vote: VoteId,
        /// Who counted.
        teller: PersonId,
        /// What was seen.
        hands: Hands,
        /// Who might vote then; not said where the council was not asked.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        voters: Vec<PersonId>,
    },
    /// A vote was counted and judged.
    VoteClosed {
        /// Which.
        vote: VoteId,
        /// When.
        at: Instant,
        /// The counts, the rule, what came out, and why.
        decision: Decision,
        /// On which of the tenant's days the council was asked how many are entitled; not said of votes that counted by those
        /// entitled and present at their opening.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<Day>,
    },
    /// A vote counts for nothing.
    VoteAnnulled {
        /// Which.
        vote: VoteId,
        /// Why; about the vote, not about a person.
        reason: String,
    },
}
impl DomainEvent for MeetingEvent {}

pub(super) type Decided = Result<Vec<MeetingEvent>, MeetingRefusal>;

impl Meeting {
    /// The meeting was convened once.
    ///
    /// # Errors
    /// Unknown meetings.
    pub fn require_known(&self) -> Result<CouncilId, MeetingRefusal> {
        self.council.ok_or(MeetingRefusal::UnknownMeeting)
    }

    /// The meeting is neither closed nor cancelled.
    ///
    /// # Errors
    /// Unknown, closed and cancelled meetings.
    pub fn require_going(&self) -> Result<CouncilId, MeetingRefusal> {
        let council = self.require_known()?;
        match self.phase {
            MeetingPhase::Convened | MeetingPhase::Open | MeetingPhase::Adjourned => Ok(council),
            MeetingPhase::Unknown | MeetingPhase::Closed | MeetingPhase::Cancelled => Err(MeetingRefusal::MeetingIsOver),
        }
    }

    /// The meeting is in session.
    ///
    /// # Errors
    /// As [`Meeting::require_going`]; meetings that have not begun or are adjourned.
    pub fn require_open(&self) -> Result<CouncilId, MeetingRefusal> {
        let council = self.require_going()?;
        if self.phase == MeetingPhase::Open { Ok(council) } else { Err(MeetingRefusal::MeetingNotOpen) }
    }

    /// The area of its council.
    ///
    /// # Errors
    /// Unknown meetings.
    pub fn require_area(&self) -> Result<&AreaCode, MeetingRefusal> {
        self.area.as_ref().ok_or(MeetingRefusal::UnknownMeeting)
    }

    /// The vote of this id.
    ///
    /// # Errors
    /// Unknown votes.
    pub fn vote(&self, id: VoteId) -> Result<&Vote, MeetingRefusal> {
        self.votes.get(&id).ok_or(MeetingRefusal::UnknownVote)
    }
}

impl Aggregate for Meeting {
    const NAME: &'static str = "meeting";
    type State = Self;
    type Command = MeetingCommand;
    type Event = MeetingEvent;
    type Error = MeetingRefusal;

    fn handle_command(meeting: &Self, command: MeetingCommand) -> Decided {
        use MeetingCommand as C;
        match command {
            C::Convene { council, area, notice, agenda, orders, days_ahead, statute_days, short_notice, now } => {
                meeting.convene(council, area, notice, agenda, orders, days_ahead, statute_days, short_notice, now)
            }
            C::Amend { notice, agenda, days_ahead, statute_days, now } => meeting.amend(notice, agenda, days_ahead, statute_days, now),
            C::Cancel { reason } => meeting.cancel(reason),
            C::Invite { person, capacity } => meeting.invite(person, capacity),
            C::Excuse { person } => meeting.excuse(person),
            C::Come { person, representative, council, at, now } => meeting.come(person, representative, &council, at, now),
            C::Go { person, council, at, now } => meeting.go(person, &council, at, now),
            C::Open { council, now } => meeting.open(&council, now),
            C::Adjourn { until, reason, now } => meeting.adjourn(until, reason, now),
            C::Resume { council, now } => meeting.resume(&council, now),
            C::Close { now } => meeting.close(now),
            C::TakeUp { item, now } => meeting.take_up(item, now),
            C::AskToSpeak { item, person, side } => meeting.ask_to_speak(item, person, side),
            C::Unlist { item, person } => meeting.unlist(item, person),
            C::CallNext { now } => meeting.call_next(now),
            C::EndTurn { now } => meeting.end_turn(now),
            C::OpenVote { vote, question, secrecy, recused, council, now } => {
                meeting.open_vote(vote, question, secrecy, recused, &council, now)
            }
            C::CastBallot { vote, person, choice, council } => meeting.cast(vote, person, choice, &council),
            C::CountHands { vote, teller, hands, council } => meeting.count_hands(vote, teller, hands, &council),
            C::CloseVote { vote, council, now } => meeting.close_vote(vote, &council, now),
            C::CloseSecretVote { vote, ballots, voted, council, now } => meeting.close_secret_vote(vote, ballots, &voted, &council, now),
            C::AnnulVote { vote, reason } => meeting.annul_vote(vote, reason),
        }
    }

    fn apply_event(mut meeting: Self, event: MeetingEvent) -> Self {
        use MeetingEvent as E;
        match event {
            E::MeetingConvened { council, area, notice, agenda, orders, short_notice: _ } => {
                meeting.phase = MeetingPhase::Convened;
                meeting.council = Some(council);
                meeting.area = Some(area);
                meeting.notice = Some(notice);
                meeting.agenda = agenda;
                meeting.orders = Some(orders);
            }
            E::MeetingAmended { notice, agenda } => {
                meeting.notice = Some(notice);
                meeting.agenda = agenda;
            }
            E::ContinuationAnnounced { notice } => meeting.announced_anew(notice),
            E::MeetingCancelled { .. } => meeting.phase = MeetingPhase::Cancelled,
            E::GuestInvited { person, capacity } => {
                meeting.invited.insert(person, capacity);
            }
            E::AbsenceExcused { person } => meeting.excused.push(person),
            E::AttendeeCame { person, capacity, at } => meeting.sitting.come(person, capacity, at),
            E::AttendeeWent { person, at } => meeting.sitting.go(person, at),
            E::QuorumReached { at, entitled, .. } => (meeting.quorate, meeting.entitled, meeting.turned_at) = (true, entitled, Some(at)),
            E::QuorumLost { at, entitled, .. } => (meeting.quorate, meeting.entitled, meeting.turned_at) = (false, entitled, Some(at)),
            E::MeetingOpened { at, entitled, .. } => {
                meeting.phase = MeetingPhase::Open;
                meeting.entitled = entitled;
                (meeting.quorate, meeting.turned_at) = (true, Some(at));
            }
            E::MeetingAdjourned { at, until, .. } => {
                (meeting.phase, meeting.turned_at) = (MeetingPhase::Adjourned, Some(at));
                meeting.continues(until);
            }
            E::MeetingResumed { at, entitled, .. } => {
                meeting.phase = MeetingPhase::Open;
                meeting.entitled = entitled.unwrap_or(meeting.entitled);
                (meeting.quorate, meeting.turned_at) = (true, Some(at));
                meeting.resumed(at);
            }
            E::MeetingClosed { .. } => {
                meeting.phase = MeetingPhase::Closed;
                meeting.called_off();
            }
            E::ItemTakenUp { item, .. } => meeting.item = Some(item),
            E::SpeakerListed { item, person, side } => meeting.speakers.entry(item).or_default().waiting.push((person, side)),
            E::SpeakerUnlisted { item, person } => {
                meeting.speakers.entry(item).or_default().waiting.retain(|(who, _)| *who != person);
            }
            E::SpeakerCalled { item, person, side, at, .. } => meeting.speakers.entry(item).or_default().begin(person, side, at),
            E::TurnEnded { item, .. } => meeting.speakers.entry(item).or_default().speaking = None,
            E::VoteOpened { vote, question, voters, recused, entitled, at, on } => {
                if on.is_some() {
                    meeting.entitled = entitled;
                }
                meeting.votes.insert(vote, Vote::opened(question, entitled, voters, recused, at));
            }
            E::BallotCast { vote, person, choice, on: _ } => {
                if let Some(vote) = meeting.votes.get_mut(&vote) {
                    vote.choices.insert(person, choice);
                }
            }
            E::HandsCounted { vote, teller, hands, voters } => {
                if let Some(vote) = meeting.votes.get_mut(&vote) {
                    vote.hands.insert(teller, hands);
                    vote.counted.insert(teller, voters.into_iter().collect());
                }
            }
            E::VoteClosed { vote, decision, at, on } => {
                if let Some(vote) = meeting.votes.get_mut(&vote) {
                    vote.closed = Some(at);
                    if on.is_some() {
                        vote.entitled = decision.tally.heads.entitled;
                    }
                    vote.phase = VotePhase::Closed(Box::new(decision));
                }
            }
            E::VoteAnnulled { vote, .. } => {
                if let Some(vote) = meeting.votes.get_mut(&vote) {
                    vote.phase = VotePhase::Annulled;
                }
            }
        }
        meeting
    }
}

#[cfg(test)]
#[path = "meeting_tests.rs"]
mod tests;
