//! Counts of the whole platform, for metrics: nothing personal, nothing by area.

use std::collections::BTreeMap;

use crate::{
    paging::{QueryError, fetch},
    views::Views,
};

/// How much there is of everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Listed areas.
    pub areas: u64,
    /// Persons, the erased ones included.
    pub persons: u64,
    /// Open accounts.
    pub accounts: u64,
    /// Volunteers by standing.
    pub volunteers: BTreeMap<String, u64>,
    /// Working organisations by kind.
    pub organisations: BTreeMap<String, u64>,
    /// Memberships that hold now.
    pub memberships: u64,
    /// Activities by phase.
    pub activities: BTreeMap<String, u64>,
    /// Sign-ups with a place or waiting.
    pub sign_ups: u64,
    /// Stays.
    pub attendances: u64,
    /// Service records by status.
    pub service_records: BTreeMap<String, u64>,
    /// Service records in dispute.
    pub disputed: u64,
}

impl Views {
    /// The platform's counts.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn statistics(&self) -> Result<Statistics, QueryError> {
        let sql = "SELECT json_array('areas','',count(*)) FROM areas
            UNION ALL SELECT json_array('persons','',count(*)) FROM persons
            UNION ALL SELECT json_array('accounts','',count(*)) FROM accounts WHERE closed=0
            UNION ALL SELECT json_array('volunteers',standing,count(*)) FROM volunteers GROUP BY standing
            UNION ALL SELECT json_array('organisations',kind,count(*)) FROM organisations WHERE dissolved=0 GROUP BY kind
            UNION ALL SELECT json_array('memberships','',count(*)) FROM memberships WHERE active=1
            UNION ALL SELECT json_array('activities',phase,count(*)) FROM activities GROUP BY phase
            UNION ALL SELECT json_array('sign_ups','',count(*)) FROM sign_ups WHERE state<>'withdrawn'
            UNION ALL SELECT json_array('attendances','',count(*)) FROM attendances
            UNION ALL SELECT json_array('service_records',status,count(*)) FROM service_records GROUP BY status
            UNION ALL SELECT json_array('disputed','',count(*)) FROM service_records WHERE disputed=1";
        let counts: Vec<(String, String, u64)> = fetch(&mut *self.pool().acquire().await?, sql.to_owned(), &[]).await?;
        let mut statistics = Statistics::default();
        for (what, group, count) in counts {
            match what.as_str() {
                "areas" => statistics.areas = count,
                "persons" => statistics.persons = count,
                "accounts" => statistics.accounts = count,
                "volunteers" => _ = statistics.volunteers.insert(group, count),
                "organisations" => _ = statistics.organisations.insert(group, count),
                "memberships" => statistics.memberships = count,
                "activities" => _ = statistics.activities.insert(group, count),
                "sign_ups" => statistics.sign_ups = count,
                "attendances" => statistics.attendances = count,
                "service_records" => _ = statistics.service_records.insert(group, count),
                _ => statistics.disputed = count,
            }
        }
        Ok(statistics)
    }
}
