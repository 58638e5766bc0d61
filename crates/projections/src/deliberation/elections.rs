//! Elections, from the call to the certificate, and their proxies.
//!
//! - `state` is what the domain's own `apply_event` makes of the election's events; nothing here says it a second time.

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use esrs::Aggregate;
use gongyi_domain::{
    Event,
    deliberation::{
        self,
        election::{Election, ElectionEvent, ElectionPhase},
    },
    values::{AreaCode, CouncilId, ElectionId, Instant, PersonId, PollId},
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
    /// An election.
    ElectionRow in "elections" {
        key {
            /// The election.
            id: ElectionId,
        }
        fixed {
            /// The council it is for.
            council: CouncilId,
            /// Where.
            area: AreaCode,
            /// When it was called, as recorded.
            #[serde(with = "ts_microseconds")]
            called_at: Instant,
        }
        rare {
            /// How far it has come.
            phase: ElectionPhase,
            /// Its poll.
            poll: Option<PollId>,
        }
        live {
            /// When it was certified or voided.
            #[serde(with = "ts_microseconds_option")]
            concluded_at: Option<Instant>,
            /// How it was certified or voided, as the event says.
            #[serde(with = "json")]
            conclusion: Option<ElectionEvent>,
            /// The domain's state of it.
            #[serde(with = "json")]
            state: Election,
        }
    }
}

row! {
    /// Whose vote is cast by whom in an election.
    ProxyRow in "election_proxies" {
        key {
            /// The election.
            election: ElectionId,
            /// Whose vote.
            principal: PersonId,
        }
        live {
            /// Who casts it.
            proxy: PersonId,
        }
    }
}

#[derive(Default)]
pub(crate) struct ElectionsFold {
    elections: Rows<ElectionRow>,
    proxies: Rows<ProxyRow>,
}

impl ElectionsFold {
    fn election(&mut self, id: ElectionId, change: &Change, event: &ElectionEvent) -> Result<(), FoldError> {
        let (position, now) = (change.position, change.recorded_at);
        if let ElectionEvent::ElectionCalled { terms, candidates: _ } = event {
            return self.elections.add(ElectionRow {
                id,
                council: terms.council,
                area: terms.area.clone(),
                called_at: now,
                phase: ElectionPhase::Called,
                poll: None,
                concluded_at: None,
                conclusion: None,
                state: Election::apply_event(Election::default(), event.clone()),
                position,
            });
        }
        let row = self.elections.change(&(id,), position)?;
        row.state = Election::apply_event(std::mem::take(&mut row.state), event.clone());
        (row.phase, row.poll) = (row.state.phase, row.state.poll);
        match event {
            ElectionEvent::ElectionCertified { .. } | ElectionEvent::ElectionVoided { .. } => {
                (row.concluded_at, row.conclusion) = (Some(now), Some(event.clone()));
            }
            ElectionEvent::ProxyRegistered { principal, proxy } => {
                self.proxies.put(ProxyRow { election: id, principal: *principal, proxy: *proxy, position });
            }
            ElectionEvent::ProxyRevoked { principal } => _ = self.proxies.remove(&(id, *principal))?,
            ElectionEvent::ElectionCalled { .. }
            | ElectionEvent::NomineePutForward { .. }
            | ElectionEvent::NominationAccepted { .. }
            | ElectionEvent::NominationWithdrawn { .. }
            | ElectionEvent::ProxiesPublished { .. }
            | ElectionEvent::PollAttached { .. }
            | ElectionEvent::ElectorateFrozen { .. }
            | ElectionEvent::RunOffCalled { .. } => {}
        }
        Ok(())
    }
}

/// What an event says of an election.
fn concern(change: &Change) -> Option<&ElectionEvent> {
    use deliberation::Event as D;
    let Event::Deliberation(event) = &change.event else { return None };
    match event {
        D::Election(event) => Some(event),
        D::Council(_)
        | D::ResidentIssue(_)
        | D::Motion(_)
        | D::MotionRegister(_)
        | D::Covenant(_)
        | D::Meeting(_)
        | D::Poll(_)
        | D::Roll(_)
        | D::RollEntry(_)
        | D::BallotList(_)
        | D::Minutes(_) => None,
    }
}

impl Fold for ElectionsFold {
    const NAME: &'static str = "elections";
    const KINDS: &'static [&'static str] = &["election"];

    fn want(&mut self, change: &Change) {
        let Some(event) = concern(change) else { return };
        let id = ElectionId(change.stream.id);
        self.elections.want((id,));
        if let ElectionEvent::ProxyRegistered { principal, .. } | ElectionEvent::ProxyRevoked { principal } = event {
            self.proxies.want((id, *principal));
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some(event) = concern(change) else { return Ok(()) };
        self.election(ElectionId(change.stream.id), change, event)
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.elections, &mut self.proxies]
    }
}

/// Which elections.
#[derive(Debug, Clone, Default)]
pub struct ElectionFilter {
    /// For this council.
    pub council: Option<CouncilId>,
    /// In this area or within it.
    pub area: Option<AreaCode>,
    /// That have come this far.
    pub phase: Option<ElectionPhase>,
}

/// A phase as its column has it.
pub(super) fn phase_name<T: serde::Serialize>(phase: Option<T>) -> Result<Option<String>, serde_json::Error> {
    let text = phase.map(|phase| serde_json::to_value(phase)).transpose()?;
    Ok(text.and_then(|it| it.as_str().map(str::to_owned)))
}

impl Views {
    /// Elections, the last called first.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn elections(&self, filter: &ElectionFilter, page: &PageArgs) -> Result<Page<ElectionRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.maybe("e.council=?", filter.council.map(|id| id.to_string()));
        conditions.in_area("e.area", filter.area.as_ref());
        conditions.maybe("e.phase=?", phase_name(filter.phase)?);
        let columns = vec![SortColumn::plain("e.called_at"), SortColumn::plain("e.id")];
        let sort = Sort { name: "elections", columns, descending: true };
        Listing { select: ElectionRow::select("e"), from: "elections e", conditions, sort }.page(self, page).await
    }

    /// Elections whose candidates are not fixed yet and for which this person was put forward.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn open_candidacies_of(&self, person: PersonId) -> Result<Vec<ElectionId>, QueryError> {
        let sql = format!("SELECT {} FROM elections e WHERE e.phase=? ORDER BY e.id", ElectionRow::select("e"));
        let phase = phase_name(Some(ElectionPhase::Called))?.unwrap_or_default();
        let called: Vec<ElectionRow> = fetch(&mut *self.pool().acquire().await?, sql, &[phase.into()]).await?;
        let stands = |row: &ElectionRow| row.state.nominees.iter().any(|nominee| nominee.person == person);
        Ok(called.into_iter().filter(stands).map(|row| row.id).collect())
    }

    /// Elections by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn elections_by_ids(&self, ids: &[ElectionId]) -> Result<Vec<ElectionRow>, QueryError> {
        let sql = format!("SELECT {} FROM elections e WHERE e.id IN (SELECT value FROM json_each(?))", ElectionRow::select("e"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// Who votes for whom in an election, by principal.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn proxies_of_election(&self, election: ElectionId, page: &PageArgs) -> Result<Page<ProxyRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("x.election=?", election.to_string());
        let sort = Sort { name: "proxies", columns: vec![SortColumn::plain("x.principal")], descending: false };
        Listing { select: ProxyRow::select("x"), from: "election_proxies x", conditions, sort }.page(self, page).await
    }
}
