//! Events per second into all views, rebuilt from the log, with what each table's statements cost; beside a floor
//! measured in the same run: the bare inserts of the rows that come out, into the same tables with the same indexes.
//!
//! `cargo bench -p gongyi-projections [-- VOLUNTEERS [SERVICE_RECORDS_EACH]]`; under `taskset -c 0` for one core.
//! Records are logged in one round and confirmed in the next, twice as many events later as there are volunteers.
//! Opening sealed text costs nothing here: ciphers are the vault's to measure. The log is in memory.

use std::collections::BTreeSet;

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::Debug,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use esrs::Aggregate;
use gongyi_domain::{
    access::person::{Person, PersonEvent},
    event::DomainEvent,
    values::{AreaCode, Minutes, OrganisationId, PersonId, RecordId, Sealed, VolunteerId},
    volunteering::{
        category::Category,
        organisation::{Organisation, OrganisationEvent, OrganisationKind, Profile},
        service_ledger::{ServiceLedger, ServiceLedgerEvent},
        service_record::{Evidence, Level, Served, Setting, Source},
        skill::Skill,
        volunteer::{Consents, Volunteer, VolunteerEvent, volunteer_number, volunteer_of},
    },
};
use gongyi_eventlog::{Commit, Log, MemoryLog, Metadata, NewEvent, StreamId, Upcasters};
use gongyi_projections::{Keys, Opened, Opener, OpenerError, ViewOptions, Views};
use sqlx::{
    AssertSqlSafe, Connection, Row, SqliteConnection, TypeInfo, ValueRef,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use tracing::{
    Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, filter::Targets, layer::Context, layer::SubscriberExt, util::SubscriberInitExt};
use uuid::Uuid;

type Fallible<T> = Result<T, Box<dyn Error>>;

/// A stored value.
enum Value {
    Null,
    Int(i64),
    Text(Arc<str>),
}

/// A table's name, its columns and its rows.
type Table = (String, usize, Vec<Vec<Value>>);

struct Open;

#[async_trait]
impl Opener for Open {
    async fn keys(&self, _: &[PersonId]) -> Result<Box<dyn Keys>, OpenerError> {
        Ok(Box::new(Self))
    }
}

impl Keys for Open {
    fn open(&self, sealed: &Sealed, _: &str, _: Uuid, _: &str, _: &str) -> Opened {
        Opened::Text(sealed.text.clone())
    }
}

/// What the views tell about their cost (target `gongyi_projections::cost`): calls, rows and time by table and work.
#[derive(Clone, Default)]
struct Costs(Arc<Mutex<BTreeMap<(String, String), Cost>>>);

#[derive(Clone, Copy, Default)]
struct Cost {
    calls: u64,
    rows: u64,
    nanoseconds: u64,
}

#[derive(Default)]
struct Told {
    table: String,
    work: String,
    cost: Cost,
}

impl Visit for Told {
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "rows" => self.cost.rows = value,
            _ => self.cost.nanoseconds = value,
        }
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "table" => value.clone_into(&mut self.table),
            _ => value.clone_into(&mut self.work),
        }
    }
}

impl<S: Subscriber> Layer<S> for Costs {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut told = Told::default();
        event.record(&mut told);
        let mut costs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = costs.entry((told.table, told.work)).or_default();
        sum.calls += 1;
        sum.rows += told.cost.rows;
        sum.nanoseconds += told.cost.nanoseconds;
    }
}

impl Costs {
    fn print(&self) {
        println!("{:<16} {:<8} {:>6} {:>9} {:>9} {:>9}", "table", "work", "calls", "rows", "ms", "us/row");
        for ((table, work), Cost { calls, rows, nanoseconds }) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let (ms, each) = (*nanoseconds as f64 / 1e6, *nanoseconds as f64 / 1e3 / (*rows).max(1) as f64);
            println!("{table:<16} {work:<8} {calls:>6} {rows:>9} {ms:>9.1} {each:>9.2}");
        }
    }
}

/// Wall-clock and processor time of this process, all threads together.
struct Clock {
    wall: Instant,
    cpu: Duration,
}

#[derive(Clone, Copy)]
struct Took {
    wall: f64,
    cpu: f64,
}

/// Hundredths of a second, as `/proc/self/stat` counts on every Linux that Rust supports; zero elsewhere.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>();
    Duration::from_millis(ticks * 10)
}

impl Clock {
    fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu_time() }
    }

    fn stop(self) -> Took {
        Took { wall: self.wall.elapsed().as_secs_f64(), cpu: (cpu_time() - self.cpu).as_secs_f64() }
    }
}

/// Gathers commits of one event each and appends them.
struct Ledger {
    log: Arc<MemoryLog>,
    now: DateTime<Utc>,
    seed: u64,
    count: u64,
}

impl Ledger {
    /// splitmix64: the same ledgers every time.
    fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// An id as UUIDv7 makes them: time first, then random bits.
    fn id(&mut self) -> Uuid {
        let time = u128::from(self.now.timestamp_millis().unsigned_abs()) << 80;
        Uuid::from_u128(time | (7 << 76) | (2 << 62) | u128::from(self.random() >> 2))
    }

    async fn append<A: Aggregate>(&mut self, id: Uuid, version: u64, event: &A::Event) -> Fallible<()>
    where
        A::Event: DomainEvent,
    {
        let stream = StreamId::of::<A>(id);
        self.count += 1;
        self.now += TimeDelta::milliseconds(700);
        let command_id = self.id();
        let metadata = Metadata {
            actor: "account:0190b1f0-0000-7000-8000-000000000001".to_owned(),
            command_id,
            correlation: command_id,
            causation: None,
            recorded_at: self.now,
        };
        let events = vec![(stream.clone(), NewEvent::of(event)?)];
        let expectations = vec![(stream, version)];
        self.log.append(Commit { metadata, command_digest: [0; 32], answer: "{}".to_owned(), expectations, events }).await?;
        Ok(())
    }
}

async fn generate(volunteers: usize, rounds: usize) -> Fallible<Ledger> {
    let log = Arc::new(MemoryLog::new(Uuid::from_u128(1)));
    let mut ledger = Ledger { log, now: "2021-01-01T00:00:00Z".parse()?, seed: 42, count: 0 };
    let areas: Vec<AreaCode> = (0..200).map(|n| format!("440402{:03}{:03}", 1 + n / 20, 1 + n % 20).parse()).collect::<Result<_, _>>()?;
    let mut organisations = Vec::new();
    for n in 0..463 {
        let id = ledger.id();
        let profile = Profile {
            kind: OrganisationKind::Group,
            name: format!("队 {n}"),
            area: areas[n % 200].clone(),
            parent: None,
            credit_code: None,
        };
        ledger.append::<Organisation>(id, 0, &OrganisationEvent::OrganisationFounded { profile }).await?;
        organisations.push(OrganisationId(id));
    }
    let mut people: Vec<(PersonId, VolunteerId)> = Vec::new();
    for n in 0..volunteers {
        let person = PersonId(ledger.id());
        let sealed = |text: String| Sealed { of: person, text };
        let home_area = areas[n % 200].clone();
        let event = PersonEvent::PersonRegistered {
            document: None,
            name: sealed(format!("王小{n}")),
            id_number: sealed(format!("44040219800101{n:04}")),
            phone: sealed(format!("138{n:08}")),
            birth_date: sealed("1980-01-01".to_owned()),
            home_area: home_area.clone(),
        };
        ledger.append::<Person>(person.0, 0, &event).await?;
        let volunteer = volunteer_of(person);
        let event = VolunteerEvent::VolunteerRegistered {
            person,
            number: volunteer_number(ledger.random()),
            registered_on: ledger.now.date_naive(),
            home_area,
            skills: BTreeSet::from([Skill::FirstAid]),
            consents: Consents::default(),
        };
        ledger.append::<Volunteer>(volunteer.0, 0, &event).await?;
        people.push((person, volunteer));
    }
    let mut open: Vec<(VolunteerId, RecordId)> = Vec::new();
    for round in 0..=rounds {
        let mut logged = Vec::new();
        for (n, (person, volunteer)) in people.iter().enumerate() {
            let version = 2 * u64::try_from(round)?;
            if let Some((_, record)) = open.get(n) {
                let event = ServiceLedgerEvent::ServiceConfirmed { record: *record, level: Level::Organisation };
                ledger.append::<ServiceLedger>(volunteer.0, version - 1, &event).await?;
            }
            if round < rounds {
                let record = RecordId(ledger.id());
                let place = usize::try_from(ledger.random() % 463)?;
                let started = ledger.now - TimeDelta::hours(3);
                let event = ServiceLedgerEvent::ServiceLogged {
                    record,
                    setting: Setting { organisation: organisations[place], activity: None, area: areas[place % 200].clone() },
                    served: Served {
                        started,
                        ended: started + TimeDelta::minutes(150),
                        minutes: Minutes(150),
                        day: started.date_naive(),
                        category: Category::ALL[n % 13],
                    },
                    evidence: Evidence::Declared,
                    source: Source::Volunteer,
                    content: (n % 4 == 0).then(|| Sealed { of: *person, text: "清理河道、分发资料".to_owned() }),
                };
                ledger.append::<ServiceLedger>(volunteer.0, version, &event).await?;
                logged.push((*volunteer, record));
            }
        }
        open = logged;
    }
    Ok(ledger)
}

fn value(row: &SqliteRow, column: usize) -> Fallible<Value> {
    Ok(match row.try_get_raw(column)?.type_info().name() {
        "NULL" => Value::Null,
        "INTEGER" => Value::Int(row.try_get(column)?),
        "TEXT" => Value::Text(row.try_get::<&str, _>(column)?.into()),
        other => return Err(format!("a column of type {other}").into()),
    })
}

/// All rows of all tables, in the order they were written.
async fn rows(file: &Path) -> Fallible<Vec<Table>> {
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await?;
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'
         AND name NOT IN ('checkpoints','purge_due','parked')",
    )
    .fetch_all(&mut connection)
    .await?;
    let mut tables = Vec::new();
    for table in names {
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table} ORDER BY position"))).fetch_all(&mut connection).await?;
        let columns = rows.first().map_or(0, Row::len);
        let rows = rows.iter().map(|row| (0..columns).map(|column| value(row, column)).collect()).collect::<Result<_, _>>()?;
        tables.push((table, columns, rows));
    }
    connection.close().await?;
    Ok(tables)
}

/// Inserts the rows into an empty file of views as fast as SQLite takes them: no journal on disk, no waiting for the disk,
/// `chunk` rows a statement, the indexes made afterwards.
async fn floor(tables: &[Table], batch: usize, chunk: usize) -> Fallible<Took> {
    let dir = tempfile::tempdir()?;
    let log = Arc::new(MemoryLog::new(Uuid::from_u128(2)));
    let views = Views::open(dir.path(), log, Arc::new(Upcasters::new()), Arc::new(Open), ViewOptions::default()).await?;
    views.close().await;
    let options = SqliteConnectOptions::new()
        .filename(views.path())
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Memory)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Off)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "-262144");
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let indexes: Vec<(String, String)> =
        sqlx::query_as("SELECT name, sql FROM sqlite_master WHERE type='index' AND sql IS NOT NULL").fetch_all(&mut connection).await?;
    let started = Clock::start();
    for (name, _) in &indexes {
        sqlx::query(AssertSqlSafe(format!("DROP INDEX {name}"))).execute(&mut connection).await?;
    }
    for (table, columns, rows) in tables {
        let row = format!("({})", vec!["?"; *columns].join(","));
        for part in rows.chunks(batch) {
            let mut transaction = connection.begin().await?;
            for rows in part.chunks(chunk) {
                let sql = format!("INSERT INTO {table} VALUES {}", vec![row.as_str(); rows.len()].join(","));
                let query = rows.iter().flatten().fold(sqlx::query(AssertSqlSafe(sql)), |query, value| match value {
                    Value::Null => query.bind(None::<i64>),
                    Value::Int(number) => query.bind(*number),
                    Value::Text(text) => query.bind(Arc::clone(text)),
                });
                query.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
    }
    for (_, sql) in indexes {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await?;
    }
    let took = started.stop();
    connection.close().await?;
    Ok(took)
}

#[tokio::main]
async fn main() -> Fallible<()> {
    let costs = Costs::default();
    let told = Targets::new().with_target("gongyi_projections::cost", tracing::Level::TRACE);
    tracing_subscriber::registry().with(costs.clone().with_filter(told)).init();
    let numbers: Vec<usize> = std::env::args().filter_map(|it| it.parse().ok()).collect();
    let (volunteers, rounds) = (numbers.first().copied().unwrap_or(20_000), numbers.get(1).copied().unwrap_or(8));
    let ledger = generate(volunteers, rounds).await?;
    let events = ledger.count;
    let built = tempfile::tempdir()?;
    let options = ViewOptions::default();

    let started = Clock::start();
    let log: Arc<dyn Log> = ledger.log.clone();
    let file = Views::rebuild(built.path(), log, Arc::new(Upcasters::new()), Arc::new(Open), options, |_, _| ()).await?;
    let fold = started.stop();
    let tables = rows(&file).await?;
    let count: usize = tables.iter().map(|(_, _, rows)| rows.len()).sum();
    println!("{volunteers} volunteers, {events} events, {count} rows, file {} MiB", std::fs::metadata(&file)?.len() >> 20);
    for (table, _, rows) in tables.iter().filter(|(_, _, rows)| !rows.is_empty()) {
        println!("  {table}: {}", rows.len());
    }
    costs.print();
    let mut best: Option<(usize, Took)> = None;
    for chunk in [16, 96, 256] {
        let took = floor(&tables, options.batch_events, chunk).await?;
        println!("bare inserts, {chunk} rows a statement: {:.2} s of processor", took.cpu);
        best = best.filter(|(_, best)| best.cpu <= took.cpu).or(Some((chunk, took)));
    }
    let Some((chunk, floor)) = best else { return Err("no floor".into()) };
    let line = |what: String, Took { wall, cpu }: Took| {
        let (events, each) = (events as f64, cpu * 1e6 / events as f64);
        println!(
            "{what}: {wall:.2} s, {:.0} events/s; {cpu:.2} s of processor, {:.0} events/s on one core, {each:.1} us each",
            events / wall,
            events / cpu
        );
    };
    line("all views".to_owned(), fold);
    line(format!("floor, bare inserts of the same rows, {chunk} a statement, indexes afterwards"), floor);
    println!("ratio: {:.2} times the floor, {:.2} by processor time", fold.wall / floor.wall, fold.cpu / floor.cpu);
    Ok(())
}
