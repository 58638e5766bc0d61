//! What hangs on a project: its plan, course, books, reviews.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject};
use gongyi_domain::{
    projects::{
        project_plan::{Milestone as StoredMilestone, Plan},
        project_terms::RaisedFrom,
    },
    values::AreaCode,
};
use gongyi_projections::{BookEntryRow, ProjectHistoryRow, ProjectReviewRow, ProjectStep as StoredStep, RatingCount};

use crate::{
    access::{accounts::Agent, personal::Met},
    deliberation::texts::{self, Attachment},
    door::Door,
    ids::{self, BookEntryKey},
    scalars::{Date, Moment, Money},
    table::wires,
};

/// A step on the way.
#[derive(SimpleObject)]
pub struct Milestone {
    /// Its place in the plan, from 1.
    number: usize,
    /// What is done then.
    title: String,
    /// By when.
    due: Date,
}

/// A plan.
pub struct ProjectPlan(pub(crate) Plan);

/// What a project means to do.
#[Object]
impl ProjectPlan {
    /// What funds may grant it, at most.
    fn grant(&self) -> Money {
        Money(self.0.grant)
    }
    /// What it means to raise itself or to have matched.
    fn raised(&self) -> Money {
        Money(self.0.raised)
    }
    /// Its first day.
    fn starts_on(&self) -> Date {
        Date(self.0.starts_on)
    }
    /// Its last day.
    fn ends_on(&self) -> Date {
        Date(self.0.ends_on)
    }
    /// The steps on the way; 50 at most.
    fn milestones(&self) -> Vec<Milestone> {
        let told = |(number, it): (usize, &StoredMilestone)| Milestone { number, title: it.title.clone(), due: Date(it.due) };
        (1..).zip(&self.0.milestones).map(told).collect()
    }
}

/// A step on the way.
#[derive(InputObject)]
pub struct MilestoneInput {
    /// What is done then.
    title: String,
    /// By when.
    due: Date,
}

/// What a project means to do.
#[derive(InputObject)]
pub struct ProjectPlanInput {
    /// What funds may grant it, at most.
    grant: Money,
    /// What it means to raise itself or to have matched.
    raised: Money,
    /// Its first day.
    starts_on: Date,
    /// Its last day.
    ends_on: Date,
    /// The steps on the way, 1 to 50, in order.
    milestones: Vec<MilestoneInput>,
}

impl ProjectPlanInput {
    fn plan(self) -> Plan {
        let milestones = self.milestones.into_iter().map(|it| StoredMilestone { title: it.title, due: it.due.0 }).collect();
        Plan { grant: self.grant.0, raised: self.raised.0, starts_on: self.starts_on.0, ends_on: self.ends_on.0, milestones }
    }
}

wires! {
    ProjectPlanInput => Plan = |plan| plan.plan();
    MoneySource => RaisedFrom = |it| it.into();
}

/// A step of a project's course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredStep")]
pub enum ProjectStep {
    /// 立项: started.
    Started,
    /// 计划调整: its plan was changed.
    PlanRevised,
    /// 节点完成: a milestone was reached.
    MilestoneReached,
    /// 完工: reported complete.
    Completed,
    /// 验收通过: passed its audit.
    AuditPassed,
    /// 验收未通过: failed its audit; it is under way again.
    AuditFailed,
    /// 取消: cancelled for good.
    Cancelled,
}

/// A line of a project's course.
pub struct ProjectHistoryLine(pub(crate) ProjectHistoryRow);

/// A step of a project's course, with what was said of it.
#[Object(name = "ProjectHistoryEntry")]
impl ProjectHistoryLine {
    /// What was done.
    fn step(&self) -> ProjectStep {
        self.0.step.into()
    }
    /// When it was recorded.
    fn recorded_at(&self) -> Moment {
        Moment(self.0.recorded_at)
    }
    /// Who recorded it.
    fn by(&self) -> Agent {
        Agent(self.0.actor.clone())
    }
    /// The number of the milestone that was reached.
    fn milestone(&self) -> Option<u16> {
        self.0.milestone
    }
    /// Why, what was done, or what was found.
    fn text(&self) -> Option<&str> {
        self.0.text.as_deref()
    }
    /// Files that show it.
    fn evidence(&self) -> Vec<Attachment> {
        texts::attachments(&self.0.evidence)
    }
    /// The plan since then, where the step made one.
    fn plan(&self) -> Option<ProjectPlan> {
        self.0.plan.clone().map(ProjectPlan)
    }
    /// Its event's place in the log.
    fn sequence(&self) -> u64 {
        self.0.at
    }
}

/// What an entry of a project's books tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum BookEntryKind {
    /// 自筹: raised by who carries it out, residents and owners.
    SelfRaised,
    /// 配套: matched by an authority, enterprise or foundation.
    Matched,
    /// 支出: spent.
    Expense,
}

/// Where money beside grants comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "RaisedFrom")]
pub enum MoneySource {
    /// 自筹: raised by who carries it out, residents and owners.
    SelfRaised,
    /// 配套: matched by an authority, enterprise or foundation.
    Matched,
}

/// An entry of a project's books.
pub struct BookEntry(pub(crate) BookEntryRow);

/// An entry of a project's own books: money beside grants that came in, or money that was spent.
#[Object]
impl BookEntry {
    /// The global id; it names the project too.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&BookEntryKey { project: self.0.project, entry: self.0.entry })
    }
    /// What it tells.
    fn kind(&self) -> BookEntryKind {
        match self.0.raised {
            Some(RaisedFrom::SelfRaised) => BookEntryKind::SelfRaised,
            Some(RaisedFrom::Matched) => BookEntryKind::Matched,
            None => BookEntryKind::Expense,
        }
    }
    /// How much.
    fn amount(&self) -> Money {
        Money(self.0.amount)
    }
    /// The day it came or was spent.
    fn moved_on(&self) -> Date {
        Date(self.0.moved_on)
    }
    /// When it was recorded.
    fn recorded_at(&self) -> Moment {
        Moment(self.0.recorded_at)
    }
    /// What for, or where from.
    fn note(&self) -> &str {
        &self.0.note
    }
    /// Files that show it.
    fn evidence(&self) -> Vec<Attachment> {
        texts::attachments(&self.0.evidence)
    }
    /// Why it was struck out and counts for nothing; null if it stands.
    fn void_reason(&self) -> Option<&str> {
        self.0.void_reason.as_deref()
    }
}

/// An entry of a project's books; they are public.
pub(crate) async fn book_entry(door: &Door<'_>, key: BookEntryKey) -> Result<Option<BookEntry>, Error> {
    Ok(door.read(door.app.views().book_entry(key.project, key.entry).await)?.map(BookEntry))
}

/// A resident's review.
pub struct ProjectReview {
    pub(crate) row: ProjectReviewRow,
    pub(crate) area: AreaCode,
}

/// What a resident says of what a project did.
#[Object]
impl ProjectReview {
    /// Who, by the person's id.
    fn by(&self) -> ID {
        ids::id(&self.row.person)
    }
    /// The name; masked, `张*`, for those who may not see personal data; null once erased.
    async fn by_name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        let door = Door::of(ctx)?;
        Met::as_resident(&door, self.row.person, Some(self.area.clone())).name(&door).await
    }
    /// 1 to 5.
    fn rating(&self) -> u8 {
        self.row.rating
    }
    /// In the resident's own words; null for those who may not see personal data, and once erased.
    fn text(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        let met = Met::as_resident(&Door::of(ctx)?, self.row.person, Some(self.area.clone()));
        Ok(met.sight.text(self.row.text.as_deref()))
    }
    /// When.
    fn reviewed_at(&self) -> Moment {
        Moment(self.row.reviewed_at)
    }
}

/// How many residents gave a rating.
pub struct ProjectRating(pub(crate) RatingCount);

/// How many residents gave a rating.
#[Object]
impl ProjectRating {
    /// 1 to 5.
    fn rating(&self) -> u8 {
        self.0.rating
    }
    /// How many.
    fn count(&self) -> u64 {
        self.0.count
    }
}
