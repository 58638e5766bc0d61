//! What a project means to do: its milestones, its money, its time.

use chrono::Datelike;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::project_terms::ProjectRefusal;
use crate::{
    prose::Line,
    values::{Cents, Day},
};

/// Longest title of a project or milestone, in characters.
pub const PROJECT_TITLE_MAX_CHARS: usize = 120;
/// Most milestones.
pub const MILESTONES_MAX_COUNT: usize = 50;

/// A step on the way, known by its place in the plan, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Milestone {
    /// What is done then.
    pub title: String,
    /// By when.
    pub due: Day,
}

/// Longest time between a project's first and last day, and between its first day and the one it was started on, in years.
pub const PROJECT_MAX_YEARS: i32 = 10;

/// What a project means to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// What funds may grant it, at most.
    pub grant: Cents,
    /// What it means to raise itself or to have matched.
    pub raised: Cents,
    /// Its first day.
    pub starts_on: Day,
    /// Its last day.
    pub ends_on: Day,
    /// The steps on the way; at least one.
    pub milestones: Vec<Milestone>,
}

impl Plan {
    /// The milestone of this number.
    pub fn milestone(&self, number: u16) -> Option<&Milestone> {
        self.milestones.get(usize::from(number).checked_sub(1)?)
    }

    /// This plan as it is stored, of a project that was started on this day.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn fitted(mut self, started_on: Option<Day>) -> Result<Self, ProjectRefusal> {
        if self.starts_on > self.ends_on {
            return Err(ProjectRefusal::ProjectDaysUnfit);
        }
        let years = |from: Day, to: Day| (to.year() - from.year()).abs();
        if years(self.starts_on, self.ends_on) > PROJECT_MAX_YEARS
            || started_on.is_some_and(|it| years(it, self.starts_on) > PROJECT_MAX_YEARS)
        {
            return Err(ProjectRefusal::ProjectTooLong { most: PROJECT_MAX_YEARS });
        }
        let unfit = ProjectRefusal::MilestonesUnfit { most: MILESTONES_MAX_COUNT };
        for milestone in &mut self.milestones {
            milestone.title = Line::parse(&milestone.title, PROJECT_TITLE_MAX_CHARS, |_| unfit.clone())?.into();
        }
        let within = |it: &Milestone| (self.starts_on..=self.ends_on).contains(&it.due);
        if !(1..=MILESTONES_MAX_COUNT).contains(&self.milestones.len()) || !self.milestones.iter().all(within) {
            return Err(unfit);
        }
        if self.grant.checked_add(self.raised).is_none_or(|all| all == Cents::ZERO) {
            return Err(ProjectRefusal::PlannedMoneyUnfit);
        }
        Ok(self)
    }
}
