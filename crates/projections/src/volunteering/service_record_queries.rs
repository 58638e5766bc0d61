//! Queries on service records.

use gongyi_domain::{
    values::{ActivityId, AreaCode, Day, Instant, OrganisationId, RecordId, VolunteerId},
    volunteering::{category::Category, service_record::ServicePhase},
};

use super::service_records::{EvidenceKind, ServiceRecordRow};
use crate::{
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    rows::Row,
    views::Views,
};

/// Which service records.
#[derive(Debug, Clone, Default)]
pub struct ServiceRecordFilter {
    /// Of this volunteer.
    pub volunteer: Option<VolunteerId>,
    /// Of service at this activity.
    pub activity: Option<ActivityId>,
    /// Organised by this one.
    pub organisation: Option<OrganisationId>,
    /// Also by those below it.
    pub include_below: bool,
    /// That count in this area or within it.
    pub area: Option<AreaCode>,
    /// Of this category.
    pub category: Option<Category>,
    /// That stand in one of these ways; empty for any.
    pub phases: Vec<ServicePhase>,
    /// Disputed or not.
    pub disputed: Option<bool>,
    /// With this evidence.
    pub evidence: Option<EvidenceKind>,
    /// Of this day or later.
    pub from: Option<Day>,
    /// Of this day or earlier.
    pub to: Option<Day>,
    /// Of service that ended before this moment.
    pub ended_before: Option<Instant>,
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ServiceRecordSort {
    /// By the day of the service.
    #[default]
    Day,
    /// By the time of logging.
    LoggedAt,
}

impl Views {
    /// Service records.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn service_records(
        &self,
        filter: &ServiceRecordFilter,
        sort: ServiceRecordSort,
        descending: bool,
        page: &PageArgs,
    ) -> Result<Page<ServiceRecordRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.maybe("r.volunteer=?", filter.volunteer.map(|id| id.to_string()));
        conditions.maybe("r.activity=?", filter.activity.map(|id| id.to_string()));
        conditions.in_organisation("r.organisation", filter.organisation, filter.include_below);
        conditions.in_area("r.area", filter.area.as_ref());
        conditions.maybe("r.category=?", filter.category.map(Category::code));
        if !filter.phases.is_empty() {
            conditions.with("r.phase IN (SELECT value FROM json_each(?))", serde_json::to_string(&filter.phases)?);
        }
        conditions.maybe("r.disputed=?", filter.disputed.map(i64::from));
        conditions.maybe("r.evidence=?", filter.evidence.map(EvidenceKind::code));
        conditions.maybe("r.day>=?", filter.from.map(|day| day.to_string()));
        conditions.maybe("r.day<=?", filter.to.map(|day| day.to_string()));
        conditions.maybe("r.ended<?", filter.ended_before.map(|at| at.timestamp_micros()));
        const RECORD: SortColumn = SortColumn::plain("r.record");
        let (name, columns): (_, Vec<SortColumn>) = match sort {
            ServiceRecordSort::Day => ("records by day", vec![SortColumn::plain("r.day"), RECORD]),
            ServiceRecordSort::LoggedAt => ("records by logging", vec![SortColumn::plain("r.logged_at"), RECORD]),
        };
        let sort = Sort { name, columns, descending };
        Listing { select: ServiceRecordRow::select("r"), from: "service_records r", conditions, sort }.page(self, page).await
    }

    /// Service records by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn service_records_by_ids(&self, ids: &[RecordId]) -> Result<Vec<ServiceRecordRow>, QueryError> {
        let sql =
            format!("SELECT {} FROM service_records r WHERE r.record IN (SELECT value FROM json_each(?))", ServiceRecordRow::select("r"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// The live records at the same time as records that are held, each with the one that waits for it.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn records_in_the_way(&self, held: &[RecordId]) -> Result<Vec<(RecordId, ServiceRecordRow)>, QueryError> {
        let sql = format!(
            "SELECT json_array(h.record,{}) FROM service_records h JOIN service_records r
               ON r.volunteer=h.volunteer AND r.started<h.ended AND h.started<r.ended AND r.phase IN ('logged','confirmed')
             WHERE h.record IN (SELECT value FROM json_each(?)) AND h.phase='held' ORDER BY h.record, r.started, r.record",
            ServiceRecordRow::select("r")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(held)?.into()]).await
    }

    /// One service record.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn service_record(&self, id: RecordId) -> Result<Option<ServiceRecordRow>, QueryError> {
        Ok(self.service_records_by_ids(&[id]).await?.pop())
    }
}
