//! Random but valid courses of motions: what may be next in a motion's phase, decided by the domain's own rules.

use gongyi_domain::{
    deliberation::{
        amendment::Change,
        attachment::Attachment,
        motion::{Motion, MotionPhase, amending::Amending, carrying_out::CarryingOut, deciding::Deciding, drafting::Drafting},
        motion_category::MotionCategory,
        motion_register::{MotionRegister, MotionRegisterCommand},
        text::{Paragraph, Text},
    },
    values::{AmendmentId, CouncilId, MeetingId, MotionId, ParagraphId, PersonId, VoteId},
};
use uuid::Uuid;

use super::{
    Platform, seal,
    story::{States, person},
};

pub const COUNCIL: CouncilId = CouncilId(Uuid::from_u128(0x5000));
const MEETING: MeetingId = MeetingId(Uuid::from_u128(0x5100));
pub const AREA: &str = "440402001001";

/// What a council deliberates on.
#[derive(Default)]
pub struct Deliberation {
    motions: States<Motion>,
    registers: States<MotionRegister>,
    serial: u128,
}

pub fn motion(n: u32) -> MotionId {
    MotionId(Uuid::from_u128(0x6000 + u128::from(n)))
}
pub fn paragraph(n: u32) -> ParagraphId {
    ParagraphId(Uuid::from_u128(0x7000 + u128::from(n)))
}
pub fn text(title: &str, words: &str) -> Text {
    Text { title: title.to_owned(), paragraphs: vec![Paragraph { id: paragraph(0), text: words.to_owned() }] }
}
fn file() -> Attachment {
    Attachment { sha256: "ab".repeat(32).parse().unwrap(), name: "照片.jpg".into(), media_type: "image/jpeg".into(), bytes: 9 }
}

impl Deliberation {
    /// Something may happen to one of the motions.
    pub async fn wish(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let id = motion(a % 2);
        let now = self.motions.0.get(&id.0).cloned().unwrap_or_default();
        self.serial += 1;
        let serial = self.serial;
        let reason = || format!("because {b}");
        let fresh = |kind: u128| Uuid::from_u128(kind + serial);
        let open = now.open_amendments().next().map(|(id, _)| id);
        let says = Change::Replace { paragraph: paragraph(0), text: format!("says {b} {serial}") };
        let propose = Amending::Propose {
            amendment: AmendmentId(fresh(0x8000)),
            by: person(b),
            against: now.version,
            changes: vec![says],
            grounds: Some(reason()),
        };
        let vote = now.votes.last().copied().unwrap_or(VoteId(Uuid::nil()));
        let command = match (now.phase, b % 6) {
            (MotionPhase::Unknown, _) => Drafting::Draft {
                council: COUNCIL,
                area: AREA.parse().unwrap(),
                mover: person(a),
                category: MotionCategory::ALL[b as usize % MotionCategory::ALL.len()],
                text: text(&format!("motion {b}"), "first"),
                origin: None,
            }
            .into(),
            (MotionPhase::Drafted, 0) => Drafting::Join { by: person(b) }.into(),
            (MotionPhase::Drafted, 1) => {
                Drafting::Revise { by: now.movers[0], category: MotionCategory::Other, text: text("revised", &reason()) }.into()
            }
            (MotionPhase::Drafted, 2) => Drafting::Withdraw { by: person(b) }.into(),
            (MotionPhase::Drafted, _) => Drafting::Submit { by: now.movers[0], seconds_needed: b % 2 }.into(),
            (MotionPhase::Submitted, _) => Drafting::Second { by: person(b), sitting: (0..6).map(person).collect() }.into(),
            (MotionPhase::Seconded, 0) => Drafting::Return { screener: None, reason: reason() }.into(),
            (MotionPhase::Seconded, _) => Drafting::Accept { screener: None }.into(),
            (MotionPhase::Accepted | MotionPhase::Postponed | MotionPhase::Scheduled, 0) => propose.into(),
            (MotionPhase::Accepted | MotionPhase::Postponed | MotionPhase::Scheduled, n) if open.is_some() => match n {
                1 => Amending::Reject { amendment: open.unwrap(), vote: None, reason: reason() }.into(),
                2 => {
                    let it = &now.amendments[&open.unwrap()];
                    let (amendment, changes) = (open.unwrap(), it.changes.clone());
                    Amending::Revise { amendment, by: it.proposer, against: now.version, changes, grounds: None }.into()
                }
                3 => Amending::Withdraw { amendment: open.unwrap(), by: now.amendments[&open.unwrap()].proposer }.into(),
                _ => Amending::Accept { amendment: open.unwrap(), by: None, vote: None }.into(),
            },
            (MotionPhase::Accepted, 1) => {
                Deciding::Postpone { until: None, today: platform.now.date_naive(), vote: None, reason: reason() }.into()
            }
            (MotionPhase::Accepted | MotionPhase::Postponed, _) => Deciding::Schedule { meeting: MEETING }.into(),
            (MotionPhase::Scheduled, 1) => Deciding::TakeOffAgenda { reason: reason() }.into(),
            (MotionPhase::Scheduled, _) => {
                Deciding::PutToVote { meeting: MEETING, vote: VoteId(fresh(0x9_0000)), version: now.version }.into()
            }
            (MotionPhase::Voting, 0) => Deciding::AbandonVote { vote, reason: reason() }.into(),
            (MotionPhase::Voting, n) => Deciding::Decide { vote, adopted: n > 1 }.into(),
            (MotionPhase::Rejected, _) | (MotionPhase::Adopted | MotionPhase::Implementing, 0) => {
                Deciding::Reconsider { mover: person(b), vote: None, reason: reason() }.into()
            }
            (MotionPhase::Adopted | MotionPhase::Implementing, 1 | 2) => {
                CarryingOut::ReportProgress { percent: u8::try_from(b % 101).unwrap(), report: reason(), evidence: vec![file()] }.into()
            }
            (MotionPhase::Adopted | MotionPhase::Implementing, _) => CarryingOut::Complete { report: reason(), evidence: vec![] }.into(),
            (MotionPhase::Done | MotionPhase::Reviewed, 0) => CarryingOut::RevokeCompletion { reason: reason() }.into(),
            (MotionPhase::Done | MotionPhase::Reviewed, 1) if b.is_multiple_of(5) => {
                Deciding::AnnulDecision { vote, reason: reason() }.into()
            }
            (MotionPhase::Done | MotionPhase::Reviewed, _) => {
                review(person(b), 1 + u8::try_from(b % 5).unwrap(), &format!("review {b}")).into()
            }
            (MotionPhase::Referred | MotionPhase::Withdrawn | MotionPhase::Merged, _) => Deciding::Relate { id, motion: motion(9) }.into(),
        };
        let submits = now.phase == MotionPhase::Drafted;
        let done = self.motions.act::<Motion>(platform, id.0, command).await;
        if done && submits && self.motions.0[&id.0].phase != MotionPhase::Drafted {
            let number = MotionRegisterCommand::Number { motion: id, year: 2026 };
            self.registers.act::<MotionRegister>(platform, COUNCIL.0, number).await;
        }
    }
}

/// A review with sealed words.
pub fn review(by: PersonId, rating: u8, words: &str) -> CarryingOut {
    CarryingOut::Review { by, rating, text: Some(seal(by, "MotionReviewed", "text", words)) }
}
