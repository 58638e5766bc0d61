//! Activities and their places. Makes loud: one last place given to two, a waitlist out of order, a volunteer booked
//! twice for one hour, an age told by the wrong day.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use futures::future::join_all;
use gongyi_app::access::areas::ListArea;
use gongyi_app::volunteering::{
    activities::{ActivityDraft, AmendActivity, CancelActivity, CloseActivity, PublishActivity, ShiftDraft},
    organisations::DissolveOrganisation,
    sign_ups::{SignUp, SignedUp},
    volunteers::{CorrectVolunteer, RegisterVolunteer, ReinstateVolunteer, WithdrawVolunteer},
};
use gongyi_domain::{
    access::authority::{Role, Scope},
    values::{ActivityId, Minutes, OrganisationId, ShiftId, VolunteerId},
    volunteering::{
        activity::{Activity, ActivityPhase},
        activity_details::Risk,
        calendar::Calendar,
        skill::Skill,
        volunteer::Consents,
    },
};
use gongyi_projections::{PageArgs, SignUpPhase};
use uuid::Uuid;

use crate::harness::{
    District, Hand, OTHER_COMMUNITY, Published, Resident, STREET, area, correction_of, expect_refused, expect_refused_at, id_number, moment,
};

/// A team with an organiser who keeps its activities.
async fn team(district: &District) -> (OrganisationId, Hand<'_>) {
    (district.founds("巡河队").await, district.with_role(Role::Organiser, Scope::Area(area(STREET))))
}

fn with_places(mut draft: ActivityDraft, places: u32) -> ActivityDraft {
    draft.shifts[0].capacity = places;
    draft
}

/// What was published, to be amended.
fn amended(published: Published, draft: ActivityDraft) -> AmendActivity {
    let mut draft = draft;
    let shift = &mut draft.shifts[0];
    (shift.id, shift.starts, shift.ends) = (Some(published.shift), published.starts, published.ends);
    AmendActivity { activity: published.activity, draft }
}

async fn places(district: &District, at: Published) -> (Vec<VolunteerId>, Vec<VolunteerId>) {
    let places = district.activity(at.activity).await.places.remove(&at.shift).unwrap_or_default();
    (places.taken, places.waiting)
}

async fn calendar(district: &District, who: &Resident<'_>) -> BTreeSet<ShiftId> {
    district.app.state::<Calendar>(who.volunteer).await.unwrap().booked.into_keys().collect()
}

#[tokio::test]
async fn what_cannot_be_published_is_told() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let draft = || district.draft("巡河");
    let shift = |starts: i64, ends: i64| ActivityDraft {
        shifts: vec![ShiftDraft { id: None, starts: district.in_minutes(starts), ends: district.in_minutes(ends), capacity: 5 }],
        ..draft()
    };
    let unfit = [
        ("title", ActivityDraft { title: "\u{3000}".into(), ..draft() }),
        ("title", ActivityDraft { title: "长".repeat(121), ..draft() }),
        ("place", ActivityDraft { place: String::new(), ..draft() }),
        ("shifts", ActivityDraft { shifts: vec![], ..draft() }),
        ("ends after", shift(60, 60)),
        ("within 24", shift(60, 60 + 24 * 60 + 1)),
        ("past", shift(-1, 60)),
        ("places", with_places(draft(), 0)),
        ("places", with_places(draft(), 10_001)),
        ("closes after", ActivityDraft { sign_up_closes: draft().sign_up_opens, ..draft() }),
        ("minimum age", ActivityDraft { minimum_age: 81, ..draft() }),
        ("risk", ActivityDraft { risk: Some(Risk { notice: "涨潮".into(), insurance: " ".into() }), ..draft() }),
    ];
    for (about, draft) in unfit {
        let refusal = expect_refused("DetailsUnfit", organiser.publishes(team, draft).await);
        assert!(refusal.en.contains(about), "{about}: {}", refusal.en);
    }
    expect_refused("UnknownArea", organiser.publishes(team, ActivityDraft { area: area("440402999"), ..draft() }).await);
    expect_refused("UnknownOrganisation", organiser.publishes(OrganisationId(Uuid::now_v7()), draft()).await);
    expect_refused("SignInRequired", district.stranger().publishes(team, draft()).await);
    expect_refused("NotAllowed", district.registers("张三").await.publishes(team, draft()).await);
    district.operator().does(&DissolveOrganisation { organisation: team }).await.unwrap();
    expect_refused("OrganisationIsDissolved", organiser.publishes(team, draft()).await);
}

#[tokio::test]
async fn no_organisation_is_dissolved_while_people_come_to_its_activities() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let (zhang, dissolve) = (district.registers("张三").await, DissolveOrganisation { organisation: team });
    let (first, second) = (organiser.publishes(team, district.draft("巡河")).await.unwrap(), district.draft("净滩"));
    let second = organiser.publishes(team, second).await.unwrap();
    zhang.signs_up(&zhang, second).await.unwrap();
    let refusal = expect_refused("UnfinishedBusiness", district.operator().does(&dissolve).await);
    assert!(refusal.zh.contains("2 项活动"), "{}", refusal.zh);
    organiser.cancels(first).await.unwrap();
    district.waits_until(second.starts);
    organiser.checks_in(&zhang, second).await.unwrap();
    district.waits_until(second.ends);
    expect_refused("UnfinishedBusiness", district.operator().does(&dissolve).await);
    organiser.checks_out(&zhang, second).await.unwrap();
    // What is over keeps nobody, closed or not; and it takes nobody in any more.
    district.operator().does(&dissolve).await.unwrap();
    expect_refused("OrganisationIsDissolved", zhang.signs_up(&zhang, second).await);
}

#[tokio::test]
async fn publishing_twice_under_one_id_publishes_once() {
    let district = District::new().await;
    let (organisation, organiser) = team(&district).await;
    let publish = PublishActivity { organisation, draft: district.draft("巡河") };
    let id = Uuid::now_v7();
    let first = organiser.sends(id, &publish).await.unwrap();
    let second = organiser.sends(id, &publish).await.unwrap();
    assert_eq!(first.answer, second.answer);
    assert_eq!(district.app.views().statistics().await.unwrap().count("activities", "open"), 1);
}

#[tokio::test]
async fn an_amendment_leaves_those_who_signed_up_their_shift() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let published = organiser.publishes(team, with_places(district.draft("巡河"), 2)).await.unwrap();
    let mut people = vec![];
    for name in ["张三", "李四", "王五", "赵六"] {
        let resident = district.enrols(name).await;
        organiser.signs_up(&resident, published).await.unwrap();
        people.push(resident.volunteer);
    }
    let moved = AmendActivity { activity: published.activity, draft: district.draft("换个时间") };
    expect_refused_at("ShiftInUse", "shifts", organiser.does(&moved).await);
    let mut later = amended(published, district.draft("晚一点"));
    later.draft.shifts[0].ends += TimeDelta::hours(1);
    expect_refused("ShiftInUse", organiser.does(&later).await);
    expect_refused_at("CapacityBelowTaken", "shifts", organiser.does(&amended(published, with_places(district.draft("少"), 1))).await);
    organiser.does(&amended(published, with_places(district.draft("多一个"), 3))).await.unwrap();
    assert_eq!(places(&district, published).await, (people[..3].to_vec(), people[3..].to_vec()));
    let unknown = AmendActivity { activity: ActivityId(Uuid::now_v7()), draft: district.draft("无") };
    expect_refused_at("UnknownActivity", "activity", organiser.does(&unknown).await);
    assert_eq!(district.app.views().activity(published.activity).await.unwrap().unwrap().title, "多一个");
}

#[tokio::test]
async fn a_cancelled_activity_frees_every_calendar() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let cancelled = organiser.publishes(team, with_places(district.draft("巡河"), 1)).await.unwrap();
    let instead = organiser.publishes(team, district.draft("净滩")).await.unwrap();
    let (zhang, li) = (district.enrols("张三").await, district.enrols("李四").await);
    organiser.signs_up(&zhang, cancelled).await.unwrap();
    assert_eq!(organiser.signs_up(&li, cancelled).await.unwrap(), SignedUp::Waitlisted);
    expect_refused_at("ShiftsOverlap", "shift", organiser.signs_up(&zhang, instead).await);
    let blank = CancelActivity { activity: cancelled.activity, reason: " ".into() };
    expect_refused_at("CancelReasonUnfit", "reason", organiser.does(&blank).await);
    organiser.cancels(cancelled).await.unwrap();
    expect_refused("ActivityNotOpen", organiser.cancels(cancelled).await);
    let nothing = CancelActivity { activity: ActivityId(Uuid::now_v7()), reason: "无".into() };
    expect_refused("UnknownActivity", organiser.does(&nothing).await);
    for resident in [&zhang, &li] {
        assert_eq!(calendar(&district, resident).await, BTreeSet::new());
        organiser.signs_up(resident, instead).await.unwrap();
    }
    expect_refused("ActivityNotOpen", organiser.signs_up(&zhang, cancelled).await);
    expect_refused("ActivityNotOpen", organiser.withdraws(&zhang, cancelled).await);
    expect_refused("ActivityNotOpen", organiser.does(&amended(cancelled, district.draft("再来"))).await);
}

#[tokio::test]
async fn an_activity_is_closed_when_all_have_gone_home() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let published = organiser.publishes(team, district.draft("巡河")).await.unwrap();
    let zhang = district.enrols("张三").await;
    organiser.signs_up(&zhang, published).await.unwrap();
    let close = CloseActivity { activity: published.activity };
    expect_refused_at("NotOver", "activity", organiser.does(&close).await);
    district.waits_until(published.starts);
    organiser.checks_in(&zhang, published).await.unwrap();
    district.waits_until(published.ends);
    expect_refused("NotOver", organiser.does(&close).await);
    organiser.checks_out(&zhang, published).await.unwrap();
    organiser.does(&close).await.unwrap();
    expect_refused("ActivityNotOpen", organiser.does(&close).await);
    expect_refused("UnknownActivity", organiser.does(&CloseActivity { activity: ActivityId(Uuid::now_v7()) }).await);
    assert_eq!(district.activity(published.activity).await.phase, ActivityPhase::Closed);
}

#[tokio::test]
async fn nobody_is_in_two_places_at_once() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let zhang = district.registers("张三").await;
    let first = organiser.publishes(team, district.draft("巡河")).await.unwrap();
    let beside = |from: i64| {
        let mut draft = district.draft("净滩");
        let shift = &mut draft.shifts[0];
        (shift.starts, shift.ends) = (shift.starts + TimeDelta::minutes(from), shift.ends + TimeDelta::minutes(from));
        draft
    };
    let overlapping = organiser.publishes(team, beside(119)).await.unwrap();
    let touching = organiser.publishes(team, beside(120)).await.unwrap();
    zhang.signs_up(&zhang, first).await.unwrap();
    expect_refused_at("ShiftsOverlap", "shift", zhang.signs_up(&zhang, overlapping).await);
    zhang.signs_up(&zhang, touching).await.unwrap();
    expect_refused_at("AlreadySignedUp", "volunteer", zhang.signs_up(&zhang, first).await);
    zhang.withdraws(&zhang, first).await.unwrap();
    zhang.withdraws(&zhang, touching).await.unwrap();
    zhang.signs_up(&zhang, overlapping).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_in_two_places_at_once_even_when_asking_at_once() {
    let district = District::durable().await;
    let (team, organiser) = team(&district).await;
    let zhang = district.registers("张三").await;
    let mut all = vec![];
    for n in 0..4 {
        all.push(organiser.publishes(team, district.draft(&format!("活动{n}"))).await.unwrap());
    }
    let outcomes = join_all(all.iter().map(|it| zhang.signs_up(&zhang, *it))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for refused in outcomes.into_iter().filter(Result::is_err) {
        expect_refused("ShiftsOverlap", refused);
    }
    assert_eq!(calendar(&district, &zhang).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_want_five_places_and_all_others_wait_in_the_order_of_the_log() {
    let district = District::durable().await;
    let (team, organiser) = team(&district).await;
    let published = organiser.publishes(team, district.draft("巡河")).await.unwrap();
    let mut people = vec![];
    for n in 0..60 {
        people.push(district.enrols(&format!("志愿者{n}")).await);
    }
    let outcomes = join_all(people.iter().map(|who| organiser.signs_up(who, published))).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|it| **it == SignedUp::Taken).count(), 5);

    let events = district.app.log().read_after(0, 10_000).await.unwrap();
    let in_order = |event_type: &str| -> Vec<VolunteerId> {
        let payloads = events.iter().filter(|event| event.event_type == event_type).map(|event| &event.payload);
        payloads
            .map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap()["volunteer"].as_str().unwrap().parse().unwrap())
            .collect()
    };
    let (taken, waiting) = (in_order("VolunteerSignedUp"), in_order("VolunteerWaitlisted"));
    assert_eq!((taken.len(), waiting.len()), (5, 55));
    assert_eq!(places(&district, published).await, (taken.clone(), waiting.clone()));
    for (who, outcome) in people.iter().zip(outcomes) {
        assert_eq!(taken.contains(&who.volunteer), outcome == SignedUp::Taken);
    }
    let shown = district.app.views().sign_ups_of_activity(published.activity, false, &PageArgs::first(60)).await.unwrap();
    let shown: Vec<_> = shown.edges.into_iter().map(|(_, row)| (row.volunteer, row.phase)).collect();
    let expected = taken.iter().map(|it| (*it, SignUpPhase::Taken)).chain(waiting.iter().map(|it| (*it, SignUpPhase::Waiting)));
    assert_eq!(shown, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn who_withdraws_gives_the_place_to_the_first_who_waits() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let published = organiser.publishes(team, with_places(district.draft("巡河"), 1)).await.unwrap();
    let (zhang, li, wang) = (district.registers("张三").await, district.registers("李四").await, district.registers("王五").await);
    for resident in [&zhang, &li, &wang] {
        resident.signs_up(resident, published).await.unwrap();
    }
    expect_refused("NotAllowed", li.withdraws(&zhang, published).await);
    zhang.withdraws(&zhang, published).await.unwrap();
    assert_eq!(places(&district, published).await, (vec![li.volunteer], vec![wang.volunteer]));
    expect_refused_at("NotSignedUp", "volunteer", zhang.withdraws(&zhang, published).await);
    // Who comes back waits behind those who waited.
    assert_eq!(zhang.signs_up(&zhang, published).await.unwrap(), SignedUp::Waitlisted);
    district.waits_until(published.starts - TimeDelta::minutes(59));
    expect_refused_at("WithdrawalTooLate", "shift", li.withdraws(&li, published).await);
    organiser.withdraws(&li, published).await.unwrap();
    assert_eq!(places(&district, published).await, (vec![wang.volunteer], vec![zhang.volunteer]));
    zhang.withdraws(&zhang, published).await.unwrap();
    assert_eq!(calendar(&district, &zhang).await, BTreeSet::new());
}

#[tokio::test]
async fn only_the_active_sign_up() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let published = organiser.publishes(team, district.draft("巡河")).await.unwrap();
    let zhang = district.registers("张三").await;
    organiser.suspends(&zhang).await.unwrap();
    expect_refused_at("NotActive", "volunteer", zhang.signs_up(&zhang, published).await);
    expect_refused("NotActive", organiser.suspends(&zhang).await);
    let reinstate = ReinstateVolunteer { volunteer: zhang.volunteer, reason: "已核实".into() };
    expect_refused("NotAllowed", zhang.does(&reinstate).await);
    organiser.does(&reinstate).await.unwrap();
    expect_refused("NotSuspended", organiser.does(&reinstate).await);
    zhang.signs_up(&zhang, published).await.unwrap();
    let nobody = SignUp { activity: published.activity, shift: published.shift, volunteer: VolunteerId(Uuid::now_v7()) };
    expect_refused_at("UnknownVolunteer", "volunteer", organiser.does(&nobody).await);
    expect_refused("NotAllowed", zhang.does(&nobody).await);
}

#[tokio::test]
async fn who_is_suspended_leaves_the_place_to_who_waits_and_waits_on_elsewhere() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    let held = organiser.publishes(team, with_places(district.draft("巡河"), 1)).await.unwrap();
    zhang.signs_up(&zhang, held).await.unwrap();
    li.signs_up(&li, held).await.unwrap();
    organiser.suspends(&zhang).await.unwrap();
    assert_eq!(places(&district, held).await, (vec![li.volunteer], vec![]));
    organiser.reinstates(&zhang).await.unwrap();
    zhang.signs_up(&zhang, held).await.unwrap();
    // Who waits already keeps the turn, and takes a place once reinstated.
    organiser.suspends(&zhang).await.unwrap();
    assert_eq!(places(&district, held).await, (vec![li.volunteer], vec![zhang.volunteer]));
    li.withdraws(&li, held).await.unwrap();
    assert_eq!(places(&district, held).await, (vec![], vec![zhang.volunteer]));
    organiser.reinstates(&zhang).await.unwrap();
    assert_eq!(places(&district, held).await, (vec![zhang.volunteer], vec![]));
}

#[tokio::test]
async fn who_withdraws_for_good_keeps_no_place() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let published = organiser.publishes(team, with_places(district.draft("巡河"), 1)).await.unwrap();
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    for resident in [&zhang, &li] {
        resident.signs_up(resident, published).await.unwrap();
    }
    zhang.does(&WithdrawVolunteer { volunteer: zhang.volunteer, reason: "搬家".into() }).await.unwrap();
    assert_eq!(places(&district, published).await, (vec![li.volunteer], vec![]));
    assert_eq!(calendar(&district, &zhang).await, BTreeSet::new());
}

#[tokio::test]
async fn the_least_age_is_reached_on_the_shifts_own_day() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    // Tomorrow's shift is on 3 March by the clocks of Zhuhai.
    let draft = ActivityDraft { minimum_age: 18, ..district.draft("巡河") };
    let published = organiser.publishes(team, draft).await.unwrap();
    let consents = Consents { guardian: true, separate: true };
    for (birth, fits) in [("2008-03-03", true), ("2008-03-04", false)] {
        let id_number = id_number(birth, district.invents());
        let young = RegisterVolunteer { id_number, consents, ..district.application("小明") };
        let young = district.registers_with(young).await;
        let outcome = young.signs_up(&young, published).await;
        if fits {
            outcome.unwrap();
        } else {
            expect_refused_at("TooYoung", "volunteer", outcome);
        }
    }
}

#[tokio::test]
async fn the_day_of_a_shift_is_the_tenants() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    // Half past midnight in Zhuhai, still the day before in Greenwich.
    let mut draft = ActivityDraft { minimum_age: 18, ..district.draft("夜巡") };
    (draft.shifts[0].starts, draft.shifts[0].ends) = (moment("2026-03-04 00:30"), moment("2026-03-04 02:00"));
    let published = organiser.publishes(team, draft).await.unwrap();
    let consents = Consents { guardian: true, separate: true };
    let id_number = id_number("2008-03-04", district.invents());
    let young = district.registers_with(RegisterVolunteer { id_number, consents, ..district.application("小明") }).await;
    young.signs_up(&young, published).await.unwrap();
}

#[tokio::test]
async fn signing_up_asks_for_skills_and_for_the_time() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let (zhang, elsewhere) = (district.registers("张三").await, district.registers("李四").await);
    let draft = ActivityDraft {
        required_skills: BTreeSet::from([Skill::FirstAid]),
        sign_up_opens: district.in_minutes(10),
        sign_up_closes: district.in_minutes(20),
        withdrawal_minutes: Minutes(0),
        ..district.draft("巡河")
    };
    let published = organiser.publishes(team, draft).await.unwrap();
    expect_refused_at("SignUpNotOpen", "shift", zhang.signs_up(&zhang, published).await);
    district.waits_minutes(10);
    expect_refused_at("SkillMissing", "volunteer", zhang.signs_up(&zhang, published).await);
    for resident in [&zhang, &elsewhere] {
        let skilled = CorrectVolunteer { skills: Some(BTreeSet::from([Skill::FirstAid])), ..correction_of(resident) };
        resident.does(&skilled).await.unwrap();
    }
    zhang.signs_up(&zhang, published).await.unwrap();
    let unknown = Published { shift: ShiftId(Uuid::now_v7()), ..published };
    expect_refused_at("UnknownShift", "shift", zhang.signs_up(&zhang, unknown).await);
    let unknown = Published { activity: ActivityId(Uuid::now_v7()), ..published };
    expect_refused_at("UnknownActivity", "activity", zhang.signs_up(&zhang, unknown).await);
    expect_refused("NotAllowed", zhang.signs_up(&elsewhere, published).await);
    let far = district.with_role(Role::Organiser, Scope::Area(area(OTHER_COMMUNITY)));
    expect_refused("NotAllowed", far.signs_up(&elsewhere, published).await);
    district.waits_minutes(10);
    expect_refused("SignUpNotOpen", elsewhere.signs_up(&elsewhere, published).await);
    let state: Activity = district.activity(published.activity).await;
    assert_eq!(state.signed_up().count(), 1);
}

#[tokio::test]
async fn an_activity_stays_in_its_organisations_district() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let beyond = area("440403001");
    district.operator().does(&ListArea { code: beyond.clone(), name: "井岸镇".to_owned() }).await.unwrap();
    let within = |code: &str| ActivityDraft { area: area(code), ..district.draft("巡河") };
    expect_refused_at("AreaOutOfReach", "area", organiser.publishes(team, within(beyond.as_str())).await);
    // Another street of the district is in reach, as is the whole of it.
    organiser.publishes(team, within(OTHER_COMMUNITY)).await.unwrap();
    organiser.publishes(team, within("440402")).await.unwrap();
    let published = organiser.publishes(team, within(STREET)).await.unwrap();
    expect_refused_at("AreaOutOfReach", "area", organiser.does(&amended(published, within(beyond.as_str()))).await);
    organiser.does(&amended(published, within(OTHER_COMMUNITY))).await.unwrap();
}

#[tokio::test]
async fn a_free_place_goes_to_the_first_who_may_serve_until_the_shift_ends() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let published = organiser.publishes(team, with_places(district.draft("巡河"), 1)).await.unwrap();
    let mut people = vec![];
    for name in ["张三", "李四", "王五", "赵六"] {
        let resident = district.registers(name).await;
        resident.signs_up(&resident, published).await.unwrap();
        people.push(resident);
    }
    let [zhang, li, wang, zhao] = &people[..] else { panic!() };
    organiser.suspends(li).await.unwrap();
    zhang.withdraws(zhang, published).await.unwrap();
    assert_eq!(places(&district, published).await, (vec![wang.volunteer], vec![li.volunteer, zhao.volunteer]));
    // The shift has begun, and one who was to come has not.
    district.waits_until(published.starts + TimeDelta::minutes(30));
    organiser.withdraws(wang, published).await.unwrap();
    assert_eq!(places(&district, published).await, (vec![zhao.volunteer], vec![li.volunteer]));
    organiser.withdraws(zhao, published).await.unwrap();
    assert_eq!(places(&district, published).await, (vec![], vec![li.volunteer]));
    // Who may serve again takes the place that stayed free.
    organiser.does(&ReinstateVolunteer { volunteer: li.volunteer, reason: "已核实".into() }).await.unwrap();
    assert_eq!(places(&district, published).await, (vec![li.volunteer], vec![]));
}

#[tokio::test]
async fn stricter_conditions_leave_nobody_behind_in_silence() {
    let district = District::new().await;
    let (team, organiser) = team(&district).await;
    let published = organiser.publishes(team, district.draft("巡河")).await.unwrap();
    let consents = Consents { guardian: true, separate: true };
    let id_number = id_number("2009-03-04", district.invents());
    let young = district.registers_with(RegisterVolunteer { id_number, consents, ..district.application("小明") }).await;
    let zhang = district.registers("张三").await;
    for who in [&young, &zhang] {
        who.signs_up(who, published).await.unwrap();
    }
    let of_age = || amended(published, ActivityDraft { minimum_age: 18, ..district.draft("巡河") });
    let refusal = expect_refused("SignedUpUnqualified", organiser.does(&of_age()).await);
    assert!(refusal.en.starts_with("1 "), "{}", refusal.en);
    let skilled = ActivityDraft { required_skills: BTreeSet::from([Skill::FirstAid]), ..district.draft("巡河") };
    expect_refused("SignedUpUnqualified", organiser.does(&amended(published, skilled)).await);
    organiser.does(&amended(published, district.draft("改名"))).await.unwrap();
    organiser.withdraws(&young, published).await.unwrap();
    organiser.does(&of_age()).await.unwrap();
}
