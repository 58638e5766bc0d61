//! One row of an imported file, as a command. Its id is made of the row's own content, so that a row equal to one
//! imported before is answered as then and changes nothing.
//!
//! - Imported hours are declared, and confirmed by the importing operator at the organisation's level; once a day has
//!   over 8 hours, confirmed or not, its further rows wait for those above, and the operator's own for somebody else.

use std::collections::BTreeSet;

use gongyi_domain::{
    access::{
        area::{Area, area_stream},
        authority::{Act, Subject},
        claim::Purpose,
        identity_document::{DocumentKind, IdentityDocument},
    },
    values::{AreaCode, Day, Instant, OrganisationId, PersonId, RecordId, VolunteerId},
    volunteering::{
        category::Category,
        credit_code::CreditCode,
        organisation::{IMPORT_ORGANISATIONS, OrganisationKind},
        service_ledger::{Approver, IMPORT_HOURS, ServiceLedger, ServiceLedgerCommand},
        service_record::{Evidence, Level, Setting, Source},
        volunteer::{Consents, IMPORT_VOLUNTEERS, Volunteer, volunteer_of},
    },
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    organisations::FoundOrganisation,
    services::{sealed_content, served},
    volunteers::{RegisterVolunteer, Registered, require_active_during},
};
use crate::{
    App, Command,
    rejection::{Fault, Rejection, refused},
    work::Work,
};

/// A row of organisations.
#[derive(Debug, Serialize)]
pub struct ImportOrganisation {
    /// Kind.
    pub kind: OrganisationKind,
    /// Name.
    pub name: String,
    /// Area.
    pub area: AreaCode,
    /// The organisation above it.
    pub parent: Option<OrganisationId>,
    /// Its unified social credit code. Left out where there is none, so that a row has the id that it had before there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<CreditCode>,
}

impl Command for ImportOrganisation {
    const ACT: &'static Act = &IMPORT_ORGANISATIONS;
    type Answer = OrganisationId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<OrganisationId, Rejection> {
        work.may(Self::ACT, &Subject::area(self.area.clone()))?;
        let found = FoundOrganisation {
            kind: self.kind,
            name: self.name.clone(),
            area: self.area.clone(),
            parent: self.parent,
            credit_code: self.credit_code.as_ref().map(|code| code.as_str().to_owned()),
        };
        found.decide(work).await
    }
}

/// A row of volunteers.
#[derive(Debug, Serialize)]
pub struct ImportVolunteer {
    /// Name.
    pub name: String,
    /// The identity document's number, normalised.
    pub id_number: String,
    /// The document's kind, unless its eighteen characters tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_kind: Option<DocumentKind>,
    /// The country that issued a passport, by its three letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuing_country: Option<String>,
    /// The birth date, if the number carries none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Day>,
    /// Phone number, normalised.
    pub phone: String,
    /// Home area.
    pub area: AreaCode,
    /// The organisation joined.
    pub organisation: Option<OrganisationId>,
    /// Every consent a minor of that age needs was given.
    pub consent: bool,
    /// The day of registration.
    pub registered_on: Day,
}

impl Command for ImportVolunteer {
    const ACT: &'static Act = &IMPORT_VOLUNTEERS;
    type Answer = Registered;

    async fn decide(&self, work: &mut Work<'_>) -> Result<Registered, Rejection> {
        work.may(Self::ACT, &Subject::area(self.area.clone()))?;
        let register = RegisterVolunteer {
            name: self.name.clone(),
            id_number: self.id_number.clone(),
            document_kind: self.document_kind,
            issuing_country: self.issuing_country.clone(),
            birth_date: self.birth_date,
            phone: self.phone.clone(),
            home_area: self.area.clone(),
            organisation: self.organisation,
            skills: BTreeSet::new(),
            consents: Consents { guardian: self.consent, separate: self.consent },
            registered_on: Some(self.registered_on),
            password: None,
        };
        register.import(work).await
    }
}

/// A row of hours.
#[derive(Debug, Serialize)]
pub struct ImportHours {
    /// Whose.
    pub volunteer: VolunteerId,
    /// For which organisation.
    pub organisation: OrganisationId,
    /// Category.
    pub category: Category,
    /// What was done.
    pub content: Option<String>,
    /// Begin.
    pub started: Instant,
    /// End.
    pub ended: Instant,
}

/// What became of a row of hours.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HoursImported {
    /// The record.
    pub record: RecordId,
    /// It waits for a confirmation from above.
    pub pending: bool,
}

impl Command for ImportHours {
    const ACT: &'static Act = &IMPORT_HOURS;
    type Answer = HoursImported;

    async fn decide(&self, work: &mut Work<'_>) -> Result<HoursImported, Rejection> {
        let line = work.line(self.organisation).await?;
        let volunteer = work.load::<Volunteer>(self.volunteer).await?;
        let person = volunteer.inner().require_known().map_err(refused)?;
        work.may(Self::ACT, &line.subject(Some(person)))?;
        require_active_during(work, &volunteer, (self.started, self.ended)).await?;
        let record = RecordId(Uuid::now_v7());
        let served = served(work, self.started, self.ended, self.category);
        let command = ServiceLedgerCommand::Log {
            record,
            setting: Setting { organisation: self.organisation, activity: None, area: line.profile().area.clone() },
            served: served.clone(),
            evidence: Evidence::Declared,
            source: Source::Import,
            content: sealed_content(work, person, self.volunteer, self.content.as_deref()).await?,
            now: work.now,
        };
        let ledger = work.load_and_decide::<ServiceLedger>(self.volunteer, command).await?;
        // Nobody confirms their own service, operators included.
        let is_own = work.actor.person() == Some(person);
        let pending = is_own || ledger.level_needed(record, served.day, served.minutes) > Level::Organisation;
        if !pending {
            let by = Approver { is_the_volunteer: is_own, level: Level::Organisation };
            work.load_and_decide::<ServiceLedger>(self.volunteer, ServiceLedgerCommand::Confirm { record, by }).await?;
        }
        Ok(HoursImported { record, pending })
    }
}

impl App {
    /// The id of an imported row's command: made of its content under a vault key, the same for the same row.
    ///
    /// # Errors
    /// A row that is no JSON.
    pub fn row_command_id<C: Command>(&self, row: &C) -> Result<Uuid, Fault> {
        Ok(self.vault().command_id(C::ACT.name, &serde_json::to_vec(row)?))
    }

    /// The volunteer with this identity document, if one is registered.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn volunteer_by_document(&self, document: &IdentityDocument) -> Result<Option<VolunteerId>, Rejection> {
        let holder = self.holder(Purpose::IdNumber, &document.claim()).await?;
        Ok(holder.map(|person| volunteer_of(PersonId(person))))
    }

    /// The organisation of this name, if there is one.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn organisation_by_name(&self, name: &str) -> Result<Option<OrganisationId>, Rejection> {
        Ok(self.holder(Purpose::OrganisationName, name).await?.map(OrganisationId))
    }

    /// Whether the area is listed.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn area_is_listed(&self, code: &AreaCode) -> Result<bool, Rejection> {
        Ok(self.state::<Area>(area_stream(code)).await?.name.is_some())
    }

    async fn holder(&self, purpose: Purpose, value: &str) -> Result<Option<Uuid>, Rejection> {
        self.claim_holder(purpose, value).await
    }
}
