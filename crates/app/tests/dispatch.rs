//! A command's way. Makes loud: a repeat that is done twice or gets another answer, an id that swallows another
//! command, a command nobody was asked about, a loser of a race who is told no, a reader who does not see what he wrote.

use std::time::{Duration, Instant as Stopwatch};

use futures::future::join_all;
use gongyi_app::{
    Command, Fault, Rejection,
    dispatch::READ_YOUR_WRITES_MAX_MILLIS,
    volunteering::{
        organisations::FoundOrganisation,
        services::{ConfirmService, LogService},
        volunteers::{CorrectVolunteer, JoinOrganisation, LeaveOrganisation, RegisterVolunteer},
    },
    work::Work,
};
use gongyi_domain::{
    access::{
        area::{Area, AreaCommand, IMPORT_AREAS, area_stream},
        authority::{Act, Subject},
    },
    values::AreaCode,
    volunteering::{category::Category, organisation::OrganisationKind, service_ledger::ServiceLedger, service_record::ServicePhase},
};
use serde::Serialize;
use uuid::Uuid;

use crate::harness::{COMMUNITY, District, STREET, area, correction_of, expect_refused, expect_refused_at};

fn group(name: &str) -> FoundOrganisation {
    FoundOrganisation { kind: OrganisationKind::Group, name: name.to_owned(), area: area(STREET), parent: None, credit_code: None }
}

#[tokio::test]
async fn a_command_sent_twice_is_done_once_and_answered_as_the_first_time() {
    let district = District::new().await;
    let operator = district.operator();
    let id = Uuid::now_v7();
    let first = operator.sends(id, &group("巡河队")).await.unwrap();
    let events = district.events().await;
    let second = operator.sends(id, &group("巡河队")).await.unwrap();
    assert_eq!((second.answer, second.token), (first.answer, first.token));
    assert!(!first.unchanged && second.unchanged && !second.stale);
    assert_eq!(district.events().await, events);
}

#[tokio::test]
async fn the_first_answer_outlives_what_it_was_about_and_the_process() {
    let district = District::durable().await;
    let id = Uuid::now_v7();
    let team = district.founds("巡河队").await;
    let (first, join, volunteer) = {
        let zhang = district.registers("张三").await;
        let join = JoinOrganisation { volunteer: zhang.volunteer, organisation: team };
        let first = zhang.sends(id, &join).await.unwrap();
        zhang.does(&LeaveOrganisation { volunteer: zhang.volunteer, organisation: team }).await.unwrap();
        (first, join, zhang.actor.clone())
    };
    let district = district.reopened().await;
    let events = district.events().await;
    let mut zhang = district.stranger();
    zhang.actor = volunteer;
    let again = zhang.sends(id, &join).await.unwrap();
    assert_eq!(again.token, first.token);
    assert!(again.unchanged);
    assert_eq!(district.events().await, events, "left is left");
}

#[tokio::test]
async fn an_id_used_for_another_content_is_refused() {
    let district = District::new().await;
    let operator = district.operator();
    let id = Uuid::now_v7();
    operator.sends(id, &group("巡河队")).await.unwrap();
    expect_refused_at("CommandIdReused", "commandId", operator.sends(id, &group("护林队")).await);
    // The same words as another command are other words.
    let zhang = district.registers("张三").await;
    let team = district.founds("护林队").await;
    let id = Uuid::now_v7();
    zhang.sends(id, &JoinOrganisation { volunteer: zhang.volunteer, organisation: team }).await.unwrap();
    let leave = LeaveOrganisation { volunteer: zhang.volunteer, organisation: team };
    expect_refused("CommandIdReused", zhang.sends(id, &leave).await);
}

#[tokio::test]
async fn a_password_is_no_part_of_a_commands_identity() {
    let district = District::new().await;
    let id = Uuid::now_v7();
    let application = district.application("张三");
    let first = district.stranger().sends(id, &application).await.unwrap();
    let other = RegisterVolunteer { password: Some("another password".to_owned()), ..application };
    let again = district.stranger().sends(id, &other).await.unwrap();
    assert_eq!(again.answer.person, first.answer.person);
    expect_refused("WrongCredentials", district.signs_in(&other.phone, "another password").await);
}

#[tokio::test]
async fn one_id_of_two_actors_is_two_commands() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let id = Uuid::now_v7();
    for name in ["张三", "李四"] {
        let resident = district.registers(name).await;
        let done = resident.sends(id, &JoinOrganisation { volunteer: resident.volunteer, organisation: team }).await.unwrap();
        assert!(!done.unchanged, "{name}");
    }
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let team = district.founds("巡河队").await;
    let leave = LeaveOrganisation { volunteer: zhang.volunteer, organisation: team };
    let id = Uuid::now_v7();
    expect_refused("NotMember", zhang.sends(id, &leave).await);
    zhang.does(&JoinOrganisation { volunteer: zhang.volunteer, organisation: team }).await.unwrap();
    assert!(!zhang.sends(id, &leave).await.unwrap().unchanged);
}

#[tokio::test]
async fn a_refusal_leaves_no_event() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let events = district.events().await;
    let taken = RegisterVolunteer { id_number: zhang.id_number.clone(), ..district.application("李四") };
    expect_refused("NumberOrPhoneTaken", district.stranger().does(&taken).await);
    assert_eq!(district.events().await, events);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_write_one_stream_at_once_both_succeed() {
    let district = District::durable().await;
    let team = district.founds("巡河队").await;
    let zhang = district.registers("张三").await;
    let (a, b) = tokio::join!(
        zhang.logs(&zhang, team, district.in_minutes(-120), district.in_minutes(-60)),
        zhang.logs(&zhang, team, district.in_minutes(-60), district.now()),
    );
    let ledger = district.app.state::<ServiceLedger>(zhang.volunteer).await.unwrap();
    assert!(ledger.records.contains_key(&a.unwrap().record) && ledger.records.contains_key(&b.unwrap().record));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_claim_the_same_at_once_one_is_told_why_not() {
    let district = District::durable().await;
    let operator = district.operator();
    let (first, second) = (group("巡河队"), group("巡河队"));
    let (a, b) = tokio::join!(operator.does(&first), operator.does(&second));
    let (won, lost) = if a.is_ok() { (a, b) } else { (b, a) };
    assert!(won.is_ok());
    expect_refused("OrganisationNameTaken", lost);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_command_sent_twice_at_once_is_done_once() {
    let district = District::durable().await;
    let operator = district.operator();
    let (id, found) = (Uuid::now_v7(), group("巡河队"));
    let answers = join_all((0..8).map(|_| operator.sends(id, &found))).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().all(|done| done.answer == answers[0].answer && done.token == answers[0].token));
    assert_eq!(answers.iter().filter(|done| !done.unchanged).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_join_at_once_and_all_are_members() {
    let district = District::durable().await;
    let team = district.founds("巡河队").await;
    let mut members = vec![];
    for n in 0..50 {
        members.push(district.enrols(&format!("志愿者{n}")).await);
    }
    let operator = district.operator();
    let joins: Vec<_> = members.iter().map(|who| JoinOrganisation { volunteer: who.volunteer, organisation: team }).collect();
    for joined in join_all(joins.iter().map(|join| operator.does(join))).await {
        joined.unwrap();
    }
    district.settles().await;
    assert_eq!(district.app.views().organisation(team).await.unwrap().unwrap().members, 50);
}

/// Lists an area without asking anybody.
#[derive(Serialize)]
struct Presume(AreaCode);

gongyi_app::commands! { Presume }

impl Command for Presume {
    const ACT: &'static Act = &IMPORT_AREAS;
    type Answer = ();

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Rejection> {
        let command = AreaCommand::List { code: self.0.clone(), name: "无名".to_owned() };
        work.load_and_decide::<Area>(area_stream(&self.0), command).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_command_that_forgot_to_ask_who_may_never_commits() {
    let district = District::new().await;
    let events = district.events().await;
    let outcome = district.operator().does(&Presume(area("440402003"))).await;
    assert!(matches!(outcome, Err(Rejection::Fault(Fault::Unauthorised { act: "importAreas" }))), "{outcome:?}");
    // Nor does one that has nothing to write pass for done.
    let outcome = district.operator().does(&Presume(area(STREET))).await;
    assert!(outcome.is_err());
    assert_eq!(district.events().await, events);
    assert!(!district.app.area_is_listed(&area("440402003")).await.unwrap());
}

/// Asks, and has nothing to change.
#[derive(Serialize)]
struct Idle;

gongyi_app::commands! { Idle }

impl Command for Idle {
    const ACT: &'static Act = &IMPORT_AREAS;
    type Answer = u8;

    async fn decide(&self, work: &mut Work<'_>) -> Result<u8, Rejection> {
        work.may(Self::ACT, &Subject::area(area(COMMUNITY)))?;
        Ok(7)
    }
}

#[tokio::test]
async fn what_changes_nothing_says_so_and_writes_nothing() {
    let district = District::new().await;
    let events = district.events().await;
    let done = district.operator().sends(Uuid::now_v7(), &Idle).await.unwrap();
    assert!(done.unchanged && done.answer == 7);
    assert_eq!((done.token.position, district.events().await), (events, events));
    expect_refused("SignInRequired", district.stranger().does(&Idle).await);
}

#[tokio::test]
async fn what_was_written_is_read_at_once() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let coordinator = district.coordinator_of(team).await;
    let zhang = district.registers("张三").await;
    let views = district.app.views();
    let (started, ended, category) = (district.in_minutes(-90), district.in_minutes(-30), Category::RiverPatrol);
    let log = LogService { volunteer: zhang.volunteer, organisation: team, activity: None, category, started, ended, content: None };
    let record = zhang.does(&log).await.unwrap();
    assert_eq!(views.service_record(record).await.unwrap().unwrap().phase, ServicePhase::Logged);
    coordinator.does(&ConfirmService { volunteer: zhang.volunteer, record }).await.unwrap();
    assert_eq!(views.volunteer(zhang.volunteer).await.unwrap().unwrap().declared_minutes, 60);
    let correction = CorrectVolunteer { name: Some("张珊".to_owned()), ..correction_of(&zhang) };
    zhang.does(&correction).await.unwrap();
    assert_eq!(views.volunteer(zhang.volunteer).await.unwrap().unwrap().name.as_deref(), Some("张珊"));
}

#[tokio::test]
async fn read_models_that_stand_still_are_told_and_hold_nobody_for_ever() {
    let district = District::new().await;
    let operator = district.operator();
    district.pauses_views().await;
    let id = Uuid::now_v7();
    let watch = Stopwatch::now();
    let done = operator.sends(id, &group("巡河队")).await.unwrap();
    assert!(done.stale && !done.unchanged);
    let limit = Duration::from_millis(READ_YOUR_WRITES_MAX_MILLIS);
    assert!(watch.elapsed() >= limit && watch.elapsed() < limit * 3, "{:?}", watch.elapsed());
    district.resumes_views();
    let again = operator.sends(id, &group("巡河队")).await.unwrap();
    assert!(again.unchanged && !again.stale);
    let shown = district.app.views().organisation(done.answer).await.unwrap();
    assert_eq!(shown.unwrap().name, "巡河队");
}
