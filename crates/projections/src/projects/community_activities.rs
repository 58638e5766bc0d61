//! Community benefit activities: who began them, for what, and whom they reached.
//!
//! - The phase is what the domain's own `apply_event` makes of it.
//! - Only a held one that is not voided reached anybody: [`CommunityActivityRow::person_times`] is 0 otherwise.

use chrono::serde::ts_microseconds;
use esrs::Aggregate;
use gongyi_domain::{
    Event,
    attachment::Attachment,
    projects::{
        self,
        community_activity::{CommunityActivity, CommunityActivityEvent as E, CommunityActivityPhase},
    },
    values::{AreaCode, CommunityActivityId, CouncilId, Day, Instant, PersonId, ProjectId},
};

use crate::{
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    stored::json,
    views::Views,
};

row! {
    /// A community benefit activity.
    CommunityActivityRow in "community_activities" {
        key {
            /// The activity.
            id: CommunityActivityId,
        }
        fixed {
            /// The representative who began it.
            begun_by: Option<PersonId>,
            /// The council of that representative's seat.
            council: Option<CouncilId>,
            /// The project it is for.
            project: Option<ProjectId>,
            /// Its title.
            title: String,
            /// Where.
            area: AreaCode,
            /// When it was begun.
            #[serde(with = "ts_microseconds")]
            begun_at: Instant,
        }
        rare {
            /// Where it stands.
            phase: CommunityActivityPhase,
            /// The day it was held.
            held_on: Option<Day>,
        }
        live {
            /// How many it reached, each time a person came.
            person_times: u32,
            /// What was done.
            report: Option<String>,
            /// Files that show it.
            #[serde(with = "json")]
            evidence: Vec<Attachment>,
            /// Why it was cancelled or voided.
            reason: Option<String>,
        }
    }
}

row! {
    /// A correction of how many an activity reached.
    PersonTimesCorrectionRow in "person_times_corrections" {
        key {
            /// The event's place in the log.
            at: u64,
        }
        fixed {
            /// The activity.
            community_activity: CommunityActivityId,
            /// What was told before.
            was: u32,
            /// How many it reached.
            became: u32,
            /// Why.
            reason: String,
            /// When it was corrected.
            #[serde(with = "ts_microseconds")]
            corrected_at: Instant,
            /// Who corrected it, as the log names actors.
            actor: String,
        }
    }
}

#[derive(Default)]
pub(crate) struct CommunityActivitiesFold {
    activities: Rows<CommunityActivityRow>,
    corrections: Rows<PersonTimesCorrectionRow>,
}

/// What an event says of a community activity.
fn concern(change: &Change) -> Option<&E> {
    use projects::Event as P;
    let Event::Projects(event) = &change.event else { return None };
    match event {
        P::CommunityActivity(event) => Some(event),
        P::Fund(_) | P::Round(_) | P::Project(_) | P::ServiceLink(_) | P::Incubation(_) => None,
    }
}

impl Fold for CommunityActivitiesFold {
    const NAME: &'static str = "community_activities";
    const KINDS: &'static [&'static str] = &["community_activity"];

    fn want(&mut self, change: &Change) {
        if concern(change).is_some() {
            self.activities.want((CommunityActivityId(change.stream.id),));
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some(event) = concern(change) else { return Ok(()) };
        let (id, position) = (CommunityActivityId(change.stream.id), change.position);
        if let E::CommunityActivityBegun { begun_by, project, title, area } = event {
            return self.activities.add(CommunityActivityRow {
                id,
                begun_by: begun_by.map(|it| it.person),
                council: begun_by.map(|it| it.council),
                project: *project,
                title: title.clone(),
                area: area.clone(),
                begun_at: change.recorded_at,
                phase: CommunityActivityPhase::Begun,
                held_on: None,
                person_times: 0,
                report: None,
                evidence: vec![],
                reason: None,
                position,
            });
        }
        let row = self.activities.change(&(id,), position)?;
        let (phase, held_on, person_times) = (row.phase, row.held_on, row.person_times);
        let before = CommunityActivity { phase, held_on, person_times, ..CommunityActivity::default() };
        let after = CommunityActivity::apply_event(before, event.clone());
        (row.phase, row.held_on, row.person_times) = (after.phase, after.held_on, after.person_times);
        match event {
            E::CommunityActivityBegun { .. } => {}
            E::CommunityActivityHeld { report, evidence, .. } => {
                (row.report, row.evidence) = (Some(report.clone()), evidence.clone());
            }
            E::PersonTimesCorrected { from, person_times, reason } => self.corrections.put(PersonTimesCorrectionRow {
                at: position,
                community_activity: id,
                was: *from,
                became: *person_times,
                reason: reason.clone(),
                corrected_at: change.recorded_at,
                actor: change.actor().to_owned(),
                position,
            }),
            E::CommunityActivityCancelled { reason } => row.reason = Some(reason.clone()),
            E::CommunityActivityVoided { reason } => (row.reason, row.person_times) = (Some(reason.clone()), 0),
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.activities, &mut self.corrections]
    }
}

/// Which community activities.
#[derive(Debug, Clone, Default)]
pub struct CommunityActivityFilter {
    /// In this area or within it.
    pub area: Option<AreaCode>,
    /// Begun from a seat in this council.
    pub council: Option<CouncilId>,
    /// Begun by this representative.
    pub begun_by: Option<PersonId>,
    /// For this project.
    pub project: Option<ProjectId>,
    /// In one of these phases; any if empty.
    pub phases: Vec<CommunityActivityPhase>,
    /// Held on this day or later.
    pub held_from: Option<Day>,
    /// Held on this day or earlier.
    pub held_to: Option<Day>,
}

/// How community activities are ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CommunityActivitySort {
    /// By when they were begun.
    #[default]
    BegunAt,
    /// By the day they were held; those that were not come first.
    HeldOn,
    /// By how many they reached.
    PersonTimes,
}

impl CommunityActivitySort {
    fn sort(self, descending: bool) -> Sort {
        let (name, column) = match self {
            Self::BegunAt => ("community_activities.begun_at", "c.begun_at"),
            Self::HeldOn => ("community_activities.held_on", "coalesce(c.held_on,'')"),
            Self::PersonTimes => ("community_activities.person_times", "c.person_times"),
        };
        Sort { name, columns: vec![SortColumn::plain(column), SortColumn::plain("c.id")], descending }
    }
}

impl Views {
    /// Community activities, ordered.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn community_activities(
        &self,
        filter: &CommunityActivityFilter,
        sort: CommunityActivitySort,
        descending: bool,
        page: &PageArgs,
    ) -> Result<Page<CommunityActivityRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.in_area("c.area", filter.area.as_ref());
        conditions.maybe("c.council=?", filter.council.map(|id| id.to_string()));
        conditions.maybe("c.begun_by=?", filter.begun_by.map(|id| id.to_string()));
        conditions.maybe("c.project=?", filter.project.map(|id| id.to_string()));
        if !filter.phases.is_empty() {
            conditions.with("c.phase IN (SELECT value FROM json_each(?))", serde_json::to_string(&filter.phases)?);
        }
        conditions.maybe("c.held_on>=?", filter.held_from.map(|day| day.to_string()));
        conditions.maybe("c.held_on<=?", filter.held_to.map(|day| day.to_string()));
        let sort = sort.sort(descending);
        let (select, from) = (CommunityActivityRow::select("c"), "community_activities c");
        Listing { select, from, conditions, sort }.page(self, page).await
    }

    /// Community activities by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn community_activities_by_ids(&self, ids: &[CommunityActivityId]) -> Result<Vec<CommunityActivityRow>, QueryError> {
        let select = CommunityActivityRow::select("c");
        let sql = format!("SELECT {select} FROM community_activities c WHERE c.id IN (SELECT value FROM json_each(?))");
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// The corrections of how many these activities reached, oldest first.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn person_times_corrections(&self, ids: &[CommunityActivityId]) -> Result<Vec<PersonTimesCorrectionRow>, QueryError> {
        let select = PersonTimesCorrectionRow::select("c");
        let sql = format!(
            "SELECT {select} FROM person_times_corrections c WHERE c.community_activity IN (SELECT value FROM json_each(?)) ORDER BY c.at"
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }
}
