//! From attendance to the ledger. Makes loud: a stay that gives two records or none, one that vanishes because of another
//! record, somebody in at two places, a refusal that stops all that come after, a process that skips what it has not seen, a code that works tomorrow.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use gongyi_app::{
    App, Rejection,
    processes::{AttendanceToLedger, Process},
    volunteering::{
        activities::ActivityDraft,
        attendance::{CheckIn, CheckInByCode, CheckOut, CheckOutByCode},
    },
};
use gongyi_domain::{
    access::authority::{Actor, Role, Scope},
    refusal::Refusal,
    values::{Minutes, OrganisationId, ShiftId, VolunteerId},
    volunteering::{
        activity::CHECK_OUT_LATE_MINUTES,
        service_ledger::{Record, ServiceLedger},
        service_record::{Evidence, ServicePhase},
    },
};
use gongyi_eventlog::Recorded;
use gongyi_projections::{EvidenceKind, PageArgs, ServiceRecordFilter, ServiceRecordSort};
use gongyi_vault::Checkpoint;
use tokio::sync::watch;
use uuid::Uuid;

use crate::harness::{District, Hand, OTHER_STREET, Published, Resident, STREET, Served, area, expect_refused, expect_refused_at};

const NAME: &str = AttendanceToLedger::NAME;

struct Morning<'d> {
    team: OrganisationId,
    organiser: Hand<'d>,
    published: Published,
    zhang: Resident<'d>,
}

/// Tomorrow morning, with 张三 signed up and the shift begun.
async fn morning(district: &District) -> Morning<'_> {
    let team = district.founds("巡河队").await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET)));
    let published = organiser.publishes(team, district.draft("巡河")).await.unwrap();
    let zhang = district.registers("张三").await;
    zhang.signs_up(&zhang, published).await.unwrap();
    district.waits_until(published.starts);
    Morning { team, organiser, published, zhang }
}

impl Morning<'_> {
    /// Stays for so many minutes from now.
    async fn stays(&self, who: &Resident<'_>, minutes: i64) {
        self.organiser.checks_in(who, self.published).await.unwrap();
        self.organiser.district.waits_minutes(minutes);
        self.organiser.checks_out(who, self.published).await.unwrap();
    }
}

async fn records(district: &District, who: &Resident<'_>) -> Vec<Record> {
    district.app.state::<ServiceLedger>(who.volunteer).await.unwrap().records.into_values().collect()
}

async fn carries_out(district: &District) {
    district.app.catch_up(&AttendanceToLedger).await.unwrap();
}

#[tokio::test]
async fn a_stay_becomes_one_attested_record_that_waits_for_a_confirmation() {
    let district = District::new().await;
    let morning = morning(&district).await;
    let (from, zhang) = (district.now(), &morning.zhang);
    morning.stays(zhang, 90).await;
    carries_out(&district).await;
    let [record] = records(&district, zhang).await.try_into().unwrap();
    assert!(matches!(record.evidence, Evidence::Attested { .. }));
    assert_eq!((record.phase, record.served.minutes), (ServicePhase::Logged, Minutes(90)));
    assert_eq!((record.served.started, record.served.ended), (from, district.now()));
    assert_eq!(record.setting.activity, Some(morning.published.activity));
    let ledger = district.app.state::<ServiceLedger>(zhang.volunteer).await.unwrap();
    let served = Served { volunteer: zhang.volunteer, record: *ledger.records.keys().next().unwrap() };
    assert_eq!(district.sees(zhang.volunteer).await.attested_minutes, 0, "not confirmed yet");
    morning.organiser.confirms(served).await.unwrap();
    let seen = district.sees(zhang.volunteer).await;
    assert_eq!((seen.attested_minutes, seen.declared_minutes), (90, 0));
    let row = district.app.views().service_record(served.record).await.unwrap().unwrap();
    assert_eq!((row.evidence, row.logged_by.as_str()), (EvidenceKind::Attested, "process:attendance-to-ledger"));
}

#[tokio::test]
async fn a_process_run_again_from_an_old_place_does_nothing_twice() {
    let district = District::durable().await;
    let morning = morning(&district).await;
    morning.stays(&morning.zhang, 30).await;
    carries_out(&district).await;
    let events = district.events().await;
    carries_out(&district).await;
    for position in [0, 3] {
        let token = district.app.log().token_at(position).await.unwrap().unwrap().to_string();
        district.app.vault().save_checkpoint(NAME, &Checkpoint { token, position }).await.unwrap();
        carries_out(&district).await;
    }
    let (a, b) = tokio::join!(district.app.catch_up(&AttendanceToLedger), district.app.catch_up(&AttendanceToLedger));
    a.and(b).unwrap();
    assert_eq!(district.events().await, events);
    assert_eq!(records(&district, &morning.zhang).await.len(), 1);
    assert_eq!(district.app.vault().parked(NAME).await.unwrap(), []);
}

#[tokio::test]
async fn a_process_goes_on_after_a_restart_where_it_was() {
    let district = District::durable().await;
    let volunteer = {
        let morning = morning(&district).await;
        morning.stays(&morning.zhang, 30).await;
        carries_out(&district).await;
        district.waits_minutes(5);
        morning.stays(&morning.zhang, 30).await;
        morning.zhang.volunteer
    };
    let district = district.reopened().await;
    carries_out(&district).await;
    assert_eq!(district.app.state::<ServiceLedger>(volunteer).await.unwrap().records.len(), 2);
    let place = district.app.vault().checkpoint(NAME).await.unwrap().unwrap();
    assert_eq!(place.position, district.events().await);
}

#[tokio::test]
async fn a_place_of_another_log_is_no_place() {
    let district = District::new().await;
    let morning = morning(&district).await;
    morning.stays(&morning.zhang, 30).await;
    // As after the restore of an older log beside a newer vault.
    let ahead = gongyi_eventlog::Token { position: 10_000, ..district.app.log().head().await.unwrap() };
    let elsewhere = gongyi_eventlog::Token { log: Uuid::now_v7(), ..district.app.log().head().await.unwrap() };
    for token in [ahead.to_string(), elsewhere.to_string(), "garbage".to_owned()] {
        district.app.vault().save_checkpoint(NAME, &Checkpoint { token, position: 10_000 }).await.unwrap();
        carries_out(&district).await;
        assert_eq!(records(&district, &morning.zhang).await.len(), 1);
        assert!(district.app.vault().checkpoint(NAME).await.unwrap().unwrap().position < 10_000);
    }
}

#[tokio::test]
async fn a_stay_that_overlaps_waits_and_counts_once_the_other_is_gone() {
    let district = District::new().await;
    let morning = morning(&district).await;
    let (zhang, published) = (&morning.zhang, morning.published);
    morning.organiser.checks_in(zhang, published).await.unwrap();
    district.waits_minutes(60);
    // Ten minutes of it are entered by hand too.
    let declared = zhang.logs(zhang, morning.team, district.in_minutes(-30), district.in_minutes(-20)).await.unwrap();
    morning.organiser.checks_out(zhang, published).await.unwrap();
    carries_out(&district).await;
    let ledger = district.app.state::<ServiceLedger>(zhang.volunteer).await.unwrap();
    let (held, record) = ledger.records.iter().find(|(_, it)| it.phase == ServicePhase::Held).unwrap();
    assert_eq!((record.served.minutes, ledger.records.len()), (Minutes(60), 2));
    let held = Served { volunteer: zhang.volunteer, record: *held };
    expect_refused_at("RecordIsHeld", "record", morning.organiser.confirms(held).await);
    let views = district.app.views();
    district.settles().await;
    let filter = ServiceRecordFilter { phases: vec![ServicePhase::Held], area: Some(area(STREET)), ..ServiceRecordFilter::default() };
    let listed = views.service_records(&filter, ServiceRecordSort::Day, false, &PageArgs::first(9)).await.unwrap();
    assert_eq!(listed.edges.iter().map(|(_, row)| row.record).collect::<Vec<_>>(), [held.record]);
    let in_the_way = views.records_in_the_way(&[held.record, declared.record]).await.unwrap();
    assert_eq!(in_the_way.iter().map(|(of, row)| (*of, row.record)).collect::<Vec<_>>(), [(held.record, declared.record)]);
    assert_eq!(district.sees(zhang.volunteer).await.attested_minutes, 0);
    // Nothing is parked: the process has done what it could.
    assert_eq!(district.app.vault().parked(NAME).await.unwrap(), []);

    morning.organiser.voids(declared, "重复登记").await.unwrap();
    assert_eq!(district.record(held).await.phase, ServicePhase::Logged);
    morning.organiser.confirms(held).await.unwrap();
    assert_eq!(district.sees(zhang.volunteer).await.attested_minutes, 60);
    assert_eq!(views.records_in_the_way(&[held.record]).await.unwrap(), []);
}

#[tokio::test]
async fn what_an_earlier_build_parked_is_tried_again() {
    let district = District::new().await;
    let morning = morning(&district).await;
    morning.stays(&morning.zhang, 30).await;
    let position = district.events().await;
    let token = district.app.log().token_at(position).await.unwrap().unwrap().to_string();
    let vault = district.app.vault();
    vault.save_checkpoint(NAME, &Checkpoint { token, position }).await.unwrap();
    // A stay without a record, and a place of a history that was lost in a restore.
    for place in [position, 10_000] {
        vault.park(NAME, place, "ServiceOverlaps").await.unwrap();
    }
    assert!(district.app.parked_processes().await.unwrap().contains(&(NAME, 2)));
    carries_out(&district).await;
    assert_eq!(records(&district, &morning.zhang).await.len(), 1);
    assert_eq!(vault.parked(NAME).await.unwrap(), []);
    district.waits_minutes(5);
    morning.stays(&morning.zhang, 30).await;
    carries_out(&district).await;
    assert_eq!(records(&district, &morning.zhang).await.len(), 2);
}

/// Does what it is told once somebody has let it.
struct Hindered(&'static AtomicBool);

impl Process for Hindered {
    const NAME: &'static str = "hindered";

    async fn follow(&self, _: &App, event: &Recorded) -> Result<(), Rejection> {
        let refusal = || Refusal { code: "Hindered", field: None, zh: "有阻碍".to_owned(), en: "Something is in the way".to_owned() };
        if event.position.is_multiple_of(2) && self.0.load(Ordering::SeqCst) { Err(Rejection::Refused(refusal())) } else { Ok(()) }
    }
}

#[tokio::test]
async fn what_the_rules_refuse_is_parked_until_they_let_it_pass() {
    static HINDERED: AtomicBool = AtomicBool::new(true);
    let district = District::new().await;
    district.founds("巡河队").await;
    let process = Hindered(&HINDERED);
    for _ in 0..2 {
        district.app.catch_up(&process).await.unwrap();
    }
    let parked = || district.app.vault().parked(Hindered::NAME);
    let before = parked().await.unwrap();
    assert!(!before.is_empty() && before.iter().all(|it| it.position % 2 == 0 && it.code == "Hindered"));
    HINDERED.store(false, Ordering::SeqCst);
    district.app.catch_up(&process).await.unwrap();
    assert_eq!(parked().await.unwrap(), []);
}

#[tokio::test]
async fn a_stay_of_less_than_a_minute_leaves_nothing_behind() {
    let district = District::new().await;
    let morning = morning(&district).await;
    morning.organiser.checks_in(&morning.zhang, morning.published).await.unwrap();
    district.waits_until(morning.published.starts + chrono::TimeDelta::seconds(40));
    morning.organiser.checks_out(&morning.zhang, morning.published).await.unwrap();
    carries_out(&district).await;
    assert_eq!(records(&district, &morning.zhang).await, []);
    assert_eq!(district.app.vault().parked(NAME).await.unwrap(), []);
}

#[tokio::test]
async fn who_is_in_is_checked_out_when_the_activity_is_called_off() {
    let district = District::new().await;
    let Morning { team, organiser, published, zhang } = morning(&district).await;
    let coordinator = district.coordinator_of(team).await;
    organiser.checks_in(&zhang, published).await.unwrap();
    organiser.checks_in(&coordinator, published).await.unwrap();
    district.waits_minutes(45);
    // Nobody witnesses their own attendance, not by calling the activity off either.
    expect_refused("OwnAttendance", coordinator.cancels(published).await);
    organiser.cancels(published).await.unwrap();
    carries_out(&district).await;
    for who in [&zhang, &coordinator] {
        let [record] = records(&district, who).await.try_into().unwrap();
        assert_eq!((record.served.minutes, record.phase), (Minutes(45), ServicePhase::Logged));
    }
    assert_eq!(district.activity(published.activity).await.all_present().count(), 0);
}

#[tokio::test]
async fn nobody_is_in_at_two_activities_at_once() {
    let district = District::new().await;
    let Morning { team, organiser, published, zhang } = morning(&district).await;
    let mut draft = district.draft("净滩");
    (draft.shifts[0].starts, draft.shifts[0].ends) = (published.ends, published.ends + chrono::TimeDelta::hours(2));
    let (opens, closes) = (district.in_minutes(-60), published.ends);
    let next = ActivityDraft { sign_up_opens: opens, sign_up_closes: closes, ..draft };
    let next = organiser.publishes(team, next).await.unwrap();
    organiser.signs_up(&zhang, next).await.unwrap();
    organiser.checks_in(&zhang, published).await.unwrap();
    district.waits_minutes(90);
    expect_refused_at("InElsewhere", "at", organiser.checks_in(&zhang, next).await);
    let code = district.app.attendance_code(&organiser.actor, next.activity, next.shift, district.now()).await.unwrap().code;
    let by_code = CheckInByCode { activity: next.activity, shift: next.shift, volunteer: zhang.volunteer, code };
    expect_refused("InElsewhere", zhang.does(&by_code).await);
    let out_at = |activity, at| CheckOut { activity, volunteer: zhang.volunteer, at: Some(at) };
    organiser.does(&out_at(published.activity, district.in_minutes(-10))).await.unwrap();
    // Entered afterwards: nobody comes before having left.
    let in_at = |at| CheckIn { activity: next.activity, shift: next.shift, volunteer: zhang.volunteer, at: Some(at) };
    expect_refused("InElsewhere", organiser.does(&in_at(district.in_minutes(-11))).await);
    organiser.does(&in_at(district.in_minutes(-10))).await.unwrap();
    organiser.checks_out(&zhang, next).await.unwrap();
    // Two more short stays at the first activity, each beside the others.
    for back in [130, 120] {
        let (activity, shift, volunteer) = (published.activity, published.shift, zhang.volunteer);
        let again = CheckIn { activity, shift, volunteer, at: Some(district.in_minutes(-back)) };
        organiser.does(&again).await.unwrap();
        organiser.does(&out_at(activity, district.in_minutes(-back + 5))).await.unwrap();
    }
    expect_refused("TooManyCheckIns", organiser.checks_in(&zhang, published).await);
    carries_out(&district).await;
    assert!(records(&district, &zhang).await.iter().all(|it| it.phase == ServicePhase::Logged));
    assert_eq!(records(&district, &zhang).await.len(), 4);
}

#[tokio::test]
async fn stays_are_entered_in_any_order_but_never_over_one_another() {
    let district = District::new().await;
    let Morning { organiser, published, zhang, .. } = morning(&district).await;
    district.waits_minutes(100);
    let at = |minutes: i64| Some(published.starts + chrono::TimeDelta::minutes(minutes));
    let comes = |minutes| CheckIn { activity: published.activity, shift: published.shift, volunteer: zhang.volunteer, at: at(minutes) };
    let goes = |minutes| CheckOut { activity: published.activity, volunteer: zhang.volunteer, at: at(minutes) };
    organiser.does(&comes(60)).await.unwrap();
    organiser.does(&goes(90)).await.unwrap();
    expect_refused_at("StaysOverlap", "at", organiser.does(&comes(70)).await);
    organiser.does(&comes(10)).await.unwrap();
    expect_refused_at("StaysOverlap", "at", organiser.does(&goes(61)).await);
    organiser.does(&goes(60)).await.unwrap();
    carries_out(&district).await;
    let minutes: u32 = records(&district, &zhang).await.iter().map(|it| it.served.minutes.0).sum();
    assert_eq!(minutes, 80);
}

#[tokio::test]
async fn a_coordinator_takes_in_who_comes_without_a_place() {
    let district = District::new().await;
    let Morning { team, organiser, published, .. } = morning(&district).await;
    let coordinator = district.coordinator_of(team).await;
    let (li, wang) = (district.registers("李四").await, district.registers("王五").await);
    // Nobody is made known to a coordinator by standing at the door: members only.
    expect_refused("NotMember", coordinator.checks_in(&li, published).await);
    organiser.checks_in(&li, published).await.unwrap();
    assert!(district.activity(published.activity).await.has_place(li.volunteer));
    wang.joins(team).await.unwrap();
    coordinator.checks_in(&wang, published).await.unwrap();
    district.waits_minutes(30);
    for who in [&li, &wang] {
        organiser.checks_out(who, published).await.unwrap();
    }
    carries_out(&district).await;
    assert_eq!(records(&district, &li).await.len() + records(&district, &wang).await.len(), 2);
    let mut draft = district.draft("净滩");
    draft.shifts[0].capacity = 1;
    let small = organiser.publishes(team, draft).await.unwrap();
    organiser.signs_up(&li, small).await.unwrap();
    district.waits_until(small.starts);
    expect_refused_at("ShiftFull", "shift", organiser.checks_in(&wang, small).await);
    organiser.withdraws(&li, small).await.unwrap();
    organiser.checks_in(&wang, small).await.unwrap();
}

#[tokio::test]
async fn what_was_served_before_a_suspension_can_still_be_entered() {
    let district = District::new().await;
    let Morning { team, organiser, published, zhang } = morning(&district).await;
    district.waits_minutes(60);
    let (from, to) = (district.in_minutes(-40), district.in_minutes(-10));
    organiser.suspends(&zhang).await.unwrap();
    district.waits_minutes(30);
    zhang.logs(&zhang, team, from, to).await.unwrap();
    expect_refused_at("NotActive", "volunteer", zhang.logs(&zhang, team, district.in_minutes(-31), district.in_minutes(-29)).await);
    // A device that was offline tells of a check-in before it.
    let comes = |at| CheckIn { activity: published.activity, shift: published.shift, volunteer: zhang.volunteer, at: Some(at) };
    expect_refused("NotActive", organiser.does(&comes(district.in_minutes(-20))).await);
    organiser.does(&comes(district.in_minutes(-38))).await.unwrap();
    organiser
        .does(&CheckOut { activity: published.activity, volunteer: zhang.volunteer, at: Some(district.in_minutes(-32)) })
        .await
        .unwrap();
}

async fn within_seconds<T>(seconds: u64, what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(seconds), what).await.unwrap()
}

#[tokio::test]
async fn a_running_process_follows_until_it_is_stopped_or_the_log_ends() {
    let district = District::new().await;
    let morning = morning(&district).await;
    let runs = |stopped| {
        let app = district.app.clone();
        tokio::spawn(async move { app.run_process(AttendanceToLedger, stopped).await })
    };
    let (stop, stopped) = watch::channel(false);
    let first = runs(stopped);
    morning.stays(&morning.zhang, 30).await;
    within_seconds(10, async {
        while records(&district, &morning.zhang).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    stop.send(true).unwrap();
    within_seconds(5, first).await.unwrap();
    let (_running, stopped) = watch::channel(false);
    let second = runs(stopped);
    district.closes_its_log().await;
    within_seconds(5, second).await.unwrap();
}

#[tokio::test]
async fn a_process_ends_with_its_log_also_when_that_is_a_fault_to_it() {
    let district = District::durable().await;
    let (_running, stopped) = watch::channel(false);
    let app = district.app.clone();
    district.pauses_views().await;
    district.closes_its_log().await;
    within_seconds(5, app.run_process(AttendanceToLedger, stopped)).await;
}

/// Never gets anywhere.
struct Stuck;

impl Process for Stuck {
    const NAME: &'static str = "stuck";

    async fn follow(&self, _: &App, _: &Recorded) -> Result<(), Rejection> {
        Err(Rejection::Conflict)
    }
}

#[tokio::test]
async fn a_process_that_waits_after_a_fault_can_be_stopped() {
    let district = District::new().await;
    let (stop, stopped) = watch::channel(false);
    let app = district.app.clone();
    let running = tokio::spawn(async move { app.run_process(Stuck, stopped).await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(!running.is_finished());
    assert_eq!(district.app.vault().checkpoint(Stuck::NAME).await.unwrap(), None, "nothing was carried out");
    stop.send(true).unwrap();
    within_seconds(3, running).await.unwrap();
}

#[tokio::test]
async fn a_code_is_good_while_it_is_shown_and_one_step_longer() {
    let district = District::new().await;
    let Morning { organiser, published, zhang, .. } = morning(&district).await;
    let Published { activity, shift, .. } = published;
    let shown = district.app.attendance_code(&organiser.actor, activity, shift, district.now()).await.unwrap();
    assert_eq!(shown.valid_until, district.in_minutes(1));
    let code = shown.code;
    let in_by = |code: &str| CheckInByCode { activity, shift, volunteer: zhang.volunteer, code: code.to_owned() };
    let out_by = |code: &str| CheckOutByCode { activity, shift, volunteer: zhang.volunteer, code: code.to_owned() };
    district.waits_until(published.starts - chrono::TimeDelta::seconds(1));
    expect_refused_at("CodeWrong", "code", zhang.does(&in_by(&code)).await);
    district.waits_until(published.starts + chrono::TimeDelta::seconds(119));
    zhang.does(&in_by(&format!(" {code} "))).await.unwrap();
    expect_refused("AlreadyCheckedIn", zhang.does(&in_by(&code)).await);
    district.waits_until(published.starts + chrono::TimeDelta::seconds(120));
    expect_refused("CodeWrong", zhang.does(&out_by(&code)).await);
    let now = district.app.attendance_code(&organiser.actor, activity, shift, district.now()).await.unwrap().code;
    assert_ne!(now, code, "one in a million by chance");
    zhang.does(&out_by(&now)).await.unwrap();
    expect_refused_at("NotCheckedIn", "volunteer", zhang.does(&out_by(&now)).await);
}

#[tokio::test]
async fn a_code_is_ones_own_to_use_and_the_keepers_to_show() {
    let district = District::new().await;
    let Morning { organiser, published, zhang, team } = morning(&district).await;
    let Published { activity, shift, .. } = published;
    let now = district.now();
    let app = &district.app;
    let code = app.attendance_code(&organiser.actor, activity, shift, now).await.unwrap().code;
    let by_code = CheckInByCode { activity, shift, volunteer: zhang.volunteer, code: code.clone() };
    expect_refused("NotAllowed", organiser.does(&by_code).await);
    expect_refused("SignInRequired", district.stranger().does(&by_code).await);
    expect_refused("NotAllowed", app.attendance_code(&zhang.actor, activity, shift, now).await);
    expect_refused("SignInRequired", app.attendance_code(&Actor::Anonymous, activity, shift, now).await);
    expect_refused("UnknownShift", app.attendance_code(&organiser.actor, activity, ShiftId(Uuid::now_v7()), now).await);
    let other = organiser.publishes(team, district.draft("净滩")).await.unwrap();
    let elsewhere = app.attendance_code(&organiser.actor, other.activity, other.shift, now).await.unwrap().code;
    if elsewhere != code {
        expect_refused("CodeWrong", zhang.does(&CheckInByCode { code: elsewhere, ..by_code }).await);
    }
    organiser.cancels(other).await.unwrap();
    expect_refused("ActivityNotOpen", app.attendance_code(&organiser.actor, other.activity, other.shift, now).await);
}

#[tokio::test]
async fn check_in_has_its_time_and_its_people() {
    let district = District::new().await;
    let Morning { organiser, published, zhang, .. } = morning(&district).await;
    let at = |volunteer, at| CheckIn { activity: published.activity, shift: published.shift, volunteer, at: Some(at) };
    let early = published.starts - chrono::TimeDelta::minutes(61);
    expect_refused_at("CheckInTimeUnfit", "at", organiser.does(&at(zhang.volunteer, early)).await);
    expect_refused("CheckInTimeUnfit", organiser.does(&at(zhang.volunteer, district.in_minutes(1))).await);
    expect_refused("NotCheckedIn", organiser.checks_out(&zhang, published).await);
    expect_refused("NotAllowed", zhang.checks_in(&zhang, published).await);
    let far = district.with_role(Role::Organiser, Scope::Area(area(OTHER_STREET)));
    expect_refused("NotAllowed", far.checks_in(&zhang, published).await);
    organiser.suspends(&zhang).await.unwrap();
    expect_refused("NotActive", organiser.checks_in(&zhang, published).await);
}

#[tokio::test]
async fn three_times_a_day_is_enough() {
    let district = District::new().await;
    let morning = morning(&district).await;
    for _ in 0..3 {
        morning.stays(&morning.zhang, 10).await;
    }
    let refused = morning.organiser.checks_in(&morning.zhang, morning.published).await;
    expect_refused_at("TooManyCheckIns", "volunteer", refused);
    carries_out(&district).await;
    assert_eq!(records(&district, &morning.zhang).await.len(), 3);
}

#[tokio::test]
async fn check_out_lies_after_check_in_and_within_a_day() {
    let district = District::new().await;
    let Morning { organiser, published, zhang, .. } = morning(&district).await;
    organiser.checks_in(&zhang, published).await.unwrap();
    let at = |at| CheckOut { activity: published.activity, volunteer: zhang.volunteer, at: Some(at) };
    expect_refused_at("CheckOutTimeUnfit", "at", organiser.does(&at(published.starts)).await);
    expect_refused("CheckOutTimeUnfit", organiser.does(&at(district.in_minutes(1))).await);
    district.waits_minutes(25 * 60);
    expect_refused("CheckOutTimeUnfit", organiser.checks_out(&zhang, published).await);
    let late = published.ends + chrono::TimeDelta::minutes(CHECK_OUT_LATE_MINUTES + 1);
    expect_refused_at("CheckOutLate", "at", organiser.does(&at(late)).await);
    organiser.does(&at(published.ends)).await.unwrap();
    carries_out(&district).await;
    assert_eq!(records(&district, &zhang).await[0].served.minutes, Minutes(120));
}

#[tokio::test]
async fn nobody_witnesses_their_own_attendance() {
    let district = District::new().await;
    let Morning { team, organiser, .. } = morning(&district).await;
    let coordinator = district.coordinator_of(team).await;
    let second = organiser.publishes(team, district.draft("净滩")).await.unwrap();
    coordinator.signs_up(&coordinator, second).await.unwrap();
    district.waits_until(second.starts);
    expect_refused_at("OwnAttendance", "volunteer", coordinator.checks_in(&coordinator, second).await);
    organiser.checks_in(&coordinator, second).await.unwrap();
    district.waits_minutes(30);
    expect_refused_at("OwnAttendance", "volunteer", coordinator.checks_out(&coordinator, second).await);
    let Published { activity, shift, .. } = second;
    let code = district.app.attendance_code(&coordinator.actor, activity, shift, district.now()).await.unwrap().code;
    coordinator.does(&CheckOutByCode { activity, shift, volunteer: coordinator.volunteer, code }).await.unwrap();
    // Who is nobody's volunteer is told so as before.
    let nobody = CheckIn { activity, shift, volunteer: VolunteerId(Uuid::now_v7()), at: None };
    expect_refused("UnknownVolunteer", organiser.does(&nobody).await);
}

#[tokio::test]
async fn a_code_is_not_guessed() {
    let district = District::new().await;
    let Morning { organiser, published, zhang, .. } = morning(&district).await;
    let Published { activity, shift, .. } = published;
    let by = |who: &Resident<'_>, code: &str| CheckInByCode { activity, shift, volunteer: who.volunteer, code: code.to_owned() };
    let code = district.app.attendance_code(&organiser.actor, activity, shift, district.now()).await.unwrap().code;
    // Without a place the right code is as good as a wrong one.
    let li = district.registers("李四").await;
    for guess in [&code, "wrong"] {
        expect_refused_at("NotSignedUp", "volunteer", li.does(&by(&li, guess)).await);
    }
    for _ in 0..5 {
        expect_refused("CodeWrong", zhang.does(&by(&zhang, "wrong")).await);
    }
    for guess in ["wrong", &code] {
        expect_refused_at("TooManyCodes", "code", zhang.does(&by(&zhang, guess)).await);
    }
    district.waits_minutes(15);
    let code = district.app.attendance_code(&organiser.actor, activity, shift, district.now()).await.unwrap().code;
    // A right code takes its attempt back, however often.
    zhang.does(&by(&zhang, &code)).await.unwrap();
    for _ in 0..6 {
        expect_refused("AlreadyCheckedIn", zhang.does(&by(&zhang, &code)).await);
    }
}
