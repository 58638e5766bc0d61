//! Reading projects.

use gongyi_domain::{
    projects::project_terms::ProjectPhase,
    values::{AreaCode, BookEntryId, CouncilId, Day, FundId, MotionId, OrganisationId, ProjectId, RoundId},
};

use super::{
    funds::LedgerRow,
    projects::{BookEntryRow, ProjectHistoryRow, ProjectReviewRow, ProjectRow},
};
use crate::{
    deliberation::motion_queries::RatingCount,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    rows::Row,
    views::Views,
};

/// Which projects.
#[derive(Debug, Clone, Default)]
pub struct ProjectFilter {
    /// In this area or within it.
    pub area: Option<AreaCode>,
    /// In one of these phases; any if empty.
    pub phases: Vec<ProjectPhase>,
    /// That came from this motion.
    pub motion: Option<MotionId>,
    /// That this council resolved.
    pub resolved_by: Option<CouncilId>,
    /// That this round selected.
    pub round: Option<RoundId>,
    /// That this organisation carries out.
    pub organisation: Option<OrganisationId>,
    /// That this council carries out.
    pub council: Option<CouncilId>,
    /// That this fund grants or granted money.
    pub fund: Option<FundId>,
    /// Whose plan ends before this day.
    pub ends_before: Option<Day>,
    /// Whose title contains this.
    pub title_contains: Option<String>,
}

/// How projects are ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProjectSort {
    /// By when they were started.
    #[default]
    StartedAt,
    /// By when anything of them changed last.
    ChangedAt,
    /// By the last day of their plan.
    EndsOn,
    /// By title.
    Title,
}

impl ProjectSort {
    fn sort(self, descending: bool) -> Sort {
        let (name, column) = match self {
            Self::StartedAt => ("projects.started_at", "p.started_at"),
            Self::ChangedAt => ("projects.changed_at", "p.changed_at"),
            Self::EndsOn => ("projects.ends_on", "p.ends_on"),
            Self::Title => ("projects.title", "p.title"),
        };
        Sort { name, columns: vec![SortColumn::plain(column), SortColumn::plain("p.id")], descending }
    }
}

impl Views {
    /// Projects, ordered.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn projects(
        &self,
        filter: &ProjectFilter,
        sort: ProjectSort,
        descending: bool,
        page: &PageArgs,
    ) -> Result<Page<ProjectRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.in_area("p.area", filter.area.as_ref());
        if !filter.phases.is_empty() {
            conditions.with("p.phase IN (SELECT value FROM json_each(?))", serde_json::to_string(&filter.phases)?);
        }
        conditions.maybe("p.motion=?", filter.motion.map(|id| id.to_string()));
        conditions.maybe("p.resolved_by=?", filter.resolved_by.map(|id| id.to_string()));
        conditions.maybe("p.round=?", filter.round.map(|id| id.to_string()));
        conditions.maybe("p.organisation=?", filter.organisation.map(|id| id.to_string()));
        conditions.maybe("p.council=?", filter.council.map(|id| id.to_string()));
        conditions.maybe("p.id IN (SELECT g.project FROM project_grants g WHERE g.fund=?)", filter.fund.map(|id| id.to_string()));
        conditions.maybe("p.ends_on<?", filter.ends_before.map(|day| day.to_string()));
        conditions.maybe("instr(p.title,?)>0", filter.title_contains.as_deref());
        let sort = sort.sort(descending);
        Listing { select: ProjectRow::select("p"), from: "projects p", conditions, sort }.page(self, page).await
    }

    /// Projects by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn projects_by_ids(&self, ids: &[ProjectId]) -> Result<Vec<ProjectRow>, QueryError> {
        let sql = format!("SELECT {} FROM projects p WHERE p.id IN (SELECT value FROM json_each(?))", ProjectRow::select("p"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// A project's course, in the order of its events.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn project_history(
        &self,
        project: ProjectId,
        descending: bool,
        page: &PageArgs,
    ) -> Result<Page<ProjectHistoryRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("h.project=?", project.to_string());
        let sort = Sort { name: "project_history", columns: vec![SortColumn::plain("h.at")], descending };
        Listing { select: ProjectHistoryRow::select("h"), from: "project_history h", conditions, sort }.page(self, page).await
    }

    /// A project's own books, by the day the money moved; struck out entries too if they are asked for.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn project_books(&self, project: ProjectId, include_void: bool, page: &PageArgs) -> Result<Page<BookEntryRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("b.project=?", project.to_string());
        if !include_void {
            conditions.plain("b.void_reason IS NULL");
        }
        let columns = vec![SortColumn::plain("b.moved_on"), SortColumn::plain("b.entry")];
        let sort = Sort { name: "project_books", columns, descending: false };
        Listing { select: BookEntryRow::select("b"), from: "project_books b", conditions, sort }.page(self, page).await
    }

    /// One entry of a project's books.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn book_entry(&self, project: ProjectId, entry: BookEntryId) -> Result<Option<BookEntryRow>, QueryError> {
        let sql = format!("SELECT {} FROM project_books b WHERE b.project=? AND b.entry=?", BookEntryRow::select("b"));
        let binds = [project.to_string().into(), entry.to_string().into()];
        Ok(fetch(&mut *self.pool().acquire().await?, sql, &binds).await?.pop())
    }

    /// What funds' ledgers say of a project's grants, in the order of the events.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn project_ledger(&self, project: ProjectId, page: &PageArgs) -> Result<Page<LedgerRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("l.project=?", project.to_string());
        let columns = vec![SortColumn::plain("l.event"), SortColumn::plain("l.leg")];
        let sort = Sort { name: "project_ledger", columns, descending: false };
        Listing { select: LedgerRow::select("l"), from: "fund_ledger l", conditions, sort }.page(self, page).await
    }

    /// The reviews of a project, newest first.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn project_reviews(&self, project: ProjectId, page: &PageArgs) -> Result<Page<ProjectReviewRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("r.project=?", project.to_string());
        let sort = Sort { name: "project_reviews", columns: vec![SortColumn::plain("r.at")], descending: true };
        Listing { select: ProjectReviewRow::select("r"), from: "project_reviews r", conditions, sort }.page(self, page).await
    }

    /// How many residents gave each of these projects which rating; ratings nobody gave are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn project_ratings(&self, projects: &[ProjectId]) -> Result<Vec<(ProjectId, RatingCount)>, QueryError> {
        let sql = "SELECT json_array(r.project, json_object('rating',r.rating,'count',count(*))) FROM project_reviews r
                   WHERE r.project IN (SELECT value FROM json_each(?)) GROUP BY r.project, r.rating ORDER BY r.project, r.rating";
        fetch(&mut *self.pool().acquire().await?, sql.to_owned(), &[serde_json::to_string(projects)?.into()]).await
    }
}
