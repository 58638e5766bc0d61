//! Calling elections, nominating, giving one's vote to a proxy, and certifying the result.

use gongyi_domain::{
    access::{
        authority::{Act, Subject},
        person::{Person, PersonRefusal},
        surname_strokes::StrokeOrder,
    },
    deliberation::{
        ballot::Method,
        council::{Council, CouncilCommand, CouncilRefusal},
        decision::Rule,
        election::{
            ANSWER_NOMINATION, CALL_ELECTION, CALL_RUN_OFF, CERTIFY_ELECTION, Election, ElectionCommand, ElectionRefusal, NOMINATE,
            PUBLISH_PROXIES, REGISTER_PROXY, VOID_ELECTION,
        },
        election_terms::{CandidateOrder, ElectionKind, ElectionTerms},
        poll::{PREPARE_POLL, Poll, PollCommand, PollRefusal},
        poll_terms::{BallotOption, Channels, Matter, PollTerms, Secrecy},
        roll_entry::{Holder, RollEntry},
        seat::{Mandate, SeatSource, Vacancy},
    },
    values::{ElectionId, Instant, PersonId, PollId},
};
use serde::Serialize;
use uuid::Uuid;

use super::councils::require_registered;
use crate::{
    Command,
    rejection::{Rejection, refused},
    work::{Loaded, Work},
};

/// Call an election of a working council, or the recall of somebody who sits in it; a run-off is called by [`CallRunOff`].
#[derive(Debug, Serialize)]
pub struct CallElection {
    /// As this says.
    pub terms: ElectionTerms,
}

impl Command for CallElection {
    const ACT: &'static Act = &CALL_ELECTION;
    type Answer = ElectionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ElectionId, Rejection> {
        work.may(Self::ACT, &Subject::area(self.terms.area.clone()))?;
        let council = work.load::<Council>(self.terms.council).await?.into_inner();
        council.require_working().map_err(refused)?;
        if council.area.as_ref() != Some(&self.terms.area) {
            return Err(refused(ElectionRefusal::ElectionUnfit));
        }
        let candidates = match self.terms.kind {
            ElectionKind::Seats => vec![],
            ElectionKind::Recall { representative } if council.is_representative(representative, work.today()) => vec![representative],
            ElectionKind::Recall { .. } => return Err(refused(CouncilRefusal::NotARepresentative)),
            ElectionKind::RunOff { .. } => return Err(refused(ElectionRefusal::ElectionUnfit)),
        };
        let (id, now) = (ElectionId(Uuid::now_v7()), work.now);
        work.load_and_decide::<Election>(id, ElectionCommand::Call { terms: self.terms.clone(), candidates, now }).await?;
        Ok(id)
    }
}

/// The election, if the actor may do `act` to it, about `person` if one is given.
async fn open_to(work: &mut Work<'_>, act: &Act, election: ElectionId, person: Option<PersonId>) -> Result<Loaded<Election>, Rejection> {
    let loaded = work.load::<Election>(election).await?;
    let subject = Subject::area(loaded.inner().terms().map_err(refused)?.area.clone());
    match person {
        Some(person) => work.may_in_the_name_of(act, subject, person).await?,
        None => work.may(act, &subject)?,
    }
    Ok(loaded)
}

/// Put somebody forward. `by` is oneself; who keeps the election enters what came in on paper.
#[derive(Debug, Serialize)]
pub struct Nominate {
    /// For this election.
    pub election: ElectionId,
    /// Whom.
    pub nominee: PersonId,
    /// By whom.
    pub by: PersonId,
}

impl Command for Nominate {
    const ACT: &'static Act = &NOMINATE;
    type Answer = ElectionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ElectionId, Rejection> {
        let election = open_to(work, Self::ACT, self.election, Some(self.by)).await?;
        for person in [self.nominee, self.by] {
            require_registered(work, person).await?;
        }
        let now = work.now;
        work.decide::<Election>(election, ElectionCommand::Nominate { nominee: self.nominee, by: self.by, now }).await?;
        Ok(self.election)
    }
}

/// Accept or withdraw a nomination.
#[derive(Debug, Serialize)]
pub struct AnswerNomination {
    /// Of this election.
    pub election: ElectionId,
    /// Whose.
    pub nominee: PersonId,
    /// They stand, or stand no more.
    pub stands: bool,
}

impl Command for AnswerNomination {
    const ACT: &'static Act = &ANSWER_NOMINATION;
    type Answer = ElectionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ElectionId, Rejection> {
        let election = open_to(work, Self::ACT, self.election, Some(self.nominee)).await?;
        let (nominee, now) = (self.nominee, work.now);
        let command = if self.stands { ElectionCommand::Accept { nominee, now } } else { ElectionCommand::Withdraw { nominee } };
        work.decide::<Election>(election, command).await?;
        Ok(self.election)
    }
}

/// Give a vote to a proxy, or take it back. Both are on the roll of the election's poll once that is attached.
#[derive(Debug, Serialize)]
pub struct RegisterProxy {
    /// In this election.
    pub election: ElectionId,
    /// Whose vote.
    pub principal: PersonId,
    /// To whom; to nobody any more.
    pub proxy: Option<PersonId>,
}

impl Command for RegisterProxy {
    const ACT: &'static Act = &REGISTER_PROXY;
    type Answer = ElectionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ElectionId, Rejection> {
        let election = open_to(work, Self::ACT, self.election, Some(self.principal)).await?;
        let principal = self.principal;
        for person in [Some(principal), self.proxy].into_iter().flatten() {
            require_registered(work, person).await?;
        }
        if let (Some(poll), Some(proxy)) = (election.inner().poll, self.proxy) {
            for person in [principal, proxy] {
                let entry = work.load::<RollEntry>(Holder::Person(person).entry(poll)).await?;
                entry.inner().require_entitled(poll).map_err(refused)?;
            }
        }
        let command = match self.proxy {
            Some(proxy) => ElectionCommand::RegisterProxy { principal, proxy },
            None => ElectionCommand::RevokeProxy { principal },
        };
        work.decide::<Election>(election, command).await?;
        Ok(self.election)
    }
}

/// Publish the list of proxies as it is.
#[derive(Debug, Serialize)]
pub struct PublishProxies {
    /// Of this election.
    pub election: ElectionId,
}

impl Command for PublishProxies {
    const ACT: &'static Act = &PUBLISH_PROXIES;
    type Answer = ElectionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ElectionId, Rejection> {
        let election = open_to(work, Self::ACT, self.election, None).await?;
        work.decide::<Election>(election, ElectionCommand::PublishProxies).await?;
        Ok(self.election)
    }
}

/// Prepare an election's poll: its candidates are the options, in the order they were put forward.
#[derive(Debug, Serialize)]
pub struct PrepareElectionPoll {
    /// Of this election.
    pub election: ElectionId,
    /// The poll's title.
    pub title: String,
    /// Nobody learns whose ballot is whose.
    pub secret: bool,
    /// Whether a secret ballot gives its voter a receipt; as the council's charter has it if not said, and never where it has none.
    pub receipts: Option<bool>,
    /// On paper, online or both.
    pub channels: Channels,
}

impl Command for PrepareElectionPoll {
    const ACT: &'static Act = &PREPARE_POLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let election = open_to(work, Self::ACT, self.election, None).await?;
        let (candidates, terms) = (election.inner().candidates(), election.inner().terms().map_err(refused)?.clone());
        let (poll, now) = (PollId(Uuid::now_v7()), work.now);
        let council = work.load::<Council>(terms.council).await?.into_inner();
        let charter = council.require_working().map_err(refused)?;
        let receipts = self.receipts.unwrap_or(charter.receipts);
        if self.secret && receipts && !charter.receipts {
            return Err(refused(PollRefusal::ReceiptsNotChartered));
        }
        let secrecy = if self.secret { Secrecy::Secret { receipts } } else { Secrecy::Open };
        let order = match terms.candidate_order {
            CandidateOrder::Nomination => None,
            CandidateOrder::SurnameStrokes => Some(by_surname_strokes(work, candidates).await?),
        };
        let attached = work.decide::<Election>(election, ElectionCommand::AttachPoll { poll, order, now }).await?;
        let terms = PollTerms {
            matter: Matter::Election(self.election),
            area: terms.area,
            title: self.title.clone(),
            options: attached.candidates().into_iter().map(BallotOption::Nominee).collect(),
            method: terms.method,
            secrecy,
            channels: self.channels,
            rule: terms.rule,
            opens_at: Some(terms.poll_opens),
            closes_at: Some(terms.poll_closes),
            vote: None,
            smallest: Some(charter.smallest()),
            chartered: None,
        };
        work.load_and_decide::<Poll>(poll, PollCommand::Prepare { terms }).await?;
        Ok(poll)
    }
}

/// These people in the order of their surnames' strokes; of one name, as they were.
async fn by_surname_strokes(work: &Work<'_>, people: Vec<PersonId>) -> Result<Vec<PersonId>, Rejection> {
    let mut named = Vec::with_capacity(people.len());
    for id in people {
        let person = work.load::<Person>(id).await?;
        let Person::Registered { name, .. } = person.inner() else { return Err(refused(PersonRefusal::PersonIsErased)) };
        named.push((StrokeOrder::of(&work.open_person(id, name, "name").await?), id));
    }
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(named.into_iter().map(|(_, id)| id).collect())
}

/// Certify the result, or void the election if the rule says so, as its counted poll says. Who is elected is seated, who is
/// recalled leaves, in the same commit.
#[derive(Debug, Serialize)]
pub struct CertifyElection {
    /// The election.
    pub election: ElectionId,
}

impl Command for CertifyElection {
    const ACT: &'static Act = &CERTIFY_ELECTION;
    type Answer = ElectionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ElectionId, Rejection> {
        let election = open_to(work, Self::ACT, self.election, None).await?;
        let poll = election.inner().poll.ok_or_else(|| refused(ElectionRefusal::NotInThisPhase))?;
        let report = work.load::<Poll>(poll).await?.into_inner().report;
        let outcome = report.ok_or_else(|| refused(PollRefusal::PollNotCounted))?.outcome;
        let certified = work.decide::<Election>(election, ElectionCommand::Certify { outcome }).await?;
        self.takes_effect(work, &certified).await?;
        Ok(self.election)
    }
}

impl CertifyElection {
    /// Who is elected takes a seat as soon as there is one; who is recalled loses it.
    async fn takes_effect(&self, work: &mut Work<'_>, certified: &Election) -> Result<(), Rejection> {
        let (Some(terms), elected, election, today) = (&certified.terms, &certified.elected, self.election, work.today()) else {
            return Ok(());
        };
        let loaded = work.load::<Council>(terms.council).await?;
        let council = loaded.inner();
        let command = match terms.kind {
            ElectionKind::Seats | ElectionKind::RunOff { .. } if !elected.is_empty() => {
                let seats = council.require_working().map_err(refused)?.seats;
                // Where there is never room, seating says so.
                let from = council.seats.first_free(elected, seats, today).unwrap_or(today);
                CouncilCommand::Seat { people: elected.clone(), from, until: None, source: SeatSource::Election { election } }
            }
            ElectionKind::Recall { representative }
                if certified.recalled == Some(true) && council.is_representative(representative, today) =>
            {
                let how = Vacancy::Recalled { mandate: Mandate::Election { election } };
                CouncilCommand::Vacate { person: representative, how, on: today, today }
            }
            ElectionKind::Seats | ElectionKind::RunOff { .. } | ElectionKind::Recall { .. } => return Ok(()),
        };
        work.decide::<Council>(loaded, command).await?;
        Ok(())
    }
}

/// Void an election.
#[derive(Debug, Serialize)]
pub struct VoidElection {
    /// The election.
    pub election: ElectionId,
    /// Why; public.
    pub reason: String,
}

impl Command for VoidElection {
    const ACT: &'static Act = &VOID_ELECTION;
    type Answer = ElectionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ElectionId, Rejection> {
        let election = open_to(work, Self::ACT, self.election, None).await?;
        work.decide::<Election>(election, ElectionCommand::Void { reason: self.reason.clone() }).await?;
        Ok(self.election)
    }
}

/// Call a run-off for the seats an election left, between those whom its result names.
#[derive(Debug, Serialize)]
pub struct CallRunOff {
    /// That election.
    pub election: ElectionId,
    /// How its ballots are marked; the places are those left.
    pub method: Method,
    /// What decides.
    pub rule: Rule,
    /// The poll opens.
    pub poll_opens: Instant,
    /// The poll closes.
    pub poll_closes: Instant,
}

impl Command for CallRunOff {
    const ACT: &'static Act = &CALL_RUN_OFF;
    type Answer = ElectionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ElectionId, Rejection> {
        let election = open_to(work, Self::ACT, self.election, None).await?;
        let before = election.inner().terms().map_err(refused)?.clone();
        work.load::<Council>(before.council).await?.inner().require_working().map_err(refused)?;
        let (seats, candidates) = election.inner().left.clone().ok_or_else(|| refused(ElectionRefusal::NoSeatsLeft))?;
        let (id, now) = (ElectionId(Uuid::now_v7()), work.now);
        work.decide::<Election>(election, ElectionCommand::CallRunOff { run_off: id }).await?;
        let terms = ElectionTerms {
            kind: ElectionKind::RunOff { of: self.election },
            seats,
            method: self.method,
            rule: self.rule.clone(),
            nominations_until: self.poll_opens,
            poll_opens: self.poll_opens,
            poll_closes: self.poll_closes,
            ..before
        };
        work.load_and_decide::<Election>(id, ElectionCommand::Call { terms, candidates, now }).await?;
        Ok(id)
    }
}
