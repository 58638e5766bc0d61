//! Who took part in what: figures by area, month, category, organisation.
//!
//! - Both ends of a period are included.
//! - As known at the end of a day: what was recorded by then, counted as it was recorded by then. Without such a day, all
//!   that is recorded.
//! - A total's volunteers are not the sum of its rows': a volunteer counts once in each.
//! - Whole months come from the months' rows, days before and after from deltas and records; both say the same.

use std::collections::BTreeMap;

use chrono::{Datelike, Months};
use gongyi_domain::{
    values::{AreaCode, AreaLevel, Day, OrganisationId},
    volunteering::category::Category,
};
use roaring::RoaringTreemap;
use serde::Deserialize;
use sqlx::SqliteConnection;

use super::monthly_participation::{Categories, Heads, month};
use crate::{
    paging::{Bind, Conditions, QueryError, fetch},
    views::Views,
};

/// By what figures are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupBy {
    /// By area of one level.
    Area,
    /// By calendar month of the service.
    Month,
    /// By category.
    Category,
    /// By organisation.
    Organisation,
}

/// Which service counts.
#[derive(Debug, Clone)]
pub struct ParticipationFilter {
    /// In this area or within it; everywhere if not given.
    pub area: Option<AreaCode>,
    /// Organised by this one; by any if not given.
    pub organisation: Option<OrganisationId>,
    /// Also by those below it.
    pub include_below: bool,
    /// From this day on.
    pub from: Day,
    /// To this day, included.
    pub to: Day,
    /// As it was known at the end of this recorded day; as it is known now if not given.
    pub known_at: Option<Day>,
}

/// Figures of one group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParticipationRow {
    /// The area, if told apart by area. Service counted at a larger area than asked for stands under that one.
    pub area: Option<AreaCode>,
    /// The month, `YYYY-MM`, if told apart by month.
    pub month: Option<String>,
    /// The category, if told apart by category.
    pub category: Option<Category>,
    /// The organisation, if told apart by organisation.
    pub organisation: Option<OrganisationId>,
    /// Confirmed minutes with evidence of attendance.
    pub attested_minutes: i64,
    /// Confirmed minutes entered by hand.
    pub declared_minutes: i64,
    /// Confirmed records.
    pub records: i64,
    /// Distinct volunteers with a confirmed record.
    pub volunteers: u64,
}

/// Figures by group, with their total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participation {
    /// One row a group with any record, ordered by area, month, category, organisation.
    pub rows: Vec<ParticipationRow>,
    /// All of it.
    pub total: ParticipationRow,
}

/// What tells a group apart; its order is that of the answer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Group {
    area: Option<AreaCode>,
    month: Option<String>,
    category: Option<Category>,
    organisation: Option<OrganisationId>,
}

/// What has been found about a group so far.
#[derive(Default)]
struct Found {
    attested_minutes: i64,
    declared_minutes: i64,
    records: i64,
    volunteers: RoaringTreemap,
}

impl Found {
    fn add(&mut self, other: &Self) {
        self.attested_minutes += other.attested_minutes;
        self.declared_minutes += other.declared_minutes;
        self.records += other.records;
        self.volunteers |= &other.volunteers;
    }

    fn row(&self, Group { area, month, category, organisation }: Group) -> ParticipationRow {
        let &Self { attested_minutes, declared_minutes, records, .. } = self;
        let volunteers = self.volunteers.len();
        ParticipationRow { area, month, category, organisation, attested_minutes, declared_minutes, records, volunteers }
    }
}

type Groups = BTreeMap<Group, Found>;
/// What a month's row says: attested and declared minutes, records, volunteers.
type Month = (Group, i64, i64, i64, Heads);

/// A period as whole months, from the first day of one to the last day of another, and the days left over.
#[derive(Debug, PartialEq)]
struct Period {
    months: Option<(Day, Day)>,
    days: Vec<(Day, Day)>,
}

impl Period {
    fn new(from: Day, to: Day) -> Self {
        Self::whole_months(from, to).unwrap_or(Self { months: None, days: vec![(from, to)] })
    }

    fn whole_months(from: Day, to: Day) -> Option<Self> {
        let next_month = |day: Day| day.with_day(1)?.checked_add_months(Months::new(1));
        let first = if from.day() == 1 { from } else { next_month(from)? };
        let until = to.succ_opt()?.with_day(1)?;
        let before = (from < first).then(|| first.pred_opt().map(|last| (from, last)));
        let after = (until <= to).then_some(Some((until, to)));
        let days = [before, after].into_iter().flatten().collect::<Option<Vec<_>>>()?;
        (first < until).then_some(Self { months: Some((first, until.pred_opt()?)), days })
    }
}

fn digits(level: AreaLevel) -> usize {
    match level {
        AreaLevel::District => 6,
        AreaLevel::Street => 9,
        AreaLevel::Community => 12,
        AreaLevel::Grid => 15,
    }
}

fn below(area: Option<&AreaCode>) -> AreaLevel {
    match area.map(AreaCode::level) {
        None => AreaLevel::District,
        Some(AreaLevel::District) => AreaLevel::Street,
        Some(AreaLevel::Street) => AreaLevel::Community,
        Some(AreaLevel::Community | AreaLevel::Grid) => AreaLevel::Grid,
    }
}

impl ParticipationFilter {
    /// What is asked for, in any of the tables: the service, whenever it was recorded.
    pub(crate) fn conditions(&self, prefix: &str) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.in_area(&format!("{prefix}area"), self.area.as_ref());
        conditions.in_organisation(&format!("{prefix}organisation"), self.organisation, self.include_below);
        conditions.with(&format!("{prefix}day>=?"), self.from.to_string());
        conditions.with(&format!("{prefix}day<=?"), self.to.to_string());
        conditions
    }

    /// The deltas to add up.
    fn deltas(&self) -> (String, Vec<Bind>) {
        let mut conditions = self.conditions("");
        conditions.maybe("recorded_day<=?", self.known_at.map(|day| day.to_string()));
        (format!("participation WHERE {}", conditions.sql()), conditions.binds().to_vec())
    }

    /// The records that count, to count heads in.
    fn records(&self) -> (String, Vec<Bind>) {
        let mut now = self.conditions("");
        now.plain("status='confirmed'");
        now.maybe("counted_since<=?", self.known_at.map(|day| day.to_string()));
        let columns = "day,area,organisation,category,volunteer";
        let records = format!("SELECT {columns} FROM service_records WHERE {}", now.sql());
        let Some(known_at) = self.known_at.map(|day| day.to_string()) else {
            return (records, now.binds().to_vec());
        };
        let mut then = self.conditions("");
        then.with("counted_since<=?", known_at.clone());
        then.with("counted_until>?", known_at);
        let both = format!("{records} UNION ALL SELECT {columns} FROM former_counts WHERE {}", then.sql());
        (both, [now.binds(), then.binds()].concat())
    }
}

/// How groups are told apart.
struct Grouping<'a> {
    by: &'a [GroupBy],
    /// Digits of the areas' codes.
    level: usize,
}

impl Grouping<'_> {
    fn has(&self, group: GroupBy) -> bool {
        self.by.contains(&group)
    }

    /// The columns of a [`Group`], so named: from a column `area` and what is given for the others.
    fn columns(&self, month: &str, category: &str, organisation: &str) -> String {
        let area = format!("substr(area,1,{})", self.level);
        let given = [
            (GroupBy::Area, area.as_str(), "a"),
            (GroupBy::Month, month, "m"),
            (GroupBy::Category, category, "c"),
            (GroupBy::Organisation, organisation, "o"),
        ];
        given.map(|(group, sql, name)| format!("{} AS {name}", if self.has(group) { sql } else { "NULL" })).join(",")
    }

    fn of_days(&self) -> String {
        self.columns("substr(day,1,7)", "category", "organisation")
    }

    /// Adds what the months' rows say.
    async fn add_months(
        &self,
        connection: &mut SqliteConnection,
        filter: &ParticipationFilter,
        (first, last): (Day, Day),
        groups: &mut Groups,
    ) -> Result<(), QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("month>=?", month(first));
        conditions.with("month<=?", month(last));
        conditions.in_area("area", filter.area.as_ref());
        let every = if self.has(GroupBy::Category) { "<>" } else { "=" };
        conditions.with(&format!("categories{every}?"), Categories::ALL);
        let sql = format!(
            "SELECT json_group_array(json_array(json_array(a,m,c,o),attested_minutes,declared_minutes,records,volunteers))
             FROM (SELECT {},attested_minutes,declared_minutes,records,volunteers FROM monthly_participation WHERE {})",
            self.columns("month", "categories", "NULL"),
            conditions.sql()
        );
        let rows: Vec<Vec<Month>> = fetch(connection, sql, conditions.binds()).await?;
        for (group, attested_minutes, declared_minutes, records, Heads(volunteers)) in rows.into_iter().flatten() {
            groups.entry(group).or_default().add(&Found { attested_minutes, declared_minutes, records, volunteers });
        }
        Ok(())
    }

    /// Adds what deltas and records say.
    async fn add_days(
        &self,
        connection: &mut SqliteConnection,
        filter: &ParticipationFilter,
        groups: &mut Groups,
    ) -> Result<(), QueryError> {
        let (deltas, binds) = filter.deltas();
        let sums = format!(
            "SELECT json_array(json_array(a,m,c,o),sum(attested_minutes),sum(declared_minutes),sum(records))
             FROM (SELECT {},attested_minutes,declared_minutes,records FROM {deltas}) GROUP BY a,m,c,o",
            self.of_days()
        );
        let rows: Vec<(Group, i64, i64, i64)> = fetch(connection, sums, &binds).await?;
        for (group, attested_minutes, declared_minutes, records) in rows {
            let volunteers = RoaringTreemap::new();
            groups.entry(group).or_default().add(&Found { attested_minutes, declared_minutes, records, volunteers });
        }
        let (records, binds) = filter.records();
        let heads = format!(
            "SELECT json_array(json_array(a,m,c,o),json_group_array(DISTINCT ordinal))
             FROM (SELECT {},ordinal FROM ({records}) JOIN service_totals USING (volunteer)) GROUP BY a,m,c,o",
            self.of_days()
        );
        let rows: Vec<(Group, Vec<u64>)> = fetch(connection, heads, &binds).await?;
        for (group, volunteers) in rows {
            groups.entry(group).or_default().volunteers.extend(volunteers);
        }
        Ok(())
    }
}

impl Views {
    /// Participation. Areas are told apart at `area_level`, one level below the asked area if not given.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn participation(
        &self,
        filter: &ParticipationFilter,
        group_by: &[GroupBy],
        area_level: Option<AreaLevel>,
    ) -> Result<Participation, QueryError> {
        let level = digits(area_level.unwrap_or_else(|| below(filter.area.as_ref())));
        let grouping = Grouping { by: group_by, level };
        // The months' rows know neither organisations nor what was known when.
        let by_month = filter.known_at.is_none() && filter.organisation.is_none() && !grouping.has(GroupBy::Organisation);
        let whole = Period { months: None, days: vec![(filter.from, filter.to)] };
        let period = if by_month { Period::new(filter.from, filter.to) } else { whole };

        // One short transaction: minutes and volunteers are of the same moment.
        let mut transaction = self.pool().begin().await?;
        let mut groups = Groups::new();
        if let Some(months) = period.months {
            grouping.add_months(&mut transaction, filter, months, &mut groups).await?;
        }
        for (from, to) in period.days {
            let days = ParticipationFilter { from, to, ..filter.clone() };
            grouping.add_days(&mut transaction, &days, &mut groups).await?;
        }
        transaction.rollback().await?;

        let mut total = Found::default();
        groups.values().for_each(|found| total.add(found));
        let total = total.row(Group { area: None, month: None, category: None, organisation: None });
        // Groups whose records all ceased to count are none.
        let rows = groups.into_iter().filter(|(_, found)| found.records != 0).map(|(group, found)| found.row(group)).collect();
        Ok(Participation { rows, total })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn all_years_are_months_and_a_week_is_days() {
        let ever = Period { months: Some((day("0001-01-01"), day("9999-12-31"))), days: vec![] };
        assert_eq!(Period::new(day("0001-01-01"), day("9999-12-31")), ever);
        let week = Period { months: None, days: vec![(day("2026-01-30"), day("2026-02-05"))] };
        assert_eq!(Period::new(day("2026-01-30"), day("2026-02-05")), week);
    }

    proptest! {
        #[test]
        fn every_day_of_a_period_is_in_exactly_one_part(start in 0u16..800, length in 0u16..800) {
            let from = day("2025-01-01") + chrono::Days::new(start.into());
            let to = from + chrono::Days::new(length.into());
            let period = Period::new(from, to);
            let mut parts = period.days.clone();
            if let Some((first, last)) = period.months {
                prop_assert!(first.day() == 1 && last.succ_opt().unwrap().day() == 1);
                parts.push((first, last));
            }
            parts.sort();
            let mut next = from;
            for (from, to) in parts {
                prop_assert!(from == next && from <= to);
                next = to.succ_opt().unwrap();
            }
            prop_assert_eq!(next, to.succ_opt().unwrap());
        }
    }
}
