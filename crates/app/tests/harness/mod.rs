//! A district for one test: its own folder, log, vault and running views, a clock that the test moves, and people who
//! do what people there do.

mod councils;
mod electorate;
mod money;
mod people;
mod sittings;

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{Asia::Shanghai, Tz};
use gongyi_app::{
    App, Rejection,
    access::{
        accounts::SignInCode,
        areas::ListArea,
        sign_in::{Caller, SignedIn},
    },
    clock::SharedClock,
    personal::VaultOpener,
};
use gongyi_domain::{
    access::{
        authority::{Actor, Grant, Role, Scope},
        id_number::check_character,
    },
    refusal::Refusal,
    values::{AreaCode, Instant, OrganisationId},
};
use gongyi_eventlog::{Log, MemoryLog, SqliteLog, SqliteSettings, StateCache, Upcasters};
use gongyi_projections::{ViewOptions, Views};
use gongyi_vault::{KeyEncryptionKey, VAULT_FILE, Vault};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};
use uuid::Uuid;

pub use councils::{Meeting, Meets, text_of};
pub use electorate::{Voter, choice_terms};
pub use money::{cents, evidence, grant, line, plan};
pub use people::{Hand, PASSWORD, Published, Resident, Served, correction_of};
pub use sittings::Sitting;

/// The district itself.
pub const DISTRICT: &str = "440402";
/// 翠香街道.
pub const STREET: &str = "440402001";
/// 紫荆社区, in that street.
pub const COMMUNITY: &str = "440402001001";
/// 梅华街道.
pub const OTHER_STREET: &str = "440402002";
/// 南虹社区, in the other street.
pub const OTHER_COMMUNITY: &str = "440402002001";

/// Every area there is here, a small part of the national table.
const AREAS: [(&str, &str); 6] = [
    (DISTRICT, "香洲区"),
    (STREET, "翠香街道"),
    (COMMUNITY, "紫荆社区居民委员会"),
    ("440402001002", "翠香社区居民委员会"),
    (OTHER_STREET, "梅华街道"),
    (OTHER_COMMUNITY, "南虹社区居民委员会"),
];

/// When every story begins: a Monday, nine in the morning in Zhuhai.
const BEGINNING: &str = "2026-03-02T01:00:00Z";

/// The code of an area.
pub fn area(code: &str) -> AreaCode {
    code.parse().unwrap()
}

/// An ID number that was never given out: an invented region, a right check character.
pub fn id_number(birth: &str, sequence: u32) -> String {
    let digits = format!("440499{}{:03}", birth.replace('-', ""), sequence % 1_000);
    let check = check_character(&digits).unwrap();
    format!("{digits}{check}")
}

/// A moment by the clocks of Zhuhai, `2026-03-02 09:00`.
pub fn moment(text: &str) -> Instant {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    Shanghai.from_local_datetime(&local).unwrap().to_utc()
}

/// The rules said no, with this code.
#[track_caller]
pub fn expect_refused<T>(code: &str, result: Result<T, Rejection>) -> Refusal {
    match result {
        Err(Rejection::Refused(refusal)) if refusal.code == code => {
            assert!(!refusal.zh.is_empty() && !refusal.en.is_empty(), "{code} says nothing");
            refusal
        }
        Err(other) => panic!("{code} was expected, not {other:?}"),
        Ok(_) => panic!("{code} was expected, but it was done"),
    }
}

/// The rules said no, with this code, about this field.
#[track_caller]
pub fn expect_refused_at<T>(code: &str, field: &str, result: Result<T, Rejection>) {
    let refusal = expect_refused(code, result);
    assert_eq!(refusal.field, Some(field), "{code}");
}

enum Store {
    Memory(Arc<MemoryLog>),
    File(Arc<SqliteLog>),
}

impl Store {
    fn log(&self) -> Arc<dyn Log> {
        match self {
            Self::Memory(log) => log.clone(),
            Self::File(log) => log.clone(),
        }
    }
}

struct Runner {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Rows of the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secrets {
    pub keys: i64,
    pub tombstones: i64,
    pub passwords: i64,
}

/// The district.
pub struct District {
    pub app: App,
    store: Store,
    clock: Arc<AtomicI64>,
    kek: KeyEncryptionKey,
    folder: TempDir,
    runner: Mutex<Option<Runner>>,
    invented: AtomicU32,
}

impl District {
    /// A district whose log lives in memory, with its areas listed.
    pub async fn new() -> Self {
        let district = Self::empty(Store::Memory(Arc::new(MemoryLog::new(Uuid::now_v7()))), tempfile::tempdir().unwrap()).await;
        district.lists_its_areas().await;
        district
    }

    /// A district whose log is a file, for what must survive.
    pub async fn durable() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let district = Self::empty(Store::File(open_log(folder.path()).await), folder).await;
        district.lists_its_areas().await;
        district
    }

    async fn empty(store: Store, folder: TempDir) -> Self {
        let clock = Arc::new(AtomicI64::new(BEGINNING.parse::<DateTime<Utc>>().unwrap().timestamp_micros()));
        Self::open(store, folder, KeyEncryptionKey::generate(), clock, 0).await
    }

    async fn open(store: Store, folder: TempDir, kek: KeyEncryptionKey, clock: Arc<AtomicI64>, invented: u32) -> Self {
        let app = open_app(&store, folder.path(), &kek, &clock).await;
        let district = Self { app, store, clock, kek, folder, runner: Mutex::default(), invented: AtomicU32::new(invented) };
        district.resumes_views();
        district
    }

    async fn lists_its_areas(&self) {
        for (code, name) in AREAS {
            self.operator().does(&ListArea { code: area(code), name: name.to_owned() }).await.unwrap();
        }
    }

    /// Stops everything and starts again from what is on disk.
    pub async fn reopened(self) -> Self {
        self.reopened_after(|_| {}).await
    }

    /// The same, with something done to the folder while everything is closed.
    pub async fn reopened_after(self, meanwhile: impl FnOnce(&Path)) -> Self {
        self.pauses_views().await;
        self.app.views().close().await;
        self.app.vault().close().await;
        let Store::File(log) = &self.store else { panic!("only a durable district is opened again") };
        log.close().await;
        let Self { folder, kek, clock, invented, .. } = self;
        meanwhile(folder.path());
        let store = Store::File(open_log(folder.path()).await);
        Self::open(store, folder, kek, clock, invented.into_inner()).await
    }

    /// The log ends while everything else goes on.
    pub async fn closes_its_log(&self) {
        match &self.store {
            Store::Memory(log) => log.close(),
            Store::File(log) => log.close().await,
        }
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

    pub async fn signs_in(&self, phone: &str, password: &str) -> Result<SignedIn, Rejection> {
        self.app.sign_in(phone, password, &Caller::default(), self.now()).await
    }

    /// Somebody chooses a password with a code.
    pub async fn sets_password(&self, phone: &str, code: &SignInCode, password: &str) -> Result<(), Rejection> {
        let (code, caller) = (code.in_groups(), Caller::default());
        self.app.set_password_by_code(&Actor::Anonymous, (phone, &code), password, &caller, self.now()).await
    }

    /// The platform as another process has it, with a cache of states of its own: what it does is done behind the back of
    /// the district's own.
    pub fn another_app(&self, states: StateCache) -> App {
        self.app_over(self.store.log(), states)
    }

    /// The same over a log that stands before the district's own.
    pub fn app_over(&self, log: Arc<dyn Log>, states: StateCache) -> App {
        let (vault, views, upcasters) = (self.app.vault().clone(), self.app.views().clone(), self.app.upcasters().clone());
        App::with_states(log, vault, views, upcasters, clock_of(&self.clock), self.app.zone(), states)
    }

    /// What the vault's file holds of persons and accounts.
    pub async fn secrets(&self) -> Secrets {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join(VAULT_FILE)).read_only(true);
        let mut vault = SqliteConnection::connect_with(&options).await.unwrap();
        let sql = "SELECT (SELECT count(*) FROM person_key WHERE destroyed = 0), (SELECT count(*) FROM person_key WHERE destroyed = 1),
                          (SELECT count(*) FROM password)";
        let (keys, tombstones, passwords) = sqlx::query_as(sql).fetch_one(&mut vault).await.unwrap();
        vault.close().await.unwrap();
        Secrets { keys, tombstones, passwords }
    }

    /// How many events there are.
    pub async fn events(&self) -> u64 {
        self.app.log().head().await.unwrap().position
    }

    pub fn now(&self) -> Instant {
        self.app.now()
    }

    /// So many minutes from now; negative ones have passed.
    pub fn in_minutes(&self, minutes: i64) -> Instant {
        self.now() + TimeDelta::minutes(minutes)
    }

    pub fn waits_minutes(&self, minutes: i64) {
        self.clock.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
    }

    pub fn waits_until(&self, at: Instant) {
        self.clock.store(at.timestamp_micros(), Ordering::SeqCst);
    }

    /// A number never handed out before.
    pub fn invents(&self) -> u32 {
        self.invented.fetch_add(1, Ordering::SeqCst)
    }

    fn hand(&self, actor: Actor) -> Hand<'_> {
        Hand { district: self, app: self.app.clone(), actor }
    }

    /// Somebody who has not signed in.
    pub fn stranger(&self) -> Hand<'_> {
        self.hand(Actor::Anonymous)
    }

    /// The built-in operator.
    pub fn operator(&self) -> Hand<'_> {
        self.with_role(Role::Operator, Scope::Everywhere)
    }

    /// The built-in operator acting with a role.
    pub fn with_role(&self, role: Role, scope: Scope) -> Hand<'_> {
        self.hand(Actor::Operator(Grant { role, scope }))
    }

    /// A resident who has registered and holds this role.
    pub async fn resident_with(&self, name: &str, role: Role, scope: Scope) -> Resident<'_> {
        let resident = self.registers(name).await;
        self.operator().grants(&resident, role, scope).await.unwrap();
        resident
    }

    pub async fn coordinator_of(&self, organisation: OrganisationId) -> Resident<'_> {
        self.resident_with("协调员", Role::Coordinator, Scope::Organisation(organisation)).await
    }

    pub async fn organiser_in(&self, code: &str) -> Resident<'_> {
        self.resident_with("社区工作者", Role::Organiser, Scope::Area(area(code))).await
    }

    pub async fn officer(&self) -> Resident<'_> {
        self.resident_with("区级主管", Role::DistrictOfficer, Scope::Area(area(DISTRICT))).await
    }
}

async fn open_log(folder: &Path) -> Arc<SqliteLog> {
    Arc::new(SqliteLog::open(folder.join("log.db"), SqliteSettings::default()).await.unwrap())
}

async fn open_app(store: &Store, folder: &Path, kek: &KeyEncryptionKey, clock: &Arc<AtomicI64>) -> App {
    const ZONE: Tz = Shanghai;
    let vault = Vault::open(folder.join(VAULT_FILE), kek.clone()).await.unwrap();
    let upcasters = Arc::new(Upcasters::new());
    let opener = Arc::new(VaultOpener(vault.clone()));
    let options = ViewOptions { time_zone: ZONE, ..ViewOptions::default() };
    let views = Views::open(folder, store.log(), upcasters.clone(), opener, options).await.unwrap();
    App::new(store.log(), vault, views, upcasters, clock_of(clock), ZONE)
}

fn clock_of(hands: &Arc<AtomicI64>) -> SharedClock {
    let hands = hands.clone();
    Arc::new(move || DateTime::from_timestamp_micros(hands.load(Ordering::SeqCst)).unwrap())
}

/// The platform of a folder that nobody has open, with views that run until the process ends: for another process.
pub async fn opened_elsewhere(folder: &Path, kek: &Path) -> App {
    let clock = Arc::new(AtomicI64::new(BEGINNING.parse::<DateTime<Utc>>().unwrap().timestamp_micros()));
    let store = Store::File(open_log(folder).await);
    let app = open_app(&store, folder, &KeyEncryptionKey::from_file(kek).unwrap(), &clock).await;
    let views = app.views().clone();
    tokio::spawn(async move { views.run(std::future::pending()).await });
    app
}
