//! What has changed about figures since they were told: late entries and corrections, record by record.
//!
//! - The figures as they are now are those of then, plus what every change counts for now, less what it counted for then.
//! - What counts for the same now as then is no change, whatever happened in between.

use std::collections::HashMap;

use gongyi_domain::{
    values::{Day, Minutes, RecordId},
    volunteering::{category::Category, service_record::ServicePhase},
};

use super::{former_counts::FormerCount, participation_queries::ParticipationFilter, service_records::ServiceRecordRow};
use crate::{
    paging::{Bind, Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    rows::Row,
    views::Views,
};

/// What a record counts for in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The day of the service.
    pub day: Day,
    /// The category.
    pub category: Category,
    /// Whole minutes.
    pub minutes: Minutes,
}

/// A record that counts for something else than it did.
#[derive(Debug, Clone, PartialEq)]
pub struct ParticipationChange {
    /// The record as it is now.
    pub record: ServiceRecordRow,
    /// What it counted for then; `None` if it did not.
    pub before: Option<Counted>,
    /// What it counts for now; `None` if it does not.
    pub after: Option<Counted>,
}

impl ParticipationFilter {
    fn covers(&self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }
}

/// How a record counted at the end of a day, if that has changed since: `?` is the day, twice.
const THEN: &str = "b.counted_since<=? AND b.counted_until>?";
const SAME: &str = "(b.day,b.minutes,b.category)=(r.day,r.minutes,r.category)";

impl Views {
    /// What has changed about the figures asked for since the end of the day `known_at`: records by the day of their
    /// service. The filter's own `known_at` is not asked.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn participation_changes(
        &self,
        filter: &ParticipationFilter,
        known_at: Day,
        page: &PageArgs,
    ) -> Result<Page<ParticipationChange>, QueryError> {
        let day = || Bind::Text(known_at.to_string());
        let (now, then) = (filter.conditions("r."), filter.conditions("b."));
        let former = format!("SELECT 1 FROM former_counts b WHERE b.record=r.record AND {THEN} AND {}", then.sql());
        let counts = format!("r.phase='confirmed' AND {}", now.sql());
        let changed = format!(
            "(({counts} AND r.counted_since>? AND NOT EXISTS({former} AND {SAME}))
              OR EXISTS({former} AND NOT (r.phase='confirmed' AND {SAME})))"
        );
        let of_former = || [&[day(), day()], then.binds()].concat();
        let mut conditions = Conditions::default();
        conditions.holds(changed, [now.binds(), &[day()], &of_former(), &of_former()].concat());
        let columns = vec![SortColumn::plain("r.day"), SortColumn::plain("r.record")];
        let sort = Sort { name: "participation changes", columns, descending: false };
        let listing = Listing { select: ServiceRecordRow::select("r"), from: "service_records r", conditions, sort };
        let page: Page<ServiceRecordRow> = listing.page(self, page).await?;

        let records: Vec<RecordId> = page.edges.iter().map(|(_, row)| row.record).collect();
        let former = self.counted_at(&records, known_at).await?;
        let former: HashMap<_, _> = former.into_iter().map(|row| (row.record, row)).collect();
        Ok(page.map(|record| {
            let before = former.get(&record.record).filter(|row| filter.covers(row.day));
            let before = before.map(|row| Counted { day: row.day, category: row.category, minutes: row.minutes });
            let counts = record.phase == ServicePhase::Confirmed && filter.covers(record.day);
            let after = counts.then_some(Counted { day: record.day, category: record.category, minutes: record.minutes });
            ParticipationChange { record, before, after }
        }))
    }

    /// How these records counted at the end of a day, those that count otherwise since.
    async fn counted_at(&self, records: &[RecordId], known_at: Day) -> Result<Vec<FormerCount>, QueryError> {
        let sql = format!(
            "SELECT {} FROM former_counts b WHERE b.record IN (SELECT value FROM json_each(?)) AND {THEN}",
            FormerCount::select("b")
        );
        let day = known_at.to_string();
        let binds = [serde_json::to_string(records)?.into(), day.clone().into(), day.into()];
        fetch(&mut *self.pool().acquire().await?, sql, &binds).await
    }
}
