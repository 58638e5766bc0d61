//! Reading rounds.

use gongyi_domain::{
    projects::round::terms::{ApplicationPhase, RoundPhase},
    values::{ApplicationId, AreaCode, CouncilId, FundId, ObjectionId, OrganisationId, RoundId},
};

use super::rounds::{RoundApplicationRow, RoundObjectionRow, RoundRow, RoundScoreRow, RoundSelectionRow};
use crate::{
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    rows::Row,
    views::Views,
};

/// Which rounds.
#[derive(Debug, Clone, Default)]
pub struct RoundFilter {
    /// For projects in this area or within it.
    pub area: Option<AreaCode>,
    /// Whose fund this is.
    pub fund: Option<FundId>,
    /// In one of these phases; any if empty.
    pub phases: Vec<RoundPhase>,
}

/// Which applications.
#[derive(Debug, Clone, Default)]
pub struct ApplicationFilter {
    /// In this round.
    pub round: Option<RoundId>,
    /// That stand in one of these ways; any if empty.
    pub phases: Vec<ApplicationPhase>,
    /// Of this organisation.
    pub organisation: Option<OrganisationId>,
    /// Of this council.
    pub council: Option<CouncilId>,
}

impl Views {
    /// Rounds, by when they were called.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn rounds(&self, filter: &RoundFilter, descending: bool, page: &PageArgs) -> Result<Page<RoundRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.in_area("r.area", filter.area.as_ref());
        conditions.maybe("r.fund=?", filter.fund.map(|id| id.to_string()));
        if !filter.phases.is_empty() {
            conditions.with("r.phase IN (SELECT value FROM json_each(?))", serde_json::to_string(&filter.phases)?);
        }
        let columns = vec![SortColumn::plain("r.called_at"), SortColumn::plain("r.id")];
        let sort = Sort { name: "rounds", columns, descending };
        Listing { select: RoundRow::select("r"), from: "rounds r", conditions, sort }.page(self, page).await
    }

    /// Rounds by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn rounds_by_ids(&self, ids: &[RoundId]) -> Result<Vec<RoundRow>, QueryError> {
        let sql = format!("SELECT {} FROM rounds r WHERE r.id IN (SELECT value FROM json_each(?))", RoundRow::select("r"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// Applications in the order in which they came in.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn round_applications(&self, filter: &ApplicationFilter, page: &PageArgs) -> Result<Page<RoundApplicationRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.maybe("a.round=?", filter.round.map(|id| id.to_string()));
        if !filter.phases.is_empty() {
            conditions.with("a.phase IN (SELECT value FROM json_each(?))", serde_json::to_string(&filter.phases)?);
        }
        conditions.maybe("a.organisation=?", filter.organisation.map(|id| id.to_string()));
        conditions.maybe("a.council=?", filter.council.map(|id| id.to_string()));
        let columns = vec![SortColumn::plain("a.round"), SortColumn::plain("a.place")];
        let sort = Sort { name: "round_applications", columns, descending: false };
        let (select, from) = (RoundApplicationRow::select("a"), "round_applications a");
        Listing { select, from, conditions, sort }.page(self, page).await
    }

    /// Applications by round and id, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn round_applications_by_keys(&self, keys: &[(RoundId, ApplicationId)]) -> Result<Vec<RoundApplicationRow>, QueryError> {
        let sql = format!(
            "SELECT {} FROM jsonb_each(?) j CROSS JOIN round_applications a ON a.round=j.value->>0 AND a.application=j.value->>1",
            RoundApplicationRow::select("a")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(keys)?.into()]).await
    }

    /// What reviewers said of these applications, by when they said it.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn round_scores(&self, keys: &[(RoundId, ApplicationId)]) -> Result<Vec<RoundScoreRow>, QueryError> {
        let sql = format!(
            "SELECT {} FROM jsonb_each(?) j CROSS JOIN round_scores s ON s.round=j.value->>0 AND s.application=j.value->>1
             ORDER BY s.at, s.reviewer",
            RoundScoreRow::select("s")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(keys)?.into()]).await
    }

    /// All selections of these rounds, oldest first; annulled ones too.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn round_selections(&self, rounds: &[RoundId]) -> Result<Vec<RoundSelectionRow>, QueryError> {
        let sql = format!(
            "SELECT {} FROM round_selections s WHERE s.round IN (SELECT value FROM json_each(?)) ORDER BY s.at",
            RoundSelectionRow::select("s")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(rounds)?.into()]).await
    }

    /// Objections in a round, by the day they were raised.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn round_objections(&self, round: RoundId, page: &PageArgs) -> Result<Page<RoundObjectionRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("o.round=?", round.to_string());
        let columns = vec![SortColumn::plain("o.raised_on"), SortColumn::plain("o.objection")];
        let sort = Sort { name: "round_objections", columns, descending: false };
        let (select, from) = (RoundObjectionRow::select("o"), "round_objections o");
        Listing { select, from, conditions, sort }.page(self, page).await
    }

    /// One objection.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn round_objection(&self, round: RoundId, objection: ObjectionId) -> Result<Option<RoundObjectionRow>, QueryError> {
        let sql = format!("SELECT {} FROM round_objections o WHERE o.round=? AND o.objection=?", RoundObjectionRow::select("o"));
        let binds = [round.to_string().into(), objection.to_string().into()];
        Ok(fetch(&mut *self.pool().acquire().await?, sql, &binds).await?.pop())
    }
}
