//! Councils, every version of their charters, and every seat ever held.
//!
//! - `state` is what the domain's own `apply_event` makes of the council's events; nothing here says it a second time.
//! - Why somebody left is gone when that person is erased; that a seat was held stays.

use esrs::Aggregate;
use gongyi_domain::{
    Event,
    deliberation::{
        self,
        charter::Charter,
        council::{Council, CouncilEvent as E},
        seat::{Mandate, SeatSource, Vacancy},
    },
    values::{AreaCode, CouncilId, Day, PersonId, Sealed},
};

use crate::{
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    stored::{flag, json},
    views::Views,
};

row! {
    /// A council.
    CouncilRow in "councils" {
        key {
            /// The council.
            id: CouncilId,
        }
        fixed {
            /// Its area.
            area: AreaCode,
            /// The day it was established.
            established_on: Day,
        }
        rare {
            /// Its name.
            name: String,
            /// The day it was dissolved.
            dissolved_on: Option<Day>,
        }
        live {
            /// The domain's state of it.
            #[serde(with = "json")]
            state: Council,
        }
    }
}

row! {
    /// A version of a council's charter.
    CharterVersionRow in "charter_versions" {
        key {
            /// The council.
            council: CouncilId,
            /// The version, from 1.
            version: u32,
        }
        fixed {
            /// Since when.
            since: Day,
            /// What it says.
            #[serde(with = "json")]
            charter: Charter,
            /// On whose word.
            #[serde(with = "json")]
            mandate: Mandate,
        }
    }
}

row! {
    /// One stay of one person in a seat.
    SeatRow in "seats" {
        key {
            /// The council.
            council: CouncilId,
            /// Who.
            person: PersonId,
            /// The first day.
            begins: Day,
        }
        fixed {
            /// The last day of the term.
            ends: Day,
            /// How the seat was come by.
            #[serde(with = "json")]
            source: SeatSource,
        }
        live {
            /// Said to be over with its term.
            #[serde(with = "flag")]
            term_over: bool,
            /// Vacant from this day on, if before the term was over.
            vacated_on: Option<Day>,
            /// How it became vacant; without the reason for leaving.
            #[serde(with = "json")]
            vacancy: Option<Vacancy>,
            /// Why somebody left; `None` if nothing was said or the person was erased.
            reason: Option<String>,
        }
    }
}

#[derive(Default)]
pub(crate) struct CouncilsFold {
    councils: Rows<CouncilRow>,
    charters: Rows<CharterVersionRow>,
    seats: Rows<SeatRow>,
}

impl CouncilsFold {
    /// The council's state with the event in it.
    fn next(&mut self, change: &Change, event: &E) -> Result<(), FoldError> {
        let row = self.councils.change(&(CouncilId(change.stream.id),), change.position)?;
        row.state = Council::apply_event(std::mem::take(&mut row.state), event.clone());
        row.name.clone_from(&row.state.name);
        row.dissolved_on = row.state.dissolved_on;
        Ok(())
    }

    fn council(&mut self, change: &Change, event: &E, texts: &Texts<'_>) -> Result<(), FoldError> {
        let (council, position) = (CouncilId(change.stream.id), change.position);
        match event {
            E::CouncilEstablished { area, name, charter, mandate, on } => {
                self.councils.add(CouncilRow {
                    id: council,
                    area: area.clone(),
                    established_on: *on,
                    name: name.clone(),
                    dissolved_on: None,
                    state: Council::apply_event(Council::default(), event.clone()),
                    position,
                })?;
                let (charter, mandate) = (charter.clone(), mandate.clone());
                return self.charters.add(CharterVersionRow { council, version: 1, since: *on, charter, mandate, position });
            }
            E::CharterAmended { version, charter, mandate, on } => {
                let (charter, mandate) = (charter.clone(), mandate.clone());
                self.charters.add(CharterVersionRow { council, version: *version, since: *on, charter, mandate, position })?;
            }
            E::RepresentativeSeated { person, from, until, source } => self.seats.add(SeatRow {
                council,
                person: *person,
                begins: *from,
                ends: *until,
                source: source.clone(),
                term_over: false,
                vacated_on: None,
                vacancy: None,
                reason: None,
                position,
            })?,
            E::SeatVacated { person, from, on, how } => {
                let reason = left_for(how).and_then(|reason| texts.open(change, "reason", reason));
                let row = self.seats.change(&(council, *person, *from), position)?;
                (row.vacated_on, row.vacancy, row.reason) = (Some(*on), Some(without_reason(how)), reason);
            }
            E::TermEnded { person, from, until: _ } => self.seats.change(&(council, *person, *from), position)?.term_over = true,
            E::CouncilRenamed { .. } | E::CouncilDissolved { .. } | E::GuestRegistered { .. } | E::GuestReleased { .. } => {}
        }
        self.next(change, event)
    }
}

fn left_for(how: &Vacancy) -> Option<&Sealed> {
    match how {
        Vacancy::Left { reason } => reason.as_ref(),
        Vacancy::Recalled { .. } | Vacancy::Forfeited { .. } | Vacancy::CutShort { .. } => None,
    }
}

fn without_reason(how: &Vacancy) -> Vacancy {
    match how {
        Vacancy::Left { .. } => Vacancy::Left { reason: None },
        other @ (Vacancy::Recalled { .. } | Vacancy::Forfeited { .. } | Vacancy::CutShort { .. }) => other.clone(),
    }
}

/// What this fold goes by.
enum Concern<'e> {
    /// Something befell a council.
    Council(&'e E),
    /// This person was erased.
    Erased(PersonId),
}

fn concern(change: &Change) -> Option<Concern<'_>> {
    use deliberation::Event as D;
    if let Some(person) = change.erases() {
        return Some(Concern::Erased(person));
    }
    let Event::Deliberation(event) = &change.event else { return None };
    match event {
        D::Council(event) => Some(Concern::Council(event)),
        D::ResidentIssue(_)
        | D::Motion(_)
        | D::MotionRegister(_)
        | D::Covenant(_)
        | D::Meeting(_)
        | D::Election(_)
        | D::Poll(_)
        | D::Roll(_)
        | D::RollEntry(_)
        | D::BallotList(_)
        | D::Minutes(_) => None,
    }
}

impl Fold for CouncilsFold {
    const NAME: &'static str = "councils";
    const KINDS: &'static [&'static str] = &["council", "person"];

    fn want(&mut self, change: &Change) {
        let council = CouncilId(change.stream.id);
        match concern(change) {
            Some(Concern::Council(event)) => {
                self.councils.want((council,));
                if let E::CouncilEstablished { .. } = event {
                    self.charters.want((council, 1));
                } else if let E::CharterAmended { version, .. } = event {
                    self.charters.want((council, *version));
                } else if let E::RepresentativeSeated { person, from, .. }
                | E::SeatVacated { person, from, .. }
                | E::TermEnded { person, from, .. } = event
                {
                    self.seats.want((council, *person, *from));
                }
            }
            Some(Concern::Erased(person)) => self.seats.want_by("person", person),
            None => {}
        }
    }

    fn fold(&mut self, change: &Change, texts: &Texts<'_>) -> Result<(), FoldError> {
        match concern(change) {
            Some(Concern::Council(event)) => self.council(change, event, texts)?,
            Some(Concern::Erased(person)) => {
                self.seats.change_all(change.position, |row| row.person == person && row.reason.is_some(), |row| row.reason = None);
            }
            None => {}
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.councils, &mut self.charters, &mut self.seats]
    }
}

/// Which councils.
#[derive(Debug, Clone, Default)]
pub struct CouncilFilter {
    /// Of this area or one within it.
    pub area: Option<AreaCode>,
    /// Whose name contains this.
    pub name_contains: Option<String>,
    /// Only those dissolved, or only those that are not; `None` for both.
    pub dissolved: Option<bool>,
}

impl Views {
    /// Councils by area and name.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn councils(&self, filter: &CouncilFilter, page: &PageArgs) -> Result<Page<CouncilRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.in_area("c.area", filter.area.as_ref());
        conditions.maybe("instr(c.name,?)>0", filter.name_contains.as_deref());
        conditions.maybe("(c.dissolved_on IS NOT NULL)=?", filter.dissolved.map(i64::from));
        let columns = vec![SortColumn::plain("c.area"), SortColumn::plain("c.name"), SortColumn::plain("c.id")];
        let sort = Sort { name: "councils", columns, descending: false };
        Listing { select: CouncilRow::select("c"), from: "councils c", conditions, sort }.page(self, page).await
    }

    /// Councils by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn councils_by_ids(&self, ids: &[CouncilId]) -> Result<Vec<CouncilRow>, QueryError> {
        let sql = format!("SELECT {} FROM councils c WHERE c.id IN (SELECT value FROM json_each(?))", CouncilRow::select("c"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// Every version of some councils' charters, the first first.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn charters_of_councils(&self, councils: &[CouncilId]) -> Result<Vec<CharterVersionRow>, QueryError> {
        let sql = format!(
            "SELECT {} FROM charter_versions v WHERE v.council IN (SELECT value FROM json_each(?)) ORDER BY v.council, v.version",
            CharterVersionRow::select("v")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(councils)?.into()]).await
    }

    /// Seats that this person holds on `day` or is to hold later, by council and first day.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn seats_of_person(&self, person: PersonId, day: Day) -> Result<Vec<SeatRow>, QueryError> {
        let sql = format!(
            "SELECT {} FROM seats s WHERE s.person=? AND s.ends>=? AND s.vacated_on IS NULL ORDER BY s.council, s.begins",
            SeatRow::select("s")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[person.to_string().into(), day.to_string().into()]).await
    }

    /// A council's seats, held on `day` or, without one, ever; by their first day.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn seats(&self, council: CouncilId, day: Option<Day>, page: &PageArgs) -> Result<Page<SeatRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("s.council=?", council.to_string());
        conditions.maybe("s.begins<=?", day.map(|day| day.to_string()));
        conditions.maybe("s.ends>=?", day.map(|day| day.to_string()));
        conditions.maybe("(s.vacated_on IS NULL OR s.vacated_on>?)", day.map(|day| day.to_string()));
        let columns = vec![SortColumn::plain("s.begins"), SortColumn::plain("s.person")];
        let sort = Sort { name: "seats", columns, descending: false };
        Listing { select: SeatRow::select("s"), from: "seats s", conditions, sort }.page(self, page).await
    }
}
