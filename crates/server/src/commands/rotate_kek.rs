//! `gongyi rotate-kek`: the vault's keys are wrapped with another key-encryption key.
//!
//! Of the folder's own key, `kek.next` is made first, everything is wrapped with it in one step, and it takes the name of `kek`. A
//! server that is running goes on with it. A key from the environment is somebody else's to keep: it is given, and nobody serves
//! meanwhile, for a process does not see its environment change.

use std::{path::Path, process::ExitCode};

use anyhow::Context;
use gongyi_vault::{KEK_FILE, KekOrigin, KeyEncryptionKey, VAULT_FILE, Vault, VaultError, stop_at};

use crate::{
    folder, output,
    platform::KEK_VARIABLE,
    settings::{RotateKek, WrongUsage},
};

/// Runs `gongyi rotate-kek`.
///
/// # Errors
/// No data there; a vault that no key at hand opens; a new key missing or not asked for; a folder that is served, where its key
/// comes from the environment.
pub async fn run(args: &RotateKek) -> anyhow::Result<ExitCode> {
    let data = &args.folder.data;
    let path = data.join(VAULT_FILE);
    std::fs::metadata(&path).with_context(|| path.display().to_string())?;
    let (kek, origin) = KeyEncryptionKey::load_or_create(data, std::env::var(KEK_VARIABLE).ok())?;
    match (origin, args.new_kek.as_deref().filter(|new| !new.trim().is_empty())) {
        (KekOrigin::Environment, Some(new)) => {
            let _lock = folder::lock(data, "rotate-kek")?;
            let new = KeyEncryptionKey::parse(new)?;
            match Vault::open(&path, kek).await {
                Ok(vault) => wrap(vault, new).await?,
                // Stopped before its last word: it is done.
                Err(VaultError::WrongKeyEncryptionKey) => Vault::open(&path, new).await?.close().await,
                Err(other) => return Err(other.into()),
            }
            output::print_line(&format!("only the new key opens the vault from now on: set {KEK_VARIABLE} to it"))?;
        }
        (KekOrigin::Environment, None) => {
            let why = format!("the present key comes from {KEK_VARIABLE}: say the new one with --new-kek or GONGYI_NEW_KEK");
            return Err(WrongUsage(why).into());
        }
        (KekOrigin::File { .. } | KekOrigin::Created, Some(_)) => {
            return Err(WrongUsage(format!("the key is kept in {}: the new one is made there", data.join(KEK_FILE).display())).into());
        }
        (KekOrigin::File { .. } | KekOrigin::Created, None) => {
            let vault = Vault::open(&path, kek.that_opens(&path, data, true).await?).await?;
            rotate_in(data, vault).await?;
            let file = data.join(KEK_FILE);
            output::print_line(&format!(
                "only the new key in {} opens the vault from now on; keep a copy of it apart from the data",
                file.display()
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn rotate_in(data: &Path, vault: Vault) -> anyhow::Result<()> {
    let next = KeyEncryptionKey::ready_next(data)?;
    stop_at("new key ready");
    wrap(vault, next).await?;
    stop_at("new key wraps");
    Ok(KeyEncryptionKey::promote_next(data)?)
}

/// Wraps everything anew. That a reader kept the log of what was overwritten for a moment longer stops nothing: what the old key
/// opened there is gone with the next erasure, rotation or stop.
async fn wrap(vault: Vault, new: KeyEncryptionKey) -> anyhow::Result<()> {
    match vault.rewrap(new).await {
        Err(VaultError::TracesRemain) => {
            eprintln!("gongyi: warning: what the old key opens is not yet wiped from the vault's file, for somebody is reading it");
        }
        rewrapped => rewrapped?,
    }
    vault.close().await;
    Ok(())
}
