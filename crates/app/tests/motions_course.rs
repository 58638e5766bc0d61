//! Motions beside and after the vote. Makes loud: a referral that two councils tell differently, a motion merged on one side
//! only, an adopted motion reviewed by somebody who does not live there, an annulled decision that still stands.

use gongyi_app::deliberation::motion::{
    carrying_out::{CompleteMotion, ReportProgress, ReviewMotion, RevokeCompletion},
    deciding::{AnnulDecision, AnswerReferral, MergeMotions, PostponeMotion, ReconsiderMotion, ReferMotion, ReferralAnswer, RelateMotions},
    drafting::{AttachToMotion, SubmitMotion},
};
use gongyi_app::volunteering::volunteers::RegisterVolunteer;
use gongyi_domain::{
    deliberation::{
        attachment::Attachment,
        motion::{MotionPhase, Origin},
    },
    values::{CouncilId, MotionId, VoteId},
};
use uuid::Uuid;

use crate::harness::{COMMUNITY, District, OTHER_COMMUNITY, Resident, STREET, area, expect_refused, expect_refused_at};

async fn council_of_three<'d>(district: &'d District, code: &str) -> (CouncilId, [Resident<'d>; 3]) {
    let people = [district.registers("张三").await, district.registers("李四").await, district.registers("王五").await];
    let council = district.establishes(code, &[&people[0], &people[1], &people[2]]).await;
    (council, people)
}

fn attachment() -> Attachment {
    Attachment { sha256: "ab".repeat(32).parse().unwrap(), name: "预算.pdf".into(), media_type: "application/pdf".into(), bytes: 10 }
}

#[tokio::test]
async fn a_referred_motion_is_taken_over_on_both_sides_at_once() {
    let district = District::new().await;
    let (here, [zhang, li, wang]) = council_of_three(&district, COMMUNITY).await;
    let (there, [chen, _, _]) = council_of_three(&district, STREET).await;
    let motion = district.moves(here, COMMUNITY, [&zhang, &li, &wang]).await;
    zhang.does(&AttachToMotion { motion, by: zhang.person, attachment: attachment() }).await.unwrap();
    let (community, street) = (district.organiser_in(COMMUNITY).await, district.organiser_in(STREET).await);
    let refer = |to| ReferMotion { motion, to, reason: "属街道职权".into() };
    let answer = |answer| AnswerReferral { motion, answer };
    let decline = || answer(ReferralAnswer::Decline { reason: "请社区自行处理".into() });
    let take_over = |mover: &Resident<'_>| answer(ReferralAnswer::TakeOver { mover: mover.person });
    expect_refused("CouncilUnfit", community.does(&decline()).await);
    expect_refused("CouncilUnfit", community.does(&refer(here)).await);
    expect_refused("UnknownCouncil", community.does(&refer(CouncilId(Uuid::now_v7()))).await);
    community.does(&refer(there)).await.unwrap();
    expect_refused("NotAllowed", community.does(&take_over(&chen)).await);
    street.does(&decline()).await.unwrap();
    assert_eq!(district.motion(motion).await.phase, MotionPhase::Accepted);
    community.does(&refer(there)).await.unwrap();
    expect_refused_at("NotARepresentative", "person", street.does(&take_over(&zhang)).await);
    let made = street.does(&take_over(&chen)).await.unwrap().unwrap();
    let (old, new) = (district.motion(motion).await, district.motion(made).await);
    assert_eq!((old.taken_over_as, old.phase), (Some(made), MotionPhase::Referred));
    assert_eq!((new.origin, new.phase), (Some(Origin::Motion { motion, council: here }), MotionPhase::Drafted));
    assert_eq!((new.text, new.attachments, new.movers.as_slice()), (old.text, old.attachments, &[chen.person][..]));
    expect_refused("AlreadyTakenOver", street.does(&take_over(&chen)).await);
    // What another council has found fit needs no seconds here.
    chen.does(&SubmitMotion { motion: made, by: chen.person }).await.unwrap();
    assert_eq!(district.motion(made).await.phase, MotionPhase::Seconded);
}

#[tokio::test]
async fn motions_are_merged_and_related_on_both_sides() {
    let district = District::new().await;
    let (council, [zhang, li, wang]) = council_of_three(&district, COMMUNITY).await;
    let (other, people) = council_of_three(&district, OTHER_COMMUNITY).await;
    let one = district.moves(council, COMMUNITY, [&zhang, &li, &wang]).await;
    let two = district.moves(council, COMMUNITY, [&li, &zhang, &wang]).await;
    let foreign = district.moves(other, OTHER_COMMUNITY, [&people[0], &people[1], &people[2]]).await;
    let organiser = district.organiser_in(STREET).await;
    let relate = |other, related| RelateMotions { motion: one, other, related };
    organiser.does(&relate(two, true)).await.unwrap();
    assert!(district.motion(one).await.related.contains(&two) && district.motion(two).await.related.contains(&one));
    expect_refused("OtherMotionUnfit", organiser.does(&relate(two, true)).await);
    expect_refused("OtherMotionUnfit", organiser.does(&relate(one, true)).await);
    expect_refused("NotAllowed", organiser.does(&relate(foreign, true)).await);
    organiser.does(&relate(two, false)).await.unwrap();
    assert!(district.motion(two).await.related.is_empty());
    district.officer().await.does(&relate(foreign, true)).await.unwrap();

    let merge = |into| MergeMotions { motion: one, into, reason: "内容相同".into() };
    expect_refused("CouncilUnfit", district.officer().await.does(&merge(foreign)).await);
    expect_refused("UnknownMotion", organiser.does(&merge(MotionId(Uuid::now_v7()))).await);
    assert_eq!(district.motion(one).await.phase, MotionPhase::Accepted, "neither side alone");
    organiser.does(&merge(two)).await.unwrap();
    assert_eq!(district.motion(one).await.phase, MotionPhase::Merged);
    assert!(district.motion(two).await.absorbed.contains(&one));
    expect_refused("MotionPhaseUnfit", organiser.does(&merge(two)).await);
}

#[tokio::test]
async fn a_motion_is_postponed_to_a_later_day_of_the_tenants_calendar() {
    let district = District::new().await;
    let (council, [zhang, li, wang]) = council_of_three(&district, COMMUNITY).await;
    let motion = district.moves(council, COMMUNITY, [&zhang, &li, &wang]).await;
    let organiser = district.organiser_in(STREET).await;
    let postpone = |until: &str| PostponeMotion { motion, until: Some(until.parse().unwrap()), reason: "待预算".into() };
    expect_refused_at("PostponementUnfit", "until", organiser.does(&postpone("2026-03-02")).await);
    expect_refused("NotAllowed", zhang.does(&postpone("2026-03-03")).await);
    organiser.does(&postpone("2026-03-03")).await.unwrap();
    assert_eq!(district.motion(motion).await.phase, MotionPhase::Postponed);
    expect_refused("MotionPhaseUnfit", organiser.does(&postpone("2026-03-04")).await);
}

#[tokio::test]
async fn what_was_decided_is_reconsidered_by_representatives_and_annulled_by_the_district() {
    let district = District::new().await;
    let (council, [zhang, li, wang]) = council_of_three(&district, COMMUNITY).await;
    let motion = district.moves(council, COMMUNITY, [&zhang, &li, &wang]).await;
    let reconsider = |who: &Resident<'_>| ReconsiderMotion { motion, by: who.person, reason: "有新情况".into() };
    expect_refused("MotionPhaseUnfit", li.does(&reconsider(&li)).await);
    let vote = district.votes(council, COMMUNITY, motion, false).await;
    let outsider = district.registers("赵六").await;
    expect_refused("NotAllowed", outsider.does(&reconsider(&outsider)).await);
    let annul = |vote| AnnulDecision { motion, vote, reason: "程序有误".into() };
    expect_refused("NotAllowed", district.organiser_in(STREET).await.does(&annul(vote)).await);
    expect_refused("OtherVote", district.officer().await.does(&annul(VoteId(Uuid::now_v7()))).await);
    li.does(&reconsider(&li)).await.unwrap();
    assert_eq!((district.motion(motion).await.phase, district.motion(motion).await.outcome), (MotionPhase::Accepted, None));
    let vote = district.votes(council, COMMUNITY, motion, true).await;
    district.officer().await.does(&annul(vote)).await.unwrap();
    assert_eq!(district.motion(motion).await.phase, MotionPhase::Accepted);
    expect_refused("MotionPhaseUnfit", district.officer().await.does(&annul(vote)).await);
}

#[tokio::test]
async fn what_came_of_it_is_reported_completed_and_reviewed_by_residents_once() {
    let district = District::new().await;
    let (council, [zhang, li, wang]) = council_of_three(&district, COMMUNITY).await;
    let motion = district.moves(council, COMMUNITY, [&zhang, &li, &wang]).await;
    let organiser = district.organiser_in(STREET).await;
    let report = |percent| ReportProgress { motion, percent, report: " 八盏\r\n".into(), evidence: vec![attachment()] };
    expect_refused("MotionPhaseUnfit", organiser.does(&report(80)).await);
    district.votes(council, COMMUNITY, motion, true).await;
    expect_refused("NotAllowed", zhang.does(&report(80)).await);
    expect_refused_at("PercentUnfit", "percent", organiser.does(&report(101)).await);
    organiser.does(&report(80)).await.unwrap();
    let resident = district.registers("居民").await;
    let review = |who: &Resident<'_>, rating, text: &str| ReviewMotion { motion, by: who.person, rating, text: Some(text.to_owned()) };
    expect_refused("MotionPhaseUnfit", resident.does(&review(&resident, 5, "亮")).await);
    let complete = CompleteMotion { motion, report: "十盏全亮".into(), evidence: vec![] };
    organiser.does(&complete).await.unwrap();
    expect_refused("MotionPhaseUnfit", organiser.does(&complete).await);
    let elsewhere = RegisterVolunteer { home_area: area(OTHER_COMMUNITY), ..district.application("外人") };
    let elsewhere = district.registers_with(elsewhere).await;
    expect_refused_at("NotAResident", "person", elsewhere.does(&review(&elsewhere, 1, "暗")).await);
    expect_refused("NotAllowed", organiser.does(&review(&resident, 5, "亮")).await);
    expect_refused_at("ReviewTextUnfit", "text", resident.does(&review(&resident, 5, &"长".repeat(1_001))).await);
    expect_refused_at("RatingUnfit", "rating", resident.does(&review(&resident, 6, "")).await);
    resident.does(&review(&resident, 5, "晚上亮多了")).await.unwrap();
    expect_refused("AlreadyReviewed", resident.does(&review(&resident, 5, "")).await);
    assert_eq!(district.motion(motion).await.phase, MotionPhase::Reviewed);
    organiser.does(&RevokeCompletion { motion, reason: "两盏不亮".into() }).await.unwrap();
    expect_refused("MotionPhaseUnfit", organiser.does(&RevokeCompletion { motion, reason: "两盏不亮".into() }).await);
    assert_eq!(district.motion(motion).await.phase, MotionPhase::Implementing);
}
