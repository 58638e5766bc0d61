//! What is asked of polls, their rolls and their published ballots.

use gongyi_domain::{
    deliberation::poll::PollPhase,
    values::{AreaCode, ElectionId, PersonId, PollId},
};

use super::{
    elections::phase_name,
    polls::{PollRow, PublishedBallotRow, RollEntryRow},
};
use crate::{
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    rows::Row,
    views::Views,
};

/// Which polls.
#[derive(Debug, Clone, Default)]
pub struct PollFilter {
    /// In this area or within it.
    pub area: Option<AreaCode>,
    /// Of this election.
    pub election: Option<ElectionId>,
    /// That have come this far.
    pub phase: Option<PollPhase>,
}

/// Which entries of a roll.
#[derive(Debug, Clone, Default)]
pub struct RollFilter {
    /// That this person casts for.
    pub voter: Option<PersonId>,
    /// That have voted, or have not.
    pub voted: Option<bool>,
}

impl Views {
    /// Polls, the last prepared first.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn polls(&self, filter: &PollFilter, page: &PageArgs) -> Result<Page<PollRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.in_area("p.area", filter.area.as_ref());
        conditions.maybe("p.election=?", filter.election.map(|id| id.to_string()));
        conditions.maybe("p.phase=?", phase_name(filter.phase)?);
        let columns = vec![SortColumn::plain("p.prepared_at"), SortColumn::plain("p.id")];
        let sort = Sort { name: "polls", columns, descending: true };
        Listing { select: PollRow::select("p"), from: "polls p", conditions, sort }.page(self, page).await
    }

    /// Polls by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn polls_by_ids(&self, ids: &[PollId]) -> Result<Vec<PollRow>, QueryError> {
        let sql = format!("SELECT {} FROM polls p WHERE p.id IN (SELECT value FROM json_each(?))", PollRow::select("p"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// A poll's roll, by entry: an order that says nothing of when anybody voted.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn roll_of_poll(&self, poll: PollId, filter: &RollFilter, page: &PageArgs) -> Result<Page<RollEntryRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("r.poll=?", poll.to_string());
        conditions.maybe("r.voter=?", filter.voter.map(|id| id.to_string()));
        conditions.maybe("r.voted=?", filter.voted.map(i64::from));
        let sort = Sort { name: "roll", columns: vec![SortColumn::plain("r.id")], descending: false };
        Listing { select: RollEntryRow::select("r"), from: "roll_entries r", conditions, sort }.page(self, page).await
    }

    /// Whether a person casts for an entry of a poll's roll.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn is_on_roll(&self, poll: PollId, person: PersonId) -> Result<bool, QueryError> {
        let sql = "SELECT json(count(*)) FROM (SELECT 1 FROM roll_entries WHERE voter=? AND poll=? LIMIT 1)".to_owned();
        let found: Vec<u8> = fetch(&mut *self.pool().acquire().await?, sql, &[person.to_string().into(), poll.to_string().into()]).await?;
        Ok(found != [0])
    }

    /// What a person may vote on or has: entries they cast for, and those whose voters they are the proxy of; the last
    /// prepared poll first.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn roll_entries_of_person(&self, person: PersonId, page: &PageArgs) -> Result<Page<RollEntryRow>, QueryError> {
        let mut conditions = Conditions::default();
        let person = person.to_string();
        conditions.holds(
            "r.id IN (SELECT id FROM roll_entries WHERE voter=? UNION
                SELECT of.id FROM election_proxies x JOIN elections e ON e.id=x.election
                JOIN roll_entries of ON of.voter=x.principal AND of.poll=e.poll WHERE x.proxy=?)"
                .to_owned(),
            vec![person.clone().into(), person.into()],
        );
        let columns = vec![SortColumn::plain("p.prepared_at"), SortColumn::plain("r.id")];
        let sort = Sort { name: "votes", columns, descending: true };
        let from = "roll_entries r JOIN polls p ON p.id=r.poll";
        Listing { select: RollEntryRow::select("r"), from, conditions, sort }.page(self, page).await
    }

    /// A poll's published ballots, in the order of the list; those that bear a tag, if one is given.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn published_ballots(
        &self,
        poll: PollId,
        tag: Option<&str>,
        page: &PageArgs,
    ) -> Result<Page<PublishedBallotRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("b.poll=?", poll.to_string());
        conditions.maybe("b.tag=?", tag);
        let sort = Sort { name: "ballots", columns: vec![SortColumn::plain("b.number")], descending: false };
        Listing { select: PublishedBallotRow::select("b"), from: "published_ballots b", conditions, sort }.page(self, page).await
    }
}
