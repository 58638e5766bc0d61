//! What every field goes through: who asks, whether that one may, how far the views must be, and how a command is sent.
//!
//! - Every root field names its act and asks [`Door::may`], or sends a command, which asks by itself.
//! - A command goes on when the client goes away: it runs in a task of its own.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant as Clock},
};

use async_graphql::{Context, Error, ID, dataloader::Loader};
use gongyi_app::{
    AnyCommand, App, Command, Done, Fault, Rejection, Request,
    clock::day_of,
    deliberation::poll::casting::{Cast, CastBallot},
    reading::{self, Rows, Subjects, Unread, allowances::Allowances},
};
use gongyi_domain::{
    access::{
        authority::{Act, Actor, Subject},
        public_function::PublicFunction,
    },
    deliberation::poll::CAST_BALLOT,
    refusal::Refusal,
    values::{Day, Instant, MotionId, OrganisationId, PersonId, VolunteerId},
};
use gongyi_eventlog::Token;
use gongyi_projections::{MembershipRow, MotionRow, OrganisationRow, PersonRow, QueryError, Views, VolunteerView};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    fault::{self, Code},
    http::metrics::Metrics,
    ids,
    loaders::{Accepted, FromViews, LineOf, LoadFault, Loaders, MembershipsOf, PagesTogether},
    outcome::Outcome,
    scalars::Position,
};

/// Who asks, from where, in which course of things; one a request. The roles are those that were held when they were read
/// last: a request's at its beginning and after every mutation in it, a subscription's before every item.
#[derive(Debug)]
pub struct Asker {
    actor: RwLock<Arc<Actor>>,
    /// From where, as far as it is known.
    pub address: Option<IpAddr>,
    /// The course of things; also the request's id.
    pub correlation: Uuid,
    /// What must be seen before anything is read, as the client's header has it.
    pub must_see: Option<String>,
    reached: Mutex<Option<Token>>,
}

impl Asker {
    /// An asker.
    pub fn new(actor: Actor, address: Option<IpAddr>, correlation: Uuid, must_see: Option<String>) -> Self {
        Self { actor: RwLock::new(Arc::new(actor)), address, correlation, must_see, reached: Mutex::new(None) }
    }

    /// Who, with the roles held now.
    pub(crate) fn actor(&self) -> Arc<Actor> {
        self.actor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The asker's roles were read anew.
    pub(crate) fn is_now(&self, actor: Actor) {
        *self.actor.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(actor);
    }

    /// The furthest position of what was done in this request.
    pub(crate) fn reached(&self) -> Option<Token> {
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has_reached(&self, token: Token) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if reached.is_none_or(|before| before.position < token.position) {
            *reached = Some(token);
        }
    }
}

/// The way from a field to the platform.
#[derive(Clone, Copy)]
pub(crate) struct Door<'a> {
    pub(crate) app: &'a App,
    pub(crate) asker: &'a Asker,
    pub(crate) allowances: &'a Allowances,
    metrics: &'a Metrics,
    loaders: &'a Arc<Loaders>,
}

impl<'a> Door<'a> {
    /// The way from this field.
    pub(crate) fn of(ctx: &Context<'a>) -> Result<Self, Error> {
        let asker: &Arc<Asker> = ctx.data()?;
        Ok(Self { app: ctx.data()?, asker, allowances: ctx.data()?, metrics: ctx.data()?, loaders: ctx.data()? })
    }

    /// The way from a field that reads: once this node has seen what the client must see.
    ///
    /// # Errors
    /// `STALE`, `UNKNOWN_POSITION`.
    pub(crate) async fn reading(ctx: &Context<'a>, position: Option<&Position>) -> Result<Self, Error> {
        let door = Self::of(ctx)?;
        for position in [position.map(|it| &it.0), door.asker.must_see.as_ref()].into_iter().flatten() {
            door.has_seen(position).await?;
        }
        Ok(door)
    }

    /// Who asks, with the roles held now.
    pub(crate) fn actor(&self) -> Arc<Actor> {
        self.asker.actor()
    }

    async fn has_seen(&self, position: &str) -> Result<(), Error> {
        let seen = async { self.app.shows(self.app.known(position).await?.position).await };
        seen.await.map_err(|unread| self.unread(unread))
    }

    /// The moment of this request.
    pub(crate) fn now(&self) -> Instant {
        self.app.now()
    }

    /// Today, in the platform's time zone.
    pub(crate) fn today(&self) -> Day {
        day_of(self.now(), self.app.zone())
    }

    pub(crate) fn internal(&self, source: &(dyn std::error::Error + 'static)) -> Error {
        fault::internal(self.asker.correlation, source)
    }

    /// Why something was not read.
    pub(crate) fn unread(&self, unread: Unread) -> Error {
        match unread {
            Unread::Rejected(rejection) => fault::rejected(rejection, self.asker.correlation),
            Unread::UnknownPosition => fault::error(Code::UnknownPosition, unread.to_string()),
            Unread::Stale { .. } | Unread::Parked => fault::error(Code::Stale, unread.to_string()),
        }
    }

    /// The views for a list within something else: the lists of all that are shown are read together.
    pub(crate) fn lists(&self) -> Views {
        self.app.views().together(Arc::new(PagesTogether(self.loaders.clone())))
    }

    /// What the views answered.
    pub(crate) fn read<T>(&self, answer: Result<T, QueryError>) -> Result<T, Error> {
        answer.map_err(|error| match error {
            QueryError::Page(problem) => fault::error(Code::BadInput, problem.to_string()),
            QueryError::Storage(_) | QueryError::Row(_) | QueryError::Together(_) => self.internal(&error),
        })
    }

    async fn row<K>(&self, key: K) -> Result<Option<<FromViews as Loader<K>>::Value>, Unread>
    where
        K: Send + Sync + std::hash::Hash + Eq + Clone + 'static,
        FromViews: Loader<K, Error = LoadFault>,
    {
        self.loaders.load_one(key).await.map_err(|error| Unread::Rejected(Rejection::Fault(Fault::Views(Box::new(error)))))
    }

    /// One thing by its key, in a batch with others.
    pub(crate) async fn load<K>(&self, key: K) -> Result<Option<<FromViews as Loader<K>>::Value>, Error>
    where
        K: Send + Sync + std::hash::Hash + Eq + Clone + 'static,
        FromViews: Loader<K, Error = LoadFault>,
    {
        self.row(key).await.map_err(|unread| self.unread(unread))
    }

    /// The asker may do `act` to `subject`.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `FORBIDDEN`.
    pub(crate) fn may(&self, act: &Act, subject: &Subject) -> Result<(), Error> {
        act.may(&self.actor(), subject).map_err(fault::refused)
    }

    /// The asker may do `act` to what lies in all of these subjects at once: covered in one, it is allowed.
    ///
    /// # Errors
    /// As [`Door::may`].
    pub(crate) fn may_within(&self, act: &Act, subjects: &[Subject]) -> Result<(), Error> {
        reading::may_within(act, &self.actor(), subjects).map_err(|rejection| fault::rejected(rejection, self.asker.correlation))
    }

    /// Whether the asker may do `act` to `subject`.
    pub(crate) fn allowed(&self, act: &Act, subject: &Subject) -> bool {
        act.may(&self.actor(), subject).is_ok()
    }

    /// Whether the asker is this person.
    pub(crate) fn is(&self, person: PersonId) -> bool {
        self.actor().person() == Some(person)
    }

    /// An organisation as the subject of an act.
    pub(crate) async fn organisation_subject(&self, id: OrganisationId) -> Result<Subject, Error> {
        Subjects::organisation_subject(self, id).await.map_err(|unread| self.unread(unread))
    }

    /// A volunteer as the subject of an act.
    pub(crate) async fn volunteer_subject(&self, volunteer: &VolunteerView) -> Result<Subject, Error> {
        Subjects::volunteer_subject(self, volunteer).await.map_err(|unread| self.unread(unread))
    }

    /// A command's request, under the id its sender chose or a fresh one.
    fn request(&self, command_id: Option<&ID>) -> Result<Request, Refusal> {
        let mut request = self.app.request((*self.actor()).clone());
        request.correlation = self.asker.correlation;
        if let Some(id) = command_id {
            request.command_id = id.parse().map_err(|_| ids::not_a_command_id())?;
        }
        Ok(request)
    }

    /// Does a command and waits until the views show it. What the rules refuse, the shape of the input included, is
    /// in the outcome.
    ///
    /// # Errors
    /// `CONFLICT`, `STORAGE_UNAVAILABLE`, `INTERNAL`.
    pub(crate) async fn does<C>(&self, command_id: Option<&ID>, command: Result<C, Refusal>) -> Result<Outcome<C::Answer>, Error>
    where
        C: Command + Send + 'static,
        C::Answer: 'static,
    {
        let command = command.map(|command| -> Box<dyn AnyCommand + Send> { Box::new(command) });
        self.answered(self.does_any(C::ACT, command_id, command).await?)
    }

    async fn does_any(
        &self,
        act: &'static Act,
        command_id: Option<&ID>,
        command: Result<Box<dyn AnyCommand + Send>, Refusal>,
    ) -> Result<Result<Done<Box<RawValue>>, Refusal>, Error> {
        let (request, command) = match command.and_then(|command| Ok((self.request(command_id)?, command))) {
            Ok(asked) => asked,
            Err(refusal) => {
                self.metrics.command(act.name, "refused", Duration::ZERO);
                return Ok(Err(refusal));
            }
        };
        let app = self.app.clone();
        self.told(act.name, async move { app.dispatch_any(&request, &*command).await }).await
    }

    /// What was told, with the answer as its kind of command gives it.
    fn answered<T: DeserializeOwned>(&self, told: Result<Done<Box<RawValue>>, Refusal>) -> Result<Outcome<T>, Error> {
        match told.map(Done::read) {
            Ok(Ok(done)) => Ok(Outcome::from(Ok(done))),
            Ok(Err(rejection)) => Err(fault::rejected(rejection, self.asker.correlation)),
            Err(refusal) => Ok(Outcome::refused(refusal)),
        }
    }

    /// Does a command without waiting for the views, under an id made of the given one and `part`.
    pub(crate) async fn does_part<C>(&self, command_id: Uuid, part: &[u8], command: C) -> Result<Outcome<C::Answer>, Error>
    where
        C: Command + Send + 'static,
        C::Answer: 'static,
    {
        let mut request = self.app.request((*self.actor()).clone());
        request.correlation = self.asker.correlation;
        request.command_id = Uuid::new_v5(&command_id, part);
        self.answered(self.does_alone(C::ACT, request, Box::new(command)).await?)
    }

    async fn does_alone(
        &self,
        act: &'static Act,
        request: Request,
        command: Box<dyn AnyCommand + Send>,
    ) -> Result<Result<Done<Box<RawValue>>, Refusal>, Error> {
        let app = self.app.clone();
        self.told(act.name, async move { app.submit_any(&request, &*command).await }).await
    }

    /// Casts a secret ballot and answers with its receipt. In the log it is a course of things of its own: the request's id,
    /// which stands in the server's output and in those of proxies before it, is not beside the participation.
    ///
    /// # Errors
    /// As [`Door::does`].
    pub(crate) async fn casts(
        &self,
        command_id: Option<&ID>,
        ballot: Result<CastBallot, Refusal>,
    ) -> Result<Outcome<Option<String>>, Error> {
        let act = CAST_BALLOT.name;
        let (mut request, ballot) = match ballot.and_then(|ballot| Ok((self.request(command_id)?, ballot))) {
            Ok(asked) => asked,
            Err(refusal) => {
                self.metrics.command(act, "refused", Duration::ZERO);
                return Ok(Outcome::refused(refusal));
            }
        };
        request.correlation = request.command_id;
        let app = self.app.clone();
        let casting = async move {
            let Cast { done: Done { answer: _, token, unchanged, stale }, receipt } = app.cast_ballot(&request, ballot).await?;
            Ok(Done { answer: receipt, token, unchanged, stale })
        };
        self.told(act, casting).await.map(Outcome::from)
    }

    /// Carries out `work` in a task of its own and counts how it went.
    ///
    /// # Errors
    /// `CONFLICT`, `STORAGE_UNAVAILABLE`, `INTERNAL`; a refusal is inside.
    pub(crate) async fn told<T: Send + 'static>(
        &self,
        act: &'static str,
        work: impl Future<Output = Result<Done<T>, Rejection>> + Send + 'static,
    ) -> Result<Result<Done<T>, Refusal>, Error> {
        let told = self.carried_out(act, work, |done| if done.unchanged { "unchanged" } else { "done" }).await?;
        if let Ok(done) = &told {
            self.asker.has_reached(done.token);
            self.reads_roles_anew().await;
        }
        Ok(told)
    }

    /// What is answered after a command is seen with the roles held after it.
    async fn reads_roles_anew(&self) {
        let before = self.actor();
        if matches!(*before, Actor::Account { .. }) {
            // A fault shows as nobody signed in.
            self.asker.is_now(self.app.as_now(&before).await.unwrap_or(Actor::Anonymous));
        }
    }

    /// As [`Door::told`], for what is no event: signing in and the like.
    pub(crate) async fn told_plain<T: Send + 'static>(
        &self,
        act: &'static str,
        work: impl Future<Output = Result<T, Rejection>> + Send + 'static,
    ) -> Result<Result<T, Refusal>, Error> {
        self.carried_out(act, work, |_| "done").await
    }

    async fn carried_out<T: Send + 'static>(
        &self,
        act: &'static str,
        work: impl Future<Output = Result<T, Rejection>> + Send + 'static,
        success: impl Fn(&T) -> &'static str,
    ) -> Result<Result<T, Refusal>, Error> {
        let began = Clock::now();
        let finished = tokio::spawn(work).await;
        let count = |result| self.metrics.command(act, result, began.elapsed());
        match finished {
            Ok(Ok(done)) => {
                count(success(&done));
                Ok(Ok(done))
            }
            Ok(Err(Rejection::Refused(refusal))) => {
                count("refused");
                Ok(Err(refusal))
            }
            Ok(Err(rejection)) => {
                count(if matches!(rejection, Rejection::Conflict) { "conflict" } else { "fault" });
                Err(fault::rejected(rejection, self.asker.correlation))
            }
            Err(panicked) => {
                count("fault");
                Err(self.internal(&panicked))
            }
        }
    }
}

/// Rows come in batches with whatever else is asked for at the same time.
impl Rows for Door<'_> {
    type Error = Unread;

    async fn organisation(&self, id: OrganisationId) -> Result<Option<OrganisationRow>, Unread> {
        self.row(id).await
    }
    async fn line(&self, id: OrganisationId) -> Result<Vec<OrganisationId>, Unread> {
        Ok(self.row(LineOf(id)).await?.unwrap_or_default())
    }
    async fn volunteer(&self, id: VolunteerId) -> Result<Option<VolunteerView>, Unread> {
        self.row(id).await
    }
    async fn memberships(&self, id: VolunteerId) -> Result<Vec<MembershipRow>, Unread> {
        Ok(self.row(MembershipsOf(id)).await?.unwrap_or_default())
    }
    async fn person(&self, id: PersonId) -> Result<Option<PersonRow>, Unread> {
        self.row(id).await
    }
    async fn accepted(&self, person: PersonId, function: PublicFunction) -> Result<bool, Unread> {
        Ok(self.row(Accepted(person, function)).await?.is_some())
    }
    async fn motion(&self, id: MotionId) -> Result<Option<MotionRow>, Unread> {
        self.row(id).await
    }
}
