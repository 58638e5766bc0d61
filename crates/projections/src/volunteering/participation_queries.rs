//! Who took part in what, service and deliberation: figures by area, month, category, organisation, person.
//!
//! - Both ends of a period are included.
//! - As known at the end of a day: what was recorded by then, counted as it was recorded by then. Without such a day, all
//!   that is recorded.
//! - A total's volunteers are not the sum of its rows': a volunteer counts once in each.
//! - Deliberation has no category and no organisation: told apart by those, it stands in a row without.
//! - Told by person, motions are those the person moved; otherwise those received.
//! - Whole months come from the months' rows, days before and after from deltas and records; both say the same.

use std::collections::BTreeMap;

use gongyi_domain::{
    values::{AreaCode, AreaLevel, Day, OrganisationId, PersonId},
    volunteering::category::Category,
};
use roaring::RoaringTreemap;
use serde::Deserialize;
use sqlx::SqliteConnection;

use super::monthly_participation::{Categories, Heads};
use crate::{
    paging::{Bind, Conditions, QueryError, fetch},
    period::{Period, month},
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
    /// By person.
    Person,
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
    /// Of this person; of everybody if not given.
    pub person: Option<PersonId>,
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
    /// The person, if told apart by person.
    pub person: Option<PersonId>,
    /// Confirmed minutes with evidence of attendance.
    pub attested_minutes: i64,
    /// Confirmed minutes entered by hand.
    pub declared_minutes: i64,
    /// Confirmed records.
    pub records: i64,
    /// Distinct volunteers with a confirmed record.
    pub volunteers: u64,
    /// What was done in councils and at polls.
    pub deliberation: Deliberation,
}

/// Part taken in deliberating.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deliberation {
    /// Meetings opened with their quorum; of a person, none.
    pub meetings: i64,
    /// Representatives who came to a meeting, each once a meeting.
    pub attendances: i64,
    /// Motions received; of a person, those moved.
    pub motions: i64,
    /// Motions seconded.
    pub seconds: i64,
    /// Votes cast by name in meetings, and votes in polls, counted on the day the poll closed.
    pub votes: i64,
}

impl Deliberation {
    fn add(&mut self, other: Self) {
        self.meetings += other.meetings;
        self.attendances += other.attendances;
        self.motions += other.motions;
        self.seconds += other.seconds;
        self.votes += other.votes;
    }
}

/// Figures by group, with their total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participation {
    /// One row a group with anything in it, ordered by area, month, category, organisation, person.
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
    person: Option<PersonId>,
}

/// What has been found about a group so far.
#[derive(Default)]
struct Found {
    attested_minutes: i64,
    declared_minutes: i64,
    records: i64,
    volunteers: RoaringTreemap,
    deliberation: Deliberation,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.records == 0 && self.deliberation == Deliberation::default()
    }

    fn add(&mut self, other: &Self) {
        self.attested_minutes += other.attested_minutes;
        self.declared_minutes += other.declared_minutes;
        self.records += other.records;
        self.volunteers |= &other.volunteers;
        self.deliberation.add(other.deliberation);
    }

    fn row(&self, Group { area, month, category, organisation, person }: Group) -> ParticipationRow {
        let &Self { attested_minutes, declared_minutes, records, deliberation, .. } = self;
        let volunteers = self.volunteers.len();
        ParticipationRow {
            area,
            month,
            category,
            organisation,
            person,
            attested_minutes,
            declared_minutes,
            records,
            volunteers,
            deliberation,
        }
    }
}

type Groups = BTreeMap<Group, Found>;
/// What a month's row says: attested and declared minutes, records, volunteers.
type Month = (Group, i64, i64, i64, Heads);

fn below(area: Option<&AreaCode>) -> AreaLevel {
    area.map_or(AreaLevel::District, |area| area.level().below().unwrap_or(AreaLevel::Grid))
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

    /// The records that count.
    fn records(&self) -> (String, Vec<Bind>) {
        let of_person = |mut conditions: Conditions| {
            let one = "volunteer IN (SELECT id FROM volunteers WHERE person=?)";
            conditions.maybe(one, self.person.map(|id| id.to_string()));
            conditions
        };
        let mut now = of_person(self.conditions(""));
        now.plain("phase='confirmed'");
        now.maybe("counted_since<=?", self.known_at.map(|day| day.to_string()));
        let columns = "day,area,organisation,category,volunteer,evidence,minutes";
        let records = format!("SELECT {columns} FROM service_records WHERE {}", now.sql());
        let Some(known_at) = self.known_at.map(|day| day.to_string()) else {
            return (records, now.binds().to_vec());
        };
        let mut then = of_person(self.conditions(""));
        then.with("counted_since<=?", known_at.clone());
        then.with("counted_until>?", known_at);
        let both = format!("{records} UNION ALL SELECT {columns} FROM former_counts WHERE {}", then.sql());
        (both, [now.binds(), then.binds()].concat())
    }

    /// The acts of deliberation.
    fn acts(&self) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.in_area("area", self.area.as_ref());
        conditions.with("day>=?", self.from.to_string());
        conditions.with("day<=?", self.to.to_string());
        match self.known_at.map(|day| day.to_string()) {
            None => conditions.plain("until IS NULL"),
            Some(day) => conditions.holds("since<=? AND (until IS NULL OR until>?)".to_owned(), vec![day.clone().into(), day.into()]),
        }
        conditions
    }
}

/// How groups are told apart.
struct Grouping<'a> {
    by: &'a [GroupBy],
    /// Digits of the areas' codes.
    level: usize,
    /// Figures of persons are asked for, or of one.
    personal: bool,
}

/// What the parts of a [`Group`] are made of in a table; its area is the column `area`.
struct Parts {
    month: &'static str,
    category: &'static str,
    organisation: &'static str,
    person: &'static str,
}

const OF_DAYS: Parts = Parts { month: "substr(day,1,7)", category: "category", organisation: "organisation", person: "NULL" };

impl Grouping<'_> {
    fn has(&self, group: GroupBy) -> bool {
        self.by.contains(&group)
    }

    /// The columns of a [`Group`], named after their first letters.
    fn columns(&self, parts: &Parts) -> String {
        let area = format!("substr(area,1,{})", self.level);
        let given = [
            (GroupBy::Area, area.as_str(), "a"),
            (GroupBy::Month, parts.month, "m"),
            (GroupBy::Category, parts.category, "c"),
            (GroupBy::Organisation, parts.organisation, "o"),
            (GroupBy::Person, parts.person, "p"),
        ];
        given.map(|(group, sql, name)| format!("{} AS {name}", if self.has(group) { sql } else { "NULL" })).join(",")
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
        let parts = Parts { month: "month", category: "categories", organisation: "NULL", person: "NULL" };
        let sql = format!(
            "SELECT json_group_array(json_array(json_array(a,m,c,o,p),attested_minutes,declared_minutes,records,volunteers))
             FROM (SELECT {},attested_minutes,declared_minutes,records,volunteers FROM monthly_participation WHERE {})",
            self.columns(&parts),
            conditions.sql()
        );
        let rows: Vec<Vec<Month>> = fetch(connection, sql, conditions.binds()).await?;
        for (group, attested_minutes, declared_minutes, records, Heads(volunteers)) in rows.into_iter().flatten() {
            groups.entry(group).or_default().add(&Found { attested_minutes, declared_minutes, records, volunteers, ..Found::default() });
        }
        Ok(())
    }

    /// Adds what deltas and records say; deltas know no persons.
    async fn add_days(
        &self,
        connection: &mut SqliteConnection,
        filter: &ParticipationFilter,
        groups: &mut Groups,
    ) -> Result<(), QueryError> {
        let (records, of_records) = filter.records();
        let (parts, counted, binds) = if self.personal {
            let counted = format!(
                "(SELECT *,iif(evidence='attested',minutes,0) AS attested_minutes,iif(evidence='declared',minutes,0) AS declared_minutes,
                  1 AS records FROM ({records})) r JOIN volunteers v ON v.id=r.volunteer"
            );
            (Parts { person: "v.person", ..OF_DAYS }, counted, of_records.clone())
        } else {
            let (deltas, binds) = filter.deltas();
            (OF_DAYS, deltas, binds)
        };
        let sums = format!(
            "SELECT json_array(json_array(a,m,c,o,p),sum(attested_minutes),sum(declared_minutes),sum(records))
             FROM (SELECT {},attested_minutes,declared_minutes,records FROM {counted}) GROUP BY a,m,c,o,p",
            self.columns(&parts)
        );
        let rows: Vec<(Group, i64, i64, i64)> = fetch(connection, sums, &binds).await?;
        for (group, attested_minutes, declared_minutes, records) in rows {
            groups.entry(group).or_default().add(&Found { attested_minutes, declared_minutes, records, ..Found::default() });
        }
        let persons = if self.personal { "JOIN volunteers v ON v.id=r.volunteer" } else { "" };
        let heads = format!(
            "SELECT json_array(json_array(a,m,c,o,p),json_group_array(DISTINCT ordinal))
             FROM (SELECT {},t.ordinal FROM ({records}) r JOIN service_totals t ON t.volunteer=r.volunteer {persons}) GROUP BY a,m,c,o,p",
            self.columns(&parts)
        );
        let rows: Vec<(Group, Vec<u64>)> = fetch(connection, heads, &of_records).await?;
        for (group, volunteers) in rows {
            groups.entry(group).or_default().volunteers.extend(volunteers);
        }
        Ok(())
    }

    /// Adds what was done in councils and at polls.
    async fn add_deliberation(
        &self,
        connection: &mut SqliteConnection,
        filter: &ParticipationFilter,
        groups: &mut Groups,
    ) -> Result<(), QueryError> {
        let parts = |person| Parts { category: "NULL", organisation: "NULL", person, ..OF_DAYS };
        let acts = "deliberation_acts d JOIN deliberation_matters x ON x.id=d.matter";

        let mut done = filter.acts();
        done.plain("deed<>'polled'");
        done.plain(if self.personal { "doer<>subject" } else { "deed<>'moved'" });
        done.maybe("doer=?", filter.person.map(|id| id.to_string()));
        let sums = format!(
            "SELECT json_array(json_array(a,m,c,o,p),
                sum(deed='held'),sum(deed='attended'),sum(deed IN ('received','moved')),sum(deed='seconded'),sum(deed='voted'))
             FROM (SELECT {},deed FROM {acts} WHERE {}) GROUP BY a,m,c,o,p",
            self.columns(&parts("doer")),
            done.sql()
        );
        let rows: Vec<(Group, i64, i64, i64, i64, i64)> = fetch(connection, sums, done.binds()).await?;
        for (group, meetings, attendances, motions, seconds, votes) in rows {
            groups.entry(group).or_default().deliberation.add(Deliberation { meetings, attendances, motions, seconds, votes });
        }

        let mut polled = filter.acts();
        polled.plain("deed='polled'");
        let (cast, votes) = if self.personal {
            polled.plain("voted=1");
            polled.maybe("voter=?", filter.person.map(|id| id.to_string()));
            ("JOIN roll_entries e ON e.poll=d.subject", "1")
        } else {
            ("JOIN (SELECT id AS poll,online+in_person+by_proxy AS votes FROM polls) e ON e.poll=d.subject", "votes")
        };
        let sums = format!(
            "SELECT json_array(json_array(a,m,c,o,p),sum(votes)) FROM (SELECT {},{votes} AS votes FROM {acts} {cast} WHERE {}) GROUP BY a,m,c,o,p",
            self.columns(&parts("voter")),
            polled.sql()
        );
        let rows: Vec<(Group, i64)> = fetch(connection, sums, polled.binds()).await?;
        for (group, votes) in rows {
            groups.entry(group).or_default().deliberation.votes += votes;
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
        let level = area_level.unwrap_or_else(|| below(filter.area.as_ref())).digits();
        let personal = filter.person.is_some() || group_by.contains(&GroupBy::Person);
        let grouping = Grouping { by: group_by, level, personal };
        // The months' rows know neither persons, organisations nor what was known when.
        let by_month = !personal && filter.known_at.is_none() && filter.organisation.is_none() && !grouping.has(GroupBy::Organisation);
        let whole = Period { months: None, days: vec![(filter.from, filter.to)] };
        let period = if by_month { Period::new(filter.from, filter.to) } else { whole };

        // One short transaction: minutes and volunteers are of the same moment.
        let mut reader = self.reader().await?;
        let mut transaction = reader.begin().await?;
        let mut groups = Groups::new();
        if let Some(months) = period.months {
            grouping.add_months(&mut transaction, filter, months, &mut groups).await?;
        }
        for (from, to) in period.days {
            let days = ParticipationFilter { from, to, ..filter.clone() };
            grouping.add_days(&mut transaction, &days, &mut groups).await?;
        }
        if filter.organisation.is_none() {
            grouping.add_deliberation(&mut transaction, filter, &mut groups).await?;
        }
        transaction.rollback().await?;

        let mut total = Found::default();
        groups.values().for_each(|found| total.add(found));
        let total = total.row(Group { area: None, month: None, category: None, organisation: None, person: None });
        // Groups whose records all ceased to count are none.
        let rows = groups.into_iter().filter(|(_, found)| !found.is_empty()).map(|(group, found)| found.row(group)).collect();
        Ok(Participation { rows, total })
    }
}
