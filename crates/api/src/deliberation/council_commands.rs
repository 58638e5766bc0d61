//! What changes councils.

use async_graphql::{Context, Error, ID, InputObject, Object, OneofObject};
use gongyi_app::deliberation::councils::{
    AmendCharter, DissolveCouncil, EndTerms, EstablishCouncil, ForfeitSeat, LeaveSeat, RecallRepresentative, RegisterGuest, ReleaseGuest,
    RenameCouncil, SeatRepresentatives, SourceGiven,
};
use gongyi_domain::values::{CouncilId, Day};

use super::{
    charters::{AuthorityInput, CharterInput, MandateInput},
    councils::{self, Council, GuestKind},
};
use crate::{
    access::personal::in_the_name_of,
    door::Door,
    ids,
    outcome::payloads,
    scalars::{Area as AreaCode, Date},
};

fn day(date: Option<Date>) -> Option<Day> {
    date.map(|date| date.0)
}

async fn changed(door: &Door<'_>, answer: Option<CouncilId>) -> Result<Option<Council>, Error> {
    match answer {
        Some(id) => councils::council(door, id).await,
        None => Ok(None),
    }
}

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

impl SeatSourceInput {
    fn given(self) -> SourceGiven {
        match self {
            Self::Appointment(AuthorityInput { authority, reason }) => SourceGiven::Appointment { authority, reason },
            Self::Transition(TransitionInput { source }) => SourceGiven::Transition { source },
        }
    }
}

payloads! {
    /// What became of `establishCouncil`.
    EstablishCouncilPayload {
        /// The council.
        council: Council,
    }
    /// What became of `renameCouncil`.
    RenameCouncilPayload {
        /// The council.
        council: Council,
    }
    /// What became of `amendCharter`.
    AmendCharterPayload {
        /// The council.
        council: Council,
    }
    /// What became of `dissolveCouncil`.
    DissolveCouncilPayload {
        /// The council.
        council: Council,
    }
    /// What became of `seatRepresentatives`.
    SeatRepresentativesPayload {
        /// The council.
        council: Council,
    }
    /// What became of `leaveSeat`.
    LeaveSeatPayload {
        /// The council.
        council: Council,
    }
    /// What became of `recallRepresentative`.
    RecallRepresentativePayload {
        /// The council.
        council: Council,
    }
    /// What became of `forfeitSeat`.
    ForfeitSeatPayload {
        /// The council.
        council: Council,
    }
    /// What became of `endTerms`.
    EndTermsPayload {
        /// The council.
        council: Council,
    }
    /// What became of `registerGuest`.
    RegisterGuestPayload {
        /// The council.
        council: Council,
    }
    /// What became of `releaseGuest`.
    ReleaseGuestPayload {
        /// The council.
        council: Council,
    }
}

/// What establishing takes.
#[derive(InputObject)]
pub struct EstablishCouncilInput {
    /// For which area, a listed one.
    area: AreaCode,
    /// Its name.
    name: String,
    /// Its first charter.
    charter: CharterInput,
    /// The office that establishes it, and by which document.
    mandate: AuthorityInput,
    /// Since when; today if not said.
    on: Option<Date>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What renaming takes.
#[derive(InputObject)]
pub struct RenameCouncilInput {
    /// Which council.
    council: ID,
    /// The new name.
    name: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What amending a charter takes.
#[derive(InputObject)]
pub struct AmendCharterInput {
    /// Which council.
    council: ID,
    /// The version that the new one was made from.
    against: u32,
    /// What the next version says, as a whole.
    charter: CharterInput,
    /// On whose word.
    mandate: MandateInput,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What dissolving takes.
#[derive(InputObject)]
pub struct DissolveCouncilInput {
    /// Which council.
    council: ID,
    /// On whose word.
    mandate: MandateInput,
    /// From this day on; today if not said.
    on: Option<Date>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What seating takes.
#[derive(InputObject)]
pub struct SeatRepresentativesInput {
    /// Which council.
    council: ID,
    /// Whom, by the person's id.
    people: Vec<ID>,
    /// Their first day; today if not said.
    from: Option<Date>,
    /// Their last day; the charter's whole term if not said.
    until: Option<Date>,
    /// How they came by the seats.
    source: SeatSourceInput,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What leaving takes.
#[derive(InputObject)]
pub struct LeaveSeatInput {
    /// Which council.
    council: ID,
    /// Who; oneself if not said.
    person: Option<ID>,
    /// Why; kept sealed, shown to those who may see personal data.
    reason: Option<String>,
    /// From this day on; today if not said.
    on: Option<Date>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What recording a recall takes.
#[derive(InputObject)]
pub struct RecallRepresentativeInput {
    /// Which council.
    council: ID,
    /// Who.
    person: ID,
    /// On whose word.
    mandate: MandateInput,
    /// From this day on; today if not said.
    on: Option<Date>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What recording a seat's loss takes.
#[derive(InputObject)]
pub struct ForfeitSeatInput {
    /// Which council.
    council: ID,
    /// Who.
    person: ID,
    /// The meetings missed.
    missed: Vec<ID>,
    /// From this day on; today if not said.
    on: Option<Date>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What ending terms takes.
#[derive(InputObject)]
pub struct EndTermsInput {
    /// Which council.
    council: ID,
    /// On whose word running terms end before their time; none to end only those that are over.
    mandate: Option<MandateInput>,
    /// From this day on terms are cut short; today if not said.
    on: Option<Date>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What registering a guest takes.
#[derive(InputObject)]
pub struct RegisterGuestInput {
    /// Which council.
    council: ID,
    /// Who.
    person: ID,
    /// As what.
    kind: GuestKind,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What taking a guest off takes.
#[derive(InputObject)]
pub struct ReleaseGuestInput {
    /// Which council.
    council: ID,
    /// Who.
    person: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// The root fields that change councils.
#[derive(Default)]
pub struct CouncilMutations;

#[Object]
impl CouncilMutations {
    /// Establish a council for an area.
    async fn establish_council(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: EstablishCouncilInput,
    ) -> Result<EstablishCouncilPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = || {
            Ok(EstablishCouncil {
                area: input.area.0,
                name: input.name,
                charter: input.charter.terms()?,
                authority: input.mandate.authority,
                reason: input.mandate.reason,
                on: day(input.on),
            })
        };
        let done = door.does(command_id.as_ref(), command()).await?;
        Ok(EstablishCouncilPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Give a council another name.
    async fn rename_council(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: RenameCouncilInput,
    ) -> Result<RenameCouncilPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = || {
            let council = ids::named(&input.council, "council")?;
            Ok(RenameCouncil { council, name: input.name })
        };
        let done = door.does(command_id.as_ref(), command()).await?;
        Ok(RenameCouncilPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Replace a council's charter by its next version, from today on.
    async fn amend_charter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: AmendCharterInput,
    ) -> Result<AmendCharterPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = || {
            let council = ids::named(&input.council, "council")?;
            Ok(AmendCharter { council, against: input.against, charter: input.charter.terms()?, mandate: input.mandate.given()? })
        };
        let done = door.does(command_id.as_ref(), command()).await?;
        Ok(AmendCharterPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Dissolve a council for good.
    async fn dissolve_council(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: DissolveCouncilInput,
    ) -> Result<DissolveCouncilPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = || {
            let council = ids::named(&input.council, "council")?;
            Ok(DissolveCouncil { council, mandate: input.mandate.given()?, on: day(input.on) })
        };
        let done = door.does(command_id.as_ref(), command()).await?;
        Ok(DissolveCouncilPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Seat representatives, all or none, but for those who are elected: they take their seats with the election's certificate.
    async fn seat_representatives(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: SeatRepresentativesInput,
    ) -> Result<SeatRepresentativesPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = || {
            let council = ids::named(&input.council, "council")?;
            Ok(SeatRepresentatives {
                council,
                people: input.people.iter().map(|id| ids::named(id, "people")).collect::<Result<_, _>>()?,
                from: day(input.from),
                until: day(input.until),
                source: input.source.given(),
            })
        };
        let done = door.does(command_id.as_ref(), command()).await?;
        Ok(SeatRepresentativesPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Leave a seat, or write down that somebody does.
    async fn leave_seat(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: LeaveSeatInput,
    ) -> Result<LeaveSeatPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = || {
            let council = ids::named(&input.council, "council")?;
            Ok(LeaveSeat {
                council,
                person: in_the_name_of(&door, input.person.as_ref(), "person")?,
                reason: input.reason,
                on: day(input.on),
            })
        };
        let done = door.does(command_id.as_ref(), command()).await?;
        Ok(LeaveSeatPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Record that a representative was recalled.
    async fn recall_representative(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: RecallRepresentativeInput,
    ) -> Result<RecallRepresentativePayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = || {
            let council = ids::named(&input.council, "council")?;
            Ok(RecallRepresentative {
                council,
                person: ids::named(&input.person, "person")?,
                mandate: input.mandate.given()?,
                on: day(input.on),
            })
        };
        let done = door.does(command_id.as_ref(), command()).await?;
        Ok(RecallRepresentativePayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Record that a seat was lost by unexcused absences, as the charter says.
    async fn forfeit_seat(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: ForfeitSeatInput,
    ) -> Result<ForfeitSeatPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = || {
            let council = ids::named(&input.council, "council")?;
            Ok(ForfeitSeat {
                council,
                person: ids::named(&input.person, "person")?,
                missed: input.missed.iter().map(|id| ids::named(id, "missed")).collect::<Result<_, _>>()?,
                on: day(input.on),
            })
        };
        let done = door.does(command_id.as_ref(), command()).await?;
        Ok(ForfeitSeatPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Say of every term that is over that it is; with a mandate, end all that run.
    async fn end_terms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: EndTermsInput,
    ) -> Result<EndTermsPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = || {
            let council = ids::named(&input.council, "council")?;
            Ok(EndTerms { council, mandate: input.mandate.map(MandateInput::given).transpose()?, on: day(input.on) })
        };
        let done = door.does(command_id.as_ref(), command()).await?;
        Ok(EndTermsPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Put an observer or expert on a council's register, or change as what.
    async fn register_guest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: RegisterGuestInput,
    ) -> Result<RegisterGuestPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = || {
            let council = ids::named(&input.council, "council")?;
            Ok(RegisterGuest { council, person: ids::named(&input.person, "person")?, kind: input.kind.into() })
        };
        let done = door.does(command_id.as_ref(), command()).await?;
        Ok(RegisterGuestPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Take somebody off a council's register of guests.
    async fn release_guest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: ReleaseGuestInput,
    ) -> Result<ReleaseGuestPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = || {
            let council = ids::named(&input.council, "council")?;
            Ok(ReleaseGuest { council, person: ids::named(&input.person, "person")? })
        };
        let done = door.does(command_id.as_ref(), command()).await?;
        Ok(ReleaseGuestPayload::new(done.told, changed(&door, done.answer).await?))
    }
}
