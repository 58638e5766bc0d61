//! How a residents' self-organisation came about: incubated through deliberation, registered, grown up or given up.
//!
//! - The organisation itself, its members and its end are volunteering's: an organisation of kind self-organisation and its
//!   memberships. The stream is that organisation's own id, so one is incubated once.
//! - It names the council, and the motion if one asked for it: so it can be followed back to what was deliberated.
//! - Registered (备案) once, with the number it was given.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    prose::{Line, Prose, REASON_MAX_CHARS},
    refusal::refusals,
    values::{CouncilId, Day, MotionId, OrganisationId},
};

/// Longest registration number, in characters.
pub const REGISTRATION_MAX_CHARS: usize = 60;

const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Found a self-organisation and begin its incubation.
pub const INCUBATE_SELF_ORGANISATION: Act = Act { name: "incubateSelfOrganisation", open_to: KEEPERS };
/// Record its registration.
pub const REGISTER_SELF_ORGANISATION: Act = Act { name: "registerSelfOrganisation", open_to: KEEPERS };
/// End its incubation.
pub const END_INCUBATION: Act = Act { name: "endIncubation", open_to: KEEPERS };
/// Read self-organisations; they are public.
pub const SELF_ORGANISATIONS: Act = Act { name: "selfOrganisations", open_to: &[To::Anyone] };

/// How far an incubation has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncubationPhase {
    /// Not begun.
    #[default]
    Unknown,
    /// Being helped along.
    Incubating,
    /// Registered.
    Registered,
    /// Ended: it stands by itself, or was given up.
    Ended,
}

/// An incubation's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incubation {
    /// How far it has come.
    pub phase: IncubationPhase,
    /// The council through whose deliberation it came about.
    pub council: Option<CouncilId>,
    /// The motion that asked for it.
    pub motion: Option<MotionId>,
    /// Since when.
    pub begun_on: Option<Day>,
    /// Its registration's number.
    pub registration: Option<String>,
}

/// What may be asked of an incubation.
#[derive(Debug, Clone)]
pub enum IncubationCommand {
    /// Begin it: in the same commit as the organisation is founded, or later.
    Begin {
        /// The self-organisation.
        organisation: OrganisationId,
        /// The council.
        council: CouncilId,
        /// The motion that asked for it.
        motion: Option<MotionId>,
        /// Since when.
        on: Day,
        /// Today.
        today: Day,
    },
    /// It was registered.
    Register {
        /// The number it was given.
        number: String,
        /// When.
        on: Day,
        /// Today.
        today: Day,
    },
    /// It ends.
    End {
        /// Why.
        reason: String,
    },
}

/// What happened to an incubation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum IncubationEvent {
    /// Begun.
    IncubationBegun {
        /// The self-organisation.
        organisation: OrganisationId,
        /// The council.
        council: CouncilId,
        /// The motion that asked for it.
        motion: Option<MotionId>,
        /// Since when.
        on: Day,
    },
    /// Registered.
    SelfOrganisationRegistered {
        /// The number it was given.
        number: String,
        /// When.
        on: Day,
    },
    /// Ended.
    IncubationEnded {
        /// Why.
        reason: String,
    },
}
impl DomainEvent for IncubationEvent {}

refusals! {
    /// Why an incubation is refused.
    pub enum IncubationRefusal {
        /// Nothing of this id.
        NotIncubated("organisation", "该组织不在孵化之列", "This organisation is not being incubated"),
        /// Begun already.
        AlreadyIncubated("organisation", "该组织已孵化", "This organisation is or was incubated already"),
        /// Registered already.
        AlreadyRegistered("organisation", "该组织已备案", "This organisation is registered already"),
        /// Ended.
        IncubationIsOver("organisation", "该组织的孵化已结束", "The incubation of this organisation has ended"),
        /// Another council's motion.
        MotionOfAnotherCouncil("motion", "该议题属于其他议事会", "This is another council's motion"),
        /// The organisation works elsewhere.
        IncubatedElsewhere("area", "自组织须在议事会辖区之内", "The organisation works outside the council's area"),
        /// The number is no line, or too long.
        RegistrationUnfit { most: usize }("number", "备案号须为 1 至 {most} 字", "A registration number has 1 to {most} printable characters"),
        /// It is registered once it has begun.
        RegisteredBeforeBegun { since: Day }("on", "孵化始于 {since}，备案日期不能早于此日", "The incubation began on {since}; the day lies before that"),
        /// It happened today or before.
        IncubatedInFuture("on", "日期不能晚于今天", "The day lies in the future"),
        /// No reason, or too long a one.
        IncubationReasonUnfit { most: usize }("reason", "请说明，1 至 {most} 字", "Say why in 1 to {most} characters"),
    }
}

use IncubationRefusal as R;

fn check(fits: bool, refusal: R) -> Result<(), R> {
    if fits { Ok(()) } else { Err(refusal) }
}

impl Aggregate for Incubation {
    const NAME: &'static str = "incubation";
    type State = Self;
    type Command = IncubationCommand;
    type Event = IncubationEvent;
    type Error = R;

    fn handle_command(incubation: &Self, command: IncubationCommand) -> Result<Vec<IncubationEvent>, R> {
        let phase = incubation.phase;
        let event = match command {
            IncubationCommand::Begin { organisation, council, motion, on, today } => {
                check(phase == IncubationPhase::Unknown, R::AlreadyIncubated)?;
                check(on <= today, R::IncubatedInFuture)?;
                IncubationEvent::IncubationBegun { organisation, council, motion, on }
            }
            IncubationCommand::Register { number, on, today } => {
                check(phase != IncubationPhase::Unknown, R::NotIncubated)?;
                check(phase != IncubationPhase::Ended, R::IncubationIsOver)?;
                check(phase != IncubationPhase::Registered, R::AlreadyRegistered)?;
                let number = Line::parse(&number, REGISTRATION_MAX_CHARS, |most| R::RegistrationUnfit { most })?.into();
                check(on <= today, R::IncubatedInFuture)?;
                let early = incubation.begun_on.filter(|since| on < *since);
                early.map_or(Ok(()), |since| Err(R::RegisteredBeforeBegun { since }))?;
                IncubationEvent::SelfOrganisationRegistered { number, on }
            }
            IncubationCommand::End { reason } => {
                check(phase != IncubationPhase::Unknown, R::NotIncubated)?;
                check(phase != IncubationPhase::Ended, R::IncubationIsOver)?;
                let reason = Prose::parse(&reason, REASON_MAX_CHARS, |most| R::IncubationReasonUnfit { most })?;
                IncubationEvent::IncubationEnded { reason: reason.into() }
            }
        };
        Ok(vec![event])
    }

    fn apply_event(incubation: Self, event: IncubationEvent) -> Self {
        match event {
            IncubationEvent::IncubationBegun { council, motion, on, .. } => {
                let (council, begun_on) = (Some(council), Some(on));
                Self { phase: IncubationPhase::Incubating, council, motion, begun_on, registration: None }
            }
            IncubationEvent::SelfOrganisationRegistered { number, .. } => {
                Self { phase: IncubationPhase::Registered, registration: Some(number), ..incubation }
            }
            IncubationEvent::IncubationEnded { .. } => Self { phase: IncubationPhase::Ended, ..incubation },
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::scenario::given;

    #[test]
    fn incubated_once_registered_once_ended_once() {
        let today = "2022-05-01".parse().unwrap();
        let begins = |on: &str| IncubationCommand::Begin {
            organisation: OrganisationId(Uuid::from_u128(1)),
            council: CouncilId(Uuid::from_u128(2)),
            motion: None,
            on: on.parse().unwrap(),
            today,
        };
        let registers_on = |on: &str| IncubationCommand::Register { number: "香社备 12 号".into(), on: on.parse().unwrap(), today };
        let registers = || registers_on("2022-05-01");
        let ends = || IncubationCommand::End { reason: "独立运作".into() };
        let none = given::<Incubation>([]);
        none.when(registers()).then_refused(R::NotIncubated);
        none.when(ends()).then_refused(R::NotIncubated);
        none.when(begins("2022-05-02")).then_refused(R::IncubatedInFuture);
        let begun = none.and(begins("2022-04-01"));
        begun.when(begins("2022-04-01")).then_refused(R::AlreadyIncubated);
        begun.when(registers_on("2022-03-31")).then_refused(R::RegisteredBeforeBegun { since: "2022-04-01".parse().unwrap() });
        begun.when(registers_on("2022-04-01")).then_done();
        let registered = begun.and(registers());
        registered.when(registers()).then_refused(R::AlreadyRegistered);
        let ended = registered.and(ends());
        ended.when(ends()).then_refused(R::IncubationIsOver);
        ended.when(registers()).then_refused(R::IncubationIsOver);
        assert_eq!(ended.registration.as_deref(), Some("香社备 12 号"));
    }
}
