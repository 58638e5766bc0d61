//! Participation as signed deltas: how many confirmed minutes and records, where, when, in what, for whom, by the day
//! of the service and the day it was recorded.
//!
//! - Only records that are confirmed count; what ceases to count is subtracted on the day that is recorded.
//! - The sums over all recorded days are the records that count now.

use gongyi_domain::{
    values::{AreaCode, Day, OrganisationId},
    volunteering::category::Category,
};

use super::service_records::{EvidenceKind, ServiceRecordRow};
use crate::{
    change::Change,
    read_model::FoldError,
    rows::{Rows, row},
};

row! {
    /// What changed on one recorded day about one day, area, organisation and category.
    ParticipationDelta in "participation" {
        key {
            /// The day of the service.
            day: Day,
            /// Where it counts.
            area: AreaCode,
            /// Who organised it.
            organisation: OrganisationId,
            /// The category.
            category: Category,
            /// The day it became known, in the tenant's time zone.
            recorded_day: Day,
        }
        live {
            /// Minutes with evidence of attendance, more or less.
            attested_minutes: i64,
            /// Minutes entered by hand, more or less.
            declared_minutes: i64,
            /// Records, more or less.
            records: i64,
        }
    }
}

/// What one record counts for: minutes attested and declared.
pub(crate) fn counted(record: &ServiceRecordRow) -> (i64, i64) {
    let minutes = i64::from(record.minutes.0);
    match record.evidence {
        EvidenceKind::Attested => (minutes, 0),
        EvidenceKind::Declared => (0, minutes),
    }
}

fn key(change: &Change, record: &ServiceRecordRow) -> (Day, AreaCode, OrganisationId, Category, Day) {
    (record.day, record.area.clone(), record.organisation, record.category, change.recorded_day)
}

/// Counts a record in (`sign` 1) or out (-1).
pub(crate) fn count(deltas: &mut Rows<ParticipationDelta>, change: &Change, record: &ServiceRecordRow, sign: i64) -> Result<(), FoldError> {
    let key = key(change, record);
    let (attested, declared) = counted(record);
    if deltas.get(&key)?.is_none() {
        let (day, area, organisation, category, recorded_day) = key.clone();
        let (attested_minutes, declared_minutes, records, position) = (0, 0, 0, change.position);
        deltas.put(ParticipationDelta {
            day,
            area,
            organisation,
            category,
            recorded_day,
            attested_minutes,
            declared_minutes,
            records,
            position,
        });
    }
    let row = deltas.change(&key, change.position)?;
    let add = |to: i64, by: i64| by.checked_mul(sign).and_then(|by| to.checked_add(by)).ok_or(FoldError::Overflow("participation"));
    row.attested_minutes = add(row.attested_minutes, attested)?;
    row.declared_minutes = add(row.declared_minutes, declared)?;
    row.records = add(row.records, 1)?;
    Ok(())
}
