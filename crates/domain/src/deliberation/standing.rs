//! The council as it is: who sits in it on a day, and how many «all» are then. A meeting asks it anew whenever it counts.

use std::collections::BTreeSet;

use super::{
    charter::Charter,
    council::{Council, CouncilRefusal},
};
use crate::values::{Day, PersonId};

/// Who sits in a council on a day, and how many «all» are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// On this day, the tenant's.
    pub on: Day,
    /// Who sits; nobody in a council that is dissolved.
    pub representatives: BTreeSet<PersonId>,
    /// All seats of the charter in force, if it counts vacant ones too among those entitled.
    pub charter_seats: Option<u32>,
}

impl Standing {
    /// Whether this person sits.
    pub fn sits(&self, person: PersonId) -> bool {
        self.representatives.contains(&person)
    }

    /// How many «all» are, as the charter counts them.
    pub fn entitled(&self) -> u64 {
        self.entitled_with(&BTreeSet::new())
    }

    /// How many «all» are, whoever has cast a vote among them: who left the seat after that has voted all the same.
    pub fn entitled_with(&self, cast: &BTreeSet<PersonId>) -> u64 {
        let people = self.representatives.union(cast).count() as u64;
        self.charter_seats.map_or(people, |seats| people.max(seats.into()))
    }
}

impl Council {
    /// The council was there on this day: nothing of it is dated before.
    ///
    /// # Errors
    /// Days before it was established.
    pub fn require_established(&self, day: Day) -> Result<(), CouncilRefusal> {
        self.established_on.filter(|since| day < *since).map_or(Ok(()), |since| Err(CouncilRefusal::BeforeEstablished { since }))
    }

    /// The council as it is on this day.
    pub fn standing(&self, on: Day) -> Standing {
        let charter_seats = self.charters.last().filter(|_| self.stands_on(on)).and_then(Charter::seats_that_count);
        Standing { on, representatives: self.representatives(on).collect(), charter_seats }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn who(n: u128) -> PersonId {
        PersonId(Uuid::from_u128(n))
    }

    #[test]
    fn who_has_cast_is_one_of_all_even_without_the_seat() {
        let on = Day::from_ymd_opt(2026, 6, 1).unwrap();
        let standing = Standing { on, representatives: [who(1), who(2)].into(), charter_seats: None };
        assert_eq!((standing.entitled(), standing.entitled_with(&[who(2), who(3)].into())), (2, 3));
        let vacant_ones_too = Standing { charter_seats: Some(3), ..standing };
        assert_eq!((vacant_ones_too.entitled(), vacant_ones_too.entitled_with(&[who(3)].into())), (3, 3));
        assert_eq!(vacant_ones_too.entitled_with(&[who(3), who(4)].into()), 4);
    }
}
