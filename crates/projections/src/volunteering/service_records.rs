//! Service records, each volunteer's totals, and the participation they add up to: one read model, so that the three
//! never disagree.
//!
//! - Totals and participation follow what counts: a record counts while it is confirmed, with what it says then.
//! - What a record counted for, and no longer does, is kept with the days on which that was known.
//! - The content of a record is gone when the person it was sealed for is erased.

use std::collections::HashMap;

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use gongyi_domain::{
    Event,
    values::{ActivityId, AreaCode, AttendanceId, Day, Instant, Minutes, OrganisationId, PersonId, RecordId, VolunteerId},
    volunteering::{
        self,
        category::Category,
        service_ledger::ServiceLedgerEvent,
        service_record::{Evidence, Level, Served, ServicePhase, Setting, Source},
        volunteer::VolunteerEvent,
    },
};
use serde::{Deserialize, Serialize};

use super::{
    former_counts::{self, FormerCount},
    monthly_participation::{self, MonthlyParticipation},
    participation::{self, ParticipationDelta},
    service_figures::ServiceFigures,
};
use crate::{
    change::Change,
    opener::Texts,
    read_model::{Fold, FoldError},
    rows::{Rows, Table, row},
    stored::flag,
};

/// What a record rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// Checked in and out.
    Attested,
    /// Entered by hand.
    Declared,
}

impl EvidenceKind {
    /// The stored name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Attested => "attested",
            Self::Declared => "declared",
        }
    }
}

row! {
    /// A service record.
    ServiceRecordRow in "service_records" {
        key {
            /// The record.
            record: RecordId,
        }
        fixed {
            /// Whose.
            volunteer: VolunteerId,
            /// The organisation that organised it.
            organisation: OrganisationId,
            /// The activity, if it was one.
            activity: Option<ActivityId>,
            /// Where it counts.
            area: AreaCode,
            /// What it rests on.
            evidence: EvidenceKind,
            /// The stay it rests on, if attested.
            attendance: Option<AttendanceId>,
            /// Where it came from.
            source: Source,
            /// Whose key the content is sealed with.
            content_of: Option<PersonId>,
            /// When it was logged.
            #[serde(with = "ts_microseconds")]
            logged_at: Instant,
            /// Who logged it, as the log names actors.
            logged_by: String,
        }
        rare {
            /// The day it began, in the tenant's time zone.
            day: Day,
        }
        live {
            /// Begin.
            #[serde(with = "ts_microseconds")]
            started: Instant,
            /// End.
            #[serde(with = "ts_microseconds")]
            ended: Instant,
            /// Whole minutes.
            minutes: Minutes,
            /// Category.
            category: Category,
            /// Where it stands.
            phase: ServicePhase,
            /// The volunteer disputes what was decided.
            #[serde(with = "flag")]
            disputed: bool,
            /// How far up the confirmation came from.
            level: Option<Level>,
            /// When it was decided last.
            #[serde(with = "ts_microseconds_option")]
            decided_at: Option<Instant>,
            /// Who decided last, as the log names actors.
            decided_by: Option<String>,
            /// What was done; `None` if nothing was said or the person was erased.
            content: Option<String>,
            /// The recorded day since which it counts as it stands; `None` while it does not count.
            counted_since: Option<Day>,
        }
    }
}

row! {
    /// A volunteer's confirmed service.
    ServiceTotals in "service_totals" {
        key {
            /// The volunteer.
            volunteer: VolunteerId,
        }
        fixed {
            /// The volunteer as a number of this log, for sets of volunteers: the position of the event that began the row.
            ordinal: u64,
        }
        live {
            /// Minutes with evidence of attendance.
            attested_minutes: i64,
            /// Minutes entered by hand.
            declared_minutes: i64,
            /// Records.
            records: i64,
        }
    }
}

/// What decides where a record counts.
type Place = (Day, AreaCode, OrganisationId, Category);

#[derive(Default)]
pub(crate) struct ServiceFold {
    records: Rows<ServiceRecordRow>,
    totals: Rows<ServiceTotals>,
    participation: Rows<ParticipationDelta>,
    months: Rows<MonthlyParticipation>,
    former: Rows<FormerCount>,
    figures: ServiceFigures,
    places: HashMap<RecordId, Place>,
}

impl ServiceFold {
    fn want_place(&mut self, change: &Change, (day, area, organisation, category): Place) {
        for key in monthly_participation::keys(day, &area, category) {
            self.months.want(key);
        }
        self.figures.want(change, &area, day, category);
        self.participation.want((day, area, organisation, category, change.recorded_day));
    }

    fn place(&mut self, record: RecordId) -> Option<Place> {
        self.places.get(&record).cloned().or_else(|| {
            let row = self.records.get(&(record,)).ok().flatten()?;
            Some((row.day, row.area.clone(), row.organisation, row.category))
        })
    }

    /// Changes the volunteer's totals and tells the volunteer's number.
    fn total(&mut self, change: &Change, record: &ServiceRecordRow, sign: i64) -> Result<u64, FoldError> {
        let key = (record.volunteer,);
        if self.totals.get(&key)?.is_none() {
            self.totals.put(ServiceTotals::none(record.volunteer, change.position));
        }
        let row = self.totals.change(&key, change.position)?;
        let (attested, declared) = participation::counted(record);
        let add = |to: i64, by: i64| {
            let sum = by.checked_mul(sign).and_then(|by| to.checked_add(by)).filter(|sum| *sum >= 0);
            sum.ok_or(FoldError::Overflow("service_totals"))
        };
        row.attested_minutes = add(row.attested_minutes, attested)?;
        row.declared_minutes = add(row.declared_minutes, declared)?;
        row.records = add(row.records, 1)?;
        Ok(row.ordinal)
    }

    fn count(&mut self, change: &Change, record: &ServiceRecordRow, sign: i64) -> Result<(), FoldError> {
        let volunteer = self.total(change, record, sign)?;
        monthly_participation::count(&mut self.months, change.position, record, volunteer, sign)?;
        self.figures.count(change, record, sign)?;
        participation::count(&mut self.participation, change, record, sign)
    }

    /// Changes a record by a decision, and what counts with it.
    fn decide(&mut self, change: &Change, id: RecordId, decide: impl FnOnce(&mut ServiceRecordRow)) -> Result<(), FoldError> {
        let row = self.records.change(&(id,), change.position)?;
        if row.volunteer.0 != change.stream.id {
            return Err(FoldError::Unfit(format!("record {id} is in another volunteer's ledger")));
        }
        let before = row.clone();
        decide(row);
        let counts = |row: &ServiceRecordRow| row.phase == ServicePhase::Confirmed;
        let what = |row: &ServiceRecordRow| (row.day, row.minutes, row.category);
        if counts(&before) && counts(row) && what(&before) == what(row) {
            return Ok(());
        }
        row.counted_since = counts(row).then_some(change.recorded_day);
        let after = row.clone();
        if counts(&before) {
            self.count(change, &before, -1)?;
            if let Some(former) = former_counts::ended(&before, change) {
                self.former.put(former);
            }
        }
        if counts(&after) {
            self.count(change, &after, 1)?;
        }
        Ok(())
    }

    fn log(&mut self, change: &Change, logged: Logged<'_>) -> Result<(), FoldError> {
        let Setting { organisation, activity, area } = logged.setting.clone();
        let Served { started, ended, minutes, day, category } = logged.served.clone();
        let (evidence, attendance) = match logged.evidence {
            Evidence::Attested { attendance } => (EvidenceKind::Attested, Some(*attendance)),
            Evidence::Declared => (EvidenceKind::Declared, None),
        };
        self.records.add(ServiceRecordRow {
            record: logged.record,
            volunteer: VolunteerId(change.stream.id),
            organisation,
            activity,
            area,
            evidence,
            attendance,
            source: logged.source,
            content_of: logged.content_of,
            logged_at: change.recorded_at,
            logged_by: change.actor().to_owned(),
            day,
            started,
            ended,
            minutes,
            category,
            phase: logged.phase,
            disputed: false,
            level: None,
            decided_at: None,
            decided_by: None,
            content: logged.content,
            counted_since: None,
            position: change.position,
        })
    }
}

/// A record as it begins.
struct Logged<'e> {
    record: RecordId,
    setting: &'e Setting,
    served: &'e Served,
    evidence: &'e Evidence,
    source: Source,
    phase: ServicePhase,
    content_of: Option<PersonId>,
    content: Option<String>,
}

impl ServiceTotals {
    fn none(volunteer: VolunteerId, position: u64) -> Self {
        Self { volunteer, ordinal: position, attested_minutes: 0, declared_minutes: 0, records: 0, position }
    }
}

fn settle(row: &mut ServiceRecordRow, change: &Change, phase: ServicePhase, level: Option<Level>) {
    (row.phase, row.level, row.disputed) = (phase, level, false);
    (row.decided_at, row.decided_by) = (Some(change.recorded_at), Some(change.actor().to_owned()));
}

/// What this fold goes by.
enum Concern<'e> {
    /// A volunteer's ledger has an entry more.
    Ledger(&'e ServiceLedgerEvent),
    /// A volunteer was registered, who has no service yet.
    Registered,
    /// This person was erased.
    Erased(PersonId),
}

fn concern(change: &Change) -> Option<Concern<'_>> {
    use VolunteerEvent as E;
    use volunteering::Event as V;
    if let Some(person) = change.erases() {
        return Some(Concern::Erased(person));
    }
    let Event::Volunteering(event) = &change.event else { return None };
    match event {
        V::ServiceLedger(event) => Some(Concern::Ledger(event)),
        V::Volunteer(E::VolunteerRegistered { .. }) => Some(Concern::Registered),
        V::Volunteer(
            E::VolunteerCorrected { .. }
            | E::VolunteerSuspended { .. }
            | E::VolunteerReinstated { .. }
            | E::VolunteerWithdrawn { .. }
            | E::VolunteerReturned { .. }
            | E::VolunteerErased {},
        )
        | V::Organisation(_)
        | V::Membership(_)
        | V::Calendar(_)
        | V::Activity(_)
        | V::StarScheme(_) => None,
    }
}

impl Fold for ServiceFold {
    const NAME: &'static str = "service";
    const KINDS: &'static [&'static str] = &["service_ledger", "volunteer", "person"];
    // A record is logged, then confirmed; totals and participation change with each.
    const KEEPS_ROWS: bool = true;

    fn want(&mut self, change: &Change) {
        match concern(change) {
            Some(Concern::Ledger(
                ServiceLedgerEvent::ServiceLogged { record, .. }
                | ServiceLedgerEvent::ServiceHeld { record, .. }
                | ServiceLedgerEvent::ServiceReleased { record }
                | ServiceLedgerEvent::ServiceConfirmed { record, .. }
                | ServiceLedgerEvent::ServiceRejected { record, .. }
                | ServiceLedgerEvent::ServiceDisputed { record, .. }
                | ServiceLedgerEvent::ServiceCorrected { record, .. }
                | ServiceLedgerEvent::ServiceVoided { record, .. },
            )) => {
                self.records.want((*record,));
                self.totals.want((VolunteerId(change.stream.id),));
            }
            Some(Concern::Registered) => self.totals.want((VolunteerId(change.stream.id),)),
            Some(Concern::Erased(person)) => self.records.want_by("content_of", person),
            None => {}
        }
    }

    fn want_next(&mut self, change: &Change) {
        let Some(Concern::Ledger(event)) = concern(change) else { return };
        match event {
            ServiceLedgerEvent::ServiceLogged { record, setting, served, .. }
            | ServiceLedgerEvent::ServiceHeld { record, setting, served, .. } => {
                self.places.insert(*record, (served.day, setting.area.clone(), setting.organisation, served.category));
            }
            ServiceLedgerEvent::ServiceConfirmed { record, .. }
            | ServiceLedgerEvent::ServiceRejected { record, .. }
            | ServiceLedgerEvent::ServiceVoided { record, .. } => {
                if let Some(place) = self.place(*record) {
                    self.want_place(change, place);
                }
            }
            ServiceLedgerEvent::ServiceCorrected { record, now, .. } => {
                if let Some((day, area, organisation, category)) = self.place(*record) {
                    self.want_place(change, (day, area.clone(), organisation, category));
                    let place = (now.day, area, organisation, now.category);
                    self.want_place(change, place.clone());
                    self.places.insert(*record, place);
                }
            }
            ServiceLedgerEvent::ServiceReleased { .. } | ServiceLedgerEvent::ServiceDisputed { .. } => {}
        }
    }

    fn fold(&mut self, change: &Change, texts: &Texts<'_>) -> Result<(), FoldError> {
        let position = change.position;
        match concern(change) {
            Some(Concern::Ledger(event)) => match event {
                ServiceLedgerEvent::ServiceLogged { record, setting, served, evidence, source, content } => {
                    let (content_of, content) =
                        (content.as_ref().map(|sealed| sealed.of), texts.open_maybe(change, "content", content.as_ref()));
                    let (record, source, phase) = (*record, *source, ServicePhase::Logged);
                    self.log(change, Logged { record, setting, served, evidence, source, phase, content_of, content })?;
                }
                ServiceLedgerEvent::ServiceHeld { record, setting, served, evidence, source } => {
                    let (record, source, phase) = (*record, *source, ServicePhase::Held);
                    self.log(change, Logged { record, setting, served, evidence, source, phase, content_of: None, content: None })?;
                }
                ServiceLedgerEvent::ServiceReleased { record } => self.decide(change, *record, |row| row.phase = ServicePhase::Logged)?,
                ServiceLedgerEvent::ServiceConfirmed { record, level } => {
                    self.decide(change, *record, |row| settle(row, change, ServicePhase::Confirmed, Some(*level)))?;
                }
                ServiceLedgerEvent::ServiceRejected { record, reason: _ } => {
                    self.decide(change, *record, |row| settle(row, change, ServicePhase::Rejected, None))?;
                }
                ServiceLedgerEvent::ServiceVoided { record, reason: _ } => {
                    self.decide(change, *record, |row| settle(row, change, ServicePhase::Voided, None))?;
                }
                ServiceLedgerEvent::ServiceDisputed { record, reason: _ } => {
                    self.decide(change, *record, |row| row.disputed = true)?;
                }
                ServiceLedgerEvent::ServiceCorrected { record, was: _, now, level, reason: _ } => {
                    let Served { started, ended, minutes, day, category } = now.clone();
                    self.decide(change, *record, |row| {
                        settle(row, change, ServicePhase::Confirmed, Some(*level));
                        (row.started, row.ended, row.minutes, row.day, row.category) = (started, ended, minutes, day, category);
                    })?;
                }
            },
            Some(Concern::Registered) => {
                let volunteer = VolunteerId(change.stream.id);
                if self.totals.get(&(volunteer,))?.is_none() {
                    self.totals.put(ServiceTotals::none(volunteer, position));
                }
            }
            Some(Concern::Erased(person)) => {
                self.records.change_all(position, |row| row.content_of == Some(person), |row| row.content = None);
            }
            None => {}
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        let Self { records, totals, participation, months, former, figures, .. } = self;
        vec![records, totals, participation, months, former, &mut figures.days, &mut figures.months]
    }
}
