//! Logging service, and confirming, rejecting, disputing, correcting and voiding it.

use gongyi_domain::{
    access::{
        authority::{Act, Actor, Subject},
        person::PersonRefusal,
    },
    prose::Prose,
    values::{ActivityId, Instant, Minutes, OrganisationId, PersonId, RecordId, Sealed, VolunteerId},
    volunteering::{
        activity::{Activity, ActivityRefusal},
        category::Category,
        membership::{Membership, membership_stream},
        organisation::Organisation,
        service_ledger::{
            Approver, CONFIRM_SERVICE, CORRECT_SERVICE, DISPUTE_SERVICE, LOG_SERVICE, REJECT_SERVICE, SERVICE_TEXT_MAX_CHARS,
            ServiceLedger, ServiceLedgerCommand, ServiceLedgerRefusal, VOID_SERVICE,
        },
        service_record::{Evidence, Served, Setting, Source},
        volunteer::{Volunteer, VolunteerRefusal},
    },
};
use gongyi_eventlog::StreamId;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Command,
    rejection::{Rejection, refused},
    volunteering::volunteers::{inactive_times, require_active_during, require_no_stranger, sealed_reason},
    work::{Line, Loaded, Work},
};

/// Log a service record by hand: for oneself, or by a coordinator for a member or for somebody with a place in the
/// activity.
#[derive(Debug, Serialize)]
pub struct LogService {
    /// Whose service.
    pub volunteer: VolunteerId,
    /// For which organisation.
    pub organisation: OrganisationId,
    /// At which of its activities, if at one.
    pub activity: Option<ActivityId>,
    /// Category.
    pub category: Category,
    /// Begin.
    pub started: Instant,
    /// End.
    pub ended: Instant,
    /// What was done.
    pub content: Option<String>,
}

/// The time served, with its minutes and its day counted.
pub(crate) fn served(work: &Work<'_>, started: Instant, ended: Instant, category: Category) -> Served {
    let minutes = Minutes::between(started, ended).unwrap_or_default();
    Served { started, ended, minutes, day: work.day_of(started), category }
}

pub(crate) async fn sealed_content(
    work: &Work<'_>,
    person: PersonId,
    volunteer: VolunteerId,
    content: Option<&str>,
) -> Result<Option<Sealed>, Rejection> {
    let unfit = |most| refused(ServiceLedgerRefusal::ContentUnfit { most });
    match Prose::parse_any(content, SERVICE_TEXT_MAX_CHARS, unfit)? {
        None => Ok(None),
        Some(text) => {
            let seal = work.sealer::<ServiceLedger>(person, volunteer, "ServiceLogged").await?;
            Ok(Some(seal.seal("content", text.as_str())))
        }
    }
}

impl Command for LogService {
    const ACT: &'static Act = &LOG_SERVICE;
    type Answer = RecordId;

    fn reads(&self) -> Vec<StreamId> {
        let mut streams = vec![
            StreamId::of::<Volunteer>(self.volunteer),
            StreamId::of::<Organisation>(self.organisation),
            StreamId::of::<Membership>(membership_stream(self.organisation, self.volunteer)),
            StreamId::of::<ServiceLedger>(self.volunteer),
        ];
        streams.extend(self.activity.map(StreamId::of::<Activity>));
        streams
    }

    async fn decide(&self, work: &mut Work<'_>) -> Result<RecordId, Rejection> {
        let volunteer = work.load::<Volunteer>(self.volunteer).await?;
        let person = volunteer.inner().require_known().map_err(refused)?;
        let line = work.line(self.organisation).await?;
        let subject = line.subject(Some(person));
        work.may(Self::ACT, &subject)?;
        let mut has_place = false;
        let area = match self.activity {
            None => line.profile().area.clone(),
            Some(id) => {
                let activity = work.load::<Activity>(id).await?;
                let (organisation, details) = activity.inner().require_known().map_err(refused)?;
                if organisation != self.organisation {
                    return Err(refused(ActivityRefusal::UnknownActivity));
                }
                has_place = activity.inner().has_place(self.volunteer);
                details.area.clone()
            }
        };
        if !has_place {
            require_no_stranger(work, Self::ACT, &subject, self.organisation, &volunteer).await?;
        }
        require_active_during(work, &volunteer, (self.started, self.ended)).await?;
        let record = RecordId(Uuid::now_v7());
        let command = ServiceLedgerCommand::Log {
            record,
            setting: Setting { organisation: self.organisation, activity: self.activity, area },
            served: served(work, self.started, self.ended, self.category),
            evidence: Evidence::Declared,
            source: if work.actor.person() == Some(person) { Source::Volunteer } else { Source::Coordinator },
            content: sealed_content(work, person, self.volunteer, self.content.as_deref()).await?,
            now: work.now,
        };
        work.load_and_decide::<ServiceLedger>(self.volunteer, command).await?;
        Ok(record)
    }
}

/// A ledger loaded to decide about one of its records, with who approves.
struct Case {
    person: PersonId,
    ledger: Loaded<ServiceLedger>,
    by: Approver,
}

async fn open_case(work: &mut Work<'_>, act: &Act, volunteer: VolunteerId, record: RecordId) -> Result<Case, Rejection> {
    let person = work.load::<Volunteer>(volunteer).await?.inner().require_known().map_err(refused)?;
    let ledger = work.lock::<ServiceLedger>(volunteer).await?;
    let organisation = ledger.inner().record(record).map_err(refused)?.setting.organisation;
    let line = work.line_of_any(organisation).await?;
    work.may(act, &line.subject(Some(person)))?;
    let by = approver(&work.actor, person, &line);
    Ok(Case { person, ledger, by })
}

/// Who approves, as far as the ledger's rules must know.
pub(crate) fn approver(actor: &Actor, person: PersonId, line: &Line) -> Approver {
    Approver { is_the_volunteer: actor.person() == Some(person), level: line.level_of(actor) }
}

/// Seals the reason of a decision about a record; `None` where the person was erased, so that forged hours can be
/// taken back even then.
async fn decision_reason(
    work: &Work<'_>,
    person: PersonId,
    volunteer: VolunteerId,
    event_type: &str,
    reason: &str,
) -> Result<Option<Sealed>, Rejection> {
    match sealed_reason::<ServiceLedger>(work, person, volunteer, event_type, reason).await {
        Ok(sealed) => Ok(Some(sealed)),
        Err(Rejection::Refused(refusal)) if refusal == PersonRefusal::PersonIsErased.into() => Ok(None),
        Err(other) => Err(other),
    }
}

/// Confirm a record.
#[derive(Debug, Serialize)]
pub struct ConfirmService {
    /// Whose.
    pub volunteer: VolunteerId,
    /// Which.
    pub record: RecordId,
}

impl Command for ConfirmService {
    const ACT: &'static Act = &CONFIRM_SERVICE;
    type Answer = RecordId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RecordId, Rejection> {
        let case = open_case(work, Self::ACT, self.volunteer, self.record).await?;
        work.decide::<ServiceLedger>(case.ledger, ServiceLedgerCommand::Confirm { record: self.record, by: case.by }).await?;
        Ok(self.record)
    }
}

/// Reject a record.
#[derive(Debug, Serialize)]
pub struct RejectService {
    /// Whose.
    pub volunteer: VolunteerId,
    /// Which.
    pub record: RecordId,
    /// Why.
    pub reason: String,
}

impl Command for RejectService {
    const ACT: &'static Act = &REJECT_SERVICE;
    type Answer = RecordId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RecordId, Rejection> {
        let Case { person, ledger, by } = open_case(work, Self::ACT, self.volunteer, self.record).await?;
        let reason = decision_reason(work, person, self.volunteer, "ServiceRejected", &self.reason).await?;
        work.decide::<ServiceLedger>(ledger, ServiceLedgerCommand::Reject { record: self.record, by, reason }).await?;
        Ok(self.record)
    }
}

/// Dispute what was decided about one's own record.
#[derive(Debug, Serialize)]
pub struct DisputeService {
    /// Whose.
    pub volunteer: VolunteerId,
    /// Which.
    pub record: RecordId,
    /// Why.
    pub reason: String,
}

impl Command for DisputeService {
    const ACT: &'static Act = &DISPUTE_SERVICE;
    type Answer = RecordId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RecordId, Rejection> {
        let volunteer = work.load::<Volunteer>(self.volunteer).await?;
        let person = volunteer.inner().require_known().map_err(refused)?;
        work.may(Self::ACT, &Subject::person(person, None))?;
        let reason = sealed_reason::<ServiceLedger>(work, person, self.volunteer, "ServiceDisputed", &self.reason).await?;
        let command = ServiceLedgerCommand::Dispute { record: self.record, reason };
        work.load_and_decide::<ServiceLedger>(self.volunteer, command).await?;
        Ok(self.record)
    }
}

/// Correct a record; that confirms it too.
#[derive(Debug, Serialize)]
pub struct CorrectService {
    /// Whose.
    pub volunteer: VolunteerId,
    /// Which.
    pub record: RecordId,
    /// The right begin; `None` stays.
    pub started: Option<Instant>,
    /// The right end; `None` stays.
    pub ended: Option<Instant>,
    /// The right category; `None` stays.
    pub category: Option<Category>,
    /// Why.
    pub reason: String,
}

impl Command for CorrectService {
    const ACT: &'static Act = &CORRECT_SERVICE;
    type Answer = RecordId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RecordId, Rejection> {
        let Case { person, ledger, by } = open_case(work, Self::ACT, self.volunteer, self.record).await?;
        let old = ledger.inner().record(self.record).map_err(refused)?.served.clone();
        let (started, ended) = (self.started.unwrap_or(old.started), self.ended.unwrap_or(old.ended));
        let served = served(work, started, ended, self.category.unwrap_or(old.category));
        // What is entered already may shrink; it may not reach into time that could not have been entered.
        if started < old.started || old.ended < ended {
            let inactive = inactive_times(work, &work.load::<Volunteer>(self.volunteer).await?).await?;
            if inactive.iter().any(|it| it.touches(started, ended)) {
                return Err(refused(VolunteerRefusal::NotActiveThen));
            }
        }
        let reason = decision_reason(work, person, self.volunteer, "ServiceCorrected", &self.reason).await?;
        let command = ServiceLedgerCommand::Correct { record: self.record, served, by, reason, now: work.now };
        work.decide::<ServiceLedger>(ledger, command).await?;
        Ok(self.record)
    }
}

/// Void a record for good.
#[derive(Debug, Serialize)]
pub struct VoidService {
    /// Whose.
    pub volunteer: VolunteerId,
    /// Which.
    pub record: RecordId,
    /// Why.
    pub reason: String,
}

impl Command for VoidService {
    const ACT: &'static Act = &VOID_SERVICE;
    type Answer = RecordId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RecordId, Rejection> {
        let Case { person, ledger, by } = open_case(work, Self::ACT, self.volunteer, self.record).await?;
        let reason = decision_reason(work, person, self.volunteer, "ServiceVoided", &self.reason).await?;
        work.decide::<ServiceLedger>(ledger, ServiceLedgerCommand::Void { record: self.record, by, reason }).await?;
        Ok(self.record)
    }
}
