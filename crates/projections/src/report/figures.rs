//! Figures as signed, dated sums: by the day something happened and the day that was recorded, for an area and each larger
//! one, so that a report of any day, as it was known on any day, is a range of rows.
//!
//! - What an event changes is decided by `subjects.rs`, one figure's rule a function there.
//! - Every change is kept as an entry, too: so that a report that has changed can say by what.
//! - Service is counted by `volunteering/service_figures.rs`, beside the other figures of service.

use std::collections::VecDeque;

use gongyi_domain::{
    report::Figure,
    values::{AreaCode, Day},
};
use uuid::Uuid;

use super::subjects::{Delta, Deltas, Subjects};
use crate::{
    change::Change,
    opener::Texts,
    read_model::{Fold, FoldError},
    rows::{Rows, Table, row},
    stored::flag,
};

row! {
    /// What changed about a figure of an area, its parts included.
    FigureSum in "figure_sums" {
        key {
            /// The area.
            area: AreaCode,
            /// The figure.
            figure: Figure,
            /// The day it happened.
            day: Day,
            /// The day it was recorded.
            recorded_day: Day,
        }
        live {
            /// How much, more or less.
            amount: i64,
        }
    }
}

row! {
    /// What one event changed about a figure.
    FigureEntry in "figure_entries" {
        key {
            /// Its place in the log.
            event: u64,
            /// The figure.
            figure: Figure,
            /// Where it counts.
            area: AreaCode,
            /// The day it happened.
            day: Day,
        }
        fixed {
            /// The day it was recorded.
            recorded_day: Day,
            /// What it is about: the event's stream.
            subject: Uuid,
            /// That stream's kind.
            kind: String,
            /// It takes back or mends what was told before.
            #[serde(with = "flag")]
            corrects: bool,
        }
        live {
            /// How much, more or less.
            amount: i64,
        }
    }
}

#[derive(Default)]
pub(crate) struct FiguresFold {
    subjects: Subjects,
    sums: Rows<FigureSum>,
    entries: Rows<FigureEntry>,
    /// What the batch's events change, decided as soon as their subjects are at hand.
    decided: VecDeque<(u64, Result<Deltas, FoldError>)>,
}

fn added(to: i64, by: i64) -> Result<i64, FoldError> {
    to.checked_add(by).ok_or(FoldError::Overflow("figure_sums"))
}

impl FiguresFold {
    fn sum(&mut self, change: &Change, delta: &Delta, area: AreaCode) -> Result<(), FoldError> {
        let key = (area, delta.figure, delta.day, change.recorded_day);
        if self.sums.get(&key)?.is_none() {
            let (area, figure, day, recorded_day) = key.clone();
            self.sums.put(FigureSum { area, figure, day, recorded_day, amount: 0, position: change.position });
        }
        let row = self.sums.change(&key, change.position)?;
        row.amount = added(row.amount, delta.amount)?;
        Ok(())
    }

    fn enter(&mut self, change: &Change, delta: &Delta) -> Result<(), FoldError> {
        let key = (change.position, delta.figure, delta.area.clone(), delta.day);
        if self.entries.get(&key)?.is_none() {
            self.entries.put(FigureEntry {
                event: change.position,
                figure: delta.figure,
                area: delta.area.clone(),
                day: delta.day,
                recorded_day: change.recorded_day,
                subject: change.stream.id,
                kind: change.stream.kind.to_string(),
                corrects: delta.corrects,
                amount: 0,
                position: change.position,
            });
        }
        let row = self.entries.change(&key, change.position)?;
        row.amount = added(row.amount, delta.amount)?;
        Ok(())
    }
}

impl Fold for FiguresFold {
    const NAME: &'static str = "figures";
    const KINDS: &'static [&'static str] =
        &["volunteer", "organisation", "membership", "council", "election", "meeting", "motion", "fund", "project", "community_activity"];
    // A day's sum changes with every event of the day.
    const KEEPS_ROWS: bool = true;

    fn want(&mut self, change: &Change) {
        self.subjects.want(change);
    }

    fn want_next(&mut self, change: &Change) {
        let decided = self.subjects.take(change);
        for delta in decided.iter().flatten() {
            for area in delta.area.line() {
                self.sums.want((area, delta.figure, delta.day, change.recorded_day));
            }
            self.entries.want((change.position, delta.figure, delta.area.clone(), delta.day));
        }
        self.decided.push_back((change.position, decided));
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some((position, decided)) = self.decided.pop_front() else {
            return Err(FoldError::Unfit("nothing was decided about this event".to_owned()));
        };
        debug_assert_eq!(position, change.position);
        for delta in decided? {
            for area in delta.area.line() {
                self.sum(change, &delta, area)?;
            }
            self.enter(change, &delta)?;
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.subjects.0, &mut self.sums, &mut self.entries]
    }
}
