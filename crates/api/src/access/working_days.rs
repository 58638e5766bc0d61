//! Working days, by year.

use async_graphql::{Context, Error, Object, SimpleObject};
use chrono::Datelike;
use gongyi_domain::access::{
    authority::Subject,
    working_calendar::{NOTICE_YEARS, NamedDay, WORKING_DAYS, WorkingCalendar},
};

use crate::{
    door::Door,
    fault::{self, Code},
    list::List,
    scalars::{Date, Position},
};

/// Most working days that are counted in one question: two years of them.
const COUNTED_WORKING_DAYS_MAX: u32 = 520;

/// A day that a year's notice names.
#[derive(SimpleObject)]
pub struct NoticeDay {
    /// The day.
    date: Date,
    /// Which holiday it is about.
    name: String,
    /// Off; else it is worked on, weekend or not.
    off: bool,
}

impl From<NamedDay> for NoticeDay {
    fn from(NamedDay { day, name, off }: NamedDay) -> Self {
        Self { date: Date(day), name, off }
    }
}

/// The working days of a year.
pub struct WorkingYear {
    year: i32,
    calendar: WorkingCalendar,
}

/// The working days of a year, from the State Council's notice of its holidays. Days that it does not name are worked on from Monday
/// to Friday.
#[Object]
impl WorkingYear {
    /// The year.
    fn year(&self) -> i32 {
        self.year
    }
    /// There is no notice yet: weekends are off, and the days that the statute fixes.
    fn provisional(&self) -> bool {
        self.calendar.papers.is_empty()
    }
    /// The papers that the days come from, by number or address.
    fn papers(&self) -> List<String> {
        self.calendar.papers.clone().into()
    }
    /// The days that they name, in order; they may be of the December before.
    fn days(&self) -> List<NoticeDay> {
        self.calendar.days.iter().cloned().map(NoticeDay::from).collect::<Vec<_>>().into()
    }
    /// How often the notice was amended.
    fn amendments(&self) -> u32 {
        self.calendar.amendments
    }
}

/// A day that was counted to.
#[derive(SimpleObject)]
pub struct CountedDay {
    /// The day.
    day: Date,
    /// A day on the way is of a year without a notice: another day may come of it once there is one.
    provisional: bool,
}

/// The root fields about working days.
#[derive(Default)]
pub struct WorkingDayQueries;

#[Object]
impl WorkingDayQueries {
    /// The working days of a year. Open to everybody.
    async fn working_days(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The year, from 1995 on.")] year: i32,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<WorkingYear, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&WORKING_DAYS, &Subject::default())?;
        if !NOTICE_YEARS.contains(&year) {
            return Err(fault::error(Code::BadInput, "there are no notices of this year"));
        }
        let calendar = door.app.working_calendar(year).await.map_err(|rejection| door.unread(rejection.into()))?;
        Ok(WorkingYear { year, calendar })
    }

    /// The working day that is so many after a day, which itself does not count. Open to everybody.
    async fn working_day_after(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day from which is counted.")] day: Date,
        #[graphql(desc = "How many working days, 520 at most.")] count: u32,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<CountedDay, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&WORKING_DAYS, &Subject::default())?;
        if count > COUNTED_WORKING_DAYS_MAX || !NOTICE_YEARS.contains(&day.0.year()) {
            return Err(fault::error(Code::BadInput, "this is not counted"));
        }
        let days = door.app.working_days(day.0).await.map_err(|rejection| door.unread(rejection.into()))?;
        let counted = days.after(day.0, count);
        Ok(CountedDay { day: Date(counted.day), provisional: counted.provisional })
    }
}
