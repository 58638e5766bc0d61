//! What breaks silently elsewhere: a vote in favour that hurts, a rounded share, a sum that wraps around, a reason that
//! says another thing than was compared.

use proptest::prelude::*;

use super::*;
use crate::deliberation::decision::{Measured, statutes};

fn counts(entitled: u64, present: u64, [yes, no, abstain, invalid]: [u64; 4]) -> Counts {
    Counts { entitled, present, yes, no, abstain, invalid }
}

fn rule(quorum: Vec<Quorum>, majority: Vec<Majority>, abstentions: Abstentions) -> Rule {
    let text = Wording::new("试", "test");
    Rule { id: "test".into(), version: 1, title: text.clone(), source: text, quorum, majority, abstentions }
}

fn of(basis: Basis, threshold: Threshold) -> Vec<Majority> {
    vec![Majority { of: basis, by: Measure::Heads, threshold }]
}

fn reason(rule: &Rule, counts: Counts) -> (Outcome, String, String) {
    let verdict = rule.decide(&Tally::by_heads(counts)).unwrap();
    let Wording { zh, en } = verdict.reason();
    (verdict.outcome, zh, en)
}

#[test]
fn the_reason_prints_every_step() {
    let representatives = statutes::find(statutes::VILLAGERS_REPRESENTATIVES, 1).unwrap();
    let (outcome, zh, en) = reason(&representatives, counts(90, 61, [30, 25, 0, 0]));
    assert_eq!(outcome, Outcome::Failed);
    assert_eq!(en, "present 61 of 90 ≥ 2/3 ✓; yes 30 of 61, not more than half ✗");
    assert_eq!(zh, "应到 90，出席 61，达到三分之二 ✓；出席 61，赞成 30，未过半数 ✗");
    let (outcome, zh, en) = reason(&representatives, counts(90, 59, [59, 0, 0, 0]));
    assert_eq!((outcome, en.as_str(), zh.as_str()), (Outcome::NoQuorum, "present 59 of 90 < 2/3 ✗", "应到 90，出席 59，未达到三分之二 ✗"));
    let (outcome, _, en) = reason(&representatives, counts(90, 61, [62, 0, 0, 0]));
    assert_eq!((outcome, en.as_str()), (Outcome::Void, "ballots 62, more than 61 voters ✗"));
}

#[test]
fn a_reason_by_area_names_the_area() {
    let owners = statutes::find(statutes::OWNERS_GRAVE, 1).unwrap();
    let tally = Measured { heads: counts(90, 60, [45, 15, 0, 0]), area: Some(counts(9000, 6000, [4499, 0, 1501, 0])) };
    let reason = owners.decide(&tally).unwrap().reason();
    assert_eq!(
        reason.en,
        "voting 60 of 90 ≥ 2/3 ✓; voting by area 6000 of 9000 ≥ 2/3 ✓; yes 45 of 60 cast ≥ 3/4 ✓; \
         yes by area 4499 of 6000 cast < 3/4 ✗"
    );
    assert_eq!(
        reason.zh,
        "应到 90，参加表决 60，达到三分之二 ✓；按面积应到 9000，参加表决 6000，达到三分之二 ✓；\
         投票 60，赞成 45，达到四分之三 ✓；按面积投票 6000，赞成 4499，未达到四分之三 ✗"
    );
}

#[test]
fn the_basis_decides() {
    // 30 for, 25 against, 10 abstain, 5 invalid, of 80 present, of 100.
    let same = counts(100, 80, [30, 25, 10, 5]);
    let more_than_half = |basis, abstentions| reason(&rule(vec![], of(basis, Threshold::MORE_THAN_HALF), abstentions), same);
    for (basis, abstentions, outcome, en) in [
        (Basis::Entitled, Abstentions::Count, Outcome::Failed, "yes 30 of 100 entitled, not more than half ✗"),
        (Basis::Present, Abstentions::LeftOut, Outcome::Failed, "yes 30 of 80, not more than half ✗"),
        (Basis::Cast, Abstentions::Count, Outcome::Failed, "yes 30 of 70 cast, not more than half ✗"),
        (Basis::Cast, Abstentions::LeftOut, Outcome::Failed, "yes 30 of 60 cast without abstentions, not more than half ✗"),
        (Basis::Valid, Abstentions::Count, Outcome::Failed, "yes 30 of 65 valid, not more than half ✗"),
        (Basis::Valid, Abstentions::LeftOut, Outcome::Carried, "yes 30 of 55 valid without abstentions, more than half ✓"),
    ] {
        let (is, _, words) = more_than_half(basis, abstentions);
        assert_eq!((is, words.as_str()), (outcome, en));
    }
}

#[test]
fn ties_fail_whatever_the_rule() {
    let half_is_enough = rule(vec![], of(Basis::Valid, Threshold::AtLeast(Fraction::HALF)), Abstentions::LeftOut);
    let (outcome, zh, en) = reason(&half_is_enough, counts(10, 10, [5, 5, 0, 0]));
    assert_eq!(outcome, Outcome::Failed);
    assert_eq!(en, "yes 5 of 10 valid without abstentions ≥ 1/2 ✓; yes 5, no 5, not more for than against ✗");
    assert_eq!(zh, "除弃权外有效票 10，赞成 5，达到半数 ✓；赞成 5，反对 5，赞成不多于反对 ✗");
    assert_eq!(reason(&half_is_enough, counts(10, 10, [5, 4, 1, 0])).0, Outcome::Carried);
    // A plurality is carried by more votes for than against, and by nothing less.
    let plurality = rule(vec![], vec![], Abstentions::Count);
    let (outcome, zh, en) = reason(&plurality, counts(10, 10, [1, 0, 9, 0]));
    assert_eq!(
        (outcome, zh.as_str(), en.as_str()),
        (Outcome::Carried, "赞成 1，反对 0，赞成多于反对 ✓", "yes 1, no 0, more for than against ✓")
    );
    assert_eq!(reason(&plurality, counts(10, 10, [0, 0, 10, 0])).0, Outcome::Failed);
    assert_eq!(reason(&plurality, counts(10, 0, [0, 0, 0, 0])).0, Outcome::Failed);
}

#[test]
fn all_abstaining_leaves_nothing_to_be_a_share_of() {
    for basis in [Basis::Cast, Basis::Valid] {
        let verdict = rule(vec![], of(basis, Threshold::AtLeast(Fraction::THIRD)), Abstentions::LeftOut);
        assert_eq!(reason(&verdict, counts(10, 10, [0, 0, 10, 0])).0, Outcome::Failed);
    }
}

#[test]
fn ballots_beyond_64_bits_are_refused() {
    let plurality = rule(vec![], vec![], Abstentions::Count);
    let tally = Tally::by_heads(counts(u64::MAX, u64::MAX, [u64::MAX, 1, 0, 0]));
    assert_eq!(plurality.decide(&tally), Err(DecisionRefusal::CountsTooLarge));
}

#[test]
fn a_decision_is_stored_and_read_as_it_was() {
    let decision = Decision::of(statutes::find(statutes::OWNERS, 1).unwrap(), {
        Measured { heads: counts(90, 60, [31, 29, 0, 0]), area: Some(counts(u64::MAX, u64::MAX, [u64::MAX, 0, 0, 0])) }
    })
    .unwrap();
    let stored = serde_json::to_string(&decision).unwrap();
    assert_eq!(serde_json::from_str::<Decision>(&stored).unwrap(), decision);
    assert!(stored.contains(r#"{"at_least":"2/3"}"#), "{stored}");
}

#[test]
fn fractions_are_shares_in_lowest_terms() {
    assert_eq!(Fraction::try_new(50, 100), Ok(Fraction::HALF));
    assert_eq!(" 4/6".parse::<Fraction>(), Ok(Fraction::TWO_THIRDS));
    for wrong in ["", "0/1", "1/0", "0/0", "3/2", "-1/2", "1/2/3", "0.5", "一/二"] {
        assert!(wrong.parse::<Fraction>().is_err(), "{wrong}");
    }
    assert!(serde_json::from_str::<Threshold>(r#"{"more_than":"3/2"}"#).is_err());
    assert!(!Threshold::MoreThan(Fraction::ALL).is_reachable() && Threshold::AtLeast(Fraction::ALL).is_reachable());
    assert_eq!(Fraction::try_new(51, 100).unwrap().zh(), "100分之51");
}

fn any_fraction() -> impl Strategy<Value = Fraction> {
    prop_oneof![(1..=u32::MAX).prop_flat_map(|d| (1..=d, Just(d))), (1..=12u32).prop_flat_map(|d| (1..=d, Just(d)))]
        .prop_map(|(n, d)| Fraction::try_new(n, d).unwrap())
}

fn any_threshold() -> impl Strategy<Value = Threshold> {
    (any_fraction(), any::<bool>()).prop_map(|(share, strict)| if strict { Threshold::MoreThan(share) } else { Threshold::AtLeast(share) })
}

fn any_measure() -> impl Strategy<Value = Measure> {
    prop_oneof![3 => Just(Measure::Heads), 1 => Just(Measure::Area)]
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let turnout = prop_oneof![Just(Turnout::Present), Just(Turnout::Cast)];
    let basis = prop_oneof![Just(Basis::Entitled), Just(Basis::Present), Just(Basis::Cast), Just(Basis::Valid)];
    let quorum = (turnout, any_measure(), any_threshold()).prop_map(|(counts, by, threshold)| Quorum { counts, by, threshold });
    let majority = (basis, any_measure(), any_threshold()).prop_map(|(of, by, threshold)| Majority { of, by, threshold });
    let abstentions = prop_oneof![Just(Abstentions::Count), Just(Abstentions::LeftOut)];
    (prop::collection::vec(quorum, 0..3), prop::collection::vec(majority, 0..3), abstentions)
        .prop_map(|(quorum, majority, abstentions)| rule(quorum, majority, abstentions))
}

/// Counts of a small meeting that don't contradict each other, but for the spare seats they leave.
fn sound_counts() -> impl Strategy<Value = Counts> {
    ([0..40u64, 0..40, 0..40, 0..40], 0..20u64, 0..40u64).prop_map(|(kinds, away, absent)| {
        let present = kinds.iter().sum::<u64>() + away;
        counts(present + absent, present, kinds)
    })
}

fn sound_tally() -> impl Strategy<Value = Tally> {
    (sound_counts(), sound_counts()).prop_map(|(heads, area)| Measured { heads, area: Some(area) })
}

fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Void => 0,
        Outcome::NoQuorum => 1,
        Outcome::Failed => 2,
        Outcome::Carried => 3,
    }
}

proptest! {
    /// Whoever changes to yes, or comes and votes yes, never harms the matter.
    #[test]
    fn votes_in_favour_never_hurt(rule in any_rule(), tally in sound_tally(), from in 0..4usize) {
        let before = rule.decide(&tally).unwrap().outcome;
        let more = |mut it: Counts| {
            match from {
                0 if it.no > 0 => it.no -= 1,
                1 if it.abstain > 0 => it.abstain -= 1,
                2 if it.invalid > 0 => it.invalid -= 1,
                3 if it.present > it.cast().unwrap() => {}
                _ => return it,
            }
            it.yes += 1;
            it
        };
        let after = rule.decide(&Measured { heads: more(tally.heads), area: tally.area.map(more) }).unwrap().outcome;
        prop_assert!(rank(after) >= rank(before), "{before:?} became {after:?}");
    }

    /// A council ten times as large that votes alike decides alike.
    #[test]
    fn only_shares_matter(rule in any_rule(), tally in sound_tally(), factor in 1..1_000_000u64) {
        let times = |it: Counts| counts(it.entitled * factor, it.present * factor, [it.yes, it.no, it.abstain, it.invalid].map(|n| n * factor));
        let larger = Measured { heads: times(tally.heads), area: tally.area.map(times) };
        prop_assert_eq!(rule.decide(&tally).unwrap().outcome, rule.decide(&larger).unwrap().outcome);
    }

    /// «More than» and «at least» differ exactly where the share is met exactly.
    #[test]
    fn strict_and_inclusive_differ_only_at_equality(share in any_fraction(), part: u64, whole: u64, small in 0..50u64, of in 1..50u64) {
        for (part, whole) in [(part, whole), (small, of)] {
            let (strict, inclusive) = (Threshold::MoreThan(share).reached(part, whole), Threshold::AtLeast(share).reached(part, whole));
            let equal = whole > 0
                && u128::from(part) * u128::from(share.denominator()) == u128::from(whole) * u128::from(share.numerator());
            prop_assert_eq!(strict != inclusive, equal);
            prop_assert!(inclusive || !strict);
        }
    }

    /// Any counts give a verdict or a typed refusal, a reason in both languages, and the same again from what is stored.
    #[test]
    fn no_counts_panic_and_every_verdict_is_made_again(
        rule in any_rule(), heads: [u64; 6], area: Option<[u64; 6]>, shift in 0..64u32,
    ) {
        let made = |[entitled, present, yes, no, abstain, invalid]: [u64; 6]| {
            counts(entitled, present, [yes, no, abstain, invalid].map(|n| n >> shift))
        };
        let tally = Measured { heads: made(heads), area: area.map(made) };
        if let Ok(decision) = Decision::of(rule, tally) {
            let reason = decision.verdict.reason();
            prop_assert!(!reason.zh.is_empty() && !reason.en.is_empty());
            prop_assert_eq!(decision.verdict.outcome == Outcome::Carried, decision.verdict.steps.iter().all(Step::held));
            let read: Decision = serde_json::from_str(&serde_json::to_string(&decision).unwrap()).unwrap();
            prop_assert_eq!(read.recheck(), Ok(()));
        }
    }
}
