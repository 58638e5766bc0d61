//! What a round is: for what, with how much, judged by what, selected how. Published with the call and never changed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    fraction::Threshold,
    projects::{applicant::Applicant, fund_terms::LineKey, selection::SelectionRule},
    prose::Line,
    refusal::refusals,
    values::{AreaCode, Cents, Day, FundId, PersonId, ProjectId},
};

/// Longest title of a round, application or criterion, in characters.
pub const ROUND_TITLE_MAX_CHARS: usize = 120;
/// Longest description of an application, in characters.
pub const APPLICATION_TEXT_MAX_CHARS: usize = 4_000;
/// Most applications of one round, as many as a ballot has options.
pub const APPLICATIONS_MAX_COUNT: usize = 500;
/// Most reviewers.
pub const REVIEWERS_MAX_COUNT: usize = 50;
/// Most criteria.
pub const CRITERIA_MAX_COUNT: usize = 20;
/// Most points for a criterion, and its largest weight.
pub const POINTS_MAX: u16 = 100;
/// Longest time for objections, in days.
pub const OBJECTION_MAX_DAYS: u16 = 90;
/// Most objections of one round.
pub const OBJECTIONS_MAX_COUNT: usize = 500;

/// What reviewers give points for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Criterion {
    /// What it is.
    pub title: String,
    /// The most points.
    pub most: u16,
    /// How often they count.
    pub weight: u16,
}

/// What speaks for a project when it is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SelectedBy {
    /// The share of the points that its reviewers gave it.
    Scores,
    /// The share of the residents' ballots that approve it.
    Ballots {
        /// The share of the points that it must have to come on the ballot.
        floor: Option<Threshold>,
    },
}

/// What a round is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoundTerms {
    /// Its title.
    pub title: String,
    /// Where projects may be.
    pub area: AreaCode,
    /// The fund that grants, ...
    pub fund: FundId,
    /// ... from which line, ...
    pub line: LineKey,
    /// ... and how much in all.
    pub budget: Cents,
    /// What reviewers give points for.
    pub criteria: Vec<Criterion>,
    /// How many reviewers' scores an application needs.
    pub scores_needed: u16,
    /// What speaks for a project.
    pub selected_by: SelectedBy,
    /// How projects are selected.
    pub rule: SelectionRule,
    /// The last day for applications.
    pub applications_until: Day,
    /// How many days there are for objections after the day of the selection.
    pub objection_days: u16,
}

impl RoundTerms {
    /// Whether scores decide anything.
    pub fn needs_scores(&self) -> bool {
        matches!(self.selected_by, SelectedBy::Scores | SelectedBy::Ballots { floor: Some(_) })
    }

    /// The terms of a round called on `today`, as they are stored.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn fitted(mut self, today: Day) -> Result<Self, RoundRefusal> {
        let check = |fits: bool, refusal: RoundRefusal| if fits { Ok(()) } else { Err(refusal) };
        self.title = Line::parse(&self.title, ROUND_TITLE_MAX_CHARS, |most| RoundRefusal::RoundTitleUnfit { most })?.into();
        check(self.line.area.contains(&self.area), RoundRefusal::RoundOutsideLine)?;
        check(self.budget > Cents::ZERO, RoundRefusal::RoundBudgetUnfit)?;
        check(self.applications_until >= today, RoundRefusal::ApplicationsUntilUnfit)?;
        check(self.objection_days <= OBJECTION_MAX_DAYS, RoundRefusal::ObjectionDaysUnfit { most: OBJECTION_MAX_DAYS })?;
        let unfit = RoundRefusal::CriteriaUnfit { most: CRITERIA_MAX_COUNT, points: POINTS_MAX };
        for criterion in &mut self.criteria {
            criterion.title = Line::parse(&criterion.title, ROUND_TITLE_MAX_CHARS, |_| unfit.clone())?.into();
        }
        let range = 1..=POINTS_MAX;
        let fits = |it: &Criterion| range.contains(&it.most) && range.contains(&it.weight);
        let count = if self.needs_scores() { 1 } else { 0 };
        let counted = (count..=CRITERIA_MAX_COUNT).contains(&self.criteria.len()) && self.criteria.iter().all(fits);
        check(counted, unfit)?;
        let reviewers = usize::from(self.scores_needed);
        check(reviewers <= REVIEWERS_MAX_COUNT && (reviewers > 0 || count == 0), RoundRefusal::ScoresNeededUnfit)?;
        let proportional = matches!(self.rule.method, crate::projects::selection::Method::EqualShares { .. });
        check(!proportional || self.selected_by != SelectedBy::Scores, RoundRefusal::SharesNeedBallots)?;
        Ok(self)
    }
}

/// Where a round stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundPhase {
    /// Not called.
    #[default]
    Unknown,
    /// Applications come in.
    Called,
    /// They are screened, reviewed, voted on.
    Evaluating,
    /// Selected, open to objections.
    Selected,
    /// Announced for good.
    Announced,
    /// Cancelled for good.
    Cancelled,
}

impl RoundPhase {
    /// Its name in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Unknown => "不存在",
            Self::Called => "征集中",
            Self::Evaluating => "评审中",
            Self::Selected => "公示中",
            Self::Announced => "已公布",
            Self::Cancelled => "已取消",
        }
    }

    /// Its name in English.
    pub fn en(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Called => "open for applications",
            Self::Evaluating => "being evaluated",
            Self::Selected => "open to objections",
            Self::Announced => "announced",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationPhase {
    /// Not screened.
    Submitted,
    /// Screened and in.
    Eligible,
    /// Screened and out.
    Ineligible,
    /// Withdrawn by who applied.
    Withdrawn,
    /// Selected.
    Funded,
    /// On the reserve list.
    Reserve,
    /// Eligible and neither selected nor in reserve.
    NotSelected,
    /// Selected, and declined by who applied.
    Declined,
    /// Its project was started.
    Started,
}

/// An application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Who applies.
    pub applicant: Applicant,
    /// Who wrote it.
    pub by: PersonId,
    /// Its title.
    pub title: String,
    /// Where.
    pub area: AreaCode,
    /// What it asks for.
    pub ask: Cents,
    /// Where it stands.
    pub phase: ApplicationPhase,
    /// Of those of one group at most one is selected.
    pub group: Option<u16>,
    /// The project that was made of it.
    pub project: Option<ProjectId>,
}

/// Why a reviewer does not score an application (回避).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictGround {
    /// Belongs to who applies.
    Membership,
    /// Related to somebody there.
    Kinship,
    /// Employed there, or was.
    Employment,
    /// Gains or loses by it.
    Finances,
    /// Something else.
    Other,
}

refusals! {
    /// Why a round says no.
    pub enum RoundRefusal {
        /// Nothing of this id.
        UnknownRound("round", "没有此次遴选", "There is no such round"),
        /// Called already.
        RoundExists("round", "该次遴选已发布", "This round is called already"),
        /// Its phase does not allow it.
        RoundPhaseUnfit { zh: &'static str, en: &'static str }("round", "该次遴选{zh}，不能这样操作", "The round is {en}; this cannot be done now"),
        /// The title is no line, or too long.
        RoundTitleUnfit { most: usize }("title", "标题须为 1 至 {most} 字，不换行", "A title has 1 to {most} printable characters in one line"),
        /// The budget line is another area's.
        RoundOutsideLine("area", "遴选区域须在预算区域之内", "The round's area lies outside the budget line's"),
        /// No money.
        RoundBudgetUnfit("budget", "遴选预算须大于零", "A round has some money"),
        /// A day that is over.
        ApplicationsUntilUnfit("applicationsUntil", "申报截止日期不能早于今天", "The last day for applications is not over yet"),
        /// Too long.
        ObjectionDaysUnfit { most: u16 }("objectionDays", "公示期不能超过 {most} 天", "There are at most {most} days for objections"),
        /// Missing, too many, or with wrong points.
        CriteriaUnfit { most: usize, points: u16 }("criteria", "评审标准不超过 {most} 项，分值与权重为 1 至 {points}，名称 1 至 {ROUND_TITLE_MAX_CHARS} 字，不换行", "There are at most {most} criteria with 1 to {points} points and weights and titles of 1 to {ROUND_TITLE_MAX_CHARS} printable characters in one line"),
        /// None, or more than there can be reviewers.
        ScoresNeededUnfit("scoresNeeded", "所需评分人数不正确", "This many scores cannot be asked for"),
        /// Shares are paid by voters.
        SharesNeedBallots("rule", "均等份额法须有居民投票", "The Method of Equal Shares goes by residents' ballots"),
        /// Words are missing or too many.
        RoundReasonUnfit { most: usize }("reason", "请说明，1 至 {most} 字", "Say why in 1 to {most} characters"),
        /// The last day is over.
        ApplicationTooLate { until: Day }("round", "申报已于 {until} 截止", "Applications closed on {until}"),
        /// The last day is not over.
        ApplicationsStillOpen { until: Day }("round", "申报截止日为 {until}，尚未结束", "Applications are open until {until}"),
        /// Submitted already.
        ApplicationExists("application", "该申报已提交", "This application is submitted already"),
        /// No such application.
        UnknownApplication("application", "没有此项申报", "There is no such application"),
        /// As many as a round takes.
        TooManyApplications { most: usize }("round", "申报最多 {most} 项", "A round takes at most {most} applications"),
        /// No description, or too long a one.
        ApplicationTextUnfit { most: usize }("text", "内容须为 1 至 {most} 字", "A description has 1 to {most} printable characters"),
        /// Outside the round's area.
        ApplicationElsewhere("area", "项目区域须在遴选区域之内", "The application's area lies outside the round's"),
        /// Nothing, or more than the round has.
        AskUnfit { most: Cents }("ask", "申请金额须大于零且不超过 {most} 元", "An application asks for more than nothing and at most {most} yuan"),
        /// Its phase does not allow it.
        ApplicationPhaseUnfit("application", "该申报当前状态不能这样操作", "This cannot be done with the application as it stands"),
        /// Screened by who applied.
        OwnApplicationScreened("application", "不能审核本人的申报", "Nobody screens their own application"),
        /// Not screened yet.
        ApplicationsUnscreened { count: usize }("round", "还有 {count} 项申报未审核", "{count} applications are not screened"),
        /// Two or more, each in one group.
        GroupUnfit("applications", "互斥组须有两项以上申报，且每项只属一组", "A group has two or more applications, each in one group only"),
        /// Appointed already.
        ReviewerExists("reviewer", "已是评审", "The person is a reviewer already"),
        /// As many as there may be.
        TooManyReviewers { most: usize }("reviewer", "评审最多 {most} 名", "A round has at most {most} reviewers"),
        /// Not appointed.
        NotAReviewer("reviewer", "不是本次遴选的评审", "The person does not review this round"),
        /// Declared before.
        ConflictExists("application", "已申报回避", "The conflict is declared already"),
        /// A conflict of interest.
        ReviewerConflicted("reviewer", "有利益冲突，须回避", "A reviewer with a conflict of interest does not score it"),
        /// Not one number a criterion, or too many points.
        PointsUnfit("points", "评分须逐项填写且不超过分值", "There is one score for each criterion, within its points"),
        /// Fewer scores than the terms ask for.
        ScoresMissing { count: usize }("round", "还有 {count} 项申报评分人数不足", "{count} applications have too few scores"),
        /// Not those that are in.
        BallotUnfit("options", "选票须列出全部入围申报，每项一次", "The ballot lists each application that is in, once"),
        /// A ballot is prepared for nothing.
        NoBallotNeeded("round", "本次遴选不以居民投票决定", "This round is not decided by ballots"),
        /// There is none.
        BallotsMissing("poll", "居民投票结果尚未公布", "The residents' ballots are not counted and published yet"),
        /// They contradict each other.
        BallotsDiffer("poll", "选票与计票结果不符", "The ballots and their count contradict each other"),
        /// Raised already.
        ObjectionExists("objection", "该异议已提出", "This objection is raised already"),
        /// No such objection.
        UnknownObjection("objection", "没有此项异议", "There is no such objection"),
        /// Settled already.
        ObjectionIsSettled("objection", "该异议已处理", "This objection is settled already"),
        /// As many as a round takes.
        TooManyObjections { most: usize }("round", "异议最多 {most} 项", "A round takes at most {most} objections"),
        /// Too late.
        ObjectionTooLate { until: Day }("round", "公示已于 {until} 截止", "Objections closed on {until}"),
        /// No text, or too long a one.
        ObjectionTextUnfit { most: usize }("text", "异议内容须为 1 至 {most} 字", "An objection has 1 to {most} printable characters"),
        /// At home elsewhere.
        ObjectorFromElsewhere("person", "只有本区域居民和申报人可以提出异议", "Only residents of the round's area and applicants object"),
        /// The time for objections is not over, or some are open.
        ObjectionsOpen { until: Day }("round", "公示至 {until}，或尚有异议未处理", "Objections are open until {until}, or some are not settled"),
        /// More than it asked for.
        GrantBeyondAsk { ask: Cents }("plan", "计划资金不能超过申请的 {ask} 元", "The plan cannot say more than the {ask} yuan asked for"),
    }
}
