//! Where a project stands, what it came from, how its money is told, and why it says no.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{project::PROJECT_RATING_MAX, project_plan::PROJECT_TITLE_MAX_CHARS};
use crate::{
    attachment::AttachmentRefusal,
    prose::{Prose, REASON_MAX_CHARS},
    refusal::{Refusal, refusals},
    values::{ApplicationId, BookEntryId, Cents, CouncilId, Day, MotionId, RoundId, VoteId},
};

/// Where a project stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectPhase {
    /// Not started.
    #[default]
    Unknown,
    /// Being carried out.
    UnderWay,
    /// Reported complete.
    Completed,
    /// Passed its audit.
    Audited,
    /// Cancelled for good.
    Cancelled,
}

impl ProjectPhase {
    /// Its name in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Unknown => "不存在",
            Self::UnderWay => "实施中",
            Self::Completed => "已完成",
            Self::Audited => "已验收",
            Self::Cancelled => "已取消",
        }
    }

    /// Its name in English.
    pub fn en(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::UnderWay => "under way",
            Self::Completed => "completed",
            Self::Audited => "audited",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a project came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectOrigin {
    /// A council's resolution.
    Resolution {
        /// The council.
        council: CouncilId,
        /// The adopted motion.
        motion: MotionId,
        /// The vote that adopted it.
        vote: VoteId,
    },
    /// A round of selection.
    Round {
        /// Which.
        round: RoundId,
        /// The selected application.
        application: ApplicationId,
    },
    /// An office's own decision.
    Office {
        /// The office: `翠香街道办事处`.
        authority: String,
        /// Why, and by which document.
        reason: String,
    },
}

impl ProjectOrigin {
    /// The origin as it is stored.
    pub(super) fn fitted(self) -> Result<Self, ProjectRefusal> {
        let written = |text: &str| Prose::parse(text, REASON_MAX_CHARS, |most| ProjectRefusal::OfficeUnfit { most }).map(String::from);
        Ok(match self {
            Self::Office { authority, reason } => Self::Office { authority: written(&authority)?, reason: written(&reason)? },
            Self::Resolution { .. } | Self::Round { .. } => self,
        })
    }
}

/// Where money beside grants comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RaisedFrom {
    /// 自筹: raised by who carries it out, residents and owners.
    SelfRaised,
    /// 配套: matched by an authority, enterprise or foundation.
    Matched,
}

/// What happens to a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantMovement {
    /// Granted.
    Allocated,
    /// Taken back before it was paid.
    Released,
    /// Paid.
    Disbursed,
    /// Given back after it was paid.
    Returned,
}

/// What an entry of a project's own books tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookEntryKind {
    /// Money beside grants came in.
    Raised(RaisedFrom),
    /// Money was spent.
    Expense,
    /// Of what was spent, something came back.
    Refund {
        /// Of which expense.
        of: BookEntryId,
    },
}

/// An entry of a project's own books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookEntry {
    /// How much.
    pub amount: Cents,
    /// The day it came or was spent.
    pub on: Day,
    /// What it tells.
    pub kind: BookEntryKind,
}

refusals! {
    /// Why a project says no.
    pub enum ProjectRefusal {
        /// Nothing of this id.
        UnknownProject("project", "没有此项目", "There is no such project"),
        /// Started already.
        ProjectExists("project", "该项目已启动", "This project is started already"),
        /// Its phase does not allow it.
        ProjectPhaseUnfit { zh: &'static str, en: &'static str }("project", "该项目{zh}，不能这样操作", "The project is {en}; this cannot be done now"),
        /// Outside the area of the council that resolved it.
        ProjectElsewhere("area", "项目区域须在议事会辖区之内", "The project's area lies outside the council's"),
        /// No office or no reason, or too long.
        OfficeUnfit { most: usize }("office", "须写明机关及理由，各为 1 至 {most} 字", "An office and a reason of 1 to {most} characters each are needed"),
        /// The title is no line, or too long.
        ProjectTitleUnfit { most: usize }("title", "标题须为 1 至 {most} 字，不换行", "A title has 1 to {most} printable characters in one line"),
        /// It ends before it starts.
        ProjectDaysUnfit("plan", "结束日期不能早于开始日期", "A project does not end before it starts"),
        /// It lasts for ever, or is planned for another age.
        ProjectTooLong { most: i32 }("plan", "项目期限不超过 {most} 年，且不能早于或晚于启动 {most} 年以上开始", "A project lasts at most {most} years, and begins within {most} years of the day it is started on"),
        /// No milestone, too many, or one whose title is no line or whose day is not within the project's.
        MilestonesUnfit { most: usize }("plan", "须有 1 至 {most} 个里程碑，日期在项目期内，名称 1 至 {PROJECT_TITLE_MAX_CHARS} 字，不换行", "There are 1 to {most} milestones, each within the project's days, with a title of 1 to {PROJECT_TITLE_MAX_CHARS} printable characters in one line"),
        /// No money at all, or too much.
        PlannedMoneyUnfit("plan", "计划资金须大于零且不能过大", "A project plans some money, and not too much"),
        /// Less than is granted already.
        PlanBelowGranted { granted: Cents }("plan", "已拨款 {granted} 元，计划不能更低", "{granted} yuan are granted already; the plan cannot say less"),
        /// Reached milestones stay.
        ReachedMilestoneChanged("plan", "已完成的里程碑不能更改", "A milestone that is reached does not change"),
        /// No such milestone.
        UnknownMilestone("milestone", "没有此里程碑", "There is no such milestone"),
        /// Reached already.
        MilestoneIsReached("milestone", "该里程碑已完成", "This milestone is reached already"),
        /// Some are left.
        MilestonesOpen { count: usize }("project", "还有 {count} 个里程碑未完成", "{count} milestones are not reached"),
        /// More than the plan allows.
        GrantBeyondPlan { left: Cents }("amount", "按计划至多还可拨款 {left} 元", "By its plan the project can be granted at most {left} yuan more"),
        /// More than is granted and not paid, or than was paid.
        GrantMovedTooFar { left: Cents }("amount", "该项目可变动的拨款仅 {left} 元", "Only {left} yuan of the project's grants can be moved so"),
        /// More than the project has.
        BooksOverdrawn { left: Cents }("amount", "项目账面余额仅 {left} 元", "The project has only {left} yuan"),
        /// Nothing, or more than there is an amount for.
        BookAmountUnfit("amount", "金额须大于零且不能过大", "An amount is more than nothing and not too large"),
        /// Recorded already.
        BookEntryExists("entry", "该笔账目已记录", "This entry is recorded already"),
        /// No such entry, or struck out.
        UnknownBookEntry("entry", "没有此笔账目", "There is no such entry"),
        /// As many as the stream takes.
        TooManyBookEntries { most: usize }("project", "账目最多 {most} 笔", "A project takes at most {most} entries"),
        /// Money moves today or has moved before.
        BookedInFuture("on", "日期不能晚于今天", "The day lies in the future"),
        /// Before the project, or a refund before its expense.
        BookedTooEarly { earliest: Day }("on", "日期不能早于 {earliest}", "The day is {earliest} at the earliest"),
        /// More than was spent and did not come back.
        RefundExceedsExpense { kept: Cents }("amount", "该笔支出未退回部分仅 {kept} 元", "Only {kept} yuan of this expense have not come back"),
        /// Its refunds are struck out first.
        ExpenseIsRefunded("entry", "该笔支出已有退款，须先作废退款", "Something of this expense came back; strike that out first"),
        /// An audit has passed it.
        BookEntryAudited("entry", "该笔账目已经审计，不能作废", "An audit has passed this entry; it stays"),
        /// Words are missing or too many.
        ProjectReasonUnfit { most: usize }("reason", "请说明，1 至 {most} 字", "Say why or what in 1 to {most} characters"),
        /// Nothing shows it.
        ExpenseUnproven("evidence", "须附凭证", "Evidence is needed"),
        /// A file is wrong; the sentence says how.
        ProjectEvidenceUnfit { zh: String, en: String }("evidence", "{zh}", "{en}"),
        /// Not a rating.
        ProjectRatingUnfit("rating", "评分须为 1 至 {PROJECT_RATING_MAX}", "A rating is 1 to {PROJECT_RATING_MAX}"),
        /// Nobody reviews twice.
        ProjectReviewedAlready("person", "已评价", "The person has reviewed it already"),
        /// As many as the stream takes.
        ProjectReviewsFull { most: usize }("project", "评价人数已达上限 {most}", "A project takes at most {most} reviews"),
        /// A review's text is too long or not printable.
        ProjectReviewTextUnfit { most: usize }("text", "评价内容须为 1 至 {most} 字", "A review's text has 1 to {most} characters"),
        /// At home elsewhere.
        ReviewerFromElsewhere("person", "只有本区域居民可以评价", "Only residents of the project's area review it"),
    }
}

impl From<AttachmentRefusal> for ProjectRefusal {
    fn from(refusal: AttachmentRefusal) -> Self {
        let Refusal { zh, en, .. } = refusal.into();
        Self::ProjectEvidenceUnfit { zh, en }
    }
}
