//! How much of a person the asker sees.
//!
//! - Who may not see personal data sees a masked name and nothing else.
//! - The ID number is masked even for oneself and for coordinators; the staff of the area see it.
//! - Who holds a public function, held one or stands for one is told by name as such, whoever asks; until erased.

use async_graphql::{Error, ID};
use gongyi_domain::{
    access::{
        authority::{Act, Subject},
        person::{PERSONAL_DATA, WHOLE_ID_NUMBER},
    },
    refusal::Refusal,
    values::{AreaCode, PersonId},
};

use crate::{door::Door, ids};

/// The person it is done in the name of: the asker if nobody is named.
pub(crate) fn in_the_name_of(door: &Door<'_>, id: Option<&ID>, field: &'static str) -> Result<PersonId, Refusal> {
    match id {
        Some(id) => ids::named(id, field),
        None => door.asker.actor.person().ok_or_else(|| Refusal {
            code: "InvalidInput",
            field: Some(field),
            zh: "请指明是谁".to_owned(),
            en: "Say who: you are no registered person".to_owned(),
        }),
    }
}

/// How much the asker sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sight {
    /// A masked name.
    Masked,
    /// Everything, the ID number masked.
    Personal,
    /// Everything.
    Full,
}

impl Sight {
    /// By what the person is about: at home, in an activity, in a record.
    pub(crate) fn of(door: &Door<'_>, subject: &Subject) -> Self {
        if door.allowed(&WHOLE_ID_NUMBER, subject) {
            Self::Full
        } else if door.allowed(&PERSONAL_DATA, subject) {
            Self::Personal
        } else {
            Self::Masked
        }
    }

    /// The name as the asker sees it.
    pub(crate) fn name(self, name: Option<&str>) -> Option<String> {
        match self {
            Self::Masked => name.map(masked_name),
            Self::Personal | Self::Full => name.map(str::to_owned),
        }
    }

    /// The ID number as the asker sees it.
    pub(crate) fn id_number(self, number: Option<&str>) -> Option<String> {
        match self {
            Self::Masked => None,
            Self::Personal => number.map(masked_number),
            Self::Full => number.map(str::to_owned),
        }
    }

    /// Anything else personal.
    pub(crate) fn text<T>(self, text: Option<T>) -> Option<T> {
        text.filter(|_| self > Self::Masked)
    }
}

/// Somebody as met in a council's work, and how much of them the asker sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Met {
    pub(crate) person: PersonId,
    pub(crate) sight: Sight,
}

impl Met {
    /// In a public function: representatives, seated or no more, and what they move, second and propose; who stands for
    /// election; tellers.
    pub(crate) fn in_public(person: PersonId) -> Self {
        Self { person, sight: Sight::Full }
    }

    /// As a resident of an area: voters and their proxies, who raises an issue or reviews, guests, whoever was put forward
    /// and has not accepted.
    pub(crate) fn as_resident(door: &Door<'_>, person: PersonId, area: Option<AreaCode>) -> Self {
        Self { person, sight: Sight::of(door, &Subject::person(person, area)) }
    }

    /// The name as the asker sees it; `None` once erased.
    pub(crate) async fn name(self, door: &Door<'_>) -> Result<Option<String>, Error> {
        let row = door.load(self.person).await?;
        Ok(row.and_then(|row| self.sight.name(row.name.as_deref())))
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
pub(crate) const BY_NAME: &Act = &PERSONAL_DATA;

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
