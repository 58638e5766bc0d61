//! Every change of a volunteer: what happened when, by whom, why.
//!
//! - At most one line an event; who was erased keeps the lines without the reasons.
//! - Details are facts that are not personal; reasons are opened, and gone when the person they were sealed for is.

use chrono::serde::ts_microseconds;
use gongyi_domain::{
    Event,
    access::{self, person::PersonEvent},
    values::{Instant, PersonId, Sealed, VolunteerId},
    volunteering::{
        self,
        activity::ActivityEvent,
        membership::MembershipEvent,
        service_ledger::ServiceLedgerEvent,
        volunteer::{VolunteerEvent, volunteer_of},
    },
};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    views::Views,
};

row! {
    /// One line of a volunteer's history.
    HistoryRow in "history" {
        key {
            /// The event's place in the log.
            at: u64,
        }
        fixed {
            /// Whose history.
            volunteer: VolunteerId,
            /// When it was recorded.
            #[serde(with = "ts_microseconds")]
            recorded_at: Instant,
            /// Who did it, as the log names actors.
            actor: String,
            /// The event's type.
            event_type: String,
            /// What it is about: a person, volunteer, organisation, activity or record.
            subject: Uuid,
            /// Facts that are not personal, a JSON object.
            details: String,
            /// Whose key the reason is sealed with.
            reason_of: Option<PersonId>,
        }
        live {
            /// Why; `None` if nothing was said or the person was erased.
            reason: Option<String>,
        }
    }
}

#[derive(Default)]
pub(crate) struct HistoryFold {
    lines: Rows<HistoryRow>,
}

/// What an event says in a history.
struct Line<'a> {
    volunteer: VolunteerId,
    subject: Uuid,
    details: String,
    reason: Option<&'a Sealed>,
}

fn text(details: &impl Serialize) -> Result<String, FoldError> {
    serde_json::to_string(details).map_err(|error| FoldError::Unfit(error.to_string()))
}

fn person_line<'a>(id: Uuid, event: &'a PersonEvent) -> Result<Line<'a>, FoldError> {
    let (details, reason) = match event {
        PersonEvent::PersonRegistered { home_area, .. } => (json!({ "home_area": home_area }), None),
        PersonEvent::PersonCorrected { name, id_number, document: _, phone, birth_date, home_area, reason } => {
            let given = [("name", name), ("id_number", id_number), ("phone", phone), ("birth_date", birth_date)];
            let mut corrected: Vec<_> = given.into_iter().filter(|(_, text)| text.is_some()).map(|(field, _)| field).collect();
            corrected.extend(home_area.as_ref().map(|_| "home_area"));
            (json!({ "corrected": corrected, "home_area": home_area }), reason.as_ref())
        }
        PersonEvent::PersonErased {} => (json!({}), None),
    };
    Ok(Line { volunteer: volunteer_of(PersonId(id)), subject: id, details: text(&details)?, reason })
}

fn volunteer_line<'a>(id: Uuid, event: &'a VolunteerEvent) -> Result<Line<'a>, FoldError> {
    let (details, reason) = match event {
        VolunteerEvent::VolunteerRegistered { person: _, number, registered_on, home_area, skills: _, consents } => {
            (json!({ "number": number, "registered_on": registered_on, "home_area": home_area, "consents": consents }), None)
        }
        // What somebody can do is personal: erased with the person.
        VolunteerEvent::VolunteerCorrected { home_area, skills } => {
            (json!({ "home_area": home_area, "skills_changed": skills.is_some() }), None)
        }
        VolunteerEvent::VolunteerSuspended { reason } | VolunteerEvent::VolunteerReinstated { reason } => (json!({}), Some(reason)),
        VolunteerEvent::VolunteerWithdrawn { reason } => (json!({}), reason.as_ref()),
        VolunteerEvent::VolunteerReturned { returned_on, home_area, skills: _, consents, suspended } => {
            (json!({ "returned_on": returned_on, "home_area": home_area, "consents": consents, "suspended": suspended }), None)
        }
        VolunteerEvent::VolunteerErased {} => (json!({}), None),
    };
    Ok(Line { volunteer: VolunteerId(id), subject: id, details: text(&details)?, reason })
}

fn activity_line<'a>(id: Uuid, event: &ActivityEvent) -> Result<Option<Line<'a>>, FoldError> {
    let (volunteer, details) = match event {
        ActivityEvent::VolunteerSignedUp { shift, volunteer }
        | ActivityEvent::VolunteerWaitlisted { shift, volunteer }
        | ActivityEvent::VolunteerPromoted { shift, volunteer }
        | ActivityEvent::SignUpWithdrawn { shift, volunteer } => (volunteer, json!({ "shift": shift })),
        ActivityEvent::VolunteerCheckedIn { attendance, shift, volunteer, at, day, witness } => {
            (volunteer, json!({ "attendance": attendance, "shift": shift, "at": at, "day": day, "witness": witness }))
        }
        ActivityEvent::VolunteerCheckedOut { attendance, volunteer, at, witness } => {
            (volunteer, json!({ "attendance": attendance, "at": at, "witness": witness }))
        }
        ActivityEvent::ActivityPublished { .. }
        | ActivityEvent::ActivityAmended { .. }
        | ActivityEvent::ActivityCancelled { .. }
        | ActivityEvent::ActivityClosed {} => return Ok(None),
    };
    Ok(Some(Line { volunteer: *volunteer, subject: id, details: text(&details)?, reason: None }))
}

fn ledger_line<'a>(id: Uuid, event: &'a ServiceLedgerEvent) -> Result<Line<'a>, FoldError> {
    #[derive(Serialize)]
    struct Logged<'a> {
        #[serde(flatten)]
        setting: &'a gongyi_domain::volunteering::service_record::Setting,
        #[serde(flatten)]
        served: &'a gongyi_domain::volunteering::service_record::Served,
        evidence: &'a gongyi_domain::volunteering::service_record::Evidence,
        source: &'a gongyi_domain::volunteering::service_record::Source,
    }
    #[derive(Serialize)]
    struct Confirmed {
        level: gongyi_domain::volunteering::service_record::Level,
    }
    #[derive(Serialize)]
    struct Corrected<'a> {
        was: &'a gongyi_domain::volunteering::service_record::Served,
        now: &'a gongyi_domain::volunteering::service_record::Served,
        level: gongyi_domain::volunteering::service_record::Level,
    }
    let (record, details, reason) = match event {
        ServiceLedgerEvent::ServiceLogged { record, setting, served, evidence, source, content: _ } => {
            (record, text(&Logged { setting, served, evidence, source })?, None)
        }
        ServiceLedgerEvent::ServiceHeld { record, setting, served, evidence, source } => {
            (record, text(&Logged { setting, served, evidence, source })?, None)
        }
        ServiceLedgerEvent::ServiceReleased { record } => (record, "{}".to_owned(), None),
        ServiceLedgerEvent::ServiceConfirmed { record, level } => (record, text(&Confirmed { level: *level })?, None),
        ServiceLedgerEvent::ServiceRejected { record, reason } | ServiceLedgerEvent::ServiceVoided { record, reason } => {
            (record, "{}".to_owned(), reason.as_ref())
        }
        ServiceLedgerEvent::ServiceDisputed { record, reason } => (record, "{}".to_owned(), Some(reason)),
        ServiceLedgerEvent::ServiceCorrected { record, was, now, level, reason } => {
            (record, text(&Corrected { was, now, level: *level })?, reason.as_ref())
        }
    };
    Ok(Line { volunteer: VolunteerId(id), subject: record.0, details, reason })
}

fn line(change: &Change) -> Result<Option<Line<'_>>, FoldError> {
    use access::Event as A;
    use volunteering::Event as V;
    let id = change.stream.id;
    match &change.event {
        Event::Access(A::Person(event)) => person_line(id, event).map(Some),
        Event::Volunteering(V::Volunteer(event)) => volunteer_line(id, event).map(Some),
        Event::Volunteering(V::Membership(
            MembershipEvent::OrganisationJoined { organisation, volunteer } | MembershipEvent::OrganisationLeft { organisation, volunteer },
        )) => Ok(Some(Line { volunteer: *volunteer, subject: organisation.0, details: "{}".to_owned(), reason: None })),
        Event::Volunteering(V::Activity(event)) => activity_line(id, event),
        Event::Volunteering(V::ServiceLedger(event)) => ledger_line(id, event).map(Some),
        Event::Access(A::Area(_) | A::Claim(_) | A::Account(_) | A::Redaction(_) | A::VaultBinding(_) | A::WorkingCalendar(_))
        | Event::Volunteering(V::Organisation(_) | V::Calendar(_) | V::StarScheme(_))
        | Event::Deliberation(_)
        | Event::Projects(_) => Ok(None),
    }
}

impl Fold for HistoryFold {
    const NAME: &'static str = "history";
    const KINDS: &'static [&'static str] = &["person", "volunteer", "membership", "activity", "service_ledger"];

    fn want(&mut self, change: &Change) {
        if let Some(person) = change.erases() {
            self.lines.want_by("reason_of", person);
        }
    }

    fn fold(&mut self, change: &Change, texts: &Texts<'_>) -> Result<(), FoldError> {
        if let Some(person) = change.erases() {
            self.lines.change_all(change.position, |row| row.reason_of == Some(person), |row| row.reason = None);
        }
        if let Some(Line { volunteer, subject, details, reason }) = line(change)? {
            // Never there before: an event has one line, and is folded once.
            self.lines.put(HistoryRow {
                at: change.position,
                volunteer,
                recorded_at: change.recorded_at,
                actor: change.actor().to_owned(),
                event_type: change.event_type.clone(),
                subject,
                details,
                reason_of: reason.map(|sealed| sealed.of),
                reason: texts.open_maybe(change, "reason", reason),
                position: change.position,
            });
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.lines]
    }
}

impl Views {
    /// A volunteer's history, oldest first.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn history(&self, volunteer: VolunteerId, descending: bool, page: &PageArgs) -> Result<Page<HistoryRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("h.volunteer=?", volunteer.to_string());
        let sort = Sort { name: "history", columns: vec![SortColumn::plain("h.at")], descending };
        Listing { select: HistoryRow::select("h"), from: "history h", conditions, sort }.page(self, page).await
    }
}
