//! What changes polls.
//!
//! - A secret ballot goes its own way through the door ([`Door::casts`]): nothing that the server prints about the request
//!   stands beside the participation in the log.

use async_graphql::{Context, Error, ID, InputObject, Object};
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
        poll_terms::{BallotOption, Channels, Matter, PollTerms, Secrecy},
        roll_entry::Holder,
    },
    refusal::Refusal,
    values::{PollId, RollEntryId},
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
    outcome::{Outcome, payloads},
    scalars::{Area as AreaCode, Moment},
};

payloads! {
    /// What became of a command about a poll.
    PollPayload {
        /// The poll.
        poll: Poll,
    }
    /// What became of `castBallot`.
    CastBallotPayload {
        /// The poll.
        poll: Poll,
        /// The tag that finds the ballot in the published list. Told once, in the first answer, and kept nowhere beside the
        /// voter; null where the poll has no receipts.
        receipt: String,
    }
}

/// What preparing a poll takes.
#[derive(InputObject)]
pub struct PreparePollInput {
    /// Where it is held.
    area: AreaCode,
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
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

fn secrecy(secret: bool, receipts: bool) -> Secrecy {
    if secret { Secrecy::Secret { receipts } } else { Secrecy::Open }
}

impl PreparePollInput {
    fn command(self) -> Result<PreparePoll, Refusal> {
        let terms = PollTerms {
            matter: Matter::Question,
            area: self.area.0,
            title: self.title,
            options: self.options.into_iter().map(BallotOption::Text).collect(),
            method: self.method.read()?,
            secrecy: secrecy(self.secret, self.receipts),
            channels: Channels::from(self.channels),
            rule: self.rule.rule()?,
            opens_at: self.opens_at.map(|it| it.0),
            closes_at: self.closes_at.map(|it| it.0),
        };
        Ok(PreparePoll { terms })
    }
}

/// What preparing a council's poll takes; its charter says the rest.
#[derive(InputObject)]
pub struct PrepareCouncilPollInput {
    /// Which council.
    council: ID,
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
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

impl PrepareCouncilPollInput {
    fn command(self) -> Result<PrepareCouncilPoll, Refusal> {
        Ok(PrepareCouncilPoll {
            council: ids::named(&self.council, "council")?,
            kind: self.matter.into(),
            title: self.title,
            options: self.options,
            method: self.method.read()?,
            channels: self.channels.into(),
            opens_at: self.opens_at.map(|it| it.0),
            closes_at: self.closes_at.map(|it| it.0),
        })
    }
}

/// What preparing an election's poll takes.
#[derive(InputObject)]
pub struct PrepareElectionPollInput {
    /// Which election.
    election: ID,
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
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What entering on a roll takes.
#[derive(InputObject)]
pub struct EnterOnRollInput {
    /// Which poll.
    poll: ID,
    /// The lines, 1 to 1000.
    lines: Vec<RollLineInput>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What striking from a roll takes.
#[derive(InputObject)]
pub struct StrikeFromRollInput {
    /// Which poll.
    poll: ID,
    /// The entries, 1 to 1000.
    entries: Vec<ID>,
    /// Why; public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Who counts paper ballots.
#[derive(InputObject)]
pub struct AppointTellersInput {
    /// Which poll.
    poll: ID,
    /// One of them.
    first: ID,
    /// The other.
    second: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Which poll.
#[derive(InputObject)]
pub struct PollInput {
    /// Which poll.
    poll: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What voiding a poll takes.
#[derive(InputObject)]
pub struct VoidPollInput {
    /// Which poll.
    poll: ID,
    /// Why; public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// A secret ballot.
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

/// A vote by name.
#[derive(InputObject)]
pub struct VoteOpenlyInput {
    /// In which poll.
    poll: ID,
    /// For which entry of its roll, as `me.polls` has it; one's own as a person if not said.
    entry: Option<ID>,
    /// What is marked.
    marks: MarksInput,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Somebody at the polling station.
#[derive(InputObject)]
pub struct RecordInPersonInput {
    /// In which poll.
    poll: ID,
    /// Which entry of its roll.
    entry: ID,
    /// Who came for it, if not its voter.
    proxy: Option<ID>,
    /// What is marked, in an open poll.
    marks: Option<MarksInput>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// A teller's count.
#[derive(InputObject)]
pub struct EnterPaperCountInput {
    /// Of which poll.
    poll: ID,
    /// The count.
    count: PaperCountInput,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

fn poll_of(id: &ID) -> Result<PollId, Refusal> {
    ids::named(id, "poll")
}

/// The entry that is voted for: the asker's own if not said.
fn entry_of(door: &Door<'_>, poll: PollId, entry: Option<&ID>) -> Result<RollEntryId, Refusal> {
    match entry {
        Some(id) => ids::named(id, "entry"),
        None => Ok(Holder::Person(in_the_name_of(door, None, "entry")?).entry(poll)),
    }
}

async fn changed(door: &Door<'_>, done: Outcome<PollId>) -> Result<PollPayload, Error> {
    let poll = match done.answer {
        Some(id) => polls::poll(door, id).await?,
        None => None,
    };
    Ok(PollPayload::new(done.told, poll))
}

/// As [`changed`], for what answers with an entry.
async fn voted(door: &Door<'_>, poll: Option<PollId>, done: Outcome<RollEntryId>) -> Result<PollPayload, Error> {
    changed(door, Outcome { answer: done.answer.and(poll), told: done.told }).await
}

/// The root fields that change polls.
#[derive(Default)]
pub struct PollMutations;

#[Object]
impl PollMutations {
    /// Prepare a poll on a question.
    async fn prepare_poll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked.")] input: PreparePollInput,
    ) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let done = door.does(command_id.as_ref(), input.command()).await?;
        changed(&door, done).await
    }

    /// Prepare a council's poll: rule, secrecy and quorum are its charter's; its roll will be all who sit in it.
    async fn prepare_council_poll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked.")] input: PrepareCouncilPollInput,
    ) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let done = door.does(command_id.as_ref(), input.command()).await?;
        changed(&door, done).await
    }

    /// Prepare an election's poll: its candidates are the options, and from now on fixed.
    async fn prepare_election_poll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which election.")] input: PrepareElectionPollInput,
    ) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let PrepareElectionPollInput { election, title, secret, receipts, channels, command_id } = input;
        let command = ids::named(&election, "election").map(|election| PrepareElectionPoll {
            election,
            title,
            secrecy: secrecy(secret, receipts),
            channels: channels.into(),
        });
        let done = door.does(command_id.as_ref(), command).await?;
        changed(&door, done).await
    }

    /// Enter holders of votes on a poll's roll, before it opens.
    async fn enter_on_roll(&self, ctx: &Context<'_>, #[graphql(desc = "Whom.")] input: EnterOnRollInput) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let lines = input.lines.iter().map(RollLineInput::read).collect::<Result<_, _>>();
        let command = poll_of(&input.poll).and_then(|poll| Ok(EnterOnRoll { poll, lines: lines? }));
        let done = door.does(input.command_id.as_ref(), command).await?;
        changed(&door, done).await
    }

    /// Strike entries from a poll's roll, before it opens.
    async fn strike_from_roll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: StrikeFromRollInput,
    ) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let entries = input.entries.iter().map(|id| ids::named(id, "entries")).collect::<Result<_, _>>();
        let command = poll_of(&input.poll).and_then(|poll| Ok(StrikeFromRoll { poll, entries: entries?, reason: input.reason }));
        let done = door.does(input.command_id.as_ref(), command).await?;
        changed(&door, done).await
    }

    /// Appoint the two who count a poll's paper ballots, each for themselves.
    async fn appoint_tellers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: AppointTellersInput,
    ) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let command = poll_of(&input.poll).and_then(|poll| {
            Ok(AppointTellers { poll, tellers: [ids::named(&input.first, "tellers")?, ids::named(&input.second, "tellers")?] })
        });
        let done = door.does(input.command_id.as_ref(), command).await?;
        changed(&door, done).await
    }

    /// Open a poll: its roll and its rule are frozen.
    async fn open_poll(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] input: PollInput) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let done = door.does(input.command_id.as_ref(), poll_of(&input.poll).map(|poll| OpenPoll { poll })).await?;
        changed(&door, done).await
    }

    /// Cast a secret ballot. The log keeps that the entry has voted, never what. The answer tells the receipt, once.
    async fn cast_ballot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ballot.")] input: CastBallotInput,
    ) -> Result<CastBallotPayload, Error> {
        let door = Door::of(ctx)?;
        let CastBallotInput { poll, entry, marks, tag, command_id } = input;
        let poll = poll_of(&poll);
        let ballot =
            poll.clone().and_then(|poll| Ok(CastBallot { poll, entry: entry_of(&door, poll, entry.as_ref())?, marks: marks.read(), tag }));
        let done = door.casts(command_id.as_ref(), ballot).await?;
        let (poll, receipt) = match (done.answer, poll) {
            (Some(receipt), Ok(poll)) => (polls::poll(&door, poll).await?, receipt),
            (None, _) | (_, Err(_)) => (None, None),
        };
        Ok(CastBallotPayload::new(done.told, poll, receipt))
    }

    /// Vote in an open poll, by name.
    async fn vote_openly(&self, ctx: &Context<'_>, #[graphql(desc = "The vote.")] input: VoteOpenlyInput) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let VoteOpenlyInput { poll, entry, marks, command_id } = input;
        let poll = poll_of(&poll);
        let command =
            poll.clone().and_then(|poll| Ok(VoteOpenly { poll, entry: entry_of(&door, poll, entry.as_ref())?, marks: marks.read() }));
        let done = door.does(command_id.as_ref(), command).await?;
        voted(&door, poll.ok(), done).await
    }

    /// Record at the polling station that an entry was given a paper ballot; in an open poll, with what is on it.
    async fn record_in_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who came.")] input: RecordInPersonInput,
    ) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let RecordInPersonInput { poll, entry, proxy, marks, command_id } = input;
        let poll = poll_of(&poll);
        let command = poll.clone().and_then(|poll| {
            let (entry, proxy) = (ids::named(&entry, "entry")?, ids::named_maybe(proxy.as_ref(), "proxy")?);
            Ok(RecordInPerson { poll, entry, proxy, marks: marks.map(MarksInput::read) })
        });
        let done = door.does(command_id.as_ref(), command).await?;
        voted(&door, poll.ok(), done).await
    }

    /// Close a poll: no ballot from then on.
    async fn close_poll(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] input: PollInput) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let done = door.does(input.command_id.as_ref(), poll_of(&input.poll).map(|poll| ClosePoll { poll })).await?;
        changed(&door, done).await
    }

    /// Enter one's own count of the paper ballots, as a teller. The other teller does not see it before theirs is in.
    async fn enter_paper_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The count.")] input: EnterPaperCountInput,
    ) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let EnterPaperCountInput { poll, count, command_id } = input;
        let command = poll_of(&poll).map(|poll| EnterPaperCount { poll, count: count.read() });
        let done = door.does(command_id.as_ref(), command).await?;
        changed(&door, done).await
    }

    /// Count a closed poll. Its ballots enter the log, shuffled.
    async fn count_poll(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] input: PollInput) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let done = door.does(input.command_id.as_ref(), poll_of(&input.poll).map(|poll| CountPoll { poll })).await?;
        changed(&door, done).await
    }

    /// Publish a poll's outcome and its ballots.
    async fn publish_poll(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] input: PollInput) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let done = door.does(input.command_id.as_ref(), poll_of(&input.poll).map(|poll| PublishPoll { poll })).await?;
        changed(&door, done).await
    }

    /// Void a poll, at any time before it is published.
    async fn void_poll(&self, ctx: &Context<'_>, #[graphql(desc = "Which and why.")] input: VoidPollInput) -> Result<PollPayload, Error> {
        let door = Door::of(ctx)?;
        let command = poll_of(&input.poll).map(|poll| VoidPoll { poll, reason: input.reason });
        let done = door.does(input.command_id.as_ref(), command).await?;
        changed(&door, done).await
    }
}
