//! The Method of Equal Shares for approval ballots, exactly.
//!
//! Everybody who voted has the same share of the budget. A project can be bought if its supporters have at least its cost
//! left; they pay alike, but nobody more than they have left. Of all that can be bought, the one is bought whose payment is
//! lowest per unit of satisfaction. Ballots alike have the same left at any time, so they are one account.
//!
//! All accounts stand over one denominator, which a purchase multiplies by the number of those who pay the full payment:
//! so amounts stay whole numbers, however many purchases there are, and nothing is ever rounded.

use std::cmp::Ordering;

use num_bigint::BigUint;

use super::{Approvals, Candidate, Completion, Course, Measure, Reason, candidate};

/// How often shares are raised, at most.
const RAISES_MAX: u64 = 10_000;

/// A share of cents.
#[derive(Debug, Clone)]
struct Ratio {
    over: BigUint,
    under: BigUint,
}

impl Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.over * &other.under).cmp(&(&other.over * &self.under))
    }

    fn rounded_down(&self) -> u64 {
        u64::try_from(&self.over / &self.under).unwrap_or(u64::MAX)
    }
}

/// What a project would cost its supporters.
struct Offer {
    /// Payment per unit of satisfaction: an old one is a lower bound, for accounts only shrink.
    price: Ratio,
    /// Those who pay the full payment, ...
    payers: u64,
    /// ... and what they pay together, over the common denominator.
    rest: BigUint,
}

/// Ballots alike.
struct Account {
    ballots: u64,
    left: BigUint,
}

struct Accounts<'a> {
    candidates: &'a [Candidate],
    measure: Measure,
    accounts: Vec<Account>,
    denominator: BigUint,
    /// The accounts of each candidate's supporters, by number less one.
    supporters: Vec<Vec<usize>>,
}

/// One purchase.
#[derive(Clone)]
struct Purchase {
    candidate: u16,
    reason: Reason,
}

impl<'a> Accounts<'a> {
    /// Everybody has the same share of `budget`, and `raise` cents more.
    fn new(course: &Course<'a>, approvals: &[Approvals], measure: Measure, voters: u64, raise: u64) -> Self {
        let share = BigUint::from(course.left) + BigUint::from(raise) * voters;
        let mut supporters = vec![vec![]; course.candidates.len()];
        let mut accounts = vec![];
        for approval in approvals.iter().filter(|it| it.ballots > 0) {
            for number in approval.candidates.iter().filter(|it| course.open.contains(it)) {
                supporters[usize::from(*number).saturating_sub(1)].push(accounts.len());
            }
            accounts.push(Account { ballots: approval.ballots, left: share.clone() });
        }
        Self { candidates: course.candidates, measure, accounts, denominator: BigUint::from(voters), supporters }
    }

    fn supporters(&self, number: u16) -> &[usize] {
        &self.supporters[usize::from(number).saturating_sub(1)]
    }

    fn satisfaction(&self, number: u16) -> u64 {
        match self.measure {
            Measure::Cost => candidate(self.candidates, number).cost.get(),
            Measure::Count => 1,
        }
    }

    fn heads(&self, number: u16) -> u64 {
        self.supporters(number).iter().map(|it| self.accounts[*it].ballots).sum()
    }

    /// What its supporters have left together, in cents.
    fn held(&self, number: u16) -> Ratio {
        let over = self.supporters(number).iter().map(|it| &self.accounts[*it].left * self.accounts[*it].ballots).sum();
        Ratio { over, under: self.denominator.clone() }
    }

    /// What every supporter pays at least.
    fn bound(&self, number: u16) -> Ratio {
        let under = BigUint::from(self.heads(number)) * self.satisfaction(number);
        Ratio { over: BigUint::from(candidate(self.candidates, number).cost.get()), under }
    }

    /// What its supporters would pay now; `None` if they cannot.
    fn offer(&self, number: u16) -> Option<Offer> {
        let mut rest = BigUint::from(candidate(self.candidates, number).cost.get()) * &self.denominator;
        let mut payers = self.heads(number);
        let mut accounts: Vec<&Account> = self.supporters(number).iter().map(|it| &self.accounts[*it]).collect();
        accounts.sort_unstable_by(|a, b| a.left.cmp(&b.left));
        // Who has less than an equal part of what is still to be paid pays all there is.
        for account in accounts {
            if rest <= &account.left * payers {
                let under = &self.denominator * payers * self.satisfaction(number);
                return Some(Offer { price: Ratio { over: rest.clone(), under }, payers, rest });
            }
            rest -= &account.left * account.ballots;
            payers -= account.ballots;
        }
        None
    }

    /// Its supporters pay.
    fn buy(&mut self, number: u16, offer: &Offer) -> Purchase {
        let supporters = self.heads(number);
        let payment = Ratio { over: offer.rest.clone(), under: &self.denominator * offer.payers };
        self.denominator *= offer.payers;
        for account in &mut self.accounts {
            account.left *= offer.payers;
        }
        for place in &self.supporters[usize::from(number).saturating_sub(1)] {
            let left = &mut self.accounts[*place].left;
            *left = if *left > offer.rest { &*left - &offer.rest } else { BigUint::ZERO };
        }
        Purchase { candidate: number, reason: Reason::Shared { supporters, payment: payment.rounded_down() } }
    }

    /// Buys what can be bought, the lowest payment first.
    fn buy_all(&mut self, by_support: &[u16]) -> Vec<Purchase> {
        let mut bought = vec![];
        let open = by_support.iter().filter(|number| self.heads(**number) > 0);
        let mut bounds: Vec<(u16, Ratio)> = open.map(|number| (*number, self.bound(*number))).collect();
        loop {
            // A stable sort of what stands in the order of support: the first of those alike wins the tie.
            bounds.sort_by(|a, b| a.1.cmp(&b.1));
            let mut best: Option<(u16, Offer)> = None;
            let mut beyond = vec![];
            for (number, bound) in &mut bounds {
                if best.as_ref().is_some_and(|(_, offer)| bound.cmp(&offer.price).is_gt()) {
                    break;
                }
                let Some(offer) = self.offer(*number) else {
                    beyond.push(*number);
                    continue;
                };
                *bound = offer.price.clone();
                let rank = |number: u16| by_support.iter().position(|it| *it == number);
                let wins = best
                    .as_ref()
                    .is_none_or(|(other, held)| offer.price.cmp(&held.price).then_with(|| rank(*number).cmp(&rank(*other))).is_lt());
                if wins {
                    best = Some((*number, offer));
                }
            }
            let Some((number, offer)) = best else { return bought };
            let group = candidate(self.candidates, number).group;
            let rival = |other: u16| group.is_some() && candidate(self.candidates, other).group == group;
            bounds.retain(|(it, _)| *it != number && !beyond.contains(it) && !rival(*it));
            bought.push(self.buy(number, &offer));
        }
    }
}

/// What was bought with one share.
struct Run<'a> {
    bought: Vec<Purchase>,
    after: Accounts<'a>,
}

/// Funds what supporters buy, and completes. Answers everybody's last share in cents, rounded down; `None` if nobody voted.
pub(super) fn complete(course: &mut Course<'_>, approvals: &[Approvals], measure: Measure, completion: Completion) -> Option<u64> {
    let voters = approvals.iter().map(|it| it.ballots).fold(0, u64::saturating_add);
    let by_support = course.by_support();
    let run = |raise: u64| {
        let mut after = Accounts::new(course, approvals, measure, voters.max(1), raise);
        Run { bought: after.buy_all(&by_support), after }
    };
    let cost =
        |bought: &[Purchase]| -> u128 { bought.iter().map(|it| u128::from(candidate(course.candidates, it.candidate).cost.get())).sum() };
    let budget = course.left;
    // Whether something that was not bought, and is not excluded, would fit into what is left.
    let more_fits = |bought: &[Purchase]| {
        let groups: Vec<u16> = bought.iter().filter_map(|it| candidate(course.candidates, it.candidate).group).collect();
        let left = u128::from(budget).saturating_sub(cost(bought));
        by_support.iter().map(|number| (number, candidate(course.candidates, *number))).any(|(number, it)| {
            let out = bought.iter().any(|other| other.candidate == *number) || it.group.is_some_and(|group| groups.contains(&group));
            !out && u128::from(it.cost.get()) <= left
        })
    };
    let (mut kept, mut raised) = (run(0), 0_u64);
    if let Completion::AddThenGreedy { step } = completion {
        for _ in 0..RAISES_MAX {
            let raise = raised.saturating_add(step.get());
            if voters == 0 || !more_fits(&kept.bought) {
                break;
            }
            let next = run(raise);
            if cost(&next.bought) > u128::from(budget) {
                break;
            }
            (kept, raised) = (next, raise);
        }
    }
    let Run { bought, after } = kept;
    for Purchase { candidate, reason } in bought {
        course.decide(candidate, reason);
    }
    match completion {
        Completion::None => {
            for number in course.by_support() {
                course.decide(number, Reason::SharesTooSmall { left: after.held(number).rounded_down() });
            }
        }
        Completion::Greedy | Completion::AddThenGreedy { .. } => course.greedy(false),
    }
    budget.checked_div(voters).map(|share| share.saturating_add(raised))
}
