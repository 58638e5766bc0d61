//! Residents' covenants with all their versions.
//!
//! - `state` is what the domain's own `apply_event` makes of the covenant's events; nothing here says it a second time.

use esrs::Aggregate;
use gongyi_domain::{
    Event,
    deliberation::{
        self,
        covenant::{Covenant, CovenantEvent},
    },
    values::{AreaCode, CouncilId, CovenantId, Day},
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
    /// A covenant.
    CovenantRow in "covenants" {
        key {
            /// The covenant.
            id: CovenantId,
        }
        fixed {
            /// Whose.
            council: CouncilId,
            /// Where it holds.
            area: AreaCode,
            /// The day of its first decision.
            adopted_on: Day,
        }
        live {
            /// Its last version's title.
            title: String,
            /// From which day on it does not hold any more.
            repealed_from: Option<Day>,
            /// The domain's state of it.
            #[serde(with = "json")]
            state: Covenant,
        }
    }
}

#[derive(Default)]
pub(crate) struct CovenantsFold {
    covenants: Rows<CovenantRow>,
}

/// What an event says of a covenant.
fn concern(change: &Change) -> Option<&CovenantEvent> {
    use deliberation::Event as D;
    let Event::Deliberation(event) = &change.event else { return None };
    match event {
        D::Covenant(event) => Some(event),
        D::Council(_)
        | D::ResidentIssue(_)
        | D::Motion(_)
        | D::MotionRegister(_)
        | D::Meeting(_)
        | D::Election(_)
        | D::Poll(_)
        | D::Roll(_)
        | D::RollEntry(_)
        | D::BallotList(_)
        | D::Minutes(_) => None,
    }
}

impl Fold for CovenantsFold {
    const NAME: &'static str = "covenants";
    const KINDS: &'static [&'static str] = &["covenant"];

    fn want(&mut self, change: &Change) {
        if concern(change).is_some() {
            self.covenants.want((CovenantId(change.stream.id),));
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some(event) = concern(change) else { return Ok(()) };
        let (id, position) = (CovenantId(change.stream.id), change.position);
        if let CovenantEvent::CovenantAdopted { council, area, text, adoption, .. } = event {
            let state = Covenant::apply_event(Covenant::default(), event.clone());
            let (council, area, title) = (*council, area.clone(), text.title.clone());
            return self.covenants.add(CovenantRow {
                id,
                council,
                area,
                adopted_on: adoption.on,
                title,
                repealed_from: None,
                state,
                position,
            });
        }
        let row = self.covenants.change(&(id,), position)?;
        row.state = Covenant::apply_event(std::mem::take(&mut row.state), event.clone());
        row.repealed_from = row.state.repealed.map(|(_, from)| from);
        if let Some(last) = row.state.versions.last() {
            row.title.clone_from(&last.text.title);
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.covenants]
    }
}

/// Which covenants.
#[derive(Debug, Clone, Default)]
pub struct CovenantFilter {
    /// Of this council.
    pub council: Option<CouncilId>,
    /// Of councils in this area or within it.
    pub area: Option<AreaCode>,
    /// That are not repealed by this day.
    pub standing_on: Option<Day>,
}

impl Views {
    /// Covenants by area and the day of their first decision.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn covenants(&self, filter: &CovenantFilter, page: &PageArgs) -> Result<Page<CovenantRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.maybe("c.council=?", filter.council.map(|id| id.to_string()));
        conditions.in_area("c.area", filter.area.as_ref());
        conditions.maybe("coalesce(c.repealed_from, '9999-12-31')>?", filter.standing_on.map(|day| day.to_string()));
        let columns = vec![SortColumn::plain("c.area"), SortColumn::plain("c.adopted_on"), SortColumn::plain("c.id")];
        let sort = Sort { name: "covenants", columns, descending: false };
        Listing { select: CovenantRow::select("c"), from: "covenants c", conditions, sort }.page(self, page).await
    }

    /// Covenants by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn covenants_by_ids(&self, ids: &[CovenantId]) -> Result<Vec<CovenantRow>, QueryError> {
        let sql = format!("SELECT {} FROM covenants c WHERE c.id IN (SELECT value FROM json_each(?))", CovenantRow::select("c"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }
}
