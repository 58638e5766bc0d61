//! Self-organisations that came about through deliberation. The organisation itself is volunteering's; its id is the key.

use esrs::Aggregate;
use gongyi_domain::{
    Event,
    projects::{
        self,
        incubation::{Incubation, IncubationEvent as E, IncubationPhase},
    },
    values::{AreaCode, CouncilId, Day, MotionId, OrganisationId},
};

use crate::{
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    views::Views,
};

row! {
    /// A self-organisation's incubation.
    IncubationRow in "incubations" {
        key {
            /// The self-organisation.
            organisation: OrganisationId,
        }
        fixed {
            /// The council through whose deliberation it came about.
            council: CouncilId,
            /// The motion that asked for it.
            motion: Option<MotionId>,
            /// Since when.
            begun_on: Day,
        }
        live {
            /// How far it has come.
            phase: IncubationPhase,
            /// Its registration's number.
            registration: Option<String>,
            /// The day of its registration.
            registered_on: Option<Day>,
            /// The day on which its end was recorded.
            ended_on: Option<Day>,
            /// Why it ended.
            reason: Option<String>,
        }
    }
}

#[derive(Default)]
pub(crate) struct IncubationsFold {
    incubations: Rows<IncubationRow>,
}

/// What an event says of an incubation.
fn concern(change: &Change) -> Option<&E> {
    use projects::Event as P;
    let Event::Projects(event) = &change.event else { return None };
    match event {
        P::Incubation(event) => Some(event),
        P::Fund(_) | P::Round(_) | P::Project(_) | P::CommunityActivity(_) | P::ServiceLink(_) => None,
    }
}

impl Fold for IncubationsFold {
    const NAME: &'static str = "incubations";
    const KINDS: &'static [&'static str] = &["incubation"];

    fn want(&mut self, change: &Change) {
        if concern(change).is_some() {
            self.incubations.want((OrganisationId(change.stream.id),));
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some(event) = concern(change) else { return Ok(()) };
        let (organisation, position) = (OrganisationId(change.stream.id), change.position);
        if let E::IncubationBegun { organisation: _, council, motion, on } = event {
            return self.incubations.add(IncubationRow {
                organisation,
                council: *council,
                motion: *motion,
                begun_on: *on,
                phase: IncubationPhase::Incubating,
                registration: None,
                registered_on: None,
                ended_on: None,
                reason: None,
                position,
            });
        }
        let row = self.incubations.change(&(organisation,), position)?;
        let before = Incubation { phase: row.phase, registration: row.registration.take(), ..Incubation::default() };
        let after = Incubation::apply_event(before, event.clone());
        (row.phase, row.registration) = (after.phase, after.registration);
        match event {
            E::IncubationBegun { .. } => {}
            E::SelfOrganisationRegistered { on, .. } => row.registered_on = Some(*on),
            E::IncubationEnded { reason } => (row.ended_on, row.reason) = (Some(change.recorded_day), Some(reason.clone())),
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.incubations]
    }
}

/// Which self-organisations.
#[derive(Debug, Clone, Default)]
pub struct IncubationFilter {
    /// That work in this area or within it.
    pub area: Option<AreaCode>,
    /// That came about through this council.
    pub council: Option<CouncilId>,
    /// That this motion asked for.
    pub motion: Option<MotionId>,
    /// That came so far; any if empty.
    pub phases: Vec<IncubationPhase>,
    /// Begun on this day or later.
    pub begun_from: Option<Day>,
    /// Begun on this day or earlier.
    pub begun_to: Option<Day>,
}

impl Views {
    /// Self-organisations, by the first day of their incubation.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn incubations(
        &self,
        filter: &IncubationFilter,
        descending: bool,
        page: &PageArgs,
    ) -> Result<Page<IncubationRow>, QueryError> {
        let mut conditions = Conditions::default();
        // What an organisation is and where stands with the organisations.
        conditions.in_area("o.area", filter.area.as_ref());
        conditions.maybe("i.council=?", filter.council.map(|id| id.to_string()));
        conditions.maybe("i.motion=?", filter.motion.map(|id| id.to_string()));
        if !filter.phases.is_empty() {
            conditions.with("i.phase IN (SELECT value FROM json_each(?))", serde_json::to_string(&filter.phases)?);
        }
        conditions.maybe("i.begun_on>=?", filter.begun_from.map(|day| day.to_string()));
        conditions.maybe("i.begun_on<=?", filter.begun_to.map(|day| day.to_string()));
        let columns = vec![SortColumn::plain("i.begun_on"), SortColumn::plain("i.organisation")];
        let sort = Sort { name: "incubations", columns, descending };
        let (select, from) = (IncubationRow::select("i"), "incubations i JOIN organisations o ON o.id=i.organisation");
        Listing { select, from, conditions, sort }.page(self, page).await
    }

    /// Incubations by their organisations, in no order; others are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn incubations_of(&self, organisations: &[OrganisationId]) -> Result<Vec<IncubationRow>, QueryError> {
        let sql =
            format!("SELECT {} FROM incubations i WHERE i.organisation IN (SELECT value FROM json_each(?))", IncubationRow::select("i"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(organisations)?.into()]).await
    }
}
