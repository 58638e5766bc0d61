//! The silent failures made loud: a selection that costs more than there is, that funds two of which only one can be, that
//! says nothing about a candidate, or that comes out otherwise when the same ballots lie in another order.

use proptest::prelude::*;

use super::*;
use crate::fraction::Fraction;

const GREEDY: SelectionRule = SelectionRule { method: Method::Greedy, threshold: None, tie_break: TieBreak::Cheaper };

fn equal_shares(measure: Measure, completion: Completion) -> SelectionRule {
    SelectionRule { method: Method::EqualShares { measure, completion }, ..GREEDY }
}

fn candidate(cost: u64, votes: u64, of: u64) -> Candidate {
    Candidate { cost: NonZeroU64::new(cost).unwrap(), support: Support { points: votes, of }, group: None }
}

fn ballots(ballots: &[(&[u16], u64)]) -> Vec<Approvals> {
    ballots.iter().map(|(numbers, ballots)| Approvals { candidates: numbers.iter().copied().collect(), ballots: *ballots }).collect()
}

/// The candidates with the votes that the ballots give them.
fn candidates(costs: &[u64], approvals: &[Approvals]) -> Vec<Candidate> {
    let of = approvals.iter().map(|it| it.ballots).sum();
    let votes = |number: u16| approvals.iter().filter(|it| it.candidates.contains(&number)).map(|it| it.ballots).sum();
    costs.iter().zip(1..).map(|(cost, number)| candidate(*cost, votes(number), of)).collect()
}

fn funded(selection: &Selection) -> Vec<u16> {
    selection.funded().collect()
}

fn reason(selection: &Selection, number: u16) -> &Reason {
    &selection.steps.iter().find(|step| step.candidate == number).unwrap().reason
}

#[test]
fn what_does_not_fit_is_skipped_or_ends_it() {
    let all = [candidate(60, 9, 10), candidate(50, 8, 10), candidate(40, 7, 10), candidate(1, 0, 10)];
    let skipping = select(GREEDY, 100, &all, &[]);
    assert_eq!((funded(&skipping), skipping.spent(), skipping.reserve()), (vec![1, 3], 100, vec![2]));
    assert_eq!(reason(&skipping, 2), &Reason::TooExpensive { left: 40 });
    assert_eq!(reason(&skipping, 4), &Reason::NoSupport);
    let ending = select(SelectionRule { method: Method::GreedyUntilFull, ..GREEDY }, 100, &all, &[]);
    assert_eq!((funded(&ending), ending.reserve()), (vec![1], vec![2, 3]));
    assert_eq!(reason(&ending, 3), &Reason::AfterEnd { ended_by: 2 });
}

#[test]
fn too_little_support_is_no_support_whatever_is_left() {
    let half = SelectionRule { threshold: Some(Threshold::MoreThan(Fraction::HALF)), ..GREEDY };
    let selection = select(half, 100, &[candidate(10, 5, 10), candidate(10, 6, 10)], &[]);
    assert_eq!((funded(&selection), selection.reserve()), (vec![2], vec![]));
    assert_eq!(reason(&selection, 1), &Reason::BelowThreshold { threshold: Threshold::MORE_THAN_HALF });
}

#[test]
fn ties_go_to_the_cheaper_or_the_lower_number() {
    let all = [candidate(60, 5, 10), candidate(50, 5, 10), candidate(50, 5, 10)];
    assert_eq!(funded(&select(GREEDY, 60, &all, &[])), [2]);
    assert_eq!(funded(&select(SelectionRule { tie_break: TieBreak::LowerNumber, ..GREEDY }, 60, &all, &[])), [1]);
    // 2 of 3 is more than 3 of 5: support is a share.
    assert_eq!(funded(&select(GREEDY, 50, &[candidate(50, 3, 5), candidate(50, 2, 3)], &[])), [2]);
}

#[test]
fn of_projects_that_exclude_each_other_one_is_funded() {
    let mut all = vec![candidate(30, 9, 10), candidate(20, 8, 10), candidate(10, 7, 10)];
    (all[0].group, all[1].group) = (Some(7), Some(7));
    let selection = select(GREEDY, 100, &all, &[]);
    assert_eq!(funded(&selection), [1, 3]);
    assert_eq!(reason(&selection, 2), &Reason::Excluded { by: 1 });
    // It is first in line when the other one drops out.
    assert_eq!(selection.reserve(), [2]);
}

/// Sixty vote for 1 and 2, forty for 3: by votes alone the forty get nothing.
#[test]
fn equal_shares_leave_a_minority_its_part() {
    let approvals = ballots(&[(&[1, 2], 60), (&[3], 40)]);
    let all = candidates(&[50, 50, 40], &approvals);
    assert_eq!(funded(&select(GREEDY, 100, &all, &approvals)), [1, 2]);
    let shares = select(equal_shares(Measure::Cost, Completion::None), 100, &all, &approvals);
    assert_eq!((funded(&shares), shares.share), (vec![1, 3], Some(1)));
    assert_eq!(reason(&shares, 1), &Reason::Shared { supporters: 60, payment: 0 });
    assert_eq!(reason(&shares, 2), &Reason::SharesTooSmall { left: 10 });
}

/// Worked by hand. Four voters have 25 each. 1 costs its three supporters 20 each, a unit of satisfaction 1/3; then 2 has
/// supporters with 5 and 25 for 30: exactly enough, and one of them pays all that is left.
#[test]
fn who_has_too_little_pays_all_there_is() {
    let approvals = ballots(&[(&[1], 2), (&[1, 2], 1), (&[2], 1)]);
    let all = candidates(&[60, 30], &approvals);
    let shares = select(equal_shares(Measure::Cost, Completion::None), 100, &all, &approvals);
    assert_eq!(funded(&shares), [1, 2]);
    assert_eq!(reason(&shares, 2), &Reason::Shared { supporters: 2, payment: 25 });
    let dearer = candidates(&[60, 31], &approvals);
    let shares = select(equal_shares(Measure::Cost, Completion::None), 100, &dearer, &approvals);
    assert_eq!(reason(&shares, 2), &Reason::SharesTooSmall { left: 30 });
    // One cent more for everybody, and it can be bought: 91 in all, which fits.
    let step = NonZeroU64::MIN;
    let shares = select(equal_shares(Measure::Cost, Completion::AddThenGreedy { step }), 100, &dearer, &approvals);
    assert_eq!((funded(&shares), shares.share), (vec![1, 2], Some(26)));
    let shares = select(equal_shares(Measure::Cost, Completion::Greedy), 100, &dearer, &approvals);
    assert_eq!(reason(&shares, 2), &Reason::Fits { left: 40 });
}

#[test]
fn nobody_votes_and_nothing_is_selected() {
    for method in [GREEDY, equal_shares(Measure::Count, Completion::AddThenGreedy { step: NonZeroU64::MIN })] {
        let selection = select(method, 100, &[candidate(10, 0, 0)], &[]);
        assert_eq!((funded(&selection), selection.share), (vec![], None));
    }
    assert_eq!(select(GREEDY, 100, &[], &[]).steps, []);
}

#[test]
fn every_step_and_rule_says_something_in_two_languages() {
    let reasons = [
        Reason::Fits { left: 1_000 },
        Reason::Shared { supporters: 3, payment: 250 },
        Reason::TooExpensive { left: 5 },
        Reason::AfterEnd { ended_by: 2 },
        Reason::SharesTooSmall { left: 99 },
        Reason::Excluded { by: 4 },
        Reason::BelowThreshold { threshold: Threshold::MORE_THAN_HALF },
        Reason::NoSupport,
    ];
    let said: BTreeSet<(String, String)> = reasons
        .into_iter()
        .map(|reason| Step { candidate: 1, cost: 12_345, support: Support { points: 3, of: 9 }, reason })
        .map(|step| (step.zh(), step.en()))
        .collect();
    assert_eq!(said.len(), 8);
    assert!(said.iter().all(|(zh, en)| zh.contains("123.45 元") && en.contains("123.45 yuan")), "{said:?}");
    let rule = SelectionRule { threshold: Some(Threshold::AT_LEAST_TWO_THIRDS), ..GREEDY };
    assert_eq!(rule.zh(), "按支持率从高到低入选，超出余额的跳过；支持率须2/3 以上；并列时金额低者优先，再按编号。");
    assert!(rule.en().ends_with("; at least 2/3 of support is needed; of those alike the cheaper one, then the lower number goes first."));
}

fn any_rule() -> impl Strategy<Value = SelectionRule> {
    let step = NonZeroU64::new(7).unwrap();
    let completion = prop_oneof![Just(Completion::None), Just(Completion::Greedy), Just(Completion::AddThenGreedy { step })];
    let shares = (prop_oneof![Just(Measure::Cost), Just(Measure::Count)], completion)
        .prop_map(|(measure, completion)| Method::EqualShares { measure, completion });
    let method = prop_oneof![Just(Method::Greedy), Just(Method::GreedyUntilFull), shares];
    let threshold = proptest::option::of(Just(Threshold::AtLeast(Fraction::try_new(1, 5).unwrap())));
    let tie_break = prop_oneof![Just(TieBreak::Cheaper), Just(TieBreak::LowerNumber)];
    (method, threshold, tie_break).prop_map(|(method, threshold, tie_break)| SelectionRule { method, threshold, tie_break })
}

prop_compose! {
    fn any_case()(
        costs in proptest::collection::vec((1_u64..400, proptest::option::weighted(0.3, 0_u16..2)), 1..8),
        approvals in proptest::collection::vec((proptest::collection::btree_set(1_u16..8, 0..5), 0_u64..9), 0..12),
    ) -> (Vec<Candidate>, Vec<Approvals>) {
        let count = u16::try_from(costs.len()).unwrap();
        let approvals: Vec<_> = approvals
            .into_iter()
            .map(|(numbers, ballots)| Approvals { candidates: numbers.into_iter().filter(|it| *it <= count).collect(), ballots })
            .collect();
        let mut all = candidates(&costs.iter().map(|(cost, _)| *cost).collect::<Vec<_>>(), &approvals);
        all.iter_mut().zip(costs).for_each(|(it, (_, group))| it.group = group);
        (all, approvals)
    }
}

proptest! {
    #[test]
    fn a_selection_keeps_its_promises(rule in any_rule(), (all, approvals) in any_case(), budget in 0_u64..1_000) {
        let selection = select(rule, budget, &all, &approvals);
        let mut numbers: Vec<u16> = selection.steps.iter().map(|step| step.candidate).collect();
        numbers.sort_unstable();
        prop_assert_eq!(numbers, (1..).take(all.len()).collect::<Vec<u16>>(), "each has one step");
        prop_assert!(selection.spent() <= budget, "{} of {}", selection.spent(), budget);
        let funded = funded(&selection);
        let of = |number: u16| all[usize::from(number) - 1];
        for group in 0..2 {
            prop_assert!(funded.iter().filter(|it| of(**it).group == Some(group)).count() <= 1);
        }
        for number in funded.iter().chain(&selection.reserve()) {
            let Support { points, of: whole } = of(*number).support;
            prop_assert!(points > 0 && rule.threshold.is_none_or(|it| it.reached(points, whole)));
        }
        // Whatever skips what does not fit leaves nothing behind that would.
        let skips = matches!(rule.method, Method::Greedy)
            || matches!(rule.method, Method::EqualShares { completion: Completion::Greedy | Completion::AddThenGreedy { .. }, .. });
        for number in selection.reserve() {
            let free = !funded.iter().any(|it| of(number).group.is_some() && of(*it).group == of(number).group);
            prop_assert!(!skips || !free || of(number).cost.get() > budget - selection.spent());
        }
    }

    /// The order of the ballots and how they are bundled say nothing.
    #[test]
    fn ballots_count_the_same_in_any_order_and_any_bundles(
        rule in any_rule(),
        (all, approvals) in any_case(),
        budget in 0_u64..1_000,
    ) {
        let single: Vec<_> = approvals
            .iter()
            .rev()
            .flat_map(|it| (0..it.ballots).map(|_| Approvals { candidates: it.candidates.clone(), ballots: 1 }))
            .collect();
        prop_assert_eq!(select(rule, budget, &all, &single), select(rule, budget, &all, &approvals));
    }

    /// Whoever agree on one project and have the money for it get it: shares are not outvoted.
    #[test]
    fn enough_who_agree_are_not_outvoted(
        (all, approvals) in any_case(),
        cost in 1_u64..400,
        heads in 1_u64..20,
        budget in 0_u64..1_000,
    ) {
        let number = u16::try_from(all.len()).unwrap() + 1;
        let mut approvals = approvals;
        approvals.push(Approvals { candidates: [number].into(), ballots: heads });
        let mut costs: Vec<u64> = all.iter().map(|it| it.cost.get()).collect();
        costs.push(cost);
        let all = candidates(&costs, &approvals);
        let voters: u64 = approvals.iter().map(|it| it.ballots).sum();
        let selection = select(equal_shares(Measure::Cost, Completion::None), budget, &all, &approvals);
        prop_assert_eq!(selection.funded().any(|it| it == number), heads * budget >= cost * voters);
    }
}
