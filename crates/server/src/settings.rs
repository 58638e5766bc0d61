//! The command line and its environment variables.

use std::{net::SocketAddr, path::PathBuf};

use axum::http::HeaderValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use gongyi_api::settings::{ANONYMOUS_SOCKETS_MAX_COUNT, SOCKETS_PER_ADDRESS_MAX_COUNT};
use gongyi_domain::{
    access::authority::Role,
    report::SMALLEST_CELL_PEOPLE,
    typed_time,
    values::{AreaCode, Day, OrganisationId, PersonId},
};

use crate::connections::{CONNECTIONS_MAX_COUNT, CONNECTIONS_PER_ADDRESS_MAX_COUNT};

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongSetting(pub String);

/// Flags that contradict each other.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUsage(pub String);

/// 公益 · 公议: volunteers and residents' councils of a city district, on one event log.
#[derive(Debug, Parser)]
#[command(name = "gongyi", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to log to standard error, as tracing's filter: `warn`, `info`, `gongyi_app=debug` …
    #[arg(long, global = true, env = "GONGYI_LOG", default_value = "warn")]
    pub log: String,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the GraphQL API over HTTP until interrupted.
    Serve(Serve),
    /// Fill an empty data folder with a small, lively, invented district, then serve it.
    Demo(Serve),
    /// Read a file of areas, organisations, volunteers or hours (CSV in UTF-8 or GB18030, or XLSX), or of working days (JSON).
    Import(Import),
    /// Write a workbook to fill in: the columns that an import reads, what may be chosen, and an example.
    Template(Template),
    /// Write events or figures to standard output.
    Export(Export),
    /// Live a whole invented district through, so that its report is exactly a profile's.
    Simulate(Simulate),
    /// Print the report of an area: volunteers, service, councils, projects, as of any day.
    Report(Report),
    /// Build the read models anew from the log, beside the old ones, and swap them.
    Rebuild(DataFolder),
    /// Check a log from outside: hashes, chain, positions, versions. Works beside a running server.
    Verify(Verify),
    /// Tell where a person is named in the texts of documents: before the person is erased. Works beside a running server.
    FindName(FindName),
    /// Write log, vault and ballot box as they are at one moment into one new file. Works beside a running server.
    Backup(Backup),
    /// Make a data folder of a backup, as a new life of its log.
    Restore(Restore),
    /// Print a bearer token of the built-in operator, whose acts are marked as such in the log.
    Token(Token),
    /// Make a new key that signs access tokens; those that the old one signed hold until they run out. Works beside a running server.
    RotateSigningKey(DataFolder),
    /// Wrap the vault's keys with a new key-encryption key, which takes the old one's place. Works beside a running server; stopped
    /// on the way, it goes on where it was.
    RotateKek(RotateKek),
    /// Tell how the data folder is: log, vault, views, processes.
    Doctor(Doctor),
    /// Write what is generated from the source: `schema/schema.graphql` and `schema/events/*.json`.
    #[command(hide = true)]
    Generate(Generate),
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct DataFolder {
    /// The data folder; made if it does not exist.
    #[arg(long, value_name = "DIR", env = "GONGYI_DATA", default_value = "data")]
    pub data: PathBuf,
    /// The tenant's time zone, in which days are counted.
    #[arg(long, value_name = "ZONE", env = "GONGYI_TIME_ZONE", default_value = "Asia/Shanghai")]
    pub time_zone: String,
}

impl DataFolder {
    /// The time zone by name.
    ///
    /// # Errors
    /// No such zone.
    pub fn zone(&self) -> Result<chrono_tz::Tz, WrongSetting> {
        self.time_zone.parse().map_err(|_| WrongSetting(format!("there is no time zone {}", self.time_zone)))
    }
}

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub folder: DataFolder,
    /// The address to listen on.
    #[arg(long, value_name = "ADDR", env = "GONGYI_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Trust `X-Forwarded-For` of the proxy in front; without one, anybody could claim any address.
    #[arg(long, env = "GONGYI_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// Origins whose pages may call the API from a browser, such as `https://example.org`; none by default.
    #[arg(long, value_name = "ORIGIN", env = "GONGYI_ALLOWED_ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<HeaderValue>,
    /// What `/metrics` asks for as a bearer token; without it, whoever reaches the port may read it.
    #[arg(long, value_name = "TOKEN", env = "GONGYI_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// Connections open at once; fewer where the system lets the process open fewer files.
    #[arg(long, value_name = "N", env = "GONGYI_CONNECTIONS", default_value_t = CONNECTIONS_MAX_COUNT)]
    pub connections: usize,
    /// Connections open at once from one address; behind a proxy all are the proxy's, and this does not count.
    #[arg(long, value_name = "N", env = "GONGYI_CONNECTIONS_PER_ADDRESS", default_value_t = CONNECTIONS_PER_ADDRESS_MAX_COUNT)]
    pub connections_per_address: usize,
    /// WebSockets open at once from one address.
    #[arg(long, value_name = "N", env = "GONGYI_SOCKETS_PER_ADDRESS", default_value_t = SOCKETS_PER_ADDRESS_MAX_COUNT)]
    pub sockets_per_address: usize,
    /// WebSockets open at once whose clients have not signed in.
    #[arg(long, value_name = "N", env = "GONGYI_ANONYMOUS_SOCKETS", default_value_t = ANONYMOUS_SOCKETS_MAX_COUNT)]
    pub anonymous_sockets: usize,
}

/// What a file of rows holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Content {
    Areas,
    Organisations,
    Volunteers,
    Hours,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Importable {
    Areas,
    Organisations,
    Volunteers,
    Hours,
    /// The off-days and make-up working days of a year, as JSON: `{year, papers, days: [{name, date, isOffDay}]}`.
    WorkingDays,
}

impl Importable {
    /// What its rows hold; `None` of what is no table.
    pub fn rows(self) -> Option<Content> {
        match self {
            Self::Areas => Some(Content::Areas),
            Self::Organisations => Some(Content::Organisations),
            Self::Volunteers => Some(Content::Volunteers),
            Self::Hours => Some(Content::Hours),
            Self::WorkingDays => None,
        }
    }
}

#[derive(Debug, Args)]
pub struct Import {
    #[command(flatten)]
    pub folder: DataFolder,
    /// What the file holds.
    pub content: Importable,
    /// The file: CSV in UTF-8 (with or without mark), UTF-16 or GB18030, or XLSX; of working days, JSON.
    pub file: PathBuf,
    /// The sheet of a workbook, by its name; the first that is seen if not given.
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Check everything, change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
    /// Write the rejected rows to this new CSV file, with what is wrong beside each, to mend and import again.
    #[arg(long, value_name = "FILE")]
    pub rejected: Option<PathBuf>,
    /// Exit with 65 if any row was rejected.
    #[arg(long)]
    pub strict: bool,
}

#[derive(Debug, Args)]
pub struct Template {
    /// What shall be filled in.
    pub content: Content,
    /// The new file, an XLSX workbook.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Simulate {
    /// The profile: a district's figures, as JSON.
    #[arg(long, value_name = "FILE")]
    pub profile: PathBuf,
    /// The data folder; made if it does not exist, and it must hold no data yet.
    #[arg(long, value_name = "DIR", env = "GONGYI_DATA", default_value = "data")]
    pub data: PathBuf,
    /// Another number, another district with the same figures.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// How a report is printed.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct ReportForm {
    /// Print JSON, the figures under their names in profiles.
    #[arg(long)]
    pub json: bool,
    /// Print Markdown (the default).
    #[arg(long)]
    pub markdown: bool,
    /// Print CSV: area, figure, value.
    #[arg(long)]
    pub csv: bool,
}

#[derive(Debug, Args)]
pub struct Report {
    #[command(flatten)]
    pub folder: DataFolder,
    /// The area, by code; everything in it counts.
    #[arg(long, value_name = "CODE")]
    pub area: AreaCode,
    /// The last day of the period; what there is counts at its end.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Day,
    /// The first day of the period; the first of January of the last day's year if not given.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub from: Option<Day>,
    /// As it was known at the end of this day; what has changed since is listed. As it is known now if not given.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub known_at: Option<Day>,
    #[command(flatten)]
    pub form: ReportForm,
}

#[derive(Debug, Args)]
pub struct Export {
    #[command(subcommand)]
    pub what: ExportWhat,
}

#[derive(Debug, Args)]
pub struct OpenData {
    #[command(flatten)]
    pub folder: DataFolder,
    /// The area, by code.
    #[arg(long, value_name = "CODE")]
    pub area: AreaCode,
    /// The first day of participation.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub from: Day,
    /// The last day of participation.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub to: Day,
    /// Numbers of fewer volunteers, and counts of secret votes with fewer present, are left out.
    #[arg(long, value_name = "N", default_value_t = SMALLEST_CELL_PEOPLE)]
    pub smallest_cell: u64,
    /// The folder to make.
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum ExportWhat {
    /// All events as CloudEvents 1.0 JSON lines. Works beside a running server.
    Events {
        #[command(flatten)]
        folder: DataFolder,
        /// Only events after this position.
        #[arg(long, value_name = "POSITION", default_value_t = 0)]
        after: u64,
    },
    /// Organisations, participation, motions, votes and projects for anybody to use, without any person, as JSON and CSV in a new folder.
    OpenData(OpenData),
    /// The figures of service: confirmed minutes, records, volunteers.
    Participation {
        #[command(flatten)]
        folder: DataFolder,
        /// The area, by code; everything in it counts.
        #[arg(long, value_name = "CODE")]
        area: AreaCode,
        /// First day.
        #[arg(long, value_name = "DATE", value_parser = day)]
        from: Option<Day>,
        /// Last day.
        #[arg(long, value_name = "DATE", value_parser = day)]
        to: Option<Day>,
        /// As it was known at the end of this day; as it is known now if not given.
        #[arg(long, value_name = "DATE", value_parser = day)]
        known_at: Option<Day>,
        /// Print JSON (the default).
        #[arg(long, conflicts_with = "csv")]
        json: bool,
        /// Print CSV.
        #[arg(long)]
        csv: bool,
    },
}

#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    pub folder: DataFolder,
    /// Make every decision (votes, polls, elections, motions) again from its events, and print each beside what is recorded.
    #[arg(long)]
    pub decisions: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct FindName {
    #[command(flatten)]
    pub folder: DataFolder,
    /// Whom; the UUID in `Volunteer.person`.
    #[arg(long, value_name = "UUID")]
    pub person: PersonId,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Backup {
    #[command(flatten)]
    pub folder: DataFolder,
    /// The file to make, outside the data folder. The key-encryption key is not in it: keep that elsewhere.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    pub folder: DataFolder,
    /// The backup.
    pub file: PathBuf,
    /// The file with the vault's key-encryption key, which is copied into the folder; without it, `GONGYI_KEK` is.
    #[arg(long, value_name = "FILE")]
    pub kek: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    pub folder: DataFolder,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Parses a day as people type it.
fn day(text: &str) -> Result<Day, String> {
    typed_time::day(text).map_err(|problem| {
        let (zh, en) = problem.words_about_a_day();
        format!("{en} / {zh}")
    })
}

/// Parses a role's name, naming all of them where it is none.
fn role(name: &str) -> Result<Role, String> {
    name.parse().map_err(|error: gongyi_domain::access::authority::NoSuchRole| error.to_string())
}

#[derive(Debug, Args)]
pub struct Token {
    #[command(flatten)]
    pub folder: DataFolder,
    /// The role it acts with: operator, district_officer, organiser, coordinator or auditor.
    #[arg(long, value_parser = role)]
    pub role: Role,
    /// The area the role counts in; without it and without an organisation, everywhere.
    #[arg(long, value_name = "CODE", conflicts_with = "organisation")]
    pub area: Option<AreaCode>,
    /// The organisation a coordinator's role counts for.
    #[arg(long, value_name = "UUID")]
    pub organisation: Option<OrganisationId>,
    /// How long it holds, in minutes; a day at most.
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub minutes: u32,
}

#[derive(Debug, Args)]
pub struct RotateKek {
    #[command(flatten)]
    pub folder: DataFolder,
    /// The new key, 32 bytes in base64 or hex, where the present one comes from `GONGYI_KEK`: nobody serves the folder then. Otherwise
    /// the key is made in the folder.
    #[arg(long, value_name = "KEY", env = "GONGYI_NEW_KEK", hide_env_values = true)]
    pub new_kek: Option<String>,
}

#[derive(Debug, Args)]
pub struct Generate {
    /// Where the `schema` folder is.
    #[arg(long, value_name = "DIR", default_value = "schema")]
    pub schema: PathBuf,
}
