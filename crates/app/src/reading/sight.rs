//! How much of a person the asker sees: decided here, whatever way the person was reached.
//!
//! - It follows from what is the person's own: where they live, where they are a member, what they do themselves. What others
//!   did with somebody (logged, signed up, seated, put forward) lends no sight of them.
//! - Who sees nothing sees a masked name, and no id by which two masked appearances could be joined.
//! - The staff of what somebody takes part in by their own doing see name and phone.
//! - The ID number is masked even for oneself and for coordinators; the staff of the home area see it.
//! - Who holds a public function is told by name as such, whoever asks, once they have accepted it; until erased.

use gongyi_domain::{
    access::{
        account::account_of,
        authority::{Act, Actor, Subject},
        person::{PERSONAL_DATA, WHOLE_ID_NUMBER},
        public_function::PublicFunction,
    },
    values::{AreaCode, PersonId},
    volunteering::volunteer::volunteer_of,
};

use super::{Rows, Subjects};

/// How much the asker sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// A masked name.
    Masked,
    /// The name: of who holds a public function.
    Named,
    /// Name and phone: of who takes part by their own doing.
    Contact,
    /// Everything, the ID number masked.
    Personal,
    /// Everything.
    Full,
}

impl Sight {
    /// By one thing that is the person's own: the home, or a membership.
    fn by(actor: &Actor, own: &Subject) -> Self {
        if WHOLE_ID_NUMBER.may(actor, own).is_ok() {
            Self::Full
        } else if PERSONAL_DATA.may(actor, own).is_ok() {
            Self::Personal
        } else {
            Self::Masked
        }
    }

    /// By something that the person takes part in by their own doing.
    pub fn of_own_doing(actor: &Actor, taken_part_in: &Subject) -> Self {
        let nobody = Subject { person: None, ..taken_part_in.clone() };
        if PERSONAL_DATA.may(actor, &nobody).is_ok() { Self::Contact } else { Self::Masked }
    }

    /// The name as the asker sees it.
    pub fn name(self, name: Option<&str>) -> Option<String> {
        match self {
            Self::Masked => name.map(masked_name),
            Self::Named | Self::Contact | Self::Personal | Self::Full => name.map(str::to_owned),
        }
    }

    /// The phone number as the asker sees it.
    pub fn phone<T>(self, phone: Option<T>) -> Option<T> {
        phone.filter(|_| self >= Self::Contact)
    }

    /// The ID number as the asker sees it.
    pub fn id_number(self, number: Option<&str>) -> Option<String> {
        match self {
            Self::Masked | Self::Named | Self::Contact => None,
            Self::Personal => number.map(masked_number),
            Self::Full => number.map(str::to_owned),
        }
    }

    /// Anything else personal.
    pub fn text<T>(self, text: Option<T>) -> Option<T> {
        text.filter(|_| self >= Self::Personal)
    }

    /// What tells who it is beyond the masked name, such as the person's id: by it, two masked appearances would be joined.
    pub fn identity<T>(self, id: T) -> Option<T> {
        Some(id).filter(|_| self >= Self::Named)
    }
}

/// Somebody as met in a council's work, and in which public function, if in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    /// Who.
    pub person: PersonId,
    function: Function,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    None,
    Given(PublicFunction),
    Stands,
}

impl Met {
    /// As a resident: voters and their proxies, who raises an issue or reviews, guests, whoever was put forward and has not
    /// accepted.
    pub fn as_resident(person: PersonId) -> Self {
        Self { person, function: Function::None }
    }

    /// In a public function that was given to them: representatives, seated or no more, and what they move, second and
    /// propose; tellers; reviewers. Named once they have accepted it.
    pub fn in_public(person: PersonId, function: PublicFunction) -> Self {
        Self { person, function: Function::Given(function) }
    }

    /// Standing for election: they have accepted.
    pub fn standing(person: PersonId) -> Self {
        Self { person, function: Function::Stands }
    }
}

/// What the asker sees of persons, for whatever has [`Rows`].
pub trait Seeing: Subjects {
    /// Of a person at home in an area: by the home and by the memberships that hold now.
    fn sight_of(&self, actor: &Actor, person: PersonId, home: Option<AreaCode>) -> impl Future<Output = Result<Sight, Self::Error>> + Send {
        async move {
            let mut sight = Sight::by(actor, &Subject::person(person, home));
            if sight < Sight::Full && !actor.grants().is_empty() {
                for membership in self.memberships(volunteer_of(person)).await? {
                    // A membership is no reason to read a whole ID number.
                    sight = sight.max(Sight::by(actor, &self.organisation_subject(membership.organisation).await?).min(Sight::Personal));
                }
            }
            Ok(sight)
        }
    }

    /// Of somebody met in a council's work, with the name as the asker sees it; no name once erased.
    fn sight_of_met(&self, actor: &Actor, met: &Met) -> impl Future<Output = Result<(Sight, Option<String>), Self::Error>> + Send {
        async move {
            let Some(row) = self.person(met.person).await? else { return Ok((Sight::Masked, None)) };
            let mut sight = self.sight_of(actor, met.person, row.home_area).await?;
            if sight == Sight::Masked {
                let named = match met.function {
                    Function::None => false,
                    Function::Stands => true,
                    Function::Given(function) => self.accepted(met.person, function).await?,
                };
                sight = if named { Sight::Named } else { Sight::Masked };
            }
            Ok((sight, sight.name(row.name.as_deref())))
        }
    }
}

impl<R: Rows> Seeing for R {}

/// Whether what the log says was done by this actor was the person's own doing.
pub fn is_own_doing(by: &str, person: PersonId) -> bool {
    by.strip_prefix("account:").is_some_and(|account| account == account_of(person).to_string())
}

/// The first character and a star, however long the name is.
fn masked_name(name: &str) -> String {
    name.chars().take(1).chain(['*']).collect()
}

/// The first third, which of an ID number is the region, and the last two characters.
fn masked_number(number: &str) -> String {
    let count = number.chars().count();
    let shown = |place| place < count / 3 || place + 2 >= count;
    number.chars().enumerate().map(|(place, it)| if shown(place) { it } else { '*' }).collect()
}

/// Searching and ordering by name tells names: open to whoever may see personal data of all of them.
pub const BY_NAME: &Act = &PERSONAL_DATA;

#[cfg(test)]
mod tests {
    use gongyi_domain::access::authority::{Grant, Role, Scope};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn masks_keep_what_tells_people_apart_and_no_more() {
        assert_eq!(masked_name("张建国"), "张*");
        assert_eq!(masked_name("张"), "张*");
        assert_eq!(masked_number("11010519491231002X"), "110105**********2X");
        assert_eq!(["M12345678", "12345678", "P1234567A", "12345"].map(masked_number), ["M12****78", "12****78", "P12****7A", "1**45"]);
        assert_eq!(Sight::Masked.phone(Some("19901215279")), None);
        assert_eq!(Sight::Masked.id_number(Some("11010519491231002X")), None);
        assert_eq!(Sight::Masked.identity(7), None);
    }

    #[test]
    fn own_doing_shows_how_to_reach_somebody_and_no_more() {
        let taken_part_in = Subject::area("440402001".parse().unwrap());
        let role = |role| Actor::Operator(Grant { role, scope: Scope::Area("440402001".parse().unwrap()) });
        assert_eq!(Sight::of_own_doing(&role(Role::Organiser), &taken_part_in), Sight::Contact);
        assert_eq!(Sight::of_own_doing(&role(Role::Auditor), &taken_part_in), Sight::Masked);
        assert_eq!(Sight::Contact.phone(Some("19901215279")), Some("19901215279"));
        assert_eq!(Sight::Contact.id_number(Some("11010519491231002X")), None);
        assert_eq!(Sight::Contact.text(Some("1949-12-31")), None);
    }

    #[test]
    fn only_the_persons_own_account_does_something_of_their_own_doing() {
        let (person, other) = (PersonId(Uuid::from_u128(7)), PersonId(Uuid::from_u128(8)));
        assert!(is_own_doing(&format!("account:{}", account_of(person)), person));
        for by in [format!("account:{}", account_of(other)), "operator:operator".to_owned(), "anonymous".to_owned()] {
            assert!(!is_own_doing(&by, person), "{by}");
        }
    }
}
