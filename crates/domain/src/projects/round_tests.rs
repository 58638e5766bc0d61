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
    scenario::{Given, given},
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

/// A round with three eligible applications that ask for 600, 500 and 400 of 1000, and reviewers 1 and 2.
fn evaluating(selected_by: SelectedBy, rule: SelectionRule) -> Given<Round> {
    let calls = C::Call { terms: terms(selected_by, rule), today: day("2022-02-01") };
    let appoints = |reviewer| C::Appoint { reviewer: person(reviewer) };
    let all = [calls, applies(1, 600), applies(2, 500), applies(3, 400), appoints(1), appoints(2), closes()];
    given::<Round>([]).and_all(all).and_all([screens(1, true), screens(2, true), screens(3, true)])
}

fn on_ballot(rule: SelectionRule) -> Given<Round> {
    let round = evaluating(BALLOTS, rule);
    round.and(C::PrepareBallot { poll: poll(), options: vec![id(1), id(2), id(3)] })
}

fn funded(round: &Round) -> Vec<ApplicationId> {
    round.in_phase(ApplicationPhase::Funded).collect()
}

#[test]
fn called_applied_screened_and_closed_in_time() {
    let calls = || C::Call { terms: terms(SelectedBy::Scores, GREEDY), today: day("2022-02-01") };
    let called = given::<Round>([]).and_all([calls(), applies(1, 600)]);
    called.when(calls()).then_refused(R::RoundExists);
    called.when(applies(1, 600)).then_refused(R::ApplicationExists);
    called.when(applies(2, 1_001)).then_refused(R::AskUnfit { most: cents(1_000) });
    let mut late = applies(2, 1);
    if let C::Apply { today, .. } = &mut late {
        *today = day("2022-03-11");
    }
    called.when(late).then_refused(R::ApplicationTooLate { until: day("2022-03-10") });
    called.when(C::CloseApplications { today: day("2022-03-10") }).then_refused(R::ApplicationsStillOpen { until: day("2022-03-10") });
    let own = C::Screen { application: id(1), screener: Some(person(201)), eligible: true, reason: "好".into() };
    called.when(own).then_refused(R::OwnApplicationScreened);
    called.when(screens(9, true)).then_refused(R::UnknownApplication);
    let closed = called.and(closes());
    closed.when(applies(2, 1)).then_refused(R::RoundPhaseUnfit { zh: "评审中", en: "being evaluated" });
    closed.when(selects(None)).then_refused(R::ApplicationsUnscreened { count: 1 });
    given::<Round>([]).when(applies(1, 1)).then_refused(R::UnknownRound);
}

#[test]
fn a_conflicted_reviewer_does_not_score() {
    let round = evaluating(SelectedBy::Scores, GREEDY).and_all([scores(1, 1, &[10, 5]), declares(1, 1)]);
    round.when(scores(1, 1, &[10, 5])).then_refused(R::ReviewerConflicted);
    round.when(declares(1, 1)).then_refused(R::ConflictExists);
    // What was given before counts for nothing.
    assert_eq!(round.points(round.terms.as_ref().unwrap(), id(1)).points, 0);
    round.when(selects(None)).then_refused(R::ScoresMissing { count: 3 });
    round.when(scores(3, 1, &[1, 1])).then_refused(R::NotAReviewer);
    round.when(scores(2, 1, &[11, 0])).then_refused(R::PointsUnfit);
    round.when(scores(2, 1, &[1])).then_refused(R::PointsUnfit);
    // Nor does who wrote it, declared or not.
    let wrote = round.and(C::Appoint { reviewer: person(202) });
    wrote.when(scores(202, 2, &[10, 5])).then_refused(R::ReviewerConflicted);
}

#[test]
fn the_share_of_the_points_selects_however_many_reviewed() {
    // 1 has 20 of 25, 2 has 20+23 of 50, 3 has 24 of 25.
    let given = [scores(1, 1, &[8, 4]), scores(1, 2, &[8, 4]), scores(2, 2, &[9, 5]), scores(1, 3, &[10, 4])];
    let round = evaluating(SelectedBy::Scores, GREEDY).and_all(given);
    round.when(C::PrepareBallot { poll: poll(), options: vec![id(1)] }).then_refused(R::NoBallotNeeded);
    let selected = round.and(selects(None));
    assert_eq!(funded(&selected), [id(2), id(3)]);
    assert_eq!(selected.state.selection.unwrap().steps[2].reason, Reason::TooExpensive { left: 100 });
}

#[test]
fn ballots_select_and_must_be_those_that_were_counted() {
    let round = evaluating(BALLOTS, GREEDY);
    let prepares = |options: &[u128]| C::PrepareBallot { poll: poll(), options: options.iter().map(|it| id(*it)).collect() };
    for wrong in [&[1, 2][..], &[1, 2, 3, 3], &[1, 2, 9], &[]] {
        round.when(prepares(wrong)).then_refused(R::BallotUnfit);
    }
    let round = round.and(prepares(&[3, 1, 2]));
    round.when(screens(1, false)).then_refused(R::ApplicationPhaseUnfit);
    round.when(selects(None)).then_refused(R::BallotsMissing);
    round.when(selects(ballots(&[1, 2], &[]))).then_refused(R::BallotsDiffer);
    round.when(selects(ballots(&[1, 2, 11], &[]))).then_refused(R::BallotsDiffer);
    // Options stand in the ballot's order: 3, 1, 2.
    let selected = round.and(selects(ballots(&[1, 9, 5], &[])));
    assert_eq!((funded(&selected), selected.state.reserve), (vec![id(1), id(3)], vec![id(2)]));
}

#[test]
fn equal_shares_ask_for_the_ballots_themselves() {
    let method = Method::EqualShares { measure: Measure::Cost, completion: Completion::None };
    let round = on_ballot(SelectionRule { method, ..GREEDY });
    round.when(selects(ballots(&[6, 6, 4], &[]))).then_refused(R::BallotsDiffer);
    round.when(selects(ballots(&[6, 5, 4], &[(&[1, 2], 6), (&[3], 4)]))).then_refused(R::BallotsDiffer);
    let selected = round.and(selects(ballots(&[6, 6, 4], &[(&[1, 2], 6), (&[3], 4)])));
    // A cent is a cent of satisfaction to as many for 1 and for 2: the cheaper one goes first.
    assert_eq!(funded(&selected), [id(2), id(3)]);
    let unfit = C::Call { terms: terms(SelectedBy::Scores, SelectionRule { method, ..GREEDY }), today: day("2022-02-01") };
    given::<Round>([]).when(unfit).then_refused(R::SharesNeedBallots);
}

#[test]
fn a_floor_of_points_keeps_off_the_ballot() {
    let floor = Some(Threshold::AtLeast(Fraction::HALF));
    let given = [scores(1, 1, &[10, 5]), scores(1, 2, &[5, 2]), scores(1, 3, &[5, 3])];
    let round = evaluating(SelectedBy::Ballots { floor }, GREEDY).and_all(given);
    let all = C::PrepareBallot { poll: poll(), options: vec![id(1), id(2), id(3)] };
    round.when(all).then_refused(R::BallotUnfit);
    round.when(C::PrepareBallot { poll: poll(), options: vec![id(3), id(1)] }).then_done();
}

#[test]
fn of_those_that_exclude_each_other_one_is_selected() {
    let forms = |numbers: &[u128]| C::FormGroup { applications: numbers.iter().map(|it| id(*it)).collect(), reason: "同一地块".into() };
    let round = evaluating(BALLOTS, GREEDY);
    round.when(forms(&[1])).then_refused(R::GroupUnfit);
    round.when(forms(&[1, 1])).then_refused(R::GroupUnfit);
    let round = round.and(forms(&[1, 3]));
    round.when(forms(&[3, 2])).then_refused(R::GroupUnfit);
    let round = round.and(C::PrepareBallot { poll: poll(), options: vec![id(1), id(2), id(3)] });
    let selected = round.and(selects(ballots(&[9, 1, 8], &[])));
    assert_eq!((funded(&selected), selected.state.reserve), (vec![id(1)], vec![id(3), id(2)]));
}

#[test]
fn objections_are_settled_before_the_announcement() {
    let selected = on_ballot(GREEDY).and(selects(ballots(&[9, 5, 1], &[])));
    let until = day("2022-04-08");
    selected.when(announces("2022-04-08")).then_refused(R::ObjectionsOpen { until });
    selected.when(objects(1, "2022-04-09")).then_refused(R::ObjectionTooLate { until });
    let objected = selected.and(objects(1, "2022-04-08"));
    objected.when(objects(1, "2022-04-08")).then_refused(R::ObjectionExists);
    objected.when(announces("2022-04-09")).then_refused(R::ObjectionsOpen { until });
    objected.when(settles(2, true)).then_refused(R::UnknownObjection);
    let dismissed = objected.clone().and_all([settles(1, false), announces("2022-04-09")]);
    assert_eq!(dismissed.phase, P::Announced);
    let annulled = objected.and(settles(1, true));
    assert_eq!((annulled.phase, annulled.in_phase(ApplicationPhase::Eligible).count()), (P::Evaluating, 3));
    annulled.when(settles(1, true)).then_refused(R::ObjectionIsSettled);
}

#[test]
fn who_declines_makes_room_for_the_reserve() {
    let selected = on_ballot(GREEDY).and(selects(ballots(&[9, 8, 7], &[])));
    assert_eq!((funded(&selected), selected.reserve.clone()), (vec![id(1), id(3)], vec![id(2)]));
    let announced = selected.and(announces("2022-04-09"));
    let declines = |number| C::Decline { application: id(number), reason: "场地变更".into() };
    let awards = |number, grant| C::Award { application: id(number), project: ProjectId(Uuid::from_u128(5)), grant: cents(grant) };
    announced.when(awards(2, 1)).then_refused(R::ApplicationPhaseUnfit);
    announced.when(awards(1, 601)).then_refused(R::GrantBeyondAsk { ask: cents(600) });
    // 400 are free then: 500 do not fit.
    assert_eq!(funded(&announced.clone().and(declines(3))), [id(1)]);
    let moved = announced.and(declines(1));
    assert_eq!((funded(&moved), moved.reserve.len()), (vec![id(2), id(3)], 0));
    moved.when(declines(1)).then_refused(R::ApplicationPhaseUnfit);
    let started = moved.and(awards(2, 500));
    started.when(awards(2, 500)).then_refused(R::ApplicationPhaseUnfit);
    started.when(declines(2)).then_refused(R::ApplicationPhaseUnfit);
}

#[test]
fn terms_are_fit_or_refused() {
    let call = |change: fn(&mut RoundTerms)| {
        let mut terms = terms(SelectedBy::Scores, GREEDY);
        change(&mut terms);
        given::<Round>([]).when(C::Call { terms, today: day("2022-02-01") })
    };
    call(|_| ()).then_done();
    call(|it| it.area = "440402".parse().unwrap()).then_refused(R::RoundOutsideLine);
    call(|it| it.budget = Cents::ZERO).then_refused(R::RoundBudgetUnfit);
    call(|it| it.criteria.clear()).then_refused(R::CriteriaUnfit { most: 20, points: 100 });
    call(|it| it.criteria[0].weight = 0).then_refused(R::CriteriaUnfit { most: 20, points: 100 });
    call(|it| it.scores_needed = 0).then_refused(R::ScoresNeededUnfit);
    call(|it| it.objection_days = 91).then_refused(R::ObjectionDaysUnfit { most: 90 });
    call(|it| it.applications_until = day("2022-01-31")).then_refused(R::ApplicationsUntilUnfit);
}
