//! Taking over the working days of a year, and counting in them.

use chrono::Datelike;
use gongyi_domain::{
    access::{
        authority::{Act, Subject},
        working_calendar::{IMPORT_WORKING_DAYS, NamedDay, WorkingCalendar, WorkingCalendarCommand, WorkingDays, working_calendar_stream},
    },
    values::Day,
};
use serde::Serialize;

use crate::{App, Command, rejection::Rejection, work::Work};

/// Take over the notice of a year, or the days as an amendment leaves them.
#[derive(Debug, Serialize)]
pub struct ImportWorkingDays {
    /// The year.
    pub year: i32,
    /// The papers that the days come from, by number or address.
    pub papers: Vec<String>,
    /// All days that they name.
    pub days: Vec<NamedDay>,
}

impl Command for ImportWorkingDays {
    const ACT: &'static Act = &IMPORT_WORKING_DAYS;
    type Answer = ();

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Rejection> {
        work.may(Self::ACT, &Subject::default())?;
        let command = WorkingCalendarCommand::Publish { year: self.year, papers: self.papers.clone(), days: self.days.clone() };
        work.load_and_decide::<WorkingCalendar>(working_calendar_stream(self.year), command).await?;
        Ok(())
    }
}

impl App {
    /// The working days of a year, as its last notice or amendment has them.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn working_calendar(&self, year: i32) -> Result<WorkingCalendar, Rejection> {
        self.state::<WorkingCalendar>(working_calendar_stream(year)).await
    }

    /// The working days around a day: of its year, the one before and the three after.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn working_days(&self, around: Day) -> Result<WorkingDays, Rejection> {
        let year = around.year();
        let mut calendars = vec![];
        for year in year.saturating_sub(1)..=year.saturating_add(3) {
            calendars.push((year, self.working_calendar(year).await?));
        }
        Ok(WorkingDays::of(calendars.iter().map(|(year, calendar)| (*year, calendar))))
    }
}
