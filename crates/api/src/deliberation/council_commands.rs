//! What changes councils.

use async_graphql::{InputObject, OneofObject};
use gongyi_app::deliberation::councils::{
    AmendCharter, DissolveCouncil, EndTerms, EstablishCouncil, ForfeitSeat, LeaveSeat, RecallRepresentative, RegisterGuest, ReleaseGuest,
    RenameCouncil, SeatRepresentatives, SourceGiven,
};
use gongyi_domain::values::{CouncilId, MeetingId, PersonId};

use super::{
    charters::{AuthorityInput, CharterInput, MandateInput},
    councils::{self, Council, GuestKind},
};
use crate::{
    outcome::payloads,
    scalars::{Area, Date},
    table::{Oneself, mutations, wires},
};

/// Where a transition is recorded.
#[derive(InputObject)]
pub struct TransitionInput {
    /// The document; never about a person.
    source: String,
}

/// How representatives came by their seats.
#[derive(OneofObject)]
pub enum SeatSourceInput {
    /// 委派: appointed by an office.
    Appointment(AuthorityInput),
    /// 过渡: they sat already when the council came onto the platform.
    Transition(TransitionInput),
}

wires! {
    SeatSourceInput => SourceGiven = |source| match source {
        SeatSourceInput::Appointment(AuthorityInput { authority, reason }) => SourceGiven::Appointment { authority, reason },
        SeatSourceInput::Transition(TransitionInput { source }) => SourceGiven::Transition { source },
    };
}

payloads! {
    /// A council, after a command.
    CouncilPayload(CouncilId) {
        /// The council.
        council: Council = |door, id| councils::council(door, *id),
    }
}

mutations! {
    /// The root fields that change councils.
    pub struct CouncilMutations;

    /// Establish a council for an area.
    EstablishCouncil -> CouncilPayload {
        /// For which area, a listed one.
        area: Area,
        /// Its name.
        name: String,
        /// Its first charter.
        charter: CharterInput,
        /// The office that establishes it, and by which document.
        mandate: AuthorityInput,
        /// Since when; today if not said.
        on: Option<Date>,
    } = EstablishCouncil { area, name, charter, authority: mandate.authority, reason: mandate.reason, on };

    /// Give a council another name.
    RenameCouncil -> CouncilPayload {
        /// Which council.
        council: CouncilId,
        /// The new name.
        name: String,
    }

    /// Replace a council's charter by its next version, from today on.
    AmendCharter -> CouncilPayload {
        /// Which council.
        council: CouncilId,
        /// The version that the new one was made from.
        against: u32,
        /// What the next version says, as a whole.
        charter: CharterInput,
        /// On whose word.
        mandate: MandateInput,
    }

    /// Dissolve a council for good.
    DissolveCouncil -> CouncilPayload {
        /// Which council.
        council: CouncilId,
        /// On whose word.
        mandate: MandateInput,
        /// From this day on; today if not said.
        on: Option<Date>,
    }

    /// Seat representatives, all or none, but for those who are elected: they take their seats with the election's certificate.
    SeatRepresentatives -> CouncilPayload {
        /// Which council.
        council: CouncilId,
        /// Whom, by the person's id.
        people: Vec<PersonId>,
        /// Their first day; today if not said.
        from: Option<Date>,
        /// Their last day; the charter's whole term if not said.
        until: Option<Date>,
        /// How they came by the seats.
        source: SeatSourceInput,
    }

    /// Leave a seat, or write down that somebody does.
    LeaveSeat -> CouncilPayload {
        /// Which council.
        council: CouncilId,
        /// Who; oneself if not said.
        person: Oneself,
        /// Why; kept sealed, shown to those who may see personal data.
        reason: Option<String>,
        /// From this day on; today if not said.
        on: Option<Date>,
    }

    /// Record that a representative was recalled.
    RecallRepresentative -> CouncilPayload {
        /// Which council.
        council: CouncilId,
        /// Who.
        person: PersonId,
        /// On whose word.
        mandate: MandateInput,
        /// From this day on; today if not said.
        on: Option<Date>,
    }

    /// Record that a seat was lost by unexcused absences, as the charter says.
    ForfeitSeat -> CouncilPayload {
        /// Which council.
        council: CouncilId,
        /// Who.
        person: PersonId,
        /// The meetings missed.
        missed: Vec<MeetingId>,
        /// From this day on; today if not said.
        on: Option<Date>,
    }

    /// Say of every term that is over that it is; with a mandate, end all that run.
    EndTerms -> CouncilPayload {
        /// Which council.
        council: CouncilId,
        /// On whose word running terms end before their time; none to end only those that are over.
        mandate: Option<MandateInput>,
        /// From this day on terms are cut short; today if not said.
        on: Option<Date>,
    }

    /// Put an observer or expert on a council's register, or change as what.
    RegisterGuest -> CouncilPayload {
        /// Which council.
        council: CouncilId,
        /// Who.
        person: PersonId,
        /// As what.
        kind: GuestKind,
    }

    /// Take somebody off a council's register of guests.
    ReleaseGuest -> CouncilPayload {
        /// Which council.
        council: CouncilId,
        /// Who.
        person: PersonId,
    }
}
