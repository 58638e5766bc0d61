//! Votes by Meek's rules in a state of the count, as intervals that hold the true numbers.
//!
//! Of what reaches an elected option it keeps its keep factor's part, and the rest goes on. Meek's keep factors are those
//! with which each elected option has the threshold: the fixed point of F, which gives each the threshold over what
//! reaches it, and at most 1.
//!
//! - F is isotone: who keeps more leaves less to others and lets fewer votes exhaust. And its fixed point is the only one:
//!   of two, the greater would leave less to the hopeful, who have a fixed part of the votes that are not exhausted, of
//!   which it would leave more. So what F raises lies below the fixed point, what F lowers above it, and F applied again
//!   and again to 0 and to 1 encloses it.
//! - Newton's method in floats shortens the way; where it leads counts only once F has proven it.
//! - Numbers are scaled integers, rounded away from what they enclose. Before anybody is elected nothing is rounded.

use std::{collections::BTreeMap, iter, mem};

use num_bigint::{BigInt, Sign};

use super::{Standing, State};

/// Binary digits after the point; with these a keep factor still fits an `i128`.
pub(super) const SCALE_BITS: u32 = 126;
/// How closely keep factors are enclosed, scaled: 10⁻³⁰.
const KEEP_MAX_WIDTH: i128 = (1 << SCALE_BITS) / 10_i128.pow(30);
/// How often F is applied, at most; it takes a handful before Newton's method succeeds.
const ROUNDS_MAX: u32 = 1_000;
/// Rounds before Newton's method is first tried.
const ROUNDS_BEFORE_NEWTON: u32 = 4;
/// Steps of Newton's method; far from the fixed point it may lead nowhere.
const NEWTON_MAX_STEPS: usize = 12;
/// A step so short that the next would be shorter than can be told.
const NEWTON_LAST_STEP: f64 = 1e-32;

/// A number between these two, both included.
#[derive(Debug, Clone)]
pub(super) struct Interval {
    /// It is not less.
    pub least: BigInt,
    /// It is not more.
    pub most: BigInt,
}

/// What the ballots give in a state, scaled.
#[derive(Debug)]
pub(super) struct Votes {
    /// The votes of every hopeful option, in the ballot's order.
    pub hopeful: Vec<(u16, Interval)>,
    /// All votes that are not exhausted.
    pub active: Interval,
    /// All votes.
    ballots: u128,
}

/// Orders of preference, one behind the other, to be gone through again and again.
#[derive(Debug)]
pub(super) struct Orders {
    options: Vec<u16>,
    /// Where each order ends, and on how many ballots it is.
    ends: Vec<(usize, u64)>,
}

impl Orders {
    pub fn of(counted: &BTreeMap<Vec<u16>, u64>) -> Self {
        let ends = counted.iter().scan(0, |end, (order, ballots)| {
            *end += order.len();
            Some((*end, *ballots))
        });
        Self { ends: ends.collect(), options: counted.keys().flatten().copied().collect() }
    }

    fn iter(&self) -> impl Iterator<Item = (&[u16], u128)> {
        let mut begin = 0;
        self.ends.iter().map(move |(end, ballots)| (&self.options[mem::replace(&mut begin, *end)..*end], u128::from(*ballots)))
    }
}

impl Votes {
    /// The votes in a state; none if no hopeful option has any, so that nothing more can happen.
    pub fn of(orders: &Orders, state: &State, places: u16) -> Option<Self> {
        let flow = Flow::of(orders, state, places);
        if flow.stops.iter().all(|stop| stop.hopeful.is_empty()) {
            return None;
        }
        let (below, above) = flow.enclosed();
        let hopeful: Vec<_> = state
            .all(Standing::Hopeful)
            .map(|option| {
                let votes = |reached: &Reached| reached.votes.get(&option).cloned().unwrap_or_default();
                (option, Interval { least: votes(&above), most: votes(&below) })
            })
            .collect();
        let active = Interval { least: below.active, most: above.active };
        Some(Self { hopeful, active, ballots: flow.ballots })
    }

    /// The votes that are exhausted, at most.
    pub fn exhausted(&self) -> BigInt {
        one() * self.ballots - &self.active.least
    }
}

/// Ballots as they pass one elected option after the other: a tree of stops, the first of which is no option's.
struct Flow {
    /// The threshold is so much of the votes that are not exhausted.
    thresholds: u32,
    elected: usize,
    ballots: u128,
    stops: Vec<Stop>,
}

/// An elected option after certain others.
#[derive(Default)]
struct Stop {
    /// The stop before; always an earlier one.
    before: usize,
    /// Which of the elected stands here.
    elected: usize,
    /// Ballots that come here.
    ballots: u128,
    /// Of these, ballots that go on to a hopeful option.
    hopeful: BTreeMap<u16, u128>,
    /// Of these, ballots that name nobody else.
    exhausted: u128,
}

/// Which side of the fixed point the keep factors are on.
#[derive(Clone, Copy)]
enum Side {
    Below,
    Above,
}

/// What comes of certain keep factors.
struct Reached {
    /// F of them.
    keep: Vec<BigInt>,
    votes: BTreeMap<u16, BigInt>,
    active: BigInt,
}

impl Flow {
    fn of(orders: &Orders, state: &State, places: u16) -> Self {
        let elected: BTreeMap<u16, usize> = state.all(Standing::Elected).zip(0..).collect();
        let mut flow = Self { thresholds: u32::from(places) + 1, elected: elected.len(), ballots: 0, stops: vec![Stop::default()] };
        let mut next: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (order, ballots) in orders.iter() {
            flow.ballots += ballots;
            let (mut at, mut hopeful) = (0, None);
            for option in order {
                match state.standing(*option) {
                    Standing::Excluded => {}
                    Standing::Elected => {
                        let elected = elected[option];
                        at = *next.entry((at, elected)).or_insert_with(|| {
                            flow.stops.push(Stop { before: at, elected, ..Stop::default() });
                            flow.stops.len() - 1
                        });
                        flow.stops[at].ballots += ballots;
                    }
                    Standing::Hopeful => {
                        hopeful = Some(*option);
                        break;
                    }
                }
            }
            match hopeful {
                Some(option) => *flow.stops[at].hopeful.entry(option).or_default() += ballots,
                None => flow.stops[at].exhausted += ballots,
            }
        }
        flow
    }

    /// What comes of keep factors just below and just above Meek's.
    fn enclosed(&self) -> (Reached, Reached) {
        let (mut below, mut above) = (vec![BigInt::ZERO; self.elected], vec![one(); self.elected]);
        let mut round = 0;
        loop {
            let reached = (self.at(&below, Side::Below), self.at(&above, Side::Above));
            let narrow = below.iter().zip(&above).all(|(below, above)| above - below <= BigInt::from(KEEP_MAX_WIDTH));
            if narrow || round == ROUNDS_MAX {
                return reached;
            }
            (below, above) = (reached.0.keep, reached.1.keep);
            round += 1;
            if round >= ROUNDS_BEFORE_NEWTON
                && round.is_power_of_two()
                && let Some(found) = self.newton(&below, &above)
            {
                return found;
            }
        }
    }

    /// What comes of these keep factors: not less than the truth in what falls with them, and not more in what rises, if
    /// they are below Meek's; the other way round above.
    fn at(&self, keep: &[BigInt], side: Side) -> Reached {
        let one = one();
        let up = match side {
            Side::Below => &one - 1,
            Side::Above => BigInt::ZERO,
        };
        // The part of each ballot that goes on from a stop.
        let mut parts: Vec<BigInt> = vec![];
        let mut comes = vec![BigInt::ZERO; self.elected];
        let (mut votes, mut exhausted) = (BTreeMap::<u16, BigInt>::new(), BigInt::ZERO);
        for (at, stop) in self.stops.iter().enumerate() {
            if at == 0 {
                parts.push(one.clone());
            } else {
                let part = &parts[stop.before];
                comes[stop.elected] += part * stop.ballots;
                let rest: BigInt = (part * (&one - &keep[stop.elected]) + &up) >> SCALE_BITS;
                parts.push(rest);
            }
            stop.hopeful.iter().for_each(|(option, ballots)| *votes.entry(*option).or_default() += &parts[at] * *ballots);
            exhausted += &parts[at] * stop.exhausted;
        }
        let active = &one * self.ballots - exhausted;
        let keep = comes.into_iter().map(|comes| {
            let (threshold, comes) = (&active << SCALE_BITS, comes * self.thresholds);
            match side {
                _ if comes <= active => one.clone(),
                Side::Below => threshold / comes,
                Side::Above => (threshold + &comes - 1) / comes,
            }
        });
        Reached { keep: keep.collect(), votes, active }
    }

    /// A narrow enclosure by Newton's method, from between these two; none if it leads astray.
    fn newton(&self, below: &[BigInt], above: &[BigInt]) -> Option<(Reached, Reached)> {
        let mut keep: Vec<BigInt> = below.iter().zip(above).map(|(below, above)| (below + above) >> 1).collect();
        for _ in 0..NEWTON_MAX_STEPS {
            let slope = self.slope(&keep.iter().map(float).collect::<Vec<_>>());
            let lacking = self.at(&keep, Side::Above).keep.iter().zip(&keep).map(|(to, from)| float(&(to - from))).collect();
            let step = solved(slope.clone(), lacking)?;
            keep.iter_mut().zip(&step).for_each(|(keep, step)| *keep += scaled(*step));
            if !keep.iter().all(|keep| keep.sign() == Sign::Plus && *keep < one()) {
                return None;
            }
            if step.iter().all(|step| step.abs() <= NEWTON_LAST_STEP) {
                return self.proven(&keep, slope);
            }
        }
        None
    }

    /// What comes of keep factors close below and close above these, if F proves that they enclose its fixed point.
    fn proven(&self, keep: &[BigInt], slope: Vec<Vec<f64>>) -> Option<(Reached, Reached)> {
        // In this direction F changes less than its argument, in every one of the keep factors.
        let direction = solved(slope, vec![1.0; keep.len()])?;
        let longest = direction.iter().copied().fold(0.0, f64::max);
        let margin = direction.iter().map(|it| scaled(it / longest * float(&BigInt::from(KEEP_MAX_WIDTH / 2))));
        let (below, above): (Vec<BigInt>, Vec<BigInt>) = keep.iter().zip(margin).map(|(keep, by)| (keep - &by, keep + by)).unzip();
        if below.iter().any(|keep| keep.sign() == Sign::Minus) {
            return None;
        }
        let reached = (self.at(&below, Side::Below), self.at(&above, Side::Above));
        let raised = reached.0.keep.iter().zip(&below).all(|(to, from)| to >= from);
        let lowered = reached.1.keep.iter().zip(&above).all(|(to, from)| to <= from);
        (raised && lowered).then_some(reached)
    }

    /// The unit matrix less the derivatives of F, a row for each of its values, at these keep factors.
    fn slope(&self, keep: &[f64]) -> Vec<Vec<f64>> {
        let mut parts = vec![];
        let (mut comes, mut comes_by) = (vec![0.0; self.elected], vec![vec![0.0; self.elected]; self.elected]);
        let (mut active, mut active_by) = (self.ballots as f64, vec![0.0; self.elected]);
        for (at, stop) in self.stops.iter().enumerate() {
            if at == 0 {
                parts.push(1.0);
            } else {
                let arriving = stop.ballots as f64 * parts[stop.before];
                comes[stop.elected] += arriving;
                self.passed(stop.before).for_each(|of| comes_by[stop.elected][of] -= arriving / (1.0 - keep[of]));
                parts.push(parts[stop.before] * (1.0 - keep[stop.elected]));
            }
            let ends = stop.exhausted as f64 * parts[at];
            active -= ends;
            self.passed(at).for_each(|of| active_by[of] += ends / (1.0 - keep[of]));
        }
        let row = |of: usize| {
            let threshold = f64::from(self.thresholds) * comes[of];
            let by = |other: usize| (active_by[other] - active * comes_by[of][other] / comes[of]) / threshold;
            (0..self.elected).map(|other| f64::from(u8::from(other == of)) - by(other)).collect()
        };
        (0..self.elected).map(row).collect()
    }

    /// The elected options that a ballot has passed when it leaves a stop.
    fn passed(&self, stop: usize) -> impl Iterator<Item = usize> {
        let stops = iter::successors(Some(stop), |at| Some(self.stops[*at].before));
        stops.take_while(|at| *at != 0).map(|at| self.stops[at].elected)
    }
}

/// 1, scaled.
fn one() -> BigInt {
    BigInt::from(1_i128 << SCALE_BITS)
}

/// A scaled number of at most 1 as a float.
fn float(number: &BigInt) -> f64 {
    i128::try_from(number).map_or(f64::NAN, |number| number as f64 / (1_i128 << SCALE_BITS) as f64)
}

/// A float as a scaled number.
fn scaled(number: f64) -> BigInt {
    BigInt::from((number * (1_i128 << SCALE_BITS) as f64) as i128)
}

/// Solves linear equations by Gauss' elimination; none if they have no single solution.
fn solved(mut rows: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let many = right.len();
    for column in 0..many {
        let largest = (column..many).max_by(|one, other| rows[*one][column].abs().total_cmp(&rows[*other][column].abs()))?;
        rows.swap(column, largest);
        right.swap(column, largest);
        let (above, below) = rows.split_at_mut(column + 1);
        let pivot = &above[column];
        if !pivot[column].is_normal() {
            return None;
        }
        for (row, at) in below.iter_mut().zip(column + 1..) {
            let times = row[column] / pivot[column];
            row.iter_mut().zip(pivot).skip(column).for_each(|(it, of)| *it -= times * of);
            right[at] -= times * right[column];
        }
    }
    for at in (0..many).rev() {
        let known: f64 = (at + 1..many).map(|other| rows[at][other] * right[other]).sum();
        right[at] = (right[at] - known) / rows[at][at];
    }
    Some(right)
}
