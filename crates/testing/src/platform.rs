//! A platform in one process.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{Asia::Shanghai, Tz};
use gongyi_app::{App, Command, Rejection, access::areas::ListArea, clock::SharedClock, personal::VaultOpener, texts::SealedTexts};
use gongyi_domain::{
    access::authority::{Actor, Grant, Role, Scope},
    values::{AreaCode, Instant},
};
use gongyi_eventlog::{Log, Upcasters};
use gongyi_projections::{ViewOptions, Views};
use gongyi_vault::{KeyEncryptionKey, VAULT_FILE, Vault};
use tokio::{sync::oneshot, task::JoinHandle};

/// When every story begins: a Monday, nine in the morning in Zhuhai.
const BEGINNING: &str = "2026-03-02T01:00:00Z";

/// The code of an area.
///
/// # Panics
/// If it is none.
pub fn area(code: &str) -> AreaCode {
    code.parse().unwrap()
}

/// The hands of a clock that a test moves.
#[derive(Debug, Clone)]
pub struct Hands(Arc<AtomicI64>);

impl Default for Hands {
    /// As they stand when every story begins.
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(BEGINNING.parse::<DateTime<Utc>>().unwrap().timestamp_micros())))
    }
}

impl Hands {
    /// The clock they are on.
    pub fn clock(&self) -> SharedClock {
        let Self(hands) = self.clone();
        Arc::new(move || DateTime::from_timestamp_micros(hands.load(Ordering::SeqCst)).unwrap())
    }

    /// Moves them on.
    pub fn move_minutes(&self, minutes: i64) {
        self.0.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
    }

    /// Moves them to a moment.
    pub fn move_to(&self, at: Instant) {
        self.0.store(at.timestamp_micros(), Ordering::SeqCst);
    }
}

/// Opens a platform over this log, its vault and views in this folder. Nothing runs yet.
pub async fn opened(log: Arc<dyn Log>, folder: &Path, kek: &KeyEncryptionKey, hands: &Hands) -> App {
    const ZONE: Tz = Shanghai;
    let vault = Vault::open(folder.join(VAULT_FILE), kek.clone()).await.unwrap();
    let upcasters = Arc::new(Upcasters::new());
    let opener = Arc::new(VaultOpener(vault.clone()));
    let options = ViewOptions { time_zone: ZONE, ..ViewOptions::default() };
    let texts = SealedTexts::over(log, vault.clone());
    let views = Views::open(folder, texts.log(), upcasters.clone(), opener, options).await.unwrap();
    App::new(texts, vault, views, upcasters, hands.clock(), ZONE)
}

struct Runner {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// A platform with running views and a clock that the test moves.
pub struct Platform {
    /// The platform.
    pub app: App,
    /// The hands of its clock.
    pub hands: Hands,
    runner: Mutex<Option<Runner>>,
    invented: AtomicU32,
}

impl Platform {
    /// A platform that was opened; its views run. People are numbered from `invented` on.
    pub fn running(app: App, hands: Hands, invented: u32) -> Self {
        let platform = Self { app, hands, runner: Mutex::default(), invented: AtomicU32::new(invented) };
        platform.resumes_views();
        platform
    }

    /// These areas are listed, by code and name.
    pub async fn lists_areas(&self, areas: &[(&str, &str)]) {
        for (code, name) in areas {
            self.does(&ListArea { code: area(code), name: (*name).to_owned() }).await.unwrap();
        }
    }

    /// The built-in operator does a command; whoever asks afterwards sees what came of it.
    ///
    /// # Errors
    /// As the command's.
    pub async fn does<C: Command>(&self, command: &C) -> Result<C::Answer, Rejection> {
        let operator = Actor::Operator(Grant { role: Role::Operator, scope: Scope::Everywhere });
        Ok(self.app.dispatch(&self.app.request(operator), command).await?.answer)
    }

    /// The read models stand still from now on.
    pub async fn pauses_views(&self) {
        let runner = self.runner.lock().unwrap().take();
        if let Some(Runner { stop, task }) = runner {
            let _ = stop.send(());
            task.await.unwrap();
        }
    }

    /// The read models go on.
    pub fn resumes_views(&self) {
        let (stop, stopped) = oneshot::channel::<()>();
        let views = self.app.views().clone();
        let task = tokio::spawn(async move { views.run(async { drop(stopped.await) }).await.unwrap() });
        *self.runner.lock().unwrap() = Some(Runner { stop, task });
    }

    /// The read models show everything that has happened.
    pub async fn settles(&self) {
        let head = self.app.log().head().await.unwrap().position;
        self.app.views().wait_for(head, Duration::from_secs(10)).await.unwrap();
    }

    /// Now, by the platform's clock.
    pub fn now(&self) -> Instant {
        self.app.now()
    }

    /// So many minutes from now; negative ones have passed.
    pub fn in_minutes(&self, minutes: i64) -> Instant {
        self.now() + TimeDelta::minutes(minutes)
    }

    /// The clock goes on.
    pub fn waits_minutes(&self, minutes: i64) {
        self.hands.move_minutes(minutes);
    }

    /// The clock stands at this moment.
    pub fn waits_until(&self, at: Instant) {
        self.hands.move_to(at);
    }

    /// The number of somebody new; another one each time.
    pub fn invents(&self) -> u32 {
        self.invented.fetch_add(1, Ordering::SeqCst)
    }
}
