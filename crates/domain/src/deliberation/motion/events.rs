//! Everything the log can hold about a motion. No text here is about a person; a resident's own words are sealed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Origin;
use crate::{
    deliberation::{
        amendment::Change,
        attachment::{Attachment, FileDigest},
        motion_category::MotionCategory,
        text::Text,
    },
    event::DomainEvent,
    values::{AmendmentId, AreaCode, CouncilId, Day, MeetingId, MotionId, PersonId, Sealed, VoteId},
};

/// What happened to a motion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MotionEvent {
    /// Drafted: version 1.
    MotionDrafted {
        /// The council it is before.
        council: CouncilId,
        /// That council's area.
        area: AreaCode,
        /// Who moves it.
        mover: PersonId,
        /// What it is about.
        category: MotionCategory,
        /// What it says.
        text: Text,
        /// What it came from.
        origin: Option<Origin>,
    },
    /// The draft was rewritten.
    MotionRevised {
        /// What it is about.
        category: MotionCategory,
        /// The number of the text, from 1.
        version: u32,
        /// What it says.
        text: Text,
    },
    /// Somebody joined the movers.
    MoverJoined {
        /// Who.
        person: PersonId,
    },
    /// Somebody left the movers; others remain.
    MoverLeft {
        /// Who.
        person: PersonId,
    },
    /// The last mover left it: withdrawn for good.
    MotionWithdrawn {
        /// The last mover.
        person: PersonId,
    },
    /// A file was added.
    AttachmentAdded {
        /// Which.
        attachment: Attachment,
    },
    /// A file was taken away.
    AttachmentRemoved {
        /// The file's digest.
        sha256: FileDigest,
    },
    /// Submitted by one of its movers.
    MotionSubmitted {
        /// One of its movers.
        person: PersonId,
        /// How many seconds the charter asked for.
        seconds_needed: u32,
    },
    /// Seconded.
    MotionSeconded {
        /// Who.
        person: PersonId,
    },
    /// A second was taken back.
    SecondWithdrawn {
        /// Who.
        person: PersonId,
    },
    /// It has the seconds it needs.
    SecondsCompleted {
        /// How many second it.
        seconds: u32,
        /// How many the charter asked for.
        needed: u32,
    },
    /// Screened: the council takes it in.
    MotionAccepted {},
    /// Screened and returned: a draft again, its seconds gone.
    MotionReturned {
        /// Why.
        reason: String,
    },
    /// An amendment was proposed.
    AmendmentProposed {
        /// Its id.
        amendment: AmendmentId,
        /// Who proposed it.
        proposer: PersonId,
        /// The version it was made for.
        against: u32,
        /// What it changes.
        changes: Vec<Change>,
        /// What for.
        grounds: Option<String>,
    },
    /// Its proposer changed it.
    AmendmentRevised {
        /// Which.
        amendment: AmendmentId,
        /// The version it was made for.
        against: u32,
        /// What it changes.
        changes: Vec<Change>,
        /// What for.
        grounds: Option<String>,
    },
    /// Its proposer took it back.
    AmendmentWithdrawn {
        /// Which.
        amendment: AmendmentId,
    },
    /// It was merged; the text is this now.
    AmendmentAccepted {
        /// Which.
        amendment: AmendmentId,
        /// The vote that adopted it, if there was one.
        vote: Option<VoteId>,
        /// The number of the text, from 1.
        version: u32,
        /// The whole text with its changes.
        text: Text,
    },
    /// It was turned down.
    AmendmentRejected {
        /// Which.
        amendment: AmendmentId,
        /// The vote that rejected it, if there was one.
        vote: Option<VoteId>,
        /// Why.
        reason: String,
    },
    /// Put on a meeting's agenda.
    MotionScheduled {
        /// The meeting.
        meeting: MeetingId,
    },
    /// Taken off the agenda.
    MotionTakenOffAgenda {
        /// The meeting.
        meeting: MeetingId,
        /// Why.
        reason: String,
    },
    /// Put to the vote in this version.
    MotionPutToVote {
        /// The meeting.
        meeting: MeetingId,
        /// The vote.
        vote: VoteId,
        /// The version that is voted on.
        version: u32,
    },
    /// The vote ended without a decision; it stands on the agenda as before.
    VoteAbandoned {
        /// The vote.
        vote: VoteId,
        /// Why.
        reason: String,
    },
    /// Adopted.
    MotionAdopted {
        /// The vote.
        vote: VoteId,
        /// The version that was voted on.
        version: u32,
    },
    /// Rejected.
    MotionRejected {
        /// The vote.
        vote: VoteId,
        /// The version that was voted on.
        version: u32,
    },
    /// Referred to another council.
    MotionReferred {
        /// The other council.
        to: CouncilId,
        /// The vote that decided so, if there was one.
        vote: Option<VoteId>,
        /// Why.
        reason: String,
    },
    /// The other council made a motion of its own of it.
    ReferralAccepted {
        /// The motion that the other council made of it.
        motion: MotionId,
    },
    /// The other council did not take it; it is back.
    ReferralDeclined {
        /// Why.
        reason: String,
    },
    /// Postponed, until a day or until further notice.
    MotionPostponed {
        /// To which day; `None` until further notice.
        until: Option<Day>,
        /// The vote that decided so, if there was one.
        vote: Option<VoteId>,
        /// Why.
        reason: String,
    },
    /// Merged into another motion, for good.
    MotionMerged {
        /// The motion that remains.
        into: MotionId,
        /// Why.
        reason: String,
    },
    /// Another motion was merged into this one.
    MotionAbsorbed {
        /// The other motion.
        motion: MotionId,
    },
    /// To be read with another motion.
    MotionRelated {
        /// The other motion.
        motion: MotionId,
    },
    /// Not to be read with it any more.
    MotionUnrelated {
        /// The other motion.
        motion: MotionId,
    },
    /// How far it is carried out, in percent.
    ProgressReported {
        /// 0 to 100.
        percent: u8,
        /// What was done.
        report: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// Carried out.
    MotionCompleted {
        /// What was done.
        report: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// Not carried out after all.
    CompletionRevoked {
        /// Why.
        reason: String,
    },
    /// A resident says how well, from 1 to 5.
    MotionReviewed {
        /// Who.
        person: PersonId,
        /// 1 to 5.
        rating: u8,
        /// A resident's own words, sealed.
        text: Option<Sealed>,
    },
    /// The decision does not stand; the motion is before the council again.
    DecisionAnnulled {
        /// The vote that had made it.
        vote: VoteId,
        /// Why.
        reason: String,
    },
    /// The council takes up again what it had decided (复议).
    MotionReconsidered {
        /// The representative who moved so.
        mover: PersonId,
        /// The vote that decided so, if there was one.
        vote: Option<VoteId>,
        /// Why.
        reason: String,
    },
}
impl DomainEvent for MotionEvent {}
