//! A motion (议题、议案): drafted, submitted, seconded, screened, amended, scheduled, put to the vote, decided, carried out and
//! reviewed.
//!
//! - Nobody seconds or screens their own motion; a person seconds it once.
//! - A motion stands as long as one of its movers stands by it; once it was put to the vote nobody takes it back.
//! - From its submission on its text changes by amendments only, each against a version; overlapping ones are not merged.
//! - What is put to the vote is the last version, with no amendment left open.
//! - A matter is decided once. It comes back only by reconsideration (复议) or because the decision is annulled.
//! - Steps back are events of their own with a reason and, as the event's actor, who took them; nothing is reset.
//!
//! Putting to the vote, abandoning it and its decision come with the vote itself, in the same commit, under the vote's acts.
//! | phase | what may be done | by whom |
//! |---|---|---|
//! | drafted | rewrite, files, submit | movers |
//! | drafted, submitted, seconded | join | anybody who did not second it |
//! | submitted, seconded | second | anybody but movers |
//! | seconded | accept, return | keepers who do not move it |
//! | accepted, scheduled, postponed | propose an amendment; revise and withdraw one's own | representatives |
//! | accepted, scheduled, postponed | settle amendments, schedule, postpone, refer | keepers |
//! | any before the first vote | leave the movers, withdraw | movers |
//! | voting | adopted, rejected, abandoned | the vote |
//! | adopted, rejected, implementing | reconsider | a representative |
//! | all that is decided | annul | the district |
//! | adopted, implementing | report, complete | keepers |
//! | done, reviewed | review; revoke the completion | residents, once each; keepers |
//!
//! That a person is a representative or resident of the council's area is the council's to say; it is asked in the same
//! commit.
//!
//! The commands of each part of a motion's way stand with their acts and rules in a file of their own: [`drafting`],
//! [`amending`], [`deciding`], [`carrying_out`].

use std::collections::{BTreeMap, BTreeSet};

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    amendment::{self, Amendment, AmendmentPhase, ChangeRefusal, Place},
    attachment::{Attachment, AttachmentRefusal},
    motion_category::MotionCategory,
    text::{Prose, REASON_MAX_CHARS, Text, TextRefusal},
};
use crate::{
    access::authority::{Act, Role, To},
    refusal::{Refusal, refusals},
    values::{AmendmentId, AreaCode, CouncilId, MeetingId, MotionId, PersonId, ResidentIssueId, VoteId},
};

pub mod amending;
pub mod carrying_out;
pub mod deciding;
pub mod drafting;
mod events;
mod phase;

use carrying_out::{PERCENT_MAX, RATING_MAX};
pub use events::MotionEvent;
pub use phase::MotionPhase;

const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// In one's own name, or written down by an organiser for who spoke or signed on paper.
const ONESELF_AND_KEEPERS: &[To] = &[To::Oneself, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Read motions; those submitted are public.
pub const MOTIONS: Act = Act { name: "motions", open_to: &[To::Anyone] };
/// Read motions that were never submitted: the draft's movers, and who writes down for others.
pub const MOTION_DRAFTS: Act = Act { name: "motionDrafts", open_to: ONESELF_AND_KEEPERS };

/// What a motion came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A resident's issue.
    Issue {
        /// Which.
        issue: ResidentIssueId,
    },
    /// A motion that another council referred.
    Motion {
        /// Which.
        motion: MotionId,
        /// The council that referred it.
        council: CouncilId,
    },
}

/// How a vote ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The vote, which tells the rule, the counts and the reason.
    pub vote: VoteId,
    /// The version that was voted on.
    pub version: u32,
    /// Adopted, else rejected.
    pub adopted: bool,
}

/// A motion's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Motion {
    /// Where it stands.
    pub phase: MotionPhase,
    /// The council it is before.
    pub council: Option<CouncilId>,
    /// That council's area.
    pub area: Option<AreaCode>,
    /// What it is about.
    pub category: Option<MotionCategory>,
    /// What it came from.
    pub origin: Option<Origin>,
    /// Who moves it; the first drafted it.
    pub movers: Vec<PersonId>,
    /// What it says now.
    pub text: Text,
    /// The number of that text, from 1.
    pub version: u32,
    /// Who seconds it.
    pub seconders: BTreeSet<PersonId>,
    /// How many seconds it needs, as the charter said when it was submitted.
    pub seconds_needed: u32,
    /// All amendments ever proposed.
    pub amendments: BTreeMap<AmendmentId, Amendment>,
    /// Which accepted amendment touched a place last, and in which version.
    #[serde(with = "pairs")]
    pub touched: BTreeMap<Place, (u32, AmendmentId)>,
    /// The meeting on whose agenda it stands.
    pub meeting: Option<MeetingId>,
    /// All votes it was ever put to; the last may still be open.
    pub votes: Vec<VoteId>,
    /// How it was decided, as far as that stands.
    pub outcome: Option<Outcome>,
    /// Where it was referred.
    pub referred_to: Option<CouncilId>,
    /// The motion that the other council made of it.
    pub taken_over_as: Option<MotionId>,
    /// Files that belong to it.
    pub attachments: Vec<Attachment>,
    /// Motions to be read with it.
    pub related: BTreeSet<MotionId>,
    /// Motions merged into it.
    pub absorbed: BTreeSet<MotionId>,
    /// Who reviewed what came of it.
    pub reviewers: BTreeSet<PersonId>,
}

/// A map as a list of pairs: a place is no text, and only texts are keys in JSON.
mod pairs {
    use super::*;
    use serde::{Deserializer, Serializer};

    type Touched = BTreeMap<Place, (u32, AmendmentId)>;

    pub(super) fn serialize<S: Serializer>(touched: &Touched, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(touched)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Touched, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

/// What may be asked of a motion, by the part of its way.
#[derive(Debug, Clone)]
pub enum MotionCommand {
    /// Until it is screened.
    Drafting(drafting::Drafting),
    /// While its text is worked on.
    Amending(amending::Amending),
    /// From the agenda to the decision, or elsewhere.
    Deciding(deciding::Deciding),
    /// After its adoption.
    CarryingOut(carrying_out::CarryingOut),
}

refusals! {
    /// Why a motion says no.
    pub enum MotionRefusal {
        /// Nothing of this id.
        UnknownMotion("motion", "没有此议题", "There is no such motion"),
        /// Drafted already.
        MotionExists("motion", "该议题已存在", "This motion exists already"),
        /// Its phase does not allow it.
        MotionPhaseUnfit { zh: &'static str, en: &'static str }("motion", "议题{zh}，不能这样操作", "The motion is {en}; this cannot be done now"),
        /// A matter is decided once.
        AlreadyDecided("motion", "议题已有决定，只能经复议重新提出", "The matter is decided; it comes back only by reconsideration"),
        /// The text is wrong; the sentence says how.
        MotionTextUnfit { zh: String, en: String }("text", "{zh}", "{en}"),
        /// The reason, report or grounds are missing or too long.
        ReasonUnfit { most: usize }("reason", "请说明，1 至 {most} 字", "Say why or what in 1 to {most} characters"),
        /// Only movers do this.
        NotMover("person", "只有提案人可以这样操作", "Only a mover of the motion does this"),
        /// One of the movers already.
        AlreadyMover("person", "已是提案人", "The person moves this motion already"),
        /// As many as there may be.
        TooManyMovers { most: usize }("person", "提案人最多 {most} 名", "A motion has at most {most} movers"),
        /// It was put to the vote once.
        TooLateToWithdraw("motion", "议题已交付表决，不能撤回", "The motion was put to the vote; it is not withdrawn any more"),
        /// A file is wrong; the sentence says how.
        MotionAttachmentUnfit { zh: String, en: String }("attachments", "{zh}", "{en}"),
        /// No such file.
        UnknownAttachment("sha256", "没有此附件", "There is no such file"),
        /// More than anybody asks for.
        SecondsNeededUnfit { most: u32 }("secondsNeeded", "附议人数不能超过 {most}", "At most {most} seconds can be asked for"),
        /// Nobody seconds their own motion.
        OwnSecond("person", "不能附议本人提出的议题", "Nobody seconds their own motion"),
        /// A seconder at most once.
        AlreadySeconded("person", "已附议", "The person has seconded it already"),
        /// Has not seconded it.
        NotSeconded("person", "尚未附议", "The person has not seconded it"),
        /// Nobody screens their own motion.
        OwnMotionScreened("motion", "不能审核本人提出的议题", "Nobody screens their own motion"),
        /// No such amendment.
        UnknownAmendment("amendment", "没有此修正案", "There is no such amendment"),
        /// Proposed already.
        AmendmentExists("amendment", "该修正案已提出", "This amendment is proposed already"),
        /// Decided or withdrawn.
        AmendmentNotPending("amendment", "该修正案已有结果", "This amendment is decided or withdrawn"),
        /// As many as the stream takes.
        TooManyAmendments { most: usize }("amendment", "修正案最多 {most} 件", "A motion takes at most {most} amendments"),
        /// Its changes are wrong; the sentence says how.
        ChangesUnfit { zh: String, en: String }("changes", "{zh}", "{en}"),
        /// Somebody else's.
        NotProposer("amendment", "只有修正案提出人可以这样操作", "Only its proposer changes or withdraws an amendment"),
        /// Nobody accepts their own amendment unless a vote did.
        OwnAmendment("amendment", "不能自行采纳本人的修正案", "Nobody accepts their own amendment without a vote"),
        /// Another amendment changed the same place since.
        AmendmentConflict { with: AmendmentId }("amendment", "与已采纳的修正案 {with} 修改了同一处，请对照新文本重新提出", "Amendment {with} has changed the same place since; propose it against the new text"),
        /// Made for, or about, another version.
        VersionOutdated { last: u32 }("version", "文本已更新为第 {last} 版", "The text is in version {last} now"),
        /// Amendments are undecided.
        AmendmentsOpen { count: usize }("motion", "还有 {count} 件修正案未处理", "{count} amendments are not decided"),
        /// On this agenda already.
        AlreadyScheduled("meeting", "议题已列入该次会议", "The motion is on this meeting's agenda already"),
        /// Not on this agenda.
        NotOnAgenda("meeting", "议题未列入该次会议", "The motion is not on this meeting's agenda"),
        /// Every vote decides once.
        VoteUsed("vote", "该次表决已用于本议题", "This motion was put to this vote before"),
        /// Another vote than the one in question.
        OtherVote("vote", "不是本议题的这次表决", "This is not the vote in question"),
        /// Another council is needed, or this one.
        CouncilUnfit("council", "议事会不符", "This is not a fitting council"),
        /// The other council has made a motion of it.
        AlreadyTakenOver("motion", "该议题已由其他议事会接收", "The other council has taken it over already"),
        /// A day in the future.
        PostponementUnfit("until", "延期日期须晚于今天", "It is postponed to a day after today"),
        /// Itself, merged before, or too many.
        OtherMotionUnfit("otherMotion", "关联或合并的议题不正确", "This motion cannot be merged into or related to that one"),
        /// Not a share.
        PercentUnfit("percent", "进度须为 0 至 {PERCENT_MAX}", "Progress is 0 to {PERCENT_MAX} percent"),
        /// Not a rating.
        RatingUnfit("rating", "评分须为 1 至 {RATING_MAX}", "A rating is 1 to {RATING_MAX}"),
        /// Nobody reviews twice.
        AlreadyReviewed("person", "已评价", "The person has reviewed it already"),
        /// As many as the stream takes.
        ReviewsFull { most: usize }("motion", "评价人数已达上限 {most}", "A motion takes at most {most} reviews"),
        /// At home elsewhere.
        NotAResident("person", "只有本区域居民可以评价", "Only residents of the council's area review what it had done"),
        /// A review's text is too long or not printable.
        ReviewTextUnfit { most: usize }("text", "评价内容须为 1 至 {most} 字", "A review's text has 1 to {most} characters"),
    }
}

impl From<TextRefusal> for MotionRefusal {
    fn from(refusal: TextRefusal) -> Self {
        let Refusal { zh, en, .. } = refusal.into();
        Self::MotionTextUnfit { zh, en }
    }
}
impl From<ChangeRefusal> for MotionRefusal {
    fn from(refusal: ChangeRefusal) -> Self {
        let Refusal { zh, en, .. } = refusal.into();
        Self::ChangesUnfit { zh, en }
    }
}
impl From<AttachmentRefusal> for MotionRefusal {
    fn from(refusal: AttachmentRefusal) -> Self {
        let Refusal { zh, en, .. } = refusal.into();
        Self::MotionAttachmentUnfit { zh, en }
    }
}

use MotionEvent as E;
use MotionRefusal as R;
type Decision = Result<Vec<E>, R>;

fn check(fits: bool, refusal: R) -> Result<(), R> {
    if fits { Ok(()) } else { Err(refusal) }
}

/// A reason or report as it is stored.
fn written(text: &str) -> Result<String, R> {
    Prose::parse(text, REASON_MAX_CHARS, |most| R::ReasonUnfit { most }).map(String::from)
}

impl Motion {
    /// The motion stands in one of these phases.
    ///
    /// # Errors
    /// Unknown motions and all in another phase.
    fn require(&self, phases: &[MotionPhase]) -> Result<(), R> {
        match self.phase {
            MotionPhase::Unknown => Err(R::UnknownMotion),
            phase if phases.contains(&phase) => Ok(()),
            phase => Err(R::MotionPhaseUnfit { zh: phase.zh(), en: phase.en() }),
        }
    }

    /// As [`Motion::require`], before the decision: what is decided says so.
    fn require_undecided(&self, phases: &[MotionPhase]) -> Result<(), R> {
        if self.outcome.is_some() { Err(R::AlreadyDecided) } else { self.require(phases) }
    }

    fn require_mover(&self, person: PersonId) -> Result<(), R> {
        check(self.movers.contains(&person), R::NotMover)
    }

    /// The decision that adopted it, if that stands: what a covenant or a project may rest on.
    ///
    /// # Errors
    /// Unknown motions and all that are not adopted.
    pub fn require_adopted(&self) -> Result<Outcome, R> {
        self.require(&MotionPhase::ADOPTED)?;
        self.outcome.ok_or(R::UnknownMotion)
    }

    /// Amendments that are neither decided nor withdrawn.
    pub fn open_amendments(&self) -> impl Iterator<Item = (AmendmentId, &Amendment)> {
        self.amendments.iter().filter(|(_, it)| it.phase == AmendmentPhase::Pending).map(|(id, it)| (*id, it))
    }

    /// The amendments that touch a place of this open one: others that are open, and those merged since it was made.
    /// Empty for amendments that are unknown or not open.
    pub fn overlapping(&self, id: AmendmentId) -> BTreeSet<AmendmentId> {
        let Some((_, it)) = self.open_amendments().find(|(other, _)| *other == id) else { return BTreeSet::new() };
        let places = amendment::places(&it.changes);
        let open = self.open_amendments().filter(|(other, _)| *other != id);
        let open = open.filter(|(_, other)| !amendment::places(&other.changes).is_disjoint(&places)).map(|(id, _)| id);
        open.chain(places.iter().filter_map(|place| self.merged_since(*place, it.against))).collect()
    }

    /// The accepted amendment that touched the place after a version.
    fn merged_since(&self, place: Place, version: u32) -> Option<AmendmentId> {
        self.touched.get(&place).filter(|(touched, _)| *touched > version).map(|(_, id)| *id)
    }

    fn next_version(&self) -> Result<u32, R> {
        self.version.checked_add(1).ok_or(R::VersionOutdated { last: self.version })
    }
}

impl Aggregate for Motion {
    const NAME: &'static str = "motion";
    type State = Self;
    type Command = MotionCommand;
    type Event = E;
    type Error = R;

    fn handle_command(motion: &Self, command: MotionCommand) -> Decision {
        match command {
            MotionCommand::Drafting(command) => motion.drafting(command),
            MotionCommand::Amending(command) => motion.amending(command),
            MotionCommand::Deciding(command) => motion.deciding(command),
            MotionCommand::CarryingOut(command) => motion.carrying_out(command),
        }
    }

    fn apply_event(mut motion: Self, event: E) -> Self {
        match event {
            E::MotionDrafted { council, area, mover, category, text, origin } => {
                motion = Self {
                    phase: MotionPhase::Drafted,
                    council: Some(council),
                    area: Some(area),
                    category: Some(category),
                    origin,
                    movers: vec![mover],
                    text,
                    version: 1,
                    ..Self::default()
                };
            }
            E::MotionRevised { category, version, text } => {
                motion.category = Some(category);
                motion.version = version;
                motion.text = text;
            }
            E::MoverJoined { person } => motion.movers.push(person),
            E::MoverLeft { person } => motion.movers.retain(|mover| *mover != person),
            E::MotionWithdrawn { .. } => motion.phase = MotionPhase::Withdrawn,
            E::AttachmentAdded { attachment } => motion.attachments.push(attachment),
            E::AttachmentRemoved { sha256 } => motion.attachments.retain(|it| it.sha256 != sha256),
            E::MotionSubmitted { person: _, seconds_needed } => {
                motion.phase = MotionPhase::Submitted;
                motion.seconds_needed = seconds_needed;
            }
            E::MotionSeconded { person } => {
                motion.seconders.insert(person);
            }
            E::SecondWithdrawn { person } => {
                motion.seconders.remove(&person);
            }
            E::SecondsCompleted { .. } => motion.phase = MotionPhase::Seconded,
            E::MotionAccepted {} => motion.phase = MotionPhase::Accepted,
            E::MotionReturned { .. } => {
                motion.phase = MotionPhase::Drafted;
                motion.seconders.clear();
            }
            E::AmendmentProposed { amendment, proposer, against, changes, grounds: _ } => {
                motion.amendments.insert(amendment, Amendment { proposer, against, changes, phase: AmendmentPhase::Pending });
            }
            E::AmendmentRevised { amendment, against, changes, grounds: _ } => {
                if let Some(it) = motion.amendments.get_mut(&amendment) {
                    (it.against, it.changes) = (against, changes);
                }
            }
            E::AmendmentWithdrawn { amendment } => motion.settle(amendment, AmendmentPhase::Withdrawn),
            E::AmendmentRejected { amendment, .. } => motion.settle(amendment, AmendmentPhase::Rejected),
            E::AmendmentAccepted { amendment, vote: _, version, text } => {
                motion.settle(amendment, AmendmentPhase::Accepted);
                let changes = motion.amendments.get(&amendment).map_or(&[][..], |it| &it.changes);
                motion.touched.extend(amendment::places(changes).into_iter().map(|place| (place, (version, amendment))));
                motion.version = version;
                motion.text = text;
            }
            E::MotionScheduled { meeting } => {
                motion.phase = MotionPhase::Scheduled;
                motion.meeting = Some(meeting);
            }
            E::ReferralDeclined { .. } if motion.outcome.is_some() => {
                motion.phase = MotionPhase::Adopted;
                motion.referred_to = None;
            }
            E::MotionTakenOffAgenda { .. } | E::ReferralDeclined { .. } => motion.before_the_council(),
            E::MotionPutToVote { vote, .. } => {
                motion.phase = MotionPhase::Voting;
                motion.votes.push(vote);
            }
            E::VoteAbandoned { .. } => motion.phase = MotionPhase::Scheduled,
            E::MotionAdopted { vote, version } => {
                motion.phase = MotionPhase::Adopted;
                motion.outcome = Some(Outcome { vote, version, adopted: true });
            }
            E::MotionRejected { vote, version } => {
                motion.phase = MotionPhase::Rejected;
                motion.outcome = Some(Outcome { vote, version, adopted: false });
            }
            E::MotionReferred { to, .. } => {
                motion.phase = MotionPhase::Referred;
                motion.meeting = None;
                motion.referred_to = Some(to);
            }
            E::ReferralAccepted { motion: other } => motion.taken_over_as = Some(other),
            E::MotionPostponed { .. } => {
                motion.phase = MotionPhase::Postponed;
                motion.meeting = None;
            }
            E::MotionMerged { .. } => motion.phase = MotionPhase::Merged,
            E::MotionAbsorbed { motion: other } => {
                motion.absorbed.insert(other);
            }
            E::MotionRelated { motion: other } => {
                motion.related.insert(other);
            }
            E::MotionUnrelated { motion: other } => {
                motion.related.remove(&other);
            }
            E::ProgressReported { .. } => motion.phase = MotionPhase::Implementing,
            E::MotionCompleted { .. } => motion.phase = MotionPhase::Done,
            E::CompletionRevoked { .. } => {
                motion.phase = MotionPhase::Implementing;
                motion.reviewers.clear();
            }
            E::MotionReviewed { person, .. } => {
                motion.phase = MotionPhase::Reviewed;
                motion.reviewers.insert(person);
            }
            E::DecisionAnnulled { .. } | E::MotionReconsidered { .. } => {
                motion.outcome = None;
                motion.reviewers.clear();
                motion.before_the_council();
            }
        }
        motion
    }
}

impl Motion {
    fn settle(&mut self, amendment: AmendmentId, phase: AmendmentPhase) {
        if let Some(it) = self.amendments.get_mut(&amendment) {
            it.phase = phase;
        }
    }

    /// Accepted, and neither on an agenda nor elsewhere.
    fn before_the_council(&mut self) {
        self.phase = MotionPhase::Accepted;
        self.meeting = None;
        self.referred_to = None;
    }
}

#[cfg(test)]
mod tests;
