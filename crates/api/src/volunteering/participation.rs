//! Who took part in what: figures, not names.

use async_graphql::{Context, Enum, Error, ID, Object};
use gongyi_domain::{values::AreaLevel, volunteering::service_ledger::PARTICIPATION};
use gongyi_projections::{GroupBy as Stored, Participation as Figures, ParticipationFilter, ParticipationRow as Row};

use super::{
    categories::Category,
    organisations::{self, Organisation},
};
use crate::{
    access::areas::{self, Area, Level},
    door::Door,
    fault::{self, Code},
    ids,
    scalars::{Area as AreaCode, Date, Position},
};

/// Rows that the cost of a query counts for participation.
const ROWS_COUNTED: usize = 20;

/// By what figures are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Stored", name = "ParticipationGroup")]
pub enum GroupBy {
    /// By area, of one level.
    Area,
    /// By calendar month of the service.
    Month,
    /// By category.
    Category,
    /// By organisation.
    Organisation,
}

/// Figures of one group.
pub struct ParticipationRow(Row);

/// Figures of one group. Minutes with evidence and minutes entered by hand are never added up.
#[Object]
impl ParticipationRow {
    /// The code of the area, if told apart by area.
    async fn area_code(&self) -> Option<AreaCode> {
        self.0.area.clone().map(AreaCode)
    }
    /// The area, if told apart by area.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        match &self.0.area {
            Some(code) => areas::area(&Door::of(ctx)?, code.clone()).await,
            None => Ok(None),
        }
    }
    /// The month, `2026-05`, if told apart by month.
    async fn month(&self) -> Option<&str> {
        self.0.month.as_deref()
    }
    /// The category, if told apart by category.
    async fn category(&self) -> Option<Category> {
        self.0.category.map(Category::from)
    }
    /// The organisation, if told apart by organisation.
    async fn organisation(&self, ctx: &Context<'_>) -> Result<Option<Organisation>, Error> {
        match self.0.organisation {
            Some(id) => organisations::organisation(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// Confirmed minutes with evidence of attendance.
    async fn attested_minutes(&self) -> i64 {
        self.0.attested_minutes
    }
    /// Confirmed minutes entered by hand.
    async fn declared_minutes(&self) -> i64 {
        self.0.declared_minutes
    }
    /// Confirmed records.
    async fn records(&self) -> i64 {
        self.0.records
    }
    /// Distinct volunteers with a confirmed record.
    async fn volunteers(&self) -> u64 {
        self.0.volunteers
    }
}

/// Figures by group, with their total.
pub struct Participation(Figures);

/// Participation in a period, both ends included.
#[Object]
impl Participation {
    /// One row a group with any record, ordered by area, month, category, organisation.
    #[graphql(complexity = "ROWS_COUNTED * child_complexity")]
    async fn rows(&self) -> Vec<ParticipationRow> {
        self.0.rows.iter().cloned().map(ParticipationRow).collect()
    }
    /// All of it. Its volunteers are distinct, so they are not the sum of the rows'.
    async fn total(&self) -> ParticipationRow {
        ParticipationRow(self.0.total.clone())
    }
}

/// The root field about participation.
#[derive(Default)]
pub struct ParticipationQueries;

#[Object]
impl ParticipationQueries {
    /// Who took part in what, in figures: for the staff of the area or organisation asked for.
    #[expect(clippy::too_many_arguments, reason = "all of them narrow or divide one question")]
    async fn participation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In this area or within it; everywhere if not said.")] area: Option<AreaCode>,
        #[graphql(desc = "Organised by this one; by any if not said.")] organisation: Option<ID>,
        #[graphql(desc = "From this day on.")] from: Date,
        #[graphql(desc = "To this day, included.")] to: Date,
        #[graphql(desc = "By what figures are told apart.")] group_by: Option<Vec<GroupBy>>,
        #[graphql(desc = "At which level areas are told apart; one below the asked area if not said.")] area_level: Option<Level>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Participation, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let group_by = group_by.unwrap_or_default();
        let organisation = organisation.as_ref().map(ids::asked).transpose()?;
        door.may_within(&PARTICIPATION, &organisations::subjects(&door, area.as_ref(), organisation).await?)?;
        if to.0 < from.0 {
            return Err(fault::error(Code::BadInput, "the period ends before it begins"));
        }
        let filter = ParticipationFilter { area: area.map(|it| it.0), organisation, from: from.0, to: to.0 };
        let group_by: Vec<_> = group_by.into_iter().map(Stored::from).collect();
        let level = area_level.map(AreaLevel::from);
        Ok(Participation(door.read(door.app.views().participation(&filter, &group_by, level).await)?))
    }
}
