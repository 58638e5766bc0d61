//! The silent failures made loud: a cancelled project that is paid, books below nothing, a project completed in part, grants
//! of two funds that together are more than was decided.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    projects::project_plan::{MILESTONES_MAX_COUNT, Milestone, PROJECT_MAX_YEARS},
    scenario::{Given, given},
    values::{CouncilId, MotionId, OrganisationId, VoteId},
};

fn cents(amount: u64) -> Cents {
    Cents::try_new(amount).unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn plan(grant: u64, milestones: &[&str]) -> Plan {
    Plan {
        grant: cents(grant),
        raised: cents(100),
        starts_on: day("2022-03-01"),
        ends_on: day("2022-12-31"),
        milestones: milestones.iter().map(|title| Milestone { title: (*title).into(), due: day("2022-06-30") }).collect(),
    }
}

fn starts() -> C {
    let origin = ProjectOrigin::Resolution {
        council: CouncilId(Uuid::from_u128(1)),
        motion: MotionId(Uuid::from_u128(2)),
        vote: VoteId(Uuid::from_u128(3)),
    };
    C::Start {
        origin,
        title: "楼道长者扶手".into(),
        area: "440402001001".parse().unwrap(),
        carrier: Applicant::Organisation(OrganisationId(Uuid::from_u128(4))),
        plan: plan(1_000, &["采购", "安装"]),
        on: day("2022-03-10"),
    }
}

#[test]
fn an_offices_decision_names_the_office_and_the_reason() {
    let C::Start { title, area, carrier, plan, on, .. } = starts() else { unreachable!("a start") };
    let by = |authority: &str, reason: &str| C::Start {
        origin: ProjectOrigin::Office { authority: authority.into(), reason: reason.into() },
        title: title.clone(),
        area: area.clone(),
        carrier,
        plan: plan.clone(),
        on,
    };
    for start in [by(" ", "抢修"), by("翠香街道办事处", "")] {
        given::<Project>([]).when(start).then_refused(R::OfficeUnfit { most: REASON_MAX_CHARS });
    }
    assert_eq!(given::<Project>([]).and(by("翠香街道办事处", "抢修批复〔2026〕3 号")).phase, P::UnderWay);
}

fn moves(movement: GrantMovement, amount: u64) -> C {
    C::MoveGrant { fund: FundId(Uuid::from_u128(5)), allocation: AllocationId(Uuid::from_u128(6)), movement, amount: cents(amount) }
}

fn evidence() -> Vec<Attachment> {
    let sha256 = "cd".repeat(32).parse().unwrap();
    vec![Attachment { sha256, name: "发票.pdf".into(), media_type: "application/pdf".into(), bytes: 1 }]
}

fn raises(entry: u128, amount: u64) -> C {
    let (on, today) = (day("2022-04-01"), day("2022-04-02"));
    let entry = BookEntryId(Uuid::from_u128(entry));
    C::RecordRaised { entry, from: RaisedFrom::SelfRaised, amount: cents(amount), on, today, note: "居民自筹".into(), evidence: vec![] }
}

fn spends(entry: u128, amount: u64) -> C {
    let (on, today) = (day("2022-04-01"), day("2022-04-02"));
    let entry = BookEntryId(Uuid::from_u128(entry));
    C::RecordExpense { entry, amount: cents(amount), on, today, purpose: "扶手".into(), evidence: evidence() }
}

fn refunds(entry: u128, expense: u128, amount: u64) -> C {
    let (on, today) = (day("2022-04-01"), day("2022-04-02"));
    let (entry, expense) = (BookEntryId(Uuid::from_u128(entry)), BookEntryId(Uuid::from_u128(expense)));
    C::RecordRefund { entry, expense, amount: cents(amount), on, today, note: "退货".into(), evidence: evidence() }
}

fn voids(entry: u128) -> C {
    C::VoidEntry { entry: BookEntryId(Uuid::from_u128(entry)), reason: "重复".into() }
}

fn reaches(milestone: u16) -> C {
    C::ReachMilestone { milestone, report: "完成".into(), evidence: vec![] }
}

fn completes() -> C {
    C::Complete { report: "全部安装".into(), evidence: evidence() }
}

fn reviews(person: u128, rating: u8) -> C {
    C::Review { by: PersonId(Uuid::from_u128(person)), rating, text: None }
}

fn audits(passed: bool) -> C {
    C::Audit { passed, findings: "账实相符".into(), evidence: vec![] }
}

fn project() -> Given<Project> {
    given::<Project>([]).and(starts())
}

#[test]
fn carried_out_completed_audited_and_reviewed() {
    let paid =
        project().and_all([moves(GrantMovement::Allocated, 1_000), moves(GrantMovement::Disbursed, 600), raises(1, 50), spends(2, 640)]);
    assert_eq!((paid.granted, paid.received, paid.left()), (cents(1_000), cents(600), cents(10)));
    paid.when(completes()).then_refused(R::MilestonesOpen { count: 2 });
    paid.when(reviews(9, 5)).then_refused(R::ProjectPhaseUnfit { zh: "实施中", en: "under way" });
    let done = paid.and_all([reaches(2), reaches(1), completes(), moves(GrantMovement::Disbursed, 400), reviews(9, 5)]);
    done.when(reviews(9, 4)).then_refused(R::ProjectReviewedAlready);
    done.when(reviews(8, 6)).then_refused(R::ProjectRatingUnfit);
    // An audit that is not passed opens it again.
    let again = done.and_all([audits(false), spends(3, 100), completes(), audits(true)]);
    assert_eq!((again.phase, again.left()), (P::Audited, cents(310)));
    again.when(voids(3)).then_refused(R::BookEntryAudited);
}

#[test]
fn a_cancelled_project_is_not_paid_and_gives_back() {
    let paid = project().and_all([moves(GrantMovement::Allocated, 1_000), moves(GrantMovement::Disbursed, 600)]);
    let cancelled = paid.and(C::Cancel { reason: "选址变更".into() });
    let unfit = || R::ProjectPhaseUnfit { zh: "已取消", en: "cancelled" };
    cancelled.when(moves(GrantMovement::Disbursed, 1)).then_refused(unfit());
    cancelled.when(moves(GrantMovement::Allocated, 1)).then_refused(unfit());
    cancelled.when(C::Cancel { reason: "又一次".into() }).then_refused(unfit());
    assert_eq!(cancelled.require_live(), Err(unfit()));
    let settled = cancelled.and_all([moves(GrantMovement::Returned, 600), moves(GrantMovement::Released, 400)]);
    assert_eq!((settled.granted, settled.received), (Cents::ZERO, Cents::ZERO));
}

#[test]
fn the_last_instalment_is_spent_after_the_audit() {
    let granted = project().and_all([moves(GrantMovement::Allocated, 1_000), moves(GrantMovement::Disbursed, 600), spends(1, 600)]);
    let audited = granted.and_all([reaches(1), reaches(2), completes(), audits(true)]);
    audited.when(spends(2, 1)).then_refused(R::BooksOverdrawn { left: Cents::ZERO });
    let paid = audited.and_all([moves(GrantMovement::Disbursed, 400), spends(2, 400), refunds(3, 1, 5)]);
    assert_eq!((paid.spent(), paid.left()), (cents(995), cents(5)));
    // What was audited stays; what was entered since is struck out like anything else.
    paid.when(voids(1)).then_refused(R::BookEntryAudited);
    assert_eq!(paid.and(voids(2)).left(), cents(405));
}

#[test]
fn a_suppliers_refund_to_a_cancelled_project_goes_back_to_its_fund() {
    let spent = project().and_all([moves(GrantMovement::Allocated, 1_000), moves(GrantMovement::Disbursed, 600), spends(1, 600)]);
    let cancelled = spent.and(C::Cancel { reason: "选址变更".into() });
    cancelled.when(moves(GrantMovement::Returned, 1)).then_refused(R::BooksOverdrawn { left: Cents::ZERO });
    cancelled.when(refunds(2, 1, 601)).then_refused(R::RefundExceedsExpense { kept: cents(600) });
    cancelled.when(refunds(2, 9, 1)).then_refused(R::UnknownBookEntry);
    let refunded = cancelled.and(refunds(2, 1, 250));
    refunded.when(refunds(2, 1, 1)).then_refused(R::BookEntryExists);
    refunded.when(refunds(3, 1, 351)).then_refused(R::RefundExceedsExpense { kept: cents(350) });
    refunded.when(refunds(3, 2, 1)).then_refused(R::UnknownBookEntry);
    refunded.when(voids(1)).then_refused(R::ExpenseIsRefunded);
    let back = refunded.and(moves(GrantMovement::Returned, 250));
    assert_eq!((back.received, back.spent(), back.left()), (cents(350), cents(350), Cents::ZERO));
    back.when(voids(2)).then_refused(R::BooksOverdrawn { left: Cents::ZERO });
}

#[test]
fn nothing_is_booked_before_the_project_or_refunded_before_it_was_spent() {
    // It was started on the tenth, its plan begins on the first.
    let on = |command, day| match command {
        C::RecordRaised { entry, from, amount, today, note, evidence, .. } => {
            C::RecordRaised { entry, from, amount, on: day, today, note, evidence }
        }
        C::RecordRefund { entry, expense, amount, today, note, evidence, .. } => {
            C::RecordRefund { entry, expense, amount, on: day, today, note, evidence }
        }
        other => other,
    };
    let first = day("2022-03-01");
    project().when(on(raises(1, 1), day("2022-02-28"))).then_refused(R::BookedTooEarly { earliest: first });
    let spent = project().and_all([on(raises(1, 10), first), spends(2, 10)]);
    spent.when(on(refunds(3, 2, 1), day("2022-03-31"))).then_refused(R::BookedTooEarly { earliest: day("2022-04-01") });
    assert_eq!(spent.require_begun(day("2022-05-01")), Ok(first));
}

#[test]
fn grants_stay_within_the_plan_and_the_plan_above_the_grants() {
    let granted = project().and(moves(GrantMovement::Allocated, 800));
    granted.when(moves(GrantMovement::Allocated, 201)).then_refused(R::GrantBeyondPlan { left: cents(200) });
    let revises = |grant, milestones: &[&str]| C::RevisePlan { plan: plan(grant, milestones), reason: "调整".into() };
    granted.when(revises(799, &["采购"])).then_refused(R::PlanBelowGranted { granted: cents(800) });
    let reached = granted.and(reaches(1));
    reached.when(revises(800, &["招标", "安装"])).then_refused(R::ReachedMilestoneChanged);
    reached.when(reaches(1)).then_refused(R::MilestoneIsReached);
    reached.when(reaches(3)).then_refused(R::UnknownMilestone);
    reached.when(revises(2_000, &["采购"])).then_done();
}

#[test]
fn nothing_is_spent_twice_or_from_nothing() {
    let raised = project().and(raises(1, 50));
    raised.when(spends(2, 51)).then_refused(R::BooksOverdrawn { left: cents(50) });
    raised.when(raises(1, 50)).then_refused(R::BookEntryExists);
    let spent = raised.and(spends(2, 50));
    spent.when(voids(1)).then_refused(R::BooksOverdrawn { left: Cents::ZERO });
    let struck = spent.and_all([voids(2), voids(1)]);
    assert_eq!(struck.left(), Cents::ZERO);
    struck.when(voids(1)).then_refused(R::UnknownBookEntry);
    struck.when(raises(1, 50)).then_refused(R::BookEntryExists);
}

#[test]
fn the_repeat_and_the_unknown_are_refused() {
    project().when(starts()).then_refused(R::ProjectExists);
    for command in [raises(1, 1), completes(), reviews(1, 1), moves(GrantMovement::Released, 1), moves(GrantMovement::Disbursed, 1)] {
        given::<Project>([]).when(command).then_refused(R::UnknownProject);
    }
}

#[test]
fn a_plan_has_days_milestones_and_money() {
    let fits = |change: fn(&mut Plan)| {
        let mut plan = plan(1_000, &["采购"]);
        change(&mut plan);
        plan.fitted(None)
    };
    assert_eq!(fits(|_| ()), Ok(plan(1_000, &["采购"])));
    assert_eq!(fits(|it| it.milestones[0].title = " 采购\n".into()), Ok(plan(1_000, &["采购"])));
    assert_eq!(fits(|it| it.milestones[0].title = "\u{202e}购采".into()), Err(R::MilestonesUnfit { most: MILESTONES_MAX_COUNT }));
    assert_eq!(fits(|it| it.ends_on = day("2022-02-28")), Err(R::ProjectDaysUnfit));
    let too_long = Err(R::ProjectTooLong { most: PROJECT_MAX_YEARS });
    assert_eq!(fits(|it| (it.starts_on, it.ends_on) = (day("1990-01-01"), day("2999-01-01"))), too_long);
    assert!(fits(|it| it.ends_on = day("2032-12-31")).is_ok());
    assert_eq!(plan(1_000, &["采购"]).fitted(Some(day("2033-01-01"))), too_long);
    assert_eq!(plan(1_000, &["采购"]).fitted(Some(day("2011-12-31"))), too_long);
    assert!(plan(1_000, &["采购"]).fitted(Some(day("2012-01-01"))).is_ok());
    assert_eq!(fits(|it| it.milestones.clear()), Err(R::MilestonesUnfit { most: MILESTONES_MAX_COUNT }));
    assert_eq!(fits(|it| it.milestones[0].due = day("2023-01-01")), Err(R::MilestonesUnfit { most: MILESTONES_MAX_COUNT }));
    assert_eq!(fits(|it| (it.grant, it.raised) = (Cents::ZERO, Cents::ZERO)), Err(R::PlannedMoneyUnfit));
    assert_eq!(fits(|it| it.raised = Cents::MAX), Err(R::PlannedMoneyUnfit));
}

fn any_command() -> impl Strategy<Value = C> {
    let amount = || 0_u64..500;
    prop_oneof![
        (0_usize..4, amount()).prop_map(|(which, amount)| {
            let all = [GrantMovement::Allocated, GrantMovement::Released, GrantMovement::Disbursed, GrantMovement::Returned];
            moves(all[which], amount)
        }),
        (1_u128..9, amount()).prop_map(|(entry, amount)| raises(entry, amount)),
        (1_u128..9, amount()).prop_map(|(entry, amount)| spends(entry, amount)),
        (1_u128..9).prop_map(voids),
        (1_u128..9, 1_u128..9, amount()).prop_map(|(entry, expense, amount)| refunds(entry, expense, amount)),
        (1_u16..4).prop_map(reaches),
        Just(completes()),
        any::<bool>().prop_map(audits),
        Just(C::Cancel { reason: "取消".into() }),
    ]
}

proptest! {
    /// Whatever is asked in whatever order: grants stay within the plan, books never go below nothing, and what the project
    /// has is to the cent the sum of its events.
    #[test]
    fn books_are_the_sum_of_the_events(commands in proptest::collection::vec(any_command(), 0..60)) {
        let (mut project, mut sum, mut entries) = (project().state, 0_i128, BTreeMap::new());
        for command in commands {
            let cancelled = project.phase == P::Cancelled;
            for event in Project::handle_command(&project, command).unwrap_or_default() {
                sum += match &event {
                    E::GrantMoved { movement: GrantMovement::Disbursed, amount, .. } => {
                        prop_assert!(!cancelled);
                        i128::from(amount.get())
                    }
                    E::GrantMoved { movement: GrantMovement::Returned, amount, .. } => -i128::from(amount.get()),
                    E::MoneyRaised { entry, amount, .. } | E::ExpenseRefunded { entry, amount, .. } => *entries.entry(*entry).or_insert(i128::from(amount.get())),
                    E::ExpenseRecorded { entry, amount, .. } => *entries.entry(*entry).or_insert(-i128::from(amount.get())),
                    E::BookEntryVoided { entry, .. } => -entries[entry],
                    E::GrantMoved { .. }
                    | E::ProjectStarted { .. }
                    | E::PlanRevised { .. }
                    | E::MilestoneReached { .. }
                    | E::ProjectCompleted { .. }
                    | E::ProjectAudited { .. }
                    | E::ProjectReviewed { .. }
                    | E::ProjectCancelled { .. } => 0,
                };
                project = Project::apply_event(project, event);
            }
            prop_assert_eq!(i128::from(project.left().get()), sum);
            prop_assert!(project.received <= project.granted);
            prop_assert!(project.granted <= project.plan.as_ref().unwrap().grant);
        }
    }
}
