//! The service ledger through its commands. Makes loud: hours confirmed by whoever served them or by too low a level, a
//! decision without a reason, forged and attested hours in one sum.

use gongyi_app::volunteering::{
    imports::ImportHours,
    services::{CorrectService, LogService},
};
use gongyi_domain::{
    access::authority::{Role, Scope},
    values::{ActivityId, OrganisationId, RecordId, VolunteerId},
    volunteering::{category::Category, service_record::ServicePhase},
};
use gongyi_projections::{GroupBy, ParticipationFilter};
use uuid::Uuid;

use crate::harness::{DISTRICT, District, OTHER_STREET, Resident, STREET, Served, area, expect_refused, expect_refused_at, moment};

/// A federation, a team below it, and everybody who may confirm.
struct House<'d> {
    federation: OrganisationId,
    team: OrganisationId,
    zhang: Resident<'d>,
    coordinator: Resident<'d>,
    above: Resident<'d>,
    organiser: Resident<'d>,
    officer: Resident<'d>,
}

impl District {
    async fn house(&self) -> House<'_> {
        let federation = self.founds_in("义工联", DISTRICT, None).await;
        let team = self.founds_in("巡河队", STREET, Some(federation)).await;
        House {
            federation,
            team,
            zhang: self.registers("张三").await,
            coordinator: self.coordinator_of(team).await,
            above: self.coordinator_of(federation).await,
            organiser: self.organiser_in(STREET).await,
            officer: self.officer().await,
        }
    }
}

impl House<'_> {
    /// 张三 served the team on 1 March between these hours.
    async fn served(&self, from: &str, to: &str) -> Served {
        let at = |time: &str| moment(&format!("2026-03-01 {time}"));
        self.zhang.logs(&self.zhang, self.team, at(from), at(to)).await.unwrap()
    }
}

#[tokio::test]
async fn up_to_eight_hours_a_day_the_organisation_confirms() {
    let district = District::new().await;
    let house = district.house().await;
    let (a, b) = (house.served("00:00", "05:00").await, house.served("05:00", "08:00").await);
    house.coordinator.confirms(a).await.unwrap();
    house.coordinator.confirms(b).await.unwrap();
    expect_refused_at("AlreadyConfirmed", "record", house.coordinator.confirms(a).await);
    expect_refused_at("UnknownRecord", "record", house.coordinator.confirms(Served { record: RecordId(Uuid::now_v7()), ..a }).await);
    let nobody = Served { volunteer: VolunteerId(Uuid::now_v7()), ..a };
    expect_refused("UnknownVolunteer", house.coordinator.confirms(nobody).await);
    assert_eq!(district.sees(house.zhang.volunteer).await.declared_minutes, 480);
}

#[tokio::test]
async fn over_eight_hours_those_above_and_over_twelve_the_district() {
    let district = District::new().await;
    let house = district.house().await;
    house.coordinator.confirms(house.served("00:00", "08:00").await).await.unwrap();
    let ninth = house.served("08:00", "08:01").await;
    expect_refused_at("ParentMustConfirm", "record", house.coordinator.confirms(ninth).await);
    house.above.confirms(ninth).await.unwrap();
    let twelfth = house.served("08:01", "12:00").await;
    house.organiser.confirms(twelfth).await.unwrap();
    let beyond = house.served("12:00", "12:01").await;
    for who in [&house.coordinator, &house.above, &house.organiser] {
        expect_refused_at("DistrictMustConfirm", "record", who.confirms(beyond).await);
    }
    house.officer.confirms(beyond).await.unwrap();
    // The next day begins anew.
    let next = house.zhang.logs(&house.zhang, house.team, moment("2026-03-02 00:00"), moment("2026-03-02 08:00")).await.unwrap();
    house.coordinator.confirms(next).await.unwrap();
}

#[tokio::test]
async fn a_day_is_counted_over_all_organisations() {
    let district = District::new().await;
    let house = district.house().await;
    let other = district.founds_in("护林队", STREET, None).await;
    let of_other = district.coordinator_of(other).await;
    house.coordinator.confirms(house.served("00:00", "08:00").await).await.unwrap();
    let (from, to) = (moment("2026-03-01 08:00"), moment("2026-03-01 09:00"));
    let ninth = house.zhang.logs(&house.zhang, other, from, to).await.unwrap();
    // Nothing stands above this one, so its own coordinators stay at its level whatever their scope.
    expect_refused("ParentMustConfirm", of_other.confirms(ninth).await);
    let street = district.with_role(Role::Coordinator, Scope::Area(area(STREET)));
    expect_refused("ParentMustConfirm", street.confirms(ninth).await);
    house.organiser.confirms(ninth).await.unwrap();
}

#[tokio::test]
async fn those_beside_and_below_do_not_confirm() {
    let district = District::new().await;
    let house = district.house().await;
    let below = district.founds_in("巡河一组", STREET, Some(house.team)).await;
    let beside = district.founds_in("护林队", STREET, Some(house.federation)).await;
    let served = house.served("00:00", "01:00").await;
    for organisation in [below, beside] {
        expect_refused("NotAllowed", district.coordinator_of(organisation).await.confirms(served).await);
    }
    let elsewhere = district.organiser_in(OTHER_STREET).await;
    expect_refused("NotAllowed", elsewhere.confirms(served).await);
    expect_refused("NotAllowed", district.operator().confirms(served).await);
    expect_refused("NotAllowed", house.zhang.confirms(served).await);
    expect_refused("SignInRequired", district.stranger().confirms(served).await);
}

#[tokio::test]
async fn nobody_decides_about_their_own_service_whatever_their_role() {
    let district = District::new().await;
    let house = district.house().await;
    let (from, to) = (moment("2026-03-01 00:00"), moment("2026-03-01 01:00"));
    for own in [&house.coordinator, &house.above, &house.organiser, &house.officer] {
        let served = own.logs(own, house.team, from, to).await.unwrap();
        expect_refused_at("OwnService", "record", own.confirms(served).await);
        expect_refused("OwnService", own.rejects(served, "试试").await);
        expect_refused("OwnService", own.corrects(served, moment("2026-03-01 00:30"), "试试").await);
        expect_refused("OwnService", own.voids(served, "试试").await);
        assert_eq!(district.record(served).await.phase, ServicePhase::Logged);
    }
}

#[tokio::test]
async fn a_rejected_record_is_disputed_and_decided_anew() {
    let district = District::new().await;
    let house = district.house().await;
    let served = house.served("00:00", "01:00").await;
    expect_refused_at("NothingToDispute", "record", house.zhang.disputes(served, "我去了").await);
    house.coordinator.rejects(served, "没有签到").await.unwrap();
    expect_refused("AlreadyRejected", house.coordinator.rejects(served, "没有签到").await);
    expect_refused("AlreadyRejected", house.coordinator.confirms(served).await);
    expect_refused("NotAllowed", house.coordinator.disputes(served, "我去了").await);
    house.zhang.disputes(served, "我去了").await.unwrap();
    expect_refused("NothingToDispute", house.zhang.disputes(served, "我去了").await);
    assert!(district.record(served).await.disputed);
    house.above.confirms(served).await.unwrap();
    let record = district.record(served).await;
    assert!(record.phase == ServicePhase::Confirmed && !record.disputed);
}

#[tokio::test]
async fn a_rejected_record_frees_its_time_and_does_not_come_back_over_another() {
    let district = District::new().await;
    let house = district.house().await;
    let served = house.served("00:00", "01:00").await;
    house.coordinator.rejects(served, "没有签到").await.unwrap();
    house.served("00:30", "01:30").await;
    house.zhang.disputes(served, "我去了").await.unwrap();
    expect_refused_at("ServiceOverlaps", "started", house.above.confirms(served).await);
}

#[tokio::test]
async fn a_correction_confirms_and_keeps_to_the_levels() {
    let district = District::new().await;
    let house = district.house().await;
    let served = house.served("00:00", "01:00").await;
    let at = |time: &str| moment(&format!("2026-03-01 {time}"));
    expect_refused("NothingToCorrect", house.coordinator.corrects(served, at("01:00"), "手误").await);
    expect_refused_at("EndsBeforeStart", "ended", house.coordinator.corrects(served, at("00:00"), "手误").await);
    expect_refused("ParentMustConfirm", house.coordinator.corrects(served, at("08:01"), "手误").await);
    let late = house.served("23:00", "23:30").await;
    expect_refused_at("ServiceInFuture", "ended", house.officer.corrects(late, district.in_minutes(1), "手误").await);
    house.coordinator.corrects(served, at("02:00"), "手误").await.unwrap();
    let record = district.record(served).await;
    assert_eq!((record.phase, record.served.minutes.0), (ServicePhase::Confirmed, 120));
    assert_eq!(district.sees(house.zhang.volunteer).await.declared_minutes, 120);
    house.officer.corrects(served, at("13:00"), "一整天").await.unwrap();
    assert_eq!(district.sees(house.zhang.volunteer).await.declared_minutes, 780);
}

#[tokio::test]
async fn a_voided_record_stays_voided_and_counts_nowhere() {
    let district = District::new().await;
    let house = district.house().await;
    let served = house.served("00:00", "01:00").await;
    house.coordinator.confirms(served).await.unwrap();
    house.coordinator.voids(served, "重复").await.unwrap();
    assert_eq!(district.sees(house.zhang.volunteer).await.declared_minutes, 0);
    expect_refused_at("RecordIsVoided", "record", house.coordinator.voids(served, "重复").await);
    expect_refused("RecordIsVoided", house.officer.confirms(served).await);
    expect_refused("RecordIsVoided", house.officer.rejects(served, "不").await);
    expect_refused("RecordIsVoided", house.zhang.disputes(served, "不").await);
    house.served("00:00", "01:00").await;
}

#[tokio::test]
async fn a_decision_has_a_reason_of_a_fitting_length() {
    let district = District::new().await;
    let house = district.house().await;
    let served = house.served("00:00", "01:00").await;
    for reason in ["", " \u{3000}\n", &"理".repeat(1_001)] {
        expect_refused_at("ReasonUnfit", "reason", house.coordinator.rejects(served, reason).await);
        expect_refused_at("ReasonUnfit", "reason", house.coordinator.voids(served, reason).await);
        expect_refused_at("ReasonUnfit", "reason", house.coordinator.corrects(served, moment("2026-03-01 00:30"), reason).await);
        expect_refused_at("ReasonUnfit", "reason", house.zhang.disputes(served, reason).await);
    }
    house.coordinator.rejects(served, &"理".repeat(1_000)).await.unwrap();
}

#[tokio::test]
async fn what_cannot_have_been_served_is_not_logged() {
    let district = District::new().await;
    let house = district.house().await;
    let (zhang, team) = (&house.zhang, house.team);
    let at = |time: &str| moment(&format!("2026-02-28 {time}"));
    let logs = |from, to| zhang.logs(zhang, team, from, to);
    expect_refused_at("EndsBeforeStart", "ended", logs(at("02:00"), at("02:00")).await);
    expect_refused_at("ServiceTooLong", "ended", logs(at("00:00"), moment("2026-03-01 00:01")).await);
    expect_refused_at("ServiceInFuture", "ended", logs(district.now(), district.in_minutes(1)).await);
    let first = logs(at("00:00"), at("02:00")).await.unwrap();
    expect_refused_at("ServiceOverlaps", "started", logs(at("01:59"), at("03:00")).await);
    logs(at("02:00"), at("03:00")).await.unwrap();
    expect_refused("UnknownOrganisation", zhang.logs(zhang, OrganisationId(Uuid::now_v7()), at("04:00"), at("05:00")).await);
    let li = district.registers("李四").await;
    expect_refused("NotAllowed", li.logs(zhang, team, at("04:00"), at("05:00")).await);
    expect_refused_at("NotMember", "organisation", house.coordinator.logs(zhang, team, at("04:00"), at("05:00")).await);
    zhang.joins(team).await.unwrap();
    house.coordinator.logs(zhang, team, at("04:00"), at("05:00")).await.unwrap();
    house.organiser.suspends(zhang).await.unwrap();
    district.waits_minutes(30);
    expect_refused_at("NotActive", "volunteer", logs(district.in_minutes(-20), district.in_minutes(-10)).await);
    // What was served before the suspension can still be entered and confirmed.
    logs(at("06:00"), at("07:00")).await.unwrap();
    house.coordinator.confirms(first).await.unwrap();
}

#[tokio::test]
async fn what_was_served_while_suspended_is_not_logged_after_the_reinstatement_either() {
    let district = District::new().await;
    let house = district.house().await;
    let (zhang, team) = (&house.zhang, house.team);
    district.waits_minutes(60);
    let before = (district.in_minutes(-30), district.in_minutes(-10));
    house.organiser.suspends(zhang).await.unwrap();
    district.waits_minutes(60);
    let during = (district.in_minutes(-40), district.in_minutes(-20));
    expect_refused_at("NotActive", "volunteer", zhang.logs(zhang, team, during.0, during.1).await);
    house.organiser.reinstates(zhang).await.unwrap();
    expect_refused_at("NotActiveThen", "started", zhang.logs(zhang, team, during.0, during.1).await);
    expect_refused("NotActiveThen", zhang.logs(zhang, team, before.0, district.now()).await);
    let served = zhang.logs(zhang, team, before.0, before.1).await.unwrap();
    // Nor does a correction reach into it.
    expect_refused_at("NotActiveThen", "started", house.coordinator.corrects(served, during.1, "试试").await);
    house.coordinator.corrects(served, district.in_minutes(-75), "晚到早退").await.unwrap();
    district.waits_minutes(60);
    zhang.logs(zhang, team, district.in_minutes(-60), district.now()).await.unwrap();
}

#[tokio::test]
async fn a_record_of_an_activity_is_of_its_organisation_and_counts_in_its_area() {
    let district = District::new().await;
    let house = district.house().await;
    let published = house.coordinator.publishes(house.team, district.draft("巡河")).await.unwrap();
    let log = |organisation, activity| LogService {
        volunteer: house.zhang.volunteer,
        organisation,
        activity: Some(activity),
        category: Category::RiverPatrol,
        started: moment("2026-03-01 00:00"),
        ended: moment("2026-03-01 01:00"),
        content: None,
    };
    let (team, zhang) = (house.team, &house.zhang);
    expect_refused_at("UnknownActivity", "activity", zhang.does(&log(house.federation, published.activity)).await);
    expect_refused_at("UnknownActivity", "activity", zhang.does(&log(team, ActivityId(Uuid::now_v7()))).await);
    let long = LogService { content: Some("做".repeat(1_001)), ..log(team, published.activity) };
    expect_refused_at("ContentUnfit", "content", zhang.does(&long).await);
    let record = zhang.does(&log(team, published.activity)).await.unwrap();
    let record = district.record(Served { volunteer: zhang.volunteer, record }).await;
    assert_eq!(record.setting.area, district.draft("").area);
}

#[tokio::test]
async fn a_coordinator_logs_and_signs_up_for_no_stranger() {
    let district = District::new().await;
    let house = district.house().await;
    let (coordinator, zhang, team) = (&house.coordinator, &house.zhang, house.team);
    let published = coordinator.publishes(team, district.draft("巡河")).await.unwrap();
    let at = |time: &str| moment(&format!("2026-02-28 {time}"));
    let log = |from, to| LogService {
        volunteer: zhang.volunteer,
        organisation: team,
        activity: Some(published.activity),
        category: Category::RiverPatrol,
        started: at(from),
        ended: at(to),
        content: None,
    };
    expect_refused_at("NotMember", "organisation", coordinator.signs_up(zhang, published).await);
    expect_refused("NotMember", coordinator.does(&log("00:00", "01:00")).await);
    // Membership above or of somebody else is none here.
    zhang.joins(house.federation).await.unwrap();
    expect_refused("NotMember", house.above.signs_up(zhang, published).await);
    // A place of one's own taking is enough for the hours, but for no other organisation's.
    zhang.signs_up(zhang, published).await.unwrap();
    coordinator.does(&log("00:00", "01:00")).await.unwrap();
    expect_refused("NotMember", coordinator.logs(zhang, team, at("01:00"), at("02:00")).await);
    zhang.withdraws(zhang, published).await.unwrap();
    zhang.joins(team).await.unwrap();
    coordinator.signs_up(zhang, published).await.unwrap();
    coordinator.logs(zhang, team, at("01:00"), at("02:00")).await.unwrap();
    // Who coordinates where somebody lives, or organises there, asks for no membership.
    let li = district.registers("李四").await;
    let street = district.with_role(Role::Coordinator, Scope::Area(area(STREET)));
    street.signs_up(&li, published).await.unwrap();
    street.logs(&li, team, at("01:00"), at("02:00")).await.unwrap();
    house.organiser.logs(&li, team, at("02:00"), at("03:00")).await.unwrap();
}

fn hours(who: &Resident<'_>, organisation: OrganisationId, from: &str, to: &str) -> ImportHours {
    let at = |time: &str| moment(&format!("2026-03-01 {time}"));
    let content = Some("历史记录".to_owned());
    ImportHours { volunteer: who.volunteer, organisation, category: Category::Environment, content, started: at(from), ended: at(to) }
}

#[tokio::test]
async fn imported_hours_count_until_a_day_is_too_long_for_the_organisation() {
    let district = District::new().await;
    let house = district.house().await;
    let operator = district.operator();
    let (zhang, team) = (&house.zhang, house.team);
    let first = operator.does(&hours(zhang, team, "00:00", "08:00")).await.unwrap();
    assert!(!first.pending);
    let second = operator.does(&hours(zhang, team, "08:00", "09:00")).await.unwrap();
    assert!(second.pending);
    let second = Served { volunteer: zhang.volunteer, record: second.record };
    assert_eq!(district.record(second).await.phase, ServicePhase::Logged);
    let seen = district.sees(zhang.volunteer).await;
    assert_eq!((seen.declared_minutes, seen.attested_minutes), (480, 0));
    expect_refused("ParentMustConfirm", house.coordinator.confirms(second).await);
    house.above.confirms(second).await.unwrap();
    for other in [&house.coordinator, &house.officer] {
        expect_refused("NotAllowed", other.does(&hours(zhang, team, "10:00", "11:00")).await);
    }
    expect_refused("ServiceOverlaps", operator.does(&hours(zhang, team, "08:30", "10:00")).await);
}

#[tokio::test]
async fn a_long_day_imported_in_pieces_waits_from_the_piece_that_makes_it_long() {
    let district = District::new().await;
    let house = district.house().await;
    let operator = district.operator();
    let mut rows = vec![];
    for (from, to) in [("00:00", "05:00"), ("05:00", "10:00"), ("10:00", "13:00")] {
        rows.push(operator.does(&hours(&house.zhang, house.team, from, to)).await.unwrap());
    }
    assert_eq!(rows.iter().map(|row| row.pending).collect::<Vec<_>>(), [false, true, true]);
    for row in &rows[1..] {
        let served = Served { volunteer: house.zhang.volunteer, record: row.record };
        expect_refused("DistrictMustConfirm", house.above.confirms(served).await);
        house.officer.confirms(served).await.unwrap();
    }
    assert_eq!(district.sees(house.zhang.volunteer).await.declared_minutes, 780);
}

#[tokio::test]
async fn the_order_of_confirming_makes_no_long_day_short() {
    let district = District::new().await;
    let house = district.house().await;
    let (a, b) = (house.served("00:00", "05:00").await, house.served("05:00", "10:00").await);
    for served in [b, a] {
        expect_refused_at("ParentMustConfirm", "record", house.coordinator.confirms(served).await);
    }
    house.coordinator.rejects(b, "没有签到").await.unwrap();
    house.coordinator.confirms(a).await.unwrap();
}

#[tokio::test]
async fn a_row_imported_again_changes_nothing() {
    let district = District::new().await;
    let house = district.house().await;
    let operator = district.operator();
    let row = hours(&house.zhang, house.team, "00:00", "01:00");
    let id = district.app.row_command_id(&row).unwrap();
    let first = operator.sends(id, &row).await.unwrap();
    let same = hours(&house.zhang, house.team, "00:00", "01:00");
    assert_eq!(district.app.row_command_id(&same).unwrap(), id);
    let again = operator.sends(id, &same).await.unwrap();
    assert!(again.unchanged && again.answer.record == first.answer.record);
    assert_ne!(district.app.row_command_id(&hours(&house.zhang, house.team, "00:00", "01:01")).unwrap(), id);
}

#[tokio::test]
async fn an_operator_who_imports_own_hours_does_not_confirm_them() {
    let district = District::new().await;
    let house = district.house().await;
    let own = district.resident_with("运维", Role::Operator, Scope::Everywhere).await;
    let imported = own.does(&hours(&own, house.team, "00:00", "01:00")).await.unwrap();
    assert!(imported.pending);
    assert_eq!(district.sees(own.volunteer).await.declared_minutes, 0);
    house.coordinator.confirms(Served { volunteer: own.volunteer, record: imported.record }).await.unwrap();
    assert!(!own.does(&hours(&house.zhang, house.team, "00:00", "01:00")).await.unwrap().pending);
}

#[tokio::test]
async fn the_figures_follow_every_decision() {
    let district = District::new().await;
    let house = district.house().await;
    let filter = || ParticipationFilter {
        area: Some(area(DISTRICT)),
        organisation: None,
        from: "2026-03-01".parse().unwrap(),
        to: "2026-03-01".parse().unwrap(),
        known_at: None,
        include_below: false,
        person: None,
    };
    let total = || async {
        district.settles().await;
        let figures = district.app.views().participation(&filter(), &[GroupBy::Organisation], None).await.unwrap();
        (figures.total.declared_minutes, figures.total.records, figures.total.volunteers)
    };
    let (a, b) = (house.served("00:00", "01:00").await, house.served("01:00", "03:00").await);
    assert_eq!(total().await, (0, 0, 0));
    house.coordinator.confirms(a).await.unwrap();
    house.coordinator.confirms(b).await.unwrap();
    assert_eq!(total().await, (180, 2, 1));
    let correct = CorrectService {
        volunteer: b.volunteer,
        record: b.record,
        started: None,
        ended: Some(moment("2026-03-01 02:00")),
        category: Some(Category::Knowledge),
        reason: "手误".to_owned(),
    };
    house.coordinator.does(&correct).await.unwrap();
    assert_eq!(total().await, (120, 2, 1));
    house.coordinator.voids(a, "重复").await.unwrap();
    house.zhang.disputes(b, "少算了").await.unwrap();
    assert_eq!(total().await, (60, 1, 1), "a disputed record keeps its standing");
    house.above.rejects(b, "查无此事").await.unwrap();
    assert_eq!(total().await, (0, 0, 0));
}
