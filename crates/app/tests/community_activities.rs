//! Activities begun by representatives, hours linked with them, self-organisations. Makes loud: an activity of who holds no
//! seat, hours counted for two purposes, a self-organisation that came from nowhere.

use gongyi_app::projects::{
    community_activities::{
        BeginCommunityActivity, CorrectPersonTimes, HoldCommunityActivity, LinkService, UnlinkService, VoidCommunityActivity,
    },
    self_organisations::{EndIncubation, IncubateSelfOrganisation, RegisterSelfOrganisation},
};
use gongyi_domain::{
    projects::{
        community_activity::{Beginner, CommunityActivity},
        service_link::ServicePurpose,
    },
    values::{CommunityActivityId, CouncilId},
};
use gongyi_projections::{PageArgs, ServiceLinkFilter};
use uuid::Uuid;

use crate::harness::{COMMUNITY, District, OTHER_COMMUNITY, STREET, area, expect_refused, expect_refused_at};

#[tokio::test]
async fn a_representative_begins_an_activity_and_tells_whom_it_reached() {
    let district = District::new().await;
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    let council = district.establishes(STREET, &[&zhang]).await;
    let begins = |person, code| {
        let begun_by = Some(Beginner { person, council });
        BeginCommunityActivity { begun_by, project: None, title: "楼道清洁日".into(), area: area(code) }
    };
    expect_refused("BeginnerNotSeated", li.does(&begins(li.person, COMMUNITY)).await);
    expect_refused("NotAllowed", li.does(&begins(zhang.person, COMMUNITY)).await);
    expect_refused("CommunityActivityElsewhere", zhang.does(&begins(zhang.person, OTHER_COMMUNITY)).await);
    let community_activity = zhang.does(&begins(zhang.person, COMMUNITY)).await.unwrap();
    let holds = |person_times| {
        let (on, report, evidence) = (None, "清理三栋楼道".to_owned(), vec![]);
        HoldCommunityActivity { community_activity, on, person_times, report, evidence }
    };
    expect_refused("PersonTimesUnfit", zhang.does(&holds(0)).await);
    zhang.does(&holds(80)).await.unwrap();
    expect_refused("CommunityActivityPhaseUnfit", zhang.does(&holds(80)).await);
    let corrects = CorrectPersonTimes { community_activity, person_times: 78, reason: "重复计入".into() };
    expect_refused("NotAllowed", zhang.does(&corrects).await);
    district.organiser_in(STREET).await.does(&corrects).await.unwrap();
    let state = district.app.state::<CommunityActivity>(community_activity).await.unwrap();
    assert_eq!((state.person_times, state.begun_by.map(|it| it.person)), (78, Some(zhang.person)));
    let nobody = BeginCommunityActivity { begun_by: None, ..begins(zhang.person, COMMUNITY) };
    expect_refused("NobodyBegan", district.organiser_in(STREET).await.does(&nobody).await);
    let voids = VoidCommunityActivity { community_activity: CommunityActivityId(Uuid::now_v7()), reason: "误".into() };
    expect_refused("UnknownCommunityActivity", district.officer().await.does(&voids).await);
}

#[tokio::test]
async fn an_activitys_hours_are_for_one_thing() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let council = district.establishes(STREET, &[&zhang]).await;
    let begun_by = Some(Beginner { person: zhang.person, council });
    let begins = BeginCommunityActivity { begun_by, project: None, title: "护河日".into(), area: area(COMMUNITY) };
    let (one, other) = (zhang.does(&begins).await.unwrap(), zhang.does(&begins).await.unwrap());
    let team = district.founds("巡河队").await;
    let coordinator = district.coordinator_of(team).await;
    let activity = coordinator.publishes(team, district.draft("巡河")).await.unwrap().activity;
    let links = |it| LinkService { activity, purpose: ServicePurpose::CommunityActivity(it) };
    expect_refused("NotAllowed", zhang.does(&links(one)).await);
    coordinator.does(&links(one)).await.unwrap();
    expect_refused("ServiceIsLinked", coordinator.does(&links(other)).await);
    let unlinks = UnlinkService { activity, reason: "关联错误".into() };
    coordinator.does(&unlinks).await.unwrap();
    expect_refused("ServiceNotLinked", coordinator.does(&unlinks).await);
    coordinator.does(&links(other)).await.unwrap();
    // What was reported of it is voided: nothing is for it any more, and the hours may be for something else.
    let (on, report, evidence) = (None, "清理河道".to_owned(), vec![]);
    zhang.does(&HoldCommunityActivity { community_activity: other, on, person_times: 9, report, evidence }).await.unwrap();
    let (views, activities) = (district.app.views(), [activity]);
    let linked = || views.service_links_of(&activities);
    assert_eq!(linked().await.unwrap().len(), 1);
    let voids = VoidCommunityActivity { community_activity: other, reason: "登记错误".into() };
    district.officer().await.does(&voids).await.unwrap();
    district.settles().await;
    assert_eq!(linked().await.unwrap(), []);
    let filter = ServiceLinkFilter::CommunityActivity(other);
    assert_eq!(views.service_links(filter, &PageArgs::first(9)).await.unwrap().edges, []);
    coordinator.does(&links(one)).await.unwrap();
    assert_eq!(linked().await.unwrap()[0].community_activity, Some(one));
}

#[tokio::test]
async fn a_self_organisation_is_incubated_registered_and_let_go() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let council = district.establishes(STREET, &[&zhang]).await;
    let incubates = |name: &str, code, council| {
        let (parent, motion, on) = (None, None, None);
        IncubateSelfOrganisation { name: name.to_owned(), area: area(code), parent, council, motion, on }
    };
    let organiser = district.organiser_in(STREET).await;
    expect_refused("NotAllowed", zhang.does(&incubates("合唱队", COMMUNITY, council)).await);
    expect_refused("UnknownCouncil", organiser.does(&incubates("合唱队", COMMUNITY, CouncilId(Uuid::now_v7()))).await);
    let early = IncubateSelfOrganisation { on: district.now().date_naive().pred_opt(), ..incubates("合唱队", COMMUNITY, council) };
    expect_refused_at("BeforeEstablished", "on", organiser.does(&early).await);
    let organisation = organiser.does(&incubates("合唱队", COMMUNITY, council)).await.unwrap();
    expect_refused("OrganisationNameTaken", organiser.does(&incubates("合唱队", COMMUNITY, council)).await);
    // It is an organisation like any other: members join it.
    zhang.joins(organisation).await.unwrap();
    let registers = RegisterSelfOrganisation { organisation, number: "香社备 12 号".into(), on: None };
    organiser.does(&registers).await.unwrap();
    expect_refused("AlreadyRegistered", organiser.does(&registers).await);
    let ends = EndIncubation { organisation, reason: "独立运作".into() };
    organiser.does(&ends).await.unwrap();
    expect_refused("IncubationIsOver", organiser.does(&ends).await);
    let team = district.founds("巡河队").await;
    expect_refused("NotIncubated", organiser.does(&EndIncubation { organisation: team, reason: "无".into() }).await);
}
