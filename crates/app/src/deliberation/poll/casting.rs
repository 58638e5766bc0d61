//! Casting a ballot, once an entry, without the log learning what is on it.
//!
//! A secret ballot's way: sealed into the ballot box as pending, beside it whose it is → the participation's commit, which
//! expects that the entry has not voted and that the poll is open → kept in the box in a drawer of chance, the pending row
//! overwritten. If the process dies in between, [`App::reconcile_ballots`] at the next start looks in the log: what has its
//! participation there is kept, the rest is dropped. Ballots of one entry are cast one after the other, and a caller who
//! stops waiting does not stop the cast.
//!
//! - The log has the participation: who, that, how, when. Its command's digest and answer know nothing of the ballot, and so
//!   the same command id sent again with other marks is the first command again: the first ballot stays.
//! - A receipt is given only where the council's charter says so. It is made of a tag (random, or the client's own) under a key
//!   of the poll that is destroyed at the close, lies in the sealed ballot and is published beside it. It is told once, in the
//!   first answer. Who chose the tag cannot find the ballot by it: nobody votes under a sign that was agreed on before.
//! - What the server sees: at casting, voter and ballot together, in memory. It writes no trace of it, but a server that was
//!   changed to could. Secrecy is against whoever reads log, views, vault, box, backups and server output, not against
//!   whoever replaces the program while the poll runs.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        ballot::{Ballot, Marks, is_tag},
        election::Election,
        poll::{CAST_BALLOT, Poll, PollRefusal, RECORD_IN_PERSON},
        poll_terms::{Matter, PollTerms, Secrecy},
        roll_entry::{Channel, RollEntry, RollEntryCommand},
    },
    values::{PersonId, PollId, RollEntryId},
};
use gongyi_eventlog::StreamId;
use gongyi_vault::{PendingBallot, VaultError, stop_at};
use serde::Serialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    App, Command, Done, Request,
    deliberation::meeting::voting::require_voter,
    rejection::{Fault, Rejection, refused},
    work::Work,
};

/// Cast a secret ballot.
#[derive(Clone)]
pub struct CastBallot {
    /// In this poll.
    pub poll: PollId,
    /// For this entry of its roll: one's own, or a principal's.
    pub entry: RollEntryId,
    /// What is marked.
    pub marks: Marks,
    /// What the receipt is made of, if the client chooses it.
    pub tag: Option<String>,
}

/// A secret ballot was cast.
#[derive(Debug, Clone)]
pub struct Cast {
    /// Of which entry, and where the log stands.
    pub done: Done<RollEntryId>,
    /// What finds the ballot in the published list; told once, and only where the poll has receipts.
    pub receipt: Option<String>,
}

/// The part of a cast that the log may know of; the rest is no part of the command's identity.
#[derive(Serialize)]
struct TakePart<'a> {
    poll: PollId,
    entry: RollEntryId,
    #[serde(skip)]
    command: Uuid,
    #[serde(skip)]
    marks: Marks,
    #[serde(skip)]
    tag: String,
    /// The receipt that the ballot bears.
    #[serde(skip)]
    receipt: &'a OnceLock<String>,
    /// This command has put its ballot in the box: its own to drop if it is refused after all.
    #[serde(skip)]
    put: &'a AtomicBool,
}

crate::commands! { TakePart<'_> }

impl Command for TakePart<'_> {
    const ACT: &'static Act = &CAST_BALLOT;
    type Answer = RollEntryId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RollEntryId, Rejection> {
        let (poll, loaded, proxy) = entitled(work, self.poll, self.entry).await?;
        let terms = poll.require_casting(Channel::Online, work.now).map_err(refused)?;
        let Secrecy::Secret { receipts } = terms.secrecy else { return Err(refused(PollRefusal::OtherSecrecy)) };
        self.marks.require_fitting(terms.method, terms.option_count()).map_err(refused)?;
        work.decide::<RollEntry>(loaded, RollEntryCommand::CastBallot { channel: Channel::Online, proxy, marks: None }).await?;
        match self.put_in(work.app, terms, receipts).await {
            Err(VaultError::NoBallotBox) => {
                // The process died between opening the poll and making its box, or the poll has ended meanwhile.
                work.app.make_ballot_box(self.poll, &poll, terms).await?;
                self.put_in(work.app, terms, receipts).await
            }
            put => put,
        }
        .map_err(not_put)?;
        self.put.store(true, Ordering::SeqCst);
        stop_at("pending answered");
        Ok(self.entry)
    }
}

impl TakePart<'_> {
    fn by(&self) -> PendingBallot {
        PendingBallot { entry: self.entry, command: self.command }
    }

    /// Puts the ballot in the box, with its receipt where the poll has them.
    async fn put_in(&self, app: &App, terms: &PollTerms, receipts: bool) -> Result<(), VaultError> {
        let ballots = app.vault().ballot_box().await?;
        let tag = if receipts { Some(ballots.receipt(self.poll, self.tag.clone()).await?) } else { None };
        if let Some(receipt) = &tag {
            self.receipt.get_or_init(|| receipt.clone());
        }
        let ballot = Ballot { tag, marks: self.marks.clone() }.normal(terms.option_count());
        let bytes = serde_json::to_vec(&ballot).map_err(|_| VaultError::OutOfRange("a ballot"))?;
        ballots.put(self.poll, self.by(), Zeroizing::new(bytes)).await
    }
}

/// Why a ballot is not in the box.
fn not_put(fault: VaultError) -> Rejection {
    match fault {
        VaultError::NoBallotBox => refused(PollRefusal::PollNotOpen),
        VaultError::BallotBoxBusy => Rejection::Conflict,
        fault => fault.into(),
    }
}

/// The poll, the entry that may vote in it, and who casts for it if not its voter; asks whether the actor may.
async fn entitled(
    work: &mut Work<'_>,
    poll: PollId,
    entry: RollEntryId,
) -> Result<(Poll, crate::work::Loaded<RollEntry>, Option<PersonId>), Rejection> {
    let loaded_poll = work.load::<Poll>(poll).await?.into_inner();
    let terms = loaded_poll.terms().map_err(refused)?;
    let loaded = work.load::<RollEntry>(entry).await?;
    let voter = match loaded.inner() {
        RollEntry::Entitled { line, .. } | RollEntry::Voted { line, .. } => Some(line.voter),
        RollEntry::Unknown | RollEntry::Struck => None,
    };
    let mut proxy = None;
    if let (Matter::Election(election), Some(voter), Some(actor)) = (terms.matter, voter, work.actor.person())
        && voter != actor
    {
        proxy = work.load::<Election>(election).await?.inner().proxy_of(voter).filter(|it| *it == actor);
    }
    // Who is on no roll is told so, as anybody would be: there is nobody else to protect.
    let person = proxy.or(voter).or(work.actor.person());
    work.may(&CAST_BALLOT, &Subject { person, ..Subject::default() })?;
    loaded.inner().require_entitled(poll).map_err(refused)?;
    if let (Some(vote), Some(voter)) = (terms.vote, voter) {
        require_voter(work, vote, voter).await?;
    }
    Ok((loaded_poll, loaded, proxy))
}

impl App {
    /// Casts a secret ballot.
    ///
    /// # Errors
    /// See [`Rejection`]. After anything but a fault, the ballot is not in the box.
    pub async fn cast_ballot(&self, request: &Request, cast: CastBallot) -> Result<Cast, Rejection> {
        let (app, request) = (self.clone(), request.clone());
        // A task of its own: whoever hangs up in the middle does not leave the ballot half cast.
        let task = tokio::spawn(async move { app.cast_in_turn(&request, cast).await });
        task.await.map_err(|_| Fault::CastStopped)?
    }

    async fn cast_in_turn(&self, request: &Request, cast: CastBallot) -> Result<Cast, Rejection> {
        let CastBallot { poll, entry, marks, tag } = cast;
        if tag.as_ref().is_some_and(|tag| !is_tag(tag)) {
            return Err(refused(PollRefusal::TagUnfit));
        }
        let tag = match tag {
            Some(tag) => tag,
            None => {
                let mut bytes = [0; 16];
                getrandom::fill(&mut bytes).map_err(|_| Fault::NoRandomness)?;
                URL_SAFE_NO_PAD.encode(bytes)
            }
        };
        let turn = StreamId::new("casting", entry.0);
        let turn = self.locks().lock(&turn).await;
        let put = AtomicBool::new(false);
        let receipt = OnceLock::new();
        let command = TakePart { poll, entry, command: request.command_id, marks, tag, receipt: &receipt, put: &put };
        let mut outcome = self.submit(request, &command).await;
        match &outcome {
            Ok(_) => {
                stop_at("participation durable");
                self.keep_ballot(poll, command.by()).await?;
                stop_at("kept answered");
            }
            Err(Rejection::Refused(_) | Rejection::Conflict) if put.load(Ordering::SeqCst) => {
                self.vault().ballot_box().await?.drop_pending(poll, command.by()).await.map(drop).or_else(gone)?;
            }
            // Whether the participation is in the log is unknown, or nothing was put: the log tells at the count.
            Err(_) => {}
        }
        drop(turn);
        if let Ok(done) = &mut outcome {
            let wait = std::time::Duration::from_millis(crate::dispatch::READ_YOUR_WRITES_MAX_MILLIS);
            done.stale = self.views().wait_for(done.token.position, wait).await.is_err();
        }
        let done = outcome?;
        let receipt = receipt.into_inner().filter(|_| !done.unchanged);
        Ok(Cast { done, receipt })
    }

    /// Keeps a ballot whose participation is in the log.
    pub(super) async fn keep_ballot(&self, poll: PollId, by: PendingBallot) -> Result<(), Rejection> {
        self.vault().ballot_box().await?.keep(poll, by).await.map(drop).or_else(gone)
    }
}

/// A box that is gone was counted: whatever was to be kept or dropped in it has been.
fn gone(fault: VaultError) -> Result<(), Rejection> {
    match fault {
        VaultError::NoBallotBox => Ok(()),
        fault => Err(fault.into()),
    }
}

/// Cast a ballot by name, in an open poll.
#[derive(Debug, Serialize)]
pub struct CastOpenBallot {
    /// In this poll.
    pub poll: PollId,
    /// For this entry of its roll.
    pub entry: RollEntryId,
    /// What is marked.
    pub marks: Marks,
}

impl Command for CastOpenBallot {
    const ACT: &'static Act = &CAST_BALLOT;
    type Answer = RollEntryId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RollEntryId, Rejection> {
        let (poll, loaded, proxy) = entitled(work, self.poll, self.entry).await?;
        let terms = poll.require_casting(Channel::Online, work.now).map_err(refused)?;
        if terms.secrecy != Secrecy::Open {
            return Err(refused(PollRefusal::OtherSecrecy));
        }
        self.marks.require_fitting(terms.method, terms.option_count()).map_err(refused)?;
        let marks = Some(self.marks.clone());
        work.decide::<RollEntry>(loaded, RollEntryCommand::CastBallot { channel: Channel::Online, proxy, marks }).await?;
        Ok(self.entry)
    }
}

/// Record at the polling station that an entry was given a paper ballot; in an open poll, with what is on it.
#[derive(Debug, Serialize)]
pub struct RecordInPerson {
    /// In this poll.
    pub poll: PollId,
    /// Which entry.
    pub entry: RollEntryId,
    /// Who came for it, if not its voter.
    pub proxy: Option<PersonId>,
    /// What is marked, in an open poll.
    pub marks: Option<Marks>,
}

impl Command for RecordInPerson {
    const ACT: &'static Act = &RECORD_IN_PERSON;
    type Answer = RollEntryId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RollEntryId, Rejection> {
        let poll = work.load::<Poll>(self.poll).await?.into_inner();
        work.may(Self::ACT, &Subject::area(poll.terms().map_err(refused)?.area.clone()))?;
        let terms = poll.require_casting(Channel::InPerson, work.now).map_err(refused)?;
        match (&self.marks, terms.secrecy) {
            (Some(marks), Secrecy::Open) => marks.require_fitting(terms.method, terms.option_count()).map_err(refused)?,
            (None, Secrecy::Secret { .. }) => {}
            (Some(_), Secrecy::Secret { .. }) | (None, Secrecy::Open) => return Err(refused(PollRefusal::OtherSecrecy)),
        }
        let loaded = work.load::<RollEntry>(self.entry).await?;
        let line = loaded.inner().require_entitled(self.poll).map_err(refused)?;
        if let Some(proxy) = self.proxy {
            let registered = match terms.matter {
                Matter::Election(election) => work.load::<Election>(election).await?.inner().proxy_of(line.voter),
                Matter::Motion(_) | Matter::Council { .. } | Matter::Question => None,
            };
            if registered != Some(proxy) {
                return Err(refused(PollRefusal::NotItsProxy));
            }
        }
        let cast = RollEntryCommand::CastBallot { channel: Channel::InPerson, proxy: self.proxy, marks: self.marks.clone() };
        work.decide::<RollEntry>(loaded, cast).await?;
        Ok(self.entry)
    }
}
