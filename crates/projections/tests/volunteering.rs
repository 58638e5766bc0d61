//! Organisations, activities, service and history: the happy way, the repeat, the unknown.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use gongyi_domain::{
    access::person::{Person, PersonEvent},
    values::{ActivityId, AreaCode, AttendanceId, Day, Minutes, OrganisationId, PersonId, RecordId, ShiftId, VolunteerId},
    volunteering::{
        activity::{Activity, ActivityEvent, ActivityPhase, Witness},
        activity_details::{Details, Shift},
        category::Category,
        membership::{Membership, MembershipEvent, membership_stream},
        organisation::{Organisation, OrganisationEvent, OrganisationKind, Profile},
        service_ledger::{ServiceLedger, ServiceLedgerEvent},
        service_record::{Evidence, Level, Served, ServicePhase, Setting, Source},
        skill::Skill,
        volunteer::{Consents, Volunteer, VolunteerEvent, VolunteerPhase, volunteer_of},
    },
};
use gongyi_projections::{
    ActivityFilter, EvidenceKind, GroupBy, OrganisationFilter, Page, PageArgs, ParticipationFilter, ServiceRecordFilter, ServiceRecordSort,
    SignUpPhase, VolunteerFilter, VolunteerSort,
};
use harness::{Platform, seal};
use uuid::Uuid;

fn code(text: &str) -> AreaCode {
    text.parse().unwrap()
}
fn day(text: &str) -> Day {
    text.parse().unwrap()
}
fn organisation(n: u128) -> OrganisationId {
    OrganisationId(Uuid::from_u128(0x100 + n))
}
fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(0x200 + n))
}
fn volunteer(n: u128) -> VolunteerId {
    volunteer_of(person(n))
}
fn all<T: Clone>(page: &Page<T>) -> Vec<T> {
    page.edges.iter().map(|(_, row)| row.clone()).collect()
}

async fn found_organisation(platform: &mut Platform, n: u128, name: &str, area: &str, parent: Option<u128>) {
    let kind = if n == 1 { OrganisationKind::Federation } else { OrganisationKind::Group };
    let profile = Profile { kind, name: name.to_owned(), area: code(area), parent: parent.map(organisation), credit_code: None };
    platform.append::<Organisation>(organisation(n), &[OrganisationEvent::OrganisationFounded { profile }]).await;
}

async fn join(platform: &mut Platform, o: u128, v: u128, joins: bool) {
    let (organisation, volunteer) = (organisation(o), volunteer(v));
    let event = match joins {
        true => MembershipEvent::OrganisationJoined { organisation, volunteer },
        false => MembershipEvent::OrganisationLeft { organisation, volunteer },
    };
    platform.append::<Membership>(membership_stream(organisation, volunteer), &[event]).await;
}

async fn register(platform: &mut Platform, n: u128, name: &str, on: &str, area: &str) {
    let of = person(n);
    let text = |field, text: &str| seal(of, "PersonRegistered", field, text);
    let registered = PersonEvent::PersonRegistered {
        document: None,
        name: text("name", name),
        id_number: text("id_number", "x"),
        phone: text("phone", "y"),
        birth_date: text("birth_date", "1980-01-01"),
        home_area: code(area),
    };
    platform.append::<Person>(of, &[registered]).await;
    let event = VolunteerEvent::VolunteerRegistered {
        person: of,
        number: format!("NUMBER-{n}"),
        registered_on: day(on),
        home_area: code(area),
        skills: BTreeSet::from([Skill::Swimming]),
        consents: Consents { guardian: true, separate: false },
    };
    platform.append::<Volunteer>(volunteer(n), &[event]).await;
}

#[tokio::test]
async fn organisations_form_a_tree_and_count_their_members() {
    let mut platform = Platform::new();
    found_organisation(&mut platform, 1, "联合会", "440402", None).await;
    found_organisation(&mut platform, 2, "街道队", "440402001", Some(1)).await;
    found_organisation(&mut platform, 3, "社区队", "440402001001", Some(2)).await;
    join(&mut platform, 3, 1, true).await;
    join(&mut platform, 3, 2, true).await;
    join(&mut platform, 3, 1, false).await;
    join(&mut platform, 2, 2, true).await;
    platform.append::<Organisation>(organisation(2), &[OrganisationEvent::OrganisationDissolved {}]).await;
    let views = platform.settled().await;
    let found = async |filter: OrganisationFilter| -> Vec<OrganisationId> {
        all(&views.organisations(&filter, &PageArgs::default()).await.unwrap()).into_iter().map(|row| row.id).collect()
    };
    assert_eq!(found(OrganisationFilter::default()).await, [organisation(3), organisation(1)]);
    let dissolved = OrganisationFilter { include_dissolved: true, area: Some(code("440402001")), ..Default::default() };
    assert_eq!(found(dissolved).await, [organisation(3), organisation(2)]);
    assert_eq!(found(OrganisationFilter { kind: Some(OrganisationKind::Federation), ..Default::default() }).await, [organisation(1)]);
    assert_eq!(found(OrganisationFilter { parent: Some(organisation(2)), ..Default::default() }).await, [organisation(3)]);
    assert_eq!(found(OrganisationFilter { name_contains: Some("社区".to_owned()), ..Default::default() }).await, [organisation(3)]);
    assert_eq!(views.organisation(organisation(3)).await.unwrap().unwrap().members, 1);
    let above: Vec<_> = views.organisation_ancestors(organisation(3)).await.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(above, [organisation(2), organisation(1)]);
    assert_eq!(views.organisation_ancestors(organisation(9)).await.unwrap(), []);
    let of = views.memberships_of_volunteers(&[volunteer(2)]).await.unwrap();
    assert_eq!(of.iter().map(|row| row.organisation).collect::<Vec<_>>(), [organisation(3), organisation(2)]);
    let members = views.members_of_organisation(organisation(3), &PageArgs::default()).await.unwrap();
    assert_eq!((members.total, members.edges[0].1.volunteer), (1, volunteer(2)));
    drop(views);

    join(&mut platform, 3, 1, true).await;
    let views = platform.settled().await;
    assert_eq!(views.organisation(organisation(3)).await.unwrap().unwrap().members, 2);
    drop(views);
    // Joining what one is a member of is no event that the domain makes.
    join(&mut platform, 3, 1, true).await;
    let running = platform.run().await;
    let head = platform.log.head().await.unwrap().position;
    assert!(running.views.wait_for(head, harness::WAIT).await.is_err());
    running.stop().await;
}

#[tokio::test]
async fn volunteers_are_filtered_and_ordered() {
    let mut platform = Platform::new();
    found_organisation(&mut platform, 1, "联合会", "440402", None).await;
    register(&mut platform, 1, "王一", "2026-01-03", "440402001").await;
    register(&mut platform, 2, "李二", "2026-01-01", "440402002").await;
    register(&mut platform, 3, "王三", "2026-01-02", "440402001001").await;
    join(&mut platform, 1, 3, true).await;
    let reason = seal(person(2), "VolunteerSuspended", "reason", "迟到");
    platform.append::<Volunteer>(volunteer(2), &[VolunteerEvent::VolunteerSuspended { reason }]).await;
    let views = platform.settled().await;
    let found = async |filter: VolunteerFilter, sort, descending| -> Vec<VolunteerId> {
        let page = views.volunteers(&filter, sort, descending, &PageArgs::default()).await.unwrap();
        all(&page).into_iter().map(|row| row.id).collect()
    };
    let none = VolunteerFilter::default;
    let [one, two, three] = [1, 2, 3].map(volunteer);
    assert_eq!(found(none(), VolunteerSort::RegisteredOn, false).await, [two, three, one]);
    assert_eq!(found(none(), VolunteerSort::RegisteredOn, true).await, [one, three, two]);
    assert_eq!(found(none(), VolunteerSort::Name, false).await, [two, one, three]);
    assert_eq!(found(none(), VolunteerSort::Minutes, false).await.len(), 3);
    let by = VolunteerSort::RegisteredOn;
    assert_eq!(found(VolunteerFilter { area: Some(code("440402001")), ..none() }, by, false).await, [three, one]);
    assert_eq!(found(VolunteerFilter { organisation: Some(organisation(1)), ..none() }, by, false).await, [three]);
    assert_eq!(found(VolunteerFilter { phase: Some(VolunteerPhase::Suspended), ..none() }, by, false).await, [two]);
    let days = VolunteerFilter { registered_from: Some(day("2026-01-02")), registered_to: Some(day("2026-01-02")), ..none() };
    assert_eq!(found(days, by, false).await, [three]);
    assert_eq!(found(VolunteerFilter { name_contains: Some("王".to_owned()), ..none() }, by, false).await, [three, one]);
    assert_eq!(found(VolunteerFilter { number: Some("NUMBER-2".to_owned()), ..none() }, by, false).await, [two]);
    let view = views.volunteer(one).await.unwrap().unwrap();
    assert_eq!((view.name.as_deref(), &view.skills), (Some("王一"), &BTreeSet::from([Skill::Swimming])));
    assert!(view.guardian_consent && !view.separate_consent);
    assert_eq!(views.volunteers_by_ids(&[one, two, volunteer(9)]).await.unwrap().len(), 2);
    let statistics = views.statistics().await.unwrap();
    let counts = [("persons", ""), ("volunteers", "active"), ("volunteers", "suspended"), ("motions", "drafted")];
    assert_eq!(counts.map(|(what, phase)| statistics.count(what, phase)), [3, 2, 1, 0]);
}

#[tokio::test]
async fn shifts_count_their_places_through_waitlist_amendment_and_attendance() {
    let mut platform = Platform::new();
    let id = ActivityId(Uuid::from_u128(0x300));
    let [early, late] = [1, 2].map(|n| ShiftId(Uuid::from_u128(0x400 + n)));
    let starts = platform.now + TimeDelta::hours(2);
    let shift = |id, hours| Shift { id, starts: starts + TimeDelta::hours(hours), ends: starts + TimeDelta::hours(hours + 2), capacity: 1 };
    let details = |shifts| Details {
        title: "清洁海滩".to_owned(),
        category: Category::Environment,
        place: "海滨".to_owned(),
        area: code("440402001"),
        shifts,
        minimum_age: 16,
        required_skills: BTreeSet::from([Skill::Swimming]),
        risk: None,
        sign_up_opens: starts - TimeDelta::days(3),
        sign_up_closes: starts,
        withdrawal_minutes: Minutes(60),
    };
    let [one, two] = [1, 2].map(volunteer);
    let published =
        ActivityEvent::ActivityPublished { organisation: organisation(1), details: details(vec![shift(late, 3), shift(early, 0)]) };
    platform.append::<Activity>(id, &[published]).await;
    let signed = |shift, volunteer| ActivityEvent::VolunteerSignedUp { shift, volunteer };
    let waits = |shift, volunteer| ActivityEvent::VolunteerWaitlisted { shift, volunteer };
    platform.append::<Activity>(id, &[signed(early, one), waits(early, two), signed(late, two)]).await;
    let views = platform.settled().await;
    let counts = async |views: &gongyi_projections::Views| -> Vec<(ShiftId, u32, u32)> {
        views.shifts_of_activities(&[id]).await.unwrap().into_iter().map(|row| (row.shift, row.taken, row.waiting)).collect()
    };
    assert_eq!(counts(&views).await, [(early, 1, 1), (late, 1, 0)]);
    let filter = |with_free_places| ActivityFilter { with_free_places, area: Some(code("440402")), ..Default::default() };
    let total = async |views: &gongyi_projections::Views, filter: ActivityFilter| {
        views.activities(&filter, false, &PageArgs::default()).await.unwrap().total
    };
    assert_eq!((total(&views, filter(false)).await, total(&views, filter(true)).await), (1, 0));
    let found = views.activity(id).await.unwrap().unwrap();
    assert_eq!((found.starts, found.ends), (starts, starts + TimeDelta::hours(5)));
    drop(views);

    let withdrawn = ActivityEvent::SignUpWithdrawn { shift: early, volunteer: one };
    let promoted = ActivityEvent::VolunteerPromoted { shift: early, volunteer: two };
    platform.append::<Activity>(id, &[withdrawn, promoted]).await;
    platform.append::<Activity>(id, &[ActivityEvent::ActivityAmended { details: details(vec![shift(early, 0)]) }]).await;
    let attendance = AttendanceId(Uuid::from_u128(0x500));
    let (at, witness) = (platform.now, Witness::Code);
    let checked_in = ActivityEvent::VolunteerCheckedIn { attendance, shift: early, volunteer: two, at, day: at.date_naive(), witness };
    let checked_out = ActivityEvent::VolunteerCheckedOut { attendance, volunteer: two, at: at + TimeDelta::hours(1), witness };
    platform.append::<Activity>(id, &[checked_in, checked_out, ActivityEvent::ActivityClosed {}]).await;
    let views = platform.settled().await;
    assert_eq!(counts(&views).await, [(early, 1, 0)]);
    let phases = async |include_withdrawn| -> Vec<(ShiftId, VolunteerId, SignUpPhase)> {
        let page = views.sign_ups_of_activity(id, include_withdrawn, &PageArgs::default()).await.unwrap();
        all(&page).into_iter().map(|row| (row.shift, row.volunteer, row.phase)).collect()
    };
    assert_eq!(phases(false).await, [(early, two, SignUpPhase::Taken)]);
    assert_eq!(
        phases(true).await,
        [(late, two, SignUpPhase::Withdrawn), (early, one, SignUpPhase::Withdrawn), (early, two, SignUpPhase::Taken)]
    );
    assert_eq!(views.sign_ups_of_volunteer(two, true, &PageArgs::default()).await.unwrap().total, 2);
    let stays = views.attendances_of_activities(&[id]).await.unwrap();
    assert_eq!((stays.len(), stays[0].checked_in, stays[0].checked_out), (1, at, Some(at + TimeDelta::hours(1))));
    assert_eq!(total(&views, ActivityFilter { phase: Some(ActivityPhase::Closed), ..Default::default() }).await, 1);
    assert_eq!(total(&views, ActivityFilter { from: Some(starts + TimeDelta::hours(2)), ..Default::default() }).await, 0);
    assert_eq!(total(&views, ActivityFilter { to: Some(starts + TimeDelta::hours(1)), ..Default::default() }).await, 1);
    let history = all(&views.history(two, false, &PageArgs::default()).await.unwrap());
    let types: Vec<_> = history.iter().map(|line| line.event_type.as_str()).collect();
    let expected = ["VolunteerWaitlisted", "VolunteerSignedUp", "VolunteerPromoted", "VolunteerCheckedIn", "VolunteerCheckedOut"];
    assert_eq!(types, expected);
    assert!(history.iter().all(|line| line.subject == id.0));
}

#[tokio::test]
async fn service_counts_while_it_is_confirmed() {
    let mut platform = Platform::new();
    register(&mut platform, 1, "王一", "2026-01-03", "440402001").await;
    let (ledger, record) = (volunteer(1), RecordId(Uuid::from_u128(0x600)));
    let served = |on: &str, minutes: u32| {
        let started = format!("{on}T01:00:00Z").parse().unwrap();
        let ended = started + TimeDelta::minutes(i64::from(minutes));
        Served { started, ended, minutes: Minutes(minutes), day: day(on), category: Category::RiverPatrol }
    };
    let logged = ServiceLedgerEvent::ServiceLogged {
        record,
        setting: Setting { organisation: organisation(1), activity: None, area: code("440402001002") },
        served: served("2026-02-01", 90),
        evidence: Evidence::Attested { attendance: AttendanceId(Uuid::nil()) },
        source: Source::Attendance,
        content: Some(seal(person(1), "ServiceLogged", "content", "巡河")),
    };
    let reason = |event: &str| seal(person(1), event, "reason", "因为");
    let level = Level::Parent;
    let corrected = |was, now| ServiceLedgerEvent::ServiceCorrected { record, was, now, level, reason: Some(reason("ServiceCorrected")) };
    let steps = [
        (logged, (0, 0)),
        (ServiceLedgerEvent::ServiceConfirmed { record, level: Level::Organisation }, (90, 1)),
        (ServiceLedgerEvent::ServiceDisputed { record, reason: reason("ServiceDisputed") }, (90, 1)),
        (ServiceLedgerEvent::ServiceConfirmed { record, level: Level::District }, (90, 1)),
        (corrected(served("2026-02-01", 90), served("2026-01-31", 60)), (60, 1)),
        (ServiceLedgerEvent::ServiceDisputed { record, reason: reason("ServiceDisputed") }, (60, 1)),
        (ServiceLedgerEvent::ServiceRejected { record, reason: Some(reason("ServiceRejected")) }, (0, 0)),
        (corrected(served("2026-01-31", 60), served("2026-02-02", 30)), (30, 1)),
        (ServiceLedgerEvent::ServiceVoided { record, reason: Some(reason("ServiceVoided")) }, (0, 0)),
    ];
    let period = |from, to| ParticipationFilter {
        area: Some(code("440402")),
        organisation: None,
        include_below: false,
        person: None,
        from: day(from),
        to: day(to),
        known_at: None,
    };
    for (event, (minutes, records)) in steps {
        platform.append::<ServiceLedger>(ledger, std::slice::from_ref(&event)).await;
        let views = platform.settled().await;
        let view = views.volunteer(ledger).await.unwrap().unwrap();
        assert_eq!((view.attested_minutes, view.declared_minutes, view.records), (minutes, 0, records), "{event:?}");
        let groups = [GroupBy::Area, GroupBy::Month];
        let got = views.participation(&period("2026-01-01", "2026-12-31"), &groups, None).await.unwrap();
        assert_eq!((got.total.attested_minutes as u64, got.total.records as u64, got.total.volunteers), (minutes, records, records));
        let rows: Vec<_> = got.rows.iter().map(|row| row.area.clone().unwrap()).collect();
        assert_eq!(rows, vec![code("440402001"); records as usize]);
        if records == 1 {
            let row = views.service_record(record).await.unwrap().unwrap();
            assert_eq!(got.rows[0].month, Some(row.day.to_string()[..7].to_owned()));
            // Both ends are included, and nothing beyond.
            let on = |day: Day| ParticipationFilter { from: day, to: day, ..period("2026-01-01", "2026-01-01") };
            assert_eq!(views.participation(&on(row.day), &[], None).await.unwrap().total.records, 1);
            assert_eq!(views.participation(&on(row.day.succ_opt().unwrap()), &[], None).await.unwrap().total.records, 0);
        }
    }
    let views = platform.settled().await;
    let found = async |filter: ServiceRecordFilter| {
        views.service_records(&filter, ServiceRecordSort::LoggedAt, true, &PageArgs::default()).await.unwrap().total
    };
    let row = views.service_record(record).await.unwrap().unwrap();
    assert_eq!((row.phase, row.level, row.disputed, row.content.as_deref()), (ServicePhase::Voided, None, false, Some("巡河")));
    assert_eq!(row.decided_by.as_deref(), Some("account:00000000-0000-0000-0000-0000000000aa"));
    let none = ServiceRecordFilter::default;
    assert_eq!(found(ServiceRecordFilter { phases: vec![ServicePhase::Voided, ServicePhase::Logged], ..none() }).await, 1);
    assert_eq!(found(ServiceRecordFilter { phases: vec![ServicePhase::Confirmed], ..none() }).await, 0);
    assert_eq!(found(ServiceRecordFilter { evidence: Some(EvidenceKind::Attested), disputed: Some(false), ..none() }).await, 1);
    assert_eq!(found(ServiceRecordFilter { volunteer: Some(ledger), organisation: Some(organisation(1)), ..none() }).await, 1);
    let days = ServiceRecordFilter { from: Some(day("2026-02-02")), to: Some(day("2026-02-02")), ..none() };
    assert_eq!(found(ServiceRecordFilter { category: Some(Category::RiverPatrol), area: Some(code("440402001")), ..days }).await, 1);
    assert_eq!(views.service_record(RecordId(Uuid::nil())).await.unwrap(), None);

    let lines = all(&views.history(ledger, true, &PageArgs::first(20)).await.unwrap());
    assert_eq!(lines.len(), 11);
    assert_eq!((lines[0].event_type.as_str(), lines[0].reason.as_deref()), ("ServiceVoided", Some("因为")));
    let correction = lines.iter().find(|line| line.event_type == "ServiceCorrected").unwrap();
    assert!(correction.details.contains("\"was\":{") && correction.details.contains("\"now\":{"), "{}", correction.details);
    assert!(lines.iter().all(|line| !line.details.contains("巡河") && !line.details.contains("王一")));
}
