//! The report's figures, of an area and its parts, and what has changed about them.
//!
//! - As known at the end of a day: what was recorded by then. Without such a day, all that is recorded.
//! - What was recorded at the area itself is in its figures and in none of its parts'.
//! - Rows are kept of districts and what lies in them; a city's report, or a province's, is the sum of its districts' and of what was
//!   recorded at the city itself.

use std::collections::BTreeMap;

use gongyi_domain::{
    report::{Figure, Span},
    values::{AreaCode, AreaLevel, Day},
    volunteering::category::Category,
};
use sqlx::SqliteConnection;

pub use super::figures::FigureEntry;
use crate::{
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    period::{Period, month},
    rows::Row,
    views::Views,
};

/// Which report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFilter {
    /// Of this area with all its parts.
    pub area: AreaCode,
    /// The first day of the period.
    pub from: Day,
    /// Its last day; what there is counts at its end.
    pub as_of: Day,
    /// As it was known at the end of this day; as it is known now if not given.
    pub known_at: Option<Day>,
}

/// Every figure of an area.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures(BTreeMap<Figure, i64>);

impl Figures {
    /// One of them.
    pub fn get(&self, figure: Figure) -> i64 {
        self.0.get(&figure).copied().unwrap_or(0)
    }

    /// All of them, in the report's order.
    pub fn iter(&self) -> impl Iterator<Item = (Figure, i64)> {
        Figure::ALL.iter().map(|figure| (*figure, self.get(*figure)))
    }

    /// Whether none counts anything.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(|amount| *amount == 0)
    }

    fn add(&mut self, figure: Figure, amount: i64) {
        *self.0.entry(figure).or_default() += amount;
    }
}

/// An area's figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// All of the area.
    pub figures: Figures,
    /// Those of the areas right below it that have any, by code.
    pub parts: BTreeMap<AreaCode, Figures>,
}

impl Report {
    /// What counts at the area itself and in none of its parts; of the figures that add up.
    pub fn own(&self) -> Figures {
        let mut own = Figures::default();
        for (figure, amount) in self.figures.iter().filter(|(figure, _)| figure.adds_up()) {
            own.add(figure, amount - self.parts.values().map(|part| part.get(figure)).sum::<i64>());
        }
        own
    }
}

fn at_the_end() -> Result<String, QueryError> {
    let figures: Vec<Figure> = Figure::ALL.iter().copied().filter(|figure| figure.span() == Span::AtTheEnd).collect();
    Ok(serde_json::to_string(&figures)?)
}

impl ReportFilter {
    fn known(&self) -> String {
        self.known_at.map_or_else(|| "9999-12-31".to_owned(), |day| day.to_string())
    }

    async fn add_sums(
        &self,
        connection: &mut SqliteConnection,
        areas: &Areas,
        figures: &mut BTreeMap<AreaCode, Figures>,
    ) -> Result<(), QueryError> {
        let sql = "SELECT json_array(area,figure,sum(amount)) FROM figure_sums
                   WHERE area IN (SELECT value FROM json_each(?)) AND day<=? AND recorded_day<=?
                     AND (day>=? OR figure IN (SELECT value FROM json_each(?)))
                   GROUP BY area,figure";
        let (codes, known) = (areas.codes()?, self.known());
        let binds = [codes.into(), self.as_of.to_string().into(), known.into(), self.from.to_string().into(), at_the_end()?.into()];
        for (area, figure, amount) in fetch::<(AreaCode, Figure, i64)>(connection, sql.to_owned(), &binds).await? {
            for area in areas.of(&area) {
                figures.entry(area.clone()).or_default().add(figure, amount);
            }
        }
        Ok(())
    }

    async fn add_service(
        &self,
        connection: &mut SqliteConnection,
        areas: &Areas,
        figures: &mut BTreeMap<AreaCode, Figures>,
    ) -> Result<(), QueryError> {
        let period = Period::new(self.from, self.as_of);
        let of_days = |(first, last): (Day, Day)| ("service_days", "day", first.to_string(), last.to_string());
        let of_months = |(first, last): (Day, Day)| ("service_months", "month", month(first), month(last));
        let mut found = BTreeMap::<(AreaCode, Category), (i64, i64)>::new();
        for (table, column, first, last) in period.days.into_iter().map(of_days).chain(period.months.map(of_months)) {
            let sql = format!(
                "SELECT json_array(area,category,sum(records),sum(minutes)) FROM {table}
                 WHERE area IN (SELECT value FROM json_each(?)) AND {column} BETWEEN ? AND ? AND recorded_day<=?
                 GROUP BY area,category"
            );
            let binds = [areas.codes()?.into(), first.into(), last.into(), self.known().into()];
            for (area, category, records, minutes) in fetch::<(AreaCode, Category, i64, i64)>(connection, sql, &binds).await? {
                for area in areas.of(&area) {
                    let sums = found.entry((area.clone(), category)).or_default();
                    *sums = (sums.0 + records, sums.1 + minutes);
                }
            }
        }
        for ((area, _), (records, minutes)) in found {
            let figures = figures.entry(area).or_default();
            figures.add(Figure::ServiceCategories, i64::from(records > 0));
            figures.add(Figure::ConfirmedServiceRecords, records);
            figures.add(Figure::ConfirmedServiceMinutes, minutes);
        }
        Ok(())
    }
}

/// Areas that are asked for, each with those whose rows add up to it.
#[derive(Default)]
struct Areas(BTreeMap<AreaCode, Vec<AreaCode>>);

impl Areas {
    fn add(&mut self, asked: &AreaCode, row_of: &AreaCode) {
        self.0.entry(row_of.clone()).or_default().push(asked.clone());
    }

    /// The areas whose rows are needed, as JSON.
    fn codes(&self) -> Result<String, QueryError> {
        Ok(serde_json::to_string(&self.0.keys().collect::<Vec<_>>())?)
    }

    /// The areas asked for that an area's row counts in.
    fn of(&self, row_of: &AreaCode) -> &[AreaCode] {
        self.0.get(row_of).map_or(&[], Vec::as_slice)
    }
}

/// The areas of a level within an area, listed themselves or by what lies in them.
async fn within(connection: &mut SqliteConnection, area: &AreaCode, level: AreaLevel) -> Result<Vec<AreaCode>, QueryError> {
    let mut conditions = Conditions::default();
    conditions.in_area("code", Some(area));
    let digits = level.digits();
    // Below the district, an area that is not listed is no part: what counts there is told as the area's own.
    conditions.plain(&if level > AreaLevel::District { format!("length(code)={digits}") } else { format!("length(code)>={digits}") });
    let sql = format!("SELECT DISTINCT json_quote(substr(code,1,{digits})) FROM areas WHERE {} ORDER BY 1", conditions.sql());
    fetch(connection, sql, conditions.binds()).await
}

impl Views {
    /// An area's report, with those of the areas right below it if asked for.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn report(&self, filter: &ReportFilter, with_parts: bool) -> Result<Report, QueryError> {
        let mut reader = self.reader().await?;
        let mut transaction = reader.begin().await?;
        let mut asked = vec![filter.area.clone()];
        if let Some(below) = filter.area.level().below().filter(|_| with_parts) {
            asked.extend(within(&mut transaction, &filter.area, below).await?);
        }
        let mut areas = Areas::default();
        for area in &asked {
            areas.add(area, area);
            for level in [AreaLevel::City, AreaLevel::District].into_iter().filter(|level| *level > area.level()) {
                for row_of in within(&mut transaction, area, level).await? {
                    areas.add(area, &row_of);
                }
            }
        }
        let mut figures = BTreeMap::new();
        filter.add_sums(&mut transaction, &areas, &mut figures).await?;
        filter.add_service(&mut transaction, &areas, &mut figures).await?;
        transaction.rollback().await?;
        let of_area = figures.remove(&filter.area).unwrap_or_default();
        figures.retain(|_, figures| !figures.is_empty());
        Ok(Report { figures: of_area, parts: figures })
    }

    /// What has changed about these figures of an area since the end of the day `known_at`, event by event; without service, whose
    /// changes are [`Self::participation_changes`]. The filter's own `known_at` is not asked.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn report_changes(
        &self,
        filter: &ReportFilter,
        known_at: Day,
        figures: &[Figure],
        page: &PageArgs,
    ) -> Result<Page<FigureEntry>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("e.figure IN (SELECT value FROM json_each(?))", serde_json::to_string(figures)?);
        conditions.with("e.recorded_day>?", known_at.to_string());
        conditions.in_area("e.area", Some(&filter.area));
        conditions.with("e.day<=?", filter.as_of.to_string());
        conditions.holds(
            "(e.day>=? OR e.figure IN (SELECT value FROM json_each(?)))".to_owned(),
            vec![filter.from.to_string().into(), at_the_end()?.into()],
        );
        let columns = ["e.event", "e.figure", "e.area", "e.day"].map(SortColumn::plain).into();
        let sort = Sort { name: "report changes", columns, descending: false };
        Listing { select: FigureEntry::select("e"), from: "figure_entries e", conditions, sort }.page(self, page).await
    }
}
