//! Projects. Makes loud: one that nobody resolved, one completed in part, a review from elsewhere.

use gongyi_app::projects::{
    project_starts::StartProject,
    projects::{AuditProject, CompleteProject, ReachMilestone, RecordExpense, RecordRaisedMoney, ReviewProject, VoidBookEntry},
};
use gongyi_domain::{
    projects::project_terms::{ProjectPhase, RaisedFrom},
    values::{MotionId, ProjectId},
};
use uuid::Uuid;

use crate::harness::{DISTRICT, District, OTHER_COMMUNITY, STREET, area, cents, evidence, expect_refused};

#[tokio::test]
async fn a_project_is_resolved_carried_out_audited_and_reviewed() {
    let district = District::new().await;
    let team = district.founds("扶手队").await;
    let start = district.resolves(team, 800).await;
    let (organiser, officer, coordinator) =
        (district.organiser_in(STREET).await, district.officer().await, district.coordinator_of(team).await);
    expect_refused("NotAllowed", coordinator.does(&start).await);
    let project = organiser.does(&start).await.unwrap();
    let raises = |amount| {
        let (from, on, note, evidence) = (RaisedFrom::SelfRaised, None, "居民自筹".to_owned(), vec![]);
        RecordRaisedMoney { project, from, amount: cents(amount), on, note, evidence }
    };
    let spends = |amount| RecordExpense { project, amount: cents(amount), on: None, purpose: "扶手".into(), evidence: evidence() };
    let entry = coordinator.does(&raises(100)).await.unwrap();
    expect_refused("BooksOverdrawn", coordinator.does(&spends(101)).await);
    coordinator.does(&spends(100)).await.unwrap();
    expect_refused("BooksOverdrawn", coordinator.does(&VoidBookEntry { project, entry, reason: "重复".into() }).await);
    let completes = CompleteProject { project, report: "全部安装".into(), evidence: vec![] };
    expect_refused("MilestonesOpen", coordinator.does(&completes).await);
    let reaches = ReachMilestone { project, milestone: 1, report: "已安装".into(), evidence: evidence() };
    coordinator.does(&reaches).await.unwrap();
    expect_refused("MilestoneIsReached", coordinator.does(&reaches).await);
    coordinator.does(&completes).await.unwrap();
    let audits = AuditProject { project, passed: true, findings: "账实相符".into(), evidence: vec![] };
    expect_refused("NotAllowed", coordinator.does(&audits).await);
    officer.does(&audits).await.unwrap();
    let neighbour = district.registers("邻居").await;
    let reviews = |by, rating| ReviewProject { project, by, rating, text: Some("扶手很稳。".into()) };
    expect_refused("ProjectRatingUnfit", neighbour.does(&reviews(neighbour.person, 6)).await);
    neighbour.does(&reviews(neighbour.person, 5)).await.unwrap();
    expect_refused("ProjectReviewedAlready", neighbour.does(&reviews(neighbour.person, 4)).await);
    expect_refused("NotAllowed", coordinator.does(&reviews(neighbour.person, 4)).await);
    let mut application = district.application("远客");
    application.home_area = area(OTHER_COMMUNITY);
    let stranger = district.registers_with(application).await;
    expect_refused("ReviewerFromElsewhere", stranger.does(&reviews(stranger.person, 1)).await);
    assert_eq!(district.project(project).await.phase, ProjectPhase::Audited);
}

#[tokio::test]
async fn nothing_is_started_that_was_not_resolved() {
    let district = District::new().await;
    let team = district.founds("扶手队").await;
    let start = district.resolves(team, 800).await;
    let officer = district.officer().await;
    let unknown = StartProject { motion: MotionId(Uuid::now_v7()), plan: start.plan.clone(), title: start.title.clone(), ..start };
    expect_refused("UnknownMotion", officer.does(&unknown).await);
    let start = district.resolves(team, 800).await;
    let elsewhere = StartProject { area: area(DISTRICT), ..start };
    expect_refused("ProjectElsewhere", officer.does(&elsewhere).await);
    let completes = CompleteProject { project: ProjectId(Uuid::now_v7()), report: "好".into(), evidence: vec![] };
    expect_refused("UnknownProject", officer.does(&completes).await);
}
