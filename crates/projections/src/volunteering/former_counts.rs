//! What records counted for once and no longer do: corrected, voided or rejected since. Together with the records that
//! count now, everything that was known at the end of any day.
//!
//! - At the end of a day a record counts in at most one way: what it counts for now, if that was recorded by then, or
//!   one of these.
//! - What began and ended on one recorded day was never known at the end of a day and has no row.

use gongyi_domain::{
    values::{AreaCode, Day, Minutes, OrganisationId, RecordId, VolunteerId},
    volunteering::category::Category,
};

use super::service_records::{EvidenceKind, ServiceRecordRow};
use crate::{change::Change, rows::row};

row! {
    /// A way in which a record counted.
    FormerCount in "former_counts" {
        key {
            /// The place in the log of the event that ended it.
            ended_at: u64,
        }
        fixed {
            /// Which record.
            record: RecordId,
            /// Whose.
            volunteer: VolunteerId,
            /// The organisation that organised it.
            organisation: OrganisationId,
            /// Where it counted.
            area: AreaCode,
            /// What it rests on.
            evidence: EvidenceKind,
            /// The day of the service.
            day: Day,
            /// Whole minutes.
            minutes: Minutes,
            /// The category.
            category: Category,
            /// The first day at whose end it was known.
            counted_since: Day,
            /// The first day at whose end it no longer was.
            counted_until: Day,
        }
    }
}

/// How a record counted until this change; nothing if no day ended meanwhile.
pub(crate) fn ended(record: &ServiceRecordRow, change: &Change) -> Option<FormerCount> {
    let counted_until = change.recorded_day;
    let counted_since = record.counted_since.filter(|since| *since < counted_until)?;
    Some(FormerCount {
        ended_at: change.position,
        record: record.record,
        volunteer: record.volunteer,
        organisation: record.organisation,
        area: record.area.clone(),
        evidence: record.evidence,
        day: record.day,
        minutes: record.minutes,
        category: record.category,
        counted_since,
        counted_until,
        position: change.position,
    })
}
