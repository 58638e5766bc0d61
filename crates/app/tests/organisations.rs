//! Organisations. Makes loud: one name for two, a name that stays taken, an organisation above itself, one moved out of
//! or into an area by somebody who has no say there.

use gongyi_app::{
    Rejection,
    volunteering::{
        organisations::{AmendOrganisation, DissolveOrganisation, FoundOrganisation},
        volunteers::{JoinOrganisation, LeaveOrganisation, RegisterVolunteer},
    },
};
use gongyi_domain::{
    access::authority::{Role, Scope},
    values::{OrganisationId, VolunteerId},
    volunteering::organisation::OrganisationKind,
};
use uuid::Uuid;

use crate::harness::{COMMUNITY, DISTRICT, District, OTHER_COMMUNITY, OTHER_STREET, STREET, area, expect_refused, expect_refused_at};

fn found(name: &str, code: &str, parent: Option<OrganisationId>) -> FoundOrganisation {
    FoundOrganisation { kind: OrganisationKind::Group, name: name.to_owned(), area: area(code), parent, credit_code: None }
}

fn unchanged(organisation: OrganisationId) -> AmendOrganisation {
    AmendOrganisation { organisation, name: None, area: None, parent: None, credit_code: None }
}

fn renamed(organisation: OrganisationId, name: &str) -> AmendOrganisation {
    AmendOrganisation { name: Some(name.to_owned()), ..unchanged(organisation) }
}

#[tokio::test]
async fn a_name_is_one_organisations_however_it_is_typed() {
    let district = District::new().await;
    let operator = district.operator();
    let team = district.founds("巡河ＡＢ队").await;
    for typed in ["巡河AB队", " 巡河ＡＢ队\u{3000}"] {
        expect_refused_at("OrganisationNameTaken", "name", operator.does(&found(typed, STREET, None)).await);
    }
    operator.does(&renamed(team, "护河队")).await.unwrap();
    let second = operator.does(&found("巡河AB队", STREET, None)).await.unwrap();
    expect_refused("OrganisationNameTaken", operator.does(&renamed(second, "护河队")).await);
    operator.does(&DissolveOrganisation { organisation: team }).await.unwrap();
    operator.does(&renamed(second, "护河队")).await.unwrap();
    assert_eq!(district.app.organisation_by_name("护河队").await.unwrap(), Some(second));
    assert_eq!(district.app.organisation_by_name("巡河AB队").await.unwrap(), None);
}

#[tokio::test]
async fn what_does_not_fit_is_not_founded() {
    let district = District::new().await;
    let operator = district.operator();
    let refuses = |command: FoundOrganisation| {
        let operator = operator.clone();
        async move { operator.does(&command).await }
    };
    expect_refused_at("OrganisationNameUnfit", "name", refuses(found(" \u{3000}", STREET, None)).await);
    expect_refused_at("OrganisationNameUnfit", "name", refuses(found(&"长".repeat(101), STREET, None)).await);
    expect_refused_at("UnknownArea", "area", refuses(found("巡河队", "440402999", None)).await);
    let nobody = OrganisationId(Uuid::now_v7());
    expect_refused_at("UnknownOrganisation", "organisation", refuses(found("巡河队", STREET, Some(nobody))).await);
    let organiser = district.organiser_in(STREET).await;
    organiser.does(&found("护林队", COMMUNITY, None)).await.unwrap();
    expect_refused("NotAllowed", organiser.does(&found("净滩队", OTHER_STREET, None)).await);
    expect_refused("NotAllowed", organiser.does(&found("净滩队", DISTRICT, None)).await);
    expect_refused("NotAllowed", district.registers("张三").await.does(&found("净滩队", STREET, None)).await);
    expect_refused("SignInRequired", district.stranger().does(&found("净滩队", STREET, None)).await);
}

#[tokio::test]
async fn nothing_is_above_itself() {
    let district = District::new().await;
    let operator = district.operator();
    let top = district.founds_in("义工联", DISTRICT, None).await;
    let middle = district.founds_in("总队", DISTRICT, Some(top)).await;
    let below = district.founds_in("分队", STREET, Some(middle)).await;
    let moved = |organisation, parent| AmendOrganisation { parent: Some(parent), ..unchanged(organisation) };
    for parent in [top, middle, below] {
        expect_refused_at("ParentUnfit", "parent", operator.does(&moved(top, Some(parent))).await);
    }
    operator.does(&moved(middle, None)).await.unwrap();
    operator.does(&moved(top, Some(below))).await.unwrap();
    expect_refused("NothingAmended", operator.does(&unchanged(top)).await);
    expect_refused("UnknownOrganisation", operator.does(&unchanged(OrganisationId(Uuid::now_v7()))).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_are_not_put_above_each_other_at_once() {
    let district = District::durable().await;
    let operator = district.operator();
    let (a, b) = (district.founds("甲队").await, district.founds("乙队").await);
    let below = |organisation, parent| AmendOrganisation { parent: Some(Some(parent)), ..unchanged(organisation) };
    let (first, second) = (below(a, b), below(b, a));
    let (first, second) = tokio::join!(operator.does(&first), operator.does(&second));
    let (won, lost): (Result<_, Rejection>, _) = if first.is_ok() { (first, second) } else { (second, first) };
    won.unwrap();
    expect_refused("ParentUnfit", lost);
}

#[tokio::test]
async fn an_organisation_is_moved_by_those_who_have_a_say_in_both_areas() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let moved = AmendOrganisation { area: Some(area(OTHER_STREET)), ..unchanged(team) };
    expect_refused("NotAllowed", district.organiser_in(STREET).await.does(&moved).await);
    expect_refused("NotAllowed", district.organiser_in(OTHER_STREET).await.does(&moved).await);
    district.officer().await.does(&moved).await.unwrap();
    assert_eq!(district.app.views().organisation(team).await.unwrap().unwrap().area, area(OTHER_STREET));
}

#[tokio::test]
async fn what_lies_below_a_dissolved_organisation_can_still_be_renamed() {
    let district = District::new().await;
    let operator = district.operator();
    let top = district.founds_in("义工联", DISTRICT, None).await;
    let below = district.founds_in("分队", STREET, Some(top)).await;
    let other = district.founds("护林队").await;
    operator.does(&DissolveOrganisation { organisation: top }).await.unwrap();
    operator.does(&renamed(below, "第一分队")).await.unwrap();
    let joins = AmendOrganisation { parent: Some(Some(top)), ..unchanged(other) };
    expect_refused("OrganisationIsDissolved", operator.does(&joins).await);
    operator.does(&AmendOrganisation { parent: Some(None), ..unchanged(below) }).await.unwrap();
    expect_refused("OrganisationIsDissolved", operator.does(&renamed(top, "再来")).await);
}

#[tokio::test]
async fn one_joins_once_and_leaves_once() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let zhang = district.registers("张三").await;
    let join = || JoinOrganisation { volunteer: zhang.volunteer, organisation: team };
    let leave = || LeaveOrganisation { volunteer: zhang.volunteer, organisation: team };
    expect_refused_at("NotMember", "organisation", zhang.does(&leave()).await);
    zhang.does(&join()).await.unwrap();
    expect_refused_at("AlreadyMember", "organisation", zhang.does(&join()).await);
    zhang.does(&leave()).await.unwrap();
    district.organiser_in(STREET).await.does(&join()).await.unwrap();
    expect_refused("NotAllowed", district.registers("李四").await.does(&leave()).await);
    let nobody = JoinOrganisation { volunteer: VolunteerId(Uuid::now_v7()), organisation: team };
    expect_refused("UnknownVolunteer", district.operator().does(&nobody).await);
    let nothing = JoinOrganisation { organisation: OrganisationId(Uuid::now_v7()), ..join() };
    expect_refused("UnknownOrganisation", zhang.does(&nothing).await);
    // Leaving is possible to the end, joining is not.
    district.with_role(Role::Organiser, Scope::Area(area(STREET))).suspends(&zhang).await.unwrap();
    zhang.does(&leave()).await.unwrap();
    expect_refused("NotActive", zhang.does(&join()).await);
}

#[tokio::test]
async fn nobody_is_enlisted_without_a_say_where_they_live() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let zhang = district.registers("张三").await;
    let join = || JoinOrganisation { volunteer: zhang.volunteer, organisation: team };
    expect_refused("NotAllowed", district.coordinator_of(team).await.does(&join()).await);
    let coordinator_in = |code| district.with_role(Role::Coordinator, Scope::Area(area(code)));
    expect_refused("NotAllowed", coordinator_in(OTHER_STREET).does(&join()).await);
    coordinator_in(STREET).does(&join()).await.unwrap();
    // The team's own coordinator may let a member go, but not call one back.
    let coordinator = district.coordinator_of(team).await;
    coordinator.does(&LeaveOrganisation { volunteer: zhang.volunteer, organisation: team }).await.unwrap();
    expect_refused("NotAllowed", coordinator.does(&join()).await);
    // A say in the organisation's area alone is none about somebody from elsewhere.
    let home_area = area(OTHER_COMMUNITY);
    let li = district.registers_with(RegisterVolunteer { home_area, ..district.application("李四") }).await;
    let join = JoinOrganisation { volunteer: li.volunteer, organisation: team };
    for who in [coordinator_in(STREET), district.with_role(Role::Organiser, Scope::Area(area(STREET)))] {
        expect_refused("NotAllowed", who.does(&join).await);
    }
    coordinator_in(DISTRICT).does(&join).await.unwrap();
}
