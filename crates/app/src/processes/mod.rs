//! What follows from events outside the read models. A process reads the log from its own checkpoint in the vault and
//! is idempotent: it may meet an event twice, never not at all.
//!
//! - An event it cannot carry out because the rules say no is parked with the refusal's code, and it goes on.
//! - What is parked is tried again whenever something has happened, and at every start: it is off the list once the rules
//!   let it pass, or nothing is left to carry out.
//! - On a fault it waits and tries the same event again.

use std::time::Duration;

use esrs::Aggregate;
use gongyi_domain::{
    values::{ActivityId, VolunteerId},
    volunteering::{
        activity::{Activity, ActivityEvent},
        volunteer::Volunteer,
    },
};
use gongyi_eventlog::{Recorded, Standing, Token};
use gongyi_vault::Checkpoint;
use tokio::sync::watch;

use crate::{App, rejection::Rejection};

mod attendance;
mod erasure;
mod mandates;
mod memberships;

pub use attendance::AttendanceToLedger;
pub use erasure::DestroyErasedKeys;
pub use mandates::EndMandates;
pub use memberships::EndMemberships;

/// The name of every process there is.
pub const PROCESSES: [&str; 4] = [AttendanceToLedger::NAME, DestroyErasedKeys::NAME, EndMandates::NAME, EndMemberships::NAME];

/// Events read at a time.
const BATCH_EVENTS: usize = 2_000;
/// First and longest wait after a fault, in milliseconds.
const FAULT_WAIT_MIN_MILLIS: u64 = 100;
const FAULT_WAIT_MAX_MILLIS: u64 = 10_000;

/// A process.
pub trait Process: Send + Sync + 'static {
    /// Its name: of its checkpoint, and of its actor in the log.
    const NAME: &'static str;

    /// Carries out what follows from one event; most events are none of its business.
    fn follow(&self, app: &App, event: &Recorded) -> impl Future<Output = Result<(), Rejection>> + Send;
}

/// An event that the rules kept a process from carrying out.
#[derive(Debug)]
pub struct ParkedEvent {
    /// The process.
    pub process: &'static str,
    /// The code of the refusal.
    pub code: String,
    /// The event.
    pub event: Recorded,
    /// The activity it happened at, if at one.
    pub activity: Option<ActivityId>,
    /// The volunteer it happened to, if to one.
    pub volunteer: Option<VolunteerId>,
}

impl ParkedEvent {
    fn new(app: &App, process: &'static str, code: String, event: Recorded) -> Self {
        let (mut activity, mut volunteer) = (None, None);
        if event.stream.kind == Activity::NAME {
            activity = Some(ActivityId(event.stream.id));
            if let Ok(ActivityEvent::VolunteerCheckedOut { volunteer: who, .. }) = app.upcasters().decode(&event) {
                volunteer = Some(who);
            }
        } else if event.stream.kind == Volunteer::NAME {
            volunteer = Some(VolunteerId(event.stream.id));
        }
        Self { process, code, event, activity, volunteer }
    }
}

impl App {
    /// What the rules kept the processes from carrying out, by process and position. It is off this list once it could be
    /// carried out, which is tried whenever something has happened.
    ///
    /// # Errors
    /// Faults of the vault and of the log.
    pub async fn parked_events(&self) -> Result<Vec<ParkedEvent>, Rejection> {
        let mut events = vec![];
        for process in PROCESSES {
            for parked in self.vault().parked(process).await? {
                let event = self.log().read_after(parked.position.saturating_sub(1), 1).await?.into_iter().next();
                let event = event.filter(|event| event.position == parked.position);
                events.extend(event.map(|event| ParkedEvent::new(self, process, parked.code, event)));
            }
        }
        Ok(events)
    }

    /// Each process with how many events the rules kept it from carrying out.
    ///
    /// # Errors
    /// Faults of the vault.
    pub async fn parked_processes(&self) -> Result<Vec<(&'static str, u64)>, Rejection> {
        let mut counts = vec![];
        for name in PROCESSES {
            counts.push((name, self.vault().parked(name).await?.len() as u64));
        }
        Ok(counts)
    }

    /// Runs a process until `stop` turns true or the log is closed.
    pub async fn run_process<P: Process>(&self, process: P, mut stop: watch::Receiver<bool>) {
        let mut log = self.log().watch();
        let mut wait = FAULT_WAIT_MIN_MILLIS;
        loop {
            match self.catch_up(&process).await {
                Ok(()) => wait = FAULT_WAIT_MIN_MILLIS,
                Err(fault) => {
                    tracing::error!(process = P::NAME, error = %fault, "a process waits after a fault");
                    let pause = tokio::time::sleep(Duration::from_millis(wait));
                    tokio::select! {
                        () = pause => {}
                        _ = stop.wait_for(|stop| *stop) => return,
                    }
                    if log.has_changed().is_err() {
                        return;
                    }
                    wait = (wait * 2).min(FAULT_WAIT_MAX_MILLIS);
                    continue;
                }
            }
            tokio::select! {
                changed = log.changed() => if changed.is_err() { return },
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Carries out everything there is to carry out now.
    ///
    /// # Errors
    /// The fault that stopped it; what was carried out before is kept.
    pub async fn catch_up<P: Process>(&self, process: &P) -> Result<(), Rejection> {
        let begin = self.last_carried_out::<P>().await?;
        let mut position = begin;
        loop {
            let events = self.log().read_after(position, BATCH_EVENTS).await?;
            let Some(last) = events.last().map(|event| event.position) else {
                return self.try_parked_again(process, begin, position).await;
            };
            let mut done = position;
            let outcome = self.carry_out(process, &events, &mut done).await;
            position = done;
            if let Some(token) = self.log().token_at(position).await?.filter(|_| position > 0) {
                self.vault().save_checkpoint(P::NAME, &Checkpoint { token: token.to_string(), position }).await?;
            }
            outcome?;
            debug_assert_eq!(position, last);
        }
    }

    /// Tries what was parked up to `begin`, for what stood in its way may have changed; what lies beyond the log's `head`
    /// is of a history lost in a restore, from which nothing follows.
    async fn try_parked_again<P: Process>(&self, process: &P, begin: u64, head: u64) -> Result<(), Rejection> {
        for parked in self.vault().parked(P::NAME).await?.into_iter().filter(|it| it.position <= begin || it.position > head) {
            let event = self.log().read_after(parked.position.saturating_sub(1), 1).await?.into_iter().next();
            let tried = match event.filter(|event| event.position == parked.position) {
                Some(event) => process.follow(self, &event).await,
                None => Ok(()),
            };
            match tried {
                Ok(()) => self.vault().unpark(P::NAME, parked.position).await?,
                Err(Rejection::Refused(refusal)) if refusal.code == parked.code => {}
                Err(Rejection::Refused(refusal)) => self.vault().park(P::NAME, parked.position, refusal.code).await?,
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    /// Where the process goes on: at its checkpoint, or at the beginning if that is of another log or of a history that
    /// this log has lost in a restore. Positions may have other events then.
    async fn last_carried_out<P: Process>(&self) -> Result<u64, Rejection> {
        let Some(checkpoint) = self.vault().checkpoint(P::NAME).await? else { return Ok(0) };
        let standing = match checkpoint.token.parse::<Token>() {
            Ok(token) => self.log().check(&token).await?,
            Err(_) => Standing::OtherLog,
        };
        if standing == Standing::Known {
            return Ok(checkpoint.position);
        }
        tracing::error!(
            process = P::NAME,
            position = checkpoint.position,
            ?standing,
            "a process begins anew: its place is not of this log"
        );
        Ok(0)
    }

    async fn carry_out<P: Process>(&self, process: &P, events: &[Recorded], done: &mut u64) -> Result<(), Rejection> {
        for event in events {
            match process.follow(self, event).await {
                Ok(()) => {}
                Err(Rejection::Refused(refusal)) => {
                    tracing::warn!(process = P::NAME, position = event.position, code = refusal.code, "the rules refused a process");
                    self.vault().park(P::NAME, event.position, refusal.code).await?;
                }
                Err(other) => return Err(other),
            }
            *done = event.position;
        }
        Ok(())
    }
}
