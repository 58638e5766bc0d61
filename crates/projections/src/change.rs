//! An event of the log, decoded once for all read models.

use std::sync::Arc;

use chrono_tz::Tz;
use gongyi_domain::{
    Event,
    access::{self, person::PersonEvent},
    deliberation::{self, council::CouncilEvent, issue::ResidentIssueEvent, motion::MotionEvent, seat::Vacancy},
    values::{Day, Instant, PersonId, Sealed},
    volunteering::{self, service_ledger::ServiceLedgerEvent, volunteer::VolunteerEvent},
};
use gongyi_eventlog::{CommitInfo, Recorded, StreamId};

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
    zone: Tz,
}

impl Change {
    /// The event with what the log knows about it.
    pub(crate) fn new(event: Event, recorded: Recorded, zone: Tz) -> Self {
        let recorded_at = recorded.commit.metadata.recorded_at;
        let Recorded { position, stream, event_type, commit, .. } = recorded;
        let recorded_day = recorded_at.with_timezone(&zone).date_naive();
        Self { position, stream, event_type, recorded_at, recorded_day, commit, event, zone }
    }

    /// The day of a moment, in the tenant's time zone.
    pub(crate) fn day_of(&self, at: Instant) -> Day {
        at.with_timezone(&self.zone).date_naive()
    }

    /// The person whom it erases, if it erases one: what was opened of that person's texts goes.
    pub(crate) fn erases(&self) -> Option<PersonId> {
        use access::Event as A;
        let Event::Access(event) = &self.event else { return None };
        match event {
            A::Person(PersonEvent::PersonErased {}) => Some(PersonId(self.stream.id)),
            A::Person(PersonEvent::PersonRegistered { .. } | PersonEvent::PersonCorrected { .. })
            | A::Area(_)
            | A::Claim(_)
            | A::Account(_)
            | A::Redaction(_)
            | A::VaultBinding(_)
            | A::WorkingCalendar(_) => None,
        }
    }

    /// Whether it takes texts out of events before it.
    pub(crate) fn redacts(&self) -> bool {
        matches!(self.event, Event::Access(access::Event::Redaction(_)))
    }

    /// Who did it, as the log names actors.
    pub fn actor(&self) -> &str {
        &self.commit.metadata.actor
    }
}

/// Whether a stream kind is one of this build's.
pub(crate) fn is_known_kind(kind: &str) -> bool {
    Event::schema_version(kind, "").is_some()
}

/// Every sealed text of an event.
pub(crate) fn sealed_texts<'a>(event: &'a Event, see: &mut impl FnMut(&'a Sealed)) {
    match event {
        Event::Access(event) => access_texts(event, see),
        Event::Volunteering(event) => volunteering_texts(event, see),
        Event::Deliberation(event) => deliberation_texts(event, see),
        Event::Projects(event) => crate::projects::texts::sealed_texts(event, see),
    }
}

fn access_texts<'a>(event: &'a access::Event, see: &mut impl FnMut(&'a Sealed)) {
    use access::Event as A;
    match event {
        A::Person(PersonEvent::PersonRegistered { name, id_number, document, phone, birth_date, home_area: _ }) => {
            [name, id_number, phone, birth_date].into_iter().chain(document).for_each(see);
        }
        A::Person(PersonEvent::PersonCorrected { name, id_number, document, phone, birth_date, home_area: _, reason }) => {
            [name, id_number, document, phone, birth_date, reason].into_iter().flatten().for_each(see);
        }
        A::Person(PersonEvent::PersonErased {})
        | A::Area(_)
        | A::Claim(_)
        | A::Account(_)
        | A::Redaction(_)
        | A::VaultBinding(_)
        | A::WorkingCalendar(_) => {}
    }
}

fn volunteering_texts<'a>(event: &'a volunteering::Event, see: &mut impl FnMut(&'a Sealed)) {
    use volunteering::Event as V;
    match event {
        V::Volunteer(VolunteerEvent::VolunteerSuspended { reason } | VolunteerEvent::VolunteerReinstated { reason }) => see(reason),
        V::Volunteer(VolunteerEvent::VolunteerWithdrawn { reason }) => reason.iter().for_each(see),
        V::ServiceLedger(ServiceLedgerEvent::ServiceLogged { content, .. }) => content.iter().for_each(see),
        V::ServiceLedger(ServiceLedgerEvent::ServiceDisputed { reason, .. }) => see(reason),
        V::ServiceLedger(
            ServiceLedgerEvent::ServiceRejected { reason, .. }
            | ServiceLedgerEvent::ServiceCorrected { reason, .. }
            | ServiceLedgerEvent::ServiceVoided { reason, .. },
        ) => reason.iter().for_each(see),
        V::Volunteer(
            VolunteerEvent::VolunteerRegistered { .. }
            | VolunteerEvent::VolunteerCorrected { .. }
            | VolunteerEvent::VolunteerReturned { .. }
            | VolunteerEvent::VolunteerErased {},
        )
        | V::ServiceLedger(
            ServiceLedgerEvent::ServiceHeld { .. }
            | ServiceLedgerEvent::ServiceReleased { .. }
            | ServiceLedgerEvent::ServiceConfirmed { .. },
        )
        | V::Organisation(_)
        | V::Membership(_)
        | V::Calendar(_)
        | V::Activity(_)
        | V::StarScheme(_) => {}
    }
}

fn deliberation_texts<'a>(event: &'a deliberation::Event, see: &mut impl FnMut(&'a Sealed)) {
    match event {
        deliberation::Event::Council(CouncilEvent::SeatVacated { how: Vacancy::Left { reason }, .. }) => reason.iter().for_each(see),
        deliberation::Event::Motion(MotionEvent::MotionReviewed { text, .. }) => text.iter().for_each(see),
        deliberation::Event::ResidentIssue(ResidentIssueEvent::IssueRaised { title, text, .. }) => [title, text].into_iter().for_each(see),
        deliberation::Event::ResidentIssue(ResidentIssueEvent::IssueTurnedAway { reason }) => see(reason),
        deliberation::Event::Council(
            CouncilEvent::CouncilEstablished { .. }
            | CouncilEvent::CouncilRenamed { .. }
            | CouncilEvent::CharterAmended { .. }
            | CouncilEvent::CouncilDissolved { .. }
            | CouncilEvent::RepresentativeSeated { .. }
            | CouncilEvent::SeatVacated { how: Vacancy::Recalled { .. } | Vacancy::Forfeited { .. } | Vacancy::CutShort { .. }, .. }
            | CouncilEvent::TermEnded { .. }
            | CouncilEvent::GuestRegistered { .. }
            | CouncilEvent::GuestReleased { .. },
        )
        | deliberation::Event::Motion(
            MotionEvent::MotionDrafted { .. }
            | MotionEvent::MotionRevised { .. }
            | MotionEvent::MoverJoined { .. }
            | MotionEvent::MoverLeft { .. }
            | MotionEvent::MotionWithdrawn { .. }
            | MotionEvent::AttachmentAdded { .. }
            | MotionEvent::AttachmentRemoved { .. }
            | MotionEvent::MotionSubmitted { .. }
            | MotionEvent::MotionSeconded { .. }
            | MotionEvent::SecondWithdrawn { .. }
            | MotionEvent::SecondsCompleted { .. }
            | MotionEvent::MotionAccepted {}
            | MotionEvent::MotionReturned { .. }
            | MotionEvent::AmendmentProposed { .. }
            | MotionEvent::AmendmentRevised { .. }
            | MotionEvent::AmendmentWithdrawn { .. }
            | MotionEvent::AmendmentAccepted { .. }
            | MotionEvent::AmendmentRejected { .. }
            | MotionEvent::MotionScheduled { .. }
            | MotionEvent::MotionTakenOffAgenda { .. }
            | MotionEvent::MotionPutToVote { .. }
            | MotionEvent::VoteAbandoned { .. }
            | MotionEvent::MotionAdopted { .. }
            | MotionEvent::MotionRejected { .. }
            | MotionEvent::MotionReferred { .. }
            | MotionEvent::ReferralAccepted { .. }
            | MotionEvent::ReferralDeclined { .. }
            | MotionEvent::MotionPostponed { .. }
            | MotionEvent::MotionMerged { .. }
            | MotionEvent::MotionAbsorbed { .. }
            | MotionEvent::MotionRelated { .. }
            | MotionEvent::MotionUnrelated { .. }
            | MotionEvent::ProgressReported { .. }
            | MotionEvent::MotionCompleted { .. }
            | MotionEvent::CompletionRevoked { .. }
            | MotionEvent::DecisionAnnulled { .. }
            | MotionEvent::MotionReconsidered { .. },
        )
        | deliberation::Event::ResidentIssue(
            ResidentIssueEvent::IssueEndorsed { .. }
            | ResidentIssueEvent::EndorsementWithdrawn { .. }
            | ResidentIssueEvent::IssueWithdrawn {}
            | ResidentIssueEvent::IssueAdmitted {}
            | ResidentIssueEvent::IssueQualified { .. }
            | ResidentIssueEvent::IssueTakenUp { .. }
            | ResidentIssueEvent::IssueAnswered { .. }
            | ResidentIssueEvent::IssueClosed {},
        )
        | deliberation::Event::MotionRegister(_)
        | deliberation::Event::Covenant(_)
        | deliberation::Event::Election(_)
        | deliberation::Event::Poll(_)
        | deliberation::Event::Roll(_)
        | deliberation::Event::RollEntry(_)
        | deliberation::Event::BallotList(_)
        | deliberation::Event::Meeting(_)
        | deliberation::Event::Minutes(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use gongyi_domain::event::CodecError;
    use gongyi_eventlog::{DecodeError, Metadata, Upcasters};
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
            let error = Upcasters::new().decode_event(&recorded).unwrap_err();
            assert!(matches!(error, DecodeError::Codec { source: CodecError::Payload { .. }, .. }), "{kind}: {error:?}");
            assert!(is_known_kind(kind));
        }
        assert!(!is_known_kind("no_such_kind"));
    }
}
