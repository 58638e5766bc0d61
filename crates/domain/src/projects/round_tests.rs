//! The silent failures made loud: a score of who has an interest, a selection that does not follow from the scores or
//! ballots, an announcement over open objections, a reserve that moves up without money.

use uuid::Uuid;

use super::{
    terms::{Criterion, SelectedBy},
    *,
};
use crate::{
    fraction::{Fraction, Threshold},
    projects::{
        fund_terms::LineKey,
        selection::{Completion, Measure, Method, Reason, SelectionRule, TieBreak},
    },
    values::{FundId, OrganisationId},
};

const GREEDY: SelectionRule = SelectionRule { method: Method::Greedy, threshold: None, tie_break: TieBreak::Cheaper };
const BALLOTS: SelectedBy = SelectedBy::Ballots { floor: None };

fn cents(amount: u64) -> Cents {
    Cents::try_new(amount).unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn person(number: u128) -> PersonId {
    PersonId(Uuid::from_u128(number))
}

fn id(number: u128) -> ApplicationId {
    ApplicationId(Uuid::from_u128(number))
}

fn poll() -> PollId {
    PollId(Uuid::from_u128(77))
}

fn terms(selected_by: SelectedBy, rule: SelectionRule) -> RoundTerms {
    let criterion = |title: &str, most, weight| Criterion { title: title.into(), most, weight };
    let area: AreaCode = "440402001".parse().unwrap();
    RoundTerms {
        title: "2022 年公益项目遴选".into(),
        area: area.clone(),
        fund: FundId(Uuid::from_u128(70)),
        line: LineKey { year: 2022, area },
        budget: cents(1_000),
        criteria: vec![criterion("需求", 10, 2), criterion("可行", 5, 1)],
        scores_needed: 1,
        selected_by,
        rule,
        applications_until: day("2022-03-10"),
        objection_days: 7,
    }
}

fn applies(number: u128, ask: u64) -> C {
    C::Apply {
        application: id(number),
        applicant: Applicant::Organisation(OrganisationId(Uuid::from_u128(number + 100))),
        by: person(number + 200),
        title: format!("项目 {number}"),
        text: "加装扶手。".into(),
        area: "440402001001".parse().unwrap(),
        ask: cents(ask),
        today: day("2022-03-01"),
    }
}

fn screens(number: u128, eligible: bool) -> C {
    C::Screen { application: id(number), screener: Some(person(1)), eligible, reason: "材料齐全".into() }
}

fn scores(reviewer: u128, number: u128, points: &[u16]) -> C {
    C::Score { reviewer: person(reviewer), application: id(number), points: points.to_vec() }
}

fn declares(reviewer: u128, number: u128) -> C {
    C::DeclareConflict { reviewer: person(reviewer), application: id(number), ground: ConflictGround::Kinship }
}

fn closes() -> C {
    C::CloseApplications { today: day("2022-03-11") }
}

fn selects(ballots: Option<Ballots>) -> C {
    C::Select { ballots, today: day("2022-04-01") }
}

fn ballots(votes: &[u64], approvals: &[(&[u16], u64)]) -> Option<Ballots> {
    let of = |(numbers, ballots): &(&[u16], u64)| Approvals { candidates: numbers.iter().copied().collect(), ballots: *ballots };
    Some(Ballots { poll: poll(), valid: 10, votes: votes.to_vec(), approvals: approvals.iter().map(of).collect() })
}

fn announces(today: &str) -> C {
    C::Announce { today: day(today) }
}

fn sealed() -> Sealed {
    Sealed { of: person(9), text: "c2VhbGVk".into() }
}

fn objects(number: u128, today: &str) -> C {
    C::Object { objection: ObjectionId(Uuid::from_u128(number)), by: person(9), text: sealed(), today: day(today) }
}

fn settles(number: u128, upheld: bool) -> C {
    C::Settle { objection: ObjectionId(Uuid::from_u128(number)), upheld, reason: "已核实".into() }
}

fn after(round: Round, commands: impl IntoIterator<Item = C>) -> Round {
    commands.into_iter().fold(round, |round, command| {
        let events = Round::handle_command(&round, command).unwrap();
        events.into_iter().fold(round, Round::apply_event)
    })
}

#[track_caller]
fn refused(round: &Round, command: C) -> R {
    Round::handle_command(round, command).unwrap_err()
}

/// A round with three eligible applications that ask for 600, 500 and 400 of 1000, and reviewers 1 and 2.
fn evaluating(selected_by: SelectedBy, rule: SelectionRule) -> Round {
    let calls = C::Call { terms: terms(selected_by, rule), today: day("2022-02-01") };
    let appoints = |reviewer| C::Appoint { reviewer: person(reviewer) };
    let all = [calls, applies(1, 600), applies(2, 500), applies(3, 400), appoints(1), appoints(2), closes()];
    after(after(Round::default(), all), [screens(1, true), screens(2, true), screens(3, true)])
}

fn on_ballot(rule: SelectionRule) -> Round {
    let round = evaluating(BALLOTS, rule);
    after(round, [C::PrepareBallot { poll: poll(), options: vec![id(1), id(2), id(3)] }])
}

fn funded(round: &Round) -> Vec<ApplicationId> {
    round.with_status(ApplicationStatus::Funded).collect()
}

#[test]
fn called_applied_screened_and_closed_in_time() {
    let calls = || C::Call { terms: terms(SelectedBy::Scores, GREEDY), today: day("2022-02-01") };
    let called = after(Round::default(), [calls(), applies(1, 600)]);
    assert_eq!(refused(&called, calls()), R::RoundExists);
    assert_eq!(refused(&called, applies(1, 600)), R::ApplicationExists);
    assert_eq!(refused(&called, applies(2, 1_001)), R::AskUnfit { most: cents(1_000) });
    let mut late = applies(2, 1);
    if let C::Apply { today, .. } = &mut late {
        *today = day("2022-03-11");
    }
    assert_eq!(refused(&called, late), R::ApplicationTooLate { until: day("2022-03-10") });
    assert_eq!(refused(&called, C::CloseApplications { today: day("2022-03-10") }), R::ApplicationsStillOpen { until: day("2022-03-10") });
    let own = C::Screen { application: id(1), screener: Some(person(201)), eligible: true, reason: "好".into() };
    assert_eq!(refused(&called, own), R::OwnApplicationScreened);
    assert_eq!(refused(&called, screens(9, true)), R::UnknownApplication);
    let closed = after(called, [closes()]);
    assert_eq!(refused(&closed, applies(2, 1)), R::RoundPhaseUnfit { zh: "评审中", en: "being evaluated" });
    assert_eq!(refused(&closed, selects(None)), R::ApplicationsUnscreened { count: 1 });
    assert_eq!(refused(&Round::default(), applies(1, 1)), R::UnknownRound);
}

#[test]
fn a_conflicted_reviewer_does_not_score() {
    let round = after(evaluating(SelectedBy::Scores, GREEDY), [scores(1, 1, &[10, 5]), declares(1, 1)]);
    assert_eq!(refused(&round, scores(1, 1, &[10, 5])), R::ReviewerConflicted);
    assert_eq!(refused(&round, declares(1, 1)), R::ConflictExists);
    // What was given before counts for nothing.
    assert_eq!(round.points(round.terms.as_ref().unwrap(), id(1)).points, 0);
    assert_eq!(refused(&round, selects(None)), R::ScoresMissing { count: 3 });
    assert_eq!(refused(&round, scores(3, 1, &[1, 1])), R::NotAReviewer);
    assert_eq!(refused(&round, scores(2, 1, &[11, 0])), R::PointsUnfit);
    assert_eq!(refused(&round, scores(2, 1, &[1])), R::PointsUnfit);
    // Nor does who wrote it, declared or not.
    let wrote = after(round, [C::Appoint { reviewer: person(202) }]);
    assert_eq!(refused(&wrote, scores(202, 2, &[10, 5])), R::ReviewerConflicted);
}

#[test]
fn the_share_of_the_points_selects_however_many_reviewed() {
    // 1 has 20 of 25, 2 has 20+23 of 50, 3 has 24 of 25.
    let given = [scores(1, 1, &[8, 4]), scores(1, 2, &[8, 4]), scores(2, 2, &[9, 5]), scores(1, 3, &[10, 4])];
    let round = after(evaluating(SelectedBy::Scores, GREEDY), given);
    assert_eq!(refused(&round, C::PrepareBallot { poll: poll(), options: vec![id(1)] }), R::NoBallotNeeded);
    let selected = after(round, [selects(None)]);
    assert_eq!(funded(&selected), [id(2), id(3)]);
    assert_eq!(selected.selection.unwrap().steps[2].reason, Reason::TooExpensive { left: 100 });
}

#[test]
fn ballots_select_and_must_be_those_that_were_counted() {
    let round = evaluating(BALLOTS, GREEDY);
    let prepares = |options: &[u128]| C::PrepareBallot { poll: poll(), options: options.iter().map(|it| id(*it)).collect() };
    for wrong in [&[1, 2][..], &[1, 2, 3, 3], &[1, 2, 9], &[]] {
        assert_eq!(refused(&round, prepares(wrong)), R::BallotUnfit);
    }
    let round = after(round, [prepares(&[3, 1, 2])]);
    assert_eq!(refused(&round, screens(1, false)), R::ApplicationStatusUnfit);
    assert_eq!(refused(&round, selects(None)), R::BallotsMissing);
    assert_eq!(refused(&round, selects(ballots(&[1, 2], &[]))), R::BallotsDiffer);
    assert_eq!(refused(&round, selects(ballots(&[1, 2, 11], &[]))), R::BallotsDiffer);
    // Options stand in the ballot's order: 3, 1, 2.
    let selected = after(round, [selects(ballots(&[1, 9, 5], &[]))]);
    assert_eq!((funded(&selected), selected.reserve), (vec![id(1), id(3)], vec![id(2)]));
}

#[test]
fn equal_shares_ask_for_the_ballots_themselves() {
    let method = Method::EqualShares { measure: Measure::Cost, completion: Completion::None };
    let round = on_ballot(SelectionRule { method, ..GREEDY });
    assert_eq!(refused(&round, selects(ballots(&[6, 6, 4], &[]))), R::BallotsDiffer);
    assert_eq!(refused(&round, selects(ballots(&[6, 5, 4], &[(&[1, 2], 6), (&[3], 4)]))), R::BallotsDiffer);
    let selected = after(round, [selects(ballots(&[6, 6, 4], &[(&[1, 2], 6), (&[3], 4)]))]);
    // A cent is a cent of satisfaction to as many for 1 and for 2: the cheaper one goes first.
    assert_eq!(funded(&selected), [id(2), id(3)]);
    let unfit = C::Call { terms: terms(SelectedBy::Scores, SelectionRule { method, ..GREEDY }), today: day("2022-02-01") };
    assert_eq!(refused(&Round::default(), unfit), R::SharesNeedBallots);
}

#[test]
fn a_floor_of_points_keeps_off_the_ballot() {
    let floor = Some(Threshold::AtLeast(Fraction::HALF));
    let given = [scores(1, 1, &[10, 5]), scores(1, 2, &[5, 2]), scores(1, 3, &[5, 3])];
    let round = after(evaluating(SelectedBy::Ballots { floor }, GREEDY), given);
    let all = C::PrepareBallot { poll: poll(), options: vec![id(1), id(2), id(3)] };
    assert_eq!(refused(&round, all), R::BallotUnfit);
    assert!(Round::handle_command(&round, C::PrepareBallot { poll: poll(), options: vec![id(3), id(1)] }).is_ok());
}

#[test]
fn of_those_that_exclude_each_other_one_is_selected() {
    let forms = |numbers: &[u128]| C::FormGroup { applications: numbers.iter().map(|it| id(*it)).collect(), reason: "同一地块".into() };
    let round = evaluating(BALLOTS, GREEDY);
    assert_eq!(refused(&round, forms(&[1])), R::GroupUnfit);
    assert_eq!(refused(&round, forms(&[1, 1])), R::GroupUnfit);
    let round = after(round, [forms(&[1, 3])]);
    assert_eq!(refused(&round, forms(&[3, 2])), R::GroupUnfit);
    let round = after(round, [C::PrepareBallot { poll: poll(), options: vec![id(1), id(2), id(3)] }]);
    let selected = after(round, [selects(ballots(&[9, 1, 8], &[]))]);
    assert_eq!((funded(&selected), selected.reserve), (vec![id(1)], vec![id(3), id(2)]));
}

#[test]
fn objections_are_settled_before_the_announcement() {
    let selected = after(on_ballot(GREEDY), [selects(ballots(&[9, 5, 1], &[]))]);
    let until = day("2022-04-08");
    assert_eq!(refused(&selected, announces("2022-04-08")), R::ObjectionsOpen { until });
    assert_eq!(refused(&selected, objects(1, "2022-04-09")), R::ObjectionTooLate { until });
    let objected = after(selected, [objects(1, "2022-04-08")]);
    assert_eq!(refused(&objected, objects(1, "2022-04-08")), R::ObjectionExists);
    assert_eq!(refused(&objected, announces("2022-04-09")), R::ObjectionsOpen { until });
    assert_eq!(refused(&objected, settles(2, true)), R::UnknownObjection);
    let dismissed = after(objected.clone(), [settles(1, false), announces("2022-04-09")]);
    assert_eq!(dismissed.phase, P::Announced);
    let annulled = after(objected, [settles(1, true)]);
    assert_eq!((annulled.phase, annulled.with_status(ApplicationStatus::Eligible).count()), (P::Evaluating, 3));
    assert_eq!(refused(&annulled, settles(1, true)), R::ObjectionIsSettled);
}

#[test]
fn who_declines_makes_room_for_the_reserve() {
    let selected = after(on_ballot(GREEDY), [selects(ballots(&[9, 8, 7], &[]))]);
    assert_eq!((funded(&selected), selected.reserve.clone()), (vec![id(1), id(3)], vec![id(2)]));
    let announced = after(selected, [announces("2022-04-09")]);
    let declines = |number| C::Decline { application: id(number), reason: "场地变更".into() };
    let awards = |number, grant| C::Award { application: id(number), project: ProjectId(Uuid::from_u128(5)), grant: cents(grant) };
    assert_eq!(refused(&announced, awards(2, 1)), R::ApplicationStatusUnfit);
    assert_eq!(refused(&announced, awards(1, 601)), R::GrantBeyondAsk { ask: cents(600) });
    // 400 are free then: 500 do not fit.
    assert_eq!(funded(&after(announced.clone(), [declines(3)])), [id(1)]);
    let moved = after(announced, [declines(1)]);
    assert_eq!((funded(&moved), moved.reserve.len()), (vec![id(2), id(3)], 0));
    assert_eq!(refused(&moved, declines(1)), R::ApplicationStatusUnfit);
    let started = after(moved, [awards(2, 500)]);
    assert_eq!(refused(&started, awards(2, 500)), R::ApplicationStatusUnfit);
    assert_eq!(refused(&started, declines(2)), R::ApplicationStatusUnfit);
}

#[test]
fn terms_are_fit_or_refused() {
    let call = |change: fn(&mut RoundTerms)| {
        let mut terms = terms(SelectedBy::Scores, GREEDY);
        change(&mut terms);
        Round::handle_command(&Round::default(), C::Call { terms, today: day("2022-02-01") }).map(drop)
    };
    assert_eq!(call(|_| ()), Ok(()));
    assert_eq!(call(|it| it.area = "440402".parse().unwrap()), Err(R::RoundOutsideLine));
    assert_eq!(call(|it| it.budget = Cents::ZERO), Err(R::RoundBudgetUnfit));
    assert_eq!(call(|it| it.criteria.clear()), Err(R::CriteriaUnfit { most: 20, points: 100 }));
    assert_eq!(call(|it| it.criteria[0].weight = 0), Err(R::CriteriaUnfit { most: 20, points: 100 }));
    assert_eq!(call(|it| it.scores_needed = 0), Err(R::ScoresNeededUnfit));
    assert_eq!(call(|it| it.objection_days = 91), Err(R::ObjectionDaysUnfit { most: 90 }));
    assert_eq!(call(|it| it.applications_until = day("2022-01-31")), Err(R::ApplicationsUntilUnfit));
}
