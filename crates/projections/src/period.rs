//! Months and periods: what has a row a month is asked for by months, and by days at a period's ends.

use chrono::{Datelike, Months};
use gongyi_domain::values::Day;

/// The month of a day, `YYYY-MM`.
pub(crate) fn month(day: Day) -> String {
    day.format("%Y-%m").to_string()
}

/// A period: its whole months, and the days left over.
#[derive(Debug, PartialEq)]
pub(crate) struct Period {
    /// The first day of the first and the last day of the last.
    pub(crate) months: Option<(Day, Day)>,
    /// Before and after them: first and last days.
    pub(crate) days: Vec<(Day, Day)>,
}

impl Period {
    /// From a day to a day, both included.
    pub(crate) fn new(from: Day, to: Day) -> Self {
        Self::whole_months(from, to).unwrap_or(Self { months: None, days: vec![(from, to)] })
    }

    fn whole_months(from: Day, to: Day) -> Option<Self> {
        let next_month = |day: Day| day.with_day(1)?.checked_add_months(Months::new(1));
        let first = if from.day() == 1 { from } else { next_month(from)? };
        let until = to.succ_opt()?.with_day(1)?;
        let before = (from < first).then(|| first.pred_opt().map(|last| (from, last)));
        let after = (until <= to).then_some(Some((until, to)));
        let days = [before, after].into_iter().flatten().collect::<Option<Vec<_>>>()?;
        (first < until).then_some(Self { months: Some((first, until.pred_opt()?)), days })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn all_years_are_months_and_a_week_is_days() {
        let ever = Period { months: Some((day("0001-01-01"), day("9999-12-31"))), days: vec![] };
        assert_eq!(Period::new(day("0001-01-01"), day("9999-12-31")), ever);
        let week = Period { months: None, days: vec![(day("2026-01-30"), day("2026-02-05"))] };
        assert_eq!(Period::new(day("2026-01-30"), day("2026-02-05")), week);
    }

    proptest! {
        #[test]
        fn every_day_of_a_period_is_in_exactly_one_part(start in 0u16..800, length in 0u16..800) {
            let from = day("2025-01-01") + chrono::Days::new(start.into());
            let to = from + chrono::Days::new(length.into());
            let period = Period::new(from, to);
            let mut parts = period.days.clone();
            if let Some((first, last)) = period.months {
                prop_assert!(first.day() == 1 && last.succ_opt().unwrap().day() == 1);
                parts.push((first, last));
            }
            parts.sort();
            let mut next = from;
            for (from, to) in parts {
                prop_assert!(from == next && from <= to);
                next = to.succ_opt().unwrap();
            }
            prop_assert_eq!(next, to.succ_opt().unwrap());
        }
    }
}
