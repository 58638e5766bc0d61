//! What changes polls.
//!
//! - A secret ballot goes its own way through the door ([`Door::casts`]): nothing that the server prints about the request
//!   stands beside the participation in the log.

use async_graphql::{Context, Error, ID, InputObject, Object};
use futures::future;
use gongyi_app::deliberation::{
    elections::PrepareElectionPoll,
    poll::{
        casting::{CastBallot, RecordInPerson, VoteOpenly},
        counting::{ClosePoll, CountPoll, EnterPaperCount, PublishPoll, VoidPoll},
        preparing::{AppointTellers, OpenPoll, PrepareCouncilPoll, PreparePoll},
        roll::{EnterOnRoll, StrikeFromRoll},
    },
};
use gongyi_domain::{
    deliberation::{
        poll_terms::{BallotOption, Matter, PollTerms, Secrecy},
        roll_entry::Holder,
    },
    refusal::Refusal,
    values::{CouncilId, ElectionId, PersonId, PollId, RollEntryId},
};

use super::{
    charters::Matter as CouncilMatter,
    decision_rules::RuleInput,
    poll_inputs::{MarksInput, MethodInput, PaperCountInput, RollLineInput},
    polls::{self, Poll, PollChannels},
};
use crate::{
    access::personal::in_the_name_of,
    door::Door,
    ids,
    outcome::payloads,
    scalars::{Area, Moment},
    table::{At, Payload, Wire, mutations},
};

payloads! {
    /// A poll, after a command.
    PollPayload(PollId) {
        /// The poll.
        poll: Poll = |door, id| polls::poll(door, *id),
    }
    /// A poll, after a secret ballot.
    CastBallotPayload((PollId, Option<String>)) {
        /// The poll.
        poll: Poll = |door, cast| polls::poll(door, cast.0),
        /// The tag that finds the ballot in the published list. Told once, in the first answer, and kept nowhere beside the
        /// voter; null where the poll has no receipts.
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
    /// A tag made by the client, who fears to lose the answer: 22 to 64 random characters of base64url, used once.
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

fn secrecy(secret: bool, receipts: bool) -> Secrecy {
    if secret { Secrecy::Secret { receipts } } else { Secrecy::Open }
}

mutations! {
    /// The root fields that change polls.
    pub struct PollMutations;

    /// Prepare a poll on a question.
    PreparePoll -> PollPayload {
        /// Where it is held.
        area: Area,
        /// Its title, 1 to 200 characters.
        title: String,
        /// What the options say, in the ballot's order.
        options: Vec<String>,
        /// How ballots are marked and counted.
        method: MethodInput,
        /// Nobody learns whose ballot is whose.
        secret: bool,
        /// In a secret poll: a voter gets a receipt. Without, against coercion.
        #[graphql(default = true)]
        receipts: bool,
        /// Where ballots come in.
        channels: PollChannels,
        /// What decides.
        rule: RuleInput,
        /// It is not opened before.
        opens_at: Option<Moment>,
        /// No ballot comes in from then on; without it, whoever keeps the poll closes it.
        closes_at: Option<Moment>,
    } = PreparePoll {
        terms: PollTerms {
            matter: Matter::Question,
            area,
            title,
            options: options.into_iter().map(BallotOption::Text).collect(),
            method,
            secrecy: secrecy(secret, receipts),
            channels,
            rule,
            opens_at,
            closes_at,
        },
    };

    /// Prepare a council's poll: rule, secrecy and quorum are its charter's; its roll will be all who sit in it.
    PrepareCouncilPoll -> PollPayload {
        /// Which council.
        council: CouncilId,
        /// Of which kind the matter is: the charter in force has rule, secrecy and quorum for it.
        matter: CouncilMatter,
        /// The poll's title, 1 to 200 characters.
        title: String,
        /// What the options say, in the ballot's order.
        options: Vec<String>,
        /// How ballots are marked and counted.
        method: MethodInput,
        /// Where ballots come in.
        channels: PollChannels,
        /// It is not opened before.
        opens_at: Option<Moment>,
        /// No ballot comes in from then on; without it, whoever keeps the poll closes it.
        closes_at: Option<Moment>,
    } = PrepareCouncilPoll { council, kind: matter, title, options, method, channels, opens_at, closes_at };

    /// Prepare an election's poll: its candidates are the options, and from now on fixed.
    PrepareElectionPoll -> PollPayload {
        /// Which election.
        election: ElectionId,
        /// The poll's title, 1 to 200 characters.
        title: String,
        /// Nobody learns whose ballot is whose.
        #[graphql(default = true)]
        secret: bool,
        /// In a secret poll: a voter gets a receipt. Without, against coercion.
        #[graphql(default = true)]
        receipts: bool,
        /// Where ballots come in.
        channels: PollChannels,
    } = PrepareElectionPoll { election, title, secrecy: secrecy(secret, receipts), channels };

    /// Enter holders of votes on a poll's roll, before it opens.
    EnterOnRoll -> PollPayload {
        /// Which poll.
        poll: PollId,
        /// The lines, 1 to 1000.
        lines: Vec<RollLineInput>,
    }

    /// Strike entries from a poll's roll, before it opens.
    StrikeFromRoll -> PollPayload {
        /// Which poll.
        poll: PollId,
        /// The entries, 1 to 1000.
        entries: Vec<RollEntryId>,
        /// Why; public.
        reason: String,
    }

    /// Appoint the two who count a poll's paper ballots, each for themselves.
    AppointTellers -> PollPayload {
        /// Which poll.
        poll: PollId,
        /// One of them.
        first: PersonId,
        /// The other.
        second: PersonId,
    } = AppointTellers { poll, tellers: [first, second] };

    /// Open a poll: its roll and its rule are frozen.
    OpenPoll -> PollPayload {
        /// Which poll.
        poll: PollId,
    }

    /// Vote in an open poll, by name.
    VoteOpenly -> PollPayload {
        /// In which poll.
        poll: PollId,
        /// For which entry of its roll, as `me.polls` has it; one's own as a person if not said.
        entry: VotedFor,
        /// What is marked.
        marks: MarksInput,
    } = VoteOpenly { poll, entry: entry.on_roll(poll), marks }, move |_| poll;

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

    /// Close a poll: no ballot from then on.
    ClosePoll -> PollPayload {
        /// Which poll.
        poll: PollId,
    }

    /// Enter one's own count of the paper ballots, as a teller. The other teller does not see it before theirs is in.
    EnterPaperCount -> PollPayload {
        /// Of which poll.
        poll: PollId,
        /// The count.
        count: PaperCountInput,
    }

    /// Count a closed poll. Its ballots enter the log, shuffled.
    CountPoll -> PollPayload {
        /// Which poll.
        poll: PollId,
    }

    /// Publish a poll's outcome and its ballots.
    PublishPoll -> PollPayload {
        /// Which poll.
        poll: PollId,
    }

    /// Void a poll, at any time before it is published.
    VoidPoll -> PollPayload {
        /// Which poll.
        poll: PollId,
        /// Why; public.
        reason: String,
    }
}
