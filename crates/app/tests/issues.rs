//! Residents' issues. Makes loud: one raised or endorsed by somebody the charter does not mean, one screened by who
//! raised it, a resident's words that outlive the resident, a motion that does not say where it came from.

use gongyi_app::{
    Rejection,
    deliberation::{
        councils::AmendCharter,
        issues::{
            AdmitIssue, AnswerIssue, CloseIssue, EndorseIssue, RaiseIssue, TakeUpIssue, TurnIssueAway, WithdrawEndorsement, WithdrawIssue,
        },
    },
    volunteering::volunteers::{CorrectVolunteer, RegisterVolunteer},
};
use gongyi_domain::{
    deliberation::{
        charter::CharterTerms,
        issue::IssuePhase,
        motion::{Motion, Origin},
        motion_category::MotionCategory,
    },
    values::{CouncilId, ResidentIssueId},
};
use gongyi_projections::IssueRow;
use uuid::Uuid;

use crate::{
    councils::{established, word},
    harness::{COMMUNITY, District, OTHER_COMMUNITY, Resident, STREET, area, correction_of, expect_refused, expect_refused_at},
};

fn raise(council: CouncilId, who: &Resident<'_>) -> RaiseIssue {
    let (title, text) = ("楼道堆物".to_owned(), "三单元楼道\r\n长期堆放杂物".to_owned());
    RaiseIssue { council, area: None, raised_by: who.person, category: MotionCategory::Sanitation, title, text }
}

async fn endorses(who: &Resident<'_>, issue: ResidentIssueId) -> Result<ResidentIssueId, Rejection> {
    who.does(&EndorseIssue { issue, person: who.person }).await
}

async fn row(district: &District, issue: ResidentIssueId) -> IssueRow {
    district.settles().await;
    district.app.views().issues_by_ids(&[issue]).await.unwrap().pop().unwrap()
}

/// The charter asks for two endorsements.
async fn asks_for_two(district: &District, council: CouncilId) {
    let mut charter = CharterTerms::model(9);
    charter.issues.endorsements_needed = 2;
    district.operator().does(&AmendCharter { council, against: 1, charter, mandate: word() }).await.unwrap();
}

#[tokio::test]
async fn enough_endorsements_put_an_issue_before_the_council_and_it_becomes_a_motion() {
    let district = District::new().await;
    let (zhang, li, wang) = (district.registers("张三").await, district.registers("李四").await, district.registers("王五").await);
    let council = established(&district, 9, &[&wang]).await;
    asks_for_two(&district, council).await;
    let keeper = district.organiser_in(STREET).await;
    let issue = zhang.does(&raise(council, &zhang)).await.unwrap();
    expect_refused("OwnEndorsement", endorses(&zhang, issue).await);
    keeper.does(&AdmitIssue { issue }).await.unwrap();
    expect_refused("IssuePhaseUnfit", keeper.does(&AdmitIssue { issue }).await);
    endorses(&li, issue).await.unwrap();
    expect_refused("AlreadyEndorsed", endorses(&li, issue).await);
    li.does(&WithdrawEndorsement { issue, person: li.person }).await.unwrap();
    expect_refused("NotEndorsed", li.does(&WithdrawEndorsement { issue, person: li.person }).await);
    assert_eq!(row(&district, issue).await.endorsements, 0);
    endorses(&li, issue).await.unwrap();
    assert_eq!(row(&district, issue).await.phase, IssuePhase::Admitted);
    endorses(&wang, issue).await.unwrap();
    let shown = row(&district, issue).await;
    assert_eq!((shown.phase, shown.endorsements, shown.needed), (IssuePhase::Qualified, 2, Some(2)));
    assert_eq!(shown.text.as_deref(), Some("三单元楼道\n长期堆放杂物"));
    let take_up =
        |who: &Resident<'_>| TakeUpIssue {
            issue, mover: who.person, title: "清理楼道".into(), paragraphs: vec!["每月清理".into()]
        };
    expect_refused("NotAllowed", li.does(&take_up(&li)).await);
    expect_refused("NotARepresentative", keeper.does(&take_up(&li)).await);
    let taken = wang.does(&take_up(&wang)).await.unwrap();
    let motion = district.app.state::<Motion>(taken.motion).await.unwrap();
    assert_eq!((motion.origin, motion.movers), (Some(Origin::Issue { issue }), vec![wang.person]));
    expect_refused("IssuePhaseUnfit", wang.does(&take_up(&wang)).await);
    expect_refused("IssuePhaseUnfit", keeper.does(&CloseIssue { issue }).await);
    keeper.does(&AnswerIssue { issue, answer: "已立案".into() }).await.unwrap();
    keeper.does(&CloseIssue { issue }).await.unwrap();
    assert_eq!(row(&district, issue).await.phase, IssuePhase::Closed);
}

#[tokio::test]
async fn who_raises_and_endorses_is_whom_the_charter_means() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let home_area = area(OTHER_COMMUNITY);
    let away = district.registers_with(RegisterVolunteer { home_area, ..district.application("外人") }).await;
    let council = established(&district, 9, &[]).await;
    expect_refused_at("NotARaiser", "raisedBy", away.does(&raise(council, &away)).await);
    expect_refused("NotAllowed", away.does(&raise(council, &zhang)).await);
    expect_refused("SignInRequired", district.stranger().does(&raise(council, &zhang)).await);
    let nowhere = RaiseIssue { area: Some(area(STREET)), ..raise(council, &zhang) };
    expect_refused_at("IssueAreaUnfit", "area", zhang.does(&nowhere).await);
    expect_refused_at("IssueTitleUnfit", "title", zhang.does(&RaiseIssue { title: "一\n二".into(), ..raise(council, &zhang) }).await);
    expect_refused_at("IssueTextUnfit", "text", zhang.does(&RaiseIssue { text: "长".repeat(4_001), ..raise(council, &zhang) }).await);
    expect_refused("UnknownCouncil", zhang.does(&raise(CouncilId(Uuid::now_v7()), &zhang)).await);
    // An organiser writes down what a resident said.
    let issue = district.organiser_in(STREET).await.does(&raise(council, &zhang)).await.unwrap();
    expect_refused_at("EndorserFromElsewhere", "person", endorses(&away, issue).await);
    expect_refused("UnknownIssue", endorses(&away, ResidentIssueId(Uuid::now_v7())).await);
    expect_refused("NotOwnIssue", away.does(&WithdrawIssue { issue, by: away.person }).await);
    zhang.does(&WithdrawIssue { issue, by: zhang.person }).await.unwrap();
    assert_eq!(row(&district, issue).await.phase, IssuePhase::Withdrawn);
}

/// One resident, one endorsement, where they live: who moves here to endorse and moves back counts here no more.
#[tokio::test]
async fn who_moves_here_endorses_and_moves_back_is_not_counted() {
    let district = District::new().await;
    let (zhang, li, wang) = (district.registers("张三").await, district.registers("李四").await, district.registers("王五").await);
    let home_area = area(OTHER_COMMUNITY);
    let away = district.registers_with(RegisterVolunteer { home_area, ..district.application("外人") }).await;
    let council = established(&district, 9, &[]).await;
    asks_for_two(&district, council).await;
    let operator = district.operator();
    let moves = async |home: &str| {
        let correction = CorrectVolunteer { home_area: Some(area(home)), ..correction_of(&away) };
        operator.does(&correction).await.unwrap();
    };
    let issue = zhang.does(&raise(council, &zhang)).await.unwrap();
    district.organiser_in(STREET).await.does(&AdmitIssue { issue }).await.unwrap();
    moves(COMMUNITY).await;
    endorses(&away, issue).await.unwrap();
    moves(OTHER_COMMUNITY).await;
    endorses(&li, issue).await.unwrap();
    assert_eq!(row(&district, issue).await.phase, IssuePhase::Admitted, "one of the two lives elsewhere");
    expect_refused_at("EndorserFromElsewhere", "person", endorses(&away, issue).await);
    endorses(&wang, issue).await.unwrap();
    assert_eq!(row(&district, issue).await.phase, IssuePhase::Qualified);
}

#[tokio::test]
async fn nobody_screens_their_own_and_a_residents_words_go_with_the_resident() {
    let district = District::new().await;
    let organiser = district.organiser_in(STREET).await;
    let zhang = district.registers("张三").await;
    let council = established(&district, 9, &[]).await;
    let own = organiser.does(&raise(council, &organiser)).await.unwrap();
    expect_refused("OwnIssueScreened", organiser.does(&AdmitIssue { issue: own }).await);
    let issue = zhang.does(&raise(council, &zhang)).await.unwrap();
    let away = |reason: &str| TurnIssueAway { issue, reason: reason.into() };
    expect_refused("NotAllowed", zhang.does(&away("不归我们")).await);
    expect_refused_at("TurningAwayUnfit", "reason", organiser.does(&away(" ")).await);
    organiser.does(&away("不归我们")).await.unwrap();
    assert_eq!(row(&district, issue).await.reason.as_deref(), Some("不归我们"));
    zhang.erases(&zhang).await.unwrap();
    let shown = row(&district, issue).await;
    assert_eq!((shown.title, shown.text, shown.reason, shown.phase), (None, None, None, IssuePhase::TurnedAway));
}
