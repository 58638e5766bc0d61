//! `gongyi`: serve, import, export, verify, rebuild and tell about one data folder.
//!
//! Exit codes follow sysexits.h: 0 done, 64 wrong usage, 65 the input is wrong, 66 the input is missing, 70 something broke,
//! 74 reading or writing failed, 75 somebody else holds the data folder, 78 the configuration is wrong.

mod belonging;
mod commands;
mod connections;
mod demo;
mod folder;
mod import;
mod output;
mod platform;
mod progress;
mod settings;
mod simulate;
mod spreadsheet;

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use gongyi_app::rejection::causes;
use gongyi_vault::{KekError, VaultError};
use tracing::Level;
use tracing_subscriber::{
    EnvFilter,
    filter::{FilterExt, filter_fn},
    layer::{Layer, SubscriberExt},
    util::SubscriberInitExt,
};

use crate::{
    belonging::Apart,
    settings::{Cli, Command},
};

/// Takes the C library's place for SQLite, too, whose pages come and go all the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NOT_WRITTEN_EN: &str =
    "the disk did not take what was to be written; it may be full. Make room, then run this again: nothing that was acknowledged is lost";
const NOT_WRITTEN_ZH: &str = "磁盘未能写入，可能已满；请腾出空间后重新运行，已确认的内容不会丢失";

/// A worker's stack. What nests in a query is put together on the stack before it is boxed; in a build without optimisation one
/// of the tests' queries does not fit the usual 2 MiB.
const THREAD_STACK_BYTES: usize = 8 << 20;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    init_tracing(&cli.log);
    let runtime = match tokio::runtime::Builder::new_multi_thread().thread_stack_size(THREAD_STACK_BYTES).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("gongyi: no threads to run on: {error}");
            return ExitCode::from(70);
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => {
            let code = exit_code(&error);
            if code != 0 {
                eprintln!("gongyi: {}", causes(error.as_ref()));
            }
            if is_not_written(&error) {
                eprintln!("gongyi: {NOT_WRITTEN_EN}\ngongyi: {NOT_WRITTEN_ZH}");
            }
            ExitCode::from(code)
        }
    }
}

/// Logs go to standard error, so that standard output stays what a script asked for. Whatever the filter says, libraries are heard
/// up to `info` alone: below that some print what they receive, headers with tokens and bodies with phone numbers among it.
fn init_tracing(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("warn"));
    let discreet = filter_fn(|it| *it.level() <= Level::INFO || it.target() == "gongyi" || it.target().starts_with("gongyi_"));
    let by_a_person = std::io::stderr().is_terminal();
    let printed = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(by_a_person);
    tracing_subscriber::registry().with(printed.with_filter(filter.and(discreet))).init();
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => commands::serve::run(&args).await,
        Command::Demo(args) => demo::run(&args).await,
        Command::Import(args) => import::run(&args).await,
        Command::Template(args) => import::template::run(&args),
        Command::Export(args) => commands::export::run(&args).await,
        Command::Report(args) => commands::report::run(&args).await,
        Command::Rebuild(args) => commands::rebuild::run(&args).await,
        Command::Simulate(args) => simulate::run(&args).await,
        Command::Verify(args) => commands::verify::run(&args).await,
        Command::FindName(args) => commands::find_name::run(&args).await,
        Command::Backup(args) => commands::backup::run(&args).await,
        Command::Restore(args) => commands::restore::run(&args).await,
        Command::Token(args) => commands::token::run(&args).await,
        Command::RotateSigningKey(args) => commands::rotate_signing_key::run(&args).await,
        Command::RotateKek(args) => commands::rotate_kek::run(&args).await,
        Command::Doctor(args) => commands::doctor::run(&args).await,
        Command::Generate(args) => commands::generate::run(&args),
    }
}

fn exit_code(error: &anyhow::Error) -> u8 {
    if error.downcast_ref::<folder::Held>().is_some() {
        return 75;
    }
    if error.downcast_ref::<output::NobodyReads>().is_some() {
        return 0;
    }
    if error.downcast_ref::<settings::WrongUsage>().is_some() {
        return 64;
    }
    let unreadable = error.downcast_ref::<import::Unreadable>().is_some() || error.downcast_ref::<commands::restore::NoBackup>().is_some();
    if unreadable || error.downcast_ref::<simulate::Impossible>().is_some() {
        return 65;
    }
    if error.downcast_ref::<settings::WrongSetting>().is_some() || error.chain().any(is_about_the_kek) {
        return 78;
    }
    match error.downcast_ref::<belonging::Apart>() {
        Some(Apart::LostVault | Apart::LostLog) => return 66,
        Some(Apart::AnotherVault | Apart::OlderVault | Apart::OlderLog) => return 65,
        None => {}
    }
    if is_not_written(error) {
        return 74;
    }
    match error.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
        Some(std::io::ErrorKind::NotFound) => 66,
        Some(_) => 74,
        None => 70,
    }
}

/// The key-encryption key is missing, is none, or is another's.
fn is_about_the_kek(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.is::<KekError>() || matches!(cause.downcast_ref(), Some(VaultError::WrongKeyEncryptionKey))
}

/// The disk did not take what was to be written. What stores data tells it in SQLite's own words, however it is wrapped.
fn is_not_written(error: &anyhow::Error) -> bool {
    let is_full = |cause: &(dyn std::error::Error + 'static)| {
        let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let text = cause.to_string();
        kind == Some(std::io::ErrorKind::StorageFull) || ["database or disk is full", "disk I/O error"].iter().any(|it| text.contains(it))
    };
    error.chain().any(is_full)
}
