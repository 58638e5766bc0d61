//! `gongyi doctor`: how a data folder is. It looks and changes nothing.

use std::process::ExitCode;

use chrono::Datelike;
use esrs::Aggregate;
use gongyi_app::{
    clock::{Clock, SystemClock, day_of},
    processes::PROCESSES,
};
use gongyi_domain::{
    access::{
        account::Account,
        person::Person,
        working_calendar::{WorkingCalendar, working_calendar_stream},
    },
    values::{AccountId, Day, PersonId},
};
use gongyi_eventlog::{Log, SqliteLog, SqliteSettings, StreamId, Upcasters};
use gongyi_projections::Views;
use gongyi_vault::Vault;
use serde_json::json;

use crate::{
    belonging, folder, output,
    platform::{look_at_vault, view_options},
    settings::Doctor,
};

/// What the vault lacks of those whom the log knows.
struct Keys {
    /// Persons who were registered and have neither a key nor what is left of one.
    missing: usize,
    /// Open accounts that nobody can sign in to.
    accounts_without_password: usize,
}

impl Keys {
    async fn counted(log: &SqliteLog, vault: &Vault) -> anyhow::Result<Self> {
        let persons: Vec<_> = log.streams_of(Person::NAME).await?.into_iter().map(PersonId).collect();
        let missing = vault.unknown_persons(&persons).await?.len();
        let accounts: Vec<_> = log.streams_of(Account::NAME).await?.into_iter().map(AccountId).collect();
        let mut accounts_without_password = 0;
        for account in vault.accounts_without_password(&accounts).await? {
            let mut state = Account::default();
            for event in log.read_stream(&StreamId::of::<Account>(account), 0).await? {
                state = Account::apply_event(state, Upcasters::new().decode(&event)?);
            }
            accounts_without_password += usize::from(state.require_open().is_ok());
        }
        Ok(Self { missing, accounts_without_password })
    }
}

/// Runs `gongyi doctor`. Exits with 65 if something needs attention.
///
/// # Errors
/// A part that does not open.
pub async fn run(args: &Doctor) -> anyhow::Result<ExitCode> {
    let (folder, zone) = (&args.folder.data, args.folder.zone()?);
    let path = folder::existing_log(folder)?;
    let held_by = folder::holder(folder)?.map(|held| held.to_string());
    let at_rest = folder::is_at_rest(folder)?;
    let log = SqliteLog::open_read_only(&path, SqliteSettings { at_rest, ..SqliteSettings::default() }).await?;
    let vault = look_at_vault(folder, at_rest).await?;
    let head = log.head().await?;
    let apart = belonging::apart(&log, &vault).await?;
    let keys = Keys::counted(&log, &vault).await?;
    let examined = Views::examine(folder, &log, view_options(zone), at_rest).await?;
    let behind = |position: u64| head.position.saturating_sub(position);

    let mut well = examined.unfit.is_none() && apart.is_none() && keys.missing == 0;
    let mut views = vec![];
    for view in &examined.views {
        well &= view.parked.is_none();
        let parked = view.parked.as_ref().map(|it| json!({"position": it.position, "event": it.event_type, "reason": it.reason}));
        views.push(json!({"name": view.name, "position": view.position, "behind": behind(view.position), "parked": parked}));
    }
    let mut processes = vec![];
    for name in PROCESSES {
        let position = vault.checkpoint(name).await?.map_or(0, |it| it.position);
        let parked: Vec<_> = vault.parked(name).await?.iter().map(|it| json!({"position": it.position, "code": it.code})).collect();
        well &= parked.is_empty();
        processes.push(json!({"name": name, "position": position, "behind": behind(position), "parked": parked}));
    }
    // For people to mend, and no fault of the folder: it is well with them.
    let held = examined.held.iter().map(
        |it| json!({"record": it.record, "organisation": it.organisation, "activity": it.activity, "area": it.area, "since": it.since}),
    );
    let held: Vec<_> = held.collect();
    let warnings: Vec<_> = working_days_warning(&log, day_of(SystemClock.now(), args.folder.zone()?)).await?.into_iter().collect();
    vault.close().await;
    log.close().await;

    let left_over = folder::left_over(folder, &Views::file(folder, zone))?;
    let unfit = examined.unfit.map(|why| why.to_string());
    let vault = json!({
        "together": apart.is_none(), "problem": apart.map(|why| why.to_string()),
        "personsWithoutKey": keys.missing, "accountsWithoutPassword": keys.accounts_without_password,
    });
    let log = json!({"position": head.position, "token": head});
    let found = json!({
        "well": well, "heldBy": held_by, "log": log, "vault": vault, "leftOver": left_over, "views": views, "viewsUnfit": unfit, "processes": processes, "heldRecords": held,
        "warnings": warnings,
    });
    output::print_line(&if args.json { found.to_string() } else { format!("{found:#}") })?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(65) })
}

/// From this month on the State Council's notice of the next year is to be expected: it came between late October and early December.
const NOTICE_DUE_MONTH: u32 = 12;

/// Whether working days are missing: this year's, or from December on the next one's.
async fn working_days_warning(log: &SqliteLog, today: Day) -> anyhow::Result<Option<String>> {
    for year in [Some(today.year()), (today.month() >= NOTICE_DUE_MONTH).then_some(today.year() + 1)].into_iter().flatten() {
        let stream = StreamId::of::<WorkingCalendar>(working_calendar_stream(year));
        if log.read_stream(&stream, 0).await?.is_empty() {
            return Ok(Some(format!(
                "working days of {year} are not known, due days are provisional: gongyi import working-days FILE / 尚无 {year} 年工作日安排，期限为暂定"
            )));
        }
    }
    Ok(None)
}
