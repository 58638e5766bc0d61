//! The report's figures, of an area and its parts, and what has changed about them.
//!
//! - As known at the end of a day: what was recorded by then. Without such a day, all that is recorded.
//! - What was recorded at the area itself is in its figures and in none of its parts'.

use std::collections::BTreeMap;

use gongyi_domain::{
    report::{Figure, Span},
    values::{AreaCode, AreaLevel, Day},
    volunteering::category::Category,
};

pub use super::figures::FigureEntry;
use crate::{
    paging::{Bind, Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
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

/// Sums of figures, then service by category: of an area (`?1`) and of those right below it, whose codes have `?2` digits. One
/// statement, for its parts must be of one moment, and each more would wait for a thread of its own.
const FIGURES: &str = "
    WITH asked(area) AS MATERIALIZED (SELECT ?1 UNION ALL SELECT code FROM areas WHERE code>?1 AND code<?1||':' AND length(code)=?2),
    service AS (
        SELECT area,category,records,minutes FROM service_months
        WHERE area IN (SELECT area FROM asked) AND month BETWEEN ?6 AND ?7 AND recorded_day<=?5
        UNION ALL
        SELECT area,category,records,minutes FROM service_days
        WHERE area IN (SELECT area FROM asked) AND day BETWEEN ?8 AND ?9 AND recorded_day<=?5
        UNION ALL
        SELECT area,category,records,minutes FROM service_days
        WHERE area IN (SELECT area FROM asked) AND day BETWEEN ?10 AND ?11 AND recorded_day<=?5)
    SELECT json_array(area,figure,NULL,sum(amount),0) FROM figure_sums
    WHERE area IN (SELECT area FROM asked) AND day<=?4 AND recorded_day<=?5
        AND (day>=?3 OR figure IN (SELECT value FROM json_each(?12)))
    GROUP BY area,figure
    UNION ALL
    SELECT json_array(area,NULL,category,sum(records),sum(minutes)) FROM service GROUP BY area,category";

impl ReportFilter {
    fn binds(&self, with_parts: bool) -> Result<Vec<Bind>, QueryError> {
        let known_at = self.known_at.map_or_else(|| "9999-12-31".to_owned(), |day| day.to_string());
        // No area has a code of no digits.
        let digits = if with_parts && self.area.level() != AreaLevel::Grid { self.area.as_str().len() as i64 + 3 } else { 0 };
        let Period { months, days } = Period::new(self.from, self.as_of);
        // Nothing lies between a last and a first.
        let never = || ("9".to_owned(), "0".to_owned());
        let of_days = |nth: usize| days.get(nth).map_or_else(never, |(first, last)| (first.to_string(), last.to_string()));
        let months = months.map_or_else(never, |(first, last)| (month(first), month(last)));
        let mut binds = vec![self.area.as_str().into(), digits.into()];
        binds.extend([self.from.to_string(), self.as_of.to_string(), known_at].map(Bind::from));
        for (first, last) in [months, of_days(0), of_days(1)] {
            binds.extend([first, last].map(Bind::from));
        }
        binds.push(at_the_end()?.into());
        Ok(binds)
    }
}

impl Views {
    /// An area's report, with those of the areas right below it if asked for.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn report(&self, filter: &ReportFilter, with_parts: bool) -> Result<Report, QueryError> {
        type Row = (AreaCode, Option<Figure>, Option<Category>, i64, i64);
        let rows: Vec<Row> = fetch(&mut *self.pool().acquire().await?, FIGURES.to_owned(), &filter.binds(with_parts)?).await?;
        let mut parts = BTreeMap::<AreaCode, Figures>::new();
        for (area, figure, _, amount, minutes) in rows {
            let figures = parts.entry(area).or_default();
            if let Some(figure) = figure {
                figures.add(figure, amount);
            } else {
                figures.add(Figure::ServiceCategories, i64::from(amount > 0));
                figures.add(Figure::ConfirmedServiceRecords, amount);
                figures.add(Figure::ConfirmedServiceMinutes, minutes);
            }
        }
        let figures = parts.remove(&filter.area).unwrap_or_default();
        parts.retain(|_, figures| !figures.is_empty());
        Ok(Report { figures, parts })
    }

    /// What has changed about an area's figures since the end of the day `known_at`, event by event; without service, whose
    /// changes are [`Self::participation_changes`]. The filter's own `known_at` is not asked.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn report_changes(&self, filter: &ReportFilter, known_at: Day, page: &PageArgs) -> Result<Page<FigureEntry>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("e.recorded_day>?", known_at.to_string());
        conditions.in_area("e.area", Some(&filter.area));
        conditions.with("e.day<=?", filter.as_of.to_string());
        conditions.holds(
            "(e.day>=? OR e.figure IN (SELECT value FROM json_each(?)))".to_owned(),
            vec![filter.from.to_string().into(), at_the_end()?.into()],
        );
        let columns = ["e.event", "e.figure", "e.area", "e.day"].map(SortColumn::plain).into();
        let sort = Sort { name: "report changes", columns, descending: false };
        Listing { select: FigureEntry::select("e"), from: "figure_entries e", conditions, sort }.page(self.pool(), page).await
    }
}
