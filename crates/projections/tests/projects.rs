//! The silent failures made loud here: a project whose money differs from what its rules say, a resident's words that outlive
//! the erasure of who wrote them, hours counted for two things, a selection that loses its reasons.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use esrs::Aggregate;
use gongyi_domain::{
    access::person::{Person, PersonEvent},
    event::DomainEvent,
    projects::{
        applicant::Applicant,
        community_activity::{Beginner, CommunityActivity, CommunityActivityCommand},
        fund::{Fund, FundCommand},
        project::{Project, ProjectCommand},
        project_terms::{GrantMovement, ProjectOrigin, ProjectPhase, RaisedFrom},
        round::{
            Round, RoundCommand,
            terms::{ApplicationPhase, RoundPhase},
        },
        service_link::{ServiceLink, ServiceLinkCommand, ServicePurpose},
    },
    values::{
        ActivityId, AllocationId, ApplicationId, AttendanceId, BookEntryId, CouncilId, Day, DisbursementId, Minutes, MotionId, ObjectionId,
        OrganisationId, RecordId, VoteId,
    },
    volunteering::{
        category::Category,
        service_ledger::{Approver, ServiceLedger, ServiceLedgerCommand},
        service_record::{Evidence, Level, Served, Setting, Source},
    },
};
use gongyi_projections::{ObjectionPhase, PageArgs, ProjectFilter, ProjectSort, ProjectStep, ServiceLinkFilter, ServiceOf, ServiceSum};
use harness::{
    Platform, WAIT, found,
    projects::{area, cents, community_activity, evidence, fund, line, plan, project, round, terms},
    seal,
    story::{person, volunteer},
};
use uuid::Uuid;

/// Decides and appends what comes of it.
async fn does<A>(platform: &mut Platform, id: Uuid, state: &mut A, command: A::Command)
where
    A: Aggregate<State = A> + Default,
    A::Event: DomainEvent,
    A::Error: std::fmt::Debug,
{
    let events = A::handle_command(state, command).unwrap();
    *state = events.iter().cloned().fold(std::mem::take(state), A::apply_event);
    platform.append::<A>(id, &events).await;
}

fn start(today: Day) -> ProjectCommand {
    let origin = ProjectOrigin::Resolution {
        council: CouncilId(Uuid::from_u128(1)),
        motion: MotionId(Uuid::from_u128(2)),
        vote: VoteId(Uuid::from_u128(3)),
    };
    let carrier = Applicant::Organisation(OrganisationId(Uuid::from_u128(4)));
    ProjectCommand::Start { origin, title: "扶手".into(), area: area(), carrier, plan: plan(900, today), on: today }
}

#[tokio::test]
async fn a_projects_money_is_what_its_rules_and_its_fund_say() {
    let mut platform = Platform::new();
    let (id, of, today) = (project(0), fund(0), platform.now.date_naive());
    let (mut it, mut money) = (Project::default(), Fund::default());
    does(&mut platform, id.0, &mut it, start(today)).await;
    does(&mut platform, of.0, &mut money, FundCommand::Establish { name: "专项资金".into(), area: area() }).await;
    does(&mut platform, of.0, &mut money, FundCommand::Appropriate { line: line(1), amount: cents(1_000), basis: "1 号".into(), today })
        .await;
    let (allocation, disbursement) = (AllocationId(Uuid::from_u128(5)), DisbursementId(Uuid::from_u128(6)));
    let (begun, amount) = (today, cents(600));
    let allocate = FundCommand::Allocate { allocation, line: line(1), project: id, area: area(), begun, amount, on: today, today };
    let disburse = FundCommand::Disburse { allocation, disbursement, amount: cents(500), on: today, today, evidence: evidence() };
    let (reason, evidence_of_return) = ("多付".to_owned(), evidence());
    let back = FundCommand::Return { disbursement, amount: cents(200), on: today, today, reason, evidence: evidence_of_return };
    for (command, movement, amount) in
        [(allocate, GrantMovement::Allocated, 600), (disburse, GrantMovement::Disbursed, 500), (back, GrantMovement::Returned, 200)]
    {
        does(&mut platform, of.0, &mut money, command).await;
        does(&mut platform, id.0, &mut it, ProjectCommand::MoveGrant { fund: of, allocation, movement, amount: cents(amount) }).await;
    }
    let entry = |n| BookEntryId(Uuid::from_u128(n));
    let raise = |n, from, amount| ProjectCommand::RecordRaised {
        entry: entry(n),
        from,
        amount: cents(amount),
        on: today,
        today,
        note: "自筹".into(),
        evidence: vec![],
    };
    does(&mut platform, id.0, &mut it, raise(10, RaisedFrom::SelfRaised, 40)).await;
    does(&mut platform, id.0, &mut it, raise(11, RaisedFrom::Matched, 60)).await;
    let (purpose, amount) = ("扶手".to_owned(), cents(350));
    let spend = ProjectCommand::RecordExpense { entry: entry(12), amount, on: today, today, purpose, evidence: evidence() };
    does(&mut platform, id.0, &mut it, spend).await;
    let refund = |n, amount| ProjectCommand::RecordRefund {
        entry: entry(n),
        expense: entry(12),
        amount: cents(amount),
        on: today,
        today,
        note: "退货".into(),
        evidence: evidence(),
    };
    does(&mut platform, id.0, &mut it, refund(13, 30)).await;
    does(&mut platform, id.0, &mut it, refund(14, 20)).await;
    does(&mut platform, id.0, &mut it, ProjectCommand::VoidEntry { entry: entry(14), reason: "重复".into() }).await;
    does(&mut platform, id.0, &mut it, ProjectCommand::VoidEntry { entry: entry(10), reason: "重复".into() }).await;
    let views = platform.settled().await;
    let row = views.projects_by_ids(&[id]).await.unwrap().pop().unwrap();
    assert_eq!((row.granted, row.paid, row.spent), (it.granted, it.received, it.spent()));
    assert_eq!((row.spent, row.left()), (cents(320), it.left()));
    assert_eq!(row.raised.checked_add(row.matched), Some(it.raised()));
    assert_eq!((row.phase, &row.plan, row.matched), (it.phase, it.plan.as_ref().unwrap(), cents(60)));
    let grants = views.grants_of(&[id]).await.unwrap();
    assert_eq!((grants[0].amount, grants[0].paid), (row.granted, row.paid));
    let payments = views.payments_of_grants(&[allocation]).await.unwrap();
    assert_eq!((payments.len(), payments[0].amount, payments[0].returned), (1, cents(500), cents(200)));
    assert_eq!(views.grant_payment(of, disbursement).await.unwrap(), payments.first().cloned());
    let ledger = views.project_ledger(id, &PageArgs::default()).await.unwrap();
    assert_eq!((ledger.total, ledger.edges[1].1.evidence.len()), (3, 1));
    let page = PageArgs::default();
    let (standing, all) = (views.project_books(id, false, &page).await.unwrap(), views.project_books(id, true, &page).await.unwrap());
    assert_eq!((standing.total, all.total), (3, 5));
    assert_eq!(all.edges.iter().filter(|(_, row)| row.refunds == Some(entry(12))).count(), 2);
    let filter = ProjectFilter { fund: Some(of), motion: row.motion, ..ProjectFilter::default() };
    assert_eq!(views.projects(&filter, ProjectSort::Title, true, &PageArgs::default()).await.unwrap().total, 1);
    let other = ProjectFilter { fund: Some(fund(1)), ..ProjectFilter::default() };
    assert_eq!(views.projects(&other, ProjectSort::EndsOn, false, &PageArgs::default()).await.unwrap().total, 0);
}

#[tokio::test]
async fn a_review_and_an_objection_lose_their_words_with_who_wrote_them() {
    let mut platform = Platform::new();
    let (id, today, mut it) = (project(0), platform.now.date_naive(), Project::default());
    let text = |field| seal(person(0), "PersonRegistered", field, "x");
    let (name, id_number, phone, birth_date) = (text("name"), text("id_number"), text("phone"), text("birth_date"));
    let registered = PersonEvent::PersonRegistered { document: None, name, id_number, phone, birth_date, home_area: area() };
    platform.append::<Person>(person(0).0, &[registered]).await;
    does(&mut platform, id.0, &mut it, start(today)).await;
    for milestone in [1, 2] {
        does(&mut platform, id.0, &mut it, ProjectCommand::ReachMilestone { milestone, report: "好".into(), evidence: vec![] }).await;
    }
    does(&mut platform, id.0, &mut it, ProjectCommand::Complete { report: "完工".into(), evidence: vec![] }).await;
    for (n, words) in [(0, "扶手很稳当"), (1, "还差一盏灯")] {
        let text = Some(seal(person(n), "ProjectReviewed", "text", words));
        does(&mut platform, id.0, &mut it, ProjectCommand::Review { by: person(n), rating: 4, text }).await;
    }
    let (of, mut round_state) = (round(0), Round::default());
    does(&mut platform, of.0, &mut round_state, RoundCommand::Call { terms: terms(0, today), today }).await;
    let later: Day = today + chrono::TimeDelta::days(1);
    does(&mut platform, of.0, &mut round_state, RoundCommand::CloseApplications { today: later }).await;
    does(&mut platform, of.0, &mut round_state, RoundCommand::Select { ballots: None, today: later }).await;
    let (objection, text) = (ObjectionId(Uuid::from_u128(9)), seal(person(0), "ObjectionRaised", "text", "评审不公"));
    does(&mut platform, of.0, &mut round_state, RoundCommand::Object { objection, by: person(0), text, today: later }).await;
    let views = platform.settled().await;
    let words = |page: gongyi_projections::Page<gongyi_projections::ProjectReviewRow>| -> Vec<Option<String>> {
        page.edges.into_iter().map(|(_, row)| row.text).collect()
    };
    let reviews = views.project_reviews(id, &PageArgs::default()).await.unwrap();
    assert_eq!(words(reviews), [Some("还差一盏灯".to_owned()), Some("扶手很稳当".to_owned())]);
    assert_eq!(views.round_objection(of, objection).await.unwrap().unwrap().text.as_deref(), Some("评审不公"));
    views.close().await;

    platform.vault.destroyed.lock().unwrap().insert(person(0));
    let last = platform.append::<Person>(person(0).0, &[PersonEvent::PersonErased {}]).await;
    let running = platform.run().await;
    running.views.wait_for(last, WAIT).await.unwrap();
    let reviews = running.views.project_reviews(id, &PageArgs::default()).await.unwrap();
    assert_eq!(words(reviews), [Some("还差一盏灯".to_owned()), None]);
    assert_eq!(running.views.project_ratings(&[id]).await.unwrap()[0].1.count, 2, "the ratings stay");
    let row = running.views.round_objection(of, objection).await.unwrap().unwrap();
    assert_eq!((row.text, row.phase), (None, ObjectionPhase::Open));
    // The bytes go with the purge, which follows the fold.
    let gone = || ["扶手很稳当", "评审不公"].iter().all(|words| found(platform.dir.path(), words).is_empty());
    for _ in 0..600 {
        if gone() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(gone() && !found(platform.dir.path(), "还差一盏灯").is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_course_keeps_its_audits_and_an_audit_that_fails_opens_it_again() {
    let mut platform = Platform::new();
    let (id, today, mut it) = (project(0), platform.now.date_naive(), Project::default());
    does(&mut platform, id.0, &mut it, start(today)).await;
    for milestone in [1, 2] {
        does(&mut platform, id.0, &mut it, ProjectCommand::ReachMilestone { milestone, report: "好".into(), evidence: vec![] }).await;
    }
    does(&mut platform, id.0, &mut it, ProjectCommand::Complete { report: "完工".into(), evidence: vec![] }).await;
    does(&mut platform, id.0, &mut it, ProjectCommand::Audit { passed: false, findings: "缺收据".into(), evidence: vec![] }).await;
    let views = platform.settled().await;
    let row = views.projects_by_ids(&[id]).await.unwrap().pop().unwrap();
    assert_eq!((row.phase, row.completed_on, row.audited_on), (ProjectPhase::UnderWay, None, None));
    let history = views.project_history(id, true, &PageArgs::first(2)).await.unwrap();
    let steps: Vec<_> = history.edges.iter().map(|(_, row)| (row.step, row.text.as_deref())).collect();
    assert_eq!(steps, [(ProjectStep::AuditFailed, Some("缺收据")), (ProjectStep::Completed, Some("完工"))]);
    assert!(history.has_next && history.total == 5);
}

/// Confirmed service of a volunteer at an activity.
async fn serves(platform: &mut Platform, n: u32, activity: ActivityId, attested: bool, minutes: u32) {
    let (mut ledger, who, now) = (ServiceLedger::default(), volunteer(n), platform.now);
    let started = now - chrono::TimeDelta::minutes(120);
    let ended = started + chrono::TimeDelta::minutes(minutes.into());
    let (record, day) = (RecordId(Uuid::from_u128(0xee00 + u128::from(n))), started.date_naive());
    let served = Served { started, ended, minutes: Minutes(minutes), day, category: Category::RiverPatrol };
    let evidence = if attested { Evidence::Attested { attendance: AttendanceId(record.0) } } else { Evidence::Declared };
    let setting = Setting { organisation: OrganisationId(Uuid::from_u128(4)), activity: Some(activity), area: area() };
    let (source, content) = (Source::Coordinator, None);
    does(platform, who.0, &mut ledger, ServiceLedgerCommand::Log { record, setting, served, evidence, source, content, now }).await;
    let by = Approver { is_the_volunteer: false, level: Level::District };
    does(platform, who.0, &mut ledger, ServiceLedgerCommand::Confirm { record, by }).await;
}

#[tokio::test]
async fn hours_are_for_one_thing_and_for_the_project_of_an_activity() {
    let mut platform = Platform::new();
    let (id, today, mut it) = (project(0), platform.now.date_naive(), Project::default());
    does(&mut platform, id.0, &mut it, start(today)).await;
    let (event, mut begun) = (community_activity(0), CommunityActivity::default());
    let begun_by = Some(Beginner { person: person(0), council: CouncilId(Uuid::from_u128(1)) });
    let begin = CommunityActivityCommand::Begin { begun_by, project: Some(id), title: "安装日".into(), area: area() };
    does(&mut platform, event.0, &mut begun, begin).await;
    let activities = [ActivityId(Uuid::from_u128(0x31)), ActivityId(Uuid::from_u128(0x32))];
    let purposes = [ServicePurpose::Project(id), ServicePurpose::CommunityActivity(event)];
    for (activity, purpose) in activities.into_iter().zip(purposes) {
        does(&mut platform, activity.0, &mut ServiceLink::default(), ServiceLinkCommand::Link { activity, purpose }).await;
    }
    serves(&mut platform, 0, activities[0], true, 60).await;
    serves(&mut platform, 1, activities[1], false, 30).await;
    serves(&mut platform, 2, ActivityId(Uuid::from_u128(0x33)), true, 45).await;
    let sum = |attested_minutes, declared_minutes, records| ServiceSum { attested_minutes, declared_minutes, records, volunteers: records };
    let views = platform.settled().await;
    assert_eq!(views.service_sums(ServiceOf::Project, &[id.0]).await.unwrap(), [(id.0, sum(60, 30, 2))]);
    assert_eq!(views.service_sums(ServiceOf::CommunityActivity, &[event.0]).await.unwrap(), [(event.0, sum(0, 30, 1))]);
    assert_eq!(views.service_sums(ServiceOf::Activity, &[activities[0].0]).await.unwrap(), [(activities[0].0, sum(60, 0, 1))]);
    let links = |filter| {
        let views = views.clone();
        async move { views.service_links(filter, &PageArgs::default()).await.unwrap().total }
    };
    assert_eq!(links(ServiceLinkFilter::Project(id)).await, 1);
    assert_eq!(links(ServiceLinkFilter::ProjectAndActivities(id)).await, 2);
    views.close().await;
    let mut link = ServiceLink { purpose: Some(purposes[0]) };
    does(&mut platform, activities[0].0, &mut link, ServiceLinkCommand::Unlink { reason: "错误".into() }).await;
    let views = platform.settled().await;
    assert_eq!(views.service_sums(ServiceOf::Project, &[id.0]).await.unwrap(), [(id.0, sum(0, 30, 1))]);
    assert!(views.service_links_of(&activities[..1]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_rounds_view_is_the_domains_state() {
    let mut platform = Platform::new();
    let (id, today, mut it) = (round(0), platform.now.date_naive(), Round::default());
    let later: Day = today + chrono::TimeDelta::days(1);
    does(&mut platform, id.0, &mut it, RoundCommand::Call { terms: terms(0, today), today }).await;
    let application = |n: u32| ApplicationId(Uuid::from_u128(0x50 + u128::from(n)));
    for n in 0..3 {
        let applicant = Applicant::Organisation(OrganisationId(Uuid::from_u128(n.into())));
        let (title, text, ask) = (format!("项目{n}"), "加装扶手".to_owned(), cents(300 + 100 * n));
        let apply = RoundCommand::Apply { application: application(n), applicant, by: person(n), title, text, area: area(), ask, today };
        does(&mut platform, id.0, &mut it, apply).await;
        let screen = RoundCommand::Screen { application: application(n), screener: None, eligible: true, reason: "齐全".into() };
        does(&mut platform, id.0, &mut it, screen).await;
    }
    does(&mut platform, id.0, &mut it, RoundCommand::CloseApplications { today: later }).await;
    does(&mut platform, id.0, &mut it, RoundCommand::Appoint { reviewer: person(5) }).await;
    for n in 0..3 {
        let points = vec![9 - u16::try_from(n).unwrap()];
        does(&mut platform, id.0, &mut it, RoundCommand::Score { reviewer: person(5), application: application(n), points }).await;
    }
    does(&mut platform, id.0, &mut it, RoundCommand::Select { ballots: None, today: later }).await;
    let views = platform.settled().await;
    let same = |state: &Round, row: &gongyi_projections::RoundRow| {
        assert_eq!((row.phase, &row.reserve, &row.candidates), (state.phase, &state.reserve, &state.candidates));
        assert_eq!((&row.reviewers, row.selected_on, row.groups), (&state.reviewers, state.selected_on, state.groups));
    };
    let keys: Vec<_> = (0..3).map(|n| (id, application(n))).collect();
    same(&it, &views.rounds_by_ids(&[id]).await.unwrap().pop().unwrap());
    for row in views.round_applications_by_keys(&keys).await.unwrap() {
        assert_eq!(row.phase, it.applications[&row.application].phase);
    }
    assert_eq!(views.round_scores(&keys).await.unwrap().len(), 3);
    let selections = views.round_selections(&[id]).await.unwrap();
    assert_eq!((selections.len(), Some(&selections[0].selection)), (1, it.selection.as_ref()));
    views.close().await;

    let (objection, text) = (ObjectionId(Uuid::from_u128(9)), seal(person(0), "ObjectionRaised", "text", "评审不公"));
    does(&mut platform, id.0, &mut it, RoundCommand::Object { objection, by: person(0), text, today: later }).await;
    does(&mut platform, id.0, &mut it, RoundCommand::Settle { objection, upheld: true, reason: "属实".into() }).await;
    let views = platform.settled().await;
    let row = views.rounds_by_ids(&[id]).await.unwrap().pop().unwrap();
    same(&it, &row);
    assert_eq!((row.phase, row.open_objections), (RoundPhase::Evaluating, 0));
    let all = views.round_applications_by_keys(&keys).await.unwrap();
    assert!(all.iter().all(|row| row.phase == ApplicationPhase::Eligible));
    assert_eq!(views.round_selections(&[id]).await.unwrap()[0].annulled_by, Some(objection));
    assert_eq!(views.round_objection(id, objection).await.unwrap().unwrap().phase, ObjectionPhase::Upheld);
}
