//! Who took part in what: figures by area, month, category, organisation.
//!
//! - Both ends of a period are included.
//! - As known at the end of a day: what was recorded by then, counted as it was recorded by then. Without such a day, all
//!   that is recorded.
//! - Minutes and records are sums of deltas; distinct volunteers are counted from the records themselves, so a total's
//!   volunteers are not the sum of its rows'.

use std::collections::BTreeMap;

use gongyi_domain::{
    values::{AreaCode, AreaLevel, Day, OrganisationId},
    volunteering::category::Category,
};
use serde::Deserialize;

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
        let Some(known_at) = self.known_at.map(|day| day.to_string()) else {
            return (format!("service_records WHERE {}", now.sql()), now.binds().to_vec());
        };
        now.with("counted_since<=?", known_at.clone());
        let mut then = self.conditions("");
        then.with("counted_since<=?", known_at.clone());
        then.with("counted_until>?", known_at);
        let columns = "day,area,organisation,category,volunteer";
        let both = format!(
            "(SELECT {columns} FROM service_records WHERE {} UNION ALL SELECT {columns} FROM former_counts WHERE {}) WHERE true",
            now.sql(),
            then.sql()
        );
        (both, [now.binds(), then.binds()].concat())
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
        let area = format!("substr(area,1,{level})");
        let by = |group: GroupBy, sql: &str| if group_by.contains(&group) { sql.to_owned() } else { "NULL".to_owned() };
        let group = format!(
            "json_array({},{},{},{})",
            by(GroupBy::Area, &area),
            by(GroupBy::Month, "substr(day,1,7)"),
            by(GroupBy::Category, "category"),
            by(GroupBy::Organisation, "organisation")
        );
        let ((deltas, of_deltas), (records, of_records)) = (filter.deltas(), filter.records());
        let sums = |group: &str| {
            format!(
                "SELECT json_array({group},coalesce(sum(attested_minutes),0),coalesce(sum(declared_minutes),0),coalesce(sum(records),0))
                 FROM {deltas}"
            )
        };
        let heads = |group: &str| format!("SELECT json_array({group},count(DISTINCT volunteer)) FROM {records}");

        // One short transaction: minutes and volunteers are of the same moment.
        let mut transaction = self.pool().begin().await?;
        let mut rows: BTreeMap<Group, ParticipationRow> = BTreeMap::new();
        let grouped: Vec<(Group, i64, i64, i64)> =
            fetch(&mut transaction, format!("{} GROUP BY {group}", sums(&group)), &of_deltas).await?;
        for (key, attested_minutes, declared_minutes, records) in grouped {
            let Group { area, month, category, organisation } = key.clone();
            let volunteers = 0;
            let row = ParticipationRow { area, month, category, organisation, attested_minutes, declared_minutes, records, volunteers };
            rows.insert(key, row);
        }
        let counted: Vec<(Group, u64)> = fetch(&mut transaction, format!("{} GROUP BY {group}", heads(&group)), &of_records).await?;
        for (key, volunteers) in counted {
            if let Some(row) = rows.get_mut(&key) {
                row.volunteers = volunteers;
            }
        }
        let totals: Vec<((), i64, i64, i64)> = fetch(&mut transaction, sums("NULL"), &of_deltas).await?;
        let volunteers: Vec<((), u64)> = fetch(&mut transaction, heads("NULL"), &of_records).await?;
        transaction.rollback().await?;
        let mut total = ParticipationRow::default();
        if let Some(((), attested, declared, records)) = totals.first() {
            (total.attested_minutes, total.declared_minutes, total.records) = (*attested, *declared, *records);
        }
        total.volunteers = volunteers.first().map_or(0, |((), count)| *count);
        // Groups whose records all ceased to count are none.
        let rows = rows.into_values().filter(|row| row.records != 0).collect();
        Ok(Participation { rows, total })
    }
}
