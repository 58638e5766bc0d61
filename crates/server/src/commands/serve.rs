//! `gongyi serve`: the API over HTTP until interrupted.

use std::{net::SocketAddr, process::ExitCode};

use gongyi_api::ApiSettings;
use gongyi_app::processes::{AttendanceToLedger, DestroyErasedKeys, EndMandates, EndMemberships};
use tokio::{net::TcpListener, sync::watch};

use crate::{
    folder::{self, FolderLock},
    output,
    platform::Platform,
    settings::Serve,
};

/// Runs `gongyi serve`.
///
/// # Errors
/// A held folder, an address in use, faults.
pub async fn run(args: &Serve) -> anyhow::Result<ExitCode> {
    let lock = folder::lock(&args.folder.data, "serve")?;
    let platform = Platform::open(&args.folder.data, args.folder.zone()?).await?;
    let welcome = format!("gongyi http://{}/graphql\n", args.listen);
    serve(platform, lock, args, &welcome).await
}

/// Serves an open folder and closes it when interrupted. `welcome` is printed once the address answers.
///
/// # Errors
/// An address in use, faults.
pub async fn serve(platform: Platform, mut lock: FolderLock, args: &Serve, welcome: &str) -> anyhow::Result<ExitCode> {
    let app = platform.app().clone();
    lock.serves(app.views().path())?;
    let listener = TcpListener::bind(args.listen).await?;
    app.catch_up(&DestroyErasedKeys).await?;
    app.reconcile_ballots().await?;
    // Whoever is answered sees all that the log has; after an upgrade `gongyi rebuild` spares this wait.
    platform.catch_up_views().await?;
    let (stop, stopped) = watch::channel(false);
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
        ..ApiSettings::default()
    };
    let service = gongyi_api::router(app, settings).into_make_service_with_connect_info::<SocketAddr>();
    // The port may have been 0: say the one that was given.
    output::print(&welcome.replace(&args.listen.to_string(), &listener.local_addr()?.to_string()))?;
    tokio::spawn(async move {
        interrupted().await;
        stop.send_replace(true);
    });
    axum::serve(listener, service).with_graceful_shutdown(ended(stopped)).await?;

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
