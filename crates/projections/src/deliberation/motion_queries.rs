//! Reading motions.
//!
//! - What was ever submitted is public; other drafts show to whom [`DraftsSeen`] says.

use gongyi_domain::{
    deliberation::{motion::MotionPhase, motion_category::MotionCategory},
    values::{AmendmentId, AreaCode, CouncilId, MotionId, PersonId},
};
use serde::{Deserialize, Serialize};

use super::motions::{MotionAmendmentRow, MotionReportRow, MotionReviewRow, MotionRow, MotionVersionRow};
use crate::{
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    rows::Row,
    views::Views,
};

/// Whose drafts a reader sees beside what is public.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DraftsSeen {
    /// All.
    pub everywhere: bool,
    /// Those in these areas and within them.
    pub areas: Vec<AreaCode>,
    /// Those that this person moves.
    pub person: Option<PersonId>,
}

/// Which motions.
#[derive(Debug, Clone, Default)]
pub struct MotionFilter {
    /// Before this council.
    pub council: Option<CouncilId>,
    /// Before a council of this area or within it.
    pub area: Option<AreaCode>,
    /// In one of these phases; any if empty.
    pub phases: Vec<MotionPhase>,
    /// About this.
    pub category: Option<MotionCategory>,
    /// That this person moves.
    pub mover: Option<PersonId>,
    /// That this person seconds.
    pub seconder: Option<PersonId>,
    /// First submitted in this year.
    pub year: Option<u16>,
    /// Whose title or paragraphs contain this now.
    pub text_contains: Option<String>,
    /// Which drafts beside what is public.
    pub drafts: DraftsSeen,
}

/// How motions are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MotionSort {
    /// By number, year first; what has none comes before all.
    Number,
    /// By when they were drafted.
    DraftedAt,
    /// By when anything of them changed last.
    ChangedAt,
}

impl MotionSort {
    fn sort(self, descending: bool) -> Sort {
        let (name, mut columns) = match self {
            Self::Number => ("motions.number", vec![SortColumn::plain("coalesce(m.year,0)"), SortColumn::plain("coalesce(m.number,0)")]),
            Self::DraftedAt => ("motions.drafted_at", vec![SortColumn::plain("m.drafted_at")]),
            Self::ChangedAt => ("motions.changed_at", vec![SortColumn::plain("m.changed_at")]),
        };
        columns.push(SortColumn::plain("m.id"));
        Sort { name, columns, descending }
    }
}

/// How many residents gave a rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct RatingCount {
    /// 1 to 5.
    pub rating: u8,
    /// How many.
    pub count: u64,
}

const DRAFTS: &str = "EXISTS(SELECT 1 FROM (SELECT ? AS seen) WHERE m.year IS NOT NULL OR seen->>'everywhere'
    OR EXISTS(SELECT 1 FROM motion_movers v WHERE v.motion=m.id AND v.person=seen->>'person')
    OR EXISTS(SELECT 1 FROM json_each(seen,'$.areas') a WHERE m.area>=a.value AND m.area<a.value||':'))";
const CONTAINS: &str =
    "EXISTS(SELECT 1 FROM json_tree(m.state,'$.text') t WHERE t.key IN ('title','text') AND t.atom IS NOT NULL AND instr(t.atom,?)>0)";

impl Views {
    /// Motions, ordered.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn motions(
        &self,
        filter: &MotionFilter,
        sort: MotionSort,
        descending: bool,
        page: &PageArgs,
    ) -> Result<Page<MotionRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.maybe("m.council=?", filter.council.map(|id| id.to_string()));
        conditions.in_area("m.area", filter.area.as_ref());
        if !filter.phases.is_empty() {
            conditions.with("m.phase IN (SELECT value FROM json_each(?))", serde_json::to_string(&filter.phases)?);
        }
        conditions.maybe("m.category=?", filter.category.map(MotionCategory::code));
        conditions.maybe(
            "EXISTS(SELECT 1 FROM motion_movers v WHERE v.motion=m.id AND v.person=?)",
            filter.mover.map(|person| person.to_string()),
        );
        conditions.maybe(
            "m.id IN (SELECT d.subject FROM deliberation_acts d WHERE d.doer=? AND d.deed='seconded' AND d.until IS NULL)",
            filter.seconder.map(|person| person.to_string()),
        );
        conditions.maybe("m.year=?", filter.year.map(i64::from));
        conditions.maybe(CONTAINS, filter.text_contains.as_deref());
        if !filter.drafts.everywhere {
            conditions.with(DRAFTS, serde_json::to_string(&filter.drafts)?);
        }
        let sort = sort.sort(descending);
        Listing { select: MotionRow::select("m"), from: "motions m", conditions, sort }.page(self, page).await
    }

    /// Motions by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn motions_by_ids(&self, ids: &[MotionId]) -> Result<Vec<MotionRow>, QueryError> {
        let sql = format!("SELECT {} FROM motions m WHERE m.id IN (SELECT value FROM json_each(?))", MotionRow::select("m"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// One motion.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn motion(&self, id: MotionId) -> Result<Option<MotionRow>, QueryError> {
        Ok(self.motions_by_ids(&[id]).await?.pop())
    }

    /// A motion's text at every version from this one on, oldest first.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn motion_versions(&self, motion: MotionId, from: u32, page: &PageArgs) -> Result<Page<MotionVersionRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("v.motion=?", motion.to_string());
        conditions.with("v.version>=?", i64::from(from));
        let sort = Sort { name: "motion_versions", columns: vec![SortColumn::plain("v.version")], descending: false };
        Listing { select: MotionVersionRow::select("v"), from: "motion_versions v", conditions, sort }.page(self, page).await
    }

    /// Motions' texts by motion and version, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn motion_versions_by_keys(&self, keys: &[(MotionId, u32)]) -> Result<Vec<MotionVersionRow>, QueryError> {
        let sql = format!(
            "SELECT {} FROM jsonb_each(?) j CROSS JOIN motion_versions v ON v.motion=j.value->>0 AND v.version=j.value->>1",
            MotionVersionRow::select("v")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(keys)?.into()]).await
    }

    /// A motion's amendments, in the order of being proposed.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn motion_amendments(&self, motion: MotionId, page: &PageArgs) -> Result<Page<MotionAmendmentRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("a.motion=?", motion.to_string());
        let columns = vec![SortColumn::plain("a.proposed_at"), SortColumn::plain("a.amendment")];
        let sort = Sort { name: "motion_amendments", columns, descending: false };
        Listing { select: MotionAmendmentRow::select("a"), from: "motion_amendments a", conditions, sort }.page(self, page).await
    }

    /// One amendment.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn motion_amendment(&self, motion: MotionId, amendment: AmendmentId) -> Result<Option<MotionAmendmentRow>, QueryError> {
        let sql = format!("SELECT {} FROM motion_amendments a WHERE a.motion=? AND a.amendment=?", MotionAmendmentRow::select("a"));
        let binds = [motion.to_string().into(), amendment.to_string().into()];
        Ok(fetch(&mut *self.pool().acquire().await?, sql, &binds).await?.pop())
    }

    /// Reports on a motion, oldest first unless `descending`.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn motion_reports(&self, motion: MotionId, descending: bool, page: &PageArgs) -> Result<Page<MotionReportRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("r.motion=?", motion.to_string());
        let sort = Sort { name: "motion_reports", columns: vec![SortColumn::plain("r.at")], descending };
        Listing { select: MotionReportRow::select("r"), from: "motion_reports r", conditions, sort }.page(self, page).await
    }

    /// The reviews of a motion that stand, newest first.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn motion_reviews(&self, motion: MotionId, page: &PageArgs) -> Result<Page<MotionReviewRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("r.motion=?", motion.to_string());
        conditions.plain("r.stands=1");
        let sort = Sort { name: "motion_reviews", columns: vec![SortColumn::plain("r.at")], descending: true };
        Listing { select: MotionReviewRow::select("r"), from: "motion_reviews r", conditions, sort }.page(self, page).await
    }

    /// How many residents gave each of these motions which rating, of the reviews that stand; ratings nobody gave are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn motion_ratings(&self, motions: &[MotionId]) -> Result<Vec<(MotionId, RatingCount)>, QueryError> {
        let sql = "SELECT json_array(r.motion, json_object('rating',r.rating,'count',count(*))) FROM motion_reviews r
                   WHERE r.motion IN (SELECT value FROM json_each(?)) AND r.stands=1 GROUP BY r.motion, r.rating ORDER BY r.motion, r.rating";
        fetch(&mut *self.pool().acquire().await?, sql.to_owned(), &[serde_json::to_string(motions)?.into()]).await
    }
}
