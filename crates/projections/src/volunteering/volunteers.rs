//! Volunteers: where they stand and what they can do. Names come from `persons`, totals from `service_totals`.
//!
//! - One row a volunteer, whatever the phase; what is personal stands in `persons` alone.

use std::collections::BTreeSet;

use gongyi_domain::{
    Event,
    access::identity_document::DocumentKind,
    values::{AreaCode, Day, OrganisationId, PersonId, VolunteerId},
    volunteering::{
        self,
        skill::Skill,
        star_scheme::{Counts, STARS_DEFAULT_MINUTES},
        volunteer::{Consents, VolunteerEvent, VolunteerPhase},
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    access::name_search::named,
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    read_model::{Fold, FoldError},
    rows::{Rows, Table, row},
    stored::{flag, json, volunteer_phase},
    views::Views,
};

row! {
    /// A volunteer, without what belongs to the person.
    VolunteerRow in "volunteers" {
        key {
            /// The volunteer.
            id: VolunteerId,
        }
        fixed {
            /// Whose.
            person: PersonId,
            /// The public volunteer number.
            number: String,
            /// The day of registration.
            registered_on: Day,
        }
        rare {
            /// Home area.
            home_area: AreaCode,
        }
        live {
            /// The guardian's consent was given.
            #[serde(with = "flag")]
            guardian_consent: bool,
            /// The separate consent was given.
            #[serde(with = "flag")]
            separate_consent: bool,
            /// Where the volunteer stands.
            #[serde(with = "volunteer_phase")]
            phase: VolunteerPhase,
            /// What the volunteer can do.
            #[serde(with = "json")]
            skills: BTreeSet<Skill>,
        }
    }
}

#[derive(Default)]
pub(crate) struct VolunteersFold {
    volunteers: Rows<VolunteerRow>,
}

/// What an event says of a volunteer.
fn concern(change: &Change) -> Option<&VolunteerEvent> {
    use volunteering::Event as V;
    let Event::Volunteering(event) = &change.event else { return None };
    match event {
        V::Volunteer(event) => Some(event),
        V::Organisation(_) | V::Membership(_) | V::Calendar(_) | V::Activity(_) | V::ServiceLedger(_) | V::StarScheme(_) => None,
    }
}

impl Fold for VolunteersFold {
    const NAME: &'static str = "volunteers";
    const KINDS: &'static [&'static str] = &["volunteer"];

    fn want(&mut self, change: &Change) {
        if concern(change).is_some() {
            self.volunteers.want((VolunteerId(change.stream.id),));
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some(event) = concern(change) else { return Ok(()) };
        let (id, position) = (VolunteerId(change.stream.id), change.position);
        match event {
            VolunteerEvent::VolunteerRegistered { person, number, registered_on, home_area, skills, consents } => {
                let Consents { guardian, separate } = *consents;
                self.volunteers.add(VolunteerRow {
                    id,
                    person: *person,
                    number: number.clone(),
                    registered_on: *registered_on,
                    guardian_consent: guardian,
                    separate_consent: separate,
                    home_area: home_area.clone(),
                    phase: VolunteerPhase::Active,
                    skills: skills.clone(),
                    position,
                })?;
            }
            VolunteerEvent::VolunteerCorrected { home_area, skills } => {
                let row = self.volunteers.change(&(id,), position)?;
                if let Some(area) = home_area {
                    row.home_area = area.clone();
                }
                if let Some(skills) = skills {
                    row.skills.clone_from(skills);
                }
            }
            VolunteerEvent::VolunteerSuspended { reason: _ } => {
                self.volunteers.change(&(id,), position)?.phase = VolunteerPhase::Suspended;
            }
            VolunteerEvent::VolunteerReinstated { reason: _ } => {
                self.volunteers.change(&(id,), position)?.phase = VolunteerPhase::Active;
            }
            VolunteerEvent::VolunteerWithdrawn { reason: _ } => {
                self.volunteers.change(&(id,), position)?.phase = VolunteerPhase::Withdrawn;
            }
            VolunteerEvent::VolunteerReturned { returned_on: _, home_area, skills, consents, suspended } => {
                let row = self.volunteers.change(&(id,), position)?;
                row.phase = if *suspended { VolunteerPhase::Suspended } else { VolunteerPhase::Active };
                (row.guardian_consent, row.separate_consent) = (consents.guardian, consents.separate);
                (row.home_area, row.skills) = (home_area.clone(), skills.clone());
            }
            VolunteerEvent::VolunteerErased {} => {
                let row = self.volunteers.change(&(id,), position)?;
                row.phase = VolunteerPhase::Erased;
                row.skills.clear();
            }
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.volunteers]
    }
}

/// A volunteer as people see one: registration, person and totals together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VolunteerView {
    /// The volunteer.
    pub id: VolunteerId,
    /// Whose.
    pub person: PersonId,
    /// The public volunteer number.
    pub number: String,
    /// Name; `None` once erased.
    pub name: Option<String>,
    /// Phone number; `None` once erased.
    pub phone: Option<String>,
    /// The identity document's number; `None` once erased.
    pub id_number: Option<String>,
    /// The document's kind; `None` once erased.
    pub document_kind: Option<DocumentKind>,
    /// The country that issued a passport.
    pub issuing_country: Option<String>,
    /// Birth date; `None` once erased.
    pub birth_date: Option<Day>,
    /// Home area.
    pub home_area: AreaCode,
    /// The day of registration.
    pub registered_on: Day,
    /// The guardian's consent was given.
    #[serde(with = "flag")]
    pub guardian_consent: bool,
    /// The separate consent was given.
    #[serde(with = "flag")]
    pub separate_consent: bool,
    /// Where the volunteer stands.
    #[serde(with = "volunteer_phase")]
    pub phase: VolunteerPhase,
    /// What the volunteer can do.
    #[serde(with = "json")]
    pub skills: BTreeSet<Skill>,
    /// Confirmed minutes with evidence of attendance.
    pub attested_minutes: u64,
    /// Confirmed minutes entered by hand. Never added to the attested ones.
    pub declared_minutes: u64,
    /// Confirmed records.
    pub records: u64,
    /// The last event that changed the volunteer's own row.
    pub position: u64,
}

const SELECT: &str = "json_array(v.id,v.person,v.number,p.name,p.phone,p.id_number,p.document_kind,p.issuing_country,p.birth_date,
    v.home_area,v.registered_on,v.guardian_consent,v.separate_consent,v.phase,v.skills,
    coalesce(t.attested_minutes,0),coalesce(t.declared_minutes,0),coalesce(t.records,0),v.position)";
const FROM: &str = "volunteers v LEFT JOIN persons p ON p.person=v.person LEFT JOIN service_totals t ON t.volunteer=v.id";
// CROSS JOIN, so that the index of the ordering leads. Both rows are written beside the volunteer's own.
const FROM_BY_NAME: &str = "persons p CROSS JOIN volunteers v ON v.person=p.person LEFT JOIN service_totals t ON t.volunteer=v.id";
const FROM_BY_MINUTES: &str = "service_totals t CROSS JOIN volunteers v ON v.id=t.volunteer LEFT JOIN persons p ON p.person=v.person";

/// Which volunteers.
#[derive(Debug, Clone, Default)]
pub struct VolunteerFilter {
    /// At home in this area or within it.
    pub area: Option<AreaCode>,
    /// Members of this organisation now.
    pub organisation: Option<OrganisationId>,
    /// Also members of those below it.
    pub include_below: bool,
    /// That stand so.
    pub phase: Option<VolunteerPhase>,
    /// Registered on this day or later.
    pub registered_from: Option<Day>,
    /// Registered on this day or earlier.
    pub registered_to: Option<Day>,
    /// Whose name contains this or sounds like it, as [`named`] finds it.
    pub name_contains: Option<String>,
    /// With exactly this number.
    pub number: Option<String>,
    /// With at least so many stars, by the scheme of the home district.
    pub min_stars: Option<usize>,
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VolunteerSort {
    /// By the day of registration.
    #[default]
    RegisteredOn,
    /// By name; erased ones first.
    Name,
    /// By confirmed minutes, attested and declared together.
    Minutes,
}

/// As [`StarScheme::rating`](gongyi_domain::volunteering::star_scheme::StarScheme::rating), for a whole list: enough
/// counted minutes for the star `at` of the home district's scheme. A star that the scheme does not have is nobody's.
fn at_least_the_star(at: usize) -> String {
    let default = STARS_DEFAULT_MINUTES.get(at).map_or("NULL".to_owned(), |threshold| threshold.0.to_string());
    let scheme = "FROM star_schemes s WHERE s.district=substr(v.home_area,1,6)";
    let only_attested = Counts::Attested.code();
    format!(
        "coalesce(t.attested_minutes,0)
            + iif(EXISTS(SELECT 1 {scheme} AND s.counts='{only_attested}'),0,coalesce(t.declared_minutes,0))
         >= iif(EXISTS(SELECT 1 {scheme}),(SELECT s.thresholds->>{at} {scheme}),{default})"
    )
}

impl Views {
    /// Volunteers.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn volunteers(
        &self,
        filter: &VolunteerFilter,
        sort: VolunteerSort,
        descending: bool,
        page: &PageArgs,
    ) -> Result<Page<VolunteerView>, QueryError> {
        const ID: SortColumn = SortColumn::plain("v.id");
        const NAME: SortColumn =
            SortColumn { by: "coalesce(p.name,'')", kept: "p.person", compared: "(SELECT coalesce(name,'') FROM persons WHERE person=?)" };
        let mut conditions = Conditions::default();
        conditions.in_area("v.home_area", filter.area.as_ref());
        if filter.organisation.is_some() {
            let mut members = Conditions::default();
            members.in_organisation("organisation", filter.organisation, filter.include_below);
            conditions.holds(
                format!("v.id IN (SELECT volunteer FROM memberships WHERE active=1 AND {})", members.sql()),
                members.binds().to_vec(),
            );
        }
        conditions.maybe("v.phase=?", filter.phase.map(volunteer_phase::name));
        conditions.maybe("v.registered_on>=?", filter.registered_from.map(|day| day.to_string()));
        conditions.maybe("v.registered_on<=?", filter.registered_to.map(|day| day.to_string()));
        named(&mut conditions, filter.name_contains.as_deref());
        conditions.maybe("v.number=?", filter.number.as_deref());
        if let Some(at) = filter.min_stars.and_then(|stars| stars.checked_sub(1)) {
            conditions.plain(&at_least_the_star(at));
        }
        let (from, name, columns): (_, _, Vec<SortColumn>) = match sort {
            VolunteerSort::RegisteredOn => (FROM, "volunteers by registration", vec![SortColumn::plain("v.registered_on"), ID]),
            VolunteerSort::Name => (FROM_BY_NAME, "volunteers by name", vec![NAME, SortColumn::plain("p.person")]),
            VolunteerSort::Minutes => (
                FROM_BY_MINUTES,
                "volunteers by minutes",
                vec![SortColumn::plain("t.attested_minutes + t.declared_minutes"), SortColumn::plain("t.volunteer")],
            ),
        };
        let sort = Sort { name, columns, descending };
        Listing { select: SELECT.to_owned(), from, conditions, sort }.page(self, page).await
    }

    async fn volunteers_where(&self, condition: &str, value: String) -> Result<Vec<VolunteerView>, QueryError> {
        let sql = format!("SELECT {SELECT} FROM {FROM} WHERE {condition}");
        fetch(&mut *self.pool().acquire().await?, sql, &[value.into()]).await
    }

    /// Volunteers by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn volunteers_by_ids(&self, ids: &[VolunteerId]) -> Result<Vec<VolunteerView>, QueryError> {
        self.volunteers_where("v.id IN (SELECT value FROM json_each(?))", serde_json::to_string(ids)?).await
    }

    /// One volunteer.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn volunteer(&self, id: VolunteerId) -> Result<Option<VolunteerView>, QueryError> {
        Ok(self.volunteers_where("v.id=?", id.to_string()).await?.pop())
    }
}
