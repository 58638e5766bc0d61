//! The single transferable vote by Meek's rules: every elected option keeps just what it needs of each ballot, the rest
//! goes on to the next preference. With one place this is the alternative vote (instant run-off).
//!
//! B. L. Meek's method as it is published (Hill, Wichmann, Woodall, «Algorithm 123», The Computer Journal 30, 1987), but in
//! numbers as exact as it takes (`meek`), and with every lot followed instead of one drawn:
//!
//! - Elected is who has more than V / (places + 1), where V is all votes that are not exhausted.
//! - If nobody has, whoever has the fewest votes is excluded. Among several with the fewest a lot decides.
//! - Elected is who is elected under every order of the lots; tied is who is elected under some of them only.
//! - Nobody is elected without a vote: where fewer options are named than there are places, places stay open.
//! - A state of the count is who is elected and who excluded, whichever lots led there, and is followed once. With more than
//!   [`STATES_MAX`] of them, all who are undecided count as tied, and the tally says so.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TooManyToCount;
use meek::{Interval, Orders, Votes};
pub use stages::{Stage, StageVotes};

mod meek;
mod stages;
mod two_lots;

/// States of one count that are followed, at most.
pub const STATES_MAX: usize = 10_000;

/// How ranked ballots are counted. Kept with the tally: a count is checked by the rule that made it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RankedRule {
    /// Twice with opposite lots, in decimals with nine places, as the tallies were made that name no rule.
    #[default]
    TwoLots,
    /// With every lot followed, as tallies are made now.
    EveryLot,
}

impl RankedRule {
    /// Whether a tally leaves it unsaid.
    pub(super) fn is_unsaid(&self) -> bool {
        *self == Self::TwoLots
    }
}

/// Equal orders of preference, counted.
#[derive(Debug, Clone)]
pub struct Rankings {
    options: u16,
    orders: BTreeMap<Vec<u16>, u64>,
}

/// Who fills the places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placing {
    /// The elected, in the order of their election; from the first lot on in the ballot's order.
    pub elected: Vec<u16>,
    /// Who ties for the rest of the places.
    pub tied: Vec<u16>,
    /// Whether the lots lead to more than [`STATES_MAX`] states, so that who is tied may in truth be elected or not.
    pub too_many_ties: bool,
    /// The course of the count until it ends or a lot would decide; by [`RankedRule::TwoLots`] nothing is told of it.
    pub stages: Vec<Stage>,
}

/// How an option stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Hopeful,
    Elected,
    Excluded,
}

/// How every option stands, in the ballot's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct State(Vec<Standing>);

/// A state in which nobody more is elected before somebody is excluded.
struct Settled {
    state: State,
    /// Who was elected on the way to it, first first.
    elected: Vec<u16>,
    /// Whom to exclude now; one of these by lot, nobody if the count ends.
    exclusions: Vec<Vec<u16>>,
}

impl Rankings {
    /// Nothing is counted yet.
    pub fn new(options: u16) -> Self {
        Self { options, orders: BTreeMap::new() }
    }

    /// Counts an order, without gaps and repetitions, on so many ballots.
    ///
    /// # Errors
    /// A count that does not fit.
    pub fn add(&mut self, order: &[u16], ballots: u64) -> Result<(), TooManyToCount> {
        if ballots > 0 {
            let known = self.orders.entry(order.to_vec()).or_default();
            *known = known.checked_add(ballots).ok_or(TooManyToCount)?;
        }
        Ok(())
    }

    /// Who is elected to so many places, and who ties for the rest of them, by this rule.
    ///
    /// # Errors
    /// A count that does not fit, by [`RankedRule::TwoLots`].
    pub fn elect(&self, places: u16, rule: RankedRule) -> Result<Placing, TooManyToCount> {
        match rule {
            RankedRule::TwoLots => self.elect_by_two_lots(places),
            RankedRule::EveryLot => Ok(self.elect_by_every_lot(places)),
        }
    }

    fn elect_by_every_lot(&self, places: u16) -> Placing {
        let orders = Orders::of(&self.orders);
        // States by how many they exclude: once a state's turn has come, no lot leads to it any more.
        let mut open = BTreeMap::from([(0, BTreeSet::from([State(vec![Standing::Hopeful; self.options.into()])]))]);
        let (mut states, mut last, mut before_lots, mut lots, mut stages) = (1, vec![], vec![], false, vec![]);
        while let Some((_, level)) = open.pop_first() {
            let settled: Vec<Settled> =
                level.into_iter().map(|state| state.settled(&orders, places, (!lots).then_some(&mut stages))).collect();
            if !lots {
                before_lots.extend(settled.iter().flat_map(|it| &it.elected));
                lots = settled.iter().any(|it| it.exclusions.len() > 1);
            }
            let too_many_ties = settled.iter().flat_map(Settled::next).any(|next| {
                states += usize::from(open.entry(next.all(Standing::Excluded).count()).or_default().insert(next));
                states > STATES_MAX
            });
            if too_many_ties {
                // A whole level with all that is open: the same whatever the options are called.
                last.extend(settled.into_iter().map(|it| it.state));
                last.extend(open.into_values().flatten());
                return Placing { stages, ..self.placing(before_lots, &last, true) };
            }
            last.extend(settled.into_iter().filter(|it| it.exclusions.is_empty()).map(|it| it.state));
        }
        Placing { stages, ..self.placing(before_lots, &last, false) }
    }

    /// What the last states of a count say together, after these were elected without a lot.
    fn placing(&self, mut elected: Vec<u16>, last: &[State], too_many_ties: bool) -> Placing {
        let options = || 1..=self.options;
        elected.extend(options().filter(|it| last.iter().all(|state| state.standing(*it) == Standing::Elected)));
        let mut seen = BTreeSet::new();
        elected.retain(|it| seen.insert(*it));
        let tied = options().filter(|it| !seen.contains(it) && last.iter().any(|state| state.standing(*it) != Standing::Excluded));
        Placing { tied: tied.collect(), elected, too_many_ties, stages: vec![] }
    }
}

/// Who is over the threshold, most votes first. What cannot be told from the threshold is not over it.
fn over_threshold(votes: &Votes, places: u16) -> Vec<u16> {
    let is_over = |it: &&(u16, Interval)| &it.1.least * (u32::from(places) + 1) > votes.active.most;
    let mut over: Vec<&(u16, Interval)> = votes.hopeful.iter().filter(is_over).collect();
    over.sort_by(|one, other| other.1.least.cmp(&one.1.least));
    over.into_iter().map(|(option, _)| *option).collect()
}

/// Whom to exclude while nobody is over the threshold: one of these choices, by lot.
///
/// Options that have fewer votes together than any other alone go at once: lots would exclude them one after the other.
/// For all the hopeful together have one threshold more than there are places open; thresholds never rise, and whoever is
/// elected takes one along, which is no less than the votes they have now. As nobody's votes fall meanwhile, these options
/// never have more together than now, and until all are gone one of them has the fewest votes. Nor is one of them elected:
/// whoever else is hopeful is over the threshold first, and they are enough for the open places.
fn exclusions(mut hopeful: Vec<(u16, Interval)>, open_places: usize) -> Vec<Vec<u16>> {
    hopeful.sort_by(|(_, one), (_, other)| one.most.cmp(&other.most));
    let (mut lost, mut together) = (0, BigInt::ZERO);
    for (at, (_, votes)) in hopeful.iter().enumerate() {
        together += &votes.most;
        let others = &hopeful[at + 1..];
        if others.len() >= open_places && others.iter().all(|(_, votes)| votes.least > together) {
            lost = at + 1;
        }
    }
    let named = |of: &[(u16, Interval)]| of.iter().map(|(option, _)| *option).collect();
    match (lost, hopeful.first()) {
        (0, Some((_, fewest))) => hopeful.iter().filter(|it| it.1.least <= fewest.most).map(|it| vec![it.0]).collect(),
        _ => vec![named(&hopeful[..lost])],
    }
}

impl Settled {
    /// The states that the lots lead to.
    fn next(&self) -> impl Iterator<Item = State> {
        self.exclusions.iter().map(|excluded| {
            let mut next = self.state.clone();
            excluded.iter().for_each(|option| next.put(*option, Standing::Excluded));
            next
        })
    }
}

impl State {
    /// Elects whoever is over the threshold, until nobody more is. The stages of this are told if asked for.
    fn settled(self, orders: &Orders, places: u16, mut told: Option<&mut Vec<Stage>>) -> Settled {
        let mut state = self;
        let mut elected = vec![];
        loop {
            let filled = state.all(Standing::Elected).count() >= places.into();
            let Some(votes) = (if filled { None } else { Votes::of(orders, &state, places) }) else {
                state.0.iter_mut().filter(|it| **it == Standing::Hopeful).for_each(|it| *it = Standing::Excluded);
                return Settled { state, elected, exclusions: vec![] };
            };
            let over = over_threshold(&votes, places);
            let stage = told.is_some().then(|| Stage::of(&votes, places));
            if over.is_empty() {
                let open = usize::from(places) - state.all(Standing::Elected).count();
                let exclusions = exclusions(votes.hopeful, open);
                if let (Some(told), Some(stage)) = (&mut told, stage) {
                    let (excluded, alike) = match &exclusions[..] {
                        [excluded] => (excluded.clone(), vec![]),
                        several => (vec![], several.concat()),
                    };
                    told.push(Stage { excluded, alike, ..stage });
                }
                return Settled { state, elected, exclusions };
            }
            if let (Some(told), Some(stage)) = (&mut told, stage) {
                told.push(Stage { elected: over.clone(), ..stage });
            }
            over.iter().for_each(|option| state.put(*option, Standing::Elected));
            elected.extend(over);
        }
    }

    fn all(&self, wanted: Standing) -> impl Iterator<Item = u16> {
        (1..).zip(&self.0).filter(move |(_, standing)| **standing == wanted).map(|(option, _)| option)
    }

    /// How an option stands; one that is not on the ballot counts for nothing.
    fn standing(&self, option: u16) -> Standing {
        let at = usize::from(option).checked_sub(1);
        at.and_then(|at| self.0.get(at)).copied().unwrap_or(Standing::Excluded)
    }

    fn put(&mut self, option: u16, standing: Standing) {
        if let Some(it) = usize::from(option).checked_sub(1).and_then(|at| self.0.get_mut(at)) {
            *it = standing;
        }
    }
}

#[cfg(test)]
#[path = "ranked_tests.rs"]
mod tests;
