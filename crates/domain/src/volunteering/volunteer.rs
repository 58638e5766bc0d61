//! A volunteer (志愿者/义工): a person who has registered to serve.
//!
//! - Under 18 only with a guardian's consent, under 14 with a separate consent, by the age on the day of registration
//!   (未成年人保护法; 个人信息保护法 art. 31).
//! - The public volunteer number is not the ID number and is made from randomness alone.
//! - Suspended volunteers keep their history and take on nothing new.
//! - Who has withdrawn may return, as the same volunteer with number and ledger, with consents by the age on that day.
//!   A suspension that stood at the withdrawal stands again. Memberships have ended.
//! - Erased is for good; who comes back is another person.

use std::collections::BTreeSet;

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::skill::Skill;
use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    refusal::refusals,
    values::{AreaCode, Day, Instant, PersonId, Sealed, age_on},
};

/// From this age on nobody's consent is needed, in years.
pub const ADULT_MIN_YEARS: u32 = 18;
/// Below this age a separate consent is needed, in years.
pub const SEPARATE_CONSENT_MIN_YEARS: u32 = 14;

const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)];
const ONESELF_AND_KEEPERS: &[To] =
    &[To::Oneself, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)];

/// Register; open to strangers, who thereby open their account.
pub const REGISTER_VOLUNTEER: Act = Act { name: "registerVolunteer", open_to: &[To::Anyone] };
/// Correct name, ID number, phone, area, skills.
pub const CORRECT_VOLUNTEER: Act = Act { name: "correctVolunteer", open_to: ONESELF_AND_KEEPERS };
/// Suspend.
pub const SUSPEND_VOLUNTEER: Act = Act { name: "suspendVolunteer", open_to: KEEPERS };
/// Reinstate.
pub const REINSTATE_VOLUNTEER: Act = Act { name: "reinstateVolunteer", open_to: KEEPERS };
/// Withdraw.
pub const WITHDRAW_VOLUNTEER: Act = Act { name: "withdrawVolunteer", open_to: ONESELF_AND_KEEPERS };
/// Take a withdrawn volunteer back, who registers again: not open to strangers, who would take over the number and
/// ledger of anybody whose ID number they know. A coordinator needs a say where the volunteer lives.
pub const RETURN_VOLUNTEER: Act = Act {
    name: "returnVolunteer",
    open_to: &[
        To::Oneself,
        To::Holders(Role::Coordinator),
        To::Holders(Role::Organiser),
        To::Holders(Role::DistrictOfficer),
        To::Holders(Role::Operator),
    ],
};
/// Import a file of volunteers.
pub const IMPORT_VOLUNTEERS: Act = Act { name: "importVolunteers", open_to: &[To::Holders(Role::Operator)] };
/// List volunteers of an area or organisation.
pub const VOLUNTEERS: Act = Act {
    name: "volunteers",
    open_to: &[
        To::Holders(Role::Coordinator),
        To::Holders(Role::Organiser),
        To::Holders(Role::DistrictOfficer),
        To::Holders(Role::Auditor),
        To::Holders(Role::Operator),
    ],
};
/// Read one volunteer, the history of every change included.
pub const VOLUNTEER: Act = Act {
    name: "volunteer",
    open_to: &[
        To::Bearer,
        To::Holders(Role::Coordinator),
        To::Holders(Role::Organiser),
        To::Holders(Role::DistrictOfficer),
        To::Holders(Role::Auditor),
        To::Holders(Role::Operator),
    ],
};

/// Consents given for a minor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Consents {
    /// The guardian's consent, needed under 18.
    pub guardian: bool,
    /// The separate consent to the processing of a child's data, needed under 14.
    pub separate: bool,
}

/// Where a volunteer stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VolunteerPhase {
    /// Never registered.
    #[default]
    Unknown,
    /// Registered and free to serve.
    Active,
    /// Suspended for now.
    Suspended,
    /// Withdrawn; may return.
    Withdrawn,
    /// Erased with the person.
    Erased,
}

/// A volunteer's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volunteer {
    /// Whose; `None` before registration.
    pub person: Option<PersonId>,
    /// Where the volunteer stands.
    pub phase: VolunteerPhase,
    /// Home area.
    pub home_area: Option<AreaCode>,
    /// What the volunteer can do.
    pub skills: BTreeSet<Skill>,
    /// The day by whose age consents are judged: of registration, or of the last return; `None` before it.
    pub consented_on: Option<Day>,
    /// Consents given for a minor then.
    pub consents: Consents,
    /// A suspension stands, through withdrawal and return.
    pub suspended: bool,
    /// Was suspended or withdrawn at some time: since and until when, only the log tells.
    pub interrupted: bool,
}

/// A time in which a volunteer was suspended, withdrawn or erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inactive {
    /// Since when.
    pub since: Instant,
    /// Until when; `None` while it lasts.
    pub until: Option<Instant>,
}

impl Inactive {
    /// Whether anything from `started` to `ended` lies in it: what ends before it or starts with its end does not.
    pub fn touches(self, started: Instant, ended: Instant) -> bool {
        self.since <= ended && self.until.is_none_or(|until| started < until)
    }

    /// The times among phases, each told with the moment from which it holds.
    pub fn among(phases: impl IntoIterator<Item = (Instant, VolunteerPhase)>) -> Vec<Self> {
        let mut times: Vec<Self> = vec![];
        for (at, phase) in phases {
            let open = times.last_mut().filter(|it| it.until.is_none());
            match (phase, open) {
                (VolunteerPhase::Active, Some(open)) => open.until = Some(at),
                (VolunteerPhase::Suspended | VolunteerPhase::Withdrawn | VolunteerPhase::Erased, None) => {
                    times.push(Self { since: at, until: None });
                }
                (VolunteerPhase::Unknown | VolunteerPhase::Active, _)
                | (VolunteerPhase::Suspended | VolunteerPhase::Withdrawn | VolunteerPhase::Erased, Some(_)) => {}
            }
        }
        times
    }
}

/// What may be asked of a volunteer.
#[derive(Debug, Clone)]
pub enum VolunteerCommand {
    /// Register.
    Register {
        /// Whose.
        person: PersonId,
        /// The public volunteer number.
        number: String,
        /// For the age rule; not stored here.
        birth_date: Day,
        /// The day of registration.
        registered_on: Day,
        /// Today.
        today: Day,
        /// Home area.
        home_area: AreaCode,
        /// Skills.
        skills: BTreeSet<Skill>,
        /// Consents for a minor.
        consents: Consents,
    },
    /// Change home area or skills.
    Correct {
        /// The new home area.
        home_area: Option<AreaCode>,
        /// The new skills.
        skills: Option<BTreeSet<Skill>>,
    },
    /// Suspend, with the reason.
    Suspend(Sealed),
    /// Reinstate, with the reason.
    Reinstate(Sealed),
    /// Withdraw, with the reason if one was given.
    Withdraw(Option<Sealed>),
    /// Return after a withdrawal.
    Return {
        /// For the age rule; not stored here.
        birth_date: Day,
        /// Today.
        today: Day,
        /// Home area.
        home_area: AreaCode,
        /// Skills.
        skills: BTreeSet<Skill>,
        /// Consents for a minor.
        consents: Consents,
    },
    /// The person was erased.
    Erase,
}

/// What happened to a volunteer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum VolunteerEvent {
    /// Registered.
    VolunteerRegistered {
        /// Whose.
        person: PersonId,
        /// The public volunteer number.
        number: String,
        /// The day of registration.
        registered_on: Day,
        /// Home area.
        home_area: AreaCode,
        /// Skills.
        skills: BTreeSet<Skill>,
        /// Consents given for a minor.
        consents: Consents,
    },
    /// Home area or skills changed; absent fields stayed.
    VolunteerCorrected {
        /// The new home area.
        home_area: Option<AreaCode>,
        /// The new skills.
        skills: Option<BTreeSet<Skill>>,
    },
    /// Suspended.
    VolunteerSuspended {
        /// Why.
        reason: Sealed,
    },
    /// Reinstated.
    VolunteerReinstated {
        /// Why.
        reason: Sealed,
    },
    /// Withdrawn.
    VolunteerWithdrawn {
        /// Why.
        reason: Option<Sealed>,
    },
    /// Returned after a withdrawal.
    VolunteerReturned {
        /// The day of the return.
        returned_on: Day,
        /// Home area.
        home_area: AreaCode,
        /// What the volunteer can do.
        skills: BTreeSet<Skill>,
        /// Consents given for a minor.
        consents: Consents,
        /// The suspension that stood at the withdrawal stands again.
        suspended: bool,
    },
    /// Erased with the person.
    VolunteerErased {},
}
impl DomainEvent for VolunteerEvent {}

refusals! {
    /// Why a volunteer is refused.
    pub enum VolunteerRefusal {
        /// Nobody of this id.
        UnknownVolunteer("volunteer", "没有此志愿者", "There is no such volunteer"),
        /// Registered already.
        AlreadyRegistered("volunteer", "该志愿者已注册", "This volunteer is registered already"),
        /// Somebody has the ID number, or the phone number as a sign-in name; who holds no role is not told which.
        NumberOrPhoneTaken("", "该证件号码或手机号已登记；曾退出的志愿者请登录后重新注册，或请工作人员办理",
            "This ID number or phone number is registered already; who has withdrawn signs in to register again, or asks the staff"),
        /// The day of registration lies in the future.
        RegisteredInFuture("registeredOn", "注册日期不能晚于今天", "The day of registration lies in the future"),
        /// Not of age, without a guardian's consent.
        GuardianConsentMissing("guardianConsent", "未满 {ADULT_MIN_YEARS} 周岁须有监护人同意", "Under {ADULT_MIN_YEARS} only with a guardian's consent"),
        /// A child, without the separate consent.
        SeparateConsentMissing("separateConsent", "未满 {SEPARATE_CONSENT_MIN_YEARS} 周岁须有单独同意", "Under {SEPARATE_CONSENT_MIN_YEARS} a separate consent is needed"),
        /// Suspended, withdrawn or erased volunteers take on nothing new.
        NotActive("volunteer", "该志愿者目前不能参加服务", "This volunteer cannot take part now"),
        /// Time in which the volunteer was suspended or had withdrawn.
        NotActiveThen("started", "该志愿者在此期间被暂停或已退出", "The volunteer was suspended or had withdrawn at that time"),
        /// Only active volunteers are suspended.
        NotSuspended("volunteer", "该志愿者未被暂停", "This volunteer is not suspended"),
        /// A correction without any change.
        NothingToCorrect("", "没有要更正的内容", "Nothing to correct was given"),
        /// No reason, or too long a one.
        ReasonUnfit { most: usize }("reason", "理由须为 1 至 {most} 字", "A reason has 1 to {most} characters"),
    }
}

/// The public volunteer number made of 60 random bits: twelve characters of Crockford's alphabet in groups of four.
pub fn volunteer_number(random: u64) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut number = String::with_capacity(14);
    for index in 0..12 {
        if index > 0 && index % 4 == 0 {
            number.push('-');
        }
        number.push(char::from(ALPHABET[(random >> (index * 5) & 31) as usize]));
    }
    number
}

/// The volunteer of a person: one by construction.
pub fn volunteer_of(person: PersonId) -> crate::values::VolunteerId {
    crate::values::VolunteerId(Uuid::new_v5(&person.0, b"gongyi:volunteer"))
}

impl Volunteer {
    /// The volunteer may take on something new.
    ///
    /// # Errors
    /// Unknown, suspended, withdrawn or erased volunteers.
    pub fn require_active(&self) -> Result<PersonId, VolunteerRefusal> {
        match (self.person, self.phase) {
            (Some(person), VolunteerPhase::Active) => Ok(person),
            (None, _) => Err(VolunteerRefusal::UnknownVolunteer),
            (Some(_), _) => Err(VolunteerRefusal::NotActive),
        }
    }

    /// The volunteer may have served from `started` until `ended`: exists, and was active all that time. Time before a
    /// suspension or a withdrawal is not lost with it, and time during one is not made up for by what comes after.
    ///
    /// # Errors
    /// Unknown and erased volunteers; time in which the volunteer was not active.
    pub fn require_active_during(&self, (started, ended): (Instant, Instant), inactive: &[Inactive]) -> Result<PersonId, VolunteerRefusal> {
        let person = self.require_known()?;
        let was_active = !inactive.iter().any(|it| it.touches(started, ended));
        match self.phase {
            VolunteerPhase::Active | VolunteerPhase::Suspended | VolunteerPhase::Withdrawn if was_active => Ok(person),
            VolunteerPhase::Active => Err(VolunteerRefusal::NotActiveThen),
            VolunteerPhase::Unknown | VolunteerPhase::Suspended | VolunteerPhase::Withdrawn | VolunteerPhase::Erased => {
                Err(VolunteerRefusal::NotActive)
            }
        }
    }

    /// The volunteer exists, whatever the phase.
    ///
    /// # Errors
    /// Unknown volunteers.
    pub fn require_known(&self) -> Result<PersonId, VolunteerRefusal> {
        self.person.ok_or(VolunteerRefusal::UnknownVolunteer)
    }

    /// The age rule, by the age on the day of registration.
    ///
    /// # Errors
    /// The consent that is missing.
    pub fn require_consents(birth_date: Day, registered_on: Day, consents: Consents) -> Result<(), VolunteerRefusal> {
        let age = age_on(birth_date, registered_on);
        if age < ADULT_MIN_YEARS && !consents.guardian {
            return Err(VolunteerRefusal::GuardianConsentMissing);
        }
        if age < SEPARATE_CONSENT_MIN_YEARS && !consents.separate {
            return Err(VolunteerRefusal::SeparateConsentMissing);
        }
        Ok(())
    }

    /// The age rule again, where the birth date turns out to be another: by the day of registration or of the last
    /// return, and the consents given then.
    ///
    /// # Errors
    /// Unknown volunteers; the consent that is missing.
    pub fn require_consents_for(&self, birth_date: Day) -> Result<(), VolunteerRefusal> {
        let consented_on = self.consented_on.ok_or(VolunteerRefusal::UnknownVolunteer)?;
        Self::require_consents(birth_date, consented_on, self.consents)
    }
}

impl Aggregate for Volunteer {
    const NAME: &'static str = "volunteer";
    type State = Self;
    type Command = VolunteerCommand;
    type Event = VolunteerEvent;
    type Error = VolunteerRefusal;

    fn handle_command(volunteer: &Self, command: VolunteerCommand) -> Result<Vec<VolunteerEvent>, VolunteerRefusal> {
        use VolunteerCommand as C;
        use VolunteerEvent as E;
        let event = match (volunteer.phase, command) {
            (VolunteerPhase::Unknown, C::Register { person, number, birth_date, registered_on, today, home_area, skills, consents }) => {
                if registered_on > today {
                    return Err(VolunteerRefusal::RegisteredInFuture);
                }
                Self::require_consents(birth_date, registered_on, consents)?;
                E::VolunteerRegistered { person, number, registered_on, home_area, skills, consents }
            }
            (VolunteerPhase::Unknown, _) => return Err(VolunteerRefusal::UnknownVolunteer),
            (_, C::Register { .. }) => return Err(VolunteerRefusal::AlreadyRegistered),
            (VolunteerPhase::Active | VolunteerPhase::Suspended, C::Correct { home_area, skills }) => {
                if home_area.is_none() && skills.is_none() {
                    return Err(VolunteerRefusal::NothingToCorrect);
                }
                E::VolunteerCorrected { home_area, skills }
            }
            (VolunteerPhase::Active, C::Suspend(reason)) => E::VolunteerSuspended { reason },
            (VolunteerPhase::Suspended, C::Reinstate(reason)) => E::VolunteerReinstated { reason },
            (VolunteerPhase::Active, C::Reinstate(_)) => return Err(VolunteerRefusal::NotSuspended),
            (VolunteerPhase::Active | VolunteerPhase::Suspended, C::Withdraw(reason)) => E::VolunteerWithdrawn { reason },
            (VolunteerPhase::Active | VolunteerPhase::Suspended | VolunteerPhase::Withdrawn, C::Erase) => E::VolunteerErased {},
            (VolunteerPhase::Withdrawn, C::Return { birth_date, today, home_area, skills, consents }) => {
                Self::require_consents(birth_date, today, consents)?;
                E::VolunteerReturned { returned_on: today, home_area, skills, consents, suspended: volunteer.suspended }
            }
            (VolunteerPhase::Active | VolunteerPhase::Suspended, C::Return { .. }) => return Err(VolunteerRefusal::AlreadyRegistered),
            (VolunteerPhase::Suspended | VolunteerPhase::Withdrawn | VolunteerPhase::Erased, _) => return Err(VolunteerRefusal::NotActive),
        };
        Ok(vec![event])
    }

    fn apply_event(mut volunteer: Self, event: VolunteerEvent) -> Self {
        match event {
            VolunteerEvent::VolunteerRegistered { person, registered_on, home_area, skills, consents, .. } => {
                return Self {
                    person: Some(person),
                    phase: VolunteerPhase::Active,
                    home_area: Some(home_area),
                    skills,
                    consented_on: Some(registered_on),
                    consents,
                    suspended: false,
                    interrupted: false,
                };
            }
            VolunteerEvent::VolunteerCorrected { home_area, skills } => {
                volunteer.home_area = home_area.or(volunteer.home_area);
                volunteer.skills = skills.unwrap_or(volunteer.skills);
            }
            VolunteerEvent::VolunteerSuspended { .. } => (volunteer.phase, volunteer.suspended) = (VolunteerPhase::Suspended, true),
            VolunteerEvent::VolunteerReinstated { .. } => (volunteer.phase, volunteer.suspended) = (VolunteerPhase::Active, false),
            VolunteerEvent::VolunteerWithdrawn { .. } => volunteer.phase = VolunteerPhase::Withdrawn,
            VolunteerEvent::VolunteerReturned { returned_on, home_area, skills, consents, suspended } => {
                volunteer.phase = if suspended { VolunteerPhase::Suspended } else { VolunteerPhase::Active };
                (volunteer.home_area, volunteer.consented_on) = (Some(home_area), Some(returned_on));
                (volunteer.skills, volunteer.consents, volunteer.suspended) = (skills, consents, suspended);
            }
            VolunteerEvent::VolunteerErased {} => volunteer.phase = VolunteerPhase::Erased,
        }
        volunteer.interrupted |= volunteer.phase != VolunteerPhase::Active;
        volunteer
    }
}

#[cfg(test)]
#[path = "volunteer_tests.rs"]
mod tests;
