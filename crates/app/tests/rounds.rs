//! Rounds. Makes loud: a score of who has an interest, a selection that is not what residents voted, ballots that count
//! before they are published or come in after the close.

use gongyi_app::{
    deliberation::poll::counting::PublishPoll,
    projects::{
        project_starts::StartSelectedProject,
        round::{
            applying::{
                ApplyInRound, AppointReviewer, CloseApplications, DeclareConflict, ScoreApplication, ScreenApplication, WithdrawApplication,
            },
            calling::CallRound,
            selecting::{AnnounceSelection, DeclineAward, ObjectToSelection, PrepareBallot, SelectProjects, SettleObjection},
        },
    },
};
use gongyi_domain::{
    deliberation::{
        ballot::{Marks, Method as BallotMethod},
        poll_terms::{BallotOption, PollTerms, Secrecy},
    },
    projects::{
        applicant::Applicant,
        round::{
            Round,
            terms::{ApplicationPhase, ConflictGround, Criterion, RoundTerms, SelectedBy},
        },
        selection::{Completion, Measure, Method, SelectionRule, TieBreak},
    },
    values::{ApplicationId, Day, FundId, PersonId, RoundId},
};
use uuid::Uuid;

use crate::harness::{COMMUNITY, District, Resident, STREET, area, cents, choice_terms, expect_refused, line, plan};

fn terms(fund: FundId, selected_by: SelectedBy, method: Method) -> RoundTerms {
    RoundTerms {
        title: "2026 年公益项目遴选".into(),
        area: area(STREET),
        fund,
        line: line(),
        budget: cents(1_000),
        criteria: vec![Criterion { title: "需求".into(), most: 10, weight: 1 }],
        scores_needed: 1,
        selected_by,
        rule: SelectionRule { method, threshold: None, tie_break: TieBreak::Cheaper },
        applications_until: "2026-03-02".parse::<Day>().unwrap(),
        objection_days: 7,
    }
}

async fn state(district: &District, round: RoundId) -> Round {
    district.app.state::<Round>(round).await.unwrap()
}

/// A round past its screening, with three applications of three teams that ask for 600, 500 and 400 of 1000.
async fn screened<'d>(
    district: &'d District,
    selected_by: SelectedBy,
    method: Method,
) -> (RoundId, [ApplicationId; 3], Resident<'d>, Resident<'d>) {
    let fund = district.endows(1_000).await;
    let organiser = district.organiser_in(STREET).await;
    let round = organiser.does(&CallRound { terms: terms(fund, selected_by, method) }).await.unwrap();
    let author = district.registers("申报人").await;
    let mut applications = [ApplicationId(Uuid::nil()); 3];
    for (place, ask) in [600, 500, 400].into_iter().enumerate() {
        let team = district.founds(&format!("申报队{place}")).await;
        let applies = ApplyInRound {
            round,
            applicant: Applicant::Organisation(team),
            by: author.person,
            title: format!("项目{place}"),
            text: "加装扶手。".into(),
            area: area(COMMUNITY),
            ask: cents(ask),
        };
        expect_refused("NotAllowed", author.does(&applies).await);
        expect_refused("NotAllowed", district.coordinator_of(team).await.does(&applies).await);
        applications[place] = district.officer().await.does(&applies).await.unwrap();
    }
    expect_refused("ApplicationsStillOpen", organiser.does(&CloseApplications { round }).await);
    district.waits_minutes(24 * 60);
    organiser.does(&CloseApplications { round }).await.unwrap();
    for application in applications {
        organiser.does(&ScreenApplication { round, application, eligible: true, reason: "材料齐全".into() }).await.unwrap();
    }
    (round, applications, organiser, author)
}

#[tokio::test]
async fn a_conflicted_reviewer_is_refused() {
    let district = District::new().await;
    let (round, [first, ..], organiser, author) = screened(&district, SelectedBy::Scores, Method::Greedy).await;
    let reviewer = district.registers("评审").await;
    let scores = |who: PersonId, application, points| ScoreApplication { round, reviewer: who, application, points: vec![points] };
    expect_refused("NotAReviewer", reviewer.does(&scores(reviewer.person, first, 9)).await);
    for who in [reviewer.person, author.person] {
        organiser.does(&AppointReviewer { round, reviewer: who }).await.unwrap();
    }
    expect_refused("ReviewerExists", organiser.does(&AppointReviewer { round, reviewer: reviewer.person }).await);
    expect_refused("NotAllowed", organiser.does(&scores(reviewer.person, first, 9)).await);
    reviewer.does(&scores(reviewer.person, first, 9)).await.unwrap();
    let declares = DeclareConflict { round, reviewer: reviewer.person, application: first, ground: ConflictGround::Kinship };
    reviewer.does(&declares).await.unwrap();
    expect_refused("ReviewerConflicted", reviewer.does(&scores(reviewer.person, first, 9)).await);
    expect_refused("ReviewerConflicted", author.does(&scores(author.person, first, 10)).await);
    expect_refused("ScoresMissing", organiser.does(&SelectProjects { round }).await);
    expect_refused("UnknownApplication", reviewer.does(&scores(reviewer.person, ApplicationId(Uuid::now_v7()), 1)).await);
}

/// The terms of the residents' poll on three applications.
fn poll_terms() -> PollTerms {
    let options = ["项目0", "项目1", "项目2"].map(|it| BallotOption::Text(it.to_owned())).to_vec();
    let method = BallotMethod::Approval { seats: 3 };
    PollTerms { options, method, secrecy: Secrecy::Secret { receipts: false }, ..choice_terms() }
}

#[tokio::test]
async fn residents_ballots_select_by_equal_shares_and_projects_start() {
    let district = District::durable().await;
    let method = Method::EqualShares { measure: Measure::Cost, completion: Completion::None };
    let (round, applications, organiser, author) = screened(&district, SelectedBy::Ballots { floor: None }, method).await;
    let voters = district.electorate(10).await;
    let poll = district.prepares(poll_terms(), &voters).await;
    let prepares = PrepareBallot { round, poll, options: applications.to_vec() };
    organiser.does(&prepares).await.unwrap();
    expect_refused("ApplicationPhaseUnfit", organiser.does(&WithdrawApplication { round, application: applications[0] }).await);
    district.organiser().does(&gongyi_app::deliberation::poll::preparing::OpenPoll { poll }).await.unwrap();
    // Six approve of the first two, four of the third.
    for (place, voter) in voters.iter().enumerate().skip(1) {
        let marks = if place < 6 { Marks::Chosen(vec![1, 2]) } else { Marks::Chosen(vec![3]) };
        voter.casts(&district.app, poll, marks, Uuid::now_v7(), None).await.unwrap();
    }
    district.closes(poll).await;
    let late = voters[0].casts(&district.app, poll, Marks::Chosen(vec![1]), Uuid::now_v7(), None).await;
    assert!(late.is_err(), "a ballot after the close");
    expect_refused("BallotsMissing", organiser.does(&SelectProjects { round }).await);
    district.counts(poll).await;
    district.organiser().does(&PublishPoll { poll }).await.unwrap();
    organiser.does(&SelectProjects { round }).await.unwrap();
    // Five of nine share 555 for the first two: enough for the second alone. Four share 444.
    let selected = state(&district, round).await;
    let funded: Vec<_> = selected.in_phase(ApplicationPhase::Funded).collect();
    assert_eq!(funded, applications[1..]);
    expect_refused("RoundPhaseUnfit", organiser.does(&SelectProjects { round }).await);
    expect_refused("ObjectionsOpen", organiser.does(&AnnounceSelection { round }).await);
    let objects = ObjectToSelection { round, by: author.person, text: "请复核。".into() };
    let objection = author.does(&objects).await.unwrap();
    let settles = SettleObjection { round, objection, upheld: false, reason: "已复核".into() };
    expect_refused("NotAllowed", organiser.does(&settles).await);
    district.officer().await.does(&settles).await.unwrap();
    district.waits_minutes(8 * 24 * 60);
    organiser.does(&AnnounceSelection { round }).await.unwrap();
    let starts = |application, grant| StartSelectedProject { round, application, plan: plan(grant) };
    expect_refused("GrantBeyondAsk", organiser.does(&starts(applications[1], 501)).await);
    expect_refused("ApplicationPhaseUnfit", organiser.does(&starts(applications[0], 1)).await);
    let project = organiser.does(&starts(applications[1], 500)).await.unwrap();
    expect_refused("ApplicationPhaseUnfit", organiser.does(&starts(applications[1], 500)).await);
    assert_eq!(district.project(project).await.title, "项目1");
    // 500 of 1000 are free then, not enough for the first.
    organiser.does(&DeclineAward { round, application: applications[2], reason: "场地变更".into() }).await.unwrap();
    assert_eq!(state(&district, round).await.in_phase(ApplicationPhase::Reserve).collect::<Vec<_>>(), applications[..1]);
    expect_refused("UnknownRound", organiser.does(&SelectProjects { round: RoundId(Uuid::now_v7()) }).await);
}
