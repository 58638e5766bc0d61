//! A district for one test: its own folder, log, vault and running views, a clock that the test moves, and people who
//! do what people there do.

mod councils;
mod electorate;
mod money;
mod people;
mod sittings;

use std::{ops::Deref, path::Path, sync::Arc};

use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Asia::Shanghai;
use gongyi_app::{
    App, Rejection,
    access::{
        accounts::SignInCode,
        sign_in::{Caller, SignedIn},
    },
    texts::SealedTexts,
};
use gongyi_domain::{
    access::authority::{Actor, Grant, Role, Scope},
    refusal::Refusal,
    values::{Instant, OrganisationId},
};
use gongyi_eventlog::{Log, MemoryLog, SqliteLog, SqliteSettings, StateCache};
use gongyi_testing::{Hands, Platform, opened, places::AREAS};
use gongyi_vault::{KeyEncryptionKey, VAULT_FILE};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use uuid::Uuid;

pub use councils::{Meeting, Meets, text_of};
pub use electorate::{Voter, choice_terms};
pub use gongyi_testing::{
    area,
    people::{PASSWORD, id_number},
    places::{COMMUNITY, DISTRICT, OTHER_COMMUNITY, OTHER_STREET, STREET},
};
pub use money::{cents, evidence, grant, line, plan};
pub use people::{Hand, Published, Resident, Served, correction_of};
pub use sittings::Sitting;

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

/// Rows of the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secrets {
    pub keys: i64,
    pub tombstones: i64,
    pub passwords: i64,
}

/// The district.
pub struct District {
    platform: Platform,
    store: Store,
    kek: KeyEncryptionKey,
    folder: TempDir,
}

impl Deref for District {
    type Target = Platform;
    fn deref(&self) -> &Platform {
        &self.platform
    }
}

impl District {
    /// A district whose log lives in memory, with its areas listed.
    pub async fn new() -> Self {
        let district = Self::empty(Store::Memory(Arc::new(MemoryLog::new(Uuid::now_v7()))), tempfile::tempdir().unwrap()).await;
        district.lists_areas(&AREAS).await;
        district
    }

    /// A district whose log is a file, for what must survive.
    pub async fn durable() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let district = Self::empty(Store::File(open_log(folder.path()).await), folder).await;
        district.lists_areas(&AREAS).await;
        district
    }

    async fn empty(store: Store, folder: TempDir) -> Self {
        Self::open(store, folder, KeyEncryptionKey::generate(), Hands::default(), 0).await
    }

    async fn open(store: Store, folder: TempDir, kek: KeyEncryptionKey, hands: Hands, invented: u32) -> Self {
        let app = opened(store.log(), folder.path(), &kek, &hands).await;
        Self { platform: Platform::running(app, hands, invented), store, kek, folder }
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
        let (hands, invented) = (self.hands.clone(), self.invents());
        let Self { folder, kek, .. } = self;
        meanwhile(folder.path());
        let store = Store::File(open_log(folder.path()).await);
        Self::open(store, folder, kek, hands, invented).await
    }

    /// The log ends while everything else goes on.
    pub async fn closes_its_log(&self) {
        match &self.store {
            Store::Memory(log) => log.close(),
            Store::File(log) => log.close().await,
        }
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

    /// The log as it is stored, its texts sealed.
    pub fn stored_log(&self) -> Arc<dyn Log> {
        self.store.log()
    }

    /// The same over a log that stands before the district's own.
    pub fn app_over(&self, log: Arc<dyn Log>, states: StateCache) -> App {
        let (vault, views, upcasters) = (self.app.vault().clone(), self.app.views().clone(), self.app.upcasters().clone());
        App::with_states(SealedTexts::over(log, vault.clone()), vault, views, upcasters, self.hands.clock(), self.app.zone(), states)
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

/// The platform of a folder that nobody has open, with views that run until the process ends: for another process.
pub async fn opened_elsewhere(folder: &Path, kek: &Path) -> App {
    let app = opened(open_log(folder).await, folder, &KeyEncryptionKey::from_file(kek).unwrap(), &Hands::default()).await;
    let views = app.views().clone();
    tokio::spawn(async move { views.run(std::future::pending()).await });
    app
}
