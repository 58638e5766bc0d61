//! The silent failures made loud here: a draft shown to strangers, a review's words that outlive the erasure of who wrote
//! them, ratings of a revoked completion that still count, a motion that a list loses or shows twice.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use esrs::Aggregate;
use gongyi_domain::{
    access::person::{Person, PersonEvent},
    deliberation::{
        amendment::{AmendmentPhase, Change},
        motion::{
            Motion, MotionCommand, MotionEvent, MotionPhase, amending::Amending, carrying_out::CarryingOut, deciding::Deciding,
            drafting::Drafting,
        },
        motion_category::MotionCategory,
        motion_register::{MotionRegister, MotionRegisterEvent},
    },
    values::{AmendmentId, MeetingId, MotionId, PersonId, VoteId},
};
use gongyi_projections::{DraftsSeen, MotionFilter, MotionSort, PageArgs, Views};
use harness::{
    Platform,
    deliberation::{AREA, COUNCIL, motion, paragraph, review, text},
    found, seal,
    story::person,
};
use uuid::Uuid;

const AMENDMENT: AmendmentId = AmendmentId(Uuid::from_u128(1));
const MEETING: MeetingId = MeetingId(Uuid::from_u128(2));
const VOTE: VoteId = VoteId(Uuid::from_u128(3));

/// Decides on a motion and appends what comes of it.
async fn does(platform: &mut Platform, id: MotionId, state: &mut Motion, command: impl Into<MotionCommand>) -> u64 {
    let events = Motion::handle_command(state, command.into()).unwrap();
    *state = events.iter().cloned().fold(std::mem::take(state), Motion::apply_event);
    platform.append::<Motion>(id, &events).await
}

fn draft(mover: PersonId, title: &str) -> Drafting {
    let category = MotionCategory::Sanitation;
    Drafting::Draft { council: COUNCIL, area: AREA.parse().unwrap(), mover, category, text: text(title, "十盏灯"), origin: None }
}

async fn numbered(platform: &mut Platform, motion: MotionId, year: u16, number: u32) {
    platform.append::<MotionRegister>(COUNCIL, &[MotionRegisterEvent::MotionNumbered { motion, year, number }]).await;
}

/// A motion that was amended, adopted, carried out and reviewed by two residents.
async fn reviewed(platform: &mut Platform) -> Motion {
    let (id, mut state) = (motion(1), Motion::default());
    let at = &mut state;
    does(platform, id, at, draft(person(0), "路灯")).await;
    does(platform, id, at, Drafting::Submit { by: person(0), seconds_needed: 0 }).await;
    numbered(platform, id, 2026, 1).await;
    does(platform, id, at, Drafting::Accept { screener: None }).await;
    let changes = vec![Change::Replace { paragraph: paragraph(0), text: "二十盏灯".into() }];
    let grounds = Some("更亮".to_owned());
    does(platform, id, at, Amending::Propose { amendment: AMENDMENT, by: person(1), against: 1, changes, grounds }).await;
    does(platform, id, at, Amending::Accept { amendment: AMENDMENT, by: None, vote: None }).await;
    does(platform, id, at, Deciding::Schedule { meeting: MEETING }).await;
    does(platform, id, at, Deciding::PutToVote { meeting: MEETING, vote: VOTE, version: 2 }).await;
    does(platform, id, at, Deciding::Decide { vote: VOTE, adopted: true }).await;
    does(platform, id, at, CarryingOut::ReportProgress { percent: 80, report: "十六盏".into(), evidence: vec![] }).await;
    does(platform, id, at, CarryingOut::Complete { report: "全亮".into(), evidence: vec![] }).await;
    does(platform, id, at, review(person(2), 5, "亮得像白天")).await;
    does(platform, id, at, review(person(3), 3, "有点刺眼")).await;
    state
}

#[tokio::test]
async fn a_motions_view_is_the_domains_state_with_what_the_rules_forget() {
    let mut platform = Platform::new();
    let state = reviewed(&mut platform).await;
    let views = platform.settled().await;
    let row = views.motion(motion(1)).await.unwrap().unwrap();
    assert_eq!((&row.state, row.phase, row.year, row.number, row.percent), (&state, MotionPhase::Reviewed, Some(2026), Some(1), Some(80)));
    let versions = views.motion_versions(motion(1), 1, &PageArgs::default()).await.unwrap();
    let says: Vec<_> = versions.edges.iter().map(|(_, it)| (it.version, it.amendment, it.text.paragraphs[0].text.as_str())).collect();
    assert_eq!(says, [(1, None, "十盏灯"), (2, Some(AMENDMENT), "二十盏灯")]);
    assert_eq!(views.motion_versions(motion(1), 2, &PageArgs::default()).await.unwrap().total, 1);
    assert_eq!(row.public_from, Some(1));
    let (_, amendment) = views.motion_amendments(motion(1), &PageArgs::default()).await.unwrap().edges.pop().unwrap();
    assert_eq!(views.motion_amendment(motion(1), AMENDMENT).await.unwrap(), Some(amendment.clone()));
    let keys = [(motion(1), 2), (motion(1), 3)];
    assert_eq!(views.motion_versions_by_keys(&keys).await.unwrap().len(), 1);
    assert_eq!((amendment.phase, amendment.merged_as, amendment.grounds.as_deref()), (AmendmentPhase::Accepted, Some(2), Some("更亮")));
    let reports = views.motion_reports(motion(1), false, &PageArgs::default()).await.unwrap();
    let told: Vec<_> = reports.edges.iter().map(|(_, it)| (it.percent, it.report.as_str())).collect();
    assert_eq!(told, [(Some(80), "十六盏"), (None, "全亮")]);
    let history = views.motion_history(motion(1), false, &PageArgs::default()).await.unwrap();
    let first: Vec<_> = history.edges.iter().take(4).map(|(_, it)| (it.event_type.as_str(), it.person)).collect();
    let by = Some(person(0));
    assert_eq!(first, [("MotionDrafted", by), ("MotionSubmitted", by), ("SecondsCompleted", None), ("MotionNumbered", None)]);
    assert!(views.motion(motion(7)).await.unwrap().is_none());
}

#[tokio::test]
async fn what_residents_said_goes_with_them_and_with_the_completion() {
    let mut platform = Platform::new();
    let mut state = reviewed(&mut platform).await;
    let words = |views: &Views| {
        let views = views.clone();
        async move {
            let page = views.motion_reviews(motion(1), &PageArgs::default()).await.unwrap();
            page.edges.into_iter().map(|(_, it)| (it.rating, it.text)).collect::<Vec<_>>()
        }
    };
    let views = platform.settled().await;
    assert_eq!(words(&views).await, [(3, Some("有点刺眼".to_owned())), (5, Some("亮得像白天".to_owned()))]);
    assert!(!found(platform.dir.path(), "亮得像白天").is_empty());
    views.close().await;

    let field = |name: &str| seal(person(2), "PersonRegistered", name, "1980-01-01");
    let (name, id_number, phone, birth_date) = (field("name"), field("id_number"), field("phone"), field("birth_date"));
    let home_area = AREA.parse().unwrap();
    let registered = PersonEvent::PersonRegistered { document: None, name, id_number, phone, birth_date, home_area };
    platform.append::<Person>(person(2), &[registered]).await;
    platform.vault.destroyed.lock().unwrap().insert(person(2));
    platform.append::<Person>(person(2), &[PersonEvent::PersonErased {}]).await;
    let views = platform.settled().await;
    assert_eq!(words(&views).await, [(3, Some("有点刺眼".to_owned())), (5, None)]);
    let ratings: Vec<_> = views.motion_ratings(&[motion(1)]).await.unwrap().iter().map(|(_, it)| (it.rating, it.count)).collect();
    assert_eq!(ratings, [(3, 1), (5, 1)]);
    assert_eq!(found(platform.dir.path(), "亮得像白天"), Vec::<String>::new());
    views.close().await;

    does(&mut platform, motion(1), &mut state, CarryingOut::RevokeCompletion { reason: "两盏不亮".into() }).await;
    let views = platform.settled().await;
    assert_eq!((words(&views).await, views.motion_ratings(&[motion(1)]).await.unwrap().len()), (vec![], 0));
}

#[tokio::test]
async fn drafts_show_to_their_movers_and_the_areas_staff_only() {
    let mut platform = Platform::new();
    reviewed(&mut platform).await;
    let mut state = Motion::default();
    does(&mut platform, motion(2), &mut state, draft(person(4), "垃圾")).await;
    let views = platform.settled().await;
    let seen = |drafts: DraftsSeen| {
        let (views, filter) = (views.clone(), MotionFilter { drafts, ..MotionFilter::default() });
        async move {
            let page = views.motions(&filter, MotionSort::DraftedAt, false, &PageArgs::default()).await.unwrap();
            page.edges.into_iter().map(|(_, it)| it.id).collect::<Vec<_>>()
        }
    };
    let areas = |code: &str| DraftsSeen { areas: vec![code.parse().unwrap()], ..DraftsSeen::default() };
    let of = |n| DraftsSeen { person: Some(person(n)), ..DraftsSeen::default() };
    for drafts in [DraftsSeen::default(), of(0), areas("440402002"), areas("440402001001002")] {
        assert_eq!(seen(drafts.clone()).await, [motion(1)], "{drafts:?}");
    }
    for drafts in [DraftsSeen { everywhere: true, ..DraftsSeen::default() }, of(4), areas("440402001"), areas(AREA)] {
        assert_eq!(seen(drafts.clone()).await, [motion(1), motion(2)], "{drafts:?}");
    }
}

#[tokio::test]
async fn motions_are_filtered_and_paged_in_every_order() {
    let mut platform = Platform::new();
    for (n, year, number) in [(1, 2025, 9), (2, 2026, 2), (3, 2026, 10), (4, 2026, 1)] {
        let mut state = Motion::default();
        does(&mut platform, motion(n), &mut state, draft(person(n), &format!("第{n}件"))).await;
        does(&mut platform, motion(n), &mut state, Drafting::Submit { by: person(n), seconds_needed: 0 }).await;
        numbered(&mut platform, motion(n), year, number).await;
    }
    platform.append::<Motion>(motion(1), &[MotionEvent::MotionAccepted {}]).await;
    let views = platform.settled().await;
    let all = MotionFilter::default();
    let ordered = |sort, descending| {
        let (views, filter) = (views.clone(), all.clone());
        async move {
            let (mut ids, mut page) = (vec![], PageArgs::first(3));
            loop {
                let found = views.motions(&filter, sort, descending, &page).await.unwrap();
                assert_eq!(found.total, 4);
                ids.extend(found.edges.iter().map(|(_, it)| it.id));
                if !found.has_next {
                    return ids;
                }
                page.after = found.edges.last().map(|(cursor, _)| cursor.0.clone());
            }
        }
    };
    assert_eq!(ordered(MotionSort::Number, false).await, [1, 4, 2, 3].map(motion));
    assert_eq!(ordered(MotionSort::Number, true).await, [3, 2, 4, 1].map(motion));
    assert_eq!(ordered(MotionSort::DraftedAt, true).await, [4, 3, 2, 1].map(motion));
    assert_eq!(ordered(MotionSort::ChangedAt, true).await, [1, 4, 3, 2].map(motion));

    let which = |filter: MotionFilter| {
        let views = views.clone();
        async move {
            let page = views.motions(&filter, MotionSort::Number, false, &PageArgs::default()).await.unwrap();
            page.edges.into_iter().map(|(_, it)| it.id).collect::<Vec<_>>()
        }
    };
    let filter = || MotionFilter::default();
    assert_eq!(which(MotionFilter { year: Some(2025), ..filter() }).await, [motion(1)]);
    assert_eq!(which(MotionFilter { phases: vec![MotionPhase::Accepted, MotionPhase::Voting], ..filter() }).await, [motion(1)]);
    assert_eq!(which(MotionFilter { mover: Some(person(3)), ..filter() }).await, [motion(3)]);
    assert_eq!(which(MotionFilter { text_contains: Some("第2".into()), ..filter() }).await, [motion(2)]);
    assert_eq!(which(MotionFilter { text_contains: Some("十盏".into()), ..filter() }).await.len(), 4);
    assert!(which(MotionFilter { text_contains: Some("paragraphs".into()), ..filter() }).await.is_empty());
    assert!(which(MotionFilter { category: Some(MotionCategory::Other), ..filter() }).await.is_empty());
    assert!(which(MotionFilter { area: Some("440402002".parse().unwrap()), ..filter() }).await.is_empty());
    assert_eq!(which(MotionFilter { council: Some(COUNCIL), area: Some("440402001".parse().unwrap()), ..filter() }).await.len(), 4);
}
