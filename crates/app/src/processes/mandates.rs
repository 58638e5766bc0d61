//! Who is erased holds no seat and stands for none: seats that run or are to come are left, and candidacies that are not fixed on a ballot
//! yet are withdrawn. A candidate on a ballot stays on it, without a name. It is a process because only the views know where
//! somebody sits and stands.

use esrs::Aggregate;
use gongyi_domain::{
    access::{
        authority::Actor,
        person::{Person, PersonEvent},
    },
    values::PersonId,
};
use gongyi_eventlog::Recorded;
use gongyi_projections::SeatRow;
use uuid::Uuid;

use super::{Process, memberships::VIEWS_WAIT};
use crate::{
    App, Command, Request,
    clock::day_of,
    deliberation::{councils::LeaveSeat, elections::AnswerNomination},
    rejection::{Fault, Rejection},
};

/// The process.
pub struct EndMandates;

/// What the rules say where the seat was left, or the ballot made, meanwhile: that is all that was wanted.
const ENDED_MEANWHILE: [&str; 4] = ["NotARepresentative", "CouncilIsDissolved", "NotNominated", "NotInThisPhase"];

impl Process for EndMandates {
    const NAME: &'static str = "end-mandates";

    async fn follow(&self, app: &App, event: &Recorded) -> Result<(), Rejection> {
        if event.stream.kind != Person::NAME {
            return Ok(());
        }
        match app.upcasters().decode::<PersonEvent>(event).map_err(|error| Fault::Session(error.into()))? {
            PersonEvent::PersonErased {} => {}
            PersonEvent::PersonRegistered { .. } | PersonEvent::PersonCorrected { .. } => return Ok(()),
        }
        let person = PersonId(event.stream.id);
        app.views().wait_for(event.position, VIEWS_WAIT).await.map_err(|stale| Fault::Views(stale.into()))?;
        let today = day_of(event.commit.metadata.recorded_at, app.zone());
        // The one that is held first, then those to come: each is left by itself.
        for SeatRow { council, begins, .. } in
            app.views().seats_of_person(person, today).await.map_err(|error| Fault::Views(error.into()))?
        {
            let of = format!("{council} from {begins}");
            ends(app, event, &of, &LeaveSeat { council, person, reason: None, on: Some(today) }).await?;
        }
        for election in app.views().open_candidacies_of(person).await.map_err(|error| Fault::Views(error.into()))? {
            ends(app, event, &election.to_string(), &AnswerNomination { election, nominee: person, stands: false }).await?;
        }
        Ok(())
    }
}

async fn ends<C: Command>(app: &App, event: &Recorded, of: &str, command: &C) -> Result<(), Rejection> {
    let request = Request {
        actor: Actor::Process(EndMandates::NAME),
        command_id: Uuid::new_v5(&event.stream.id, format!("end {of} at {}", event.position).as_bytes()),
        correlation: event.commit.metadata.correlation,
        causation: Some(event.position),
        now: event.commit.metadata.recorded_at,
    };
    match app.submit(&request, command).await {
        Err(Rejection::Refused(refusal)) if ENDED_MEANWHILE.contains(&refusal.code) => Ok(()),
        ended => ended.map(drop),
    }
}
