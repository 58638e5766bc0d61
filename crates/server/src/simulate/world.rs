//! The simulated district: its platform, its time, its people, and how anything is done in it: by the same commands as
//! everywhere else.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use anyhow::{Context, bail};
use chrono::{Days, NaiveTime, TimeZone};
use futures::{StreamExt, stream};
use gongyi_app::{
    App, Command, Rejection, Request,
    access::{
        accounts::{GrantRole, OpenAccount},
        passwords::SetPasswordByCode,
    },
};
use gongyi_domain::{
    access::{
        account::account_of,
        authority::{Actor, Grant, Role, Scope},
    },
    values::{AreaCode, Day, Instant, OrganisationId, PersonId, VolunteerId},
};
use gongyi_vault::SignInCode;
use indicatif::ProgressBar;

use super::{
    profile::Profile,
    time::{Course, Time},
};

/// Commands under way at once, as many as clients that keep the log's writer busy.
const AT_ONCE: usize = 256;

/// A community, by code and name.
#[derive(Debug, Clone)]
pub struct Place {
    pub code: AreaCode,
    pub name: String,
}

/// Somebody of the district.
#[derive(Debug, Clone)]
pub struct Somebody {
    pub person: PersonId,
    pub volunteer: VolunteerId,
    pub organisation: OrganisationId,
}

/// Who keeps the books, each with an account of their own.
pub struct Staff {
    pub officer: Actor,
    pub coordinator: Actor,
    /// Two who count, organisers of the whole area, and their ids.
    pub tellers: [(PersonId, Actor); 2],
}

/// The district.
pub struct World {
    pub app: App,
    pub time: Time,
    pub profile: Profile,
    pub places: Vec<Place>,
    pub bar: ProgressBar,
    seed: u64,
    refused: AtomicU64,
}

/// The built-in operator in a role.
pub fn operator(role: Role) -> Actor {
    Actor::Operator(Grant { role, scope: Scope::Everywhere })
}

impl World {
    pub fn new(app: App, time: Time, profile: Profile, places: Vec<Place>, seed: u64, bar: ProgressBar) -> Arc<Self> {
        Arc::new(Self { app, time, profile, places, bar, seed, refused: AtomicU64::new(0) })
    }

    /// Chance, the same for the same seed.
    pub fn random(&self, of: u64) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed.rotate_left(32) ^ of)
    }

    /// Commands that were refused, as they were meant to be.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// A moment of a day.
    pub fn at(&self, day: Day, hour: u32, minute: u32) -> Instant {
        self.minute_of(day, hour * 60 + minute)
    }

    /// A moment of a day, by the minute; past midnight it is the next day's.
    pub fn minute_of(&self, day: Day, minute: u32) -> Instant {
        let midnight = day.and_time(NaiveTime::MIN);
        let local = midnight + chrono::TimeDelta::minutes(i64::from(minute));
        // A moment that the clock skips is taken as the next there is.
        let there = self.app.zone().from_local_datetime(&local).earliest();
        there
            .or_else(|| self.app.zone().from_local_datetime(&(local + chrono::TimeDelta::hours(1))).earliest())
            .map_or(self.time.now(), |at| at.to_utc())
    }

    /// A place of the district, in turn.
    pub fn place(&self, nth: usize) -> &Place {
        &self.places[nth % self.places.len()]
    }

    fn request(&self, actor: &Actor, now: Instant) -> Request {
        Request { now, ..self.app.request(actor.clone()) }
    }

    /// Does a command that the plan means to be done.
    pub async fn does<C: Command>(&self, actor: &Actor, course: &Course, command: &C) -> anyhow::Result<C::Answer> {
        self.done(actor, course.now(), command).await
    }

    async fn done<C: Command>(&self, actor: &Actor, now: Instant, command: &C) -> anyhow::Result<C::Answer> {
        let done = self.app.submit(&self.request(actor, now), command).await;
        self.bar.inc(1);
        Ok(done.with_context(|| format!("simulating {}", C::ACT.name))?.answer)
    }

    /// Tries a command that the rules refuse, for one of these reasons.
    pub async fn is_refused<C: Command>(&self, codes: &[&str], actor: &Actor, course: &Course, command: &C) -> anyhow::Result<()> {
        match self.app.submit(&self.request(actor, course.now()), command).await {
            Err(Rejection::Refused(refusal)) if codes.contains(&refusal.code) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => Err(error).with_context(|| format!("simulating {}, which was to be refused as {codes:?}", C::ACT.name)),
            Ok(_) => bail!("simulating {}: it was to be refused as {codes:?} and was not", C::ACT.name),
        }
    }

    /// Does commands, many at once; the answers are in their order.
    pub async fn each<C>(self: &Arc<Self>, now: Instant, commands: Vec<(Actor, C)>) -> anyhow::Result<Vec<C::Answer>>
    where
        C: Command + Send + 'static,
        C::Answer: 'static,
    {
        let run = |(actor, command): (Actor, C)| {
            let world = self.clone();
            tokio::spawn(async move { world.done(&actor, now, &command).await })
        };
        let done: Vec<_> = stream::iter(commands).map(run).buffered(AT_ONCE).collect().await;
        done.into_iter().map(|it| it?).collect()
    }

    /// Opens an account with a role in the whole area.
    async fn employs(&self, somebody: &Somebody, role: Role, password: &str, now: Instant) -> anyhow::Result<Actor> {
        let operator = operator(Role::Operator);
        self.done(&operator, now, &OpenAccount { person: somebody.person, code: SignInCode::generate() }).await?;
        let account = account_of(somebody.person);
        let owner = self.app.actor_of(account).await?.context("an account just opened")?;
        self.done(&owner, now, &SetPasswordByCode { account, code: 1, password: password.to_owned() }).await?;
        let grant = Grant { role, scope: Scope::Area(self.profile.area.clone()) };
        self.done(&operator, now, &GrantRole { account, grant }).await?;
        self.app.actor_of(account).await?.context("an account just opened")
    }

    /// The first four of these people keep the books.
    pub async fn staff(&self, people: &[Somebody], password: &str, course: &Course) -> anyhow::Result<Staff> {
        let [first, second, third, fourth, ..] = people else { bail!("nobody to keep the books") };
        let now = course.now();
        Ok(Staff {
            officer: self.employs(first, Role::DistrictOfficer, password, now).await?,
            coordinator: self.employs(second, Role::Coordinator, password, now).await?,
            tellers: [
                (third.person, self.employs(third, Role::Organiser, password, now).await?),
                (fourth.person, self.employs(fourth, Role::Organiser, password, now).await?),
            ],
        })
    }
}

/// People who keep the books and do nothing else.
pub const STAFF: usize = 4;

/// So many days before a day.
pub fn before(day: Day, days: u64) -> Day {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

/// So many days after a day.
pub fn after(day: Day, days: u64) -> Day {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}
