//! Confirmed service of an area with all its parts: by day, category and recorded day, for the area and each larger one.
//! Reports ask these few rows, whatever the number of volunteers and organisations.

use gongyi_domain::{
    values::{AreaCode, Day},
    volunteering::category::Category,
};

use super::service_records::ServiceRecordRow;
use crate::{
    change::Change,
    read_model::FoldError,
    rows::{Rows, row},
};

row! {
    /// What changed on one recorded day about one day's service in an area, its parts included.
    ServiceFigure in "service_figures" {
        key {
            /// The area.
            area: AreaCode,
            /// The day of the service.
            day: Day,
            /// The category.
            category: Category,
            /// The day it became known.
            recorded_day: Day,
        }
        live {
            /// Records, more or less.
            records: i64,
            /// Minutes, more or less.
            minutes: i64,
        }
    }
}

/// Asks for the rows in which a service counts.
pub(crate) fn want(figures: &mut Rows<ServiceFigure>, change: &Change, area: &AreaCode, day: Day, category: Category) {
    area.line().for_each(|area| figures.want((area, day, category, change.recorded_day)));
}

/// Counts a record in (`sign` 1) or out (-1).
pub(crate) fn count(figures: &mut Rows<ServiceFigure>, change: &Change, record: &ServiceRecordRow, sign: i64) -> Result<(), FoldError> {
    for area in record.area.line() {
        let key = (area, record.day, record.category, change.recorded_day);
        if figures.get(&key)?.is_none() {
            let (area, day, category, recorded_day) = key.clone();
            figures.put(ServiceFigure { area, day, category, recorded_day, records: 0, minutes: 0, position: change.position });
        }
        let row = figures.change(&key, change.position)?;
        let minutes = sign.checked_mul(i64::from(record.minutes.0)).and_then(|by| row.minutes.checked_add(by));
        row.records = row.records.checked_add(sign).ok_or(FoldError::Overflow("service_figures"))?;
        row.minutes = minutes.ok_or(FoldError::Overflow("service_figures"))?;
    }
    Ok(())
}
