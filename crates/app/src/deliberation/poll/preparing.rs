//! Preparing polls, and opening them.

use std::collections::BTreeSet;

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        ballot::Method,
        charter,
        council::CouncilRefusal,
        election::{Election, ElectionCommand},
        motion::{Motion, MotionRefusal},
        poll::{APPOINT_TELLERS, OPEN_POLL, PREPARE_POLL, Poll, PollCommand, PollPhase, PollRefusal},
        poll_report::FrozenRoll,
        poll_terms::{BallotOption, Channels, Chartered, Matter, PollTerms, Secrecy},
        roll::Roll,
        roll_entry::Holder,
    },
    values::{CouncilId, Instant, MotionId, PersonId, PollId},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::kept_poll;
use crate::{
    App, Command,
    deliberation::{councils::council, residents::homes},
    rejection::{Rejection, refused},
    work::Work,
};

/// Prepare a poll on a question. Those of elections are prepared by [`crate::deliberation::elections::PrepareElectionPoll`], those of
/// councils and motions from the charter.
#[derive(Debug, Serialize)]
pub struct PreparePoll {
    /// As this says.
    pub terms: PollTerms,
}

impl Command for PreparePoll {
    const ACT: &'static Act = &PREPARE_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        work.may(Self::ACT, &Subject::area(self.terms.area.clone()))?;
        work.require_area(&self.terms.area).await?;
        match self.terms.matter {
            Matter::Election(_) => return Err(refused(PollRefusal::ElectionsOwnPoll)),
            Matter::Council { .. } => return Err(refused(PollRefusal::CouncilsOwnPoll)),
            Matter::Motion(_) => return Err(refused(PollRefusal::MotionsOwnPoll)),
            Matter::Question => {}
        }
        if self.terms.secrecy == (Secrecy::Secret { receipts: true }) {
            return Err(refused(PollRefusal::ReceiptsNotChartered));
        }
        let smallest = Some(self.terms.smallest.unwrap_or_default());
        let terms = PollTerms { smallest, vote: None, chartered: None, ..self.terms.clone() };
        let id = PollId(Uuid::now_v7());
        work.load_and_decide::<Poll>(id, PollCommand::Prepare { terms }).await?;
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
            vote: None,
            smallest: Some(charter.smallest()),
            chartered: None,
        };
        let id = PollId(Uuid::now_v7());
        work.load_and_decide::<Poll>(id, PollCommand::Prepare { terms }).await?;
        Ok(id)
    }
}

/// Prepare a poll of residents on a motion: rule, secrecy and receipts are those of its council's charter in force.
#[derive(Debug, Serialize)]
pub struct PrepareMotionPoll {
    /// The motion.
    pub motion: MotionId,
    /// Of which kind the matter is.
    pub kind: charter::Matter,
    /// The poll's title, which is what voters say yes or no to.
    pub title: String,
    /// On paper, online or both.
    pub channels: Channels,
    /// Not opened before.
    pub opens_at: Option<Instant>,
    /// No ballot from then on.
    pub closes_at: Option<Instant>,
}

impl Command for PrepareMotionPoll {
    const ACT: &'static Act = &PREPARE_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let motion = work.load::<Motion>(self.motion).await?.into_inner();
        let id = motion.council.ok_or_else(|| refused(MotionRefusal::UnknownMotion))?;
        let council = council(work, id).await?.into_inner();
        let area = council.area.clone().ok_or_else(|| refused(CouncilRefusal::UnknownCouncil))?;
        work.may(Self::ACT, &Subject::area(area.clone()))?;
        let charter = council.require_working().map_err(refused)?;
        let charter_version = council.charter_version();
        let (_, secrecy, rule) = charter.poll_terms(id, self.kind, charter_version);
        let terms = PollTerms {
            matter: Matter::Motion(self.motion),
            area,
            title: self.title.clone(),
            options: vec![BallotOption::Text(self.title.clone())],
            method: Method::Stances,
            secrecy,
            channels: self.channels,
            rule,
            opens_at: self.opens_at,
            closes_at: self.closes_at,
            vote: None,
            smallest: Some(charter.smallest()),
            chartered: Some(Chartered { council: id, kind: self.kind, charter_version }),
        };
        let poll = PollId(Uuid::now_v7());
        work.load_and_decide::<Poll>(poll, PollCommand::Prepare { terms }).await?;
        Ok(poll)
    }
}

/// Prepare a poll on a question or on a motion. Serialised as that command: a poll's command ids are known by it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "made once a request")]
pub enum PollPreparation {
    /// On a question.
    Question(PreparePoll),
    /// On a motion.
    Motion(PrepareMotionPoll),
}

impl Command for PollPreparation {
    const ACT: &'static Act = &PREPARE_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        match self {
            Self::Question(prepare) => prepare.decide(work).await,
            Self::Motion(prepare) => prepare.decide(work).await,
        }
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

/// Appoint the two tellers of a poll.
#[derive(Debug, Serialize)]
pub struct AppointTellers {
    /// The poll.
    pub poll: PollId,
    /// Who.
    pub tellers: [PersonId; 2],
}

impl Command for AppointTellers {
    const ACT: &'static Act = &APPOINT_TELLERS;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        if homes(work, &self.tellers).await?.contains(&None) {
            return Err(refused(PollRefusal::TellerUnknown));
        }
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
        match (poll.phase, &poll.terms) {
            (PollPhase::Opened, Some(terms)) if terms.secrecy != Secrecy::Open => app.make_ballot_box(*id, &poll, terms).await,
            (
                PollPhase::Unknown
                | PollPhase::Prepared
                | PollPhase::Opened
                | PollPhase::Closed
                | PollPhase::Counted
                | PollPhase::Published
                | PollPhase::Voided,
                _,
            ) => Ok(()),
        }
    }
}
