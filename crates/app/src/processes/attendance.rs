//! From attendance to the service ledger: who was checked out has a service record, attested by that stay. It still
//! needs a confirmation, as every record does.
//!
//! - A stay that overlaps another record is logged too: the ledger holds it until one of the two gives way.
//! - A stay of less than a minute has nothing to log.

use esrs::Aggregate;
use gongyi_domain::{
    access::authority::{Act, Actor},
    values::{ActivityId, AttendanceId, Minutes, RecordId, VolunteerId},
    volunteering::{
        activity::{Activity, ActivityEvent, ActivityRefusal},
        service_ledger::{LOG_SERVICE, ServiceLedger, ServiceLedgerCommand},
        service_record::{Evidence, Setting, Source},
        volunteer::Volunteer,
    },
};
use gongyi_eventlog::Recorded;
use serde::Serialize;
use uuid::Uuid;

use super::Process;
use crate::{
    App, Command, Request,
    rejection::{Fault, Rejection, refused},
    volunteering::services::served,
    work::Work,
};

/// The process.
pub struct AttendanceToLedger;

impl Process for AttendanceToLedger {
    const NAME: &'static str = "attendance-to-ledger";

    async fn follow(&self, app: &App, event: &Recorded) -> Result<(), Rejection> {
        if event.stream.kind != Activity::NAME || event.event_type != "VolunteerCheckedOut" {
            return Ok(());
        }
        let decoded = app.upcasters().decode::<ActivityEvent>(event).map_err(|error| Fault::Session(error.into()))?;
        let ActivityEvent::VolunteerCheckedOut { attendance, volunteer, .. } = decoded else { return Ok(()) };
        let request = Request {
            actor: Actor::Process(Self::NAME),
            command_id: Uuid::new_v5(&attendance.0, b"log-attendance"),
            correlation: event.commit.metadata.correlation,
            causation: Some(event.position),
            now: event.commit.metadata.recorded_at,
        };
        let command = LogAttendance { activity: ActivityId(event.stream.id), attendance, volunteer };
        app.submit(&request, &command).await.map(drop)
    }
}

/// Log the service record of one stay.
#[derive(Debug, Serialize)]
struct LogAttendance {
    activity: ActivityId,
    attendance: AttendanceId,
    volunteer: VolunteerId,
}

crate::commands! { LogAttendance }

impl Command for LogAttendance {
    const ACT: &'static Act = &LOG_SERVICE;
    type Answer = RecordId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RecordId, Rejection> {
        let activity = work.load::<Activity>(self.activity).await?;
        let (organisation, details) = activity.inner().require_known().map_err(refused)?;
        let person = work.load::<Volunteer>(self.volunteer).await?.inner().require_known().map_err(refused)?;
        let subject = work.line_of_any(organisation).await?.subject(Some(person));
        work.may(Self::ACT, &subject)?;
        let stay = activity.inner().attendance.get(&self.attendance);
        let (began, ended) =
            stay.and_then(|stay| Some((stay.checked_in, stay.checked_out?))).ok_or(refused(ActivityRefusal::NotCheckedIn))?;
        let record = RecordId(Uuid::new_v5(&self.attendance.0, b"record"));
        if Minutes::between(began, ended).is_none() {
            return Ok(record);
        }
        let command = ServiceLedgerCommand::Log {
            record,
            setting: Setting { organisation, activity: Some(self.activity), area: details.area.clone() },
            served: served(work, began, ended, details.category),
            evidence: Evidence::Attested { attendance: self.attendance },
            source: Source::Attendance,
            content: None,
            now: work.now,
        };
        work.load_and_decide::<ServiceLedger>(self.volunteer, command).await?;
        Ok(record)
    }
}
