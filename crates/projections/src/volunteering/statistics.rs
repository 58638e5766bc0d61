//! Counts of the whole platform, for metrics: nothing personal, nothing by area.

use std::collections::BTreeMap;

use crate::{
    paging::{QueryError, fetch},
    views::Views,
};

/// Every kind of thing that has a table of its own, by where it stands if it has phases. What is over and leaves nothing to
/// do (left memberships, dissolved organisations) is not counted.
const COUNTS: &str = "SELECT json_array('areas','',count(*)) FROM areas
    UNION ALL SELECT json_array('persons','',count(*)) FROM persons
    UNION ALL SELECT json_array('accounts','',count(*)) FROM accounts WHERE closed=0
    UNION ALL SELECT json_array('roles',role,count(*)) FROM grants GROUP BY role
    UNION ALL SELECT json_array('volunteers',phase,count(*)) FROM volunteers GROUP BY phase
    UNION ALL SELECT json_array('organisations',kind,count(*)) FROM organisations WHERE dissolved=0 GROUP BY kind
    UNION ALL SELECT json_array('memberships','',count(*)) FROM memberships WHERE active=1
    UNION ALL SELECT json_array('activities',phase,count(*)) FROM activities GROUP BY phase
    UNION ALL SELECT json_array('shifts','',count(*)) FROM shifts WHERE removed=0
    UNION ALL SELECT json_array('sign_ups','',count(*)) FROM sign_ups WHERE phase<>'withdrawn'
    UNION ALL SELECT json_array('attendances','',count(*)) FROM attendances
    UNION ALL SELECT json_array('service_records',phase,count(*)) FROM service_records GROUP BY phase
    UNION ALL SELECT json_array('disputed','',count(*)) FROM service_records WHERE disputed=1
    UNION ALL SELECT json_array('councils','',count(*)) FROM councils WHERE dissolved_on IS NULL
    UNION ALL SELECT json_array('seats','',count(*)) FROM seats WHERE vacated_on IS NULL AND term_over=0
    UNION ALL SELECT json_array('elections',phase,count(*)) FROM elections GROUP BY phase
    UNION ALL SELECT json_array('polls',phase,count(*)) FROM polls GROUP BY phase
    UNION ALL SELECT json_array('roll_entries','',count(*)) FROM roll_entries
    UNION ALL SELECT json_array('meetings',phase,count(*)) FROM meetings GROUP BY phase
    UNION ALL SELECT json_array('meeting_votes','',count(*)) FROM meeting_votes
    UNION ALL SELECT json_array('issues',phase,count(*)) FROM issues GROUP BY phase
    UNION ALL SELECT json_array('motions',phase,count(*)) FROM motions GROUP BY phase
    UNION ALL SELECT json_array('amendments',phase,count(*)) FROM motion_amendments GROUP BY phase
    UNION ALL SELECT json_array('covenants','',count(*)) FROM covenants WHERE repealed_from IS NULL
    UNION ALL SELECT json_array('projects',phase,count(*)) FROM projects GROUP BY phase
    UNION ALL SELECT json_array('project_grants','',count(*)) FROM project_grants
    UNION ALL SELECT json_array('community_activities',phase,count(*)) FROM community_activities GROUP BY phase
    UNION ALL SELECT json_array('incubations',phase,count(*)) FROM incubations GROUP BY phase
    UNION ALL SELECT json_array('funds','',count(*)) FROM funds WHERE closed=0
    UNION ALL SELECT json_array('rounds',phase,count(*)) FROM rounds GROUP BY phase
    UNION ALL SELECT json_array('applications','',count(*)) FROM round_applications";

/// How much there is of everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics(BTreeMap<(String, String), u64>);

impl Statistics {
    /// How many there are of a kind of thing that stand so; the phase is empty for what has none.
    pub fn count(&self, what: &str, phase: &str) -> u64 {
        self.0.get(&(what.to_owned(), phase.to_owned())).copied().unwrap_or(0)
    }

    /// Kind, phase, and how many. A phase that nothing has is left out.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.0.iter().map(|((what, phase), count)| (what.as_str(), phase.as_str(), *count))
    }
}

impl Views {
    /// The platform's counts.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn statistics(&self) -> Result<Statistics, QueryError> {
        let counts: Vec<(String, String, u64)> = fetch(&mut *self.pool().acquire().await?, COUNTS.to_owned(), &[]).await?;
        Ok(Statistics(counts.into_iter().map(|(what, phase, count)| ((what, phase), count)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What read models keep beside things that are counted.
    const BESIDE: [&str; 2] = ["deliberation_matters", "figure_subjects"];

    /// Whatever has an id of its own is counted, so that a new kind of thing is not forgotten.
    #[test]
    fn every_kind_of_thing_is_counted() {
        let tables = include_str!("../../../../migrations/views/0001_views.sql").split("CREATE TABLE ").skip(1);
        let of_things = tables.filter_map(|table| {
            let (name, columns) = table.split_once(" (")?;
            columns.trim_start().starts_with("id ").then_some(name).filter(|name| !BESIDE.contains(name))
        });
        let (counted, missing): (Vec<_>, Vec<_>) = of_things.partition(|name| COUNTS.split_whitespace().any(|word| word == *name));
        assert!(counted.len() > 10, "{counted:?}");
        assert_eq!(missing, Vec::<&str>::new(), "count them in COUNTS, or say in BESIDE why not");
    }
}
