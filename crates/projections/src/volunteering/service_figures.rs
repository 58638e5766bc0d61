//! Confirmed service of an area with all its parts: by day and by month, category and recorded day, for the area and each
//! larger one. Reports ask these few rows, whatever the number of volunteers and organisations.

use gongyi_domain::{
    values::{AreaCode, Day},
    volunteering::category::Category,
};

use super::service_records::ServiceRecordRow;
use crate::{
    change::Change,
    period::month,
    read_model::FoldError,
    rows::{Rows, row},
};

row! {
    /// What changed on one recorded day about one day's service in an area, its parts included.
    ServiceDay in "service_days" {
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

row! {
    /// What changed on one recorded day about one month's service in an area, its parts included.
    ServiceMonth in "service_months" {
        key {
            /// The area.
            area: AreaCode,
            /// The month of the service, `YYYY-MM`.
            month: String,
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

/// The figures that a batch changes.
#[derive(Default)]
pub(crate) struct ServiceFigures {
    pub(crate) days: Rows<ServiceDay>,
    pub(crate) months: Rows<ServiceMonth>,
}

impl ServiceFigures {
    /// Asks for the rows in which a service counts.
    pub(crate) fn want(&mut self, change: &Change, area: &AreaCode, day: Day, category: Category) {
        for area in area.line() {
            self.days.want((area.clone(), day, category, change.recorded_day));
            self.months.want((area, month(day), category, change.recorded_day));
        }
    }

    /// Counts a record in (`sign` 1) or out (-1).
    pub(crate) fn count(&mut self, change: &Change, record: &ServiceRecordRow, sign: i64) -> Result<(), FoldError> {
        let (category, recorded_day, position) = (record.category, change.recorded_day, change.position);
        let by = sign.checked_mul(i64::from(record.minutes.0)).ok_or(FoldError::Overflow("service_days"))?;
        let add = |to: &mut i64, by: i64| to.checked_add(by).map(|sum| *to = sum).ok_or(FoldError::Overflow("service_days"));
        for area in record.area.line() {
            let key = (area.clone(), record.day, category, recorded_day);
            if self.days.get(&key)?.is_none() {
                let (area, day) = (area.clone(), record.day);
                self.days.put(ServiceDay { area, day, category, recorded_day, records: 0, minutes: 0, position });
            }
            let row = self.days.change(&key, position)?;
            add(&mut row.records, sign)?;
            add(&mut row.minutes, by)?;

            let key = (area.clone(), month(record.day), category, recorded_day);
            if self.months.get(&key)?.is_none() {
                let month = month(record.day);
                self.months.put(ServiceMonth { area, month, category, recorded_day, records: 0, minutes: 0, position });
            }
            let row = self.months.change(&key, position)?;
            add(&mut row.records, sign)?;
            add(&mut row.minutes, by)?;
        }
        Ok(())
    }
}
