//! Part taken in deliberating. The silent failures made loud here: a representative counted twice who left for a moment,
//! a draft counted as a motion, a second that was taken back and still counts or is forgotten in what was known, votes
//! told by the day they were cast.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use chrono::TimeDelta;
use gongyi_domain::{
    deliberation::{
        agenda::Agenda,
        charter::CharterTerms,
        decision::Threshold,
        meeting::{Choice, Meeting, MeetingEvent, Notice, StandingOrders},
        motion::{Motion, MotionEvent},
        motion_category::MotionCategory,
        poll::{Poll, PollEvent},
        roll_entry::{Channel, Holder, RollEntry, RollEntryEvent, RollLine},
        sitting::Capacity,
    },
    values::{Day, MeetingId, VoteId},
};
use gongyi_projections::{Deliberation, GroupBy, ParticipationFilter, ParticipationRow, Views};
use harness::{
    Platform,
    deliberation::{AREA, COUNCIL, motion, text},
    polls::{poll, poll_terms},
    story::person,
};
use uuid::Uuid;

const MEETING: MeetingId = MeetingId(Uuid::from_u128(0x4000));
const VOTE: VoteId = VoteId(Uuid::from_u128(0x4100));

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Two motions, one of which stays a draft; a meeting at which they vote by name; an open poll of two.
async fn deliberated(platform: &mut Platform) {
    for n in [1, 2] {
        let (area, category) = (AREA.parse().unwrap(), MotionCategory::Sanitation);
        let drafted =
            MotionEvent::MotionDrafted {
                council: COUNCIL, area, mover: person(0), category, text: text("路灯", "十盏灯"), origin: None
            };
        platform.append::<Motion>(motion(n), &[drafted]).await;
    }
    platform.append::<Motion>(motion(1), &[MotionEvent::MoverJoined { person: person(1) }]).await;
    platform.append::<Motion>(motion(1), &[MotionEvent::MotionSubmitted { person: person(0), seconds_needed: 2 }]).await;
    platform.append::<Motion>(motion(1), &[MotionEvent::MotionSeconded { person: person(2) }]).await;
    platform.append::<Motion>(motion(1), &[MotionEvent::MotionSeconded { person: person(3) }]).await;

    let starts = platform.now;
    let convened = MeetingEvent::MeetingConvened {
        council: COUNCIL,
        area: AREA.parse().unwrap(),
        notice: Notice { title: "例会".into(), place: "活动室".into(), starts, ends: starts + TimeDelta::hours(2) },
        agenda: Agenda::default(),
        orders: StandingOrders {
            charter_version: 1,
            quorum: Threshold::MORE_THAN_HALF,
            notice_days: 0,
            turns: CharterTerms::model(9).turns,
        },
        short_notice: None,
    };
    let came = |n, capacity, at| MeetingEvent::AttendeeCame { person: person(n), capacity, at };
    let later = starts + TimeDelta::minutes(30);
    let course = [
        convened,
        came(0, Capacity::Representative, starts),
        came(1, Capacity::Representative, starts),
        came(4, Capacity::Expert, starts),
        MeetingEvent::MeetingOpened { at: starts, present: 2, entitled: 3 },
        MeetingEvent::AttendeeWent { person: person(1), at: starts },
        came(1, Capacity::Representative, later),
        MeetingEvent::BallotCast { vote: VOTE, person: person(0), choice: Choice::Yes, on: None },
        MeetingEvent::BallotCast { vote: VOTE, person: person(1), choice: Choice::No, on: None },
    ];
    platform.append::<Meeting>(MEETING, &course).await;

    let terms = poll_terms(3, vec![]);
    platform.append::<Poll>(poll(3), &[PollEvent::PollPrepared { terms }]).await;
    for n in [0, 5] {
        let holder = Holder::Person(person(n));
        let line = RollLine { holder, voter: person(n), weight: 1 };
        let entitled = RollEntryEvent::EntitledOnRoll { poll: poll(3), line };
        let voted = RollEntryEvent::BallotCast { channel: Channel::Online, proxy: None };
        platform.append::<RollEntry>(holder.entry(poll(3)), &[entitled, voted]).await;
    }
}

async fn told(views: &Views, filter: &ParticipationFilter, by: &[GroupBy]) -> (Deliberation, Vec<ParticipationRow>) {
    let got = views.participation(filter, by, None).await.unwrap();
    (got.total.deliberation, got.rows)
}

#[tokio::test]
async fn every_act_counts_once_where_and_when_it_was_done() {
    let mut platform = Platform::new();
    deliberated(&mut platform).await;
    platform.now += TimeDelta::days(2);
    platform.append::<Motion>(motion(1), &[MotionEvent::SecondWithdrawn { person: person(3) }]).await;
    platform.append::<Poll>(poll(3), &[PollEvent::PollClosed {}]).await;
    let views = platform.settled().await;

    let march = ParticipationFilter {
        area: Some("440402".parse().unwrap()),
        organisation: None,
        include_below: false,
        person: None,
        from: day("2026-03-01"),
        to: day("2026-03-31"),
        known_at: None,
    };
    let all = Deliberation { meetings: 1, attendances: 2, motions: 1, seconds: 1, votes: 4 };
    let (total, rows) = told(&views, &march, &[GroupBy::Month, GroupBy::Area]).await;
    assert_eq!(total, all);
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].month.as_deref(), rows[0].area.clone()), (Some("2026-03"), Some("440402001".parse().unwrap())));
    assert_eq!(rows[0].deliberation, all);
    // Told apart by category, it stands in the row without one.
    let (_, rows) = told(&views, &march, &[GroupBy::Category]).await;
    assert_eq!(rows.iter().map(|row| (row.category, row.deliberation)).collect::<Vec<_>>(), [(None, all)]);
    // The poll counts on the day it closed, and not before it has.
    let first_day = ParticipationFilter { to: day("2026-03-01"), ..march.clone() };
    assert_eq!(told(&views, &first_day, &[]).await.0, Deliberation { votes: 2, ..all });
    // The second that was taken back is in what was known before.
    let as_known = ParticipationFilter { known_at: Some(day("2026-03-01")), ..march.clone() };
    assert_eq!(told(&views, &as_known, &[]).await.0, Deliberation { seconds: 2, votes: 2, ..all });
    // Elsewhere there is nothing.
    let elsewhere = ParticipationFilter { area: Some("440403".parse().unwrap()), ..march.clone() };
    assert_eq!(told(&views, &elsewhere, &[GroupBy::Month]).await, (Deliberation::default(), vec![]));

    let (_, rows) = told(&views, &march, &[GroupBy::Person]).await;
    let of = |n| rows.iter().find(|row| row.person == Some(person(n))).map(|row| row.deliberation);
    let nothing = Deliberation::default();
    assert_eq!(of(0), Some(Deliberation { attendances: 1, motions: 1, votes: 2, ..nothing }));
    assert_eq!(of(1), Some(Deliberation { attendances: 1, motions: 1, votes: 1, ..nothing }));
    assert_eq!(of(2), Some(Deliberation { seconds: 1, ..nothing }));
    assert_eq!(of(5), Some(Deliberation { votes: 1, ..nothing }));
    assert_eq!((of(3), of(4), rows.len()), (None, None, 4));
    let own = ParticipationFilter { person: Some(person(1)), ..march };
    assert_eq!(told(&views, &own, &[]).await.0, of(1).unwrap());
}
