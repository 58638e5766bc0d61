//! How much of a person the asker sees.
//!
//! - Who may not see personal data sees a masked name and nothing else.
//! - The ID number is masked even for oneself and for coordinators; the staff of the area see it.
//! - Who holds a public function, held one or stands for one is told by name as such, whoever asks; until erased.

use gongyi_domain::{
    access::{
        authority::{Act, Actor, Subject},
        person::{PERSONAL_DATA, WHOLE_ID_NUMBER},
    },
    values::{AreaCode, PersonId},
};

/// How much the asker sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// A masked name.
    Masked,
    /// Everything, the ID number masked.
    Personal,
    /// Everything.
    Full,
}

impl Sight {
    /// By what the person is about: at home, in an activity, in a record.
    pub fn of(actor: &Actor, subject: &Subject) -> Self {
        if WHOLE_ID_NUMBER.may(actor, subject).is_ok() {
            Self::Full
        } else if PERSONAL_DATA.may(actor, subject).is_ok() {
            Self::Personal
        } else {
            Self::Masked
        }
    }

    /// The name as the asker sees it.
    pub fn name(self, name: Option<&str>) -> Option<String> {
        match self {
            Self::Masked => name.map(masked_name),
            Self::Personal | Self::Full => name.map(str::to_owned),
        }
    }

    /// The ID number as the asker sees it.
    pub fn id_number(self, number: Option<&str>) -> Option<String> {
        match self {
            Self::Masked => None,
            Self::Personal => number.map(masked_number),
            Self::Full => number.map(str::to_owned),
        }
    }

    /// Anything else personal.
    pub fn text<T>(self, text: Option<T>) -> Option<T> {
        text.filter(|_| self > Self::Masked)
    }
}

/// Somebody as met in a council's work, and how much of them the asker sees.
#[derive(Debug, Clone, Copy)]
pub struct Met {
    /// Who.
    pub person: PersonId,
    /// How much of them is seen.
    pub sight: Sight,
}

impl Met {
    /// In a public function: representatives, seated or no more, and what they move, second and propose; who stands for
    /// election; tellers.
    pub fn in_public(person: PersonId) -> Self {
        Self { person, sight: Sight::Full }
    }

    /// As a resident of an area: voters and their proxies, who raises an issue or reviews, guests, whoever was put forward
    /// and has not accepted.
    pub fn as_resident(actor: &Actor, person: PersonId, area: Option<AreaCode>) -> Self {
        Self { person, sight: Sight::of(actor, &Subject::person(person, area)) }
    }
}

/// The first character and a star, however long the name is.
fn masked_name(name: &str) -> String {
    name.chars().take(1).chain(['*']).collect()
}

/// The region and the last two characters.
fn masked_number(number: &str) -> String {
    let count = number.chars().count();
    let shown = |place| place < 6 || place + 2 >= count;
    number.chars().enumerate().map(|(place, it)| if shown(place) { it } else { '*' }).collect()
}

/// Searching and ordering by name tells names: open to whoever may see personal data of all of them.
pub const BY_NAME: &Act = &PERSONAL_DATA;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_what_tells_people_apart_and_no_more() {
        assert_eq!(masked_name("张建国"), "张*");
        assert_eq!(masked_name("张"), "张*");
        assert_eq!(masked_number("11010519491231002X"), "110105**********2X");
        assert_eq!(Sight::Masked.text(Some("19901215279")), None);
        assert_eq!(Sight::Masked.id_number(Some("11010519491231002X")), None);
    }
}
