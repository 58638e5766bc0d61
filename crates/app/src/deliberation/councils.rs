//! Councils: establishing, charters, seats and guests.
//!
//! - What is done on the council's own word rests on a vote of its own that carried such a matter; the commit expects
//!   the meeting of that vote unchanged.
//! - What an election decides comes with the election's certificate, not by these commands.
//! - Whoever takes a seat or speaks as a guest is registered on the platform.

use gongyi_domain::{
    access::{
        authority::{Act, Subject},
        contact::normalised,
        person::{Person, PersonRefusal},
    },
    deliberation::{
        charter::{Charter, CharterTerms, Matter},
        council::{
            AMEND_CHARTER, Council, CouncilCommand, CouncilRefusal, DISSOLVE_COUNCIL, END_TERMS, ESTABLISH_COUNCIL, FORFEIT_SEAT,
            LEAVE_SEAT, MANDATE_TEXT_MAX_CHARS, RECALL_REPRESENTATIVE, REGISTER_GUEST, RENAME_COUNCIL, SEAT_REPRESENTATIVES,
        },
        meeting::{Meeting, MeetingPhase},
        seat::{GuestKind, Mandate, SeatSource, Vacancy},
        text::Prose,
    },
    values::{AreaCode, CouncilId, Day, MeetingId, PersonId, VoteId},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Command,
    rejection::{Fault, Rejection, refused},
    work::{Loaded, Work},
};

/// On whose word something is done to a council, as it is given.
#[derive(Debug, Clone, Serialize)]
pub enum MandateGiven {
    /// The council's own vote.
    Vote {
        /// In which meeting.
        meeting: MeetingId,
        /// Which vote.
        vote: VoteId,
    },
    /// The authority that establishes councils.
    Authority {
        /// The office.
        authority: String,
        /// Why, and by which document.
        reason: String,
    },
}

impl MandateGiven {
    /// The mandate, if it holds for a matter of this kind in this council.
    async fn holds(&self, work: &Work<'_>, council: &Loaded<Council>, id: CouncilId, matter: Matter) -> Result<Mandate, Rejection> {
        match self {
            Self::Authority { authority, reason } => Ok(authority_of(authority, reason)),
            Self::Vote { meeting, vote } => {
                let meeting = work.load::<Meeting>(*meeting).await?;
                let own = Some(meeting.inner()).filter(|meeting| meeting.council == Some(id));
                council.inner().require_carried(matter, own.and_then(|meeting| meeting.votes.get(vote))).map_err(refused)?;
                Ok(Mandate::Vote { vote: *vote })
            }
        }
    }
}

fn authority_of(authority: &str, reason: &str) -> Mandate {
    Mandate::Authority { authority: authority.to_owned(), reason: reason.to_owned() }
}

/// How representatives came by their seats, as it is given by hand.
#[derive(Debug, Clone, Serialize)]
pub enum SourceGiven {
    /// Appointed by an office.
    Appointment {
        /// The office.
        authority: String,
        /// Why, and by which document.
        reason: String,
    },
    /// They sat already when the council came onto the platform.
    Transition {
        /// Where that is recorded.
        source: String,
    },
}

impl SourceGiven {
    fn source(&self) -> SeatSource {
        match self {
            Self::Appointment { authority, reason } => SeatSource::Appointment { authority: authority.clone(), reason: reason.clone() },
            Self::Transition { source } => SeatSource::Transition { source: source.clone() },
        }
    }
}

/// A council that was established.
pub(super) async fn council(work: &Work<'_>, id: CouncilId) -> Result<Loaded<Council>, Rejection> {
    let council = work.load::<Council>(id).await?;
    if council.inner().area.is_some() { Ok(council) } else { Err(refused(CouncilRefusal::UnknownCouncil)) }
}

/// A council whose keepers may do this.
async fn kept(work: &mut Work<'_>, act: &Act, id: CouncilId) -> Result<Loaded<Council>, Rejection> {
    let council = council(work, id).await?;
    let subject = council.inner().subject(None, work.today());
    work.may(act, &subject)?;
    Ok(council)
}

pub(super) async fn require_registered(work: &Work<'_>, person: PersonId) -> Result<(), Rejection> {
    match work.load::<Person>(person).await?.inner() {
        Person::Registered { .. } => Ok(()),
        Person::Unknown => Err(refused(PersonRefusal::UnknownPerson)),
        Person::Erased => Err(refused(PersonRefusal::PersonIsErased)),
    }
}

/// Establish a council.
#[derive(Debug, Serialize)]
pub struct EstablishCouncil {
    /// For which area.
    pub area: AreaCode,
    /// Its name.
    pub name: String,
    /// Its first charter.
    pub charter: CharterTerms,
    /// The office that establishes it.
    pub authority: String,
    /// Why, and by which document.
    pub reason: String,
    /// Since when; `None` for today.
    pub on: Option<Day>,
}

impl Command for EstablishCouncil {
    const ACT: &'static Act = &ESTABLISH_COUNCIL;
    type Answer = CouncilId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CouncilId, Rejection> {
        work.may(Self::ACT, &Subject::area(self.area.clone()))?;
        work.require_area(&self.area).await?;
        let (id, today) = (CouncilId(Uuid::now_v7()), work.today());
        let command = CouncilCommand::Establish {
            area: self.area.clone(),
            name: normalised(&self.name),
            charter: Charter::try_new(self.charter.clone()).map_err(refused)?,
            mandate: authority_of(&self.authority, &self.reason),
            on: self.on.unwrap_or(today),
            today,
        };
        work.load_and_decide::<Council>(id, command).await?;
        Ok(id)
    }
}

/// Give a council another name.
#[derive(Debug, Serialize)]
pub struct RenameCouncil {
    /// Which.
    pub council: CouncilId,
    /// The new name.
    pub name: String,
}

impl Command for RenameCouncil {
    const ACT: &'static Act = &RENAME_COUNCIL;
    type Answer = CouncilId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CouncilId, Rejection> {
        let council = kept(work, Self::ACT, self.council).await?;
        work.decide::<Council>(council, CouncilCommand::Rename { name: normalised(&self.name) }).await?;
        Ok(self.council)
    }
}

/// Replace a council's charter by its next version.
#[derive(Debug, Serialize)]
pub struct AmendCharter {
    /// Which.
    pub council: CouncilId,
    /// The version that the new one was made from.
    pub against: u32,
    /// What the next version says, as a whole.
    pub charter: CharterTerms,
    /// On whose word.
    pub mandate: MandateGiven,
}

impl Command for AmendCharter {
    const ACT: &'static Act = &AMEND_CHARTER;
    type Answer = CouncilId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CouncilId, Rejection> {
        let council = kept(work, Self::ACT, self.council).await?;
        let last = council.inner().charter_version();
        if last != self.against {
            return Err(refused(CouncilRefusal::CharterOutdated { last }));
        }
        let charter = Charter::try_new(self.charter.clone()).map_err(refused)?;
        let mandate = self.mandate.holds(work, &council, self.council, Matter::Charter).await?;
        work.decide::<Council>(council, CouncilCommand::AmendCharter { charter, mandate, today: work.today() }).await?;
        Ok(self.council)
    }
}

/// Dissolve a council for good, once it is done with its meetings, elections, polls and projects.
#[derive(Debug, Serialize)]
pub struct DissolveCouncil {
    /// Which.
    pub council: CouncilId,
    /// On whose word.
    pub mandate: MandateGiven,
    /// From this day on; `None` for today.
    pub on: Option<Day>,
}

impl Command for DissolveCouncil {
    const ACT: &'static Act = &DISSOLVE_COUNCIL;
    type Answer = CouncilId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CouncilId, Rejection> {
        let council = kept(work, Self::ACT, self.council).await?;
        let mandate = self.mandate.holds(work, &council, self.council, Matter::Grave).await?;
        let unfinished = work.views_now().await?.unfinished_of_council(self.council).await;
        unfinished.map_err(|error| Fault::Views(error.into()))?.require_none().map_err(refused)?;
        let today = work.today();
        work.decide::<Council>(council, CouncilCommand::Dissolve { mandate, on: self.on.unwrap_or(today), today }).await?;
        Ok(self.council)
    }
}

/// Seat representatives, all or none.
#[derive(Debug, Serialize)]
pub struct SeatRepresentatives {
    /// Where.
    pub council: CouncilId,
    /// Whom.
    pub people: Vec<PersonId>,
    /// Their first day; `None` for today.
    pub from: Option<Day>,
    /// Their last day; `None` for the charter's whole term.
    pub until: Option<Day>,
    /// How they came by the seats.
    pub source: SourceGiven,
}

impl Command for SeatRepresentatives {
    const ACT: &'static Act = &SEAT_REPRESENTATIVES;
    type Answer = CouncilId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CouncilId, Rejection> {
        let council = kept(work, Self::ACT, self.council).await?;
        for person in &self.people {
            require_registered(work, *person).await?;
        }
        let from = self.from.unwrap_or_else(|| work.today());
        let command = CouncilCommand::Seat { people: self.people.clone(), from, until: self.until, source: self.source.source() };
        work.decide::<Council>(council, command).await?;
        Ok(self.council)
    }
}

/// A representative leaves.
#[derive(Debug, Serialize)]
pub struct LeaveSeat {
    /// Which council.
    pub council: CouncilId,
    /// Who.
    pub person: PersonId,
    /// Why; personal, kept sealed.
    pub reason: Option<String>,
    /// From this day on; `None` for today.
    pub on: Option<Day>,
}

impl Command for LeaveSeat {
    const ACT: &'static Act = &LEAVE_SEAT;
    type Answer = CouncilId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CouncilId, Rejection> {
        let council = council(work, self.council).await?;
        work.may(Self::ACT, &Subject::person(self.person, council.inner().area.clone()))?;
        let unfit = |most| refused(CouncilRefusal::LeavingReasonUnfit { most });
        let reason = match Prose::parse_any(self.reason.as_deref(), MANDATE_TEXT_MAX_CHARS, unfit)? {
            None => None,
            Some(text) => Some(work.sealer::<Council>(self.person, self.council, "SeatVacated").await?.seal("reason", text.as_str())),
        };
        vacate(work, council, self.person, Vacancy::Left { reason }, self.on).await?;
        Ok(self.council)
    }
}

async fn vacate(work: &Work<'_>, council: Loaded<Council>, person: PersonId, how: Vacancy, on: Option<Day>) -> Result<(), Rejection> {
    let today = work.today();
    let command = CouncilCommand::Vacate { person, how, on: on.unwrap_or(today), today };
    work.decide::<Council>(council, command).await?;
    Ok(())
}

/// Record that a representative was recalled.
#[derive(Debug, Serialize)]
pub struct RecallRepresentative {
    /// Which council.
    pub council: CouncilId,
    /// Who.
    pub person: PersonId,
    /// On whose word.
    pub mandate: MandateGiven,
    /// From this day on; `None` for today.
    pub on: Option<Day>,
}

impl Command for RecallRepresentative {
    const ACT: &'static Act = &RECALL_REPRESENTATIVE;
    type Answer = CouncilId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CouncilId, Rejection> {
        let council = kept(work, Self::ACT, self.council).await?;
        let mandate = self.mandate.holds(work, &council, self.council, Matter::Personnel).await?;
        vacate(work, council, self.person, Vacancy::Recalled { mandate }, self.on).await?;
        Ok(self.council)
    }
}

/// Record that a seat was lost by unexcused absences.
#[derive(Debug, Serialize)]
pub struct ForfeitSeat {
    /// Which council.
    pub council: CouncilId,
    /// Who.
    pub person: PersonId,
    /// The meetings missed.
    pub missed: Vec<MeetingId>,
    /// From this day on; `None` for today.
    pub on: Option<Day>,
}

impl Command for ForfeitSeat {
    const ACT: &'static Act = &FORFEIT_SEAT;
    type Answer = CouncilId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CouncilId, Rejection> {
        let council = kept(work, Self::ACT, self.council).await?;
        for id in &self.missed {
            let meeting = work.load::<Meeting>(*id).await?;
            let meeting = meeting.inner();
            let came = meeting.excused.contains(&self.person) || meeting.sitting.of(self.person).is_some();
            if meeting.council != Some(self.council) || meeting.phase != MeetingPhase::Closed || came {
                return Err(refused(CouncilRefusal::NotAnAbsence));
            }
        }
        vacate(work, council, self.person, Vacancy::Forfeited { missed: self.missed.clone() }, self.on).await?;
        Ok(self.council)
    }
}

/// Say of every term that is over that it is; with a mandate, end all that run.
#[derive(Debug, Serialize)]
pub struct EndTerms {
    /// Which council.
    pub council: CouncilId,
    /// On whose word terms end before their time; `None` to end only those that are over.
    pub mandate: Option<MandateGiven>,
    /// From this day on terms are cut short; `None` for today.
    pub on: Option<Day>,
}

impl Command for EndTerms {
    const ACT: &'static Act = &END_TERMS;
    type Answer = CouncilId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CouncilId, Rejection> {
        let council = kept(work, Self::ACT, self.council).await?;
        let today = work.today();
        let command = match &self.mandate {
            None => CouncilCommand::EndLapsedTerms { today },
            Some(given) => {
                let mandate = given.holds(work, &council, self.council, Matter::Personnel).await?;
                CouncilCommand::CutTermsShort { mandate, on: self.on.unwrap_or(today), today }
            }
        };
        work.decide::<Council>(council, command).await?;
        Ok(self.council)
    }
}

/// Put an observer or expert on the register of guests, or change as what.
#[derive(Debug, Serialize)]
pub struct RegisterGuest {
    /// Which council.
    pub council: CouncilId,
    /// Who.
    pub person: PersonId,
    /// As what.
    pub kind: GuestKind,
}

impl Command for RegisterGuest {
    const ACT: &'static Act = &REGISTER_GUEST;
    type Answer = CouncilId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CouncilId, Rejection> {
        let council = kept(work, Self::ACT, self.council).await?;
        require_registered(work, self.person).await?;
        let command = CouncilCommand::RegisterGuest { person: self.person, kind: self.kind, today: work.today() };
        work.decide::<Council>(council, command).await?;
        Ok(self.council)
    }
}

/// Take somebody off the register of guests.
#[derive(Debug, Serialize)]
pub struct ReleaseGuest {
    /// Which council.
    pub council: CouncilId,
    /// Who.
    pub person: PersonId,
}

impl Command for ReleaseGuest {
    const ACT: &'static Act = &REGISTER_GUEST;
    type Answer = CouncilId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CouncilId, Rejection> {
        let council = kept(work, Self::ACT, self.council).await?;
        work.decide::<Council>(council, CouncilCommand::ReleaseGuest { person: self.person }).await?;
        Ok(self.council)
    }
}
