//! What breaks silently elsewhere: an old text voted on, two amendments of one sentence merged blindly, a decided matter
//! decided again, a step back that leaves no trace.

use uuid::Uuid;

use super::{amending::Amending, carrying_out::*, deciding::*, drafting::*, *};
use crate::{
    deliberation::{amendment::Change, text::Paragraph},
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

fn decide(motion: &Motion, command: impl Into<MotionCommand>) -> Decision {
    Motion::handle_command(motion, command.into())
}

fn after(motion: Motion, command: impl Into<MotionCommand>) -> Motion {
    decide(&motion, command).unwrap().into_iter().fold(motion, Motion::apply_event)
}

fn through(motion: Motion, commands: Vec<MotionCommand>) -> Motion {
    commands.into_iter().fold(motion, after)
}

fn phase_unfit(phase: Phase) -> R {
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
    Drafting::Second { by: person(n) }
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

fn drafted() -> Motion {
    after(Motion::default(), draft())
}
fn submitted() -> Motion {
    after(drafted(), submit())
}
fn seconded() -> Motion {
    through(submitted(), vec![second(2).into(), second(3).into()])
}
fn accepted() -> Motion {
    after(seconded(), Drafting::Accept { screener: Some(person(8)) })
}
fn scheduled() -> Motion {
    after(accepted(), Deciding::Schedule { meeting: meeting(1) })
}
fn voting() -> Motion {
    after(scheduled(), put_to_vote(1, 1))
}
fn adopted() -> Motion {
    after(voting(), Deciding::Decide { vote: vote(1), adopted: true })
}
fn rejected() -> Motion {
    after(voting(), Deciding::Decide { vote: vote(1), adopted: false })
}
fn done() -> Motion {
    after(adopted(), CarryingOut::Complete { report: "已装".into(), evidence: vec![file("ab")] })
}
fn referred() -> Motion {
    after(accepted(), Deciding::Refer { to: council(2), vote: None, reason: reason() })
}

#[test]
fn a_motion_goes_its_whole_way() {
    assert_eq!(seconded().phase, Phase::Seconded);
    assert_eq!(voting().phase, Phase::Voting);
    assert_eq!(adopted().require_adopted(), Ok(Outcome { vote: vote(1), version: 1, adopted: true }));
    assert_eq!(rejected().require_adopted(), Err(phase_unfit(Phase::Rejected)));
    let review = CarryingOut::Review { by: person(30), rating: 4, text: None };
    let report = CarryingOut::ReportProgress { percent: 60, report: "六盏已装".into(), evidence: vec![] };
    let motion = through(adopted(), vec![report.into(), CarryingOut::Complete { report: "已装".into(), evidence: vec![] }.into()]);
    assert_eq!(motion.phase, Phase::Done);
    assert_eq!(after(motion, review).phase, Phase::Reviewed);
}

#[test]
fn drafting_twice_or_an_unfit_text_is_refused() {
    assert_eq!(decide(&drafted(), draft()), Err(R::MotionExists));
    let revise = |by, text| Drafting::Revise { by: person(by), category: MotionCategory::Other, text };
    assert!(matches!(decide(&drafted(), revise(1, text(&[" "]))), Err(R::MotionTextUnfit { .. })));
    assert_eq!(decide(&drafted(), revise(2, text(&["一"]))), Err(R::NotMover));
    assert_eq!(decide(&Motion::default(), revise(1, text(&["一"]))), Err(R::UnknownMotion));
    assert_eq!(after(drafted(), revise(1, text(&["一"]))).version, 2);
    assert_eq!(decide(&submitted(), revise(1, text(&["一"]))), Err(phase_unfit(Phase::Submitted)), "by amendments only");
}

#[test]
fn the_second_that_reaches_the_number_is_told() {
    let motion = after(submitted(), second(2));
    let complete = E::SecondsCompleted { seconds: 2, needed: 2 };
    assert_eq!(decide(&motion, second(3)), Ok(vec![E::MotionSeconded { person: person(3) }, complete]));
    assert_eq!(decide(&seconded(), second(4)), Ok(vec![E::MotionSeconded { person: person(4) }]), "told once");
    let none_needed = Drafting::Submit { by: person(1), seconds_needed: 0 };
    assert_eq!(after(drafted(), none_needed).phase, Phase::Seconded);
    let endless = Drafting::Submit { by: person(1), seconds_needed: 1_001 };
    assert_eq!(decide(&drafted(), endless), Err(R::SecondsNeededUnfit { most: 1_000 }));
}

#[test]
fn nobody_seconds_their_own_motion_or_twice() {
    let motion = through(submitted(), vec![second(2).into(), Drafting::Join { by: person(5) }.into()]);
    assert_eq!(decide(&motion, second(1)), Err(R::OwnSecond));
    assert_eq!(decide(&motion, second(5)), Err(R::OwnSecond));
    assert_eq!(decide(&motion, second(2)), Err(R::AlreadySeconded));
    assert_eq!(decide(&motion, Drafting::Join { by: person(2) }), Err(R::AlreadySeconded));
    assert_eq!(decide(&motion, Drafting::Join { by: person(5) }), Err(R::AlreadyMover));
    assert_eq!(decide(&Motion::default(), second(2)), Err(R::UnknownMotion));
    assert_eq!(decide(&drafted(), second(2)), Err(phase_unfit(Phase::Drafted)));
    let full = Motion { movers: (100..120).map(person).collect(), ..submitted() };
    assert_eq!(decide(&full, Drafting::Join { by: person(5) }), Err(R::TooManyMovers { most: 20 }));
}

#[test]
fn a_second_can_be_taken_back_until_there_are_enough() {
    let back = |n| Drafting::WithdrawSecond { by: person(n) };
    let motion = after(submitted(), second(2));
    assert_eq!(decide(&motion, back(3)), Err(R::NotSeconded));
    let motion = after(motion, back(2));
    assert!(motion.seconders.is_empty() && decide(&motion, second(2)).is_ok());
    assert_eq!(decide(&seconded(), back(2)), Err(phase_unfit(Phase::Seconded)));
}

#[test]
fn nobody_screens_their_own_motion() {
    let accept = |screener: Option<u128>| Drafting::Accept { screener: screener.map(person) };
    assert_eq!(decide(&seconded(), accept(Some(1))), Err(R::OwnMotionScreened));
    assert!(decide(&seconded(), accept(None)).is_ok());
    assert_eq!(decide(&submitted(), accept(Some(8))), Err(phase_unfit(Phase::Submitted)));
    assert_eq!(decide(&accepted(), accept(Some(8))), Err(phase_unfit(Phase::Accepted)));
}

#[test]
fn a_returned_motion_is_a_draft_again_and_needs_new_seconds() {
    let turn_back = |screener, reason: &str| Drafting::Return { screener: Some(person(screener)), reason: reason.into() };
    assert_eq!(decide(&seconded(), turn_back(8, " ")), Err(R::ReasonUnfit { most: REASON_MAX_CHARS }));
    assert_eq!(decide(&seconded(), turn_back(1, "超出职权")), Err(R::OwnMotionScreened));
    let motion = after(seconded(), turn_back(8, "超出职权"));
    assert_eq!((motion.phase, motion.seconders.len(), motion.version), (Phase::Drafted, 0, 1));
    assert_eq!(after(motion, submit()).phase, Phase::Submitted);
}

#[test]
fn a_motion_stands_as_long_as_one_mover_stands_by_it() {
    let withdraw = |n| Drafting::Withdraw { by: person(n) };
    let two = after(drafted(), Drafting::Join { by: person(5) });
    assert_eq!(decide(&two, withdraw(6)), Err(R::NotMover));
    let one = after(two, withdraw(1));
    assert_eq!((one.phase, one.movers.as_slice()), (Phase::Drafted, &[person(5)][..]));
    let none = after(one, withdraw(5));
    assert_eq!(none.phase, Phase::Withdrawn);
    assert_eq!(decide(&none, withdraw(5)), Err(phase_unfit(Phase::Withdrawn)));
}

#[test]
fn once_put_to_the_vote_it_is_not_withdrawn() {
    let withdraw = Drafting::Withdraw { by: person(1) };
    assert!(decide(&scheduled(), withdraw.clone()).is_ok());
    let abandoned = after(voting(), Deciding::AbandonVote { vote: vote(1), reason: reason() });
    for motion in [voting(), abandoned, adopted(), rejected()] {
        assert_eq!(decide(&motion, withdraw.clone()), Err(R::TooLateToWithdraw));
    }
}

#[test]
fn files_come_until_the_vote_and_go_only_from_a_draft() {
    let attach = |by, byte| Drafting::Attach { by: person(by), attachment: file(byte) };
    let detach = |byte: &str| Drafting::Detach { by: person(1), sha256: byte.repeat(32).parse().unwrap() };
    let motion = after(drafted(), attach(1, "ab"));
    assert!(matches!(decide(&motion, attach(1, "ab")), Err(R::MotionAttachmentUnfit { .. })), "the same file twice");
    assert_eq!(decide(&motion, attach(2, "cd")), Err(R::NotMover));
    assert_eq!(decide(&motion, detach("cd")), Err(R::UnknownAttachment));
    assert!(after(motion, detach("ab")).attachments.is_empty());
    assert!(decide(&scheduled(), attach(1, "ab")).is_ok());
    assert_eq!(decide(&scheduled(), detach("ab")), Err(phase_unfit(Phase::Scheduled)));
    assert_eq!(decide(&voting(), attach(1, "ab")), Err(phase_unfit(Phase::Voting)));
    assert_eq!(decide(&adopted(), attach(1, "ab")), Err(R::AlreadyDecided));
}

#[test]
fn an_accepted_amendment_makes_the_next_version() {
    let motion = through(accepted(), vec![propose(1, 2, 1, vec![replace(1, "装二十盏灯")]).into(), accept(1).into()]);
    assert_eq!((motion.version, motion.text.paragraphs[0].text.as_str()), (2, "装二十盏灯"));
    assert_eq!(decide(&motion, accept(1)), Err(R::AmendmentNotPending));
    assert_eq!(decide(&motion, accept(9)), Err(R::UnknownAmendment));
    assert_eq!(decide(&motion, propose(1, 2, 2, vec![replace(1, "甲")])), Err(R::AmendmentExists));
    assert_eq!(decide(&motion, propose(2, 2, 1, vec![replace(1, "甲")])), Err(R::VersionOutdated { last: 2 }));
    assert!(matches!(decide(&motion, propose(2, 2, 2, vec![replace(7, "甲")])), Err(R::ChangesUnfit { .. })));
    assert_eq!(decide(&submitted(), propose(1, 2, 1, vec![])), Err(phase_unfit(Phase::Submitted)));
    assert_eq!(decide(&adopted(), propose(1, 2, 1, vec![])), Err(R::AlreadyDecided));
}

#[test]
fn overlapping_amendments_are_shown_and_only_the_first_is_merged() {
    let other = Change::InsertAfter { after: Some(paragraph(3)), paragraph: paragraph(9), text: "居民监督".into() };
    let proposals = [
        propose(1, 2, 1, vec![replace(1, "装二十盏灯")]),
        propose(2, 3, 1, vec![replace(1, "装五盏灯"), replace(2, "半年内完成")]),
        propose(3, 4, 1, vec![other]),
    ];
    let motion = through(accepted(), proposals.map(MotionCommand::from).into());
    assert_eq!(motion.overlapping(amendment_id(1)), BTreeSet::from([amendment_id(2)]));
    assert!(motion.overlapping(amendment_id(3)).is_empty() && motion.overlapping(amendment_id(7)).is_empty());
    let motion = after(motion, accept(1));
    assert_eq!(motion.overlapping(amendment_id(2)), BTreeSet::from([amendment_id(1)]));
    assert_eq!(decide(&motion, accept(2)), Err(R::AmendmentConflict { with: amendment_id(1) }));
    // Made anew against the text as it is, it can be merged; what overlaps nothing could be all along.
    let changes = vec![replace(1, "装十五盏灯"), replace(2, "半年内完成")];
    let revise = |by, against| Amending::Revise {
        amendment: amendment_id(2),
        by: person(by),
        against,
        changes: changes.clone(),
        grounds: Some("折中".into()),
    };
    assert_eq!(decide(&motion, revise(4, 2)), Err(R::NotProposer));
    assert_eq!(decide(&motion, revise(3, 1)), Err(R::VersionOutdated { last: 2 }));
    let motion = through(motion, vec![revise(3, 2).into(), accept(2).into(), accept(3).into()]);
    let says: Vec<_> = motion.text.paragraphs.iter().map(|it| it.text.as_str()).collect();
    assert_eq!((motion.version, says), (4, vec!["装十五盏灯", "半年内完成", "由物业维护", "居民监督"]));
}

#[test]
fn amendments_are_taken_back_by_their_proposer_and_turned_down_with_a_reason() {
    let motion = after(accepted(), propose(1, 2, 1, vec![replace(1, "甲")]));
    let withdraw = |n| Amending::Withdraw { amendment: amendment_id(1), by: person(n) };
    let reject = |reason: &str| Amending::Reject { amendment: amendment_id(1), vote: None, reason: reason.into() };
    assert_eq!(decide(&motion, withdraw(3)), Err(R::NotProposer));
    assert_eq!(decide(&motion, reject("")), Err(R::ReasonUnfit { most: REASON_MAX_CHARS }));
    for gone in [after(motion.clone(), withdraw(2)), after(motion.clone(), reject("超预算"))] {
        assert_eq!(decide(&gone, accept(1)), Err(R::AmendmentNotPending));
        assert_eq!((gone.amendments.len(), gone.version), (1, 1), "it is kept");
    }
    let own = |vote| Amending::Accept { amendment: amendment_id(1), by: Some(person(2)), vote };
    assert_eq!(decide(&motion, own(None)), Err(R::OwnAmendment));
    assert!(decide(&motion, own(Some(vote(5)))).is_ok());
    let full = Motion { amendments: (10..210).map(|n| (amendment_id(n), motion.amendments[&amendment_id(1)].clone())).collect(), ..motion };
    assert_eq!(decide(&full, propose(1, 2, 1, vec![replace(1, "甲")])), Err(R::TooManyAmendments { most: 200 }));
}

#[test]
fn an_amended_motion_is_not_voted_on_in_its_old_text() {
    let motion = after(scheduled(), propose(1, 2, 1, vec![replace(1, "装二十盏灯")]));
    assert_eq!(decide(&motion, put_to_vote(1, 1)), Err(R::AmendmentsOpen { count: 1 }));
    let motion = after(motion, accept(1));
    assert_eq!(decide(&motion, put_to_vote(1, 1)), Err(R::VersionOutdated { last: 2 }));
    assert!(decide(&motion, put_to_vote(1, 2)).is_ok());
}

#[test]
fn only_what_stands_on_the_agenda_is_put_to_the_vote() {
    let elsewhere = Deciding::PutToVote { meeting: meeting(2), vote: vote(1), version: 1 };
    assert_eq!(decide(&scheduled(), elsewhere), Err(R::NotOnAgenda));
    assert_eq!(decide(&accepted(), put_to_vote(1, 1)), Err(phase_unfit(Phase::Accepted)));
    assert_eq!(decide(&voting(), put_to_vote(2, 1)), Err(phase_unfit(Phase::Voting)));
    assert_eq!(decide(&scheduled(), Deciding::Schedule { meeting: meeting(1) }), Err(R::AlreadyScheduled));
    assert_eq!(after(scheduled(), Deciding::Schedule { meeting: meeting(2) }).meeting, Some(meeting(2)));
    let off = after(scheduled(), Deciding::TakeOffAgenda { reason: reason() });
    assert_eq!((off.phase, off.meeting), (Phase::Accepted, None));
    assert_eq!(decide(&off, Deciding::TakeOffAgenda { reason: reason() }), Err(phase_unfit(Phase::Accepted)));
}

#[test]
fn a_motion_is_decided_once() {
    for motion in [adopted(), rejected()] {
        assert_eq!(decide(&motion, Deciding::Decide { vote: vote(1), adopted: false }), Err(R::AlreadyDecided));
        assert_eq!(decide(&motion, put_to_vote(2, 1)), Err(R::AlreadyDecided));
        assert_eq!(decide(&motion, Deciding::Schedule { meeting: meeting(2) }), Err(R::AlreadyDecided));
    }
    assert_eq!(decide(&voting(), Deciding::Decide { vote: vote(2), adopted: true }), Err(R::OtherVote));
    assert_eq!(decide(&Motion::default(), Deciding::Decide { vote: vote(1), adopted: true }), Err(R::UnknownMotion));
}

#[test]
fn an_abandoned_vote_leaves_it_on_the_agenda_for_another_vote() {
    let abandon = |n| Deciding::AbandonVote { vote: vote(n), reason: reason() };
    assert_eq!(decide(&voting(), abandon(2)), Err(R::OtherVote));
    let motion = after(voting(), abandon(1));
    assert_eq!(motion.phase, Phase::Scheduled);
    assert_eq!(decide(&motion, abandon(1)), Err(phase_unfit(Phase::Scheduled)));
    assert_eq!(decide(&motion, put_to_vote(1, 1)), Err(R::VoteUsed));
    assert!(decide(&motion, put_to_vote(2, 1)).is_ok());
}

#[test]
fn what_was_decided_comes_back_by_reconsideration_or_annulment_only() {
    let reconsider = || Deciding::Reconsider { mover: person(4), vote: None, reason: reason() };
    let annul = |n| Deciding::AnnulDecision { vote: vote(n), reason: reason() };
    for motion in [adopted(), rejected()] {
        for back in [after(motion.clone(), reconsider()), after(motion.clone(), annul(1))] {
            assert_eq!((back.phase, back.outcome, back.meeting), (Phase::Accepted, None, None));
            let on_the_agenda = after(back, Deciding::Schedule { meeting: meeting(1) });
            assert_eq!(decide(&on_the_agenda, put_to_vote(1, 1)), Err(R::VoteUsed), "the annulled vote is not used again");
            let again = through(on_the_agenda, vec![put_to_vote(2, 1).into(), Deciding::Decide { vote: vote(2), adopted: true }.into()]);
            assert_eq!(again.require_adopted().map(|outcome| outcome.vote), Ok(vote(2)));
        }
        assert_eq!(decide(&motion, annul(2)), Err(R::OtherVote));
    }
    assert_eq!(decide(&accepted(), reconsider()), Err(phase_unfit(Phase::Accepted)));
    assert_eq!(decide(&done(), reconsider()), Err(phase_unfit(Phase::Done)), "what is carried out is not undone by a vote");
    assert!(decide(&done(), annul(1)).is_ok());
    let silent = Deciding::Reconsider { mover: person(4), vote: None, reason: String::new() };
    assert_eq!(decide(&adopted(), silent), Err(R::ReasonUnfit { most: REASON_MAX_CHARS }));
}

#[test]
fn a_referred_motion_is_taken_over_once_or_comes_back() {
    let accept = |n| Deciding::AcceptReferral { council: council(n), motion: motion_id(7) };
    let decline = || Deciding::DeclineReferral { council: council(2), reason: reason() };
    let home = Deciding::Refer { to: council(1), vote: None, reason: reason() };
    assert_eq!(decide(&accepted(), home), Err(R::CouncilUnfit));
    assert_eq!(decide(&referred(), accept(3)), Err(R::CouncilUnfit));
    let taken = after(referred(), accept(2));
    assert_eq!((taken.phase, taken.taken_over_as), (Phase::Referred, Some(motion_id(7))));
    assert_eq!(decide(&taken, accept(2)), Err(R::AlreadyTakenOver));
    assert_eq!(decide(&taken, decline()), Err(R::AlreadyTakenOver));
    let back = after(referred(), decline());
    assert_eq!((back.phase, back.referred_to), (Phase::Accepted, None));
    assert_eq!(decide(&back, decline()), Err(phase_unfit(Phase::Accepted)));
    assert_eq!(decide(&referred(), Deciding::Schedule { meeting: meeting(1) }), Err(phase_unfit(Phase::Referred)));
}

#[test]
fn an_adopted_motion_is_referred_with_its_decision_and_a_rejected_one_is_not() {
    let refer = || Deciding::Refer { to: council(2), vote: None, reason: reason() };
    let events = decide(&adopted(), refer()).unwrap();
    assert_eq!(events, [E::MotionReferred { to: council(2), vote: Some(vote(1)), reason: reason() }]);
    let sent = after(adopted(), refer());
    assert_eq!((sent.phase, sent.outcome), (Phase::Referred, adopted().outcome));
    let back = after(sent, Deciding::DeclineReferral { council: council(2), reason: reason() });
    assert_eq!((back.phase, back.referred_to), (Phase::Adopted, None));
    assert_eq!(decide(&rejected(), refer()), Err(R::AlreadyDecided));
    assert_eq!(decide(&voting(), refer()), Err(phase_unfit(Phase::Voting)));
}

#[test]
fn a_postponed_motion_can_be_scheduled_again() {
    let postpone = |until| Deciding::Postpone { until, today: day(10), vote: None, reason: reason() };
    assert_eq!(decide(&scheduled(), postpone(Some(day(10)))), Err(R::PostponementUnfit));
    let motion = after(scheduled(), postpone(Some(day(11))));
    assert_eq!((motion.phase, motion.meeting), (Phase::Postponed, None));
    assert_eq!(decide(&motion, postpone(None)), Err(phase_unfit(Phase::Postponed)));
    assert!(decide(&motion, Deciding::Schedule { meeting: meeting(1) }).is_ok());
    assert_eq!(decide(&adopted(), postpone(None)), Err(R::AlreadyDecided));
}

#[test]
fn a_motion_is_merged_into_another_of_its_council() {
    let merge = |into| Deciding::Merge { id: motion_id(1), into: motion_id(into), reason: reason() };
    let absorb = |n, of| Deciding::Absorb { id: motion_id(1), motion: motion_id(n), council: council(of) };
    assert_eq!(decide(&accepted(), merge(1)), Err(R::OtherMotionUnfit));
    let merged = after(accepted(), merge(2));
    assert_eq!(decide(&merged, merge(2)), Err(phase_unfit(Phase::Merged)));
    assert_eq!(decide(&drafted(), merge(2)), Err(phase_unfit(Phase::Drafted)));
    assert_eq!(decide(&accepted(), absorb(2, 2)), Err(R::CouncilUnfit));
    let grown = after(accepted(), absorb(2, 1));
    assert_eq!(decide(&grown, absorb(2, 1)), Err(R::OtherMotionUnfit));
    assert_eq!(decide(&accepted(), absorb(1, 1)), Err(R::OtherMotionUnfit));
    assert_eq!(decide(&adopted(), absorb(2, 1)), Err(R::AlreadyDecided));
}

#[test]
fn related_motions_are_named_and_unnamed() {
    let relate = |n| Deciding::Relate { id: motion_id(1), motion: motion_id(n) };
    let unrelate = Deciding::Unrelate { motion: motion_id(2) };
    let motion = after(adopted(), relate(2));
    assert_eq!(decide(&motion, relate(2)), Err(R::OtherMotionUnfit));
    assert_eq!(decide(&motion, relate(1)), Err(R::OtherMotionUnfit));
    assert_eq!(decide(&Motion::default(), relate(2)), Err(R::UnknownMotion));
    let motion = after(motion, unrelate.clone());
    assert_eq!(decide(&motion, unrelate), Err(R::OtherMotionUnfit));
}

#[test]
fn progress_is_told_in_percent_with_a_report() {
    let report = |percent, report: &str, evidence| CarryingOut::ReportProgress { percent, report: report.into(), evidence };
    let motion = through(adopted(), vec![report(80, "八盏", vec![file("ab")]).into(), report(70, "一盏返工", vec![]).into()]);
    assert_eq!(motion.phase, Phase::Implementing);
    assert_eq!(decide(&motion, report(101, "多了", vec![])), Err(R::PercentUnfit));
    assert_eq!(decide(&motion, report(90, "", vec![])), Err(R::ReasonUnfit { most: REASON_MAX_CHARS }));
    assert!(matches!(decide(&motion, report(90, "九盏", vec![file("ab"), file("ab")])), Err(R::MotionAttachmentUnfit { .. })));
    assert_eq!(decide(&rejected(), report(1, "一盏", vec![])), Err(phase_unfit(Phase::Rejected)));
    assert_eq!(decide(&done(), report(1, "一盏", vec![])), Err(phase_unfit(Phase::Done)));
}

#[test]
fn residents_review_once_what_was_carried_out() {
    let review = |n, rating| CarryingOut::Review { by: person(n), rating, text: None };
    let revoke = CarryingOut::RevokeCompletion { reason: "两盏不亮".into() };
    assert_eq!(decide(&adopted(), review(30, 5)), Err(phase_unfit(Phase::Adopted)));
    for rating in [0, 6] {
        assert_eq!(decide(&done(), review(30, rating)), Err(R::RatingUnfit));
    }
    let motion = after(done(), review(30, 5));
    assert_eq!(decide(&motion, review(30, 4)), Err(R::AlreadyReviewed));
    assert!(decide(&motion, review(31, 1)).is_ok());
    let full = Motion { reviewers: (100..100 + REVIEWS_MAX_COUNT as u128).map(person).collect(), ..motion.clone() };
    assert_eq!(decide(&full, review(31, 1)), Err(R::ReviewsFull { most: REVIEWS_MAX_COUNT }));
    let again = after(motion, revoke.clone());
    assert_eq!((again.phase, again.reviewers.len()), (Phase::Implementing, 0));
    assert_eq!(decide(&again, revoke), Err(phase_unfit(Phase::Implementing)));
}
