//! Casting ballots: what is marked, and for which entry of the roll.
//!
//! - A secret ballot goes its own way through the door ([`Door::casts`]): nothing that the server prints about the request
//!   stands beside the participation in the log.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object, OneofObject, SimpleObject};
use futures::future;
use gongyi_app::deliberation::poll::casting::{CastBallot, CastOpenBallot, RecordInPerson};
use gongyi_domain::{
    deliberation::{
        ballot::{Marks as Marked, Stance as Said},
        roll_entry::Holder,
    },
    refusal::Refusal,
    values::{PersonId, PollId, RollEntryId},
};

use super::{Poll, PollPayload, poll};
use crate::{
    access::personal::in_the_name_of,
    door::Door,
    ids,
    outcome::payloads,
    table::{At, Payload, Wire, mutations, wires},
};

/// What is said to one option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Said")]
pub enum Stance {
    /// 赞成.
    Yes,
    /// 反对.
    No,
    /// 弃权.
    Abstain,
}

/// What is said to one option.
#[derive(SimpleObject)]
pub struct OptionStance {
    /// The option's number.
    option: u16,
    /// What is said.
    stance: Stance,
}

/// The score of one option.
#[derive(SimpleObject)]
pub struct OptionScore {
    /// The option's number.
    option: u16,
    /// The score.
    score: u16,
}

/// What is marked on a ballot. Of the lists one is there, as the poll's method has it; none on a blank ballot.
#[derive(Default, SimpleObject)]
pub struct Marks {
    /// Nothing is marked.
    blank: bool,
    /// The options that are marked.
    chosen: Option<Vec<u16>>,
    /// What is said to each option.
    stances: Option<Vec<OptionStance>>,
    /// The options' scores.
    scores: Option<Vec<OptionScore>>,
    /// The options in order of preference.
    ranked: Option<Vec<u16>>,
}

impl From<&Marked> for Marks {
    fn from(marks: &Marked) -> Self {
        let told = Self { blank: marks.is_blank(), ..Self::default() };
        match marks {
            Marked::Blank => told,
            Marked::Chosen(options) => Self { chosen: Some(options.clone()), ..told },
            Marked::Ranked(options) => Self { ranked: Some(options.clone()), ..told },
            Marked::Stances(stances) => {
                let stances = stances.iter().map(|(option, stance)| OptionStance { option: *option, stance: (*stance).into() });
                Self { stances: Some(stances.collect()), ..told }
            }
            Marked::Scores(scores) => {
                let scores = scores.iter().map(|(option, score)| OptionScore { option: *option, score: *score });
                Self { scores: Some(scores.collect()), ..told }
            }
        }
    }
}

/// What is said to one option.
#[derive(InputObject)]
pub struct OptionStanceInput {
    /// The option's number.
    option: u16,
    /// What is said.
    stance: Stance,
}

/// The score of one option.
#[derive(InputObject)]
pub struct OptionScoreInput {
    /// The option's number.
    option: u16,
    /// The score.
    score: u16,
}

/// What is marked on a ballot, as the poll's method has it; exactly one of these.
#[derive(OneofObject)]
pub enum MarksInput {
    /// Nothing; say `true`.
    Blank(bool),
    /// These options, by number.
    Chosen(Vec<u16>),
    /// What is said to each option.
    Stances(Vec<OptionStanceInput>),
    /// The options' scores.
    Scores(Vec<OptionScoreInput>),
    /// Options in order of preference, the first first.
    Ranked(Vec<u16>),
}

impl MarksInput {
    pub(crate) fn marks(self) -> Marked {
        match self {
            Self::Blank(_) => Marked::Blank,
            Self::Chosen(options) => Marked::Chosen(options),
            Self::Ranked(options) => Marked::Ranked(options),
            Self::Stances(stances) => Marked::Stances(stances.into_iter().map(|it| (it.option, it.stance.into())).collect()),
            Self::Scores(scores) => Marked::Scores(scores.into_iter().map(|it| (it.option, it.score)).collect()),
        }
    }
}

wires! {
    MarksInput => Marked = |marks| marks.marks();
}

payloads! {
    /// A poll, after a secret ballot.
    CastBallotPayload((PollId, Option<String>)) {
        /// The poll.
        poll: Poll = |door, cast| poll(door, cast.0),
        /// What finds the ballot in the published list: made of the tag under a key of the poll that is destroyed when it is
        /// closed. Told once, in the first answer, and kept nowhere beside the voter; null where the poll has no receipts.
        receipt: String = |_door, cast| future::ok::<_, Error>(cast.1.clone()),
    }
}

/// The entry of a roll that is voted for; one's own as a person if not said.
pub(crate) enum VotedFor {
    Entry(RollEntryId),
    Oneself(PersonId),
}

impl Wire for VotedFor {
    type Sent = Option<ID>;
    type Taken = Self;
    fn read(sent: Option<ID>, at: At<'_>) -> Result<Self, Refusal> {
        match sent {
            Some(id) => ids::named(&id, at.field).map(Self::Entry),
            None => in_the_name_of(at.door, None, at.field).map(Self::Oneself),
        }
    }
}

impl VotedFor {
    fn on_roll(self, poll: PollId) -> RollEntryId {
        match self {
            Self::Entry(entry) => entry,
            Self::Oneself(person) => Holder::Person(person).entry(poll),
        }
    }
}

/// Cast a secret ballot. The log keeps that the entry has voted, never what. The answer tells the receipt, once.
#[derive(InputObject)]
pub struct CastBallotInput {
    /// In which poll.
    poll: ID,
    /// For which entry of its roll, as `me.polls` has it: a household's, a property's, a principal's; one's own as a person
    /// if not said.
    entry: Option<ID>,
    /// What is marked.
    marks: MarksInput,
    /// What the receipt is made of, where the poll has receipts: 22 to 64 random characters of base64url; random if not said.
    tag: Option<String>,
    /// The command's id, a UUID; sent again, the first ballot stays and no receipt is told.
    command_id: Option<ID>,
}

/// The root field that casts secret ballots.
#[derive(Default)]
pub struct SecretBallotMutations;

#[Object]
impl SecretBallotMutations {
    /// Cast a secret ballot. The log keeps that the entry has voted, never what. The answer tells the receipt, once.
    async fn cast_ballot(&self, ctx: &Context<'_>, input: CastBallotInput) -> Result<CastBallotPayload, Error> {
        let door = Door::of(ctx)?;
        let CastBallotInput { poll, entry, marks, tag, command_id } = input;
        let ballot = ids::named(&poll, "poll").and_then(|poll| {
            let entry = VotedFor::read(entry, At { door: &door, field: "entry" })?.on_roll(poll);
            Ok(CastBallot { poll, entry, marks: marks.marks(), tag })
        });
        let poll = ballot.as_ref().ok().map(|ballot| ballot.poll);
        let done = door.casts(command_id.as_ref(), ballot).await?;
        CastBallotPayload::shown(&door, done.told, poll.zip(done.answer)).await
    }
}

mutations! {
    /// The root fields that cast ballots by name and on paper.
    pub struct PollCastingMutations;

    /// Cast a ballot by name, in an open poll.
    CastOpenBallot -> PollPayload {
        /// In which poll.
        poll: PollId,
        /// For which entry of its roll, as `me.polls` has it; one's own as a person if not said.
        entry: VotedFor,
        /// What is marked.
        marks: MarksInput,
    } = CastOpenBallot { poll, entry: entry.on_roll(poll), marks }, move |_| poll;

    /// Record at the polling station that an entry was given a paper ballot; in an open poll, with what is on it.
    RecordInPerson -> PollPayload {
        /// In which poll.
        poll: PollId,
        /// Which entry of its roll.
        entry: RollEntryId,
        /// Who came for it, if not its voter.
        proxy: Option<PersonId>,
        /// What is marked, in an open poll.
        marks: Option<MarksInput>,
    } = RecordInPerson { poll, entry, proxy, marks }, move |_| poll;
}
