//! Preparing, opening, closing, counting and publishing polls.
//!
//! Counting comes after closing, in a commit of its own. Once the poll is closed in the log, no participation can be
//! committed any more; so what is pending in the ballot box then is kept or dropped for good, and the ballots, shuffled,
//! enter the log in one commit with the count. Then the poll's ballots and their key are destroyed.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        ballot::{Ballot, BallotList, BallotListCommand, Method},
        charter,
        council::CouncilRefusal,
        counting::paper::PaperCount,
        election::{Election, ElectionCommand},
        poll::{
            APPOINT_TELLERS, CLOSE_POLL, COUNT_POLL, ENTER_ON_ROLL, ENTER_PAPER_COUNT, Found, OPEN_POLL, PREPARE_POLL, PUBLISH_POLL, Poll,
            PollCommand, PollRefusal, STRIKE_FROM_ROLL, Stage, VOID_POLL,
        },
        poll_report::{FrozenRoll, Participants},
        poll_terms::{BallotOption, Channels, Matter, PollTerms, Secrecy},
        roll::{Roll, RollCommand},
        roll_entry::{Channel, Holder, RollEntry, RollEntryCommand, RollEntryEvent, RollLine},
    },
    values::{CouncilId, Instant, PersonId, PollId, RollEntryId},
};
use gongyi_eventlog::StreamId;
use gongyi_vault::{PendingBallot, VaultError, stop_at};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::councils::council;
use crate::{
    App, Command,
    rejection::{Fault, Rejection, refused},
    work::{Loaded, Work},
};

/// Entries whose streams are read at a time.
const ENTRIES_PER_READ: usize = 10_000;

/// Prepare a poll that is no election's: those are prepared by [`super::elections::PrepareElectionPoll`].
#[derive(Debug, Serialize)]
pub struct PreparePoll {
    /// As this says.
    pub terms: PollTerms,
}

#[async_trait]
impl Command for PreparePoll {
    const ACT: &'static Act = &PREPARE_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        work.may(Self::ACT, &Subject::area(self.terms.area.clone()))?;
        work.require_area(&self.terms.area).await?;
        match self.terms.matter {
            Matter::Election(_) => return Err(refused(PollRefusal::ElectionsOwnPoll)),
            Matter::Council { .. } => return Err(refused(PollRefusal::CouncilsOwnPoll)),
            Matter::Motion(_) | Matter::Question => {}
        }
        let id = PollId(Uuid::now_v7());
        work.load_and_decide::<Poll>(id, PollCommand::Prepare { terms: self.terms.clone() }).await?;
        Ok(id)
    }
}

/// Prepare a council's poll on a matter of its own: rule, secrecy and receipts are those of the charter in force.
#[derive(Debug, Serialize)]
pub struct PrepareCouncilPoll {
    /// Whose.
    pub council: CouncilId,
    /// Of which kind the matter is.
    pub kind: charter::Matter,
    /// The poll's title.
    pub title: String,
    /// What the options say, in the ballot's order.
    pub options: Vec<String>,
    /// How ballots are marked and counted.
    pub method: Method,
    /// On paper, online or both.
    pub channels: Channels,
    /// Not opened before.
    pub opens_at: Option<Instant>,
    /// No ballot from then on.
    pub closes_at: Option<Instant>,
}

#[async_trait]
impl Command for PrepareCouncilPoll {
    const ACT: &'static Act = &PREPARE_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let council = council(work, self.council).await?.into_inner();
        work.may(Self::ACT, &council.subject(None, work.today()))?;
        let charter = council.require_working().map_err(refused)?;
        let (matter, secrecy, rule) = charter.poll_terms(self.council, self.kind, council.charter_version());
        let terms = PollTerms {
            matter,
            area: council.area.clone().ok_or_else(|| refused(CouncilRefusal::UnknownCouncil))?,
            title: self.title.clone(),
            options: self.options.iter().cloned().map(BallotOption::Text).collect(),
            method: self.method,
            secrecy,
            channels: self.channels,
            rule,
            opens_at: self.opens_at,
            closes_at: self.closes_at,
        };
        let id = PollId(Uuid::now_v7());
        work.load_and_decide::<Poll>(id, PollCommand::Prepare { terms }).await?;
        Ok(id)
    }
}

/// The roll of a council's poll is who sits in it today, each for themselves, under the charter the poll was prepared by.
async fn require_the_council(work: &Work<'_>, id: CouncilId, charter_version: u32, roll: &Roll) -> Result<(), Rejection> {
    let council = council(work, id).await?.into_inner();
    council.require_working().map_err(refused)?;
    let last = council.charter_version();
    if last != charter_version {
        return Err(refused(CouncilRefusal::CharterOutdated { last }));
    }
    let sitting: BTreeSet<Holder> = council.representatives(work.today()).map(Holder::Person).collect();
    let entered: BTreeSet<Holder> = roll.lines.values().map(|line| line.holder).collect();
    if sitting == entered { Ok(()) } else { Err(refused(PollRefusal::RollNotTheCouncil)) }
}

/// The poll, if the actor may do `act` to it.
async fn kept_poll(work: &mut Work<'_>, act: &Act, poll: PollId) -> Result<Loaded<Poll>, Rejection> {
    let loaded = work.load::<Poll>(poll).await?;
    let area = loaded.inner().terms().map_err(refused)?.area.clone();
    work.may(act, &Subject::area(area))?;
    Ok(loaded)
}

/// Enter holders on a poll's roll.
#[derive(Debug, Serialize)]
pub struct EnterOnRoll {
    /// The poll.
    pub poll: PollId,
    /// At most [`gongyi_domain::deliberation::roll::ROLL_COMMAND_MAX_ENTRIES`].
    pub lines: Vec<RollLine>,
}

#[async_trait]
impl Command for EnterOnRoll {
    const ACT: &'static Act = &ENTER_ON_ROLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        let terms = poll.inner().require_prepared().map_err(refused)?;
        if terms.secrecy != Secrecy::Open && self.lines.iter().any(|line| line.weight != 1) {
            return Err(refused(PollRefusal::WeightedSecretPoll));
        }
        let days_to_poll = terms.roll_days_end().map(|opens| work.days_until(opens));
        let roll = work.lock::<Roll>(self.poll).await?;
        work.decide::<Roll>(roll, RollCommand::Extend { poll: self.poll, lines: self.lines.clone(), days_to_poll }).await?;
        let entries: Vec<_> = self.lines.iter().map(|line| StreamId::of::<RollEntry>(line.holder.entry(self.poll).0)).collect();
        work.session.preload(&entries).await?;
        for (line, entry) in self.lines.iter().zip(entries) {
            work.load_and_decide::<RollEntry>(entry.id, RollEntryCommand::Entitle { poll: self.poll, line: *line }).await?;
        }
        Ok(self.poll)
    }
}

/// Strike entries from a poll's roll, before it opens.
#[derive(Debug, Serialize)]
pub struct StrikeFromRoll {
    /// The poll.
    pub poll: PollId,
    /// The entries.
    pub entries: Vec<RollEntryId>,
    /// Why; public.
    pub reason: String,
}

#[async_trait]
impl Command for StrikeFromRoll {
    const ACT: &'static Act = &STRIKE_FROM_ROLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        let terms = poll.inner().require_prepared().map_err(refused)?;
        let days_to_poll = terms.roll_days_end().map(|opens| work.days_until(opens));
        let (entries, reason) = (self.entries.clone(), self.reason.clone());
        let roll = work.lock::<Roll>(self.poll).await?;
        work.decide::<Roll>(roll, RollCommand::Strike { entries, reason, days_to_poll }).await?;
        for entry in &self.entries {
            work.load_and_decide::<RollEntry>(*entry, RollEntryCommand::Strike).await?;
        }
        Ok(self.poll)
    }
}

/// Appoint the two tellers of a poll.
#[derive(Debug, Serialize)]
pub struct AppointTellers {
    /// The poll.
    pub poll: PollId,
    /// Who.
    pub tellers: [PersonId; 2],
}

#[async_trait]
impl Command for AppointTellers {
    const ACT: &'static Act = &APPOINT_TELLERS;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        work.decide::<Poll>(poll, PollCommand::AppointTellers { tellers: self.tellers }).await?;
        Ok(self.poll)
    }
}

/// Open a poll: freeze its roll and its rule.
#[derive(Debug, Serialize)]
pub struct OpenPoll {
    /// The poll.
    pub poll: PollId,
}

#[async_trait]
impl Command for OpenPoll {
    const ACT: &'static Act = &OPEN_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        let matter = poll.inner().terms().map_err(refused)?.matter;
        let roll = work.load::<Roll>(self.poll).await?.into_inner();
        if let Matter::Council { council, charter_version, .. } = matter {
            require_the_council(work, council, charter_version, &roll).await?;
        }
        let roll = FrozenRoll::of(&roll, hex::encode(Sha256::digest(roll.canonical_bytes())));
        let now = work.now;
        work.decide::<Poll>(poll, PollCommand::Open { roll: roll.clone(), now }).await?;
        if let Matter::Election(election) = matter {
            work.load_and_decide::<Election>(election, ElectionCommand::Freeze { roll }).await?;
        }
        Ok(self.poll)
    }

    async fn settle(&self, app: &App, id: &PollId) -> Result<(), Rejection> {
        let poll = app.state::<Poll>(*id).await?;
        match (poll.stage, &poll.terms) {
            (Stage::Opened, Some(terms)) if terms.secrecy != Secrecy::Open => app.make_ballot_box(*id, &poll, terms).await,
            (Stage::Unknown | Stage::Prepared | Stage::Opened | Stage::Closed | Stage::Counted | Stage::Published | Stage::Voided, _) => {
                Ok(())
            }
        }
    }
}

/// Close a poll: no ballot from then on.
#[derive(Debug, Serialize)]
pub struct ClosePoll {
    /// The poll.
    pub poll: PollId,
}

#[async_trait]
impl Command for ClosePoll {
    const ACT: &'static Act = &CLOSE_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        let now = work.now;
        work.decide::<Poll>(poll, PollCommand::Close { now }).await?;
        Ok(self.poll)
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

#[async_trait]
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

#[async_trait]
impl Command for CountPoll {
    const ACT: &'static Act = &COUNT_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        if poll.inner().stage != Stage::Closed {
            return Err(refused(PollRefusal::PollNotClosed));
        }
        let secrecy = poll.inner().terms().map_err(refused)?.secrecy;
        let roll = work.load::<Roll>(self.poll).await?.into_inner();
        let Participants { participation, open, .. } = participants(work.app, &roll).await?;
        let found = match secrecy {
            Secrecy::Open => Found::Open(open),
            Secrecy::Secret { .. } => {
                let ballots = work.app.closed_ballots(self.poll).await?;
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

#[async_trait]
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

#[async_trait]
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

impl App {
    /// Brings the ballot box in line with the log. **Before the first command only**: while casts are under way, a
    /// participation that is not in the log may still come.
    ///
    /// # Errors
    /// Faults; the server must not serve then.
    pub async fn reconcile_ballots(&self) -> Result<(), Rejection> {
        if !self.vault().has_ballot_box() {
            return Ok(());
        }
        for poll in self.vault().ballot_box().await?.polls().await? {
            match self.state::<Poll>(poll).await?.stage {
                Stage::Counted | Stage::Published | Stage::Voided => self.destroy_ballots(poll).await?,
                Stage::Unknown | Stage::Prepared | Stage::Opened | Stage::Closed => self.settle_pending(poll).await?,
            }
        }
        Ok(())
    }

    /// Keeps every pending ballot whose participation is in the log, and drops the others. No participation of this poll may
    /// be on its way into the log.
    async fn settle_pending(&self, poll: PollId) -> Result<(), Rejection> {
        let ballots = self.vault().ballot_box().await?;
        let pending = ballots.pending(poll).await?;
        let streams: Vec<_> = pending.iter().map(|it| StreamId::of::<RollEntry>(it.entry.0)).collect();
        let mut taken_part: HashMap<RollEntryId, Uuid> = HashMap::new();
        for recorded in self.log().read_streams(&streams).await? {
            let event = self.upcasters().decode::<RollEntryEvent>(&recorded).map_err(|fault| Fault::Session(fault.into()))?;
            if let RollEntryEvent::ParticipationRecorded { channel: Channel::Online, .. } = event {
                taken_part.insert(RollEntryId(recorded.stream.id), recorded.commit.metadata.command_id);
            }
        }
        for PendingBallot { entry, command } in pending {
            let by = PendingBallot { entry, command };
            if taken_part.get(&entry) == Some(&command) {
                self.keep_ballot(poll, by).await?;
            } else {
                ballots.drop_pending(poll, by).await?;
            }
        }
        Ok(())
    }

    /// Every ballot of a closed poll, shuffled. None if there is no box: the count then says that they are missing.
    async fn closed_ballots(&self, poll: PollId) -> Result<Vec<Ballot>, Rejection> {
        let ballots = self.vault().ballot_box().await?;
        match self.settle_pending(poll).await {
            Err(Rejection::Fault(Fault::Vault(VaultError::NoBallotBox))) => return Ok(vec![]),
            settled => settled?,
        }
        let kept = ballots.kept(poll).await?;
        Ok(kept.iter().map(|bytes| serde_json::from_slice(bytes)).collect::<Result<Vec<_>, _>>().map_err(Fault::Json)?)
    }

    pub(super) async fn destroy_ballots(&self, poll: PollId) -> Result<(), Rejection> {
        if self.vault().has_ballot_box() {
            self.vault().ballot_box().await?.destroy(poll).await?;
        }
        Ok(())
    }

    /// Makes an opened poll's ballot box, unless there is one, or was.
    pub(super) async fn make_ballot_box(&self, id: PollId, poll: &Poll, terms: &PollTerms) -> Result<(), Rejection> {
        let entries = poll.roll.as_ref().map_or(0, |roll| roll.entries);
        let drawers = u32::try_from(entries).map_err(|_| refused(PollRefusal::TooMany))?;
        let bytes = terms.method.ballot_max_bytes(terms.option_count());
        match self.vault().ballot_box().await?.make(id, drawers, bytes).await {
            Ok(()) | Err(VaultError::NoBallotBox) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }
}
