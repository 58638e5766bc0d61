//! Where a motion stands.

use serde::{Deserialize, Serialize};

/// Where a motion stands. Amended is none of these: that is told by the text's version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MotionPhase {
    /// Not drafted.
    #[default]
    Unknown,
    /// Its movers work on it.
    Drafted,
    /// Submitted, gathering seconds.
    Submitted,
    /// Seconded, waiting to be screened.
    Seconded,
    /// Taken in, open to amendments.
    Accepted,
    /// On a meeting's agenda.
    Scheduled,
    /// Put to the vote.
    Voting,
    /// Adopted.
    Adopted,
    /// Rejected.
    Rejected,
    /// Referred to another council.
    Referred,
    /// Postponed.
    Postponed,
    /// Withdrawn by its movers, for good.
    Withdrawn,
    /// Merged into another motion, for good.
    Merged,
    /// Being implemented.
    Implementing,
    /// Carried out.
    Done,
    /// Carried out and reviewed by residents.
    Reviewed,
}

impl MotionPhase {
    /// Not screened yet.
    pub const EARLY: [Self; 3] = [Self::Drafted, Self::Submitted, Self::Seconded];
    /// Before the council and not put to the vote: what can be amended, scheduled, postponed and referred.
    pub const BEFORE_THE_COUNCIL: [Self; 3] = [Self::Accepted, Self::Scheduled, Self::Postponed];
    /// Not put to the vote and not gone elsewhere.
    pub const OPEN: [Self; 6] = [Self::Drafted, Self::Submitted, Self::Seconded, Self::Accepted, Self::Scheduled, Self::Postponed];
    /// Adopted, and what follows.
    pub const ADOPTED: [Self; 4] = [Self::Adopted, Self::Implementing, Self::Done, Self::Reviewed];

    /// Every phase.
    pub const ALL: [Self; 16] = [
        Self::Unknown,
        Self::Drafted,
        Self::Submitted,
        Self::Seconded,
        Self::Accepted,
        Self::Scheduled,
        Self::Voting,
        Self::Adopted,
        Self::Rejected,
        Self::Referred,
        Self::Postponed,
        Self::Withdrawn,
        Self::Merged,
        Self::Implementing,
        Self::Done,
        Self::Reviewed,
    ];

    /// Its name in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Unknown => "不存在",
            Self::Drafted => "起草中",
            Self::Submitted => "已提交、待附议",
            Self::Seconded => "已附议、待审核",
            Self::Accepted => "已立案",
            Self::Scheduled => "已列入议程",
            Self::Voting => "表决中",
            Self::Adopted => "已通过",
            Self::Rejected => "未通过",
            Self::Referred => "已转交",
            Self::Postponed => "已延期",
            Self::Withdrawn => "已撤回",
            Self::Merged => "已并案",
            Self::Implementing => "落实中",
            Self::Done => "已办结",
            Self::Reviewed => "已评价",
        }
    }

    /// Its name in English.
    pub fn en(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Drafted => "a draft",
            Self::Submitted => "submitted and waiting for seconds",
            Self::Seconded => "seconded and waiting to be screened",
            Self::Accepted => "before the council",
            Self::Scheduled => "on an agenda",
            Self::Voting => "put to the vote",
            Self::Adopted => "adopted",
            Self::Rejected => "rejected",
            Self::Referred => "referred to another council",
            Self::Postponed => "postponed",
            Self::Withdrawn => "withdrawn",
            Self::Merged => "merged into another",
            Self::Implementing => "being implemented",
            Self::Done => "carried out",
            Self::Reviewed => "carried out and reviewed",
        }
    }
}
