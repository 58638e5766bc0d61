//! What breaks silently elsewhere: an old text voted on, two amendments of one sentence merged blindly, a decided matter
//! decided again, a step back that leaves no trace.

use uuid::Uuid;

use super::{amending::Amending, carrying_out::*, deciding::*, drafting::*, *};
use crate::{
    deliberation::{amendment::Change, text::Paragraph},
    scenario::{Given, given},
    values::{Day, ParagraphId},
};

mod walks;

fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}
fn council(n: u128) -> CouncilId {
    CouncilId(Uuid::from_u128(n))
}
fn meeting(n: u128) -> MeetingId {
    MeetingId(Uuid::from_u128(n))
}
fn vote(n: u128) -> VoteId {
    VoteId(Uuid::from_u128(n))
}
fn motion_id(n: u128) -> MotionId {
    MotionId(Uuid::from_u128(n))
}
fn amendment_id(n: u128) -> AmendmentId {
    AmendmentId(Uuid::from_u128(n))
}
fn paragraph(n: u128) -> ParagraphId {
    ParagraphId(Uuid::from_u128(n))
}
fn day(n: u32) -> Day {
    Day::from_ymd_opt(2026, 3, n).unwrap()
}
fn reason() -> String {
    "程序需要".into()
}

fn text(paragraphs: &[&str]) -> Text {
    let paragraphs = paragraphs.iter().zip(1..).map(|(text, n)| Paragraph { id: paragraph(n), text: (*text).to_owned() });
    Text { title: "路灯".into(), paragraphs: paragraphs.collect() }
}

fn file(byte: &str) -> Attachment {
    let sha256 = byte.repeat(32).parse().unwrap();
    Attachment { sha256, name: "预算.pdf".into(), media_type: "application/pdf".into(), bytes: 1_000 }
}

fn phase_unfit(phase: MotionPhase) -> R {
    R::MotionPhaseUnfit { zh: phase.zh(), en: phase.en() }
}

fn draft() -> Drafting {
    Drafting::Draft {
        council: council(1),
        area: "440402001001".parse().unwrap(),
        mover: person(1),
        category: MotionCategory::PublicFacilities,
        text: text(&["装十盏灯", "年内完成", "由物业维护"]),
        origin: None,
    }
}

fn submit() -> Drafting {
    Drafting::Submit { by: person(1), seconds_needed: 2 }
}

fn second(n: u128) -> Drafting {
    Drafting::Second { by: person(n), sitting: (1..=9).map(person).collect() }
}

fn propose(n: u128, by: u128, against: u32, changes: Vec<Change>) -> Amending {
    Amending::Propose { amendment: amendment_id(n), by: person(by), against, changes, grounds: None }
}

fn accept(n: u128) -> Amending {
    Amending::Accept { amendment: amendment_id(n), by: Some(person(8)), vote: None }
}

fn replace(n: u128, says: &str) -> Change {
    Change::Replace { paragraph: paragraph(n), text: says.into() }
}

fn put_to_vote(n: u128, version: u32) -> Deciding {
    Deciding::PutToVote { meeting: meeting(1), vote: vote(n), version }
}

fn drafted() -> Given<Motion> {
    given::<Motion>([]).and(draft())
}
fn submitted() -> Given<Motion> {
    drafted().and(submit())
}
fn seconded() -> Given<Motion> {
    submitted().and(second(2)).and(second(3))
}
fn accepted() -> Given<Motion> {
    seconded().and(Drafting::Accept { screener: Some(person(8)) })
}
fn scheduled() -> Given<Motion> {
    accepted().and(Deciding::Schedule { meeting: meeting(1) })
}
fn voting() -> Given<Motion> {
    scheduled().and(put_to_vote(1, 1))
}
fn adopted() -> Given<Motion> {
    voting().and(Deciding::Decide { vote: vote(1), adopted: true })
}
fn rejected() -> Given<Motion> {
    voting().and(Deciding::Decide { vote: vote(1), adopted: false })
}
fn done() -> Given<Motion> {
    adopted().and(CarryingOut::Complete { report: "已装".into(), evidence: vec![file("ab")] })
}
fn referred() -> Given<Motion> {
    accepted().and(Deciding::Refer { to: council(2), vote: None, reason: reason() })
}

#[test]
fn a_motion_goes_its_whole_way() {
    assert_eq!(seconded().phase, MotionPhase::Seconded);
    assert_eq!(voting().phase, MotionPhase::Voting);
    assert_eq!(adopted().require_adopted(), Ok(Outcome { vote: vote(1), version: 1, adopted: true }));
    assert_eq!(rejected().require_adopted(), Err(phase_unfit(MotionPhase::Rejected)));
    let review = CarryingOut::Review { by: person(30), rating: 4, text: None };
    let report = CarryingOut::ReportProgress { percent: 60, report: "六盏已装".into(), evidence: vec![] };
    let motion = adopted().and(report).and(CarryingOut::Complete { report: "已装".into(), evidence: vec![] });
    assert_eq!(motion.phase, MotionPhase::Done);
    assert_eq!(motion.and(review).phase, MotionPhase::Reviewed);
}

#[test]
fn drafting_twice_or_an_unfit_text_is_refused() {
    drafted().when(draft()).then_refused(R::MotionExists);
    let revise = |by, text| Drafting::Revise { by: person(by), category: MotionCategory::Other, text };
    drafted().when(revise(1, text(&[" "]))).then_code("MotionTextUnfit");
    drafted().when(revise(2, text(&["一"]))).then_refused(R::NotMover);
    given::<Motion>([]).when(revise(1, text(&["一"]))).then_refused(R::UnknownMotion);
    assert_eq!(drafted().and(revise(1, text(&["一"]))).version, 2);
    submitted().when(revise(1, text(&["一"]))).then_refused(phase_unfit(MotionPhase::Submitted)); // by amendments only
}

#[test]
fn the_second_that_reaches_the_number_is_told() {
    let motion = submitted().and(second(2));
    let complete = E::SecondsCompleted { seconds: 2, needed: 2 };
    motion.when(second(3)).then([E::MotionSeconded { person: person(3) }, complete]);
    seconded().when(second(4)).then([E::MotionSeconded { person: person(4) }]); // told once
    let none_needed = Drafting::Submit { by: person(1), seconds_needed: 0 };
    assert_eq!(drafted().and(none_needed).phase, MotionPhase::Seconded);
    let endless = Drafting::Submit { by: person(1), seconds_needed: 1_001 };
    drafted().when(endless).then_refused(R::SecondsNeededUnfit { most: 1_000 });
}

#[test]
fn nobody_seconds_their_own_motion_or_twice() {
    let motion = submitted().and(second(2)).and(Drafting::Join { by: person(5) });
    motion.when(second(1)).then_refused(R::OwnSecond);
    motion.when(second(5)).then_refused(R::OwnSecond);
    motion.when(second(2)).then_refused(R::AlreadySeconded);
    motion.when(Drafting::Join { by: person(2) }).then_refused(R::AlreadySeconded);
    motion.when(Drafting::Join { by: person(5) }).then_refused(R::AlreadyMover);
    given::<Motion>([]).when(second(2)).then_refused(R::UnknownMotion);
    drafted().when(second(2)).then_refused(phase_unfit(MotionPhase::Drafted));
    let full = Given::<Motion> { state: Motion { movers: (100..120).map(person).collect(), ..submitted().state } };
    full.when(Drafting::Join { by: person(5) }).then_refused(R::TooManyMovers { most: 20 });
}

#[test]
fn a_second_can_be_taken_back_until_there_are_enough() {
    let back = |n| Drafting::WithdrawSecond { by: person(n) };
    let motion = submitted().and(second(2));
    motion.when(back(3)).then_refused(R::NotSeconded);
    let motion = motion.and(back(2));
    assert!(motion.seconders.is_empty());
    motion.when(second(2)).then_done();
    seconded().when(back(2)).then_refused(phase_unfit(MotionPhase::Seconded));
}

#[test]
fn nobody_screens_their_own_motion() {
    let accept = |screener: Option<u128>| Drafting::Accept { screener: screener.map(person) };
    seconded().when(accept(Some(1))).then_refused(R::OwnMotionScreened);
    seconded().when(accept(None)).then_done();
    submitted().when(accept(Some(8))).then_refused(phase_unfit(MotionPhase::Submitted));
    accepted().when(accept(Some(8))).then_refused(phase_unfit(MotionPhase::Accepted));
}

#[test]
fn a_returned_motion_is_a_draft_again_and_needs_new_seconds() {
    let turn_back = |screener, reason: &str| Drafting::Return { screener: Some(person(screener)), reason: reason.into() };
    seconded().when(turn_back(8, " ")).then_refused(R::ReasonUnfit { most: REASON_MAX_CHARS });
    seconded().when(turn_back(1, "超出职权")).then_refused(R::OwnMotionScreened);
    let motion = seconded().and(turn_back(8, "超出职权"));
    assert_eq!((motion.phase, motion.seconders.len(), motion.version), (MotionPhase::Drafted, 0, 1));
    assert_eq!(motion.and(submit()).phase, MotionPhase::Submitted);
}

#[test]
fn a_motion_stands_as_long_as_one_mover_stands_by_it() {
    let withdraw = |n| Drafting::Withdraw { by: person(n) };
    let two = drafted().and(Drafting::Join { by: person(5) });
    two.when(withdraw(6)).then_refused(R::NotMover);
    let one = two.and(withdraw(1));
    assert_eq!((one.phase, one.movers.as_slice()), (MotionPhase::Drafted, &[person(5)][..]));
    let none = one.and(withdraw(5));
    assert_eq!(none.phase, MotionPhase::Withdrawn);
    none.when(withdraw(5)).then_refused(phase_unfit(MotionPhase::Withdrawn));
}

#[test]
fn once_put_to_the_vote_it_is_not_withdrawn() {
    let withdraw = Drafting::Withdraw { by: person(1) };
    scheduled().when(withdraw.clone()).then_done();
    let abandoned = voting().and(Deciding::AbandonVote { vote: vote(1), reason: reason() });
    for motion in [voting(), abandoned, adopted(), rejected()] {
        motion.when(withdraw.clone()).then_refused(R::TooLateToWithdraw);
    }
}

#[test]
fn files_come_until_the_vote_and_go_only_from_a_draft() {
    let attach = |by, byte| Drafting::Attach { by: person(by), attachment: file(byte) };
    let detach = |byte: &str| Drafting::Detach { by: person(1), sha256: byte.repeat(32).parse().unwrap() };
    let motion = drafted().and(attach(1, "ab"));
    motion.when(attach(1, "ab")).then_code("MotionAttachmentUnfit"); // the same file twice
    motion.when(attach(2, "cd")).then_refused(R::NotMover);
    motion.when(detach("cd")).then_refused(R::UnknownAttachment);
    assert!(motion.and(detach("ab")).attachments.is_empty());
    scheduled().when(attach(1, "ab")).then_done();
    scheduled().when(detach("ab")).then_refused(phase_unfit(MotionPhase::Scheduled));
    voting().when(attach(1, "ab")).then_refused(phase_unfit(MotionPhase::Voting));
    adopted().when(attach(1, "ab")).then_refused(R::AlreadyDecided);
}

#[test]
fn an_accepted_amendment_makes_the_next_version() {
    let motion = accepted().and(propose(1, 2, 1, vec![replace(1, "装二十盏灯")])).and(accept(1));
    assert_eq!((motion.version, motion.text.paragraphs[0].text.as_str()), (2, "装二十盏灯"));
    motion.when(accept(1)).then_refused(R::AmendmentNotPending);
    motion.when(accept(9)).then_refused(R::UnknownAmendment);
    motion.when(propose(1, 2, 2, vec![replace(1, "甲")])).then_refused(R::AmendmentExists);
    motion.when(propose(2, 2, 1, vec![replace(1, "甲")])).then_refused(R::VersionOutdated { last: 2 });
    motion.when(propose(2, 2, 2, vec![replace(7, "甲")])).then_code("ChangesUnfit");
    submitted().when(propose(1, 2, 1, vec![])).then_refused(phase_unfit(MotionPhase::Submitted));
    adopted().when(propose(1, 2, 1, vec![])).then_refused(R::AlreadyDecided);
}

#[test]
fn overlapping_amendments_are_shown_and_only_the_first_is_merged() {
    let other = Change::InsertAfter { after: Some(paragraph(3)), paragraph: paragraph(9), text: "居民监督".into() };
    let proposals = [
        propose(1, 2, 1, vec![replace(1, "装二十盏灯")]),
        propose(2, 3, 1, vec![replace(1, "装五盏灯"), replace(2, "半年内完成")]),
        propose(3, 4, 1, vec![other]),
    ];
    let motion = accepted().and_all(proposals);
    assert_eq!(motion.overlapping(amendment_id(1)), BTreeSet::from([amendment_id(2)]));
    assert!(motion.overlapping(amendment_id(3)).is_empty() && motion.overlapping(amendment_id(7)).is_empty());
    let motion = motion.and(accept(1));
    assert_eq!(motion.overlapping(amendment_id(2)), BTreeSet::from([amendment_id(1)]));
    motion.when(accept(2)).then_refused(R::AmendmentConflict { with: amendment_id(1) });
    // Made anew against the text as it is, it can be merged; what overlaps nothing could be all along.
    let changes = vec![replace(1, "装十五盏灯"), replace(2, "半年内完成")];
    let revise = |by, against| Amending::Revise {
        amendment: amendment_id(2),
        by: person(by),
        against,
        changes: changes.clone(),
        grounds: Some("折中".into()),
    };
    motion.when(revise(4, 2)).then_refused(R::NotProposer);
    motion.when(revise(3, 1)).then_refused(R::VersionOutdated { last: 2 });
    let motion = motion.and(revise(3, 2)).and(accept(2)).and(accept(3));
    let says: Vec<_> = motion.text.paragraphs.iter().map(|it| it.text.as_str()).collect();
    assert_eq!((motion.version, says), (4, vec!["装十五盏灯", "半年内完成", "由物业维护", "居民监督"]));
}

#[test]
fn amendments_are_taken_back_by_their_proposer_and_turned_down_with_a_reason() {
    let motion = accepted().and(propose(1, 2, 1, vec![replace(1, "甲")]));
    let withdraw = |n| Amending::Withdraw { amendment: amendment_id(1), by: person(n) };
    let reject = |reason: &str| Amending::Reject { amendment: amendment_id(1), vote: None, reason: reason.into() };
    motion.when(withdraw(3)).then_refused(R::NotProposer);
    motion.when(reject("")).then_refused(R::ReasonUnfit { most: REASON_MAX_CHARS });
    for gone in [motion.clone().and(withdraw(2)), motion.clone().and(reject("超预算"))] {
        gone.when(accept(1)).then_refused(R::AmendmentNotPending);
        assert_eq!((gone.amendments.len(), gone.version), (1, 1), "it is kept");
    }
    let own = |vote| Amending::Accept { amendment: amendment_id(1), by: Some(person(2)), vote };
    motion.when(own(None)).then_refused(R::OwnAmendment);
    motion.when(own(Some(vote(5)))).then_done();
    let full = Given::<Motion> {
        state: Motion {
            amendments: (10..210).map(|n| (amendment_id(n), motion.amendments[&amendment_id(1)].clone())).collect(),
            ..motion.state
        },
    };
    full.when(propose(1, 2, 1, vec![replace(1, "甲")])).then_refused(R::TooManyAmendments { most: 200 });
}

#[test]
fn an_amended_motion_is_not_voted_on_in_its_old_text() {
    let motion = scheduled().and(propose(1, 2, 1, vec![replace(1, "装二十盏灯")]));
    motion.when(put_to_vote(1, 1)).then_refused(R::AmendmentsOpen { count: 1 });
    let motion = motion.and(accept(1));
    motion.when(put_to_vote(1, 1)).then_refused(R::VersionOutdated { last: 2 });
    motion.when(put_to_vote(1, 2)).then_done();
}

#[test]
fn only_what_stands_on_the_agenda_is_put_to_the_vote() {
    let elsewhere = Deciding::PutToVote { meeting: meeting(2), vote: vote(1), version: 1 };
    scheduled().when(elsewhere).then_refused(R::NotOnAgenda);
    accepted().when(put_to_vote(1, 1)).then_refused(phase_unfit(MotionPhase::Accepted));
    voting().when(put_to_vote(2, 1)).then_refused(phase_unfit(MotionPhase::Voting));
    scheduled().when(Deciding::Schedule { meeting: meeting(1) }).then_refused(R::AlreadyScheduled);
    assert_eq!(scheduled().and(Deciding::Schedule { meeting: meeting(2) }).meeting, Some(meeting(2)));
    let off = scheduled().and(Deciding::TakeOffAgenda { reason: reason() });
    assert_eq!((off.phase, off.meeting), (MotionPhase::Accepted, None));
    off.when(Deciding::TakeOffAgenda { reason: reason() }).then_refused(phase_unfit(MotionPhase::Accepted));
}

#[test]
fn a_motion_is_decided_once() {
    for motion in [adopted(), rejected()] {
        motion.when(Deciding::Decide { vote: vote(1), adopted: false }).then_refused(R::AlreadyDecided);
        motion.when(put_to_vote(2, 1)).then_refused(R::AlreadyDecided);
        motion.when(Deciding::Schedule { meeting: meeting(2) }).then_refused(R::AlreadyDecided);
    }
    voting().when(Deciding::Decide { vote: vote(2), adopted: true }).then_refused(R::OtherVote);
    given::<Motion>([]).when(Deciding::Decide { vote: vote(1), adopted: true }).then_refused(R::UnknownMotion);
}

#[test]
fn an_abandoned_vote_leaves_it_on_the_agenda_for_another_vote() {
    let abandon = |n| Deciding::AbandonVote { vote: vote(n), reason: reason() };
    voting().when(abandon(2)).then_refused(R::OtherVote);
    let motion = voting().and(abandon(1));
    assert_eq!(motion.phase, MotionPhase::Scheduled);
    motion.when(abandon(1)).then_refused(phase_unfit(MotionPhase::Scheduled));
    motion.when(put_to_vote(1, 1)).then_refused(R::VoteUsed);
    motion.when(put_to_vote(2, 1)).then_done();
}

#[test]
fn what_was_decided_comes_back_by_reconsideration_or_annulment_only() {
    let reconsider = || Deciding::Reconsider { mover: person(4), vote: None, reason: reason() };
    let annul = |n| Deciding::AnnulDecision { vote: vote(n), reason: reason() };
    for motion in [adopted(), rejected()] {
        for back in [motion.clone().and(reconsider()), motion.clone().and(annul(1))] {
            assert_eq!((back.phase, back.outcome, back.meeting), (MotionPhase::Accepted, None, None));
            let on_the_agenda = back.and(Deciding::Schedule { meeting: meeting(1) });
            on_the_agenda.when(put_to_vote(1, 1)).then_refused(R::VoteUsed); // the annulled vote is not used again
            let again = on_the_agenda.and(put_to_vote(2, 1)).and(Deciding::Decide { vote: vote(2), adopted: true });
            assert_eq!(again.require_adopted().map(|outcome| outcome.vote), Ok(vote(2)));
        }
        motion.when(annul(2)).then_refused(R::OtherVote);
    }
    accepted().when(reconsider()).then_refused(phase_unfit(MotionPhase::Accepted));
    done().when(reconsider()).then_refused(phase_unfit(MotionPhase::Done)); // what is carried out is not undone by a vote
    done().when(annul(1)).then_done();
    let silent = Deciding::Reconsider { mover: person(4), vote: None, reason: String::new() };
    adopted().when(silent).then_refused(R::ReasonUnfit { most: REASON_MAX_CHARS });
}

#[test]
fn a_referred_motion_is_taken_over_once_or_comes_back() {
    let accept = |n| Deciding::AcceptReferral { council: council(n), motion: motion_id(7) };
    let decline = || Deciding::DeclineReferral { council: council(2), reason: reason() };
    let home = Deciding::Refer { to: council(1), vote: None, reason: reason() };
    accepted().when(home).then_refused(R::CouncilUnfit);
    referred().when(accept(3)).then_refused(R::CouncilUnfit);
    let taken = referred().and(accept(2));
    assert_eq!((taken.phase, taken.taken_over_as), (MotionPhase::Referred, Some(motion_id(7))));
    taken.when(accept(2)).then_refused(R::AlreadyTakenOver);
    taken.when(decline()).then_refused(R::AlreadyTakenOver);
    let back = referred().and(decline());
    assert_eq!((back.phase, back.referred_to), (MotionPhase::Accepted, None));
    back.when(decline()).then_refused(phase_unfit(MotionPhase::Accepted));
    referred().when(Deciding::Schedule { meeting: meeting(1) }).then_refused(phase_unfit(MotionPhase::Referred));
}

#[test]
fn an_adopted_motion_is_referred_with_its_decision_and_a_rejected_one_is_not() {
    let refer = || Deciding::Refer { to: council(2), vote: None, reason: reason() };
    adopted().when(refer()).then([E::MotionReferred { to: council(2), vote: Some(vote(1)), reason: reason() }]);
    let sent = adopted().and(refer());
    assert_eq!((sent.phase, sent.outcome), (MotionPhase::Referred, adopted().outcome));
    let back = sent.and(Deciding::DeclineReferral { council: council(2), reason: reason() });
    assert_eq!((back.phase, back.referred_to), (MotionPhase::Adopted, None));
    rejected().when(refer()).then_refused(R::AlreadyDecided);
    voting().when(refer()).then_refused(phase_unfit(MotionPhase::Voting));
}

#[test]
fn a_postponed_motion_can_be_scheduled_again() {
    let postpone = |until| Deciding::Postpone { until, today: day(10), vote: None, reason: reason() };
    scheduled().when(postpone(Some(day(10)))).then_refused(R::PostponementUnfit);
    let motion = scheduled().and(postpone(Some(day(11))));
    assert_eq!((motion.phase, motion.meeting), (MotionPhase::Postponed, None));
    motion.when(postpone(None)).then_refused(phase_unfit(MotionPhase::Postponed));
    motion.when(Deciding::Schedule { meeting: meeting(1) }).then_done();
    adopted().when(postpone(None)).then_refused(R::AlreadyDecided);
}

#[test]
fn a_motion_is_merged_into_another_of_its_council() {
    let merge = |into| Deciding::Merge { id: motion_id(1), into: motion_id(into), reason: reason() };
    let absorb = |n, of| Deciding::Absorb { id: motion_id(1), motion: motion_id(n), council: council(of) };
    accepted().when(merge(1)).then_refused(R::OtherMotionUnfit);
    let merged = accepted().and(merge(2));
    merged.when(merge(2)).then_refused(phase_unfit(MotionPhase::Merged));
    drafted().when(merge(2)).then_refused(phase_unfit(MotionPhase::Drafted));
    accepted().when(absorb(2, 2)).then_refused(R::CouncilUnfit);
    let grown = accepted().and(absorb(2, 1));
    grown.when(absorb(2, 1)).then_refused(R::OtherMotionUnfit);
    accepted().when(absorb(1, 1)).then_refused(R::OtherMotionUnfit);
    adopted().when(absorb(2, 1)).then_refused(R::AlreadyDecided);
}

#[test]
fn related_motions_are_named_and_unnamed() {
    let relate = |n| Deciding::Relate { id: motion_id(1), motion: motion_id(n) };
    let unrelate = Deciding::Unrelate { motion: motion_id(2) };
    let motion = adopted().and(relate(2));
    motion.when(relate(2)).then_refused(R::OtherMotionUnfit);
    motion.when(relate(1)).then_refused(R::OtherMotionUnfit);
    given::<Motion>([]).when(relate(2)).then_refused(R::UnknownMotion);
    let motion = motion.and(unrelate.clone());
    motion.when(unrelate).then_refused(R::OtherMotionUnfit);
}

#[test]
fn progress_is_told_in_percent_with_a_report() {
    let report = |percent, report: &str, evidence| CarryingOut::ReportProgress { percent, report: report.into(), evidence };
    let motion = adopted().and(report(80, "八盏", vec![file("ab")])).and(report(70, "一盏返工", vec![]));
    assert_eq!(motion.phase, MotionPhase::Implementing);
    motion.when(report(101, "多了", vec![])).then_refused(R::PercentUnfit);
    motion.when(report(90, "", vec![])).then_refused(R::ReasonUnfit { most: REASON_MAX_CHARS });
    motion.when(report(90, "九盏", vec![file("ab"), file("ab")])).then_code("MotionAttachmentUnfit");
    rejected().when(report(1, "一盏", vec![])).then_refused(phase_unfit(MotionPhase::Rejected));
    done().when(report(1, "一盏", vec![])).then_refused(phase_unfit(MotionPhase::Done));
}

#[test]
fn residents_review_once_what_was_carried_out() {
    let review = |n, rating| CarryingOut::Review { by: person(n), rating, text: None };
    let revoke = CarryingOut::RevokeCompletion { reason: "两盏不亮".into() };
    adopted().when(review(30, 5)).then_refused(phase_unfit(MotionPhase::Adopted));
    for rating in [0, 6] {
        done().when(review(30, rating)).then_refused(R::RatingUnfit);
    }
    let motion = done().and(review(30, 5));
    motion.when(review(30, 4)).then_refused(R::AlreadyReviewed);
    motion.when(review(31, 1)).then_done();
    let full = Given::<Motion> {
        state: Motion { reviewers: (100..100 + REVIEWS_MAX_COUNT as u128).map(person).collect(), ..motion.clone().state },
    };
    full.when(review(31, 1)).then_refused(R::ReviewsFull { most: REVIEWS_MAX_COUNT });
    let again = motion.and(revoke.clone());
    assert_eq!((again.phase, again.reviewers.len()), (MotionPhase::Implementing, 0));
    again.when(revoke).then_refused(phase_unfit(MotionPhase::Implementing));
}
