//! A person: identity, key and home area, once, whatever else the person is here.
//!
//! - Name, ID number, phone and birth date are only ever sealed under the person's own key.
//! - Erased is for ever: nothing can be added to an erased person; who comes back is a new person.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::authority::{Act, Role, To};
use crate::{
    event::DomainEvent,
    refusal::refusals,
    values::{AreaCode, Sealed},
};

/// Destroy a person's key and personal data.
pub const ERASE_PERSON: Act =
    Act { name: "erasePerson", open_to: &[To::Oneself, To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)] };
/// Read a person's name, phone and birth date.
pub const PERSONAL_DATA: Act = Act {
    name: "personalData",
    open_to: &[
        To::Bearer,
        To::Holders(Role::Coordinator),
        To::Holders(Role::Organiser),
        To::Holders(Role::DistrictOfficer),
        To::Holders(Role::Operator),
    ],
};

/// Read a whole ID number; others who may see personal data see it masked.
pub const WHOLE_ID_NUMBER: Act = Act {
    name: "wholeIdNumber",
    open_to: &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)],
};

/// A person's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Person {
    /// Never registered.
    #[default]
    Unknown,
    /// Registered.
    Registered {
        /// Home area.
        home_area: AreaCode,
        /// The name, which no password of theirs has in it.
        name: Kept,
        /// The birth date, for age rules.
        birth_date: Kept,
        /// The ID number, to release its claim.
        id_number: Kept,
        /// The phone number.
        phone: Kept,
    },
    /// Erased.
    Erased,
}

/// A sealed field as it stands now, with the type of the event that brought it: it is sealed for that place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The sealed text.
    pub sealed: Sealed,
    /// `PersonRegistered` or `PersonCorrected`.
    pub event_type: &'static str,
}

/// What may be asked of a person. Personal fields come sealed.
#[derive(Debug, Clone)]
pub enum PersonCommand {
    /// Take a person in.
    Register {
        /// Name.
        name: Sealed,
        /// ID number.
        id_number: Sealed,
        /// Phone number.
        phone: Sealed,
        /// Birth date, `YYYY-MM-DD`.
        birth_date: Sealed,
        /// Home area, a listed one.
        home_area: AreaCode,
    },
    /// Mend what was wrong or has changed; `None` stays.
    Correct(PersonCorrection),
    /// Erase.
    Erase,
}

/// What is corrected; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonCorrection {
    /// Name.
    pub name: Option<Sealed>,
    /// ID number, always together with the birth date it carries.
    pub id_number: Option<(Sealed, Sealed)>,
    /// Phone number.
    pub phone: Option<Sealed>,
    /// Home area.
    pub home_area: Option<AreaCode>,
    /// Why.
    pub reason: Option<Sealed>,
}

/// What happened to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PersonEvent {
    /// Taken in.
    PersonRegistered {
        /// Name.
        name: Sealed,
        /// ID number.
        id_number: Sealed,
        /// Phone number.
        phone: Sealed,
        /// Birth date, `YYYY-MM-DD`.
        birth_date: Sealed,
        /// Home area.
        home_area: AreaCode,
    },
    /// Corrected; absent fields stayed.
    PersonCorrected {
        /// Name.
        name: Option<Sealed>,
        /// ID number.
        id_number: Option<Sealed>,
        /// Phone number.
        phone: Option<Sealed>,
        /// Birth date, `YYYY-MM-DD`.
        birth_date: Option<Sealed>,
        /// Home area.
        home_area: Option<AreaCode>,
        /// Why.
        reason: Option<Sealed>,
    },
    /// Erased: the key is destroyed, what was sealed is noise.
    PersonErased {},
}
impl DomainEvent for PersonEvent {}

refusals! {
    /// Why a person is refused.
    pub enum PersonRefusal {
        /// Nobody of this id.
        UnknownPerson("person", "没有此人", "There is no such person"),
        /// Registered already.
        PersonExists("person", "此人已登记", "This person is registered already"),
        /// Erased for ever.
        PersonIsErased("person", "此人资料已删除", "This person's data has been erased"),
        /// A correction without any change.
        NothingCorrected("", "没有要更正的内容", "Nothing to correct was given"),
    }
}

impl Aggregate for Person {
    const NAME: &'static str = "person";
    type State = Self;
    type Command = PersonCommand;
    type Event = PersonEvent;
    type Error = PersonRefusal;

    fn handle_command(person: &Self, command: PersonCommand) -> Result<Vec<PersonEvent>, PersonRefusal> {
        match (person, command) {
            (Self::Unknown, PersonCommand::Register { name, id_number, phone, birth_date, home_area }) => {
                Ok(vec![PersonEvent::PersonRegistered { name, id_number, phone, birth_date, home_area }])
            }
            (Self::Registered { .. }, PersonCommand::Register { .. }) => Err(PersonRefusal::PersonExists),
            (Self::Registered { .. }, PersonCommand::Correct(PersonCorrection { name, id_number, phone, home_area, reason })) => {
                if name.is_none() && id_number.is_none() && phone.is_none() && home_area.is_none() {
                    return Err(PersonRefusal::NothingCorrected);
                }
                let (id_number, birth_date) = id_number.unzip();
                Ok(vec![PersonEvent::PersonCorrected { name, id_number, phone, birth_date, home_area, reason }])
            }
            (Self::Registered { .. }, PersonCommand::Erase) => Ok(vec![PersonEvent::PersonErased {}]),
            (Self::Unknown, PersonCommand::Correct(_) | PersonCommand::Erase) => Err(PersonRefusal::UnknownPerson),
            (Self::Erased, _) => Err(PersonRefusal::PersonIsErased),
        }
    }

    fn apply_event(person: Self, event: PersonEvent) -> Self {
        let kept = |event_type| move |sealed| Kept { sealed, event_type };
        match (person, event) {
            (_, PersonEvent::PersonRegistered { name, id_number, phone, birth_date, home_area }) => {
                let kept = kept("PersonRegistered");
                Self::Registered {
                    home_area,
                    name: kept(name),
                    birth_date: kept(birth_date),
                    id_number: kept(id_number),
                    phone: kept(phone),
                }
            }
            (
                Self::Registered { home_area, name, birth_date, id_number, phone },
                PersonEvent::PersonCorrected { home_area: area, name: called, birth_date: birth, id_number: number, phone: tel, .. },
            ) => {
                let kept = kept("PersonCorrected");
                Self::Registered {
                    home_area: area.unwrap_or(home_area),
                    name: called.map_or(name, kept),
                    birth_date: birth.map_or(birth_date, kept),
                    id_number: number.map_or(id_number, kept),
                    phone: tel.map_or(phone, kept),
                }
            }
            (_, PersonEvent::PersonErased {}) => Self::Erased,
            (unchanged, PersonEvent::PersonCorrected { .. }) => unchanged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        scenario::{Given, given},
        values::PersonId,
    };
    use uuid::Uuid;

    fn sealed(text: &str) -> Sealed {
        Sealed { of: PersonId(Uuid::nil()), text: text.into() }
    }

    fn registered() -> Given<Person> {
        let [name, id_number, phone, birth_date] = ["name", "id", "phone", "birth"].map(sealed);
        given([PersonEvent::PersonRegistered { name, id_number, phone, birth_date, home_area: "440402".parse().unwrap() }])
    }

    #[test]
    fn erasing_twice_is_refused_and_changes_nothing() {
        let erased = registered().and(PersonCommand::Erase);
        erased.when(PersonCommand::Erase).then_refused(PersonRefusal::PersonIsErased);
    }

    #[test]
    fn nobody_is_corrected() {
        let correct = PersonCommand::Correct(PersonCorrection::default());
        given::<Person>([]).when(correct.clone()).then_refused(PersonRefusal::UnknownPerson);
        registered().when(correct).then_refused(PersonRefusal::NothingCorrected);
    }
}
