//! Closing, counting and publishing polls, and voiding them.
//!
//! Counting comes after closing, in a commit of its own. Once the poll is closed in the log, no participation can be
//! committed any more; so what is pending in the ballot box then is kept or dropped for good, and the ballots, shuffled,
//! enter the log in one commit with the count. Then the poll's ballots and their key are destroyed.

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        ballot::{BallotList, BallotListCommand},
        counting::paper::PaperCount,
        poll::{CLOSE_POLL, COUNT_POLL, ENTER_PAPER_COUNT, Found, PUBLISH_POLL, Poll, PollCommand, PollPhase, PollRefusal, VOID_POLL},
        poll_report::Participants,
        poll_terms::Secrecy,
        roll::Roll,
        roll_entry::{RollEntry, RollEntryEvent},
    },
    values::{PollId, RollEntryId},
};
use gongyi_eventlog::StreamId;
use gongyi_vault::stop_at;
use serde::Serialize;

use super::kept_poll;
use crate::{
    App, Command,
    rejection::{Fault, Rejection, refused},
    work::Work,
};

/// Entries whose streams are read at a time.
const ENTRIES_PER_READ: usize = 10_000;

/// Close a poll: no ballot from then on.
#[derive(Debug, Serialize)]
pub struct ClosePoll {
    /// The poll.
    pub poll: PollId,
}

impl Command for ClosePoll {
    const ACT: &'static Act = &CLOSE_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        let now = work.now;
        work.decide::<Poll>(poll, PollCommand::Close { now }).await?;
        Ok(self.poll)
    }

    async fn settle(&self, app: &App, poll: &PollId) -> Result<(), Rejection> {
        app.end_receipts(*poll).await
    }
}

/// Enter one's own count of the paper ballots, as a teller.
#[derive(Debug, Serialize)]
pub struct EnterPaperCount {
    /// The poll.
    pub poll: PollId,
    /// The count.
    pub count: PaperCount,
}

impl Command for EnterPaperCount {
    const ACT: &'static Act = &ENTER_PAPER_COUNT;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let person = work.actor.person();
        work.may(Self::ACT, &Subject { person, ..Subject::default() })?;
        let teller = person.ok_or_else(|| refused(PollRefusal::NotTeller))?;
        let count = self.count.clone();
        work.load_and_decide::<Poll>(self.poll, PollCommand::EnterPaperCount { teller, count }).await?;
        Ok(self.poll)
    }
}

/// Count a closed poll.
#[derive(Debug, Serialize)]
pub struct CountPoll {
    /// The poll.
    pub poll: PollId,
}

impl Command for CountPoll {
    const ACT: &'static Act = &COUNT_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        if poll.inner().phase != PollPhase::Closed {
            return Err(refused(PollRefusal::PollNotClosed));
        }
        let terms = poll.inner().terms().map_err(refused)?;
        let (secrecy, options) = (terms.secrecy, terms.option_count());
        let roll = work.load::<Roll>(self.poll).await?.into_inner();
        let Participants { participation, open, .. } = participants(work.app, &roll).await?;
        let found = match secrecy {
            Secrecy::Open => Found::Open(open),
            Secrecy::Secret { .. } => {
                let ballots: Vec<_> = work.app.closed_ballots(self.poll).await?.into_iter().map(|it| it.normal(options)).collect();
                work.load_and_decide::<BallotList>(self.poll, BallotListCommand::Publish { ballots: ballots.clone() }).await?;
                Found::Secret(ballots)
            }
        };
        work.decide::<Poll>(poll, PollCommand::Count { participation, found }).await?;
        Ok(self.poll)
    }

    async fn settle(&self, app: &App, poll: &PollId) -> Result<(), Rejection> {
        stop_at("count durable");
        app.destroy_ballots(*poll).await
    }
}

/// Who took part, and what they voted where that is open. Every participation of a closed poll is in the log.
async fn participants<'r>(app: &App, roll: &'r Roll) -> Result<Participants<'r>, Rejection> {
    let mut participants = Participants::of(roll);
    let entries: Vec<_> = roll.lines.keys().collect();
    for some in entries.chunks(ENTRIES_PER_READ) {
        let streams: Vec<_> = some.iter().map(|entry| StreamId::of::<RollEntry>(entry.0)).collect();
        for recorded in app.log().read_streams(&streams).await? {
            let event = app.upcasters().decode::<RollEntryEvent>(&recorded).map_err(|fault| Fault::Session(fault.into()))?;
            participants.add(RollEntryId(recorded.stream.id), event).map_err(refused)?;
        }
    }
    Ok(participants)
}

/// Publish a poll's outcome.
#[derive(Debug, Serialize)]
pub struct PublishPoll {
    /// The poll.
    pub poll: PollId,
}

impl Command for PublishPoll {
    const ACT: &'static Act = &PUBLISH_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        work.decide::<Poll>(poll, PollCommand::Publish).await?;
        Ok(self.poll)
    }
}

/// Void a poll.
#[derive(Debug, Serialize)]
pub struct VoidPoll {
    /// The poll.
    pub poll: PollId,
    /// Why; public.
    pub reason: String,
}

impl Command for VoidPoll {
    const ACT: &'static Act = &VOID_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        work.decide::<Poll>(poll, PollCommand::Void { reason: self.reason.clone() }).await?;
        Ok(self.poll)
    }

    async fn settle(&self, app: &App, poll: &PollId) -> Result<(), Rejection> {
        app.destroy_ballots(*poll).await
    }
}
