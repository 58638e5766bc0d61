//! Working days (工作日): the off-days and make-up working days of a year, from the State Council's notice (节假日安排).
//!
//! - One stream a year. A notice that changes an earlier one (2019-03-22, 2020-01-27) stands beside it; the last one holds.
//! - A notice may move days of the December before its year, and then holds there too.
//! - Without a notice, weekends are off, and the days that the statute fixes (全国年节及纪念日放假办法: 1 January, 1 and 2 May, 1 to 3
//!   October). Such a year is provisional, and so is whatever is counted through it.
//! - A count of days or working days does not count the first one (民法典 201).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Weekday};
use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::authority::{Act, Role, To};
use crate::{event::DomainEvent, prose::Line, refusal::refusals, values::Day};

/// Most days that a notice names.
pub const NOTICE_DAYS_MAX_COUNT: usize = 120;
/// Most papers that a year's days come from: the notice and its amendments.
pub const NOTICE_PAPERS_MAX_COUNT: usize = 10;
/// Longest name of a day, and longest number or address of a paper, in characters.
pub const NOTICE_LINE_MAX_CHARS: usize = 200;
/// The first year with a working week of five days (国务院关于职工工作时间的规定, 1995), and the last that is believed.
pub const NOTICE_YEARS: std::ops::RangeInclusive<i32> = 1995..=2199;

/// Take over the working days of a year.
pub const IMPORT_WORKING_DAYS: Act = Act { name: "importWorkingDays", open_to: &[To::Holders(Role::Operator)] };
/// Read the working days of a year.
pub const WORKING_DAYS: Act = Act { name: "workingDays", open_to: &[To::Anyone] };

/// The stream of a year's working days.
pub fn working_calendar_stream(year: i32) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("gongyi:working-calendar:{year}").as_bytes())
}

/// A day that a notice names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NamedDay {
    /// The day.
    pub day: Day,
    /// Which holiday it is about.
    pub name: String,
    /// Off; else it is worked on, weekend or not.
    pub off: bool,
}

/// A year's working days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingCalendar {
    /// The papers that the days come from, by number or address; none without a notice.
    pub papers: Vec<String>,
    /// The days it names, in order.
    pub days: Vec<NamedDay>,
    /// How often it was amended.
    pub amendments: u32,
}

/// What may be asked of a year's working days.
#[derive(Debug, Clone)]
pub enum WorkingCalendarCommand {
    /// Take over the notice of a year, or the days as an amendment leaves them. The same again changes nothing.
    Publish {
        /// The year.
        year: i32,
        /// The papers that the days come from, by number or address.
        papers: Vec<String>,
        /// All days that they name.
        days: Vec<NamedDay>,
    },
}

/// What happened to a year's working days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkingCalendarEvent {
    /// The year's notice was taken over.
    WorkingDaysPublished {
        /// The year.
        year: i32,
        /// The papers that the days come from, by number or address.
        papers: Vec<String>,
        /// The days they name, in order.
        days: Vec<NamedDay>,
    },
    /// The days were amended: all of them, as they are now.
    WorkingDaysAmended {
        /// The year.
        year: i32,
        /// The papers that the days come from, by number or address.
        papers: Vec<String>,
        /// The days they name, in order.
        days: Vec<NamedDay>,
    },
}
impl DomainEvent for WorkingCalendarEvent {}

refusals! {
    /// Why working days are refused.
    pub enum WorkingCalendarRefusal {
        /// No year of which there are notices.
        NoticeYearUnfit { first: i32, last: i32 }("year", "年份须在 {first} 至 {last} 之间", "The year is one from {first} to {last}"),
        /// Nothing says where the days come from.
        NoticePapersUnfit { most: usize }("papers", "须写明 1 至 {most} 份通知的文号或网址", "Name 1 to {most} papers that the days come from"),
        /// No days, or too many.
        NoticeDaysUnfit { most: usize }("days", "通知须列出 1 至 {most} 天，每天有名称", "A notice names 1 to {most} days, each with what it is about"),
        /// Neither of the year nor of the December before it.
        DayOutsideYear { day: Day }("days", "{day} 不在该年内，也不在上一年的最后一个月内", "{day} is neither of the year nor of the December before it"),
        /// A day twice.
        DayTwice { day: Day }("days", "{day} 出现了两次", "{day} stands there twice"),
    }
}

fn lines_fit<'a>(mut lines: impl Iterator<Item = &'a str>) -> bool {
    lines.all(|line| Line::parse(line, NOTICE_LINE_MAX_CHARS, |_| ()).is_ok())
}

impl Aggregate for WorkingCalendar {
    const NAME: &'static str = "working_calendar";
    type State = Self;
    type Command = WorkingCalendarCommand;
    type Event = WorkingCalendarEvent;
    type Error = WorkingCalendarRefusal;

    fn handle_command(calendar: &Self, command: WorkingCalendarCommand) -> Result<Vec<WorkingCalendarEvent>, WorkingCalendarRefusal> {
        let WorkingCalendarCommand::Publish { year, papers, mut days } = command;
        if !NOTICE_YEARS.contains(&year) {
            return Err(WorkingCalendarRefusal::NoticeYearUnfit { first: *NOTICE_YEARS.start(), last: *NOTICE_YEARS.end() });
        }
        if !(1..=NOTICE_PAPERS_MAX_COUNT).contains(&papers.len()) || !lines_fit(papers.iter().map(String::as_str)) {
            return Err(WorkingCalendarRefusal::NoticePapersUnfit { most: NOTICE_PAPERS_MAX_COUNT });
        }
        if !(1..=NOTICE_DAYS_MAX_COUNT).contains(&days.len()) || !lines_fit(days.iter().map(|it| it.name.as_str())) {
            return Err(WorkingCalendarRefusal::NoticeDaysUnfit { most: NOTICE_DAYS_MAX_COUNT });
        }
        let of_the_year = |day: Day| day.year() == year || day.year() == year - 1 && day.month() == 12;
        if let Some(outside) = days.iter().find(|it| !of_the_year(it.day)) {
            return Err(WorkingCalendarRefusal::DayOutsideYear { day: outside.day });
        }
        days.sort_by_key(|it| it.day);
        if let Some(pair) = days.windows(2).find(|pair| pair[0].day == pair[1].day) {
            return Err(WorkingCalendarRefusal::DayTwice { day: pair[0].day });
        }
        Ok(if calendar.papers.is_empty() {
            vec![WorkingCalendarEvent::WorkingDaysPublished { year, papers, days }]
        } else if (&calendar.papers, &calendar.days) == (&papers, &days) {
            vec![]
        } else {
            vec![WorkingCalendarEvent::WorkingDaysAmended { year, papers, days }]
        })
    }

    fn apply_event(calendar: Self, event: WorkingCalendarEvent) -> Self {
        match event {
            WorkingCalendarEvent::WorkingDaysPublished { papers, days, .. } => Self { papers, days, amendments: 0 },
            WorkingCalendarEvent::WorkingDaysAmended { papers, days, .. } => Self { papers, days, amendments: calendar.amendments + 1 },
        }
    }
}

/// A day that was counted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedDay {
    /// The day.
    pub day: Day,
    /// A day on the way is of a year without a notice: the count may change once there is one.
    pub provisional: bool,
}

/// The working days of several years, to count in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingDays {
    /// Whether a day that a notice names is off.
    named: BTreeMap<Day, bool>,
    /// The years with a notice.
    years: BTreeSet<i32>,
}

impl WorkingDays {
    /// Of these years; of those that are missing or empty there is no notice.
    pub fn of<'a>(calendars: impl IntoIterator<Item = (i32, &'a WorkingCalendar)>) -> Self {
        let calendars: BTreeMap<i32, &WorkingCalendar> = calendars.into_iter().filter(|(_, it)| !it.papers.is_empty()).collect();
        // In the order of years: a notice holds in the December before its year, whatever that year's own says.
        let named = calendars.values().flat_map(|calendar| calendar.days.iter().map(|it| (it.day, it.off))).collect();
        Self { named, years: calendars.into_keys().collect() }
    }

    /// Whether there is no notice of a year yet.
    pub fn is_provisional(&self, year: i32) -> bool {
        !self.years.contains(&year)
    }

    /// Whether a day is worked on.
    pub fn is_working(&self, day: Day) -> bool {
        if let Some(off) = self.named.get(&day) {
            return !off;
        }
        let fixed = || matches!((day.month(), day.day()), (1, 1) | (5, 1 | 2) | (10, 1..=3));
        let is_weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        !(is_weekend || self.is_provisional(day.year()) && fixed())
    }

    /// The working day that is so many after a day, which itself does not count.
    pub fn after(&self, day: Day, count: u32) -> CountedDay {
        let (mut counted, mut left) = (CountedDay { day, provisional: false }, count);
        while left > 0 {
            // The calendar of this world ends before any count does.
            let Some(next) = counted.day.succ_opt() else { break };
            counted = CountedDay { day: next, provisional: counted.provisional || self.is_provisional(next.year()) };
            left -= u32::from(self.is_working(next));
        }
        counted
    }

    /// The day itself, or the next working day where it is off: when a term of days ends (民法典 203).
    pub fn at_or_after(&self, day: Day) -> CountedDay {
        if self.is_working(day) { CountedDay { day, provisional: self.is_provisional(day.year()) } } else { self.after(day, 1) }
    }

    /// The last day from which so many working days were over before `today`: what was due by then is overdue.
    pub fn last_overdue(&self, today: Day, count: u32) -> Day {
        let (mut day, mut left) = (today, count);
        loop {
            let Some(before) = day.pred_opt() else { return day };
            day = before;
            if left == 0 {
                return day;
            }
            left -= u32::from(self.is_working(day));
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;
    use crate::scenario::given;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// 国务院办公厅关于2026年部分节假日安排的通知 (国办发明电〔2025〕7号): runs of off-days, and the make-up working days.
    fn notice_of_2026() -> Vec<NamedDay> {
        let run = |name: &str, first: &str, last: &str| {
            let days = day(first).iter_days().take_while(|it| *it <= day(last));
            days.map(|day| NamedDay { day, name: name.to_owned(), off: true }).collect::<Vec<_>>()
        };
        let mut days = run("元旦", "2026-01-01", "2026-01-03");
        days.extend(run("春节", "2026-02-15", "2026-02-23"));
        days.extend(run("清明节", "2026-04-04", "2026-04-06"));
        days.extend(run("劳动节", "2026-05-01", "2026-05-05"));
        days.extend(run("端午节", "2026-06-19", "2026-06-21"));
        days.extend(run("中秋节", "2026-09-25", "2026-09-27"));
        days.extend(run("国庆节", "2026-10-01", "2026-10-07"));
        for made_up in ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"] {
            days.push(NamedDay { day: day(made_up), name: "补班".to_owned(), off: false });
        }
        days
    }

    fn publish(papers: &[&str], days: Vec<NamedDay>) -> WorkingCalendarCommand {
        WorkingCalendarCommand::Publish { year: 2026, papers: papers.iter().map(|it| (*it).to_owned()).collect(), days }
    }

    fn of_2026() -> WorkingDays {
        let events =
            WorkingCalendar::handle_command(&WorkingCalendar::default(), publish(&["国办发明电〔2025〕7号"], notice_of_2026())).unwrap();
        let calendar = events.into_iter().fold(WorkingCalendar::default(), WorkingCalendar::apply_event);
        WorkingDays::of([(2026, &calendar)])
    }

    #[test]
    fn working_days_are_counted_by_the_notice() {
        let days = of_2026();
        for (count, from, to) in [
            (5, "2026-02-12", "2026-02-26"),
            (1, "2026-02-27", "2026-02-28"),
            (5, "2026-09-30", "2026-10-13"),
            (3, "2026-09-18", "2026-09-22"),
        ] {
            assert_eq!(days.after(day(from), count), CountedDay { day: day(to), provisional: false }, "{count} from {from}");
        }
        // Thirty days: the last one rolls where it is off.
        for (from, to) in [("2026-01-15", "2026-02-14"), ("2026-08-28", "2026-09-28"), ("2026-09-01", "2026-10-08")] {
            assert_eq!(days.at_or_after(day(from) + Days::new(30)).day, day(to), "30 days from {from}");
        }
        assert_eq!(days.after(day("2026-02-12"), 0).day, day("2026-02-12"));
    }

    #[test]
    fn without_a_notice_weekends_and_the_fixed_days_are_off_and_that_is_told() {
        let days = WorkingDays::default();
        for off in ["2027-01-01", "2027-05-01", "2026-05-02", "2025-10-02", "2027-02-06"] {
            assert!(!days.is_working(day(off)), "{off}");
        }
        assert!(days.is_working(day("2027-02-08")) && days.is_working(day("2027-10-04")));
        assert_eq!(days.after(day("2027-09-30"), 1), CountedDay { day: day("2027-10-04"), provisional: true });
        let known = of_2026();
        assert_eq!(known.after(day("2026-12-30"), 2), CountedDay { day: day("2027-01-04"), provisional: true });
        assert!(!known.is_provisional(2026) && known.is_provisional(2027));
    }

    #[test]
    fn a_notice_holds_in_the_december_before_its_year() {
        // 2022-12-31 was off by the notice of 2023.
        let calendar = WorkingCalendar {
            papers: vec!["国办发明电〔2022〕16号".into()],
            days: vec![NamedDay { day: day("2022-12-30"), name: "元旦".into(), off: true }],
            amendments: 0,
        };
        let before = WorkingCalendar {
            papers: vec!["国办发明电〔2021〕11号".into()],
            days: vec![NamedDay { day: day("2022-12-30"), name: "元旦".into(), off: false }],
            amendments: 0,
        };
        assert!(!WorkingDays::of([(2023, &calendar), (2022, &before)]).is_working(day("2022-12-30")));
    }

    #[test]
    fn an_amendment_stands_beside_the_notice_and_the_same_again_changes_nothing() {
        let first = publish(&["国办发明电〔2025〕7号"], notice_of_2026());
        let published = given::<WorkingCalendar>([]).and(first.clone());
        published.when(first).then([]);
        let mut days = notice_of_2026();
        days.retain(|it| it.day != day("2026-05-09"));
        let amended = published.and(publish(&["国办发明电〔2025〕7号", "国办发明电〔2026〕1号"], days));
        assert_eq!((amended.amendments, amended.papers.len()), (1, 2));
    }

    #[test]
    fn what_is_no_notice_of_the_year_is_refused() {
        let refused = |command| given::<WorkingCalendar>([]).when(command);
        let one = |text: &str| vec![NamedDay { day: day(text), name: "元旦".into(), off: true }];
        refused(publish(&[], one("2026-01-01"))).then_refused(WorkingCalendarRefusal::NoticePapersUnfit { most: NOTICE_PAPERS_MAX_COUNT });
        refused(publish(&["x"], vec![])).then_refused(WorkingCalendarRefusal::NoticeDaysUnfit { most: NOTICE_DAYS_MAX_COUNT });
        refused(publish(&["x"], one("2025-11-30"))).then_refused(WorkingCalendarRefusal::DayOutsideYear { day: day("2025-11-30") });
        let twice = [one("2026-01-01"), one("2026-01-01")].concat();
        refused(publish(&["x"], twice)).then_refused(WorkingCalendarRefusal::DayTwice { day: day("2026-01-01") });
        let old = WorkingCalendarCommand::Publish { year: 1994, papers: vec!["x".into()], days: one("1994-01-01") };
        refused(old).then_refused(WorkingCalendarRefusal::NoticeYearUnfit { first: 1995, last: 2199 });
    }

    proptest! {
        /// Overdue is what was due before today: counted forwards from each day, as the definition says.
        #[test]
        fn what_is_overdue_was_due_before_today(offset in 0..800_u64, count in 0..30_u32) {
            let days = of_2026();
            let today = day("2025-10-01") + Days::new(offset);
            let last = days.last_overdue(today, count);
            prop_assert!(days.after(last, count).day < today);
            prop_assert!(days.after(last.succ_opt().unwrap(), count).day >= today);
        }

        #[test]
        fn the_counted_day_is_worked_on_and_has_so_many_before_it(offset in 0..800_u64, count in 1..60_u32) {
            let days = of_2026();
            let from = day("2025-10-01") + Days::new(offset);
            let to = days.after(from, count).day;
            prop_assert!(days.is_working(to));
            let between = from.iter_days().skip(1).take_while(|it| *it <= to).filter(|it| days.is_working(*it)).count();
            prop_assert_eq!(between as u32, count);
        }
    }
}
