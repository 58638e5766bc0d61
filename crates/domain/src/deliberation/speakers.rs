//! The speakers' list (发言名单) of one agenda item, and who speaks next.
//!
//! - Those who have not spoken on the item come first, if the charter says so.
//! - Sides alternate, if the charter says so: after a speaker for it comes one against it, as long as one is listed.
//! - Otherwise the order is that of the requests.
//! - Nobody is listed twice at once, and nobody has more turns than the charter grants.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::charter::TurnPolicy;
use crate::values::{Instant, PersonId};

/// For what somebody asks to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// 赞成: for the matter.
    For,
    /// 反对: against it.
    Against,
    /// 中立: neither, or a question.
    Neutral,
}

impl Side {
    fn opposite(self) -> Option<Self> {
        match self {
            Self::For => Some(Self::Against),
            Self::Against => Some(Self::For),
            Self::Neutral => None,
        }
    }
}

/// A turn that is being taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Who speaks.
    pub person: PersonId,
    /// For what.
    pub side: Side,
    /// Since when.
    pub began: Instant,
}

/// The list of one item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeakersList {
    /// Those who wait, in the order of their requests.
    pub waiting: Vec<(PersonId, Side)>,
    /// Turns taken on this item, the running one included.
    pub turns: BTreeMap<PersonId, u32>,
    /// The side of the last turn that took one.
    pub last_side: Option<Side>,
    /// Who speaks now.
    pub speaking: Option<Turn>,
}

impl SpeakersList {
    /// Whether the person waits.
    pub fn waits(&self, person: PersonId) -> bool {
        self.waiting.iter().any(|(who, _)| *who == person)
    }

    /// Turns the person has taken on this item.
    pub fn turns_of(&self, person: PersonId) -> u32 {
        self.turns.get(&person).copied().unwrap_or(0)
    }

    /// Those who wait, in the order in which they will be called if nobody else asks.
    pub fn order(&self, policy: &TurnPolicy) -> Vec<(PersonId, Side)> {
        let (mut list, mut order) = (self.clone(), Vec::with_capacity(self.waiting.len()));
        while let Some((person, side)) = list.next(policy) {
            order.push((person, side));
            list.take(person, side);
        }
        order
    }

    /// Who is to be called next.
    pub fn next(&self, policy: &TurnPolicy) -> Option<(PersonId, Side)> {
        let unspoken = |person: &PersonId| self.turns_of(*person) == 0;
        let first_turns = policy.unspoken_first && self.waiting.iter().any(|(person, _)| unspoken(person));
        let eligible = || self.waiting.iter().filter(|(person, _)| !first_turns || unspoken(person));
        let wanted = self.last_side.and_then(Side::opposite).filter(|_| policy.sides_alternate);
        let of_wanted_side = wanted.and_then(|wanted| eligible().find(|(_, side)| *side == wanted));
        of_wanted_side.or_else(|| eligible().next()).copied()
    }

    fn take(&mut self, person: PersonId, side: Side) {
        self.waiting.retain(|(who, _)| *who != person);
        let turns = self.turns.entry(person).or_default();
        *turns = turns.saturating_add(1);
        if side != Side::Neutral {
            self.last_side = Some(side);
        }
    }

    /// The person's turn has begun.
    pub(super) fn begin(&mut self, person: PersonId, side: Side, began: Instant) {
        self.take(person, side);
        self.speaking = Some(Turn { person, side, began });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn who(n: u128) -> PersonId {
        PersonId(Uuid::from_u128(n))
    }

    fn list(waiting: &[(u128, Side)]) -> SpeakersList {
        SpeakersList { waiting: waiting.iter().map(|(n, side)| (who(*n), *side)).collect(), ..SpeakersList::default() }
    }

    fn policy(unspoken_first: bool, sides_alternate: bool) -> TurnPolicy {
        TurnPolicy { seconds_per_turn: 120, turns_per_speaker: 2, sides_alternate, unspoken_first }
    }

    fn order(list: &SpeakersList, policy: &TurnPolicy) -> Vec<u128> {
        list.order(policy).into_iter().map(|(person, _)| person.0.as_u128()).collect()
    }

    #[test]
    fn without_rules_the_order_is_that_of_the_requests() {
        let list = list(&[(1, Side::For), (2, Side::For), (3, Side::Against)]);
        assert_eq!(order(&list, &policy(false, false)), [1, 2, 3]);
    }

    #[test]
    fn sides_alternate_as_long_as_both_are_listed() {
        let list = list(&[(1, Side::For), (2, Side::For), (3, Side::Against), (4, Side::Neutral), (5, Side::Against)]);
        assert_eq!(order(&list, &policy(false, true)), [1, 3, 2, 5, 4]);
    }

    #[test]
    fn who_has_not_spoken_comes_first() {
        let mut list = list(&[(1, Side::For), (2, Side::For), (3, Side::Against)]);
        list.turns.insert(who(1), 1);
        assert_eq!(order(&list, &policy(true, false)), [2, 3, 1]);
    }

    proptest! {
        #[test]
        fn everybody_who_waits_is_called_once(
            waiting in proptest::collection::btree_map(0_u128..20, prop_oneof![Just(Side::For), Just(Side::Against), Just(Side::Neutral)], 0..12),
            spoken in proptest::collection::btree_set(0_u128..20, 0..8),
            unspoken_first: bool,
            alternate: bool,
        ) {
            let mut list = list(&waiting.iter().map(|(n, side)| (*n, *side)).collect::<Vec<_>>());
            list.turns = spoken.into_iter().map(|n| (who(n), 1)).collect();
            let mut called = order(&list, &policy(unspoken_first, alternate));
            if unspoken_first {
                let spoke: Vec<bool> = called.iter().map(|n| list.turns_of(who(*n)) > 0).collect();
                prop_assert!(spoke.is_sorted(), "{spoke:?}");
            }
            called.sort_unstable();
            prop_assert_eq!(called, waiting.into_keys().collect::<Vec<_>>());
        }
    }
}
