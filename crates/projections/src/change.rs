//! An event of the log, decoded once for all read models.

use std::sync::Arc;

use chrono_tz::Tz;
use esrs::Aggregate;
use gongyi_domain::{
    Event,
    access::{
        account::Account,
        area::Area,
        claim::Claim,
        person::{Person, PersonEvent},
    },
    event::CodecError,
    values::{Day, Instant, Sealed},
    volunteering::{
        activity::Activity,
        calendar::Calendar,
        membership::Membership,
        organisation::Organisation,
        service_ledger::{ServiceLedger, ServiceLedgerEvent},
        star_scheme::StarScheme,
        volunteer::{Volunteer, VolunteerEvent},
    },
};
use gongyi_eventlog::{CommitInfo, DecodeError, Recorded, StreamId, Upcasters};

/// A decoded event with what the log knows about it.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its place in the log.
    pub position: u64,
    /// Its stream; the id is the aggregate's.
    pub stream: StreamId,
    /// The variant's name.
    pub event_type: String,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// The day it was recorded, in the tenant's time zone.
    pub recorded_day: Day,
    /// The commit it came in.
    pub commit: Arc<CommitInfo>,
    /// What happened.
    pub event: Event,
}

impl Change {
    /// The event with what the log knows about it.
    pub(crate) fn new(event: Event, recorded: Recorded, zone: Tz) -> Self {
        let recorded_at = recorded.commit.metadata.recorded_at;
        let Recorded { position, stream, event_type, commit, .. } = recorded;
        let recorded_day = recorded_at.with_timezone(&zone).date_naive();
        Self { position, stream, event_type, recorded_at, recorded_day, commit, event }
    }

    /// Who did it, as the log names actors.
    pub fn actor(&self) -> &str {
        &self.commit.metadata.actor
    }
}

/// The event as this build knows it.
pub(crate) fn decode(upcasters: &Upcasters, recorded: &Recorded) -> Result<Event, DecodeError> {
    match recorded.stream.kind.as_ref() {
        Area::NAME => upcasters.decode(recorded).map(Event::Area),
        Person::NAME => upcasters.decode(recorded).map(Event::Person),
        Claim::NAME => upcasters.decode(recorded).map(Event::Claim),
        Account::NAME => upcasters.decode(recorded).map(Event::Account),
        Volunteer::NAME => upcasters.decode(recorded).map(Event::Volunteer),
        Organisation::NAME => upcasters.decode(recorded).map(Event::Organisation),
        Membership::NAME => upcasters.decode(recorded).map(Event::Membership),
        Calendar::NAME => upcasters.decode(recorded).map(Event::Calendar),
        Activity::NAME => upcasters.decode(recorded).map(Event::Activity),
        ServiceLedger::NAME => upcasters.decode(recorded).map(Event::ServiceLedger),
        StarScheme::NAME => upcasters.decode(recorded).map(Event::StarScheme),
        kind => Err(DecodeError::Codec { position: recorded.position, source: CodecError::UnknownKind { kind: kind.to_owned() } }),
    }
}

/// Whether a stream kind is one of this build's.
pub(crate) fn is_known_kind(kind: &str) -> bool {
    Event::schema_version(kind, "").is_some()
}

/// Every sealed text of an event.
pub(crate) fn sealed_texts<'a>(event: &'a Event, see: &mut impl FnMut(&'a Sealed)) {
    match event {
        Event::Person(PersonEvent::PersonRegistered { name, id_number, phone, birth_date, home_area: _ }) => {
            [name, id_number, phone, birth_date].into_iter().for_each(see);
        }
        Event::Person(PersonEvent::PersonCorrected { name, id_number, phone, birth_date, home_area: _, reason }) => {
            [name, id_number, phone, birth_date, reason].into_iter().flatten().for_each(see);
        }
        Event::Volunteer(VolunteerEvent::VolunteerSuspended { reason } | VolunteerEvent::VolunteerReinstated { reason }) => see(reason),
        Event::Volunteer(VolunteerEvent::VolunteerWithdrawn { reason }) => reason.iter().for_each(see),
        Event::ServiceLedger(ServiceLedgerEvent::ServiceLogged { content, .. }) => content.iter().for_each(see),
        Event::ServiceLedger(ServiceLedgerEvent::ServiceDisputed { reason, .. }) => see(reason),
        Event::ServiceLedger(
            ServiceLedgerEvent::ServiceRejected { reason, .. }
            | ServiceLedgerEvent::ServiceCorrected { reason, .. }
            | ServiceLedgerEvent::ServiceVoided { reason, .. },
        ) => reason.iter().for_each(see),
        Event::Person(PersonEvent::PersonErased {})
        | Event::Volunteer(
            VolunteerEvent::VolunteerRegistered { .. }
            | VolunteerEvent::VolunteerCorrected { .. }
            | VolunteerEvent::VolunteerReturned { .. }
            | VolunteerEvent::VolunteerErased {},
        )
        | Event::ServiceLedger(ServiceLedgerEvent::ServiceConfirmed { .. })
        | Event::Area(_)
        | Event::Claim(_)
        | Event::Account(_)
        | Event::Organisation(_)
        | Event::Membership(_)
        | Event::Calendar(_)
        | Event::Activity(_)
        | Event::StarScheme(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use gongyi_eventlog::Metadata;
    use uuid::Uuid;

    #[test]
    fn every_kind_of_the_domain_is_decoded() {
        for (kind, _) in gongyi_domain::event_schemas() {
            let metadata = Metadata {
                actor: String::new(),
                command_id: Uuid::nil(),
                correlation: Uuid::nil(),
                causation: None,
                recorded_at: DateTime::UNIX_EPOCH,
            };
            let commit = CommitInfo { number: 1, metadata, first_position: 1, last_position: 1, chain: [0; 32] };
            let recorded = Recorded {
                position: 1,
                stream: StreamId::new(kind, Uuid::nil()),
                version: 1,
                event_type: "NoSuchEvent".to_owned(),
                schema_version: 1,
                payload: "{}".to_owned(),
                commit: Arc::new(commit),
            };
            let error = decode(&Upcasters::new(), &recorded).unwrap_err();
            assert!(matches!(error, DecodeError::Codec { source: CodecError::Payload { .. }, .. }), "{kind}: {error:?}");
            assert!(is_known_kind(kind));
        }
        assert!(!is_known_kind("poll"));
    }
}
