//! The peer of the command benchmark: `esrs`' own PgStore on a PostgreSQL of its own, doing the same work.
//!
//! `gongyi-pgstore-bench FOLDER COMMANDS` prints one line of JSON. The folder must exist, and be on the disk that the
//! others are measured on.

mod district;
mod load;
mod postgres;

use std::{error::Error, path::Path, process::ExitCode, sync::Arc};

use esrs::{
    Aggregate, AggregateState,
    manager::AggregateManager,
    store::postgres::{PgStore, PgStoreBuilder},
};
use gongyi_domain::{
    access::{account::Account, person::Person},
    volunteering::{membership::Membership, organisation::Organisation, service_ledger::ServiceLedger, volunteer::Volunteer},
};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

use district::{District, Loaded, Past};

/// Connections of the pool.
const CONNECTIONS: u32 = 32;
const CLIENTS: [usize; 2] = [64, 512];
const FILL_ROWS: usize = 5_000;

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let (Some(folder), Some(commands)) = (arguments.get(1), arguments.get(2).and_then(|text| text.parse().ok())) else {
        eprintln!("gongyi-pgstore-bench FOLDER COMMANDS");
        return ExitCode::from(64);
    };
    match measure(Path::new(folder), commands) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn measure(folder: &Path, commands: u64) -> Fallible<()> {
    let server = postgres::Server::start(folder)?;
    let options = PgConnectOptions::new().socket(server.socket()).username("postgres").database("postgres");
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
    let version: String = sqlx::query_scalar("SHOW server_version").fetch_one(&pool).await?;
    let platform = Arc::new(Platform::new(&pool).await?);
    fill(&pool, &platform.district).await?;

    // Warm, as the others are.
    let mut first = 0;
    let mut runs = vec![];
    for (clients, counted) in [(CLIENTS[0], false)].into_iter().chain(CLIENTS.map(|clients| (clients, true))) {
        let count = if counted { commands } else { commands / 2 };
        let worker = Arc::clone(&platform);
        let measured = load::run(clients, first, count, move |nth| {
            let platform = Arc::clone(&worker);
            async move { platform.log_service(nth).await.expect("a command that is done") }
        })
        .await;
        first += count;
        if counted {
            let load::Measured { rate, p50, p99, cpu_micros } = measured;
            runs.push(serde_json::json!({ "clients": clients, "rate": rate, "p50": p50, "p99": p99, "client_cpu_micros": cpu_micros }));
        }
    }
    let appended: i64 = sqlx::query_scalar("SELECT count(*) FROM service_ledger_events").fetch_one(&pool).await?;
    let expected = platform.district.past.iter().flatten().filter(|past| past.kind == ServiceLedger::NAME).count() as u64 + first;
    if u64::try_from(appended)? != expected {
        return Err(format!("{appended} events are in the ledgers, not {expected}").into());
    }
    pool.close().await;
    drop(server);
    println!(
        "{}",
        serde_json::json!({ "version": version, "settings": postgres::SETTINGS[1..], "connections": CONNECTIONS, "commands": commands, "runs": runs })
    );
    Ok(())
}

struct Platform {
    district: District,
    accounts: AggregateManager<PgStore<Account>>,
    volunteers: AggregateManager<PgStore<Volunteer>>,
    organisations: AggregateManager<PgStore<Organisation>>,
    memberships: AggregateManager<PgStore<Membership>>,
    ledgers: AggregateManager<PgStore<ServiceLedger>>,
    // Only its table is needed: the history has persons, too.
    _persons: PgStore<Person>,
}

impl Platform {
    async fn new(pool: &PgPool) -> Fallible<Self> {
        Ok(Self {
            district: District::new(),
            accounts: AggregateManager::new(PgStoreBuilder::new(pool.clone()).try_build().await?),
            volunteers: AggregateManager::new(PgStoreBuilder::new(pool.clone()).try_build().await?),
            organisations: AggregateManager::new(PgStoreBuilder::new(pool.clone()).try_build().await?),
            memberships: AggregateManager::new(PgStoreBuilder::new(pool.clone()).try_build().await?),
            ledgers: AggregateManager::new(PgStoreBuilder::new(pool.clone()).try_build().await?),
            _persons: PgStoreBuilder::new(pool.clone()).try_build().await?,
        })
    }

    /// Loads what the command stands on, decides and persists; anew if another was faster on this ledger.
    async fn log_service(&self, nth: u64) -> Fallible<()> {
        let task = self.district.task(nth);
        loop {
            let account = self.accounts.load(task.team.coordinator.0).await?.unwrap_or_default();
            let volunteer = self.volunteers.load(task.volunteer.0).await?.unwrap_or_default();
            let mut line = Vec::with_capacity(3);
            for organisation in task.team.line {
                line.push(self.organisations.load(organisation.0).await?.unwrap_or_default());
            }
            let membership = self.memberships.load(task.membership()).await?.unwrap_or_default();
            let ledger = self.ledgers.load(task.volunteer.0).await?;
            let ledger = ledger.unwrap_or_else(|| AggregateState::with_id(task.volunteer.0));
            let [team, hub, federation] = &line[..] else { return Err("a line of three".into()) };
            let loaded = Loaded {
                account: account.inner(),
                volunteer: volunteer.inner(),
                line: [team.inner(), hub.inner(), federation.inner()],
                membership: membership.inner(),
            };
            match self.ledgers.handle_command(ledger, task.ask(&loaded)).await {
                Ok(decided) => return decided.map(drop).map_err(Into::into),
                Err(error) if error.to_string().contains("duplicate key") => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

async fn fill(pool: &PgPool, district: &District) -> Fallible<()> {
    for kind in [Account::NAME, Volunteer::NAME, Organisation::NAME, Membership::NAME, ServiceLedger::NAME, Person::NAME] {
        let rows: Vec<&Past> = district.past.iter().flatten().filter(|past| past.kind == kind).collect();
        let insert = format!(
            "INSERT INTO {kind}_events (id, aggregate_id, payload, sequence_number)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[]::jsonb[], $4::int[])"
        );
        for rows in rows.chunks(FILL_ROWS) {
            let ids: Vec<Uuid> = rows.iter().map(|_| Uuid::now_v7()).collect();
            let streams: Vec<Uuid> = rows.iter().map(|past| past.stream).collect();
            let payloads: Vec<String> = rows.iter().map(|past| format!("{{\"{}\":{}}}", past.event_type, past.payload)).collect();
            let versions = rows.iter().map(|past| i32::try_from(past.version)).collect::<Result<Vec<_>, _>>()?;
            sqlx::query(&insert).bind(ids).bind(streams).bind(payloads).bind(versions).execute(pool).await?;
        }
    }
    sqlx::query("VACUUM ANALYZE").execute(pool).await?;
    sqlx::query("CHECKPOINT").execute(pool).await?;
    Ok(())
}
