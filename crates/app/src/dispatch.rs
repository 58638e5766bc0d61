//! How a command is done: repeated ones get their first answer, new ones are authorised, decided, appended and waited
//! for.
//!
//! - A command id is unique within its actor. Sent again with the same content it is answered as the first time, with
//!   another content it is refused.
//! - Refusals are not stored: a refused command may succeed when sent again.
//! - A conflict is decided anew, up to [`CONFLICT_RETRIES_MAX`] times.
//! - Only a commit that holds shows that a cached state was the newest. Whatever else comes of one, a conflict, a refusal
//!   or that nothing has to change, is decided anew from the log.

use std::{pin::Pin, time::Duration};

#[doc(hidden)]
pub use gongyi_domain::access::authority::Act;
use gongyi_domain::{
    access::{account::Account, authority::Actor},
    refusal::Refusal,
    values::Instant,
};
#[doc(hidden)]
pub use gongyi_eventlog::StreamId;
use gongyi_eventlog::{AppendError, Metadata, Session, StateCache, Token};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::to_raw_value;
#[doc(hidden)]
pub use serde_json::{Error as Unsaid, value::RawValue};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    App,
    rejection::{Fault, Rejection},
    secrets::Secrets,
    work::Work,
};

/// How often a command is decided anew after a conflict.
pub const CONFLICT_RETRIES_MAX: u32 = 12;
/// How long a command waits for the read models, in milliseconds, before it answers that they lag.
pub const READ_YOUR_WRITES_MAX_MILLIS: u64 = 5_000;

/// A command: what is asked for, and how it is decided.
pub trait Command: AnyCommand + Serialize {
    /// Who may.
    const ACT: &'static Act;
    /// What it answers: ids only, for it is stored beside the commit.
    type Answer: Serialize + DeserializeOwned + Send + Sync;
    /// Deciding counts an attempt outside the log: it is done from the log at once, and not at all on a repeat.
    const COUNTS_ATTEMPTS: bool = false;

    /// Streams that deciding will load whatever they hold: they are read in one query. What is locked is not among them,
    /// for it must be read after the lock is had.
    fn reads(&self) -> Vec<StreamId> {
        vec![]
    }

    /// Asks [`Work::may`], loads, decides, stages; keys and passwords are staged too, see [`Work::new_person`] and
    /// [`Work::set_password`]. Run again from scratch after a conflict, and from the log where a cached state did not end in
    /// a commit: whatever it does besides is done each time.
    fn decide(&self, work: &mut Work<'_>) -> impl Future<Output = Result<Self::Answer, Rejection>> + Send;

    /// What must be done outside the log once the commit is durable; also on a repeat, so it must be idempotent.
    fn settle(&self, app: &App, answer: &Self::Answer) -> impl Future<Output = Result<(), Rejection>> + Send {
        let _ = (app, answer);
        std::future::ready(Ok(()))
    }
}

/// What is done in the course of a command.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, Rejection>> + Send + 'a>>;

/// A command of whichever kind, as the executor and the doors meet it, so that they are compiled once and not once a command.
/// Its answer is JSON here, as it is stored. Every command has it from [`commands`](crate::commands!).
pub trait AnyCommand: Sync {
    /// [`Command::ACT`].
    fn act(&self) -> &'static Act;
    /// [`Command::COUNTS_ATTEMPTS`].
    fn counts_attempts(&self) -> bool;
    /// [`Command::reads`].
    fn streams(&self) -> Vec<StreamId>;
    /// What was asked for, as JSON.
    ///
    /// # Errors
    /// What cannot be said in JSON.
    fn content(&self) -> Result<Vec<u8>, Unsaid>;
    /// [`Command::decide`].
    fn decided<'a>(&'a self, work: &'a mut Work<'_>) -> Doing<'a, Box<RawValue>>;
    /// [`Command::settle`].
    fn settled<'a>(&'a self, app: &'a App, answer: &'a RawValue) -> Doing<'a, ()>;
}

/// Lets commands be dispatched. No blanket implementation does it, for that would be compiled wherever a command is sent: here
/// it is compiled once, where the command is.
#[macro_export]
macro_rules! commands {
    ($($command:ty),* $(,)?) => {$(
        impl $crate::dispatch::AnyCommand for $command {
            fn act(&self) -> &'static $crate::dispatch::Act {
                <Self as $crate::Command>::ACT
            }
            fn counts_attempts(&self) -> bool {
                <Self as $crate::Command>::COUNTS_ATTEMPTS
            }
            fn streams(&self) -> Vec<$crate::dispatch::StreamId> {
                $crate::Command::reads(self)
            }
            fn content(&self) -> Result<Vec<u8>, $crate::dispatch::Unsaid> {
                $crate::dispatch::content(self)
            }
            fn decided<'a>(
                &'a self,
                work: &'a mut $crate::work::Work<'_>,
            ) -> $crate::dispatch::Doing<'a, Box<$crate::dispatch::RawValue>> {
                $crate::dispatch::decided(self, work)
            }
            fn settled<'a>(
                &'a self,
                app: &'a $crate::App,
                answer: &'a $crate::dispatch::RawValue,
            ) -> $crate::dispatch::Doing<'a, ()> {
                $crate::dispatch::settled(self, app, answer)
            }
        }
    )*};
}

#[doc(hidden)]
pub fn content<C: Command>(command: &C) -> Result<Vec<u8>, Unsaid> {
    serde_json::to_vec(command)
}

#[doc(hidden)]
pub fn decided<'a, C: Command>(command: &'a C, work: &'a mut Work<'_>) -> Doing<'a, Box<RawValue>> {
    Box::pin(async move {
        let answer = command.decide(work).await?;
        Ok(to_raw_value(&answer).map_err(Fault::Json)?)
    })
}

#[doc(hidden)]
pub fn settled<'a, C: Command>(command: &'a C, app: &'a App, answer: &'a RawValue) -> Doing<'a, ()> {
    Box::pin(async move { command.settle(app, &read(answer)?).await })
}

fn read<T: DeserializeOwned>(answer: &RawValue) -> Result<T, Fault> {
    serde_json::from_str(answer.get()).map_err(|_| Fault::ForeignAnswer)
}

/// Who sends a command, which one it is, and when.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who acts.
    pub actor: Actor,
    /// The command's id, chosen by its sender.
    pub command_id: Uuid,
    /// The course of things it belongs to.
    pub correlation: Uuid,
    /// The event that caused it, if one did.
    pub causation: Option<u64>,
    /// When it is recorded.
    pub now: Instant,
}

/// A command that was done.
#[derive(Debug, Clone)]
pub struct Done<T> {
    /// Its answer.
    pub answer: T,
    /// The log's position after it: a client may send it to any node to read what it wrote.
    pub token: Token,
    /// It had been done before, or nothing had to change.
    pub unchanged: bool,
    /// The read models have not reached the position in time.
    pub stale: bool,
}

impl Done<Box<RawValue>> {
    /// With the answer as a command of known kind gives it.
    ///
    /// # Errors
    /// A fault, if it is another kind's.
    pub fn read<T: DeserializeOwned>(self) -> Result<Done<T>, Rejection> {
        let Self { answer, token, unchanged, stale } = self;
        Ok(Done { answer: read(&answer)?, token, unchanged, stale })
    }
}

impl App {
    /// Does a command and waits until this node's read models show it.
    ///
    /// # Errors
    /// See [`Rejection`].
    pub async fn dispatch<C: Command>(&self, request: &Request, command: &C) -> Result<Done<C::Answer>, Rejection> {
        self.dispatch_any(request, command).await?.read()
    }

    /// As [`App::dispatch`], of whichever kind the command is.
    ///
    /// # Errors
    /// See [`Rejection`].
    pub async fn dispatch_any(&self, request: &Request, command: &dyn AnyCommand) -> Result<Done<Box<RawValue>>, Rejection> {
        let mut done = self.submit_any(request, command).await?;
        let wait = Duration::from_millis(READ_YOUR_WRITES_MAX_MILLIS);
        done.stale = self.views().wait_for(done.token.position, wait).await.is_err();
        Ok(done)
    }

    /// Does a command without waiting for the read models: for long runs of commands.
    ///
    /// # Errors
    /// See [`Rejection`].
    pub async fn submit<C: Command>(&self, request: &Request, command: &C) -> Result<Done<C::Answer>, Rejection> {
        self.submit_any(request, command).await?.read()
    }

    /// As [`App::submit`], of whichever kind the command is.
    ///
    /// # Errors
    /// See [`Rejection`].
    pub async fn submit_any(&self, request: &Request, command: &dyn AnyCommand) -> Result<Done<Box<RawValue>>, Rejection> {
        let outcome = self.decided_and_appended(request, command).await;
        if let Err(Rejection::Fault(fault)) = &outcome
            && fault.is_storage()
        {
            self.storage_took(false);
        }
        outcome
    }

    async fn decided_and_appended(&self, request: &Request, command: &dyn AnyCommand) -> Result<Done<Box<RawValue>>, Rejection> {
        let digest = self.command_digest(command)?;
        if command.counts_attempts()
            && let Some(done) = self.done_before(request, command, digest).await?
        {
            return Ok(done);
        }
        let from_log = self.states().filled_only();
        let mut states = if command.counts_attempts() { from_log.clone() } else { self.states().clone() };
        let mut conflicts = 0;
        while conflicts <= CONFLICT_RETRIES_MAX {
            let session = self.session(request, digest, &states);
            let decided = self.decided(request, command, session.clone()).await;
            let (secrets, answer) = match decided {
                Ok(decided) if !session.is_empty() => decided,
                unwritten => {
                    // Its twin may have been done meanwhile, and be the very reason why the rules now say no.
                    if let Some(done) = self.done_before(request, command, digest).await? {
                        return Ok(done);
                    }
                    let contended = matches!(unwritten, Err(Rejection::Conflict));
                    if session.rests_on_cache() && !contended {
                        states = from_log.clone();
                        continue;
                    }
                    let (_, answer) = unwritten?;
                    let token = self.log().head().await?;
                    return Ok(Done { answer, token, unchanged: true, stale: false });
                }
            };
            let stored = match secrets.store(self.vault()).await {
                Err(Rejection::Conflict) => {
                    tokio::time::sleep(Duration::from_millis(u64::from(conflicts) * 2)).await;
                    (conflicts, states) = (conflicts + 1, from_log.clone());
                    continue;
                }
                stored => stored?,
            };
            let appended = session.commit(&answer).await;
            stored.settle(self.vault(), &appended).await;
            match appended {
                Ok(appended) if appended.replayed => return self.repeated(command, &appended.answer, appended.token).await,
                Ok(appended) => {
                    self.storage_took(true);
                    command.settled(self, &answer).await?;
                    return Ok(Done { answer, token: appended.token, unchanged: false, stale: false });
                }
                Err(AppendError::Conflict { .. }) => {
                    tokio::time::sleep(Duration::from_millis(u64::from(conflicts) * 2)).await;
                    (conflicts, states) = (conflicts + 1, from_log.clone());
                }
                Err(AppendError::CommandReused { .. }) => return Err(Rejection::Refused(command_id_reused())),
                Err(other) => return Err(Fault::Append(other).into()),
            }
        }
        Err(Rejection::Conflict)
    }

    fn session(&self, request: &Request, digest: [u8; 32], states: &StateCache) -> Session {
        let metadata = Metadata {
            actor: request.actor.log_name(),
            command_id: request.command_id,
            correlation: request.correlation,
            causation: request.causation,
            recorded_at: request.now,
        };
        Session::with_states(self.log().clone(), self.upcasters().clone(), self.locks().clone(), states.clone(), metadata, digest)
    }

    /// Decides the command in a session, which has its events then.
    async fn decided(&self, request: &Request, command: &dyn AnyCommand, session: Session) -> Result<(Secrets, Box<RawValue>), Rejection> {
        let mut reads = command.streams();
        if !reads.is_empty() {
            if let Actor::Account { account, .. } = request.actor {
                reads.push(StreamId::of::<Account>(account));
            }
            session.preload(&reads).await?;
        }
        let mut work = Work::begin(self, request, session).await?;
        let answer = command.decided(&mut work).await?;
        work.require_asked(command.act())?;
        Ok((work.secrets, answer))
    }

    /// What the command was answered with, if this actor has sent it before.
    async fn done_before(
        &self,
        request: &Request,
        command: &dyn AnyCommand,
        digest: [u8; 32],
    ) -> Result<Option<Done<Box<RawValue>>>, Rejection> {
        match self.log().answer(&request.actor.log_name(), request.command_id).await? {
            None => Ok(None),
            Some(stored) if stored.digest != digest => Err(Rejection::Refused(command_id_reused())),
            Some(stored) => self.repeated(command, &stored.answer, stored.token).await.map(Some),
        }
    }

    async fn repeated(&self, command: &dyn AnyCommand, answer: &str, token: Token) -> Result<Done<Box<RawValue>>, Rejection> {
        let answer: Box<RawValue> = serde_json::from_str(answer).map_err(|_| Fault::ForeignAnswer)?;
        command.settled(self, &answer).await?;
        Ok(Done { answer, token, unchanged: true, stale: false })
    }

    /// Tells a repeated command from a reused id. Keyed, because a plain digest of an ID number could be guessed.
    fn command_digest(&self, command: &dyn AnyCommand) -> Result<[u8; 32], Fault> {
        let keyed = self.vault().command_id(command.act().name, &command.content()?);
        Ok(Sha256::digest(keyed.as_bytes()).into())
    }
}

fn command_id_reused() -> Refusal {
    Refusal {
        code: "CommandIdReused",
        field: Some("commandId"),
        zh: "该命令编号已用于其他内容".to_owned(),
        en: "This command id was used for another command".to_owned(),
    }
}
