//! Motions up to the vote. Makes loud: a motion by somebody who does not sit in the council, a number twice or left out, a
//! second of one's own, a motion screened by its mover, an amendment accepted by its proposer, pasted text stored as it came.

use gongyi_app::deliberation::motion::{
    amending::{AcceptAmendment, ChangeDraft, ProposeAmendment, RejectAmendment, ReviseAmendment, WithdrawAmendment},
    drafting::{
        AcceptMotion, AttachToMotion, DetachFromMotion, DraftMotion, JoinMotion, ParagraphDraft, ReturnMotion, ReviseMotion, SecondMotion,
        SubmitMotion, TextDraft, WithdrawMotion, WithdrawSecond,
    },
};
use gongyi_domain::{
    access::authority::{Role, Scope},
    deliberation::{
        attachment::Attachment,
        motion::MotionPhase,
        motion_category::MotionCategory,
        motion_register::{MotionNumber, MotionRegister},
    },
    values::{CouncilId, MeetingId, MotionId, ParagraphId, PersonId, VoteId},
};
use uuid::Uuid;

use crate::harness::{
    COMMUNITY, District, Meeting, Meets, OTHER_STREET, Resident, STREET, area, expect_refused, expect_refused_at, moment, text_of,
};

fn attachment(byte: &str, name: &str) -> Attachment {
    Attachment { sha256: byte.repeat(32).parse().unwrap(), name: name.to_owned(), media_type: "application/pdf".into(), bytes: 10 }
}

fn nothing() -> MotionId {
    MotionId(Uuid::now_v7())
}

async fn council_of_three<'d>(district: &'d District) -> (CouncilId, [Resident<'d>; 3]) {
    let people = [district.registers("张三").await, district.registers("李四").await, district.registers("王五").await];
    let council = district.establishes(COMMUNITY, &[&people[0], &people[1], &people[2]]).await;
    (council, people)
}

#[tokio::test]
async fn representatives_draft_motions_and_keepers_write_them_down() {
    let district = District::new().await;
    let (council, [zhang, li, _]) = council_of_three(&district).await;
    let stranger = district.registers("赵六").await;
    let draft = |mover: PersonId| DraftMotion {
        council,
        mover,
        category: MotionCategory::Sanitation,
        text: text_of(" 垃圾\u{3000}", &["一\r\n二\t三 "]),
    };
    let motion = zhang.does(&draft(zhang.person)).await.unwrap();
    let state = district.motion(motion).await;
    assert_eq!((state.text.title.as_str(), state.text.paragraphs[0].text.as_str()), ("垃圾", "一\n二 三"));
    assert_eq!((state.phase, state.version, state.area), (MotionPhase::Drafted, 1, Some(area(COMMUNITY))));

    let organiser = district.organiser_in(STREET).await;
    organiser.does(&draft(li.person)).await.unwrap();
    expect_refused("NotAllowed", stranger.does(&draft(stranger.person)).await);
    expect_refused("NotAllowed", zhang.does(&draft(li.person)).await);
    expect_refused("NotAllowed", district.organiser_in(OTHER_STREET).await.does(&draft(li.person)).await);
    expect_refused("SignInRequired", district.stranger().does(&draft(li.person)).await);
    expect_refused_at("NotARepresentative", "person", organiser.does(&draft(stranger.person)).await);
    expect_refused("UnknownCouncil", zhang.does(&DraftMotion { council: CouncilId(Uuid::now_v7()), ..draft(zhang.person) }).await);
    let empty = DraftMotion { text: text_of("空", &[]), ..draft(zhang.person) };
    expect_refused_at("MotionTextUnfit", "text", zhang.does(&empty).await);
}

#[tokio::test]
async fn a_draft_is_rewritten_against_the_text_one_has_read() {
    let district = District::new().await;
    let (council, [zhang, li, _]) = council_of_three(&district).await;
    let motion = zhang.drafts(council).await.unwrap();
    let first = district.motion(motion).await.text.paragraphs[0].id;
    let revise = |by: &Resident<'_>, against, id| ReviseMotion {
        motion,
        by: by.person,
        against,
        category: MotionCategory::Other,
        text: TextDraft { title: "路灯".into(), paragraphs: vec![ParagraphDraft { id, text: "装二十盏灯".into() }] },
    };
    zhang.does(&revise(&zhang, 1, Some(first))).await.unwrap();
    let state = district.motion(motion).await;
    assert_eq!((state.version, state.text.paragraphs.len(), state.text.paragraphs[0].id), (2, 1, first));
    expect_refused_at("VersionOutdated", "version", zhang.does(&revise(&zhang, 1, None)).await);
    let foreign = Some(ParagraphId(Uuid::now_v7()));
    expect_refused_at("MotionTextUnfit", "text", zhang.does(&revise(&zhang, 2, foreign)).await);
    expect_refused("NotMover", li.does(&revise(&li, 2, None)).await);
    expect_refused("NotAllowed", li.does(&revise(&zhang, 2, None)).await);
    expect_refused("UnknownMotion", zhang.does(&ReviseMotion { motion: nothing(), ..revise(&zhang, 2, None) }).await);
}

#[tokio::test]
async fn movers_join_and_the_last_to_leave_withdraws_it() {
    let district = District::new().await;
    let (council, [zhang, li, wang]) = council_of_three(&district).await;
    let motion = zhang.drafts(council).await.unwrap();
    let join = |who: &Resident<'_>| JoinMotion { motion, by: who.person };
    let leave = |who: &Resident<'_>| WithdrawMotion { motion, by: who.person };
    li.does(&join(&li)).await.unwrap();
    expect_refused("AlreadyMover", li.does(&join(&li)).await);
    expect_refused("NotMover", wang.does(&leave(&wang)).await);
    zhang.does(&leave(&zhang)).await.unwrap();
    assert_eq!(district.motion(motion).await.movers, [li.person]);
    li.does(&leave(&li)).await.unwrap();
    assert_eq!(district.motion(motion).await.phase, MotionPhase::Withdrawn);
    expect_refused("MotionPhaseUnfit", wang.does(&join(&wang)).await);
    let outsider = district.registers("赵六").await;
    expect_refused("NotAllowed", outsider.does(&join(&outsider)).await);
}

#[tokio::test]
async fn files_are_attached_by_reference() {
    let district = District::new().await;
    let (council, [zhang, li, _]) = council_of_three(&district).await;
    let motion = zhang.drafts(council).await.unwrap();
    let attach = |by: &Resident<'_>, name: &str| AttachToMotion { motion, by: by.person, attachment: attachment("ab", name) };
    zhang.does(&attach(&zhang, " 预算.pdf ")).await.unwrap();
    assert_eq!(district.motion(motion).await.attachments[0].name, "预算.pdf");
    expect_refused_at("MotionAttachmentUnfit", "attachments", zhang.does(&attach(&zhang, "再来.pdf")).await);
    expect_refused("NotMover", li.does(&attach(&li, "其他.pdf")).await);
    let detach = |byte: &str| DetachFromMotion { motion, by: zhang.person, sha256: byte.repeat(32).parse().unwrap() };
    expect_refused_at("UnknownAttachment", "sha256", zhang.does(&detach("cd")).await);
    zhang.does(&detach("ab")).await.unwrap();
    assert!(district.motion(motion).await.attachments.is_empty());
}

#[tokio::test]
async fn a_motion_is_numbered_in_the_year_of_the_tenants_calendar_and_keeps_its_number() {
    let district = District::new().await;
    let (council, [zhang, li, wang]) = council_of_three(&district).await;
    let submit = |motion| SubmitMotion { motion, by: zhang.person };
    let (first, second) = (zhang.drafts(council).await.unwrap(), zhang.drafts(council).await.unwrap());
    district.waits_until(moment("2026-12-31 23:59"));
    zhang.does(&submit(second)).await.unwrap();
    // The year changes at Zhuhai's midnight, when it is still 2026 in UTC.
    district.waits_until(moment("2027-01-01 00:01"));
    zhang.does(&submit(first)).await.unwrap();
    expect_refused("MotionPhaseUnfit", zhang.does(&submit(first)).await);
    expect_refused("UnknownMotion", zhang.does(&submit(nothing())).await);
    let register = district.app.state::<MotionRegister>(council).await.unwrap();
    let number = |motion| register.numbers[&motion];
    assert_eq!((number(second), number(first)), (MotionNumber { year: 2026, number: 1 }, MotionNumber { year: 2027, number: 1 }));
    // The one of 2026 is returned and submitted again.
    for who in [&li, &wang] {
        who.does(&SecondMotion { motion: second, by: who.person }).await.unwrap();
    }
    let back = ReturnMotion { motion: second, reason: "请补充预算".into() };
    district.organiser_in(STREET).await.does(&back).await.unwrap();
    zhang.does(&submit(second)).await.unwrap();
    let register = district.app.state::<MotionRegister>(council).await.unwrap();
    assert_eq!((register.numbers[&second], register.numbers.len()), (MotionNumber { year: 2026, number: 1 }, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn motions_submitted_at_once_get_numbers_without_gap_or_double() {
    let district = District::durable().await;
    let (council, [zhang, li, _]) = council_of_three(&district).await;
    let mut motions = vec![];
    for n in 0..12 {
        motions.push(if n % 2 == 0 { (&zhang, zhang.drafts(council).await.unwrap()) } else { (&li, li.drafts(council).await.unwrap()) });
    }
    let all = motions.iter().map(|(who, motion)| async move { who.does(&SubmitMotion { motion: *motion, by: who.person }).await.unwrap() });
    futures::future::join_all(all).await;
    let register = district.app.state::<MotionRegister>(council).await.unwrap();
    let mut numbers: Vec<_> = register.numbers.values().map(|it| it.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
}

#[tokio::test]
async fn so_many_second_a_motion_as_the_charter_says() {
    let district = District::new().await;
    let (council, [zhang, li, wang]) = council_of_three(&district).await;
    let motion = zhang.drafts(council).await.unwrap();
    let second = |who: &Resident<'_>| SecondMotion { motion, by: who.person };
    let take_back = |who: &Resident<'_>| WithdrawSecond { motion, by: who.person };
    expect_refused("MotionPhaseUnfit", li.does(&second(&li)).await);
    zhang.does(&SubmitMotion { motion, by: zhang.person }).await.unwrap();
    expect_refused_at("OwnSecond", "person", zhang.does(&second(&zhang)).await);
    li.does(&second(&li)).await.unwrap();
    expect_refused("AlreadySeconded", li.does(&second(&li)).await);
    li.does(&take_back(&li)).await.unwrap();
    expect_refused("NotSeconded", li.does(&take_back(&li)).await);
    expect_refused("NotAllowed", district.organiser_in(STREET).await.does(&take_back(&li)).await);
    li.does(&second(&li)).await.unwrap();
    assert_eq!((district.motion(motion).await.phase, district.motion(motion).await.seconds_needed), (MotionPhase::Submitted, 2));
    // One spoken in a meeting is written down.
    district.organiser_in(STREET).await.does(&second(&wang)).await.unwrap();
    assert_eq!(district.motion(motion).await.phase, MotionPhase::Seconded);
    let outsider = district.registers("赵六").await;
    expect_refused("NotAllowed", outsider.does(&second(&outsider)).await);
}

#[tokio::test]
async fn a_motion_is_screened_by_keepers_who_do_not_move_it() {
    let district = District::new().await;
    let (council, [zhang, li, wang]) = council_of_three(&district).await;
    district.operator().grants(&zhang, Role::Organiser, Scope::Area(area(COMMUNITY))).await.unwrap();
    let motion = zhang.drafts(council).await.unwrap();
    zhang.does(&SubmitMotion { motion, by: zhang.person }).await.unwrap();
    for who in [&li, &wang] {
        who.does(&SecondMotion { motion, by: who.person }).await.unwrap();
    }
    let accept = AcceptMotion { motion };
    expect_refused("OwnMotionScreened", zhang.does(&accept).await);
    expect_refused("NotAllowed", li.does(&accept).await);
    let organiser = district.organiser_in(STREET).await;
    expect_refused_at("ReasonUnfit", "reason", organiser.does(&ReturnMotion { motion, reason: " \t ".into() }).await);
    organiser.does(&accept).await.unwrap();
    expect_refused("MotionPhaseUnfit", organiser.does(&accept).await);
    expect_refused("MotionPhaseUnfit", organiser.does(&ReturnMotion { motion, reason: "不属职权".into() }).await);
    expect_refused("UnknownMotion", organiser.does(&AcceptMotion { motion: nothing() }).await);
}

#[tokio::test]
async fn amendments_are_proposed_by_representatives_and_settled_by_others() {
    let district = District::new().await;
    let (council, [zhang, li, wang]) = council_of_three(&district).await;
    let motion = district.moves(council, COMMUNITY, [&zhang, &li, &wang]).await;
    let paragraph = district.motion(motion).await.text.paragraphs[0].id;
    let says = |text: &str| vec![ChangeDraft::Replace { paragraph, text: text.to_owned() }];
    let propose = |who: &Resident<'_>, against, text: &str| ProposeAmendment {
        motion,
        by: who.person,
        against,
        changes: says(text),
        grounds: Some(" ".into()),
    };
    let one = li.does(&propose(&li, 1, "在东门装二十盏灯\r\n")).await.unwrap();
    let two = wang.does(&propose(&wang, 1, "在西门装十盏灯")).await.unwrap();
    let outsider = district.registers("赵六").await;
    expect_refused("NotAllowed", outsider.does(&propose(&outsider, 1, "甲")).await);
    district.operator().grants(&li, Role::Organiser, Scope::Area(area(COMMUNITY))).await.unwrap();
    expect_refused("OwnAmendment", li.does(&AcceptAmendment { motion, amendment: one }).await);
    let organiser = district.organiser_in(STREET).await;
    organiser.does(&AcceptAmendment { motion, amendment: one }).await.unwrap();
    let state = district.motion(motion).await;
    assert_eq!((state.version, state.text.paragraphs[0].text.as_str()), (2, "在东门装二十盏灯"));
    expect_refused("AmendmentConflict", organiser.does(&AcceptAmendment { motion, amendment: two }).await);
    expect_refused("VersionOutdated", wang.does(&propose(&wang, 1, "乙")).await);
    let revise = |who: &Resident<'_>, amendment| ReviseAmendment {
        motion,
        amendment,
        by: who.person,
        against: 2,
        changes: says("在两门各装十盏灯"),
        grounds: Some("折中".into()),
    };
    expect_refused("NotProposer", li.does(&revise(&li, two)).await);
    wang.does(&revise(&wang, two)).await.unwrap();
    expect_refused("NotProposer", zhang.does(&WithdrawAmendment { motion, amendment: two, by: zhang.person }).await);
    organiser.does(&RejectAmendment { motion, amendment: two, reason: "超预算".into() }).await.unwrap();
    expect_refused("AmendmentNotPending", wang.does(&WithdrawAmendment { motion, amendment: two, by: wang.person }).await);
    expect_refused("AmendmentNotPending", wang.does(&revise(&wang, two)).await);
}

#[tokio::test]
async fn what_a_meeting_stages_follows_the_motions_rules() {
    let district = District::new().await;
    let (council, [zhang, li, wang]) = council_of_three(&district).await;
    let motion = district.moves(council, COMMUNITY, [&zhang, &li, &wang]).await;
    let organiser = district.organiser_in(STREET).await;
    let (meeting, vote) = (MeetingId(Uuid::now_v7()), VoteId(Uuid::now_v7()));
    let elsewhere = Meeting(motion, Meets::Schedules(CouncilId(Uuid::now_v7()), meeting));
    expect_refused("CouncilUnfit", organiser.does(&elsewhere).await);
    organiser.does(&Meeting(motion, Meets::Schedules(council, meeting))).await.unwrap();
    expect_refused("AlreadyScheduled", organiser.does(&Meeting(motion, Meets::Schedules(council, meeting))).await);
    organiser.does(&Meeting(motion, Meets::TakesOff)).await.unwrap();
    organiser.does(&Meeting(motion, Meets::Schedules(council, meeting))).await.unwrap();
    expect_refused("VersionOutdated", organiser.does(&Meeting(motion, Meets::Puts(meeting, vote, 2))).await);
    organiser.does(&Meeting(motion, Meets::Puts(meeting, vote, 1))).await.unwrap();
    expect_refused("TooLateToWithdraw", zhang.does(&WithdrawMotion { motion, by: zhang.person }).await);
    organiser.does(&Meeting(motion, Meets::Abandons(vote))).await.unwrap();
    expect_refused("VoteUsed", organiser.does(&Meeting(motion, Meets::Puts(meeting, vote, 1))).await);
    let again = VoteId(Uuid::now_v7());
    organiser.does(&Meeting(motion, Meets::Puts(meeting, again, 1))).await.unwrap();
    expect_refused("OtherVote", organiser.does(&Meeting(motion, Meets::Decides(vote, true))).await);
    organiser.does(&Meeting(motion, Meets::Decides(again, true))).await.unwrap();
    expect_refused("AlreadyDecided", organiser.does(&Meeting(motion, Meets::Decides(again, false))).await);
}
