//! Money of funds. Makes loud: a fund that is overdrawn because two looked at the same balance, a payment to a cancelled
//! project, a refund of what was never paid, a grant that the project does not know of.

use futures::future::join_all;
use gongyi_app::{
    Rejection,
    projects::{
        funds::{AppropriateBudget, CarryOverBalance, CloseFund, CloseFundYear, DisburseGrant, ReleaseGrant, ReturnGrant},
        projects::CancelProject,
    },
};
use gongyi_domain::{
    projects::fund_terms::LineKey,
    values::{Cents, DisbursementId, FundId, ProjectId},
};
use gongyi_eventlog::StateCache;
use uuid::Uuid;

use crate::harness::{DISTRICT, District, Hand, OTHER_STREET, STREET, area, cents, evidence, expect_refused, grant, line};

/// A fund with so much for the street, and a project that may be granted so much.
async fn endowed(district: &District, budget: u64, plan: u64) -> (FundId, ProjectId) {
    let team = district.founds("扶手队").await;
    let start = district.resolves(team, plan).await;
    let project = district.organiser_in(STREET).await.does(&start).await.unwrap();
    (district.endows(budget).await, project)
}

fn free_of(refused: &Rejection) -> bool {
    matches!(refused, Rejection::Refused(refusal) if refusal.code == "FundOverdrawn")
}

#[tokio::test]
async fn two_hundred_who_allocate_at_once_never_overdraw() {
    let district = District::durable().await;
    let (fund, project) = endowed(&district, 1_000_000, 5_000_000).await;
    let organiser = district.organiser_in(STREET).await;
    let all: Vec<_> = (0..200).map(|_| grant(fund, project, 10_000)).collect();
    let outcomes = join_all(all.iter().map(|it| organiser.does(it))).await;
    let (granted, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((granted.len(), refused.len()), (100, 100));
    assert!(refused.iter().all(|it| it.as_ref().is_err_and(free_of)), "{refused:?}");
    let state = district.fund(fund).await;
    assert_eq!((state.free(&line()), state.grants.len()), (Cents::ZERO, 100));
    assert_eq!(district.project(project).await.granted, cents(1_000_000));
}

/// Two processes share no lock and no cache: only the log tells them apart.
#[tokio::test]
async fn nor_do_two_processes() {
    let district = District::durable().await;
    let (fund, project) = endowed(&district, 100_000, 5_000_000).await;
    let organiser = district.organiser_in(STREET).await;
    let beside = Hand { app: district.another_app(StateCache::default()), ..(*organiser).clone() };
    let command = grant(fund, project, 10_000);
    let outcomes = join_all((0..30).map(|turn| if turn % 2 == 0 { organiser.does(&command) } else { beside.does(&command) })).await;
    let granted = outcomes.iter().filter(|it| it.is_ok()).count();
    let told = outcomes.iter().filter_map(|it| it.as_ref().err());
    assert!(told.into_iter().all(|it| free_of(it) || matches!(it, Rejection::Conflict)), "{outcomes:?}");
    let (state, amount) = (district.fund(fund).await, u64::try_from(granted).unwrap() * 10_000);
    assert!((10_000..=100_000).contains(&amount), "{amount}");
    assert_eq!((state.free(&line()), state.grants.len()), (cents(100_000 - amount), granted));
    assert_eq!(district.project(project).await.granted, cents(amount));
}

#[tokio::test]
async fn money_is_paid_against_evidence_and_comes_back() {
    let district = District::new().await;
    let (fund, project) = endowed(&district, 1_000, 800).await;
    let officer = district.officer().await;
    let allocation = officer.does(&grant(fund, project, 600)).await.unwrap();
    let pays = |amount, evidence| DisburseGrant { fund, allocation, amount: cents(amount), on: None, evidence };
    expect_refused("EvidenceMissing", officer.does(&pays(100, vec![])).await);
    expect_refused("GrantExceeded", officer.does(&pays(601, evidence())).await);
    let disbursement = officer.does(&pays(500, evidence())).await.unwrap();
    let returns = |disbursement, amount| {
        let (on, reason, evidence) = (None, "多付".to_owned(), evidence());
        ReturnGrant { fund, disbursement, amount: cents(amount), on, reason, evidence }
    };
    expect_refused("RefundExceedsPaid", officer.does(&returns(disbursement, 501)).await);
    officer.does(&returns(disbursement, 200)).await.unwrap();
    expect_refused("RefundExceedsPaid", officer.does(&returns(disbursement, 301)).await);
    expect_refused("UnknownDisbursement", officer.does(&returns(DisbursementId(Uuid::now_v7()), 1)).await);
    let state = district.fund(fund).await;
    assert_eq!((state.free(&line()), state.grant(allocation).unwrap().paid()), (cents(600), cents(300)));
    let told = district.project(project).await;
    assert_eq!((told.granted, told.received), (cents(400), cents(300)));
    expect_refused("GrantBeyondPlan", officer.does(&grant(fund, project, 401)).await);
}

#[tokio::test]
async fn a_cancelled_project_is_not_paid_and_nothing_is_lost() {
    let district = District::new().await;
    let (fund, project) = endowed(&district, 1_000, 800).await;
    let officer = district.officer().await;
    let allocation = officer.does(&grant(fund, project, 600)).await.unwrap();
    officer.does(&CancelProject { project, reason: "选址变更".into() }).await.unwrap();
    let events = district.events().await;
    let pays = DisburseGrant { fund, allocation, amount: cents(100), on: None, evidence: evidence() };
    expect_refused("ProjectPhaseUnfit", officer.does(&pays).await);
    expect_refused("ProjectPhaseUnfit", officer.does(&grant(fund, project, 1)).await);
    assert_eq!(district.events().await, events, "a refusal leaves nothing behind, not half a movement");
    let releases = ReleaseGrant { fund, allocation, amount: cents(600), on: None, reason: "项目取消".into() };
    officer.does(&releases).await.unwrap();
    expect_refused("GrantExceeded", officer.does(&releases).await);
    assert_eq!(district.fund(fund).await.free(&line()), cents(1_000));
}

#[tokio::test]
async fn organisers_grant_in_their_area_and_officers_pay() {
    let district = District::new().await;
    let (fund, project) = endowed(&district, 1_000, 800).await;
    let (here, elsewhere) = (district.organiser_in(STREET).await, district.organiser_in(OTHER_STREET).await);
    expect_refused("NotAllowed", elsewhere.does(&grant(fund, project, 1)).await);
    let allocation = here.does(&grant(fund, project, 10)).await.unwrap();
    let pays = DisburseGrant { fund, allocation, amount: cents(10), on: None, evidence: evidence() };
    expect_refused("NotAllowed", here.does(&pays).await);
    let more = AppropriateBudget { fund, line: line(), amount: cents(1), basis: "追加".into() };
    expect_refused("NotAllowed", here.does(&more).await);
    let unknown = FundId(Uuid::now_v7());
    expect_refused("UnknownFund", district.officer().await.does(&grant(unknown, project, 1)).await);
    expect_refused("UnknownProject", here.does(&grant(fund, ProjectId(Uuid::now_v7()), 1)).await);
}

#[tokio::test]
async fn a_year_is_closed_carried_over_and_a_fund_closed() {
    let district = District::new().await;
    let (fund, project) = endowed(&district, 1_000, 800).await;
    let officer = district.officer().await;
    officer.does(&CloseFundYear { fund, year: 2026 }).await.unwrap();
    expect_refused("FundYearIsClosed", officer.does(&CloseFundYear { fund, year: 2026 }).await);
    expect_refused("FundYearIsClosed", officer.does(&grant(fund, project, 1)).await);
    expect_refused("FundNotSettled", officer.does(&CloseFund { fund }).await);
    officer.does(&CarryOverBalance { fund, line: line(), to: 2027, amount: cents(1_000) }).await.unwrap();
    let next = LineKey { year: 2027, area: area(STREET) };
    assert_eq!(district.fund(fund).await.free(&next), cents(1_000));
    let elsewhere = AppropriateBudget { fund, line: LineKey { year: 2027, area: area(DISTRICT) }, amount: cents(0), basis: "空".into() };
    expect_refused("AmountUnfit", officer.does(&elsewhere).await);
}
