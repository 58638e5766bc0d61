//! What breaks silently elsewhere: exactly half taken for more than half, two thirds of an odd number rounded, an empty
//! room that decides, a tie that carries, a plurality called a majority.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::deliberation::decision::{
    Counts, Decision, DecisionRefusal, Discrepancy, ElectionOutcome, ElectionResult, Measured, Outcome, PollCounts, Returns, Tally,
};

fn named(id: &str) -> Rule {
    find(id, 1).unwrap()
}

/// A vote by heads: entitled, present, yes, no, abstain, invalid.
fn heads(counts: [u64; 6]) -> Counts {
    let [entitled, present, yes, no, abstain, invalid] = counts;
    Counts { entitled, present, yes, no, abstain, invalid }
}

#[track_caller]
fn table(id: &str, rows: &[([u64; 6], Outcome)]) {
    for (counts, outcome) in rows {
        let decision = Decision::of(named(id), Tally::by_heads(heads(*counts))).unwrap();
        assert_eq!(decision.verdict.outcome, *outcome, "{counts:?}: {}", decision.verdict.reason().en);
        assert_eq!(decision.recheck(), Ok(()));
    }
}

use Outcome::{Carried, Failed, NoQuorum, Void};

#[test]
fn the_readme_lists_every_rule() {
    let readme = include_str!("../../../../../README.md");
    for rule in all() {
        assert!(readme.contains(&format!("| `{}` |", rule.id)), "{}", rule.id);
    }
}

#[test]
fn residents_meeting_by_art_9() {
    table(
        RESIDENTS_MEETING,
        &[
            ([100, 50, 50, 0, 0, 0], NoQuorum),
            ([100, 51, 26, 25, 0, 0], Carried),
            ([101, 50, 50, 0, 0, 0], NoQuorum),
            ([101, 51, 26, 0, 25, 0], Carried),
            // Of 60 present 30 are exactly half, 31 one more.
            ([100, 60, 30, 0, 0, 0], Failed),
            ([100, 60, 31, 29, 0, 0], Carried),
            // Who is present and abstains, votes invalidly or not at all has not agreed.
            ([100, 61, 30, 10, 0, 0], Failed),
            ([100, 61, 30, 0, 31, 0], Failed),
            ([100, 61, 30, 0, 0, 31], Failed),
            ([100, 60, 0, 0, 60, 0], Failed),
            ([100, 60, 0, 0, 0, 0], Failed),
            ([100, 0, 0, 0, 0, 0], NoQuorum),
            ([0, 0, 0, 0, 0, 0], NoQuorum),
            ([1, 1, 1, 0, 0, 0], Carried),
            ([100, 60, 40, 21, 0, 0], Void),
            ([100, 101, 90, 0, 0, 0], Void),
        ],
    );
}

#[test]
fn villagers_meeting_by_art_22() {
    table(
        VILLAGERS_MEETING,
        &[
            ([800, 400, 400, 0, 0, 0], NoQuorum),
            ([800, 401, 200, 0, 0, 0], Failed),
            ([800, 401, 201, 200, 0, 0], Carried),
            ([800, 450, 230, 0, 0, 0], Carried),
        ],
    );
    table(
        VILLAGERS_MEETING_HOUSEHOLDS,
        &[
            ([300, 199, 199, 0, 0, 0], NoQuorum),
            ([300, 200, 100, 100, 0, 0], Failed),
            ([300, 200, 101, 99, 0, 0], Carried),
            // Two thirds of 100 are 66 and two thirds: 66 are too few.
            ([100, 66, 66, 0, 0, 0], NoQuorum),
            ([100, 67, 34, 0, 0, 0], Carried),
        ],
    );
}

#[test]
fn village_group_by_art_28() {
    table(VILLAGE_GROUP, &[([61, 40, 40, 0, 0, 0], NoQuorum), ([60, 40, 20, 20, 0, 0], Failed), ([60, 40, 21, 0, 19, 0], Carried)]);
}

#[test]
fn villagers_representatives_by_art_26() {
    table(
        VILLAGERS_REPRESENTATIVES,
        &[
            ([90, 59, 59, 0, 0, 0], NoQuorum),
            ([90, 60, 31, 0, 0, 0], Carried),
            ([90, 60, 30, 0, 30, 0], Failed),
            ([90, 61, 30, 25, 0, 0], Failed),
            ([90, 61, 31, 30, 0, 0], Carried),
            ([1, 1, 1, 0, 0, 0], Carried),
        ],
    );
}

#[test]
fn recall_by_art_16() {
    table(
        VILLAGE_RECALL,
        &[
            ([1000, 500, 500, 0, 0, 0], NoQuorum),
            ([1000, 501, 250, 200, 40, 11], Failed),
            ([1000, 501, 251, 200, 40, 10], Carried),
            // Marked as voters, but their ballots are not in the box: those are not votes.
            ([1000, 501, 500, 0, 0, 0], NoQuorum),
            ([1000, 502, 252, 200, 40, 11], Void),
        ],
    );
}

fn owners_tally(heads: [u64; 6], area: [u64; 6]) -> Tally {
    Measured { heads: self::heads(heads), area: Some(self::heads(area)) }
}

#[test]
fn owners_by_art_278_need_both_denominators() {
    let decide =
        |id: &str, by_heads: [u64; 6], by_area: [u64; 6]| Decision::of(named(id), owners_tally(by_heads, by_area)).unwrap().verdict.outcome;
    // 90 owners of 9,000 hundredths; two thirds are 60 and 6,000.
    let (heads, area) = ([90, 60, 31, 29, 0, 0], [9000, 6000, 3001, 2999, 0, 0]);
    assert_eq!(decide(OWNERS, heads, area), Carried);
    assert_eq!(decide(OWNERS, [90, 59, 59, 0, 0, 0], area), NoQuorum);
    assert_eq!(decide(OWNERS, heads, [9000, 5999, 5999, 0, 0, 0]), NoQuorum);
    assert_eq!(decide(OWNERS, [90, 60, 30, 30, 0, 0], area), Failed);
    assert_eq!(decide(OWNERS, heads, [9000, 6000, 3000, 2000, 1000, 0]), Failed);
    // Grave matters: three quarters include three quarters.
    assert_eq!(decide(OWNERS_GRAVE, [90, 60, 45, 15, 0, 0], [9000, 6000, 4500, 1500, 0, 0]), Carried);
    assert_eq!(decide(OWNERS_GRAVE, [90, 60, 44, 0, 16, 0], [9000, 6000, 4500, 1500, 0, 0]), Failed);
    assert_eq!(decide(OWNERS_GRAVE, [90, 60, 45, 15, 0, 0], [9000, 6000, 4499, 0, 1501, 0]), Failed);
    // 61 take part: three quarters are 45.75.
    assert_eq!(decide(OWNERS_GRAVE, [90, 61, 45, 16, 0, 0], [9000, 6000, 4500, 1500, 0, 0]), Failed);
    assert_eq!(decide(OWNERS_GRAVE, [90, 61, 46, 15, 0, 0], [9000, 6000, 4500, 1500, 0, 0]), Carried);
    // Large flats don't outvote heads, nor the other way round, and no areas are no decision.
    assert_eq!(decide(OWNERS, [90, 80, 10, 70, 0, 0], [9000, 8000, 7000, 1000, 0, 0]), Failed);
    assert_eq!(Decision::of(named(OWNERS), Tally::by_heads(self::heads(heads))), Err(DecisionRefusal::AreaNotCounted));
}

#[test]
fn more_than_excludes_and_at_least_includes_by_art_1259() {
    for (of, exactly) in [(2, 1), (3, 2), (90, 60), (4, 3)] {
        let share = Fraction::try_new(exactly, of).unwrap();
        let (exactly, of) = (u64::from(exactly), u64::from(of));
        assert!(Threshold::AtLeast(share).reached(exactly, of) && !Threshold::MoreThan(share).reached(exactly, of));
        assert!(Threshold::AtLeast(share).reached(exactly + 1, of) && Threshold::MoreThan(share).reached(exactly + 1, of));
        assert!(!Threshold::AtLeast(share).reached(exactly - 1, of) && !Threshold::MoreThan(share).reached(exactly - 1, of));
        assert!(!Threshold::AtLeast(share).reached(0, 0) && !Threshold::MoreThan(share).reached(0, 0));
    }
}

fn candidate(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// An election's result: seats, [roll, voters, cast, abstain, invalid], votes of candidates 1, 2, 3 …
fn count_out(id: &str, seats: u32, poll: [u64; 5], votes: &[u64]) -> ElectionResult {
    let [entitled, voters, cast, abstain, invalid] = poll;
    let votes: BTreeMap<_, _> = (1..).map(candidate).zip(votes.iter().map(|votes| Measured::by_heads(*votes))).collect();
    let poll = Measured::by_heads(PollCounts { entitled, voters, cast, abstain, invalid });
    let result = ElectionResult::of(named(id), Returns { seats, poll, votes }).unwrap();
    assert_eq!(result.recheck(), Ok(()));
    result
}

#[track_caller]
fn ends(result: &ElectionResult, outcome: ElectionOutcome, elected: &[u128], run_off: &[u128]) {
    let ids = |numbers: &[u128]| numbers.iter().copied().map(candidate).collect::<Vec<_>>();
    assert_eq!(result.verdict.outcome, outcome);
    assert_eq!((&result.verdict.elected, &result.verdict.run_off), (&ids(elected), &ids(run_off)));
    assert_eq!(result.verdict.seats_left as usize, result.returns.seats as usize - elected.len());
}

#[test]
fn an_election_is_valid_when_more_than_half_of_the_roll_voted() {
    ends(&count_out(VILLAGE_ELECTION, 1, [1000, 500, 500, 0, 0], &[500]), ElectionOutcome::TooFewVoted, &[], &[]);
    ends(&count_out(VILLAGE_ELECTION, 1, [1000, 501, 501, 0, 0], &[251, 250]), ElectionOutcome::Filled, &[1], &[]);
    // Invalid and blank ballots were handed in: they make the poll valid, and the majority harder.
    ends(&count_out(VILLAGE_ELECTION, 1, [1000, 501, 501, 100, 151], &[250]), ElectionOutcome::SeatsLeft, &[], &[1]);
    ends(&count_out(VILLAGE_ELECTION, 1, [0, 0, 0, 0, 0], &[]), ElectionOutcome::TooFewVoted, &[], &[]);
}

#[test]
fn elected_is_who_has_more_than_half_of_the_ballots_cast() {
    let exactly_half = count_out(VILLAGE_ELECTION, 1, [1000, 600, 600, 0, 0], &[300, 200, 100]);
    ends(&exactly_half, ElectionOutcome::SeatsLeft, &[], &[1, 2]);
    // Three reach it for two seats: the two with more votes; the third is elected to nothing.
    ends(&count_out(VILLAGE_ELECTION, 2, [1000, 600, 600, 0, 0], &[400, 350, 360]), ElectionOutcome::Filled, &[1, 3], &[]);
    // One reaches it for two seats: the seat left is for a run-off of two.
    ends(&count_out(VILLAGE_ELECTION, 2, [1000, 600, 600, 0, 0], &[400, 250, 200, 100]), ElectionOutcome::SeatsLeft, &[1], &[2, 3]);
    // Who stands in the run-off for having as many votes as the last of them stands too.
    ends(&count_out(VILLAGE_ELECTION, 1, [1000, 600, 600, 0, 0], &[290, 100, 100]), ElectionOutcome::SeatsLeft, &[], &[1, 2, 3]);
}

#[test]
fn more_ballots_than_voters_void_the_poll_and_fewer_do_not() {
    ends(&count_out(VILLAGE_ELECTION, 1, [1000, 600, 601, 0, 0], &[600]), ElectionOutcome::Void, &[], &[]);
    ends(&count_out(VILLAGE_ELECTION, 1, [1000, 600, 599, 0, 0], &[300]), ElectionOutcome::Filled, &[1], &[]);
    ends(&count_out(VILLAGE_ELECTION, 1, [1000, 1001, 900, 0, 0], &[600]), ElectionOutcome::Void, &[], &[]);
    ends(&count_out(VILLAGE_ELECTION, 1, [1000, 600, 600, 50, 50], &[501]), ElectionOutcome::Void, &[], &[]);
}

#[test]
fn equal_votes_for_the_last_seat_elect_neither() {
    let tie = count_out(VILLAGE_ELECTION, 2, [1000, 600, 600, 0, 0], &[500, 400, 400]);
    ends(&tie, ElectionOutcome::SeatsLeft, &[1], &[2, 3]);
    assert_eq!(tie.verdict.tied, [candidate(2), candidate(3)]);
    // Equal votes that all find a seat are no tie.
    ends(&count_out(VILLAGE_ELECTION, 2, [1000, 600, 600, 0, 0], &[400, 400, 300]), ElectionOutcome::Filled, &[1, 2], &[]);
    // The second poll between them: the most votes win, and equal votes tie again.
    ends(&count_out(VILLAGE_TIE, 1, [1000, 300, 300, 0, 0], &[151, 149]), ElectionOutcome::Filled, &[1], &[]);
    ends(&count_out(VILLAGE_TIE, 1, [1000, 300, 300, 0, 0], &[150, 150]), ElectionOutcome::SeatsLeft, &[], &[1, 2]);
}

#[test]
fn a_run_off_elects_by_plurality_with_a_floor_of_a_third() {
    ends(&count_out(VILLAGE_RUN_OFF, 1, [1000, 300, 300, 0, 0], &[100, 99, 98]), ElectionOutcome::Filled, &[1], &[]);
    ends(&count_out(VILLAGE_RUN_OFF, 1, [1000, 301, 301, 0, 0], &[100, 99, 98]), ElectionOutcome::SeatsLeft, &[], &[1, 2]);
    // Nobody's vote elects nobody.
    ends(&count_out(VILLAGE_TIE, 1, [1000, 10, 10, 10, 0], &[0, 0]), ElectionOutcome::SeatsLeft, &[], &[]);
    let no_seats = Returns { seats: 0, poll: Measured::default(), votes: BTreeMap::new() };
    assert_eq!(ElectionResult::of(named(VILLAGE_TIE), no_seats), Err(DecisionRefusal::NoSeats));
}

#[test]
fn an_owners_committee_is_elected_by_heads_and_by_area() {
    let poll = PollCounts { entitled: 90, voters: 60, cast: 60, abstain: 0, invalid: 0 };
    let area = PollCounts { entitled: 9000, voters: 6000, cast: 6000, abstain: 0, invalid: 0 };
    let votes = [(31, Some(3001)), (40, Some(3000)), (29, Some(5000))];
    let votes = (1..).map(candidate).zip(votes.map(|(heads, area)| Measured { heads, area })).collect();
    let returns = Returns { seats: 3, poll: Measured { heads: poll, area: Some(area) }, votes };
    assert_eq!(named(OWNERS).elect(&returns).unwrap().elected, [candidate(1)]);
}

#[test]
fn notice_and_roll_have_days_where_the_statute_says_so() {
    let with = |says: fn(&Rule) -> bool| all().into_iter().filter(says).map(|rule| rule.id).collect::<Vec<_>>();
    assert_eq!(with(|rule| notice_days(rule) == Some(10)), [VILLAGERS_MEETING, VILLAGERS_MEETING_HOUSEHOLDS]);
    assert_eq!(with(gives_roll_days), [VILLAGE_ELECTION]);
    assert_eq!(ROLL_FINAL_DAYS, 12);
}

#[test]
fn every_rule_has_a_name_a_version_and_a_source() {
    let all = all();
    let names: std::collections::BTreeSet<_> = all.iter().map(|rule| (rule.id.clone(), rule.version)).collect();
    assert_eq!(names.len(), all.len());
    for rule in all {
        assert!(rule.id.starts_with(NAMESPACE) && rule.version > 0, "{rule:?}");
        for text in [&rule.title.zh, &rule.title.en, &rule.source.zh, &rule.source.en] {
            assert!(!text.is_empty(), "{rule:?}");
        }
        assert_eq!(find(&rule.id, rule.version), Some(rule));
    }
    assert_eq!(find(OWNERS, 2), None);
}

#[test]
fn a_changed_rule_count_or_verdict_is_found() {
    let decision = Decision::of(named(RESIDENTS_MEETING), Tally::by_heads(heads([90, 61, 30, 10, 0, 0]))).unwrap();
    let mut verdict = decision.clone();
    verdict.verdict.outcome = Carried;
    let mut counts = decision.clone();
    counts.tally.heads.yes = 31;
    assert_eq!((verdict.recheck(), counts.recheck()), (Err(Discrepancy::VerdictDiffers), Err(Discrepancy::VerdictDiffers)));
    let mut lowered = named(RESIDENTS_MEETING);
    lowered.majority.clear();
    let lowered = Decision::of(lowered, decision.tally).unwrap();
    assert_eq!(lowered.verdict.outcome, Carried);
    assert_eq!(lowered.recheck(), Err(Discrepancy::RuleDiffers { id: RESIDENTS_MEETING.into(), version: 1 }));
}
