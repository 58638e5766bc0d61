//! The service ledger of one volunteer: every record of service, and what became of it.
//!
//! - No two live records overlap; no record lies in the future; none is over 24 hours.
//! - Attested time is never lost: a stay that overlaps a live record is held, and released in the same commit in which
//!   what stood in its way is voided, rejected or corrected. Nothing is declared over it meanwhile.
//! - Nobody confirms, rejects, corrects or voids their own service.
//! - A day of over 8 hours needs the organisation above, of over 12 the district, for every confirmation on it: live
//!   records count, confirmed or not, so the order in which they come changes nothing.
//! - A correction keeps the old value, the reason and, as the event's actor, who approved it.
//! - An attested record is corrected only within the stay that attests it: hours beyond it rest on nobody's presence.
//! - Only confirmed records count; a disputed one keeps its standing until the dispute is decided.
//!
//! Sources: 志愿服务条例 art. 19; 志愿服务记录与证明出具办法 (the organisation that organises the service records and
//! certifies it). No deadline in days is known, so none is coded.

use std::collections::BTreeMap;

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::service_record::{Evidence, Level, Served, ServicePhase, Setting, Source};
use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    refusal::refusals,
    values::{Day, Instant, Minutes, RecordId, Sealed, overlaps},
};

/// Longest record, in minutes.
pub const SERVICE_RECORD_MAX_MINUTES: u32 = 24 * 60;
/// Up to this much in a day the organisation confirms, in minutes.
pub const SERVICE_DAY_ORGANISATION_MAX_MINUTES: u32 = 8 * 60;
/// Up to this much in a day the organisation above confirms, in minutes; beyond it the district.
pub const SERVICE_DAY_PARENT_MAX_MINUTES: u32 = 12 * 60;
/// Longest description or reason, in characters; parsed before it is sealed.
pub const SERVICE_TEXT_MAX_CHARS: usize = 1_000;

// The limits in hours, as refusals tell them.
const RECORD_MAX_HOURS: u32 = SERVICE_RECORD_MAX_MINUTES / 60;
const DAY_ORGANISATION_MAX_HOURS: u32 = SERVICE_DAY_ORGANISATION_MAX_MINUTES / 60;
const DAY_PARENT_MAX_HOURS: u32 = SERVICE_DAY_PARENT_MAX_MINUTES / 60;

const CONFIRMERS: &[To] = &[To::Holders(Role::Coordinator), To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Log a record: the volunteer, a coordinator, or the attendance process.
pub const LOG_SERVICE: Act =
    Act { name: "logService", open_to: &[To::Bearer, To::Holders(Role::Coordinator), To::Holders(Role::Organiser), To::Process] };
/// Confirm a record.
pub const CONFIRM_SERVICE: Act = Act { name: "confirmService", open_to: CONFIRMERS };
/// Confirm many records at once, each for itself.
pub const CONFIRM_SERVICES: Act = Act { name: "confirmServices", open_to: CONFIRMERS };
/// Reject a record.
pub const REJECT_SERVICE: Act = Act { name: "rejectService", open_to: CONFIRMERS };
/// Dispute a decision about one's own record.
pub const DISPUTE_SERVICE: Act = Act { name: "disputeService", open_to: &[To::Oneself] };
/// Correct a record.
pub const CORRECT_SERVICE: Act = Act { name: "correctService", open_to: CONFIRMERS };
/// Void a record.
pub const VOID_SERVICE: Act = Act { name: "voidService", open_to: CONFIRMERS };
/// Import a file of hours.
pub const IMPORT_HOURS: Act = Act { name: "importHours", open_to: &[To::Holders(Role::Operator)] };
/// Read service records.
pub const SERVICE_RECORDS: Act = Act {
    name: "serviceRecords",
    open_to: &[
        To::Bearer,
        To::Holders(Role::Coordinator),
        To::Holders(Role::Organiser),
        To::Holders(Role::DistrictOfficer),
        To::Holders(Role::Auditor),
        To::Holders(Role::Operator),
    ],
};
/// Ask who took part in what: figures, not names.
pub const PARTICIPATION: Act = Act {
    name: "participation",
    open_to: &[
        To::Holders(Role::Coordinator),
        To::Holders(Role::Organiser),
        To::Holders(Role::DistrictOfficer),
        To::Holders(Role::Auditor),
        To::Holders(Role::Operator),
    ],
};

/// A record as the ledger needs it to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// For whom and where.
    pub setting: Setting,
    /// When.
    pub served: Served,
    /// On what evidence.
    pub evidence: Evidence,
    /// Begin and end as first logged: of an attested record, the stay.
    pub logged: (Instant, Instant),
    /// Where it stands.
    pub phase: ServicePhase,
    /// The volunteer disputes it.
    pub disputed: bool,
}

/// A ledger's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceLedger {
    /// All records ever logged.
    pub records: BTreeMap<RecordId, Record>,
}

/// Who confirms, as far as the rules must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approver {
    /// The approver is the volunteer whose ledger this is.
    pub is_the_volunteer: bool,
    /// How far up the approver stands above the record's organisation.
    pub level: Level,
}

/// What may be asked of a ledger. Texts come sealed.
#[derive(Debug, Clone)]
pub enum ServiceLedgerCommand {
    /// Log a record.
    Log {
        /// Its id.
        record: RecordId,
        /// For whom and where.
        setting: Setting,
        /// When.
        served: Served,
        /// On what evidence.
        evidence: Evidence,
        /// Where it comes from.
        source: Source,
        /// What was done.
        content: Option<Sealed>,
        /// Now.
        now: Instant,
    },
    /// Confirm it.
    Confirm {
        /// Which record.
        record: RecordId,
        /// Who confirms.
        by: Approver,
    },
    /// Reject it.
    Reject {
        /// Which record.
        record: RecordId,
        /// Who rejects.
        by: Approver,
        /// Why.
        reason: Option<Sealed>,
    },
    /// Dispute what was decided about it.
    Dispute {
        /// Which record.
        record: RecordId,
        /// Why.
        reason: Sealed,
    },
    /// Correct and thereby confirm it.
    Correct {
        /// Which record.
        record: RecordId,
        /// What is right.
        served: Served,
        /// Who corrects.
        by: Approver,
        /// Why.
        reason: Option<Sealed>,
        /// Now.
        now: Instant,
    },
    /// Void it for good.
    Void {
        /// Which record.
        record: RecordId,
        /// Who voids.
        by: Approver,
        /// Why.
        reason: Option<Sealed>,
    },
}

/// What happened to a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ServiceLedgerEvent {
    /// A record was logged.
    ServiceLogged {
        /// Its id.
        record: RecordId,
        /// For whom and where.
        setting: Setting,
        /// When.
        served: Served,
        /// On what evidence.
        evidence: Evidence,
        /// Where it comes from.
        source: Source,
        /// What was done.
        content: Option<Sealed>,
    },
    /// An attested record was logged that overlaps a live one: it waits.
    ServiceHeld {
        /// Its id.
        record: RecordId,
        /// For whom and where.
        setting: Setting,
        /// When.
        served: Served,
        /// On what evidence.
        evidence: Evidence,
        /// Where it comes from.
        source: Source,
    },
    /// What stood in its way is gone: it stands as logged.
    ServiceReleased {
        /// Which record.
        record: RecordId,
    },
    /// It was confirmed.
    ServiceConfirmed {
        /// Which record.
        record: RecordId,
        /// How far up the confirmation comes from.
        level: Level,
    },
    /// It was rejected.
    ServiceRejected {
        /// Which record.
        record: RecordId,
        /// Why; absent where the person was erased, for no key is left to seal it.
        reason: Option<Sealed>,
    },
    /// The volunteer disputes what was decided.
    ServiceDisputed {
        /// Which record.
        record: RecordId,
        /// Why.
        reason: Sealed,
    },
    /// It was corrected, and thereby confirmed.
    ServiceCorrected {
        /// Which record.
        record: RecordId,
        /// What was wrong.
        was: Served,
        /// What is right.
        now: Served,
        /// How far up the approval comes from.
        level: Level,
        /// Why; absent where the person was erased, for no key is left to seal it.
        reason: Option<Sealed>,
    },
    /// It was voided.
    ServiceVoided {
        /// Which record.
        record: RecordId,
        /// Why; absent where the person was erased, for no key is left to seal it.
        reason: Option<Sealed>,
    },
}
impl DomainEvent for ServiceLedgerEvent {}

refusals! {
    /// Why the ledger says no.
    pub enum ServiceLedgerRefusal {
        /// Nothing of this id.
        UnknownRecord("record", "没有此服务记录", "There is no such service record"),
        /// Logged already.
        RecordExists("record", "该服务记录已存在", "This service record exists already"),
        /// The end is not after the start.
        EndsBeforeStart("ended", "结束时间须晚于开始时间", "Service ends after it starts"),
        /// Longer than a record may be.
        ServiceTooLong("ended", "单次服务不能超过 {RECORD_MAX_HOURS} 小时", "One record is at most {RECORD_MAX_HOURS} hours"),
        /// In the future.
        ServiceInFuture("ended", "服务时间不能晚于现在", "Service cannot lie in the future"),
        /// Overlaps a live record.
        ServiceOverlaps { with: RecordId }("started", "与已有服务记录时间重叠", "This overlaps service record {with}"),
        /// Nobody decides about their own service.
        OwnService("record", "不能处理本人的服务记录", "Nobody decides about their own service"),
        /// It overlaps another record, of which one must give way first.
        RecordIsHeld("record", "该记录与另一条服务记录时间重叠，请先更正或作废其中一条", "This record overlaps another one; correct or void one of the two first"),
        /// Confirmed already.
        AlreadyConfirmed("record", "该记录已确认", "This record is confirmed already"),
        /// Rejected already.
        AlreadyRejected("record", "该记录已被驳回", "This record is rejected already"),
        /// Voided for good.
        RecordIsVoided("record", "该记录已作废", "This record is voided"),
        /// More in the day than the organisation itself confirms.
        ParentMustConfirm("record", "当日累计超过 {DAY_ORGANISATION_MAX_HOURS} 小时，须由上级组织确认", "Over {DAY_ORGANISATION_MAX_HOURS} hours in a day: the organisation above confirms"),
        /// More in the day than the organisation above confirms.
        DistrictMustConfirm("record", "当日累计超过 {DAY_PARENT_MAX_HOURS} 小时，须由区级确认", "Over {DAY_PARENT_MAX_HOURS} hours in a day: the district confirms"),
        /// Nothing was decided yet, or it is disputed already.
        NothingToDispute("record", "该记录尚无可申诉的决定", "There is no decision to dispute"),
        /// The correction is what stands there.
        NothingToCorrect("record", "更正内容与原记录相同", "The correction is what stands there"),
        /// Attendance bears witness to the stay, not to more.
        BeyondAttendance(
            "record",
            "有签到依据的记录只能在签到时段内更正；请作废后另行申报",
            "An attested record is corrected only within the stay; void it and log a declared one"
        ),
        /// A description is too long or not printable.
        ContentUnfit { most: usize }("content", "内容不能超过 {most} 字", "A description has at most {most} characters"),
    }
}

type Refused = ServiceLedgerRefusal;

impl ServiceLedger {
    /// A record of this ledger.
    ///
    /// # Errors
    /// Unknown records.
    pub fn record(&self, id: RecordId) -> Result<&Record, Refused> {
        self.records.get(&id).ok_or(Refused::UnknownRecord)
    }

    /// Who must confirm `record` if it had so many `minutes` on `day`: told by all that is live on that day, logged or
    /// confirmed, so that a long day cannot be confirmed piece by piece from below.
    pub fn level_needed(&self, record: RecordId, day: Day, minutes: Minutes) -> Level {
        let others = self.records.iter().filter(|(id, it)| **id != record && it.phase.is_live() && it.served.day == day);
        let total = others.fold(minutes.0, |sum, (_, it)| sum.saturating_add(it.served.minutes.0));
        if total <= SERVICE_DAY_ORGANISATION_MAX_MINUTES {
            Level::Organisation
        } else if total <= SERVICE_DAY_PARENT_MAX_MINUTES {
            Level::Parent
        } else {
            Level::District
        }
    }

    fn require_span(served: &Served, now: Instant) -> Result<(), Refused> {
        if served.ended <= served.started {
            return Err(Refused::EndsBeforeStart);
        }
        let minutes = Minutes::between(served.started, served.ended).ok_or(Refused::EndsBeforeStart)?;
        if minutes.0 > SERVICE_RECORD_MAX_MINUTES
            || served.ended - served.started > chrono::Duration::minutes(SERVICE_RECORD_MAX_MINUTES.into())
        {
            return Err(Refused::ServiceTooLong);
        }
        if served.ended > now {
            return Err(Refused::ServiceInFuture);
        }
        Ok(())
    }

    /// Another record at the same time, among those that stand in one of these ways.
    fn at_the_same_time(&self, record: RecordId, served: &Served, stands: impl Fn(ServicePhase) -> bool) -> Option<RecordId> {
        let clashes = |it: &Record| overlaps((it.served.started, it.served.ended), (served.started, served.ended));
        self.records.iter().find(|(id, it)| **id != record && stands(it.phase) && clashes(it)).map(|(id, _)| *id)
    }

    fn require_free(&self, record: RecordId, served: &Served) -> Result<(), Refused> {
        let clash = self.at_the_same_time(record, served, ServicePhase::is_live);
        clash.map_or(Ok(()), |with| Err(Refused::ServiceOverlaps { with }))
    }

    /// What is logged: as it comes, or held where a stay overlaps what is there. What is declared gives way to both.
    fn logged(&self, logged: ServiceLedgerEvent) -> Result<ServiceLedgerEvent, Refused> {
        let ServiceLedgerEvent::ServiceLogged { record, setting, served, evidence, source, content } = logged else { return Ok(logged) };
        match evidence {
            Evidence::Declared => {
                let taken = self.at_the_same_time(record, &served, |phase| phase.is_live() || phase == ServicePhase::Held);
                match taken {
                    Some(with) => Err(Refused::ServiceOverlaps { with }),
                    None => Ok(ServiceLedgerEvent::ServiceLogged { record, setting, served, evidence, source, content }),
                }
            }
            Evidence::Attested { .. } if self.require_free(record, &served).is_err() => {
                Ok(ServiceLedgerEvent::ServiceHeld { record, setting, served, evidence, source })
            }
            Evidence::Attested { .. } => Ok(ServiceLedgerEvent::ServiceLogged { record, setting, served, evidence, source, content }),
        }
    }

    /// What is held and has its time to itself after `event`, the earliest first: each of them takes its time again.
    fn released_by(&self, event: &ServiceLedgerEvent) -> Vec<ServiceLedgerEvent> {
        let mut held: Vec<_> = self.records.iter().filter(|(_, it)| it.phase == ServicePhase::Held).collect();
        if held.is_empty() {
            return vec![];
        }
        held.sort_by_key(|(id, it)| (it.served.started, **id));
        let mut after = Self::apply_event(self.clone(), event.clone());
        let mut released = vec![];
        for record in held.into_iter().map(|(id, _)| *id) {
            let freed =
                after.record(record).is_ok_and(|it| it.phase == ServicePhase::Held && after.require_free(record, &it.served).is_ok());
            if freed {
                let event = ServiceLedgerEvent::ServiceReleased { record };
                after = Self::apply_event(after, event.clone());
                released.push(event);
            }
        }
        released
    }

    fn require_level(&self, record: RecordId, served: &Served, by: Approver) -> Result<(), Refused> {
        match self.level_needed(record, served.day, served.minutes) {
            needed if by.level >= needed => Ok(()),
            Level::District => Err(Refused::DistrictMustConfirm),
            Level::Organisation | Level::Parent => Err(Refused::ParentMustConfirm),
        }
    }

    fn decidable(&self, id: RecordId, by: Approver) -> Result<&Record, Refused> {
        let record = self.record(id)?;
        if by.is_the_volunteer {
            return Err(Refused::OwnService);
        }
        if record.phase == ServicePhase::Voided { Err(Refused::RecordIsVoided) } else { Ok(record) }
    }

    fn confirm(&self, id: RecordId, by: Approver) -> Result<ServiceLedgerEvent, Refused> {
        let record = self.decidable(id, by)?;
        match (record.phase, record.disputed) {
            (ServicePhase::Held, _) => return Err(Refused::RecordIsHeld),
            (ServicePhase::Confirmed, false) => return Err(Refused::AlreadyConfirmed),
            (ServicePhase::Rejected, false) => return Err(Refused::AlreadyRejected),
            (ServicePhase::Rejected, true) => self.require_free(id, &record.served)?,
            (ServicePhase::Logged | ServicePhase::Confirmed | ServicePhase::Voided, _) => {}
        }
        self.require_level(id, &record.served, by)?;
        Ok(ServiceLedgerEvent::ServiceConfirmed { record: id, level: by.level })
    }

    fn reject(&self, id: RecordId, by: Approver, reason: Option<Sealed>) -> Result<ServiceLedgerEvent, Refused> {
        let record = self.decidable(id, by)?;
        match (record.phase, record.disputed) {
            (ServicePhase::Confirmed, false) => Err(Refused::AlreadyConfirmed),
            (ServicePhase::Rejected, false) => Err(Refused::AlreadyRejected),
            (ServicePhase::Logged | ServicePhase::Held | ServicePhase::Confirmed | ServicePhase::Rejected | ServicePhase::Voided, _) => {
                Ok(ServiceLedgerEvent::ServiceRejected { record: id, reason })
            }
        }
    }
}

impl Aggregate for ServiceLedger {
    const NAME: &'static str = "service_ledger";
    type State = Self;
    type Command = ServiceLedgerCommand;
    type Event = ServiceLedgerEvent;
    type Error = ServiceLedgerRefusal;

    fn handle_command(ledger: &Self, command: ServiceLedgerCommand) -> Result<Vec<ServiceLedgerEvent>, Refused> {
        use ServiceLedgerCommand as C;
        use ServiceLedgerEvent as E;
        let event = match command {
            C::Log { record, setting, served, evidence, source, content, now } => {
                if ledger.records.contains_key(&record) {
                    return Err(Refused::RecordExists);
                }
                Self::require_span(&served, now)?;
                ledger.logged(E::ServiceLogged { record, setting, served, evidence, source, content })?
            }
            C::Confirm { record, by } => ledger.confirm(record, by)?,
            C::Reject { record, by, reason } => ledger.reject(record, by, reason)?,
            C::Dispute { record, reason } => match ledger.record(record)? {
                Record { phase: ServicePhase::Voided, .. } => return Err(Refused::RecordIsVoided),
                Record { phase: ServicePhase::Logged | ServicePhase::Held, .. } | Record { disputed: true, .. } => {
                    return Err(Refused::NothingToDispute);
                }
                Record { .. } => E::ServiceDisputed { record, reason },
            },
            C::Correct { record, served, by, reason, now } => {
                let old = ledger.decidable(record, by)?;
                if old.served == served {
                    return Err(Refused::NothingToCorrect);
                }
                if old.phase == ServicePhase::Rejected && !old.disputed {
                    return Err(Refused::AlreadyRejected);
                }
                let within = old.logged.0 <= served.started && served.ended <= old.logged.1;
                if matches!(old.evidence, Evidence::Attested { .. }) && !within {
                    return Err(Refused::BeyondAttendance);
                }
                Self::require_span(&served, now)?;
                ledger.require_free(record, &served)?;
                ledger.require_level(record, &served, by)?;
                E::ServiceCorrected { record, was: old.served.clone(), now: served, level: by.level, reason }
            }
            C::Void { record, by, reason } => {
                ledger.decidable(record, by)?;
                E::ServiceVoided { record, reason }
            }
        };
        let released = ledger.released_by(&event);
        Ok([vec![event], released].concat())
    }

    fn apply_event(mut ledger: Self, event: ServiceLedgerEvent) -> Self {
        use ServiceLedgerEvent as E;
        let mut settle = |id, phase: ServicePhase| {
            if let Some(record) = ledger.records.get_mut(&id) {
                record.phase = phase;
                record.disputed = false;
            }
        };
        match event {
            E::ServiceLogged { record, setting, served, evidence, .. } => {
                let logged = (served.started, served.ended);
                ledger.records.insert(record, Record { setting, served, evidence, logged, phase: ServicePhase::Logged, disputed: false });
            }
            E::ServiceHeld { record, setting, served, evidence, .. } => {
                let logged = (served.started, served.ended);
                ledger.records.insert(record, Record { setting, served, evidence, logged, phase: ServicePhase::Held, disputed: false });
            }
            E::ServiceReleased { record } => settle(record, ServicePhase::Logged),
            E::ServiceConfirmed { record, .. } => settle(record, ServicePhase::Confirmed),
            E::ServiceRejected { record, .. } => settle(record, ServicePhase::Rejected),
            E::ServiceVoided { record, .. } => settle(record, ServicePhase::Voided),
            E::ServiceDisputed { record, .. } => {
                if let Some(record) = ledger.records.get_mut(&record) {
                    record.disputed = true;
                }
            }
            E::ServiceCorrected { record, now, .. } => {
                settle(record, ServicePhase::Confirmed);
                if let Some(record) = ledger.records.get_mut(&record) {
                    record.served = now;
                }
            }
        }
        ledger
    }
}

#[cfg(test)]
#[path = "service_ledger_tests.rs"]
mod tests;
