//! A person: identity, key and home area, once, whatever else the person is here.
//!
//! - Name, identity document, phone and birth date are only ever sealed under the person's own key.
//! - Erased is for ever: nothing can be added to an erased person; who comes back is a new person.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
#[expect(clippy::large_enum_variant, reason = "nearly everybody is registered")]
pub enum Person {
    /// Never registered.
    #[default]
    Unknown,
    /// Registered.
    Registered {
        /// Home area.
        home_area: AreaCode,
        /// The name: no password of theirs has it in it, and lists go by it.
        name: Kept,
        /// The birth date, for age rules.
        birth_date: Kept,
        /// The document's number, to release its claim.
        id_number: Kept,
        /// Its kind and issuing country; `None` where the number tells them.
        document: Option<Kept>,
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
        /// Identity document and birth date.
        identity: Identity,
        /// Phone number.
        phone: Sealed,
        /// Home area, a listed one.
        home_area: AreaCode,
    },
    /// Mend what was wrong or has changed; `None` stays.
    Correct(PersonCorrection),
    /// Erase.
    Erase,
}

/// An identity document with its holder's birth date, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The document's number.
    pub id_number: Sealed,
    /// Its kind and issuing country; `None` where the number tells them.
    pub document: Option<Sealed>,
    /// Birth date, `YYYY-MM-DD`.
    pub birth_date: Sealed,
}

/// What is corrected; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonCorrection {
    /// Name.
    pub name: Option<Sealed>,
    /// Identity document, always together with the birth date.
    pub identity: Option<Identity>,
    /// Birth date alone, of a document that carries none.
    pub birth_date: Option<Sealed>,
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
        /// The document's number.
        id_number: Sealed,
        /// Its kind and issuing country; none where the number tells them.
        document: Option<Sealed>,
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
        /// The number of another document, or the right one.
        id_number: Option<Sealed>,
        /// With a number: the document's kind and issuing country; none where the number tells them.
        document: Option<Sealed>,
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
impl DomainEvent for PersonEvent {
    fn schema_version(event_type: &str) -> u16 {
        match event_type {
            "PersonRegistered" | "PersonCorrected" => 2,
            _ => 1,
        }
    }
}

/// Leads a person's event from version 1 to 2: every document was of eighteen characters, which tell what it is.
///
/// # Errors
/// A payload that is no object.
pub fn with_document_told_by_number(mut payload: Value) -> Result<Value, String> {
    let fields = payload.as_object_mut().ok_or("the payload is no object")?;
    fields.insert("document".to_owned(), Value::Null);
    Ok(payload)
}

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
            (Self::Unknown, PersonCommand::Register { name, identity, phone, home_area }) => {
                let Identity { id_number, document, birth_date } = identity;
                Ok(vec![PersonEvent::PersonRegistered { name, id_number, document, phone, birth_date, home_area }])
            }
            (Self::Registered { .. }, PersonCommand::Register { .. }) => Err(PersonRefusal::PersonExists),
            (Self::Registered { .. }, PersonCommand::Correct(correction)) => {
                let PersonCorrection { name, identity, birth_date, phone, home_area, reason } = correction;
                if name.is_none() && identity.is_none() && birth_date.is_none() && phone.is_none() && home_area.is_none() {
                    return Err(PersonRefusal::NothingCorrected);
                }
                let (id_number, document, birth_date) = match identity {
                    Some(Identity { id_number, document, birth_date }) => (Some(id_number), document, Some(birth_date)),
                    None => (None, None, birth_date),
                };
                Ok(vec![PersonEvent::PersonCorrected { name, id_number, document, phone, birth_date, home_area, reason }])
            }
            (Self::Registered { .. }, PersonCommand::Erase) => Ok(vec![PersonEvent::PersonErased {}]),
            (Self::Unknown, PersonCommand::Correct(_) | PersonCommand::Erase) => Err(PersonRefusal::UnknownPerson),
            (Self::Erased, _) => Err(PersonRefusal::PersonIsErased),
        }
    }

    fn apply_event(person: Self, event: PersonEvent) -> Self {
        let kept = |event_type| move |sealed| Kept { sealed, event_type };
        match (person, event) {
            (_, PersonEvent::PersonRegistered { name, id_number, document, phone, birth_date, home_area }) => {
                let kept = kept("PersonRegistered");
                let (name, document, birth_date) = (kept(name), document.map(kept), kept(birth_date));
                Self::Registered { home_area, name, birth_date, id_number: kept(id_number), document, phone: kept(phone) }
            }
            (
                Self::Registered { home_area, name, birth_date, id_number, document, phone },
                PersonEvent::PersonCorrected {
                    home_area: area,
                    name: right,
                    birth_date: birth,
                    id_number: number,
                    document: kind,
                    phone: tel,
                    ..
                },
            ) => {
                let kept = kept("PersonCorrected");
                Self::Registered {
                    home_area: area.unwrap_or(home_area),
                    name: right.map_or(name, kept),
                    birth_date: birth.map_or(birth_date, kept),
                    document: if number.is_some() { kind.map(kept) } else { document },
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
        let (document, home_area) = (Some(sealed("passport")), "440402".parse().unwrap());
        given([PersonEvent::PersonRegistered { name, id_number, document, phone, birth_date, home_area }])
    }

    /// Number and kind of the document that is kept.
    fn document(person: &Given<Person>) -> (String, Option<String>) {
        let Person::Registered { id_number, document, .. } = &person.state else { panic!("not registered") };
        (id_number.sealed.text.to_string(), document.as_ref().map(|it| it.sealed.text.to_string()))
    }

    #[test]
    fn another_document_takes_the_place_of_all_of_the_old_one() {
        let correct = |correction| registered().and(PersonCommand::Correct(correction));
        let identity = |document: Option<Sealed>| Identity { id_number: sealed("new"), document, birth_date: sealed("new birth") };
        let none = PersonCorrection::default;
        let told_by_number = correct(PersonCorrection { identity: Some(identity(None)), ..none() });
        assert_eq!(document(&told_by_number), ("new".to_owned(), None));
        let other = correct(PersonCorrection { identity: Some(identity(Some(sealed("permit")))), ..none() });
        assert_eq!(document(&other), ("new".to_owned(), Some("permit".to_owned())));
        for stays in [PersonCorrection { name: Some(sealed("n")), ..none() }, PersonCorrection { birth_date: Some(sealed("b")), ..none() }]
        {
            assert_eq!(document(&correct(stays)), ("id".to_owned(), Some("passport".to_owned())));
        }
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
