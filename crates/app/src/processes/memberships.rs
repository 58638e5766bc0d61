//! Who withdraws or is erased is a member no more: every membership that held then ends. It is a process because only
//! the views know a volunteer's organisations; nobody joins after the withdrawal, so none is missed.

use esrs::Aggregate;
use gongyi_domain::{
    access::authority::Actor,
    values::VolunteerId,
    volunteering::volunteer::{Volunteer, VolunteerEvent},
};
use gongyi_eventlog::Recorded;
use uuid::Uuid;

use super::Process;
use crate::{
    App, Request,
    rejection::{Fault, Rejection},
    volunteering::volunteers::LeaveOrganisation,
};

/// How long the views are waited for before the event is tried again.
pub(super) const VIEWS_WAIT: std::time::Duration = std::time::Duration::from_secs(5);

/// The process.
pub struct EndMemberships;

impl Process for EndMemberships {
    const NAME: &'static str = "end-memberships";

    async fn follow(&self, app: &App, event: &Recorded) -> Result<(), Rejection> {
        if event.stream.kind != Volunteer::NAME {
            return Ok(());
        }
        match app.upcasters().decode::<VolunteerEvent>(event).map_err(|error| Fault::Session(error.into()))? {
            VolunteerEvent::VolunteerWithdrawn { .. } | VolunteerEvent::VolunteerErased {} => {}
            VolunteerEvent::VolunteerRegistered { .. }
            | VolunteerEvent::VolunteerCorrected { .. }
            | VolunteerEvent::VolunteerSuspended { .. }
            | VolunteerEvent::VolunteerReinstated { .. }
            | VolunteerEvent::VolunteerReturned { .. } => return Ok(()),
        }
        let volunteer = VolunteerId(event.stream.id);
        app.views().wait_for(event.position, VIEWS_WAIT).await.map_err(|stale| Fault::Views(stale.into()))?;
        let held = app.views().memberships_of_volunteers(&[volunteer]).await.map_err(|error| Fault::Views(error.into()))?;
        // Who has returned meanwhile may have joined anew.
        for membership in held.into_iter().filter(|it| it.position < event.position) {
            let request = Request {
                actor: Actor::Process(Self::NAME),
                command_id: Uuid::new_v5(&volunteer.0, format!("leave {} at {}", membership.organisation, event.position).as_bytes()),
                correlation: event.commit.metadata.correlation,
                causation: Some(event.position),
                now: event.commit.metadata.recorded_at,
            };
            let left = app.submit(&request, &LeaveOrganisation { volunteer, organisation: membership.organisation }).await;
            // Left meanwhile: that is all that was wanted.
            if !matches!(&left, Err(Rejection::Refused(refusal)) if refusal.code == "NotMember") {
                left?;
            }
        }
        Ok(())
    }
}
