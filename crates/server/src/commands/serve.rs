//! `gongyi serve`: the API over HTTP until interrupted.

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use gongyi_api::{ApiSettings, Stopping};
use gongyi_app::processes::{AttendanceToLedger, DestroyErasedKeys, EndMandates, EndMemberships};
use tokio::{net::TcpListener, sync::watch};

use crate::{
    connections,
    folder::{self, FolderLock},
    output,
    platform::Platform,
    settings::Serve,
};

/// How long a server that stops waits until its sockets have said so, in seconds.
const SOCKETS_CLOSE_MAX_SECONDS: u64 = 2;

/// Runs `gongyi serve`.
///
/// # Errors
/// A held folder, an address in use, faults.
pub async fn run(args: &Serve) -> anyhow::Result<ExitCode> {
    let zone = args.folder.zone()?;
    let (lock, listener) = taken(args, "serve").await?;
    let platform = Platform::open(&args.folder.data, zone).await?;
    let welcome = format!("gongyi http://{}/graphql\n", args.listen);
    serve(platform, lock, listener, args, &welcome).await
}

/// The folder and the address. Who holds a folder that is there is told first; one that is not there is made only once the address
/// is taken, so that none is made for nothing.
///
/// # Errors
/// A held folder; an address in use, or not this machine's, which is named.
pub async fn taken(args: &Serve, command: &str) -> anyhow::Result<(FolderLock, TcpListener)> {
    let folder = &args.folder.data;
    let held = folder.exists().then(|| folder::lock(folder, command)).transpose()?;
    let listener = TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    let lock = match held {
        Some(lock) => lock,
        None => folder::lock(folder, command)?,
    };
    Ok((lock, listener))
}

/// Serves an open folder and closes it when interrupted. `welcome` is printed once the address answers.
///
/// # Errors
/// Faults.
pub async fn serve(
    platform: Platform,
    mut lock: FolderLock,
    listener: TcpListener,
    args: &Serve,
    welcome: &str,
) -> anyhow::Result<ExitCode> {
    let app = platform.app().clone();
    lock.serves(app.views().path())?;
    app.catch_up(&DestroyErasedKeys).await?;
    app.forget_unheld_claims().await?;
    app.reconcile_ballots().await?;
    // Whoever is answered sees all that the log has; after an upgrade `gongyi rebuild` spares this wait.
    platform.catch_up_views().await?;
    // First the doors are closed, then what stands behind them stops: who is still answered is answered as ever.
    let stop = Arc::new(watch::Sender::new(false));
    let (halt, stopped) = watch::channel(false);
    let ended = |mut stopped: watch::Receiver<bool>| async move { drop(stopped.wait_for(|stop| *stop).await) };

    let views = tokio::spawn({
        let (app, ended) = (app.clone(), ended(stopped.clone()));
        async move { app.views().run(ended).await }
    });
    let ledger = tokio::spawn({
        let (app, stopped) = (app.clone(), stopped.clone());
        async move { app.run_process(AttendanceToLedger, stopped).await }
    });
    let keys = tokio::spawn({
        let (app, stopped) = (app.clone(), stopped.clone());
        async move { app.run_process(DestroyErasedKeys, stopped).await }
    });
    let mandates = tokio::spawn({
        let (app, stopped) = (app.clone(), stopped.clone());
        async move { app.run_process(EndMandates, stopped).await }
    });
    let memberships = tokio::spawn({
        let (app, stopped) = (app.clone(), stopped.clone());
        async move { app.run_process(EndMemberships, stopped).await }
    });

    let settings = ApiSettings {
        behind_proxy: args.behind_proxy,
        allowed_origins: args.allowed_origins.clone(),
        metrics_token: args.metrics_token.clone(),
        sockets_per_address: args.sockets_per_address,
        anonymous_sockets: args.anonymous_sockets,
        stopping: Stopping::told_by(&stop),
        ..ApiSettings::default()
    };
    let router = gongyi_api::router(app, settings);
    let places = connections::places(args.connections, (!args.behind_proxy).then_some(args.connections_per_address));
    // The port may have been 0: say the one that was given.
    output::print(&welcome.replace(&args.listen.to_string(), &listener.local_addr()?.to_string()))?;
    tokio::spawn({
        let stop = stop.clone();
        async move {
            interrupted().await;
            stop.send_replace(true);
        }
    });
    connections::serve(listener, router, places, Stopping::told_by(&stop)).await;
    let _ = tokio::time::timeout(Duration::from_secs(SOCKETS_CLOSE_MAX_SECONDS), stop.closed()).await;
    halt.send_replace(true);

    views.await??;
    ledger.await?;
    keys.await?;
    mandates.await?;
    memberships.await?;
    platform.close().await;
    drop(lock);
    Ok(ExitCode::SUCCESS)
}

/// Ctrl-C or SIGTERM.
async fn interrupted() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
