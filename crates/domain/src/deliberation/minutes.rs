//! The minutes (会议纪要) of a meeting: drafted from what happened, edited, approved, published with the resolutions.
//!
//! - One set of minutes a meeting; every revision is kept.
//! - What is approved is one revision; an edit afterwards must be approved again.
//! - Published minutes change only by being reopened with a reason; what was published stays on record.
//! - People are named by `@{person id}`, which is shown as their name as long as they have not been erased.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    prose::{Prose, REASON_MAX_CHARS},
    refusal::refusals,
    values::{CouncilId, MeetingId, MotionId, VoteId},
};

/// Text of minutes, at most, in characters.
pub const MINUTES_MAX_CHARS: usize = 100_000;

const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)];
/// Draft minutes from what happened.
pub const DRAFT_MINUTES: Act = Act { name: "draftMinutes", open_to: KEEPERS };
/// Edit them.
pub const EDIT_MINUTES: Act = Act { name: "editMinutes", open_to: KEEPERS };
/// Approve a revision.
pub const APPROVE_MINUTES: Act = Act { name: "approveMinutes", open_to: KEEPERS };
/// Publish the approved revision with the meeting's resolutions.
pub const PUBLISH_MINUTES: Act = Act { name: "publishMinutes", open_to: KEEPERS };
/// Take published minutes up again.
pub const REOPEN_MINUTES: Act = Act { name: "reopenMinutes", open_to: KEEPERS };

/// A resolution (决议) as the minutes print it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resolution {
    /// The vote that made it.
    pub vote: VoteId,
    /// The motion, if it was one.
    pub motion: Option<MotionId>,
    /// What was asked.
    pub question: String,
    /// Whether it was carried.
    pub carried: bool,
    /// The printed reason, in Chinese.
    pub reason_zh: String,
    /// The printed reason, in English.
    pub reason_en: String,
}

/// How far minutes have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MinutesPhase {
    /// None yet.
    #[default]
    Unknown,
    /// Being written.
    Draft,
    /// Approved as they are.
    Approved,
    /// Published.
    Published,
}

/// Minutes' state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minutes {
    /// How far they have come.
    pub phase: MinutesPhase,
    /// The council whose meeting it was.
    pub council: Option<CouncilId>,
    /// Revisions so far: 1, 2, 3 …
    pub revision: u32,
    /// The newest text.
    pub text: String,
}

/// What may be asked of minutes.
#[derive(Debug, Clone)]
pub enum MinutesCommand {
    /// Begin, with a text made from what happened.
    Draft {
        /// The council.
        council: CouncilId,
        /// The meeting.
        meeting: MeetingId,
        /// The text.
        text: String,
    },
    /// Replace the text.
    Edit {
        /// The revision that was edited: nobody overwrites what somebody else has written meanwhile.
        revision: u32,
        /// The new text.
        text: String,
    },
    /// Approve.
    Approve {
        /// The revision that was read.
        revision: u32,
    },
    /// Publish.
    Publish {
        /// The meeting's resolutions.
        resolutions: Vec<Resolution>,
    },
    /// Take up again.
    Reopen {
        /// Why.
        reason: String,
    },
}

/// What happened to minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MinutesEvent {
    /// Begun.
    MinutesDrafted {
        /// The council.
        council: CouncilId,
        /// The meeting.
        meeting: MeetingId,
        /// The text of revision 1.
        text: String,
    },
    /// Edited.
    MinutesEdited {
        /// The new revision.
        revision: u32,
        /// Its text.
        text: String,
    },
    /// Approved.
    MinutesApproved {
        /// The revision.
        revision: u32,
    },
    /// Published.
    MinutesPublished {
        /// The revision.
        revision: u32,
        /// The meeting's resolutions.
        resolutions: Vec<Resolution>,
    },
    /// Taken up again.
    MinutesReopened {
        /// Why.
        reason: String,
    },
}
impl DomainEvent for MinutesEvent {}

refusals! {
    /// Why minutes say no.
    pub enum MinutesRefusal {
        /// None of this meeting.
        UnknownMinutes("meeting", "该会议尚无会议纪要", "This meeting has no minutes yet"),
        /// Begun already.
        MinutesExist("meeting", "该会议已有会议纪要", "This meeting has minutes already"),
        /// Minutes are drafted of a meeting that is over.
        MeetingNotOver("meeting", "会议结束后方可起草纪要", "Minutes are drafted when the meeting is over"),
        /// Empty, too long or not printable.
        MinutesTextUnfit { most: usize }("text", "会议纪要须为 1 至 {most} 个字符", "Minutes have 1 to {most} characters"),
        /// Somebody else has edited meanwhile.
        RevisionPassed { newest: u32 }("revision", "纪要已有第 {newest} 稿，请在其基础上修改", "There is a revision {newest} by now; go on from that one"),
        /// Nothing was changed.
        MinutesUnchanged("text", "内容没有变化", "Nothing was changed"),
        /// Published minutes change only when reopened.
        MinutesArePublished("meeting", "会议纪要已发布；如需修改请先重新打开", "The minutes are published; reopen them to change them"),
        /// Only approved minutes are published.
        MinutesNotApproved("meeting", "会议纪要尚未审定", "The minutes are not approved"),
        /// Approved already.
        MinutesAreApproved("revision", "该稿已审定", "This revision is approved"),
        /// Only published minutes are reopened.
        MinutesNotPublished("meeting", "会议纪要尚未发布", "The minutes are not published"),
        /// No reason, or too long a one.
        MinutesReasonUnfit { most: usize }("reason", "请说明理由（1 至 {most} 字）", "Give a reason of 1 to {most} characters"),
    }
}

type Decided = Result<Vec<MinutesEvent>, MinutesRefusal>;

/// The text as it is stored.
fn written(text: &str) -> Result<String, MinutesRefusal> {
    Prose::parse(text, MINUTES_MAX_CHARS, |most| MinutesRefusal::MinutesTextUnfit { most }).map(String::from)
}

impl Minutes {
    /// There are minutes.
    ///
    /// # Errors
    /// Meetings without.
    pub fn require_known(&self) -> Result<CouncilId, MinutesRefusal> {
        self.council.ok_or(MinutesRefusal::UnknownMinutes)
    }

    fn require_unpublished(&self) -> Result<(), MinutesRefusal> {
        self.require_known()?;
        if self.phase == MinutesPhase::Published { Err(MinutesRefusal::MinutesArePublished) } else { Ok(()) }
    }

    fn require_newest(&self, revision: u32) -> Result<(), MinutesRefusal> {
        if revision == self.revision { Ok(()) } else { Err(MinutesRefusal::RevisionPassed { newest: self.revision }) }
    }
}

impl Aggregate for Minutes {
    const NAME: &'static str = "minutes";
    type State = Self;
    type Command = MinutesCommand;
    type Event = MinutesEvent;
    type Error = MinutesRefusal;

    fn handle_command(minutes: &Self, command: MinutesCommand) -> Decided {
        match command {
            MinutesCommand::Draft { .. } if minutes.phase != MinutesPhase::Unknown => Err(MinutesRefusal::MinutesExist),
            MinutesCommand::Draft { council, meeting, text } => {
                Ok(vec![MinutesEvent::MinutesDrafted { council, meeting, text: written(&text)? }])
            }
            MinutesCommand::Edit { revision, text } => {
                minutes.require_unpublished()?;
                minutes.require_newest(revision)?;
                let text = written(&text)?;
                if text == minutes.text {
                    return Err(MinutesRefusal::MinutesUnchanged);
                }
                Ok(vec![MinutesEvent::MinutesEdited { revision: revision.saturating_add(1), text }])
            }
            MinutesCommand::Approve { revision } => {
                minutes.require_unpublished()?;
                minutes.require_newest(revision)?;
                if minutes.phase == MinutesPhase::Approved {
                    return Err(MinutesRefusal::MinutesAreApproved);
                }
                Ok(vec![MinutesEvent::MinutesApproved { revision }])
            }
            MinutesCommand::Publish { resolutions } => {
                minutes.require_unpublished()?;
                if minutes.phase != MinutesPhase::Approved {
                    return Err(MinutesRefusal::MinutesNotApproved);
                }
                Ok(vec![MinutesEvent::MinutesPublished { revision: minutes.revision, resolutions }])
            }
            MinutesCommand::Reopen { reason } => {
                minutes.require_known()?;
                if minutes.phase != MinutesPhase::Published {
                    return Err(MinutesRefusal::MinutesNotPublished);
                }
                let reason = Prose::parse(&reason, REASON_MAX_CHARS, |most| MinutesRefusal::MinutesReasonUnfit { most })?;
                Ok(vec![MinutesEvent::MinutesReopened { reason: reason.into() }])
            }
        }
    }

    fn apply_event(minutes: Self, event: MinutesEvent) -> Self {
        match event {
            MinutesEvent::MinutesDrafted { council, text, meeting: _ } => {
                Self { phase: MinutesPhase::Draft, council: Some(council), revision: 1, text }
            }
            MinutesEvent::MinutesEdited { revision, text } => Self { phase: MinutesPhase::Draft, revision, text, ..minutes },
            MinutesEvent::MinutesApproved { .. } => Self { phase: MinutesPhase::Approved, ..minutes },
            MinutesEvent::MinutesPublished { .. } => Self { phase: MinutesPhase::Published, ..minutes },
            MinutesEvent::MinutesReopened { .. } => Self { phase: MinutesPhase::Draft, ..minutes },
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::scenario::given;

    fn draft() -> MinutesCommand {
        MinutesCommand::Draft {
            council: CouncilId(Uuid::from_u128(1)), meeting: MeetingId(Uuid::from_u128(2)), text: "会议纪要".into()
        }
    }

    fn edit(revision: u32, text: &str) -> MinutesCommand {
        MinutesCommand::Edit { revision, text: text.into() }
    }

    #[test]
    fn an_edit_takes_the_approval_back() {
        let minutes = given::<Minutes>([]).and(draft()).and(MinutesCommand::Approve { revision: 1 });
        let minutes = minutes.and(edit(1, "第二稿"));
        let publish = MinutesCommand::Publish { resolutions: vec![] };
        minutes.when(publish.clone()).then_refused(MinutesRefusal::MinutesNotApproved);
        let minutes = minutes.and(MinutesCommand::Approve { revision: 2 }).and(publish);
        assert_eq!((minutes.phase, minutes.revision, minutes.text.as_str()), (MinutesPhase::Published, 2, "第二稿"));
    }

    #[test]
    fn nobody_overwrites_what_another_has_written_meanwhile() {
        let minutes = given::<Minutes>([]).and(draft()).and(edit(1, "甲"));
        minutes.when(edit(1, "乙")).then_refused(MinutesRefusal::RevisionPassed { newest: 2 });
        minutes.when(MinutesCommand::Approve { revision: 1 }).then_refused(MinutesRefusal::RevisionPassed { newest: 2 });
    }

    #[test]
    fn published_minutes_change_only_when_reopened() {
        let minutes = given::<Minutes>([]).and_all([
            draft(),
            MinutesCommand::Approve { revision: 1 },
            MinutesCommand::Publish { resolutions: vec![] },
        ]);
        minutes.when(edit(1, "改")).then_refused(MinutesRefusal::MinutesArePublished);
        let blank = MinutesCommand::Reopen { reason: " ".into() };
        minutes.when(blank).then_refused(MinutesRefusal::MinutesReasonUnfit { most: REASON_MAX_CHARS });
        let minutes = minutes.and(MinutesCommand::Reopen { reason: "漏记一项表决".into() });
        assert_eq!(minutes.and(edit(1, "改")).revision, 2);
    }

    #[test]
    fn drafting_twice_and_touching_what_is_not_there_is_refused() {
        let minutes = given::<Minutes>([]).and(draft());
        minutes.when(draft()).then_refused(MinutesRefusal::MinutesExist);
        given::<Minutes>([]).when(edit(0, "改")).then_refused(MinutesRefusal::UnknownMinutes);
        minutes.when(edit(1, "会议纪要")).then_refused(MinutesRefusal::MinutesUnchanged);
    }
}
