//! Log and vault belong together. A lost, foreign or older one is told before anything is done with the other.
//!
//! - The log names its vault in its first commit; a log from before that is named by the vault it is next served with.
//! - Whoever is registered has a key in the vault, made before the event; so the newest of all persons has one. So it is with
//!   what leads to a claim.
//! - Both count the vault's turns ([`Vault::begin_turn`]), and the vault knows how far its processes have read in the log.

use std::path::Path;

use chrono::{DateTime, Utc};
use esrs::Aggregate;
use gongyi_app::processes::PROCESSES;
use gongyi_domain::{
    access::{
        claim::{Claim, ClaimEvent},
        person::Person,
        vault_binding::{VaultBinding, VaultBindingEvent},
    },
    values::PersonId,
};
use gongyi_eventlog::{Commit, Log, Metadata, NewEvent, SqliteLog, Standing, StreamId, Token, Upcasters};
use gongyi_vault::Vault;
use uuid::{Uuid, Version};

/// The actor of the commit that names the vault.
const ACTOR: &str = "process:name-vault";

/// A log and a vault that do not belong together, with what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Apart {
    /// There is a log and no vault.
    #[error(
        "the vault (vault.db) of this log is missing: without it nobody's name can be read and nobody can sign in. Put back the vault that belongs to it, or restore a backup into another folder (gongyi restore)\n缺少与日志配套的密钥库（vault.db）：没有它就读不出姓名，也无法登录。请放回配套的密钥库，或将备份恢复到另一目录（gongyi restore）"
    )]
    LostVault,
    /// There is a vault that was used, and no log.
    #[error(
        "the log (log.db) of this vault is missing. Put back the log that belongs to it, or restore a backup into another folder (gongyi restore)\n缺少与密钥库配套的日志（log.db）。请放回配套的日志，或将备份恢复到另一目录（gongyi restore）"
    )]
    LostLog,
    /// The log names another vault.
    #[error(
        "this vault is another log's. Put back the vault that belongs to this log, or restore a backup into another folder (gongyi restore)\n该密钥库属于另一日志。请放回配套的密钥库，或将备份恢复到另一目录（gongyi restore）"
    )]
    AnotherVault,
    /// The vault is an older copy.
    #[error(
        "this vault is older than the log: keys and passwords made since are not in it. Put back the newest vault, or restore log and vault from one backup into another folder (gongyi restore)\n密钥库比日志旧，缺少此后产生的密钥和密码。请放回最新的密钥库，或用同一备份将日志与密钥库恢复到另一目录（gongyi restore）"
    )]
    OlderVault,
    /// The log is an older copy.
    #[error(
        "this log is older than the vault: events that were acknowledged are not in it. Put back the newest log, or restore log and vault from one backup into another folder (gongyi restore)\n日志比密钥库旧，缺少已确认的事件。请放回最新的日志，或用同一备份将日志与密钥库恢复到另一目录（gongyi restore）"
    )]
    OlderLog,
}

/// The stream in which a log names its vault.
fn binding(log: Uuid) -> StreamId {
    StreamId::of::<VaultBinding>(log)
}

/// What the log says of its vault.
async fn named(log: &dyn Log, id: Uuid) -> anyhow::Result<Option<String>> {
    let mut state = VaultBinding::default();
    for event in log.read_stream(&binding(id), 0).await? {
        state = VaultBinding::apply_event(state, Upcasters::new().decode::<VaultBindingEvent>(&event)?);
    }
    Ok(state.mark)
}

/// What keeps this log and this vault apart, if anything does. Nothing is changed.
///
/// # Errors
/// Faults of either.
pub async fn apart(log: &SqliteLog, vault: &Vault) -> anyhow::Result<Option<Apart>> {
    let id = log.head().await?.log;
    if named(log, id).await?.is_some_and(|mark| mark != vault.mark_of(id)) {
        return Ok(Some(Apart::AnotherVault));
    }
    for process in PROCESSES {
        let Some(checkpoint) = vault.checkpoint(process).await? else { continue };
        let standing = match checkpoint.token.parse::<Token>() {
            Ok(token) => log.check(&token).await?,
            Err(_) => Standing::Forked,
        };
        match standing {
            Standing::Known => {}
            Standing::OtherLog => return Ok(Some(Apart::AnotherVault)),
            Standing::Ahead { .. } | Standing::Forked => return Ok(Some(Apart::OlderLog)),
        }
    }
    let (told, counted) = (log.vault_turn().await?, vault.turn().await?);
    if counted > told + 1 {
        return Ok(Some(Apart::OlderLog));
    }
    let newest: Vec<_> = log.newest_stream_of(Person::NAME).await?.into_iter().map(PersonId).collect();
    let behind = counted < told || !vault.unknown_persons(&newest).await?.is_empty() || !knows_newest_claim(log, vault).await?;
    Ok(behind.then_some(Apart::OlderVault))
}

/// Whether the vault leads to the claim that began last, unless that is released or its id is not random.
async fn knows_newest_claim(log: &SqliteLog, vault: &Vault) -> anyhow::Result<bool> {
    let newest = log.newest_stream_of(Claim::NAME).await?.filter(|id| id.get_version() == Some(Version::Random));
    let Some(claim) = newest else { return Ok(true) };
    let mut state = Claim::default();
    for event in log.read_stream(&StreamId::of::<Claim>(claim), 0).await? {
        state = Claim::apply_event(state, Upcasters::new().decode::<ClaimEvent>(&event)?);
    }
    Ok(state.holder.is_none() || vault.knows_claim(claim).await?)
}

/// As [`apart`], as an error.
///
/// # Errors
/// [`Apart`]; faults of either.
pub async fn require_together(log: &SqliteLog, vault: &Vault) -> anyhow::Result<()> {
    match apart(log, vault).await? {
        Some(apart) => Err(apart.into()),
        None => Ok(()),
    }
}

/// Names this vault in a log that names none yet: the first commit of a new one.
///
/// # Errors
/// Faults of the log.
pub async fn name_vault(log: &dyn Log, vault: &Vault, now: DateTime<Utc>) -> anyhow::Result<()> {
    let id = log.head().await?.log;
    if named(log, id).await?.is_some() {
        return Ok(());
    }
    let event = NewEvent::of(&VaultBindingEvent::VaultNamed { mark: vault.mark_of(id) })?;
    log.append(Commit {
        metadata: Metadata { actor: ACTOR.to_owned(), command_id: id, correlation: id, causation: None, recorded_at: now },
        command_digest: [0; 32],
        answer: "null".to_owned(),
        expectations: vec![(binding(id), 0)],
        events: vec![(binding(id), event)],
    })
    .await?;
    Ok(())
}

/// Whether nothing has happened in the log but that its vault was named.
///
/// # Errors
/// Faults of the log.
pub async fn holds_nothing(log: &dyn Log) -> anyhow::Result<bool> {
    let head = log.head().await?;
    let naming = log.read_stream(&binding(head.log), 0).await?;
    Ok(naming.last().map_or(0, |event| event.position) == head.position)
}

/// Begins the vault's next turn, the vault first.
///
/// # Errors
/// Faults of either.
pub async fn begin_turn(log: &SqliteLog, path: &Path, vault: &Vault) -> anyhow::Result<()> {
    let next = log.vault_turn().await? + 1;
    vault.begin_turn(next).await?;
    SqliteLog::begin_vault_turn(path, next).await?;
    Ok(())
}
